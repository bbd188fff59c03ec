"""Golden rows of linear algebra: products, factorizations, solvers, norms. Factorizations whose vectors are free in sign
or order are compared through functions that do not depend on it (test/ops/invariants.ts).

`/usr/bin/python3 scripts/goldens/ops_linalg.py` writes test/goldens/ops-linalg.json.
"""
import math

import torch
import torch.nn.functional as F

from operation_case import case, pos, r, save, t

inf, nan = math.inf, math.nan
i64, f64 = torch.int64, torch.float64
L = torch.linalg


def well(*shape):
    """Matrices of small condition number."""
    return 0.4 * r(*shape) + 2 * torch.eye(shape[-2], shape[-1], dtype=f64)


def spd(*shape):
    a = r(*shape)
    return a @ a.mT / shape[-1] + torch.eye(shape[-1], dtype=f64)


def tri(*shape, upper=False):
    a = well(*shape)
    return a.triu() if upper else a.tril()


# ---------------------------------------------------------------- products
case('mv', torch.mv, ['$0', '$1'], [r(3, 4), r(4)])
case('mm', torch.mm, ['$0', '$1'], [r(3, 4), r(4, 2)])
case('vdot', torch.vdot, ['$0', '$1'], [r(4), r(4)])
case('ger', torch.ger, ['$0', '$1'], [r(4), r(3)])
for a, b in [((3,), (3,)), ((2, 3), (3,)), ((2, 3), (4, 3)), ((2, 2, 3), (4, 1, 3)), ((), (2, 3)), ((2,), ())]:
    case('inner', torch.inner, ['$0', '$1'], [r(*a), r(*b)])
case('addmm', torch.addmm, ['$0', '$1', '$2'], [r(2, 4), r(2, 3), r(3, 4)])
case('addmm', lambda c, x, y: torch.addmm(c, x, y, beta=0.5, alpha=-2), ['$0', '$1', '$2', {'beta': 0.5, 'alpha': -2}],
     [r(4), r(2, 3), r(3, 4)])
case('addmm', lambda c, x, y: torch.addmm(c, x, y, beta=2, alpha=3), ['$0', '$1', '$2', {'beta': 2, 'alpha': 3}],
     [t([[1, 2]], i64), t([[1, 2], [3, 4]], i64), t([[1, 2], [3, 4]], i64)])
case('addmv', lambda c, x, y: torch.addmv(c, x, y, alpha=3), ['$0', '$1', '$2', {'alpha': 3}], [r(2), r(2, 3), r(3)])
case('addr', lambda c, x, y: torch.addr(c, x, y, beta=2.), ['$0', '$1', '$2', {'beta': 2}], [r(2, 3), r(2), r(3)])
case('baddbmm', lambda c, x, y: torch.baddbmm(c, x, y, beta=0.5), ['$0', '$1', '$2', {'beta': 0.5}],
     [r(2, 1), r(3, 2, 4), r(3, 4, 2)])
case('addbmm', torch.addbmm, ['$0', '$1', '$2'], [r(2, 5), r(3, 2, 4), r(3, 4, 5)])
for a, b in [((2, 3), (2, 2)), ((2,), (3,)), ((2, 1, 3), (2, 2)), ((2, 2), (2, 3, 1)), ((), (3,)), ((0, 2), (2, 1))]:
    case('kron', torch.kron, ['$0', '$1'], [r(*a), r(*b)])
case('vecdot', lambda x, y: L.vecdot(x, y, dim=0), ['$0', '$1', 0], [r(3, 2), r(3, 2)])
case('vecdot', L.vecdot, ['$0', '$1'], [r(2, 1, 3), r(4, 3)])
case('tensordot', lambda x, y: torch.tensordot(x, y, 0), ['$0', '$1', 0], [r(2), r(3)])
case('cross', L.cross, ['$0', '$1'], [r(2, 3), r(2, 3)])
case('cross', lambda x, y: L.cross(x, y, dim=1), ['$0', '$1', 1], [r(2, 3, 2), r(1, 3, 2)])
for shapes in [[(2, 3), (3, 4)], [(2, 3), (3, 4), (4, 2)], [(3,), (3, 4), (4, 2)], [(2, 3), (3, 4), (4,)], [(3,), (3,)],
               [(10, 2), (2, 9), (9, 1), (1, 5)]]:
    case('multiDot', lambda *xs: L.multi_dot(xs), [[f'${i}' for i in range(len(shapes))]], [r(*s) for s in shapes])

# ---------------------------------------------------------------- einsum
for expr, shapes in [('ab,bc,cd,de->ae', [(2, 3), (3, 4), (4, 2), (2, 3)]), ('ijk,ilm,njm,nlk,abc->', [(2, 3, 4), (2, 5, 2), (3, 3, 2), (3, 5, 4), (2, 1, 2)]),
                     ('iij->j', [(3, 3, 2)]), ('iii->i', [(3, 3, 3)]), ('iijj->ij', [(2, 2, 3, 3)]), ('ijij', [(2, 3, 2, 3)]),
                     ('...ii->...i', [(2, 3, 3)]), ('...ii', [(2, 3, 3)]), ('i...i->...', [(3, 2, 3)]), ('...,ij->...ij', [(2,), (2, 3)]),
                     ('a...,...b->ab...', [(2, 3), (3, 4)]), ('ij,j...->i...', [(2, 3), (3, 4, 2)]), ('i,i,i->i', [(3,)] * 3), ('i,j,k->kji', [(2,), (3,), (4,)]),
                     ('Ab,bC->CA', [(2, 3), (3, 4)]), ('Ab,bC', [(2, 3), (3, 4)]), ('ij,ij', [(2, 3), (2, 3)]), ('', [()]), (',', [(), ()]), (',i->i', [(), (3,)]),
                     ('i->', [(0,)]), ('ij,jk->ik', [(2, 0), (0, 3)]), ('ij,jk->ik', [(0, 2), (2, 3)]), ('bi,bj,bij->b', [(2, 3), (2, 4), (2, 3, 4)]),
                     ('...a,...b,...c->...abc', [(2, 2), (1, 3), (2, 2)]), ('ab...,bc...->ac...', [(2, 3, 1, 2), (3, 2, 4, 1)]),
                     (' i j , j k -> i k ', [(2, 3), (3, 2)]), ('ii,i->i', [(3, 3), (3,)]), ('ab,ab,ab->ab', [(2, 1), (1, 3), (2, 3)])]:
    case('einsum', lambda *xs: torch.einsum(expr, *xs), [expr] + [f'${i}' for i in range(len(shapes))], [r(*s) for s in shapes])

# ---------------------------------------------------------------- solving
for shape in [(1, 1), (3, 3), (2, 3, 3), (0, 0), (2, 0, 0), (0, 3, 3), (5, 5)]:
    case('inv', L.inv, ['$0'], [well(*shape)])
    case('det', L.det, ['$0'], [well(*shape)])
    case('slogdet', lambda x: tuple(L.slogdet(x)), ['$0'], [well(*shape)])
case('slogdet', lambda x: tuple(L.slogdet(x)), ['$0'], [well(3, 3)[[1, 0, 2]]])
case('slogdet', lambda x: tuple(L.slogdet(x)), ['$0'], [t([[1., 2.], [2., 4.]])], grad=False)
case('det', L.det, ['$0'], [well(3, 3)[[1, 0, 2]]])
case('det', L.det, ['$0'], [t([[1., 2.], [2., 4.]])], grad=False)
case('logdet', torch.logdet, ['$0'], [spd(3, 3)])
case('logdet', torch.logdet, ['$0'], [spd(3, 3)[[1, 0, 2]]], grad=False)
for a, b in [((3, 3), (3, 2)), ((3, 3), (3,)), ((2, 3, 3), (2, 3, 2)), ((2, 3, 3), (2, 3)), ((2, 1, 3, 3), (4, 3, 1)), ((3, 3), (2, 3, 1)), ((0, 0), (0, 2)),
             ((2, 2), (2, 0))]:
    case('solve', L.solve, ['$0', '$1'], [well(*a), r(*b)])
case('solve', lambda a, b: L.solve(a, b, left=False), ['$0', '$1', {'left': False}], [well(3, 3), r(2, 3)])
for upper in [False, True]:
    for unit in [False, True]:
        o = {'upper': upper, 'unitriangular': unit}
        case('solveTriangular', lambda a, b: L.solve_triangular(a, b, **o), ['$0', '$1', o], [tri(3, 3, upper=upper), r(3, 2)])
        case('solveTriangular', lambda a, b: L.solve_triangular(a, b, left=False, **o), ['$0', '$1', {**o, 'left': False}],
             [tri(2, 1, 3, 3, upper=upper), r(2, 2, 3)])
    o = {'upper': upper}
    # PyTorch's gradient of the triangle that is not read is not 0; here it is cut off.
    cut = torch.triu if upper else torch.tril
    case('choleskySolve', lambda b, l: torch.cholesky_solve(b, cut(l), upper), ['$0', '$1', o], [r(3, 2), tri(3, 3, upper=upper)])
    case('choleskySolve', lambda b, l: torch.cholesky_solve(b, cut(l), upper), ['$0', '$1', o], [r(2, 3, 1), tri(2, 3, 3, upper=upper)])
    case('choleskyInverse', lambda l: torch.cholesky_inverse(cut(l), upper), ['$0', o], [tri(3, 3, upper=upper)])
    case('cholesky', lambda x: L.cholesky(x, upper=upper), ['$0', o], [spd(3, 3)])
    case('cholesky', lambda x: L.cholesky(x, upper=upper), ['$0', o], [spd(2, 4, 4)])
case('cholesky', L.cholesky, ['$0'], [spd(0, 0)])
case('choleskyOfSymmetric', lambda x: L.cholesky((x + x.mT) / 2), ['$0'], [spd(2, 3, 3)])
for shape, k in [((5, 3), 2), ((3, 5), 2), ((2, 4, 2), 1), ((3, 3), 1)]:
    case('lstsq', lambda a, b: L.lstsq(a, b).solution, ['$0', '$1'], [r(*shape) + 2 * torch.eye(shape[-2], shape[-1], dtype=f64), r(*shape[:-1], k)])
a, b = r(5, 2), r(5, 3)
got = L.lstsq(a, b, driver='gelsd')
case('lstsq', lambda a, b: (got.solution, got.residuals, got.rank, got.singular_values), ['$0', '$1'], [a, b], grad=False)
rank1 = r(4, 1) @ r(1, 3)
case('lstsq', lambda a, b: L.lstsq(a, b, driver='gelsd').solution, ['$0', '$1'], [rank1, r(4, 2)], grad=False)

# ---------------------------------------------------------------- factorizations
for shape in [(3, 3), (4, 2), (2, 4), (2, 3, 2), (1, 1), (3, 0), (0, 3), (2, 3, 3)]:
    case('qr', lambda x: tuple(L.qr(x)), ['$0'], [r(*shape) + torch.eye(shape[-2], shape[-1], dtype=f64)])
for shape in [(4, 2), (3, 3), (2, 4), (3, 0)]:
    case('qr', lambda x: tuple(L.qr(x, mode='complete')), ['$0', {'mode': 'complete'}], [r(*shape)], grad=shape[0] <= shape[1] and shape[1] > 0)
for shape in [(3, 3), (4, 2), (2, 4), (2, 3, 2), (1, 1)]:
    case('svdInvariants', lambda x: (lambda u, s, v: (u * u, s, v * v, (u * s.sin().unsqueeze(-2)) @ v))(*L.svd(x, full_matrices=False)),
         ['$0'], [2 * r(*shape)])
    case('fullSvdInvariants', lambda x: (lambda u, s, v: (u @ u.mT, v.mT @ v, (u[..., :s.shape[-1]] * s.unsqueeze(-2)) @ v[..., :s.shape[-1], :]))(*L.svd(x)),
         ['$0'], [r(*shape)], grad=False)
for shape in [(3, 3), (4, 2), (2, 4), (2, 3, 2), (0, 3), (2, 3, 0)]:
    case('svdvals', L.svdvals, ['$0'], [r(*shape)])
for shape in [(3, 3), (2, 4, 4), (1, 1)]:
    case('eighInvariants', lambda x: (lambda w, v: (w, v * v, (v * w.sin().unsqueeze(-2)) @ v.mT))(*L.eigh((x + x.mT) / 2)), ['$0'], [2 * r(*shape)])
    case('eigvalshOfSymmetric', lambda x: L.eigvalsh((x + x.mT) / 2, UPLO='U'), ['$0'], [2 * r(*shape)])
    case('eigvalsh', L.eigvalsh, ['$0'], [spd(*shape)])
    case('eigvalsh', lambda x: L.eigvalsh(x, UPLO='U'), ['$0', 'U'], [r(*shape)], grad=False)
case('eigvalsh', L.eigvalsh, ['$0'], [spd(0, 0)])


def eig_invariants(x):
    w, v = L.eig(x)
    return ((v * w.exp().unsqueeze(-2)) @ L.inv(v)).real, ((v.real ** 2 + v.imag ** 2) * w.abs().unsqueeze(-2)).sum(-1)


for shape in [(2, 2), (3, 3), (4, 4), (2, 3, 3), (1, 1)]:
    case('eigInvariants', eig_invariants, ['$0'], [r(*shape)])
    case('eigvalsInvariants', lambda x: (L.eigvals(x) ** 3).real.sum(-1), ['$0'], [r(*shape)])
case('eigInvariants', eig_invariants, ['$0'], [t([[1., -2., 0.5], [2., 1., 0.3], [0., 0., 3.]])])
for shape in [(3, 3), (4, 2), (2, 4), (2, 3, 2), (0, 3), (3, 0)]:
    case('pinv', L.pinv, ['$0'], [r(*shape) + 2 * torch.eye(shape[-2], shape[-1], dtype=f64)])
case('pinv', lambda x: L.pinv(x, rtol=0.4), ['$0', {'rtol': 0.4}], [torch.diag(t([3., 2., 0.1])) + 0.01 * r(3, 3)], grad=False)
case('pinv', lambda x: L.pinv(x, atol=0.5), ['$0', {'atol': 0.5}], [torch.diag(t([3., 2., 0.1])) + 0.01 * r(3, 3)], grad=False)
case('pinv', lambda x: L.pinv(x, hermitian=True), ['$0', {'hermitian': True}], [r(3, 3)], grad=False)
case('pinv', L.pinv, ['$0'], [rank1], grad=False)
for x in [r(3, 3), rank1, r(2, 4, 3), torch.zeros(2, 3, dtype=f64), r(0, 3), r(2, 0, 3)]:
    case('matrixRank', L.matrix_rank, ['$0'], [x], grad=False)
case('matrixRank', lambda x: L.matrix_rank(x, atol=1.5, rtol=0.0), ['$0', {'atol': 1.5, 'rtol': 0}], [torch.diag(t([3., 2., 1.]))], grad=False)
case('matrixRank', lambda x: L.matrix_rank(x, rtol=0.5), ['$0', {'rtol': 0.5}], [torch.diag(t([3., 2., 1.]))], grad=False)
case('matrixRank', lambda x: L.matrix_rank(x, hermitian=True), ['$0', {'hermitian': True}], [spd(3, 3)], grad=False)

for shape, ind in [((2, 3, 6), 2), ((4, 2, 2), 1), ((2, 2, 2, 2), 2)]:
    n = math.prod(shape[:ind])
    case('tensorinv', lambda x: L.tensorinv(x, ind), ['$0', ind], [well(n, n).reshape(shape)])
case('tensorsolve', L.tensorsolve, ['$0', '$1'], [well(6, 6).reshape(2, 3, 6), r(2, 3)])
case('tensorsolve', lambda a, b: L.tensorsolve(a, b, dims=(0, 2)), ['$0', '$1', {'axes': [0, 2]}], [r(3, 6, 2) + 2 * well(6, 6).reshape(3, 6, 2), r(6)])
case('vander', L.vander, ['$0'], [r(2, 3)])
case('vander', lambda x: L.vander(x, N=5), ['$0', {'N': 5}], [r(3)])
case('matrixDiagonal', L.diagonal, ['$0'], [r(2, 3, 4)])
case('matrixDiagonal', lambda x: L.diagonal(x, offset=1), ['$0', 1], [r(2, 3, 4)])

# ---------------------------------------------------------------- functions of matrices
for n in [0, 1, 2, 3, 5, -1, -2]:
    case('matrixPower', lambda x: L.matrix_power(x, n), ['$0', n], [well(3, 3) / 2], grad=n != 0)
case('matrixPower', lambda x: L.matrix_power(x, 3), ['$0', 3], [well(2, 2, 2) / 2])
for shape, scale in [((3, 3), 1), ((2, 2, 2), 0.1), ((3, 3), 5), ((1, 1), 1), ((0, 0), 1)]:
    case('matrixExp', torch.matrix_exp, ['$0'], [scale * r(*shape) - scale * torch.eye(shape[-1], dtype=f64)])
for p in [None, 2, -2, 'fro', 'nuc', 1, -1, inf, -inf]:
    arg = {inf: 'inf', -inf: '-inf'}.get(p, p)
    # PyTorch 1.13 cannot differentiate cond in the other norms: its own formula, written out.
    cond = L.cond if p in (None, 2, -2) else lambda x, p=p: L.matrix_norm(x, p) * L.matrix_norm(L.inv(x), p)
    args = ['$0'] if p is None else ['$0', arg]
    case('cond', (lambda x: cond(x, p)) if cond is L.cond else cond, args, [well(3, 3)])
    case('cond', (lambda x: cond(x, p)) if cond is L.cond else cond, args, [well(2, 2, 2)])
case('cond', L.cond, ['$0'], [r(4, 2)])
case('cond', lambda x: L.cond(x, 1), ['$0', 1], [t([[1., 2.], [2., 4.]])], grad=False)

# ---------------------------------------------------------------- norms
for p in ['fro', 'nuc', 1, -1, 2, -2, inf, -inf]:
    arg = {inf: 'inf', -inf: '-inf'}.get(p, p)
    case('matrixNorm', lambda x: L.matrix_norm(x, p), ['$0', arg], [r(3, 4)])
    case('matrixNorm', lambda x: L.matrix_norm(x, p, dim=(0, -2), keepdim=True), ['$0', arg, [0, -2], {'keepdim': True}], [r(3, 4, 2)])
    case('linalgNorm', lambda x: L.norm(x, p), ['$0', arg], [r(4, 3)])
case('matrixNorm', L.matrix_norm, ['$0'], [r(2, 3, 4)])
case('linalgNorm', L.norm, ['$0'], [r(2, 3, 4)])
case('linalgNorm', lambda x: L.norm(x, dim=(0, 1)), ['$0', None, [0, 1]], [r(2, 3, 4)])
case('linalgNorm', lambda x: L.norm(x, 3, dim=1, keepdim=True), ['$0', 3, 1, {'keepdim': True}], [r(2, 3, 4)])
case('linalgNorm', lambda x: L.norm(x, 1), ['$0', 1], [r(4)])
for p in [0, 1, 2, 3, 0.5, inf, -inf, -1]:
    arg = {inf: 'inf', -inf: '-inf'}.get(p, p)
    case('vectorNorm', lambda x: L.vector_norm(x, p), ['$0', arg], [r(3, 4)], grad=p != 0)
    case('vectorNorm', lambda x: L.vector_norm(x, p, dim=1), ['$0', arg, 1], [r(3, 4)], grad=p != 0)

# ---------------------------------------------------------------- distances, statistics
for p in [0, 1, 1.5, 2, 3, inf]:
    arg = 'inf' if p == inf else p
    case('cdist', lambda x, y: torch.cdist(x, y, p), ['$0', '$1', arg], [r(3, 2), r(4, 2)], grad=p != 0)
    case('pdist', lambda x: F.pdist(x, p), ['$0', arg], [r(4, 3)], grad=p != 0)
case('cdist', torch.cdist, ['$0', '$1'], [r(2, 1, 3, 2), r(5, 4, 2)])
case('cdist', torch.cdist, ['$0', '$1'], [r(0, 2), r(4, 2)])
same = r(3, 2)
case('cdist', torch.cdist, ['$0', '$1'], [same, same.clone()], grad=False)
case('pairwiseDistance', F.pairwise_distance, ['$0', '$1'], [r(3, 4), r(3, 4)])
case('pairwiseDistance', lambda x, y: F.pairwise_distance(x, y, 1, 0.1, True), ['$0', '$1', {'p': 1, 'eps': 0.1, 'keepdim': True}], [r(3, 4), r(4)])
for shape in [(3, 5), (1, 4), (4,)]:
    case('cov', torch.cov, ['$0'], [r(*shape)])
    case('corrcoef', torch.corrcoef, ['$0'], [r(*shape)], grad=len(shape) == 2 and shape[0] > 1)
case('cov', lambda x: torch.cov(x, correction=0), ['$0', {'correction': 0}], [r(3, 5)])
fw, aw = t([1, 2, 1, 3, 1], i64), pos(5)
case('cov', lambda x, f: torch.cov(x, fweights=f), ['$0', {'fweights': '$1'}], [r(2, 5), fw])
case('cov', lambda x, a: torch.cov(x, aweights=a), ['$0', {'aweights': '$1'}], [r(2, 5), aw], grad=False)
case('cov', lambda x, f, a: torch.cov(x, correction=2, fweights=f, aweights=a), ['$0', {'correction': 2, 'fweights': '$1', 'aweights': '$2'}], [r(2, 5), fw, aw], grad=False)
save('ops-linalg')
