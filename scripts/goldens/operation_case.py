"""What the golden scripts of operations share. A row is the name of a node-level operation (an export of a file in
src/ops), its arguments, the inputs, and what PyTorch gives: results, and gradients for a random cotangent.

    from operation_case import case, pos, r, save, t
    case('add', torch.add, ['$0', '$1'], [r(2, 3), r(3)])   # "$0" is input 0; also inside lists and options
    save('ops-family')                                      # writes test/goldens/ops-family.json

Floats run in f64, so that the comparison is about formulas, not rounding. Keep shapes small: the tests also run every
row in f32 on each device, to second order, and under vmap.
"""
import base64

import torch

from common import write

torch.manual_seed(7)
cases = []
names = {torch.float64: 'f64', torch.float32: 'f32', torch.float16: 'f16', torch.bfloat16: 'bf16', torch.int32: 'i32',
         torch.int64: 'i64', torch.uint8: 'u8', torch.bool: 'bool'}
types = {v: k for k, v in names.items()}


def pack(t):
    t = t.detach()
    out = {'shape': list(t.shape), 'dtype': names[t.dtype]}
    if t.dtype.is_floating_point:
        out['data'] = base64.b64encode(t.contiguous().to(torch.float64).numpy().astype('<f8').tobytes()).decode()
    else:
        out['data'] = [int(v) for v in t.flatten().tolist()]
    return out


def case(op, fn, args, inputs, grad=True):
    """
    `fn` gets the inputs and returns a tensor or a sequence of tensors, in the order of the operation's results (an
    object's fields count as results in their order; a golden may leave out the last ones). In `args`, "$0" stands for
    input 0, 'inf' and '-inf' for the infinities, 'nan' for NaN. `grad=False`: no gradients in the golden.
    """
    leaves = [x.clone().requires_grad_(grad) if x.dtype == torch.float64 else x for x in inputs]
    out = fn(*leaves)
    outs = list(out) if isinstance(out, (tuple, list)) else [out]
    entry = {'op': op, 'args': args, 'inputs': [pack(x) for x in inputs], 'outputs': [pack(o) for o in outs]}
    live = [i for i, o in enumerate(outs) if o.requires_grad]
    if grad and live:
        gs = [torch.randn(outs[i].shape, dtype=torch.float64) for i in live]
        wrt = [x for x in leaves if x.requires_grad]
        got = torch.autograd.grad([outs[i] for i in live], wrt, gs, allow_unused=True)
        entry['cotangents'] = [[i, pack(g)] for i, g in zip(live, gs)]
        it = iter(got)
        # null: an input that the case detaches
        found = [next(it) if x.requires_grad else None for x in leaves]
        entry['gradients'] = [None if g is None else pack(g) for g in found]
    cases.append(entry)


def r(*shape):
    """Normally distributed f64."""
    return torch.randn(shape, dtype=torch.float64)


def pos(*shape):
    """Uniform f64 in [0.3, 1.3)."""
    return torch.rand(shape, dtype=torch.float64) + 0.3


def t(data, dtype=torch.float64):
    """The given values."""
    return torch.tensor(data, dtype=dtype)


def save(name, **more):
    """Writes the rows so far to test/goldens/<name>.json."""
    write(name, {'cases': cases, **more})
    print(len(cases), 'cases')
