"""Writes the files that test/io/safetensors.test.ts compares with, byte for byte.

Run with the packages safetensors and numpy installed: python scripts/goldens/safetensors.py
"""

import pathlib
import sys

# This file's own name would hide the package.
sys.path = [p for p in sys.path if pathlib.Path(p or '.').resolve() != pathlib.Path(__file__).resolve().parent]

import numpy as np  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402

out = pathlib.Path(__file__).parents[2] / 'test' / 'io' / 'goldens'
out.mkdir(parents=True, exist_ok=True)

grid = np.arange(6).reshape(2, 3)
save_file(
    {
        'layer.weight': (grid / 4).astype('<f4'),
        'layer.bias': np.array([-1.5], dtype='<f4'),
        'double': grid.astype('<f8'),
        'half': (grid / 2).astype('<f2'),
        'index': grid.astype('<i4'),
        'long': (grid * (1 << 40)).astype('<i8'),
        'bytes': grid.astype('u1'),
        'mask': grid % 2 == 0,
        'empty': np.zeros((0, 4), dtype='<f4'),
        'scalar': np.array(7, dtype='<i8'),
        'Ünïcode "name"\n\x7f': np.ones(1, dtype='<f4'),
    },
    out / 'all.safetensors',
    metadata={'format': 'pt'},
)
save_file({'a': np.zeros(3, dtype='<i2'), 'b': np.arange(3, dtype='<f4')}, out / 'short.safetensors')
