"""Golden rows of what moves elements: shapes, slices, joins, padding, repetition, diagonals, grids.

    python3 scripts/goldens/ops_shape.py
"""
import torch
import torch.nn.functional as F

from operation_case import case, r, save, t

i32, i64, u8, boolean = torch.int32, torch.int64, torch.uint8, torch.bool
x34 = r(2, 3, 4)

# ---------------------------------------------------------------- shapes
for shape in [[4, 6], [-1], [3, -1, 2], [24, 1]]:
    case('reshape', lambda x: x.reshape(shape), ['$0', shape], [x34])
    case('view', lambda x: x.view(shape), ['$0', shape], [x34])
case('reshape', lambda x: x.reshape(()), ['$0', []], [r(1)])
case('reshape', lambda x: x.reshape(0, 4), ['$0', [0, 4]], [r(2, 0)])
case('ravel', torch.ravel, ['$0'], [x34])
case('ravel', torch.ravel, ['$0'], [r()])
case('flatten', lambda x: x.flatten(1, 2), ['$0', 1, 2], [r(2, 3, 2, 2)])
case('flatten', lambda x: x.flatten(), ['$0'], [r()])
case('flatten', lambda x: x.flatten(0, 1), ['$0', 0, 1], [r(2, 0, 3)])
case('unflatten', lambda x: x.unflatten(1, (3, 2)), ['$0', 1, [3, 2]], [r(2, 6)])
case('unflatten', lambda x: x.unflatten(-1, (-1, 2)), ['$0', -1, [-1, 2]], [r(2, 6)])
case('permute', lambda x: x.permute(-1, 0, 1), ['$0', [-1, 0, 1]], [x34])
case('permute', lambda x: x.permute(()), ['$0', []], [r()])
for op in ['transpose', 'swapaxes', 'swapdims']:
    case(op, lambda x: getattr(torch, op)(x, -1, 0), ['$0', -1, 0], [x34])
    case(op, lambda x: getattr(torch, op)(x, 1, 1), ['$0', 1, 1], [x34])
case('T', lambda x: x.permute(2, 1, 0), ['$0'], [x34])
case('mT', lambda x: x.mT, ['$0'], [x34])
for op in ['moveaxis', 'movedim']:
    case(op, lambda x: getattr(torch, op)(x, 0, 2), ['$0', 0, 2], [x34])
    case(op, lambda x: getattr(torch, op)(x, -1, 0), ['$0', -1, 0], [x34])
    case(op, lambda x: getattr(torch, op)(x, (0, 1), (1, 2)), ['$0', [0, 1], [1, 2]], [x34])
    case(op, lambda x: getattr(torch, op)(x, (3, 0), (0, -1)), ['$0', [3, 0], [0, -1]], [r(2, 1, 2, 3)])
case('squeeze', torch.squeeze, ['$0'], [r(1, 3, 1, 2)])
case('squeeze', lambda x: x.squeeze(0), ['$0', 0], [r(1, 3, 1)])
case('squeeze', lambda x: x.squeeze(1), ['$0', 1], [r(1, 3, 1)])
case('squeeze', lambda x: x.squeeze(3).squeeze(0), ['$0', [0, -1, 1]], [r(1, 3, 2, 1)])
case('squeeze', torch.squeeze, ['$0'], [r()])
for a in [0, 1, -1, -3]:
    case('unsqueeze', lambda x: x.unsqueeze(a), ['$0', a], [r(2, 3)])
case('expand', lambda x: x.expand(2, 3, 4), ['$0', [2, 3, 4]], [r(3, 1)])
case('expand', lambda x: x.expand(-1, 3), ['$0', [-1, 3]], [r(2, 1)])
case('expand', lambda x: x.expand(2, 0), ['$0', [2, 0]], [r(2, 1)])
case('broadcastTo', lambda x: x.broadcast_to((2, 3)), ['$0', [2, 3]], [r()])
case('broadcastTensors', lambda *xs: torch.broadcast_tensors(*xs), ['$0', '$1', '$2'], [r(2, 1), r(3), r()])
case('broadcastTensors', lambda *xs: torch.broadcast_tensors(*xs), ['$0', '$1'], [r(0, 1), t([[1, 2]], i64)])
for n, op, fn in [(1, 'atleast1d', torch.atleast_1d), (2, 'atleast2d', torch.atleast_2d), (3, 'atleast3d', torch.atleast_3d)]:
    for shape in [(), (2,), (2, 3), (2, 1, 3)]:
        case(op, fn, ['$0'], [r(*shape)])
case('clone', torch.clone, ['$0'], [r(2, 3)])
case('clone', torch.clone, ['$0'], [t([1, 2], i32)])
case('contiguous', lambda x: x.contiguous(), ['$0'], [r(2, 3)])

# ---------------------------------------------------------------- slices and pieces
case('slice', lambda x: x[1:, :], ['$0', 0, 1], [r(3, 2)])
case('slice', lambda x: x[:, -100:100:3], ['$0', 1, -100, 100, 3], [r(2, 7)])
case('narrow', lambda x: x.narrow(-1, -3, 2), ['$0', -1, -3, 2], [r(2, 5)])
case('select', lambda x: x.select(0, 1), ['$0', 0, 1], [r(3, 2)])
case('split', lambda x: x.split(3), ['$0', 3], [r(7, 2)])
case('split', lambda x: x.split([2, 0, 3], 1), ['$0', [2, 0, 3], 1], [r(2, 5)])
case('split', lambda x: x.split(2), ['$0', 2], [r(0, 2)], grad=False)
case('chunk', lambda x: x.chunk(4), ['$0', 4], [r(6, 2)])
case('chunk', lambda x: x.chunk(3), ['$0', 3], [r(2)])
case('chunk', lambda x: x.chunk(3), ['$0', 3], [r(0, 2)], grad=False)
case('tensorSplit', lambda x: x.tensor_split(3), ['$0', 3], [r(7, 2)])
case('tensorSplit', lambda x: x.tensor_split(3, 1), ['$0', 3, 1], [r(2, 2)])
case('tensorSplit', lambda x: x.tensor_split((1, 3, 9), 1), ['$0', [1, 3, 9], 1], [r(2, 5)])
case('tensorSplit', lambda x: x.tensor_split((-2, 1)), ['$0', [-2, 1]], [r(5)])
case('hsplit', lambda x: x.hsplit(2), ['$0', 2], [r(2, 4)])
case('hsplit', lambda x: x.hsplit((1,)), ['$0', [1]], [r(4)])
case('vsplit', lambda x: x.vsplit(2), ['$0', 2], [r(4, 2)])
case('dsplit', lambda x: x.dsplit((1, 2)), ['$0', [1, 2]], [r(2, 2, 4)])
case('unbind', lambda x: x.unbind(), ['$0'], [r(3, 2)])
case('unbind', lambda x: x.unbind(-1), ['$0', -1], [r(2, 3)])

# ---------------------------------------------------------------- joins
for op in ['cat', 'concat']:
    case(op, lambda *xs: torch.cat(xs, 1), [['$0', '$1'], 1], [r(2, 3, 2), r(2, 1, 2)])
    case(op, lambda *xs: torch.cat(xs), [['$0', '$1', '$2']], [r(2), r(0), t([1, 2], i64)])
case('stack', lambda *xs: torch.stack(xs, 1), [['$0', '$1', '$2'], 1], [r(2, 3), r(2, 3), r(2, 3)])
for op, fn in [('hstack', torch.hstack), ('vstack', torch.vstack), ('dstack', torch.dstack), ('columnStack', torch.column_stack)]:
    case(op, lambda *xs: fn(xs), [['$0', '$1']], [r(3), r(3)])
    case(op, lambda *xs: fn(xs), [['$0', '$1']], [r(2, 2), r(2, 2)])
    case(op, lambda *xs: fn(xs), [['$0', '$1']], [r(), r()])
    case(op, lambda *xs: fn(xs), [['$0', '$1']], [r(2, 2, 1), r(2, 2, 1)])
case('hstack', lambda *xs: torch.hstack(xs), [['$0', '$1']], [r(2, 1), r(2, 3)])
case('vstack', lambda *xs: torch.vstack(xs), [['$0', '$1']], [r(3), r(2, 3)])
case('columnStack', lambda *xs: torch.column_stack(xs), [['$0', '$1']], [r(2), r(2, 3)])
case('blockDiag', torch.block_diag, ['$0', '$1', '$2', '$3'], [r(2, 3), r(2), r(), r(1, 2)])
case('blockDiag', torch.block_diag, ['$0', '$1'], [r(0, 2), t([[1, 2]], i32)])

# ---------------------------------------------------------------- padding
for mode in ['reflect', 'replicate', 'circular']:
    case('pad', lambda x: F.pad(x, (1, 2), mode=mode), ['$0', [1, 2], {'mode': mode}], [r(1, 2, 4)])
    case('pad', lambda x: F.pad(x, (2, 0, 1, 1), mode=mode), ['$0', [2, 0, 1, 1], {'mode': mode}], [r(1, 1, 3, 3)])
    case('pad', lambda x: F.pad(x, (1, 1, 0, 1, 1, 0), mode=mode), ['$0', [1, 1, 0, 1, 1, 0], {'mode': mode}], [r(1, 1, 2, 2, 3)])
case('pad', lambda x: F.pad(x, (0, 1, 2, 0), value=-1.5), ['$0', [0, 1, 2, 0], {'value': -1.5}], [r(2, 2)])
case('pad', lambda x: F.pad(x, (-1, 2, 1, -1)), ['$0', [-1, 2, 1, -1]], [r(3, 3)])
case('pad', lambda x: F.pad(x, (1, 1)), ['$0', [1, 1]], [r(0)])
case('pad', lambda x: F.pad(x, (1, 1), value=3), ['$0', [1, 1], {'value': 3}], [t([1, 2], i64)])

# ---------------------------------------------------------------- order and repetition
case('flip', lambda x: x.flip(1), ['$0', [1]], [x34])
case('flip', lambda x: x.flip(-1, 0), ['$0', [-1, 0]], [x34])
case('flip', lambda x: x.flip(()), ['$0', []], [r()])
case('fliplr', torch.fliplr, ['$0'], [r(2, 3)])
case('flipud', torch.flipud, ['$0'], [r(3, 2)])
case('roll', lambda x: x.roll(-2, 1), ['$0', -2, 1], [r(2, 5)])
case('roll', lambda x: x.roll(4), ['$0', 4], [r(2, 3)])
case('roll', lambda x: x.roll((1, 2, 1), (0, 1, 0)), ['$0', [1, 2, 1], [0, 1, 0]], [r(3, 4)])
case('roll', lambda x: x.roll(1, 0), ['$0', 1, 0], [r(0, 2)])
for k in [-1, 0, 1, 2, 3, 5]:
    case('rot90', lambda x: x.rot90(k), ['$0', k], [r(2, 3)])
case('rot90', lambda x: x.rot90(1, (2, 0)), ['$0', 1, [2, 0]], [r(2, 2, 3)])
case('rot90', lambda x: x.rot90(2, (0, 2)), ['$0', 2, [0, 2]], [r(2, 2, 3)])
case('repeat', lambda x: x.repeat(3), ['$0', [3]], [r(2)])
case('repeat', lambda x: x.repeat(2, 0, 1), ['$0', [2, 0, 1]], [r(2, 3)])
case('repeat', lambda x: x.repeat(2, 2), ['$0', [2, 2]], [r()])
case('tile', lambda x: x.tile(2), ['$0', [2]], [r(2, 3)])
case('tile', lambda x: x.tile(2, 1, 3), ['$0', [2, 1, 3]], [r(2, 2)])
case('tile', lambda x: x.tile(2, 2), ['$0', [2, 2]], [r(1, 2, 2)])
case('repeatInterleave', lambda x: x.repeat_interleave(2), ['$0', 2], [r(2, 2)])
case('repeatInterleave', lambda x: x.repeat_interleave(2, -1), ['$0', 2, -1], [r(2, 2)])
case('repeatInterleave', lambda x: x.repeat_interleave(0, 0), ['$0', 0, 0], [r(2, 2)])
counts = t([2, 0, 3], i64)
case('repeatInterleave', lambda x, n: x.repeat_interleave(n, 0), ['$0', '$1', 0, {'outputSize': 5}], [r(3, 2), counts])
case('repeatInterleave', lambda x, n: x.repeat_interleave(n, 1), ['$0', '$1', 1, {'outputSize': 5}], [r(2, 3), counts])
case('repeatInterleave', lambda x, n: x.repeat_interleave(n), ['$0', '$1', None, {'outputSize': 8}], [r(2, 2), t([2], i64)])

# ---------------------------------------------------------------- diagonals and triangles
for off in [-1, 0, 2]:
    case('diag', lambda x: x.diag(off), ['$0', off], [r(3)])
    case('diag', lambda x: x.diag(off), ['$0', off], [r(3, 4)])
    case('diagonal', lambda x: x.diagonal(off, 0, -1), ['$0', off, 0, -1], [r(3, 2, 4)])
    case('diagflat', lambda x: torch.diagflat(x, off), ['$0', off], [r(2, 2)])
    case('diagEmbed', lambda x: torch.diag_embed(x, off), ['$0', off], [r(2, 2)])
    case('diagEmbed', lambda x: torch.diag_embed(x, off, 0, 2), ['$0', off, 0, 2], [r(2, 3)])
    case('tril', lambda x: x.tril(off), ['$0', off], [r(2, 3, 3)])
    case('triu', lambda x: x.triu(off), ['$0', off], [r(3, 2)])
    for rows, columns in [(3, 4), (4, 2), (0, 3), (1, 1)]:
        case('trilIndices', lambda: torch.tril_indices(rows, columns, off), [rows, columns, off], [])
        case('triuIndices', lambda: torch.triu_indices(rows, columns, off), [rows, columns, off], [])
case('diagEmbed', lambda x: torch.diag_embed(x, 1, 2, 1), ['$0', 1, 2, 1], [r(2, 2)])
case('diagflat', torch.diagflat, ['$0'], [r()])
case('diag', lambda x: x.diag(1), ['$0', 1], [r(0)])
case('tril', torch.tril, ['$0'], [t([[1, 1], [1, 1]], boolean)])

# ---------------------------------------------------------------- grids
for indexing in ['ij', 'xy']:
    case('meshgrid', lambda *xs: torch.meshgrid(*xs, indexing=indexing), [['$0', '$1'], {'indexing': indexing}], [r(2), r(3)])
    case('meshgrid', lambda *xs: torch.meshgrid(*xs, indexing=indexing), [['$0', '$1', '$2'], {'indexing': indexing}], [r(2), r(3), r()])
case('cartesianProd', torch.cartesian_prod, ['$0', '$1'], [r(2), r(3)])
case('cartesianProd', torch.cartesian_prod, ['$0', '$1', '$2'], [r(2), r(1), r(2)])
case('cartesianProd', torch.cartesian_prod, ['$0'], [r(2)])
case('combinations', torch.combinations, ['$0'], [r(4)])
case('combinations', lambda x: torch.combinations(x, 3), ['$0', 3], [r(5)])
case('combinations', lambda x: torch.combinations(x, 1), ['$0', 1], [r(3)])
case('combinations', lambda x: torch.combinations(x, 2, True), ['$0', 2, True], [r(3)])
case('combinations', lambda x: torch.combinations(x, 3, True), ['$0', 3, True], [t([1, 2, 3], i64)])
case('combinations', lambda x: torch.combinations(x, 3), ['$0', 3], [r(2)], grad=False)

# ---------------------------------------------------------------- NumPy's x[...], by PyTorch where the two agree
i2 = t([1, -1, 0], i64)
j2 = t([[2], [-4]], i64)
x5 = r(2, 3, 4)




S = slice
case('index', lambda x: x[1], ['$0', [1]], [x5])
case('index', lambda x: x[-1, :, 1:3], ['$0', [-1, ':', '1:3']], [x5])
case('index', lambda x: x[..., None, ::2], ['$0', ['...', None, '::2']], [x5])
case('index', lambda x: x.flip(2)[:, ::2], ['$0', [':', '::2', '::-1']], [x5])
case('index', lambda x: x[:, 2:0], ['$0', [':', '2:0']], [x5])
case('index', lambda x: x, ['$0', []], [r()])
case('index', lambda x, i: x[:, i], ['$0', [':', '$1']], [x5, i2])
case('index', lambda x, i, j: x[:, i, j], ['$0', [':', '$1', '$2']], [x5, i2, j2])
case('index', lambda x, i, j: x[i, :, j], ['$0', ['$1', ':', '$2']], [x5, i2, j2])
case('index', lambda x, i: x[:1, i, 1:], ['$0', [':1', '$1', '1:']], [x5, i2])
case('index', lambda x, i: x[0, i], ['$0', [0, '$1']], [x5, i2])
case('index', lambda x, i: x[None, :, i, None], ['$0', [None, ':', '$1', None]], [x5, i2])
m23 = t([[1, 0, 1], [0, 0, 1]], boolean)
case('index', lambda x, m: x[m], ['$0', [{'mask': '$1', 'count': 3}]], [x5, m23])
case('index', lambda x, m: x[:, m], ['$0', [':', {'mask': '$1', 'count': 2}]], [x5, t([1, 0, 1], boolean)])
case('index', lambda x, m, i: x[m, i], ['$0', [{'mask': '$1', 'count': 3}, '$2']], [x5, m23, i2])
for accumulate in [False, True]:
    put = lambda x, items, v: x.clone().index_put(items, v, accumulate)
    o = {'accumulate': accumulate}

    def assign(x, items, v):
        y = x.clone()
        if accumulate:
            y[items] += v
        else:
            y[items] = v
        return y
    case('indexPut', lambda x, v: assign(x, (S(None), S(1, 3)), v), ['$0', [':', '1:3'], '$1', o], [x5, r(2, 4)])
    case('indexPut', lambda x, v: assign(x, (S(None), S(None, None, 2), 1), v), ['$0', [':', '::2', 1], '$1', o], [x5, r(2, 2)])
    case('indexPut', lambda x, v: assign(x, (1,), v), ['$0', [1], '$1', o], [x5, r()])
    case('indexPut', lambda x, v: assign(x, (S(2, 0),), v), ['$0', ['2:0'], '$1', o], [x5, r()])
    case('indexPut', lambda x, v, m: assign(x, (m,), v), ['$0', [{'mask': '$2', 'count': None}], '$1', o], [x5, r(4), m23])
    case('indexPut', lambda x, v, m: assign(x, (m,), v), ['$0', [{'mask': '$2', 'count': 3}], '$1', o], [x5, r(3, 4), m23])
    case('indexPut', lambda x, v, i: put(x, (i,), v), ['$0', ['$2'], '$1', o], [r(3, 4), r(2, 4), t([2, 0], i64)])
    case('indexPut', lambda x, v, i, j: put(x, (i, j), v), ['$0', ['$2', '$3'], '$1', o], [r(3, 4), r(3), t([2, 0, 1], i64), t([0, -1, 0], i64)])
case('indexPut', lambda x, v, i: x.index_put((i,), v, True), ['$0', ['$2'], '$1', {'accumulate': True}], [r(3, 2), r(4, 2), t([2, 0, 2, 2], i64)])

save('ops-shape')
