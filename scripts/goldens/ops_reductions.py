"""Golden rows of the reductions and scans beyond the first ones of ops.py; `python3 scripts/goldens/ops_reductions.py`
writes test/goldens/ops-reductions.json."""
import math

import torch

from operation_case import case, pos, r, save, t

inf, nan = math.inf, math.nan
i32, i64, u8, boolean = torch.int32, torch.int64, torch.uint8, torch.bool
x34 = r(2, 3, 4)
holes = t([[1., nan, 3., -2.], [nan, nan, nan, nan], [0.5, 2., nan, 7.]])
ties = t([[3., 1., 3., 2.], [1., 1., 1., 1.], [4., 4., -5., 0.]])

# ---------------------------------------------------------------- sums and means
for op in ['nansum', 'nanmean']:
    fn = getattr(torch, op)
    case(op, fn, ['$0'], [holes])
    case(op, fn, ['$0'], [x34])
    for axes in [0, -1, [0, 1]]:
        # a row of NaN alone: PyTorch's gradient of its mean is NaN, ours 0
        case(op, lambda x: fn(x, axes), ['$0', axes], [holes], grad=axes != -1)
        case(op, lambda x: fn(x, axes, keepdim=True), ['$0', axes, {'keepdim': True}], [x34])
case('nansum', torch.nansum, ['$0'], [t([1, 2], i32)])
case('nansum', lambda x: torch.nansum(x, 0), ['$0', 0], [r(0, 3)])
for axes in [0, -1, [0, 2]]:
    for unbiased in [True, False]:
        case('varMean', lambda x: torch.var_mean(x, axes, unbiased=unbiased), ['$0', axes, {'correction': int(unbiased)}], [x34])
        case('stdMean', lambda x: torch.std_mean(x, axes, unbiased=unbiased, keepdim=True), ['$0', axes, {'correction': int(unbiased), 'keepdim': True}], [x34])
case('varMean', lambda x: torch.var_mean(x, unbiased=True), ['$0'], [x34])
for op in ['sum', 'mean', 'amax', 'amin', 'logsumexp']:
    fn = getattr(torch, op)
    case(op, lambda x: fn(x, [-3, 1]), ['$0', [-3, 1]], [x34])
    case(op, lambda x: fn(x, 0), ['$0', 0], [r()])
    case(op, lambda x: fn(x, 1), ['$0', 1], [r(0, 3)])
    case(op, lambda x: fn(x, [0, 2]), ['$0', [0, 2]], [r(1, 2, 1)])
for op in ['sum', 'prod', 'any', 'all']:
    fn = getattr(torch, op)
    case(op, lambda x: fn(x, 0), ['$0', 0], [r(0, 3)])
    case(op, lambda x: fn(x, 1, keepdim=True), ['$0', 1, {'keepdim': True}], [r(2, 0)])
case('prod', lambda x: torch.prod(x, 0, dtype=torch.float64), ['$0', 0, {'dtype': 'f64'}], [t([[1, 2], [3, 4]], i32)])
case('prod', lambda x: torch.prod(x, -1, keepdim=True), ['$0', -1, {'keepdim': True}], [x34])
case('sum', lambda x: torch.sum(x, 1), ['$0', 1], [r(3, 70)])
case('mean', lambda x: torch.mean(x, [0, 1]), ['$0', [0, 1]], [r(3, 0, 2)], grad=False)
case('any', lambda x: torch.any(x, -1), ['$0', -1], [t([[0., nan], [0., 0.]])])
case('all', lambda x: torch.all(x, 0), ['$0', 0], [t([[0, 3], [2, 1]], i32)])
for axes in [0, [0, 1], -1]:
    case('countNonzero', lambda x: torch.count_nonzero(x, axes), ['$0', axes], [t([[[1., 0.], [nan, 0.]], [[2., 3.], [0., 0.]]])])
case('countNonzero', torch.count_nonzero, ['$0'], [t([[0, 1], [1, 1]], boolean)])

# ---------------------------------------------------------------- extremes
# PyTorch 1.13 has no derivative of aminmax: it is its two parts.
both = lambda x, *args, **kw: (torch.amin(x, *args, **kw), torch.amax(x, *args, **kw))
case('aminmax', both, ['$0'], [x34])
case('aminmax', both, ['$0'], [ties])
case('aminmax', lambda x: both(x, dim=1), ['$0', 1], [ties])
case('aminmax', lambda x: both(x, dim=-1, keepdim=True), ['$0', -1, {'keepdim': True}], [x34])
case('aminmax', torch.aminmax, ['$0'], [t([nan, 1.])], grad=False)
for op in ['max', 'min']:
    case(op, lambda x: getattr(torch, op)(x, 0)[0], ['$0', 0], [x34])
    case(op, lambda x: getattr(torch, op)(x, -1, keepdim=True)[0], ['$0', -1, {'keepdim': True}], [ties])
    case(op, getattr(torch, op), ['$0'], [t([[7, -2], [3, 7]], i64)])
    case(f'{op}WithIndices', lambda x: tuple(getattr(torch, op)(x, 1)), ['$0', 1], [t([[1., nan, 3.], [nan, nan, 0.]])], grad=False)
    case(f'arg{op}', lambda x: getattr(torch, f'arg{op}')(x, 0), ['$0', 0], [ties])
    case(f'arg{op}', lambda x: getattr(torch, f'arg{op}')(x), ['$0'], [t([[1., nan], [2., nan]])], grad=False)
for op in ['cummax', 'cummin']:
    fn = getattr(torch, op)
    case(op, lambda x: tuple(fn(x, 1)), ['$0', 1], [x34])
    case(op, lambda x: tuple(fn(x, 0)), ['$0', 0], [r(6)])
    case(op, lambda x: tuple(fn(x, -1)), ['$0', -1], [ties])
    case(op, lambda x: tuple(fn(x, 0)), ['$0', 0], [t([3., nan, 4., 2., nan, 1.])], grad=False)
    case(op, lambda x: tuple(fn(x, 0)), ['$0', 0], [t([3, 1, 3, 4, -2, -2], i32)])
    case(op, lambda x: tuple(fn(x, 0)), ['$0', 0], [t([3, 0, 255, 4], u8)])
    case(op, lambda x: tuple(fn(x, 0)), ['$0', 0], [r()])

# ---------------------------------------------------------------- order statistics
case('median', torch.median, ['$0'], [x34])
case('median', torch.median, ['$0'], [ties])
case('median', torch.median, ['$0'], [t([3., nan, 1.])], grad=False)
case('median', torch.median, ['$0'], [t([5, 1, 4, 2], i32)])
case('median', torch.median, ['$0'], [r(0)], grad=False)
case('median', torch.median, ['$0'], [r()])
case('nanmedian', torch.nanmedian, ['$0'], [t([3., nan, 1., 2., 7.])])
case('nanmedian', torch.nanmedian, ['$0'], [t([nan, nan])], grad=False)
for op, fn in [('medianWithIndices', torch.median), ('nanmedianWithIndices', torch.nanmedian)]:
    case(op, lambda x: tuple(fn(x, 1)), ['$0', 1], [x34])
    case(op, lambda x: tuple(fn(x, -1, keepdim=True)), ['$0', -1, {'keepdim': True}], [r(3, 5)])
    case(op, lambda x: tuple(fn(x, 0)), ['$0', 0], [t([5, 1, 4, 2], i64)])
    case(op, lambda x: tuple(fn(x, 1)), ['$0', 1], [t([[1., nan, 3., -2.], [0.5, 2., nan, 7.]])], grad=False)
    case(op, lambda x: tuple(fn(x, 0)), ['$0', 0], [r()])
for q in [0., 0.3, 0.5, 1.]:
    case('quantile', lambda x: torch.quantile(x, q), ['$0', q], [x34])
    case('nanquantile', lambda x: torch.nanquantile(x, q), ['$0', q], [holes])
for how in ['linear', 'lower', 'higher', 'midpoint', 'nearest']:
    for op in ['quantile', 'nanquantile']:
        fn = getattr(torch, op)
        case(op, lambda x: fn(x, 0.4, 1, interpolation=how), ['$0', 0.4, 1, {'interpolation': how}], [r(3, 6)])
        case(op, lambda x: fn(x, t([0.1, 0.5, 0.95]), -1, keepdim=True, interpolation=how), ['$0', [0.1, 0.5, 0.95], -1, {'interpolation': how, 'keepdim': True}], [holes if op == 'nanquantile' else x34], grad=op == 'quantile')
case('quantile', lambda x, q: torch.quantile(x, q.detach(), 0), ['$0', '$1', 0], [r(5, 2), t([0.2, 0.9])])
case('quantile', lambda x, q: torch.quantile(x, q.detach()), ['$0', '$1'], [r(5), t(0.7)])
case('quantile', lambda x: torch.quantile(x, 0.5, 1), ['$0', 0.5, 1], [holes], grad=False)
case('quantile', lambda x: torch.quantile(x, 0.5, keepdim=True), ['$0', 0.5, None, {'keepdim': True}], [r(2, 3)])
whole = t([[2., 3., 2., 3., 1.], [5., 5., 1., 1., 1.], [1., 2., 3., 4., 5.]])
for keep in [False, True]:
    case('mode', lambda x: tuple(torch.mode(x, -1, keep)), ['$0', -1, {'keepdim': keep}], [whole], grad=False)
case('mode', lambda x: tuple(torch.mode(x)), ['$0'], [r(2, 5)])
case('mode', lambda x: tuple(torch.mode(x, 0)), ['$0', 0], [t([[1, 2], [1, 3], [2, 3], [7, 3]], i32)])

# ---------------------------------------------------------------- scans
for op in ['cumsum', 'cumprod', 'logcumsumexp']:
    fn = getattr(torch, op)
    for axis in [0, 1, -1]:
        case(op, lambda x: fn(x, axis), ['$0', axis], [x34])
    case(op, lambda x: fn(x, 0), ['$0', 0], [r()])
    case(op, lambda x: fn(x, 1), ['$0', 1], [r(2, 0)])
case('cumsum', lambda x: torch.cumsum(x, 0, dtype=torch.float64), ['$0', 0, {'dtype': 'f64'}], [t([1, 2, 3], i32)])
case('cumsum', lambda x: torch.cumsum(x, 0), ['$0', 0], [t([1, 0, 1], boolean)])
case('logcumsumexp', lambda x: torch.logcumsumexp(x, 0), ['$0', 0], [t([-inf, -1000., 0., 700., 700., -50.])], grad=False)
case('logcumsumexp', lambda x: torch.logcumsumexp(x, 0), ['$0', 0], [t([-800., -1000., 0., 700., 700., -50.])])
case('diff', torch.diff, ['$0'], [r(2, 5)])
case('diff', lambda x: torch.diff(x, 2, 0), ['$0', {'n': 2, 'axis': 0}], [r(4, 3)])
case('diff', lambda x: torch.diff(x, 0), ['$0', {'n': 0}], [r(3)])
case('diff', lambda x: torch.diff(x, 5), ['$0', {'n': 5}], [r(2, 3)])
case('diff', lambda x, p, a: torch.diff(x, prepend=p, append=a), ['$0', {'prepend': '$1', 'append': '$2'}], [r(2, 3), r(2, 1), r(2, 2)])
case('diff', torch.diff, ['$0'], [t([1, 0, 0, 1], boolean)])
case('diff', torch.diff, ['$0'], [t([1, 4, 9], i32)])
case('trapezoid', torch.trapezoid, ['$0'], [r(2, 5)])
case('trapezoid', lambda y: torch.trapezoid(y, dx=0.3, dim=0), ['$0', None, {'dx': 0.3, 'axis': 0}], [r(4, 2)])
case('trapezoid', lambda y, x: torch.trapezoid(y, x), ['$0', '$1'], [r(2, 5), r(5)])
case('trapezoid', lambda y, x: torch.trapezoid(y, x, dim=0), ['$0', '$1', {'axis': 0}], [r(4, 2), r(4, 2)])
case('trapezoid', torch.trapezoid, ['$0'], [r(1)])
case('cumulativeTrapezoid', torch.cumulative_trapezoid, ['$0'], [r(2, 5)])
case('cumulativeTrapezoid', lambda y, x: torch.cumulative_trapezoid(y, x, dim=0), ['$0', '$1', {'axis': 0}], [r(4, 2), r(4)])

# ---------------------------------------------------------------- counting
case('bincountStatic', lambda x: torch.bincount(x, minlength=6), ['$0', 6], [t([1, 4, 1, 0, 4, 4], i64)])
case('bincountStatic', lambda x: torch.bincount(x, minlength=3), ['$0', 3], [t([], i64)])
case('bincountStatic', lambda x: torch.bincount(x), ['$0', 8], [t([7, 0, 7], u8)])
case('bincountStatic', lambda x, w: torch.bincount(x, w.detach(), 5), ['$0', 5, '$1'], [t([1, 4, 1, 0], i32), r(4)])
case('bincountStatic', lambda x, w: torch.bincount(x, w, 5), ['$0', 5, '$1'], [t([1, 4, 1, 0], i32), t([2, 3, 4, 5], i64)])
case('bincountRange', lambda x: (x.min().long(), x.max().long()), ['$0'], [t([1, 4, 1, 0], i32)])
case('histc', lambda x: torch.histc(x, 5), ['$0', {'bins': 5}], [r(40)], grad=False)
case('histc', lambda x: torch.histc(x, 4, -1, 1), ['$0', {'bins': 4, 'min': -1, 'max': 1}], [t([[-1., 1., 0., 0.5], [2., -3., -0.25, 0.999]])], grad=False)
case('histc', lambda x: torch.histc(x, 3), ['$0', {'bins': 3}], [t([2., 2.])], grad=False)

save('ops-reductions')
