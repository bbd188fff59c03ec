"""Writes the NumPy files that test/io/npy.test.ts reads. Run: python3 scripts/goldens/npy.py (NumPy 1.24 or newer)."""

import io
import pathlib

import numpy as np

out = pathlib.Path(__file__).parents[2] / 'test' / 'io' / 'goldens'
out.mkdir(parents=True, exist_ok=True)

grid = np.arange(24).reshape(2, 3, 4)
values = {
    'f32': (grid / 8 - 1).astype('<f4'),
    'f64': (grid / 3).astype('<f8'),
    'f16': (grid / 4).astype('<f2'),
    'i32': (grid - 12).astype('<i4'),
    'i64': (grid * (1 << 40)).astype('<i8'),
    'u8': (grid * 10).astype('u1'),
    'bool': grid % 3 == 0,
    'i8': (grid - 12).astype('i1'),
    'i16': (grid * 100 - 1200).astype('<i2'),
    'u16': (grid * 2800).astype('<u2'),
    'u32': (grid * 178956970).astype('<u4'),
    'fortran': np.asfortranarray((grid / 8 - 1).astype('<f4')),
    'big-f32': (grid / 8 - 1).astype('>f4'),
    'big-i64': (grid * (1 << 40)).astype('>i8'),
    'big-i16': (grid * 100 - 1200).astype('>i2'),
    'scalar': np.array(2.5, dtype='<f4'),
    'vector': np.arange(5, dtype='<f4'),
    'empty': np.zeros((0, 3), dtype='<f4'),
    'structured': np.zeros(2, dtype=[('a', '<f4'), ('b', '<i4')]),
    'complex': np.zeros(2, dtype='<c8'),
    'u64': np.zeros(2, dtype='<u8'),
}
for name, value in values.items():
    np.save(out / f'{name}.npy', value)
np.save(out / 'object.npy', np.array([{'a': 1}], dtype=object), allow_pickle=True)

for version in ((2, 0), (3, 0)):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, values['f32'], version=version)
    (out / f'version{version[0]}.npy').write_bytes(buffer.getvalue())

np.savez(out / 'stored.npz', a=values['f32'], b=values['i64'])
np.savez_compressed(out / 'deflated.npz', a=np.zeros((100, 100), dtype='<f4'), b=values['u8'])
