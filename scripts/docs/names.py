"""The public names of PyTorch and NumPy, by module: `python3 scripts/docs/names.py` writes scripts/docs/names.json.

The list of operations (operations.ts) looks names up in it, so that no name stands there that does not exist.
"""
import inspect
import json
import os

import numpy
import torch
import torch.nn.functional

MODULES = {
    'torch': torch, 'torch.Tensor': torch.Tensor, 'torch.nn.functional': torch.nn.functional, 'torch.linalg': torch.linalg,
    'torch.fft': torch.fft, 'torch.special': torch.special, 'torch.sparse': torch.sparse, 'torch.autograd': torch.autograd,
    'torch.autograd.functional': torch.autograd.functional, 'torch.Generator': torch.Generator, 'torch.random': torch.random,
    'numpy': numpy, 'numpy.linalg': numpy.linalg, 'numpy.fft': numpy.fft, 'numpy.random': numpy.random,
    'numpy.random.Generator': numpy.random.Generator, 'numpy.ndarray': numpy.ndarray,
}


def public(module):
    return sorted(n for n in dir(module) if not n.startswith('_') and not n.endswith('_') and callable(getattr(module, n, None))
                  and not inspect.ismodule(getattr(module, n)) and (not isinstance(getattr(module, n), type) or module is torch.Tensor))


names = {name: public(module) for name, module in MODULES.items()}
names['torch.Tensor'] += ['T', 'mT', 'H', 'grad', 'requires_grad']
names['numpy'] += ['r_', 'mgrid']
path = os.path.join(os.path.dirname(__file__), 'names.json')
with open(path, 'w') as f:
    json.dump({'torch': torch.__version__, 'numpy': numpy.__version__, 'names': names}, f, separators=(',', ':'))
    f.write('\n')
print({k: len(v) for k, v in names.items()})
