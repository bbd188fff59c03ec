"""Golden rows of the element-wise functions beyond the first ones of ops.py; `python3 scripts/goldens/ops_elementwise.py`
writes test/goldens/ops-elementwise.json."""
import math

import mpmath
import torch

from operation_case import case, names, pos, r, save, t, types

inf, nan = math.inf, math.nan
i32, i64, u8, boolean = torch.int32, torch.int64, torch.uint8, torch.bool

# ---------------------------------------------------------------- arithmetic
for op, fn in [('addcmul', torch.addcmul), ('addcdiv', torch.addcdiv)]:
    case(op, fn, ['$0', '$1', '$2'], [r(2, 3), r(2, 3), pos(2, 3)])
    case(op, lambda x, y, z: fn(x, y, z, value=-0.7), ['$0', '$1', '$2', -0.7], [r(3), r(2, 1), pos(1, 3)])
case('addcmul', lambda x, y, z: torch.addcmul(x, y, z, value=2), ['$0', '$1', '$2', 2], [t([1, 2], i32), t([3, 4], i32), t([5, 6], i32)])
case('trueDivide', torch.true_divide, ['$0', '$1'], [r(3), r(3)])
case('trueDivide', torch.true_divide, ['$0', '$1'], [t([1, 7], i32), t([2, 2], i32)])
awkward = t([1., -1., 0.25, 7., -7., 0., 5., -5., 0., 1., -1., inf, 3., 6.])
divisors = t([0.1, 0.1, 0.1, 2., 2., 3., -2.5, -2.5, -3., 0., 0., 2., inf, 3.])
case('floorDivide', lambda x, y: torch.div(x, y, rounding_mode='floor'), ['$0', '$1'], [awkward, divisors], grad=False)
case('floorDivide', lambda x: torch.div(x, 0.25, rounding_mode='floor'), ['$0', 0.25], [r(5)], grad=False)
case('floorDivide', lambda x, y: torch.div(x, y, rounding_mode='floor'), ['$0', '$1'], [t([7, -7, 7, -7], i32), t([2, 2, -2, -2], i32)])
case('remainder', torch.remainder, ['$0', '$1'], [t([7., -7., 5.5, -5.5, 0., 1.]), t([3., 3., -2., -2., 2., inf])], grad=False)
case('fmod', torch.fmod, ['$0', '$1'], [t([7., -7., 5.5, -5.5, 0., 1.]), t([3., 3., -2., -2., 2., inf])], grad=False)
case('atan2', torch.atan2, ['$0', '$1'], [t([0., -0., 0., -0., 1., -1., inf, -inf, nan]), t([1., 1., -1., -1., 0., 0., inf, -inf, 1.])], grad=False)

for op, fn in [('clampMin', torch.clamp_min), ('clampMax', torch.clamp_max)]:
    case(op, lambda x: fn(x, 0.25), ['$0', 0.25], [r(2, 3)])
    case(op, fn, ['$0', '$1'], [r(2, 3), r(3)])

for dtype in (i32, i64):
    case('pow', torch.pow, ['$0', '$1'], [t([2, 3, -1, 0, 1, -2, 7, -1, 2, 0, 5, -3], dtype), t([30, 18, 101, 5, -3, 61, 21, -4, -2, 0, 0, 64], dtype)])
case('pow', torch.pow, ['$0', '$1'], [t([2, 3, 0, 255, 7], u8), t([7, 5, 0, 3, 200], u8)])
case('pow', lambda y: torch.pow(3, y), [3, '$0'], [t([0, 1, 39], i64)])

# ---------------------------------------------------------------- bits
for dtype in (i32, i64, u8):
    sign = 1 if dtype == u8 else -1
    x, y = t([5, 12, sign * 7, 100, 1, sign * 1], dtype), t([1, 3, 2, 0, 6, 4], dtype)
    case('bitwiseLeftShift', torch.bitwise_left_shift, ['$0', '$1'], [x, y])
    case('bitwiseRightShift', torch.bitwise_right_shift, ['$0', '$1'], [x, y])
case('bitwiseLeftShift', lambda x: x << 3, ['$0', 3], [t([[1, -2], [3, 4]], i32)])
case('bitwiseRightShift', lambda x: x >> 1, ['$0', 1], [t([[1, -2], [-3, 4]], i64)])
for op, fn in [('bitwiseAnd', torch.bitwise_and), ('bitwiseOr', torch.bitwise_or), ('bitwiseXor', torch.bitwise_xor)]:
    case(op, fn, ['$0', '$1'], [t([[200], [7]], u8), t([15, 255], u8)])
    case(op, fn, ['$0', '$1'], [t([-5, 2 ** 40], i64), t([3, 2 ** 41 - 1], i64)])
    case(op, fn, ['$0', '$1'], [t([1, 1, 0, 0], boolean), t([1, 0, 1, 0], boolean)])
case('bitwiseNot', torch.bitwise_not, ['$0'], [t([0, -1, 5], i32)])
case('bitwiseNot', torch.bitwise_not, ['$0'], [t([0, 255, 5], u8)])
case('bitwiseNot', torch.bitwise_not, ['$0'], [t([0, 1], boolean)])

# ---------------------------------------------------------------- functions of one argument
unit = lambda *shape: torch.rand(shape, dtype=torch.float64) * 1.8 - 0.9
for op in ['asin', 'acos', 'atanh', 'erfinv']:
    fn = getattr(torch, op)
    case(op, fn, ['$0'], [unit(3, 4)])
    case(op, fn, ['$0'], [t([1., -1., 1.5, -1.5, 0., nan])], grad=False)
    case(op, fn, ['$0'], [t([0., 1e-8, -1e-8, 0.97, -0.97])])
for op in ['sinh', 'cosh', 'asinh', 'sinc', 'deg2rad', 'rad2deg', 'erfc', 'lgamma', 'exp2', 'frac']:
    fn = getattr(torch, op)
    case(op, fn, ['$0'], [r(3, 4) * 2])
    case(op, fn, ['$0'], [r()])
    case(op, fn, ['$0'], [r(2, 0)])
case('acosh', torch.acosh, ['$0'], [pos(3, 4) + 1])
case('acosh', torch.acosh, ['$0'], [t([1., 0.5, -0.5, -3., -1e10, 1e10, 1e300, inf, nan])], grad=False)
case('asinh', torch.asinh, ['$0'], [t([0., 1e-9, -1e-9, 1e10, -1e10, 1e200, -3.])])
for op in ['sinh', 'cosh']:
    case(op, getattr(torch, op), ['$0'], [t([0., 1e-9, -1e-9, 20., -20., 1., 100., 300.])])
case('erfc', torch.erfc, ['$0'], [t([0., 0.4, -0.4, 1., 3., 6., 10., 20., 26., 27., -3., -10.])])
case('erfc', torch.erfc, ['$0'], [t([inf, -inf, nan, 40.])], grad=False)
case('lgamma', torch.lgamma, ['$0'], [t([0.1, 0.5, 1., 1.0001, 1.5, 2., 2.0001, 2.5, 3.7, 5., 7.99, 8., 20., 1000., 1e10])])
case('lgamma', torch.lgamma, ['$0'], [t([-0.5, -1.5, -2.3, -10.7, -100.3])])
case('lgamma', torch.lgamma, ['$0'], [t([1e-10, 1e-300, -1e-10])], grad=False)
case('lgamma', torch.lgamma, ['$0'], [t([0., -1., -2., inf, nan])], grad=False)
case('digamma', torch.digamma, ['$0'], [t([0., -1., inf, nan, 0.1, 1e-5])], grad=False)


class Polygamma(torch.autograd.Function):
    """PyTorch's trigamma, the gradient of its digamma, has only ten digits."""

    @staticmethod
    def forward(ctx, n, x):
        ctx.n = n
        ctx.save_for_backward(x)
        return torch.tensor([float(mpmath.polygamma(n, v)) for v in x.flatten().tolist()], dtype=torch.float64).reshape(x.shape)

    @staticmethod
    def backward(ctx, g):
        return None, g * Polygamma.apply(ctx.n + 1, ctx.saved_tensors[0])


for x, orders in [(pos(2, 3) * 6, [0, 1, 2, 3]), (t([0.7, 1., 2., 9.99, 10., 100.]), [1, 5]), (r(2, 0), []), (pos(), [2]),
                  (t([-0.5, -1.6, -10.4, -3.4]), [1, 2])]:
    case('digamma', lambda v: Polygamma.apply(0, v), ['$0'], [x])
    for n in orders:
        case('polygamma', lambda v: Polygamma.apply(n, v), [n, '$0'], [x])
case('sinc', torch.sinc, ['$0'], [t([0., 1., -0.5, 2.5])])
case('log2', torch.log2, ['$0'], [t([2. ** k for k in range(-60, 61, 7)])], grad=False)
case('log10', torch.log10, ['$0'], [t([10. ** k for k in range(0, 22)])], grad=False)
case('exp2', torch.exp2, ['$0'], [t([-1030., -10., -1., 0., 1., 10., 0.5, 1000.])])
case('logit', torch.logit, ['$0'], [torch.rand(3, 4).double() * 0.98 + 0.01])
case('logit', lambda x: torch.logit(x, 0.1), ['$0', 0.1], [t([-1., 0.05, 0.3, 0.7, 0.95, 2.])])
case('logit', torch.logit, ['$0'], [t([0., 1., -0.1, 1.1])], grad=False)
for decimals in [1, 3, -1, -2]:
    case('round', lambda x: torch.round(x, decimals=decimals), ['$0', decimals], [r(3, 4) * 300])
case('round', torch.round, ['$0'], [t([0.5, 1.5, 2.5, -0.5, -1.5, inf, nan])], grad=False)
case('frac', torch.frac, ['$0'], [t([1.5, -1.5, 3., -0.25])])
for op in ['asin', 'exp2', 'lgamma', 'erfc', 'sinh', 'log2']:  # integers become floats
    case(op, getattr(torch, op), ['$0'], [t([0, 1, 1], i32)])

# ---------------------------------------------------------------- functions of two arguments
for op in ['hypot', 'logaddexp', 'logaddexp2', 'copysign']:
    fn = getattr(torch, op)
    case(op, fn, ['$0', '$1'], [r(2, 3), r(2, 3)])
    case(op, fn, ['$0', '$1'], [r(4, 1, 3), r(2, 1)])
    case(op, fn, ['$0', '$1'], [r(), r(2)])
for op in ['xlogy', 'xlog1py']:
    fn = getattr(torch.special, op)
    case(op, fn, ['$0', '$1'], [r(2, 3), pos(2, 3)])
    case(op, fn, ['$0', '$1'], [r(4, 1, 3), pos(2, 1)])
    case(op, fn, ['$0', '$1'], [t([0., 0., 0., 0., 2.]), t([0., 1., -2., nan, 0.])], grad=False)
    case(op, fn, ['$0', '$1'], [t([0., 0., 1.]), t([2., 3., 2.])])
case('xlogy', lambda x: torch.xlogy(x, 3.5), ['$0', 3.5], [r(3)])
case('hypot', torch.hypot, ['$0', '$1'], [t([3e200, 1e-200, inf, 0., 1., nan]), t([4e200, 1e-200, 1., 0., inf, 1.])], grad=False)
for op in ['logaddexp', 'logaddexp2']:
    fn = getattr(torch, op)
    case(op, fn, ['$0', '$1'], [t([inf, -inf, inf, -inf, 1000., -1000., nan, 0.]), t([inf, -inf, 3., 3., 1000., 0., 1., -60.])], grad=False)
    case(op, fn, ['$0', '$1'], [t([1., 2., -1000., 0., 40.]), t([1., 2., -1000., 1000., 0.])])
case('copysign', torch.copysign, ['$0', '$1'], [t([1., -2., 0., 3., 4.]), t([-0., 0., -1., inf, -inf])])
case('copysign', torch.copysign, ['$0', '$1'], [t([1, -2], i32), t([-3, 4], i32)])
case('copysign', lambda x: torch.copysign(x, -2.), ['$0', -2], [r(3)])
case('heaviside', torch.heaviside, ['$0', '$1'], [t([-1., 0., 2., nan, inf]), t([0.5, 0.5, 0.5, 0.5, 0.5])], grad=False)
case('heaviside', torch.heaviside, ['$0', '$1'], [t([[-1, 0], [0, 3]], i32), t([7, 8], i32)])
for op, fn in [('fmax', torch.fmax), ('fmin', torch.fmin)]:
    case(op, fn, ['$0', '$1'], [r(2, 3), r(2, 3)])
    case(op, fn, ['$0', '$1'], [t([nan, 1., nan, inf]), t([1., nan, nan, 2.])], grad=False)

case('ldexp', torch.ldexp, ['$0', '$1'], [r(2, 3), r(3) * 4])
case('ldexp', torch.ldexp, ['$0', '$1'], [r(3), t([3, -2, 0], i32)])
case('floatPower', torch.float_power, ['$0', '$1'], [pos(2, 3), r(3)])
case('floatPower', lambda x: torch.float_power(x, 2), ['$0', 2], [t([1, -3], i32)])
for op, fn in [('gcd', torch.gcd), ('lcm', torch.lcm)]:
    case(op, fn, ['$0', '$1'], [t([12, -18, 0, 0, 7, 2 ** 40], i64), t([18, 12, 5, 0, 13, 2 ** 20], i64)])
    case(op, fn, ['$0', '$1'], [t([[12], [5]], i32), t([8, 15, 1], i32)])
    case(op, fn, ['$0', '$1'], [t([12, 9], u8), t([8, 6], u8)])

# ---------------------------------------------------------------- classification
odd = t([nan, inf, -inf, 0., -0., -3., 2.])
case('isposinf', torch.isposinf, ['$0'], [odd])
case('isneginf', torch.isneginf, ['$0'], [odd])
case('isposinf', torch.isposinf, ['$0'], [t([1, 2], i32)])
case('signbit', torch.signbit, ['$0'], [t([inf, -inf, 0., -0., -3., 2.])])
case('signbit', torch.signbit, ['$0'], [t([-1, 0, 2], i64)])
case('signbit', torch.signbit, ['$0'], [t([0, 2], u8)])
case('sgn', torch.sgn, ['$0'], [r(4)], grad=False)
case('nanToNum', lambda x: torch.nan_to_num(x, 1.5, 7., -8.), ['$0', 1.5, 7, -8], [odd])
case('nanToNum', lambda x: torch.nan_to_num(x, posinf=9.), ['$0', 0, 9, -4], [t([nan, inf, 2.])])
case('nanToNum', lambda x: torch.nan_to_num(x, 3), ['$0', 3], [t([1, 2], i32)])
a, c = t([1., 1., inf, inf, nan, 1e-9, 0., 100.]), t([1.000001, 1.1, inf, -inf, nan, 0., 1e-7, 100.0001])
case('isClose', torch.isclose, ['$0', '$1'], [a, c], grad=False)
case('isClose', lambda x, y: torch.isclose(x, y, 1e-2, 0.2, True), ['$0', '$1', {'rtol': 1e-2, 'atol': 0.2, 'equalNan': True}], [a, c], grad=False)
case('isClose', lambda x, y: torch.isclose(x, y, 0.1, 0), ['$0', '$1', {'rtol': 0.1, 'atol': 0}], [t([10, 100, 3], i32), t([11, 120, 3], i32)])
case('isClose', torch.isclose, ['$0', '$1'], [t([1, 0, 1], boolean), t([1, 1, 0], boolean)])
for data in ([1., 2.], [1., 2.1]):
    case('allClose', lambda x, y: torch.tensor(torch.allclose(x, y)), ['$0', '$1'], [t([1., 2.]), t(data)], grad=False)
    case('equal', lambda x, y: torch.tensor(torch.equal(x, y)), ['$0', '$1'], [t([1., 2.]), t(data)], grad=False)
case('equal', lambda x, y: torch.tensor(torch.equal(x, y)), ['$0', '$1'], [t([1., 2.]), t([[1., 2.]])], grad=False)
case('equal', lambda x, y: torch.tensor(torch.equal(x, y)), ['$0', '$1'], [t([nan]), t([nan])], grad=False)
case('equal', lambda x, y: torch.tensor(torch.equal(x, y)), ['$0', '$1'], [t([]), t([])], grad=False)
case('ne', torch.ne, ['$0', '$1'], [t([[1, 2], [3, 4]], i64), t([1, 4], i64)])
case('logicalNot', torch.logical_not, ['$0'], [t([0, 3], i32)])
for op, fn in [('logicalAnd', torch.logical_and), ('logicalOr', torch.logical_or), ('logicalXor', torch.logical_xor)]:
    case(op, fn, ['$0', '$1'], [t([0., 2., nan, 0.]), t([1, 0, 2, 0], i32)])

# ---------------------------------------------------------------- dtypes of results: null where PyTorch 1.13 refuses
def result(fn, *args):
    try:
        return names[fn(*args).dtype]
    except (RuntimeError, TypeError):
        return None


two = {'hypot': torch.hypot, 'logaddexp': torch.logaddexp, 'logaddexp2': torch.logaddexp2, 'xlogy': torch.xlogy,
       'copysign': torch.copysign, 'fmax': torch.fmax, 'fmin': torch.fmin, 'atan2': torch.atan2, 'trueDivide': torch.true_divide,
       'floorDivide': lambda x, y: torch.div(x, y, rounding_mode='floor'), 'remainder': torch.remainder, 'fmod': torch.fmod,
       'pow': torch.pow, 'maximum': torch.maximum, 'bitwiseAnd': torch.bitwise_and, 'bitwiseLeftShift': torch.bitwise_left_shift,
       'bitwiseRightShift': torch.bitwise_right_shift, 'logicalAnd': torch.logical_and, 'eq': torch.eq, 'lt': torch.lt,
       'addcmul': lambda x, y: torch.addcmul(x, x, y)}
one = {'exp2': torch.exp2, 'log2': torch.log2, 'asin': torch.asin, 'sinh': torch.sinh, 'erfc': torch.erfc, 'lgamma': torch.lgamma,
       'digamma': torch.digamma, 'sinc': torch.sinc, 'deg2rad': torch.deg2rad, 'signbit': torch.signbit, 'sgn': torch.sgn, 'frac': torch.frac,
       'round': torch.round, 'floor': torch.floor, 'square': torch.square, 'isposinf': torch.isposinf, 'nanToNum': torch.nan_to_num,
       'neg': torch.neg, 'abs': torch.abs, 'bitwiseNot': torch.bitwise_not, 'logicalNot': torch.logical_not, 'reciprocal': torch.reciprocal,
       'sqrt': torch.sqrt, 'sign': torch.sign, 'trunc': torch.trunc, 'logit': torch.logit}
ones = {name: torch.ones(2, dtype=dtype) for name, dtype in types.items()}
promotion = {}
for op, fn in two.items():
    promotion[op] = {f'{a},{b}': result(fn, ones[a], ones[b]) for a in types for b in types}
    if op != 'addcmul':
        promotion[op].update({f'{a},{v}': result(fn, ones[a], v) for a in types for v in (2, 2.5)})
for op, fn in one.items():
    promotion[op] = {a: result(fn, ones[a]) for a in types}

save('ops-elementwise', promotion=promotion)
