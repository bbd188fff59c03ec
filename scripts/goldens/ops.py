"""Golden values of the derived operations: results and gradients of every float input for a random cotangent.

`python3 scripts/goldens/ops.py` writes test/goldens/ops.json. What rows mean is written in operation_case.py; families
that came later have a script of their own, ops_<family>.py.
"""
import math

import torch
import torch.nn.functional as F

from operation_case import case, cases, names, pack, pos, r, save, t, types

inf, nan = math.inf, math.nan
i64 = torch.int64

# ---------------------------------------------------------------- element-wise
for op, fn in [('add', torch.add), ('sub', torch.sub), ('mul', torch.mul), ('div', torch.div), ('maximum', torch.maximum),
               ('minimum', torch.minimum), ('atan2', torch.atan2), ('remainder', torch.remainder), ('fmod', torch.fmod)]:
    case(op, fn, ['$0', '$1'], [r(2, 3), r(2, 3)])
    case(op, fn, ['$0', '$1'], [r(4, 1, 3), r(2, 1)])
    case(op, fn, ['$0', '$1'], [r(), r(2)])
    case(op, fn, ['$0', '$1'], [r(), r()])
    case(op, fn, ['$0', '$1'], [r(0, 3), r(1, 3)])
    if op not in ('maximum', 'minimum', 'atan2'):
        case(op, lambda x, fn=fn: fn(x, 2.5), ['$0', 2.5], [r(3)])
for op, fn in [('add', torch.add), ('mul', torch.mul), ('maximum', torch.maximum), ('minimum', torch.minimum), ('div', torch.div),
               ('remainder', torch.remainder), ('fmod', torch.fmod)]:
    case(op, fn, ['$0', '$1'], [t([7, -7, 7, -7, 5], torch.int32), t([3, 3, -3, -3, 5], torch.int32)])
case('maximum', torch.maximum, ['$0', '$1'], [t([1., 2., 3., -1.]), t([1., 3., 2., -1.])])
case('minimum', torch.minimum, ['$0', '$1'], [t([1., 2., 3., -1.]), t([1., 3., 2., -1.])])
case('maximum', torch.maximum, ['$0', '$1'], [t([nan, 1., inf]), t([0., nan, -inf])], grad=False)
for a, c in [(True, False)]:
    p, q = t([1, 1, 0, 0], torch.bool), t([1, 0, 1, 0], torch.bool)
    for op, fn in [('add', torch.add), ('mul', torch.mul), ('logicalAnd', torch.logical_and), ('logicalOr', torch.logical_or),
                   ('logicalXor', torch.logical_xor), ('maximum', torch.maximum), ('minimum', torch.minimum), ('eq', torch.eq), ('lt', torch.lt)]:
        case(op, fn, ['$0', '$1'], [p, q])
for mode in ['trunc', 'floor']:
    case('div', lambda x, y, m=mode: torch.div(x, y, rounding_mode=m), ['$0', '$1', {'roundingMode': mode}], [r(5) * 5, r(5)])
    case('div', lambda x, y, m=mode: torch.div(x, y, rounding_mode=m), ['$0', '$1', {'roundingMode': mode}],
         [t([7, -7, 7, -7, -6], torch.int32), t([3, 3, -3, -3, 3], torch.int32)])
    case('div', lambda x, y, m=mode: torch.div(x, y, rounding_mode=m), ['$0', '$1', {'roundingMode': mode}],
         [t([7, 200], torch.uint8), t([3, 7], torch.uint8)])
for e in [2, 3, 0.5, -0.5, -1, -2, 1, 1.7, 0]:
    case('pow', lambda x, e=e: torch.pow(x, e), ['$0', e], [pos(2, 3)])
case('pow', torch.pow, ['$0', '$1'], [pos(2, 3), r(3)])
case('pow', torch.pow, ['$0', '$1'], [t([0., 0., 2.]), t([2., 0., 3.])])
case('pow', lambda x: torch.pow(2, x), [2, '$0'], [r(4)])
case('pow', lambda x: torch.pow(x, 5), ['$0', 5], [t([-3, 2, 7], torch.int32)])
case('pow', lambda x: torch.pow(x, 0), ['$0', 0], [t([-3, 2, 0], i64)])
case('pow', torch.pow, ['$0', '$1'], [t([-3, 2, 7], torch.int32), t([3, 10, 2], torch.int32)])
for op, fn in [('eq', torch.eq), ('ne', torch.ne), ('lt', torch.lt), ('le', torch.le), ('gt', torch.gt), ('ge', torch.ge)]:
    case(op, fn, ['$0', '$1'], [t([[1., 2., nan], [3., nan, inf]]), t([2., 2., nan])])
    case(op, lambda x, fn=fn: fn(x, 2.5), ['$0', 2.5], [t([1, 2, 3], torch.int32)])
    case(op, lambda x, fn=fn: fn(x, 2), ['$0', 2], [t([1, 2, 3], torch.uint8)])
unary = {
    'neg': torch.neg, 'abs': torch.abs, 'sign': torch.sign, 'exp': torch.exp, 'expm1': torch.expm1, 'exp2': torch.exp2,
    'sin': torch.sin, 'cos': torch.cos, 'tan': torch.tan, 'atan': torch.atan, 'tanh': torch.tanh, 'sinh': torch.sinh,
    'cosh': torch.cosh, 'erf': torch.erf, 'floor': torch.floor, 'ceil': torch.ceil, 'round': torch.round, 'trunc': torch.trunc,
    'square': torch.square, 'reciprocal': torch.reciprocal, 'sigmoid': torch.sigmoid, 'relu': F.relu, 'silu': F.silu, 'mish': F.mish,
    'gelu': F.gelu, 'softplus': F.softplus, 'logSigmoid': F.logsigmoid, 'elu': F.elu, 'celu': F.celu, 'selu': F.selu,
    'leakyRelu': F.leaky_relu, 'hardtanh': F.hardtanh, 'relu6': F.relu6, 'hardsigmoid': F.hardsigmoid, 'hardswish': F.hardswish,
    'softsign': F.softsign, 'tanhshrink': F.tanhshrink, 'softshrink': F.softshrink, 'hardshrink': F.hardshrink,
}
for op, fn in unary.items():
    case(op, fn, ['$0'], [r(3, 4) * 2])
    case(op, fn, ['$0'], [r()])
    case(op, fn, ['$0'], [r(2, 0)])
for op in ['log', 'log1p', 'log2', 'log10', 'sqrt', 'rsqrt']:
    case(op, getattr(torch, op), ['$0'], [pos(3, 4)])
for op in ['exp', 'sqrt', 'sin']:  # integers become floats
    cases.append({'op': op, 'args': ['$0'], 'inputs': [pack(t([0, 1, 4], torch.int32))], 'outputs': [pack(getattr(torch, op)(t([0, 1, 4], torch.int32)))]})
extremes = t([-1000., -800., -89., -30., -20., -1., 0., 1., 20., 20.5, 30., 89., 800., 1000.])
for op in ['sigmoid', 'logSigmoid', 'softplus', 'silu', 'tanh', 'gelu', 'elu', 'selu', 'mish', 'relu', 'softsign']:
    case(op, unary[op], ['$0'], [extremes])
for op in ['relu', 'relu6', 'hardtanh', 'hardswish', 'hardsigmoid', 'softshrink', 'hardshrink', 'leakyRelu', 'elu', 'abs', 'sign', 'celu']:
    case(op, unary[op], ['$0'], [t([-6., -3., -1., -0.5, 0., 0.5, 1., 3., 6.])])
case('gelu', lambda x: F.gelu(x, approximate='tanh'), ['$0', 'tanh'], [r(3, 4) * 3])
case('softplus', lambda x: F.softplus(x, 2, 5), ['$0', {'beta': 2, 'threshold': 5}], [r(8) * 4])
case('elu', lambda x: F.elu(x, 0.7), ['$0', 0.7], [r(5)])
case('celu', lambda x: F.celu(x, 0.5), ['$0', 0.5], [r(5)])
case('leakyRelu', lambda x: F.leaky_relu(x, 0.2), ['$0', 0.2], [r(5)])
case('threshold', lambda x: F.threshold(x, 0.1, 9.), ['$0', 0.1, 9], [r(6)])
case('prelu', F.prelu, ['$0', '$1'], [r(2, 3, 4), pos(3)])
case('prelu', F.prelu, ['$0', '$1'], [r(2, 3), pos(1)])
case('glu', F.glu, ['$0'], [r(3, 4)])
case('glu', lambda x: F.glu(x, 0), ['$0', 0], [r(4, 3)])
case('clamp', lambda x: torch.clamp(x, -0.5, 0.5), ['$0', -0.5, 0.5], [t([-1., -0.5, 0., 0.5, 1.])])
case('clamp', lambda x: torch.clamp(x, -0.5, 0.5), ['$0', -0.5, 0.5], [t([nan, inf, -inf])], grad=False)
case('clamp', lambda x: torch.clamp(x, min=0), ['$0', 0], [r(5)])
case('clamp', lambda x: torch.clamp(x, max=0.1), ['$0', None, 0.1], [r(5)])
case('clamp', lambda x: torch.clamp(x, 2, 1), ['$0', 2, 1], [r(5)], grad=False)
case('clamp', lambda x, a, b: torch.clamp(x, a, b), ['$0', '$1', '$2'], [r(4, 3), t([-0.5, 0., 0.1]), t([0.5, 0.4, 0.3])])
case('clamp', lambda x: torch.clamp(x, 2, 4), ['$0', 2, 4], [t([1, 2, 3, 4, 5], torch.int32)])
case('lerp', torch.lerp, ['$0', '$1', '$2'], [r(3, 2), r(3, 2), r(3, 2)])
for w in [0.3, 0.5, 0.8, 1.0]:
    case('lerp', lambda a, b, w=w: torch.lerp(a, b, w), ['$0', '$1', w], [r(4), r(4)])
mask = t([[1, 0, 1]], torch.bool)
case('where', torch.where, ['$0', '$1', '$2'], [mask, r(2, 3), r(2, 1)])
case('where', lambda m, x: torch.where(m, x, 0.), ['$0', '$1', 0], [mask, r(2, 3)])
specials = t([nan, inf, -inf, 0., -3.])
for op, fn in [('isnan', torch.isnan), ('isfinite', torch.isfinite), ('isinf', torch.isinf), ('logicalNot', torch.logical_not)]:
    case(op, fn, ['$0'], [specials])
for a in ['f64', 'i32', 'u8', 'bool']:
    for b in ['f64', 'f32', 'i32', 'i64', 'u8', 'bool']:
        v = t([-2.7, 0., 3.9]) if a == 'f64' else t([1, 0, 3], types[a])
        if a == 'f64' and b == 'u8':
            v = t([2.7, 0., 3.9])
        case('to', lambda x, b=b: x.to(types[b]), ['$0', b], [v], grad=b == 'f64')
for op, fn in [('bitwiseAnd', torch.bitwise_and), ('bitwiseOr', torch.bitwise_or), ('bitwiseXor', torch.bitwise_xor)]:
    case(op, fn, ['$0', '$1'], [t([12, -7], torch.int32), t([10, 3], torch.int32)])

# ---------------------------------------------------------------- promotion
promotion = {}
one = lambda d, dims: torch.ones([1] * dims, dtype=types[d])
for a in types:
    for b in types:
        promotion[f'{a},{b}'] = [names[torch.promote_types(types[a], types[b])], names[(one(a, 1) + one(b, 1)).dtype], names[(one(a, 1) + one(b, 0)).dtype], names[(one(a, 0) + one(b, 0)).dtype]]
    for label, v in [('2', 2), ('2.5', 2.5)]:
        promotion[f'{a},{label}'] = [names[(one(a, 1) * v).dtype], names[(one(a, 0) * v).dtype], names[(one(a, 1) / v).dtype]]

# ---------------------------------------------------------------- shape
x34 = r(2, 3, 4)
case('reshape', lambda x: x.reshape(4, -1), ['$0', [4, -1]], [x34])
case('reshape', lambda x: x.reshape(24), ['$0', [24]], [x34])
case('reshape', lambda x: x.reshape(()), ['$0', []], [r(1, 1)])
case('flatten', lambda x: x.flatten(), ['$0'], [x34])
case('flatten', lambda x: x.flatten(1), ['$0', 1], [x34])
case('flatten', lambda x: x.flatten(0, -2), ['$0', 0, -2], [x34])
case('flatten', lambda x: x.flatten(), ['$0'], [r()])
case('unflatten', lambda x: x.unflatten(-1, (2, -1)), ['$0', -1, [2, -1]], [x34])
case('transpose', lambda x: x.transpose(0, -1), ['$0', 0, -1], [x34])
case('permute', lambda x: x.permute(2, 0, -2), ['$0', [2, 0, -2]], [x34])
case('moveaxis', lambda x: x.moveaxis(0, -1), ['$0', 0, -1], [x34])
case('squeeze', lambda x: x.squeeze(), ['$0'], [r(1, 2, 1)])
case('squeeze', lambda x: x.squeeze(-1), ['$0', -1], [r(1, 2, 1)])
case('squeeze', lambda x: x.squeeze(1), ['$0', 1], [r(1, 2, 1)])
case('unsqueeze', lambda x: x.unsqueeze(-1), ['$0', -1], [r(2, 3)])
case('unsqueeze', lambda x: x.unsqueeze(0), ['$0', 0], [r()])
case('expand', lambda x: x.expand(4, -1, 3), ['$0', [4, -1, 3]], [r(2, 1)])
case('broadcastTo', lambda x: x.broadcast_to(2, 4, 3), ['$0', [2, 4, 3]], [r(4, 1)])
case('slice', lambda x: x[:, 1:10:2], ['$0', 1, 1, 10, 2], [r(2, 7)])
case('slice', lambda x: x[:, -3:-1], ['$0', -1, -3, -1], [r(2, 7)])
case('slice', lambda x: x[4:2], ['$0', 0, 4, 2], [r(6, 2)])
case('narrow', lambda x: x.narrow(1, 2, 3), ['$0', 1, 2, 3], [r(2, 7)])
case('select', lambda x: x.select(-1, -2), ['$0', -1, -2], [r(2, 7)])
case('flip', lambda x: x.flip([0, -1]), ['$0', [0, -1]], [x34])
case('pad', lambda x: F.pad(x, (1, 2)), ['$0', [1, 2]], [r(2, 3)])
case('pad', lambda x: F.pad(x, (1, -1, 0, 2), value=7.), ['$0', [1, -1, 0, 2], {'value': 7}], [r(2, 3)])
case('pad', lambda x: F.pad(x, (2, 1, 1, 1), mode='reflect'), ['$0', [2, 1, 1, 1], {'mode': 'reflect'}], [r(1, 2, 3, 4)])
case('pad', lambda x: F.pad(x, (2, 1, 1, 3), mode='replicate'), ['$0', [2, 1, 1, 3], {'mode': 'replicate'}], [r(1, 2, 3, 4)])
case('pad', lambda x: F.pad(x, (2, 1, 1, 3), mode='circular'), ['$0', [2, 1, 1, 3], {'mode': 'circular'}], [r(1, 2, 3, 4)])
case('roll', lambda x: x.roll(2), ['$0', 2], [r(2, 3)])
case('roll', lambda x: x.roll((1, -4), (0, 1)), ['$0', [1, -4], [0, 1]], [r(2, 3)])
case('split', lambda x: x.split(2, 1), ['$0', 2, 1], [r(2, 5)])
case('split', lambda x: x.split([1, 4], -1), ['$0', [1, 4], -1], [r(2, 5)])
case('chunk', lambda x: x.chunk(3, 1), ['$0', 3, 1], [r(2, 7)])
case('unbind', lambda x: x.unbind(1), ['$0', 1], [r(2, 3)])
case('cat', lambda *xs: torch.cat(xs, -1), [['$0', '$1', '$2'], -1], [r(2, 3), r(2, 1), r(2, 2)])
case('cat', lambda *xs: torch.cat(xs), [['$0', '$1']], [r(0), r(2, 2)])
case('cat', lambda *xs: torch.cat(xs), [['$0', '$1']], [t([1, 2], torch.int32), r(2)])
case('stack', lambda *xs: torch.stack(xs, -1), [['$0', '$1'], -1], [r(2, 3), r(2, 3)])
case('stack', lambda *xs: torch.stack(xs), [['$0', '$1']], [r(), r()])
case('repeat', lambda x: x.repeat(2, 1, 3), ['$0', [2, 1, 3]], [r(2, 3)])
case('repeatInterleave', lambda x: x.repeat_interleave(3, 1), ['$0', 3, 1], [r(2, 3)])

# ---------------------------------------------------------------- reductions
for op in ['sum', 'mean', 'amax', 'amin', 'logsumexp', 'std', 'var']:
    fn = getattr(torch, op)
    for axes in [0, -1, [0, 2], [-1, 1]]:
        for keep in [False, True]:
            if op in ('std', 'var'):
                case(op if op == 'std' else 'variance', lambda x, fn=fn: fn(x, axes, True, keep), ['$0', axes, {'keepdim': keep}], [x34])
            else:
                case(op, lambda x, fn=fn: fn(x, axes, keepdim=keep), ['$0', axes, {'keepdim': keep}], [x34])
case('sum', torch.sum, ['$0'], [x34])
case('sum', torch.sum, ['$0'], [r()])
case('sum', lambda x: torch.sum(x, 1), ['$0', 1], [r(2, 0)])
case('sum', torch.sum, ['$0'], [t([[250, 250], [1, 2]], torch.uint8)])
case('sum', lambda x: torch.sum(x, 0), ['$0', 0], [t([[1, 0], [1, 1]], torch.bool)])
case('sum', lambda x: torch.sum(x, 0, dtype=torch.float64), ['$0', 0, {'dtype': 'f64'}], [t([[1, 0], [1, 1]], torch.int32)])
case('mean', torch.mean, ['$0'], [x34])
case('mean', torch.mean, ['$0'], [r(0)], grad=False)
case('amax', torch.amax, ['$0'], [t([[1., 3., 3.], [3., 0., 1.]])])
case('amin', lambda x: torch.amin(x, 1), ['$0', 1], [t([[1., 3., 1.], [3., 0., 1.]])])
case('amax', lambda x: torch.amax(x, 1), ['$0', 1], [t([[1., nan, 1.], [3., 0., 1.]])], grad=False)
case('amax', lambda x: torch.amax(x, 0), ['$0', 0], [t([[1, 0], [0, 0]], torch.bool)])
case('max', torch.max, ['$0'], [t([[1., 3., 3.], [3., 0., 1.]])])
case('min', torch.min, ['$0'], [x34])
case('max', lambda x: torch.max(x, 1)[0], ['$0', 1], [t([[1., 3., 3.], [3., 0., 3.]])])
case('maxWithIndices', lambda x: tuple(torch.max(x, -2)), ['$0', -2], [x34])
case('minWithIndices', lambda x: tuple(torch.min(x, 1, keepdim=True)), ['$0', 1, {'keepdim': True}], [x34])
for op in ['argmax', 'argmin']:
    case(op, getattr(torch, op), ['$0'], [x34])
    case(op, lambda x, op=op: getattr(torch, op)(x, 1, keepdim=True), ['$0', 1, {'keepdim': True}], [x34])
    case(op, lambda x, op=op: getattr(torch, op)(x, -1), ['$0', -1], [t([[1, 5, 5], [2, 2, 1]], torch.int32)])
case('argmax', lambda x: torch.argmax(x, 0), ['$0', 0], [t([1., nan, 3.])])
case('prod', torch.prod, ['$0'], [r(5)])
case('prod', lambda x: torch.prod(x, 1), ['$0', 1], [t([[1., 0., 3.], [0., 0., 3.], [2., 3., 4.]])])
case('prod', torch.prod, ['$0'], [t([2, 3, 4], torch.int32)])
case('variance', lambda x: torch.var(x, unbiased=False), ['$0', None, {'correction': 0}], [x34 + 1000])
case('variance', torch.var, ['$0'], [x34])
case('std', torch.std, ['$0'], [t([2., 2., 2.])])
case('std', lambda x: torch.std(x, 1), ['$0', 1], [t([[2., 2., 2.], [1., 2., 4.]])])
case('logsumexp', lambda x: torch.logsumexp(x, 1), ['$0', 1], [t([[1000., 1001., 900.], [-inf, -inf, -inf], [-inf, 2., 1.]])], grad=False)
case('logsumexp', lambda x: torch.logsumexp(x, 1), ['$0', 1], [t([[1000., 1001., 900.], [-1000., 2., 1.]])])
for p in [2, 1, 3, 1.5, inf, -inf, 0]:
    case('norm', lambda x, p=p: torch.linalg.vector_norm(x, p, 1), ['$0', 'inf' if p == inf else '-inf' if p == -inf else p, 1], [r(3, 4)], grad=p != 0)
case('norm', torch.linalg.vector_norm, ['$0'], [x34])
case('norm', lambda x: torch.norm(x, 2, 1), ['$0', 2, 1], [t([[0., 0.], [3., 4.]])])
case('any', lambda x: torch.any(x, 1), ['$0', 1], [t([[1, 0], [0, 0]], torch.bool)])
case('all', lambda x: torch.all(x, 1, keepdim=True), ['$0', 1, {'keepdim': True}], [t([[1, 0], [1, 1]], torch.bool)])
case('any', torch.any, ['$0'], [t([0., nan])])
case('any', torch.any, ['$0'], [t([], torch.bool)])
case('all', torch.all, ['$0'], [t([], torch.bool)])
case('countNonzero', torch.count_nonzero, ['$0'], [t([0., 2., nan])])
for op in ['cumsum', 'cumprod']:
    case(op, lambda x, op=op: getattr(torch, op)(x, 1), ['$0', 1], [r(2, 4, 2)])
    case(op, lambda x, op=op: getattr(torch, op)(x, -1), ['$0', -1], [t([[1, 2, 3]], torch.int32)])
case('cumprod', lambda x: torch.cumprod(x, 0), ['$0', 0], [t([2., 0., 3., 0., 4.])])
for op in ['softmax', 'logSoftmax', 'softmin']:
    fn = {'softmax': F.softmax, 'logSoftmax': F.log_softmax, 'softmin': F.softmin}[op]
    case(op, lambda x: fn(x, -1), ['$0'], [x34])
    case(op, lambda x: fn(x, 1), ['$0', 1], [x34 * 3])
    case(op, lambda x: fn(x, 0), ['$0', 0], [t([1000., 0., -1000.])])
    case(op, lambda x: fn(x, 0), ['$0', 0], [r()])
case('softmax', lambda x: F.softmax(x, 1), ['$0', 1], [t([[-inf, 1., 2.], [-inf, -inf, -inf]])], grad=False)

# ---------------------------------------------------------------- linear algebra
for a, b in [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)),
             ((5, 1, 2, 3), (4, 3, 2)), ((1, 2, 3), (5, 3, 4)), ((5, 2, 3), (1, 3, 4)), ((6, 1, 2, 3), (1, 5, 3, 2)), ((5, 2, 3), (3,)), ((3,), (5, 3, 4)),
             ((2, 0), (0, 3)), ((0, 3), (3, 2)), ((4, 1, 5, 2, 3), (6, 1, 3, 2)), ((1, 2, 3), (1, 3, 2))]:
    case('matmul', torch.matmul, ['$0', '$1'], [r(*a), r(*b)])
case('matmul', torch.matmul, ['$0', '$1'], [t([[1, 2], [3, 4]], i64), t([[1, 2], [3, 4]], i64)])
case('dot', torch.dot, ['$0', '$1'], [r(4), r(4)])
case('outer', torch.outer, ['$0', '$1'], [r(4), r(3)])
case('bmm', torch.bmm, ['$0', '$1'], [r(2, 4, 3), r(2, 3, 5)])
case('linear', F.linear, ['$0', '$1', '$2'], [r(2, 5, 3), r(4, 3), r(4)])
case('linear', F.linear, ['$0', '$1'], [r(3), r(4, 3)])
case('linear', F.linear, ['$0', '$1'], [r(2, 3), r(3)])
case('tensordot', lambda x, y: torch.tensordot(x, y, 2), ['$0', '$1', 2], [r(2, 3, 4), r(3, 4, 5)])
case('tensordot', lambda x, y: torch.tensordot(x, y, ([1, 0], [0, 2])), ['$0', '$1', [[1, 0], [0, 2]]], [r(2, 3, 4), r(3, 5, 2)])
for expr, shapes in [('ij,jk->ik', [(2, 3), (3, 4)]), ('bij,bjk->bik', [(2, 2, 3), (2, 3, 4)]), ('ij,jk', [(2, 3), (3, 4)]), ('ba,cb', [(2, 3), (4, 2)]),
                     ('ij->ji', [(2, 3)]), ('ij->', [(2, 3)]), ('ii->i', [(3, 3)]), ('ii', [(3, 3)]), ('iij,jk->ik', [(3, 3, 2), (2, 4)]),
                     ('i,j->ij', [(2,), (3,)]), ('i,i->', [(3,), (3,)]), ('i,i->i', [(3,), (3,)]), ('ij,ij->i', [(2, 3), (2, 3)]),
                     ('ab,bc,cd->ad', [(2, 3), (3, 4), (4, 2)]), ('ab,cb,db->acd', [(2, 3), (4, 3), (2, 3)]), ('...ij,...jk->...ik', [(5, 2, 3), (3, 4)]),
                     ('...ij,...jk->...ik', [(5, 1, 2, 3), (6, 3, 4)]), ('b...,b...->b', [(2, 3, 4), (2, 3, 4)]), ('bhqd,bhkd->bhqk', [(2, 2, 3, 4), (2, 2, 5, 4)]),
                     ('ijk,il->kjl', [(2, 3, 4), (2, 5)]), ('abc,ab->c', [(2, 3, 4), (2, 3)]), ('ij,kl->ijkl', [(2, 1), (1, 2)]), ('ij,jk->ik', [(2, 1), (3, 4)]),
                     ('...,...->...', [(2, 3), (3,)]), ('i...->...', [(2, 3)]), ('ijj,jk->ik', [(2, 3, 3), (3, 2)])]:
    case('einsum', lambda *xs: torch.einsum(expr, *xs), [expr] + [f'${i}' for i in range(len(shapes))], [r(*s) for s in shapes])
for off in [-4, -2, -1, 0, 1, 3, 5]:
    case('diagonal', lambda x: torch.diagonal(x, off), ['$0', off], [r(3, 4)]) if -3 <= off <= 4 else None
    case('tril', lambda x: torch.tril(x, off), ['$0', off], [r(2, 3, 4)])
    case('triu', lambda x: torch.triu(x, off), ['$0', off], [r(3, 4)])
case('diagonal', lambda x: torch.diagonal(x, 1, -1, 0), ['$0', 1, -1, 0], [r(3, 2, 4)])
for off in [0, 2, -1]:
    case('diagEmbed', lambda x: torch.diag_embed(x, off), ['$0', off], [r(2, 3)])
case('trace', torch.trace, ['$0'], [r(3, 4)])

# ---------------------------------------------------------------- indexing
idx = t([[0, 2, 1], [1, 1, 0]], i64)
case('gather', lambda x, i: torch.gather(x, 1, i), ['$0', 1, '$1'], [r(2, 3), idx])
case('gather', lambda x, i: torch.gather(x, 0, i), ['$0', 0, '$1'], [r(3, 5), idx])
case('gather', lambda x, i: torch.gather(x, -1, i), ['$0', -1, '$1'], [r(4, 3), idx])
case('scatter', lambda x, i, s: torch.scatter(x, 1, i, s), ['$0', 1, '$1', '$2'], [r(2, 4), t([[0, 2, 1], [1, 3, 0]], i64), r(2, 3)])
case('scatter', lambda x, i, s: torch.scatter(x, 0, i, s), ['$0', 0, '$1', '$2'], [r(3, 5), t([[0, 2, 1], [1, 1, 0]], i64), r(4, 4)], grad=False)
case('scatter', lambda x, i: torch.scatter(x, 1, i, 9.), ['$0', 1, '$1', 9], [r(2, 4), idx])
case('scatterAdd', lambda x, i, s: torch.scatter_add(x, 1, i, s), ['$0', 1, '$1', '$2'], [r(2, 4), idx, r(2, 3)])
case('scatterAdd', lambda x, i, s: torch.scatter_add(x, 0, i, s), ['$0', 0, '$1', '$2'], [r(3, 5), idx, r(2, 3)])
for red in ['sum', 'mean', 'amax', 'amin', 'prod']:
    for self_ in [True, False]:
        case('scatterReduce', lambda x, i, s: torch.scatter_reduce(x, 1, i, s, red, include_self=self_), ['$0', 1, '$1', '$2', red, {'includeSelf': self_}],
             [r(2, 4), idx, r(2, 3)], grad=red in ('sum', 'mean'))
case('indexSelect', lambda x, i: torch.index_select(x, 1, i), ['$0', 1, '$1'], [r(2, 3, 2), t([2, 0, 2, 1], i64)])
case('indexSelect', lambda x, i: torch.index_select(x, 0, i), ['$0', 0, '$1'], [r(3), t([2, 0], torch.int32)])
case('indexAdd', lambda x, i, s: torch.index_add(x, 0, i, s), ['$0', 0, '$1', '$2'], [r(3, 2), t([2, 0, 2], i64), r(3, 2)])
case('take', lambda x, i: torch.take(x, i), ['$0', '$1'], [r(3, 2), t([[5, 0], [3, 3]], i64)])
case('embedding', lambda i, w: F.embedding(i, w), ['$0', '$1'], [t([[0, 2], [2, 3]], i64), r(4, 3)])
case('embedding', lambda i, w: F.embedding(i, w), ['$0', '$1'], [t(1, i64), r(4, 3)])
case('embedding', lambda i, w: F.embedding(i, w, padding_idx=2), ['$0', '$1', {'paddingIndex': 2}], [t([[0, 2], [2, 3]], i64), r(4, 3)])
case('maskedFill', lambda x, m: x.masked_fill(m, -5.), ['$0', '$1', -5], [r(2, 3), mask])
case('maskedFill', lambda x, m: x.masked_fill(m, 7), ['$0', '$1', 7], [t([[1, 2, 3]], torch.int32), mask])
case('oneHot', lambda i: F.one_hot(i, 4), ['$0', 4], [t([[0, 3], [1, 1]], i64)])
for desc in [False, True]:
    case('sort', lambda x: tuple(torch.sort(x, dim=1, descending=desc, stable=True)), ['$0', {'axis': 1, 'descending': desc}], [t([[3., 1., 2., 1.], [0., 0., 5., -1.]])])
    case('sort', lambda x: tuple(torch.sort(x, dim=0, descending=desc, stable=True)), ['$0', {'axis': 0, 'descending': desc}], [t([2., nan, -inf, inf, 0.])], grad=False)
    case('topk', lambda x: tuple(torch.topk(x, 2, 1, largest=desc)), ['$0', 2, {'axis': 1, 'largest': desc}], [r(3, 5)])
case('argsort', lambda x: torch.argsort(x, -1), ['$0'], [r(2, 6)])

# ---------------------------------------------------------------- normalization
def batch_norm(x, m, v, w, b, training, momentum=0.1, eps=1e-5):
    m, v = m.clone(), v.clone()
    y = F.batch_norm(x, m, v, w, b, training, momentum, eps)
    return [y, m.detach(), v.detach()]

for shape in [(4, 3), (4, 3, 5), (2, 3, 2, 4)]:
    for training in [True, False]:
        args = ['$0', '$1', '$2', '$3', '$4', {'training': training}]
        leaves = [r(*shape) * 2 + 1, r(3), pos(3), r(3), r(3)]
        case('batchNorm', lambda x, m, v, w, b: batch_norm(x, m.detach(), v.detach(), w, b, training), args, leaves)
case('batchNorm', lambda x, m, v: batch_norm(x, m.detach(), v.detach(), None, None, True, 0.3, 1e-3), ['$0', '$1', '$2', None, None, {'training': True, 'momentum': 0.3, 'eps': 1e-3}], [r(4, 3, 5), r(3), pos(3)])
case('batchNorm', lambda x, w, b: [F.batch_norm(x, None, None, w, b, True)], ['$0', None, None, '$1', '$2', {'training': True}], [r(4, 3), r(3), r(3)])
case('batchNorm', lambda x: [F.batch_norm(x, None, None, None, None, False) if False else F.batch_norm(x, None, None, training=True)], ['$0', None, None], [r(4, 3)])
case('layerNorm', lambda x, w, b: F.layer_norm(x, (4,), w, b), ['$0', [4], '$1', '$2'], [x34, r(4), r(4)])
case('layerNorm', lambda x, w, b: F.layer_norm(x, (3, 4), w, b, 1e-3), ['$0', [3, 4], '$1', '$2', 1e-3], [x34, r(3, 4), r(3, 4)])
case('layerNorm', lambda x: F.layer_norm(x, (4,)), ['$0', 4], [x34])
case('groupNorm', lambda x, w, b: F.group_norm(x, 2, w, b), ['$0', 2, '$1', '$2'], [r(2, 4, 3), r(4), r(4)])
case('instanceNorm', lambda x, w, b: F.instance_norm(x, weight=w, bias=b), ['$0', '$1', '$2'], [r(2, 3, 4), r(3), r(3)])
case('rmsNorm', lambda x, w: x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6) * w, ['$0', 4, '$1', 1e-6], [x34, r(4)])
case('normalize', lambda x: F.normalize(x), ['$0'], [r(3, 4)])
case('normalize', lambda x: F.normalize(x, p=1., dim=0), ['$0', {'p': 1, 'axis': 0}], [r(3, 4)])
case('localResponseNorm', lambda x: F.local_response_norm(x, 3, 0.1, 0.6, 2.), ['$0', 3, {'alpha': 0.1, 'beta': 0.6, 'k': 2}], [r(2, 5, 3)])
case('localResponseNorm', lambda x: F.local_response_norm(x, 2, 0.1, 0.6, 2.), ['$0', 2, {'alpha': 0.1, 'beta': 0.6, 'k': 2}], [r(2, 5, 3, 2)])
case('cosineSimilarity', lambda x, y: F.cosine_similarity(x, y), ['$0', '$1'], [r(3, 4), r(3, 4)])
case('cosineSimilarity', lambda x, y: F.cosine_similarity(x, y, -1), ['$0', '$1', {'axis': -1}], [r(3, 1, 4), r(2, 4)])

# ---------------------------------------------------------------- convolution and pooling
for kw, js in [({}, {}), ({'stride': 2, 'padding': 1}, None), ({'dilation': 2, 'padding': 2}, None), ({'padding': 'same'}, None), ({'padding': 'same', 'dilation': 2}, None), ({'padding': 'valid'}, None)]:
    js = kw if js is None else js
    case('conv1d', lambda x, w, b: F.conv1d(x, w, b, **kw), ['$0', '$1', '$2', js], [r(2, 3, 9), r(4, 3, 4), r(4)])
    case('conv2d', lambda x, w: F.conv2d(x, w, **kw), ['$0', '$1', None, js], [r(2, 2, 7, 8), r(3, 2, 3, 2)])
case('conv2d', lambda x, w, b: F.conv2d(x, w, b, stride=(2, 1), padding=(1, 2), groups=2), ['$0', '$1', '$2', {'stride': [2, 1], 'padding': [1, 2], 'groups': 2}], [r(2, 4, 6, 5), r(6, 2, 3, 3), r(6)])
case('conv2d', lambda x, w: F.conv2d(F.pad(x, (2, 1, 0, 1)), w), ['$0', '$1', None, {'padding': [[0, 1], [2, 1]]}], [r(1, 2, 4, 4), r(3, 2, 3, 3)])
case('conv2d', lambda x, w: F.conv2d(x, w), ['$0', '$1'], [r(2, 5, 5), r(3, 2, 3, 3)])
case('conv3d', lambda x, w, b: F.conv3d(x, w, b, stride=2, padding=1), ['$0', '$1', '$2', {'stride': 2, 'padding': 1}], [r(1, 2, 4, 5, 4), r(3, 2, 2, 3, 3), r(3)])
for kw, js in [({}, {}), ({'stride': 2, 'padding': 1, 'output_padding': 1}, {'stride': 2, 'padding': 1, 'outputPadding': 1}), ({'dilation': 2}, {'dilation': 2}), ({'stride': 3, 'padding': 2}, {'stride': 3, 'padding': 2})]:
    case('convTranspose1d', lambda x, w, b: F.conv_transpose1d(x, w, b, **kw), ['$0', '$1', '$2', js], [r(2, 3, 5), r(3, 4, 3), r(4)])
    case('convTranspose2d', lambda x, w: F.conv_transpose2d(x, w, groups=2, **kw), ['$0', '$1', None, {**js, 'groups': 2}], [r(2, 4, 3, 4), r(4, 3, 3, 3)])
case('convTranspose3d', lambda x, w: F.conv_transpose3d(x, w, stride=2), ['$0', '$1', None, {'stride': 2}], [r(1, 2, 2, 3, 2), r(2, 3, 2, 3, 2)])
for k, kw, js in [(2, {}, {}), (3, {'stride': 2, 'padding': 1}, None), (3, {'stride': 2, 'ceil_mode': True}, {'stride': 2, 'ceilMode': True}),
                  (2, {'stride': 3, 'padding': 1, 'ceil_mode': True}, {'stride': 3, 'padding': 1, 'ceilMode': True}), (2, {'stride': 1, 'dilation': 2}, None)]:
    js = kw if js is None else js
    case('maxPool1d', lambda x: F.max_pool1d(x, k, **kw), ['$0', k, js], [r(2, 3, 8)])
    case('maxPool2d', lambda x: F.max_pool2d(x, k, **kw), ['$0', k, js], [r(2, 2, 7, 8)])
    case('maxPool2d', lambda x: F.max_pool2d(x, k, **kw), ['$0', k, js], [torch.randint(0, 2, (1, 2, 7, 8)).double()])
    if 'dilation' not in kw:
        for inc in [True, False]:
            for op, fn, s in [('avgPool1d', F.avg_pool1d, (2, 3, 8)), ('avgPool2d', F.avg_pool2d, (2, 2, 7, 8))]:
                case(op, lambda x: fn(x, k, count_include_pad=inc, **kw), ['$0', k, {**js, 'countIncludePad': inc}], [r(*s)])
case('maxPool2d', lambda x: F.max_pool2d(x, (2, 3), (1, 2)), ['$0', [2, 3], {'stride': [1, 2]}], [r(2, 5, 6)])
case('maxPool2d', lambda x: F.max_pool2d(x, 3, 2, 1), ['$0', 3, {'stride': 2, 'padding': 1}], [-pos(1, 1, 5, 5)])
case('maxPool3d', lambda x: F.max_pool3d(x, 2), ['$0', 2], [r(1, 2, 4, 4, 5)])
case('avgPool3d', lambda x: F.avg_pool3d(x, 2, padding=1), ['$0', 2, {'padding': 1}], [r(1, 2, 4, 4, 5)])
case('avgPool2d', lambda x: F.avg_pool2d(x, 2, divisor_override=3), ['$0', 2, {'divisorOverride': 3}], [r(1, 2, 4, 4)])
for size in [1, 2, 3, 5, 7]:
    case('adaptiveAvgPool2d', lambda x: F.adaptive_avg_pool2d(x, size), ['$0', size], [r(2, 2, 6, 7)])
    case('adaptiveMaxPool2d', lambda x: F.adaptive_max_pool2d(x, size), ['$0', size], [torch.randint(0, 3, (2, 2, 6, 7)).double()])
case('adaptiveAvgPool2d', lambda x: F.adaptive_avg_pool2d(x, (2, None)), ['$0', [2, None]], [r(2, 6, 7)])
case('adaptiveAvgPool1d', lambda x: F.adaptive_avg_pool1d(x, 4), ['$0', 4], [r(2, 3, 10)])
case('adaptiveMaxPool1d', lambda x: F.adaptive_max_pool1d(x, 4), ['$0', 4], [r(2, 3, 10)])
case('adaptiveAvgPool3d', lambda x: F.adaptive_avg_pool3d(x, (2, 1, 3)), ['$0', [2, 1, 3]], [r(1, 2, 4, 3, 5)])

# ---------------------------------------------------------------- losses
y5 = t([1, 0, 3, 2, 1], i64)
for red in ['mean', 'sum', 'none']:
    o = {'reduction': red}
    case('mseLoss', lambda x, y: F.mse_loss(x, y, reduction=red), ['$0', '$1', o], [r(3, 4), r(3, 4)])
    case('l1Loss', lambda x, y: F.l1_loss(x, y, reduction=red), ['$0', '$1', o], [r(3, 4), r(3, 4)])
    case('smoothL1Loss', lambda x, y: F.smooth_l1_loss(x, y, reduction=red, beta=0.5), ['$0', '$1', {**o, 'beta': 0.5}], [r(3, 4), r(3, 4)])
    case('huberLoss', lambda x, y: F.huber_loss(x, y, reduction=red, delta=0.5), ['$0', '$1', {**o, 'delta': 0.5}], [r(3, 4), r(3, 4)])
    case('bceWithLogits', lambda x, y, w, p: F.binary_cross_entropy_with_logits(x, y, w.detach(), pos_weight=p.detach(), reduction=red), ['$0', '$1', {**o, 'weight': '$2', 'posWeight': '$3'}], [r(3, 4) * 3, pos(3, 4), pos(4), pos(4)])
    case('binaryCrossEntropy', lambda x, y: F.binary_cross_entropy(torch.sigmoid(x), y.detach(), reduction=red), ['$0', '$1', o], [r(3, 4), torch.rand(3, 4).double()]) if False else None
    case('klDiv', lambda x, y: F.kl_div(x, y.detach(), reduction=red), ['$0', '$1', o], [r(3, 4), torch.rand(3, 4).double().round(decimals=0) + 0.0])
    case('klDiv', lambda x, y: F.kl_div(x, y, reduction=red, log_target=True), ['$0', '$1', {**o, 'logTarget': True}], [r(3, 4), r(3, 4)])
    case('crossEntropy', lambda x, y: F.cross_entropy(x, y, reduction=red), ['$0', '$1', o], [r(5, 4) * 3, y5])
    case('crossEntropy', lambda x, y, w: F.cross_entropy(x, y, w.detach(), ignore_index=1, reduction=red, label_smoothing=0.2), ['$0', '$1', {**o, 'weight': '$2', 'ignoreIndex': 1, 'labelSmoothing': 0.2}], [r(5, 4), y5, pos(4)])
    case('crossEntropy', lambda x, y: F.cross_entropy(x, y, ignore_index=2, reduction=red, label_smoothing=0.1), ['$0', '$1', {**o, 'ignoreIndex': 2, 'labelSmoothing': 0.1}], [r(2, 4, 3), t([[0, 1, 2], [3, 2, 0]], i64)])
    case('crossEntropy', lambda x, y, w: F.cross_entropy(x, y.softmax(1), w.detach(), reduction=red, label_smoothing=0.2), ['$0', 'softmax:$1', {**o, 'weight': '$2', 'labelSmoothing': 0.2}], [r(5, 4), r(5, 4), pos(4)])
    case('nllLoss', lambda x, y, w: F.nll_loss(x, y, w.detach(), ignore_index=0, reduction=red), ['$0', '$1', {**o, 'weight': '$2', 'ignoreIndex': 0}], [r(5, 4), y5, pos(4)])
    case('nllLoss', lambda x, y: F.nll_loss(x, y, reduction=red), ['$0', '$1', o], [r(2, 4, 3), t([[0, 1, 2], [3, 2, 0]], i64)])
    case('poissonNllLoss', lambda x, y: F.poisson_nll_loss(x, y, reduction=red), ['$0', '$1', o], [r(3), pos(3)])
    case('hingeEmbeddingLoss', lambda x, y: F.hinge_embedding_loss(x, y.detach(), reduction=red), ['$0', '$1', o], [r(4) * 2, t([1., -1., 1., -1.])])
    case('marginRankingLoss', lambda x, y, z: F.margin_ranking_loss(x, y, z.detach(), 0.3, reduction=red), ['$0', '$1', '$2', {**o, 'margin': 0.3}], [r(4) * 2, r(4), t([1., -1., 1., -1.])])
case('crossEntropy', lambda x, y: F.cross_entropy(x, y), ['$0', '$1'], [r(4), t(2, i64)])
case('crossEntropy', lambda x, y: F.cross_entropy(x, y), ['$0', '$1'], [t([[1e4, 0., -1e4], [0., 0., 0.]]), t([1, 2], i64)])
case('crossEntropy', lambda x, y: F.cross_entropy(x, y.long()), ['$0', '$1'], [r(5, 4), y5.to(torch.uint8)])
case('crossEntropy', lambda x, y: F.cross_entropy(x, y.long()), ['$0', '$1'], [r(5, 4), y5.to(torch.int32)])
case('bceWithLogits', lambda x, y: F.binary_cross_entropy_with_logits(x, y), ['$0', '$1'], [t([-1000., 1000., 0., 1000.]), t([1., 1., 0., 0.])])
case('klDiv', lambda x, y: F.kl_div(x, y, reduction='batchmean'), ['$0', '$1', {'reduction': 'batchmean'}], [r(3, 4), pos(3, 4)])
case('binaryCrossEntropy', lambda x, y: F.binary_cross_entropy(x, y.detach()), ['$0', '$1'], [torch.rand(3, 4).double(), torch.rand(3, 4).double()])

# ---------------------------------------------------------------- attention (the formula: 1.13 has no public function)
def attention(q, k, v, mask=None, causal=False, scale=None):
    s = q @ k.transpose(-2, -1) * (scale or 1 / math.sqrt(q.shape[-1]))
    if causal:
        s = s.masked_fill(~torch.ones(s.shape[-2:], dtype=torch.bool).tril(), -inf)
    if mask is not None:
        s = s.masked_fill(~mask, -inf) if mask.dtype == torch.bool else s + mask
    return torch.softmax(s, -1) @ v

case('scaledDotProductAttention', attention, ['$0', '$1', '$2'], [r(2, 2, 3, 4), r(2, 2, 5, 4), r(2, 2, 5, 6)])
case('scaledDotProductAttention', lambda q, k, v: attention(q, k, v, causal=True), ['$0', '$1', '$2', {'causal': True}], [r(2, 4, 4), r(2, 4, 4), r(2, 4, 3)])
case('scaledDotProductAttention', lambda q, k, v, m: attention(q, k, v, m), ['$0', '$1', '$2', {'mask': '$3'}], [r(3, 4), r(5, 4), r(5, 6), t([[1, 0, 1, 1, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]], torch.bool)])
case('scaledDotProductAttention', lambda q, k, v, m: attention(q, k, v, m, scale=0.3), ['$0', '$1', '$2', {'mask': '$3', 'scale': 0.3}], [r(2, 2, 3, 4), r(2, 1, 5, 4), r(1, 2, 5, 6), r(3, 5)])

# ---------------------------------------------------------------- rows without ties, for second derivatives
case('sort', lambda x: tuple(torch.sort(x, dim=1, descending=True, stable=True)), ['$0', {'axis': 1, 'descending': True}], [r(2, 5)])
case('max', lambda x: torch.max(x, 1)[0], ['$0', 1], [r(2, 5)])
case('adaptiveMaxPool2d', lambda x: F.adaptive_max_pool2d(x, 2), ['$0', 2], [r(1, 2, 5, 4)])

save('ops', promotion=promotion)
