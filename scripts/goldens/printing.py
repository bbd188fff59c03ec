"""Golden texts of printed tensors: `python3 scripts/goldens/printing.py` writes test/goldens/printing.json.

Values are packed as base64 of little-endian f64 (i64: as decimal strings). The default dtype is set to the tensor's, so that no suffix
stands in the text: ours are written in another notation.
"""
import base64
import json
import math
import os

import torch

from common import FOLDER

torch.manual_seed(5)
inf, nan = math.inf, math.nan
NAMES = {torch.float32: 'f32', torch.float64: 'f64', torch.float16: 'f16', torch.int64: 'i64', torch.bool: 'bool', torch.bfloat16: 'bf16'}
rows = []


def row(x, **options):
    if x.dtype.is_floating_point:
        torch.set_default_dtype(x.dtype)
        data = base64.b64encode(x.to(torch.float64).contiguous().numpy().astype('<f8').tobytes()).decode()
    else:
        data = [str(int(v)) for v in x.flatten().tolist()]
    torch.set_printoptions(profile='default')
    torch.set_printoptions(sci_mode=None)
    torch.set_printoptions(**options)
    names = {'edgeitems': 'edgeItems', 'linewidth': 'lineWidth', 'sci_mode': 'sciMode'}
    rows.append({'shape': list(x.shape), 'dtype': NAMES[x.dtype], 'data': data, 'text': str(x),
                 **({'options': {names.get(k, k): v for k, v in options.items()}} if options else {})})
    torch.set_default_dtype(torch.float32)


shapes = [(), (1,), (3,), (2, 3), (1, 1, 1), (2, 2, 2), (2, 1, 3, 2), (20,), (3, 17), (0,), (25, 3), (2, 0, 3)]
for shape in shapes:
    row(torch.randn(shape))
    row(torch.randn(shape) * 1000)
    row(torch.randint(-50, 1000, shape))
    row(torch.randint(0, 2, shape).bool())
for shape in [(1001,), (10, 101), (40, 40), (11, 10, 10), (2, 3, 200), (6, 170), (1200, 1), (7, 7, 7, 7)]:
    row(torch.randn(shape))
    row(torch.randint(0, 10, shape))
    row(torch.randint(0, 2, shape).bool())
for values in [[1., 2., 3.], [1., -2., nan], [inf, -inf, nan], [0., -0.], [1., inf], [1.5, nan, -inf], [1e-5, 1.], [1e5, 1.], [1e9, 2.],
               [1e-5], [1e-4], [99999999., 1.], [1e8], [1e9], [1.5, 2000.], [1.5, 1500.], [0.00012, 0.1], [0.5, 0.25, 0.03125],
               [0.03125, 0.09375, 0.15625], [-0.03125, 1.00003125], [123456.789], [1e30], [1e-30], [3.4e38, 1.], [1., 1000.], [1., 1001.],
               [0., 0.5], [nan], [nan, 0.], [0.1, 0.2, 0.3], [9.99995, 1.], [1e20, 1e21], [5e22], [1048576.5, 3.]]:
    row(torch.tensor(values))
    row(torch.tensor(values, dtype=torch.float64))
for values in [[1., 2.5], [65504., 1.], [6e-8, 1e-3], [0.1, 100.]]:
    row(torch.tensor(values, dtype=torch.float16))
row(torch.tensor([2**60 + 1, -2**63, 2**63 - 1, 0]))
x = torch.randn(4, 9) * 3
for options in [{'precision': 2}, {'precision': 8}, {'precision': 0}, {'linewidth': 40}, {'linewidth': 200}, {'sci_mode': True}, {'sci_mode': False},
                {'threshold': 10}, {'threshold': 10, 'edgeitems': 1}, {'profile': 'short'}, {'profile': 'full'}]:
    row(x, **options)
    row((x * 10).round(), **options)
row(torch.tensor([1e-5, 1.]), sci_mode=False)
row(torch.tensor([1e9, 1.]), sci_mode=False)
row(torch.randn(1100), profile='full')
row(torch.randn(100, 3), profile='short', threshold=50)

path = os.path.join(FOLDER, 'printing.json')
with open(path, 'w') as f:
    json.dump(rows, f, separators=(',', ':'))
    f.write('\n')
print('printing', len(rows), 'rows', os.path.getsize(path), 'bytes')
