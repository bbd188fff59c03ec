"""dtype promotion: `python3 scripts/goldens/promotion.py` writes test/goldens/promotion.json.

`torch.result_type` of every pair among the eight dtypes, each with axes and 0-d, and Python numbers; a row is [a, b, result], a
tensor 'f32' or 'f32[]' (0-d), a number '2', '2.5' or 'true'. And what operations of another kind return: [op, a, b, result].
"""
import torch

from common import write

TYPES = {'f32': torch.float32, 'f64': torch.float64, 'f16': torch.float16, 'bf16': torch.bfloat16, 'i32': torch.int32, 'i64': torch.int64,
         'u8': torch.uint8, 'bool': torch.bool}
NAMES = {v: k for k, v in TYPES.items()}
operands = {}
for name, dtype in TYPES.items():
    operands[name] = torch.ones(1, dtype=dtype)
    operands[name + '[]'] = torch.ones((), dtype=dtype)
tensors = list(operands)
operands.update({'2': 2, '2.5': 2.5, 'true': True})

pairs = [[a, b, NAMES[torch.result_type(operands[a], operands[b])]] for a in tensors for b in operands]
operations = []
forms = {
    'div': lambda x, y: torch.div(x, y), 'eq': lambda x, y: torch.eq(x, y), 'pow': lambda x, y: torch.pow(x, y),
    'maximum': lambda x, y: torch.maximum(x, y), 'remainder': lambda x, y: torch.remainder(x, y),
    'where': lambda x, y: torch.where(torch.tensor([True]), x, y), 'atan2': lambda x, y: torch.atan2(x, y),
}
for op, fn in forms.items():
    for a in tensors:
        for b in tensors:
            try:
                operations.append([op, a, b, NAMES[fn(operands[a], operands[b]).dtype]])
            except RuntimeError:  # not implemented for these dtypes there
                pass
unary = []
for op, fn in {'sum': torch.sum, 'prod': torch.prod, 'cumsum': lambda x: torch.cumsum(x, 0), 'mean': torch.mean, 'exp': torch.exp,
               'sqrt': torch.sqrt, 'abs': torch.abs, 'floor': torch.floor, 'argmax': torch.argmax, 'amax': torch.amax, 'all': torch.all,
               'sigmoid': torch.sigmoid, 'square': torch.square, 'reciprocal': torch.reciprocal}.items():
    for name in TYPES:
        try:
            unary.append([op, name, NAMES[fn(operands[name]).dtype]])
        except RuntimeError:
            pass
write('promotion', {'pairs': pairs, 'operations': operations, 'unary': unary})
print(len(pairs), len(operations), len(unary))
