"""Golden rows of what reads and writes at positions, chooses by masks, sorts, searches and groups.

    python3 scripts/goldens/ops_indexing.py
"""
import math

import torch
import torch.nn.functional as F

from operation_case import case, r, save, t

i32, i64, u8, boolean = torch.int32, torch.int64, torch.uint8, torch.bool
inf, nan = math.inf, math.nan
idx = t([[0, 2, 1], [1, 1, 0]], i64)

# ---------------------------------------------------------------- gather, select, take
case('gather', lambda x, i: torch.gather(x, 1, i), ['$0', 1, '$1'], [r(3, 3), idx])
case('gather', lambda x, i: torch.gather(x, 0, i), ['$0', 0, '$1'], [r(3, 4), idx])
case('gather', lambda x, i: torch.gather(x, 1, i), ['$0', 1, '$1'], [r(2, 3, 2), t([[[0, 1], [2, 2]]], i64)])
case('gather', lambda x, i: torch.gather(x, 0, i), ['$0', 0, '$1'], [r(), t([0, 0], i64)])
case('gather', lambda x, i: torch.gather(x, 0, i), ['$0', 0, '$1'], [r(3), t(2, i64)])
case('gather', lambda x, i: torch.gather(x, 1, i), ['$0', 1, '$1'], [r(2, 3), torch.zeros(2, 0, dtype=i64)])
case('indexSelect', lambda x, i: x.index_select(-1, i), ['$0', -1, '$1'], [r(2, 3), t([2, 2, 0, 1], i64)])
case('indexSelect', lambda x, i: x.index_select(0, i), ['$0', 0, '$1'], [r(2, 3), t(1, i64)])
case('indexSelect', lambda x, i: x.index_select(0, i), ['$0', 0, '$1'], [r(), t([0], i64)])
case('take', lambda x, i: x.take(i), ['$0', '$1'], [r(2, 3), t([[0, -1], [5, -6]], i64)])
case('take', lambda x, i: x.take(i), ['$0', '$1'], [r(4), t(2, i64)])
case('takeAlongDim', lambda x, i: torch.take_along_dim(x, i, 1), ['$0', '$1', 1], [r(2, 3), t([[2], [0]], i64)])
case('takeAlongDim', lambda x, i: torch.take_along_dim(x, i, 0), ['$0', '$1', 0], [r(3, 1), t([[2, 0, 1]], i64)])
case('takeAlongDim', lambda x, i: torch.take_along_dim(x, i), ['$0', '$1'], [r(2, 3), t([[5, 0], [1, 1]], i64)])
case('oneHot', lambda i: F.one_hot(i, 3), ['$0', 3], [t([[0, 2], [1, 1]], i64)])
case('oneHot', lambda i: F.one_hot(i, 2), ['$0', 2], [t(1, i64)])
case('oneHot', lambda i: F.one_hot(i, 3).double(), ['$0', 3, {'dtype': 'f64'}], [t([0, 2], i64)])

# ---------------------------------------------------------------- scatter
i4 = t([[0, 3, 1], [2, 0, 1]], i64)
case('scatter', lambda x, i, s: x.scatter(1, i, s), ['$0', 1, '$1', '$2'], [r(2, 4), i4, r(2, 3)])
case('scatter', lambda x, i, s: x.scatter(0, i, s), ['$0', 0, '$1', '$2'], [r(4, 5), i4, r(3, 4)], grad=False)
case('scatter', lambda x, i: x.scatter(1, i, -2.5), ['$0', 1, '$1', -2.5], [r(2, 4), i4])
case('scatter', lambda x, i, s: x.detach().scatter(1, i, s.detach(), reduce='add'), ['$0', 1, '$1', '$2', {'reduce': 'add'}], [r(2, 4), idx, r(2, 3)], grad=False)
case('scatter', lambda x, i, s: x.detach().scatter(1, i, s.detach(), reduce='multiply'), ['$0', 1, '$1', '$2', {'reduce': 'multiply'}], [r(2, 4), idx, r(2, 3)], grad=False)
case('scatterAdd', lambda x, i, s: x.scatter_add(1, i, s), ['$0', 1, '$1', '$2'], [r(2, 3), idx, r(2, 3)])
case('scatterAdd', lambda x, i, s: x.scatter_add(0, i, s), ['$0', 0, '$1', '$2'], [r(3), t([0, 0, 2, 0], i64), r(4)])
case('scatterAdd', lambda x, i, s: x.scatter_add(0, i, s), ['$0', 0, '$1', '$2'], [t([1, 2, 3], i64), t([0, 0, 2, 0], i64), t([4, 5, 6, 7], i64)])
case('scatterAdd', lambda x, i, s: x.scatter_add(0, i, s), ['$0', 0, '$1', '$2'], [r(), t(0, i64), r()])
for red in ['sum', 'mean', 'prod', 'amax', 'amin']:
    for include in [True, False]:
        o = {'includeSelf': include}
        fn = lambda x, i, s: x.scatter_reduce(0, i, s, red, include_self=include)
        case('scatterReduce', fn, ['$0', 0, '$1', '$2', red, o], [r(4), t([0, 2, 2, 0, 2], i64), r(5)])
        case('scatterReduce', lambda x, i, s: x.scatter_reduce(1, i, s, red, include_self=include), ['$0', 1, '$1', '$2', red, o], [r(2, 4), idx, r(2, 3)])
        case('scatterReduce', fn, ['$0', 0, '$1', '$2', red, o], [t([-7, 5, 2], i64), t([0, 1, 0, 0], i64), t([-3, 4, 6, -1], i64)])
        case('scatterReduce', fn, ['$0', 0, '$1', '$2', red, o], [t([200, 5, 2], u8), t([0, 1, 0], i64), t([3, 4, 6], u8)]) if red != 'mean' else None
        case('indexReduce', lambda x, i, s: x.index_reduce(1, i, s, red, include_self=include), ['$0', 1, '$1', '$2', red, o],
             [r(2, 4), t([3, 0, 3], i64), r(2, 3)], grad=red == 'mean') if red != 'sum' else None
case('scatterReduce', lambda x, i, s: x.scatter_reduce(0, i, s, 'amax'), ['$0', 0, '$1', '$2', 'amax'], [t([1., 2.]), t([0, 0, 0], i64), t([3., 3., 1.])])
case('scatterReduce', lambda x, i, s: x.scatter_reduce(0, i, s, 'amin', include_self=False), ['$0', 0, '$1', '$2', 'amin', {'includeSelf': False}], [t([2**62, 5], i64), t([0], i64), t([2**53 + 2**40], i64)])
case('indexAdd', lambda x, i, s: x.index_add(1, i, s), ['$0', 1, '$1', '$2'], [r(2, 3), t([2, 0, 2], i64), r(2, 3)])
case('indexAdd', lambda x, i, s: x.index_add(0, i, s, alpha=-0.5), ['$0', 0, '$1', '$2', {'alpha': -0.5}], [r(3, 2), t([2, 0, 2, 2], i64), r(4, 2)])
case('indexCopy', lambda x, i, s: x.index_copy(0, i, s), ['$0', 0, '$1', '$2'], [r(3, 2), t([2, 0], i64), r(2, 2)])
case('indexCopy', lambda x, i, s: x.index_copy(-1, i, s), ['$0', -1, '$1', '$2'], [r(2, 3), t([1], i64), r(2, 1)])
case('indexFill', lambda x, i: x.index_fill(1, i, 2.5), ['$0', 1, '$1', 2.5], [r(2, 3), t([0, 2, 0], i64)])
case('indexFill', lambda x, i, v: x.index_fill(0, i, v), ['$0', 0, '$1', '$2'], [r(3, 2), t([1], i64), r()])
for accumulate in [False, True]:
    o = {'accumulate': accumulate}
    at = t([[0, -1], [3, 1]], i64)
    case('put', lambda x, i, s: x.put(i, s, accumulate), ['$0', '$1', '$2', o], [r(2, 3), at, r(2, 2)])
case('put', lambda x, i, s: x.put(i, s, True), ['$0', '$1', '$2', {'accumulate': True}], [r(2, 3), t([1, 1, -5], i64), r(3)])

# ---------------------------------------------------------------- masks
m = t([[1, 0, 1], [0, 0, 1]], boolean)
case('maskedFill', lambda x, m: x.masked_fill(m, 1.5), ['$0', '$1', 1.5], [r(2, 3), m])
case('maskedFill', lambda x, m, v: x.masked_fill(m, v), ['$0', '$1', '$2'], [r(2, 3), m[0], r()])
case('maskedFill', lambda x, m: x.masked_fill(m, 0.), ['$0', '$1', 0], [r(3), m])
case('maskedSelect', lambda x, m: x.masked_select(m), ['$0', '$1', 3], [r(2, 3), m])
case('maskedSelect', lambda x, m: x.masked_select(m), ['$0', '$1', 4], [r(2, 3), m[0]])
case('maskedSelect', lambda x, m: x.masked_select(m), ['$0', '$1', 3], [r(3), m])
case('maskedSelect', lambda x, m: x.masked_select(m), ['$0', '$1', 0], [r(2), t([0, 0], boolean)])
case('maskedScatter', lambda x, m, s: x.masked_scatter(m, s), ['$0', '$1', '$2'], [r(2, 3), m, r(4)])
case('maskedScatter', lambda x, m, s: x.masked_scatter(m.expand(2, 3), s), ['$0', '$1', '$2'], [r(2, 3), m[0], r(2, 2)])
case('nonzeroStatic', lambda x: torch.nonzero(x), ['$0', 3], [t([[0., 2., 0.], [-1., 0., nan]])], grad=False)
case('nonzeroStatic', lambda x: torch.nonzero(x), ['$0', 2], [t([0, 3, 3, 0], i32)])
case('nonzeroStatic', lambda x: torch.tensor([[1], [2], [-1], [-1]]), ['$0', 4], [t([0, 3, 3, 0], i32)])
case('nonzeroStatic', lambda x: torch.tensor([[0, 1], [9, 9]]), ['$0', 2, 9], [t([[0, 1]], boolean)])
case('nonzeroStatic', lambda x: torch.tensor([[1]]), ['$0', 1], [t([0, 3, 3, 0], i32)])
case('nonzeroStatic', lambda x: torch.nonzero(x), ['$0', 1], [t(3.)], grad=False)
case('nonzeroStatic', lambda x: torch.nonzero(x), ['$0', 5], [t([[[1, 0], [1, 1]], [[0, 1], [0, 1]]], boolean)])
case('nonzeroCount', torch.count_nonzero, ['$0'], [t([[0., 2., 0.], [-1., 0., nan]])], grad=False)

# ---------------------------------------------------------------- order
for desc in [False, True]:
    o = {'axis': 0, 'descending': desc}
    case('sort', lambda x: tuple(torch.sort(x, dim=0, descending=desc, stable=True)), ['$0', o], [r(4, 2)])
    case('sort', lambda x: tuple(torch.sort(x, descending=desc, stable=True)), ['$0', {'descending': desc}], [t([3, 1, 2, 1, 3], i64)])
    case('sort', lambda x: tuple(torch.sort(x, descending=desc, stable=True)), ['$0', {'descending': desc}], [r(2, 1)])
    case('argsort', lambda x: torch.sort(x, dim=1, descending=desc, stable=True)[1], ['$0', {'axis': 1, 'descending': desc}], [r(2, 3, 2)])
    case('topk', lambda x: tuple(torch.topk(x, 3, largest=desc)), ['$0', 3, {'largest': desc}], [r(2, 5)])
    case('topk', lambda x: tuple(torch.topk(x, 2, 0, largest=desc)), ['$0', 2, {'axis': 0, 'largest': desc}], [r(3, 2)])
case('sort', lambda x: tuple(torch.sort(x)), ['$0'], [r()])
case('topk', lambda x: tuple(torch.topk(x, 0)), ['$0', 0], [r(2, 3)], grad=False)
case('msort', torch.msort, ['$0'], [r(4, 3)])
for k in [1, 3]:
    case('kthvalue', lambda x: tuple(torch.kthvalue(x, k)), ['$0', k], [r(2, 4)])
    case('kthvalue', lambda x: tuple(torch.kthvalue(x, k, 0, True)), ['$0', k, {'axis': 0, 'keepdim': True}], [r(4, 2)])
case('kthvalue', lambda x: tuple(torch.kthvalue(x, 1)), ['$0', 1], [r()])
case('kthvalue', lambda x: tuple(torch.kthvalue(x, 2)), ['$0', 2], [t([5, -1, 7], i32)])


# ---------------------------------------------------------------- distinct elements
def unique(x, **more):
    return torch.unique(x, return_inverse=True, return_counts=True, **more)


def consecutive(x, **more):
    return torch.unique_consecutive(x, return_inverse=True, return_counts=True, **more)


case('unique', unique, ['$0', 4], [t([3, 1, 2, 1, 3, 7], i64)])
case('unique', unique, ['$0', 3], [t([[3., 1.], [1., -0.5]])], grad=False)
case('unique', unique, ['$0', 2], [t([1, 0, 1], boolean)])
case('unique', unique, ['$0', 1], [t(5, u8)])
case('unique', unique, ['$0', 0], [t([], i64)])
case('unique', lambda x: unique(x, dim=0), ['$0', 3, 0], [t([[2, 1, 0], [1, 9, 9], [2, 1, 0], [1, 9, -9]], i64)])
case('unique', lambda x: unique(x, dim=1), ['$0', 2, 1], [t([[2., 1., 2.], [1., 9., 1.]])], grad=False)
case('unique', lambda x: unique(x, dim=0), ['$0', 2, 0], [t([[[1, 2], [3, 4]], [[1, 2], [3, 0]], [[1, 2], [3, 4]]], i32)])
case('uniqueConsecutive', consecutive, ['$0', 4], [t([1, 1, 2, 1, 1, 3], i64)])
case('uniqueConsecutive', consecutive, ['$0', 3], [t([[1., 1.], [2., 0.]])], grad=False)
case('uniqueConsecutive', consecutive, ['$0', 0], [t([], i64)])
case('uniqueConsecutive', lambda x: consecutive(x, dim=0), ['$0', 3, 0], [t([[1, 2], [1, 2], [1, 3], [1, 2]], i64)])
case('uniqueConsecutive', lambda x: consecutive(x, dim=1), ['$0', 2, 1], [t([[1, 1, 2], [2, 2, 2]], i64)])

# ---------------------------------------------------------------- searching
s5 = t([1., 3., 3., 5., 7.])
v = t([[3., 0., 8.], [5., 3.5, nan]])
for right in [False, True]:
    o = {'right': right}
    case('searchsorted', lambda s, v: torch.searchsorted(s, v, right=right), ['$0', '$1', o], [s5, v], grad=False)
    case('searchsorted', lambda s, v: torch.searchsorted(s, v, right=right), ['$0', '$1', o], [torch.stack([s5, s5 + 1]), v], grad=False)
    case('searchsorted', lambda s, v: torch.searchsorted(s, v, right=right), ['$0', '$1', o], [torch.arange(100) // 3, t([[0, 33, 12], [-4, 99, 7]], i64)])
    case('searchsorted', lambda s, v: torch.searchsorted(s, v, right=right), ['$0', '$1', o],
         [torch.stack([torch.arange(70) // 2, torch.arange(70) * 3]), t([[0, 34, 35, 12], [-4, 99, 300, 207]], i64)])
    case('searchsorted', lambda s: torch.searchsorted(s, 3., right=right), ['$0', 3, o], [s5], grad=False)
    case('bucketize', lambda v, s: torch.bucketize(v, s, right=right), ['$0', '$1', o], [v, s5], grad=False)
case('searchsorted', lambda s, v: torch.searchsorted(s, v, side='right'), ['$0', '$1', {'side': 'right'}], [s5, v], grad=False)
case('searchsorted', lambda s, v, i: torch.searchsorted(s, v, sorter=i), ['$0', '$1', {'sorter': '$2'}], [t([3., 1., 2.]), t([2., 2.5]), t([1, 2, 0], i64)], grad=False)
case('searchsorted', lambda s, v: torch.searchsorted(s, v, out_int32=True), ['$0', '$1', {'outInt32': True}], [s5, v], grad=False)
case('searchsorted', torch.searchsorted, ['$0', '$1'], [t([]), t([1., 2.])], grad=False)
case('bucketize', lambda s: torch.bucketize(4., s), [4, '$0'], [s5], grad=False)


# ---------------------------------------------------------------- groups of rows (by scatter_reduce into zeros)
def segment(x, ids, n, reduce):
    at = ids.reshape(-1, *[1] * (x.dim() - 1)).expand_as(x)
    return torch.zeros(n, *x.shape[1:], dtype=x.dtype).scatter_reduce(0, at, x, reduce, include_self=reduce == 'sum')


ids = t([2, 0, 2, 0, 2], i64)
for op, reduce in [('segmentSum', 'sum'), ('segmentMean', 'mean'), ('segmentMax', 'amax'), ('segmentMin', 'amin')]:
    case(op, lambda x, s: segment(x, s, 4, reduce), ['$0', '$1', 4], [r(5, 2), ids])
    case(op, lambda x, s: segment(x, s, 3, reduce), ['$0', '$1', 3], [r(5), ids])
    case(op, lambda x, s: segment(x, s, 3, reduce), ['$0', '$1', 3], [t([5, -3, 2, 8, 4], i64), ids])


def segment_softmax(x, ids, n):
    out = torch.zeros_like(x)
    for s in range(n):
        rows = (ids == s).nonzero()[:, 0]
        out = out.index_copy(0, rows, x.index_select(0, rows).softmax(0)) if len(rows) else out
    return out


case('segmentSoftmax', lambda x, s: segment_softmax(x, s, 4), ['$0', '$1', 4], [r(5, 2), ids])
case('segmentSoftmax', lambda x, s: segment_softmax(x, s, 3), ['$0', '$1', 3], [r(5) * 100, ids])

# ---------------------------------------------------------------- few of many: found without sorting
f32 = torch.float32
for desc in [False, True]:
    case('topk', lambda x: tuple(torch.topk(x, 3, largest=desc)), ['$0', 3, {'largest': desc}], [r(2, 70)])
    case('topk', lambda x: tuple(torch.topk(x, 2, 0, largest=desc)), ['$0', 2, {'axis': 0, 'largest': desc}], [r(64, 2).to(f32)], grad=False)
    case('topk', lambda x: tuple(torch.topk(x, 4, largest=desc)), ['$0', 4, {'largest': desc}], [torch.randperm(90).to(i32) - 40])
case('kthvalue', lambda x: tuple(torch.kthvalue(x, 5)), ['$0', 5], [r(2, 70)])
case('kthvalue', lambda x: tuple(torch.kthvalue(x, 3, 0, True)), ['$0', 3, {'axis': 0, 'keepdim': True}], [r(66, 2).to(f32)], grad=False)

save('ops-indexing')
