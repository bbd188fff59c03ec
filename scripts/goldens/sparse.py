"""Golden rows of sparse tensors: node-level products, sums and softmax over coordinates, compared with PyTorch's sparse
tensors and, where PyTorch 1.13 cannot differentiate those, with dense ones.

`/usr/bin/python3 scripts/goldens/sparse.py` writes test/goldens/ops-sparse.json.
"""
import torch

from operation_case import case, r, save, t

i64 = torch.int64
idx = t([[0, 2, 0, 3, 2], [1, 0, 3, 2, 1]], i64)
twice = t([[0, 2, 0, 3, 2], [1, 0, 1, 2, 1]], i64)
shape = (4, 5)


def coo(i, v, s):
    return torch.sparse_coo_tensor(i, v, s)


for i in [idx, twice]:
    case('sparseToDense', lambda i, v: coo(i, v, shape).to_dense(), ['$0', '$1', list(shape)], [i, r(5)])
    case('sparseToDense', lambda i, v: coo(i, v, shape + (2,)).to_dense(), ['$0', '$1', list(shape) + [2]], [i, r(5, 2)], grad=False)
    case('sparseProduct', lambda a, b, v, d: torch.sparse.mm(coo(torch.stack([a, b]), v, shape), d), ['$0', '$1', '$2', '$3', list(shape)], [i[0], i[1], r(5), r(5, 3)])
    case('sparseProduct', lambda a, b, v, d: torch.sparse.mm(coo(torch.stack([a, b]), v, shape), d.unsqueeze(1)).squeeze(1), ['$0', '$1', '$2', '$3', list(shape)],
         [i[0], i[1], r(5), r(5)])
    for axis in [None, 0, 1, [0, 1]]:
        case('sparseSum', lambda i, v: (lambda d: d.sum() if axis is None else d.sum(axis))(coo(i, v, shape).to_dense()),
             ['$0', '$1', list(shape)] + ([] if axis is None else [axis]), [i, r(5)])
case('sparseSum', lambda i, v: coo(i, v, (4, 5, 2)).to_dense().sum((0, 2)), ['$0', '$1', [4, 5, 2], [0, 2]], [idx, r(5, 2)], grad=False)
for axis in [0, 1]:
    for log, fn in [(False, torch.sparse.softmax), (True, torch.sparse.log_softmax)]:
        # In row-major order, as coalesced tensors are.
        order = torch.argsort(idx[0] * 5 + idx[1])
        i = idx[:, order]
        case('sparseSoftmax', lambda i, v: fn(coo(i, v, shape).coalesce(), axis).coalesce().values(), ['$0', '$1', list(shape), axis, log], [i, r(5)])
case('valuesAt', lambda x, i: x[i[0], i[1]], ['$0', '$1'], [r(4, 5), idx])
case('valuesAt', lambda x, i: x[i[0], i[1]], ['$0', '$1'], [r(4, 5, 2), twice])
case('sampledProduct', lambda a, b, x, y: (x @ y)[a, b], ['$0', '$1', '$2', '$3'], [idx[0], idx[1], r(4, 3), r(3, 5)])
for rows in [t([0, 0, 2, 3], i64), t([3, 1, 1, 0], i64), t([], i64)]:
    crow = torch.cat([torch.zeros(1, dtype=i64), torch.bincount(rows, minlength=5).cumsum(0)])
    case('crowOfRows', lambda x: crow, ['$0', 5], [rows])
    case('rowsOfCrow', lambda x: rows.sort().values, ['$0', len(rows)], [crow])
save('ops-sparse')
