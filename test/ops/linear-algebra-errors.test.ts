/** Bad arguments of linear algebra, transforms and sparse operations: what each error says, built and when it runs. */
import { describe, expect, it } from 'vitest'
import type { DType } from '../../src/core/dtype.js'
import type { Shape } from '../../src/core/shape.js'
import { sizeOf } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import { pullback } from '../../src/ir/gradients.js'
import type { Node } from '../../src/ir/node.js'
import { complexMatmul, real } from '../../src/ops/complex.js'
import { cholesky } from '../../src/ops/decomposition-cholesky.js'
import { eig, eigh, eigvalsh } from '../../src/ops/decomposition-eigen.js'
import { qr } from '../../src/ops/decomposition-qr.js'
import { matrixRank, pinv, svd, svdvals } from '../../src/ops/decomposition-svd.js'
import { det, slogdet } from '../../src/ops/determinant.js'
import { cdist, cov, cross } from '../../src/ops/distances.js'
import { einsum } from '../../src/ops/einsum.js'
import { fft, fftn, irfft, rfft } from '../../src/ops/fft.js'
import { addmm, mm, mv } from '../../src/ops/linear-algebra.js'
import { cond, matrixExp, matrixPower, multiDot } from '../../src/ops/matrix-functions.js'
import { linalgNorm, matrixNorm, vectorNorm } from '../../src/ops/norms.js'
import { hannWindow } from '../../src/ops/signal-windows.js'
import { inv, lstsq, solve, solveTriangular } from '../../src/ops/solving.js'
import { sparseProduct } from '../../src/ops/sparse.js'
import { istft, stft } from '../../src/ops/stft.js'
import { tensorinv, tensorsolve, vander } from '../../src/ops/tensor-inverse.js'
import { runGraph } from '../helpers/run-graph.js'

const of =
  (dtype: DType) =>
  (...shape: number[]) =>
    b.placeholder(shape, dtype)
const f32 = of('f32')
const f64 = of('f64')

describe('arguments that do not fit', () => {
  const table: readonly [string, () => unknown, RegExp][] = [
    ['a vector', () => inv(f32(3)), /inv: expected a tensor of rank at least 2 \(…, m, n\), got shape \[3\]/],
    [
      'a rectangle',
      () => inv(f32(2, 3)),
      /inv: expected square matrices \(…, n, n\), got shape \[2, 3\].*lstsq or pinv/s,
    ],
    ['integers', () => det(of('i32')(2, 2)), /det: expected f32 or f64 elements, got i32.*\.to\('f32'\)/s],
    ['half types', () => svd(of('bf16')(2, 2)), /svd: expected f32 or f64 elements, got bf16 \(half types/],
    ['two dtypes', () => solve(f32(2, 2), f64(2)), /solve: expected equal dtypes, got f32 and f64/],
    [
      'right sides',
      () => solve(f32(3, 3), f32(2, 2)),
      /solve: expected right sides of shape \(…, 3, k\).*got \[2, 2\]/,
    ],
    [
      'a vector on the left',
      () => solve(f32(2, 2), f32(2), { left: false }),
      /expected a matrix with left: false/,
    ],
    [
      'no triangle',
      () => solveTriangular(f32(2, 2), f32(2, 1), {} as never),
      /expected upper: true or false, got undefined/,
    ],
    ['least squares', () => lstsq(f32(4, 2), f32(3, 1)), /lstsq: expected right sides of shape \(…, 4, k\)/],
    ['a triangle', () => eigh(f32(2, 2), 'lower' as never), /eigh: expected 'L' or 'U'.*got 'lower'/],
    [
      'a QR mode',
      () => qr(f32(2, 2), { mode: 'full' as never }),
      /qr: expected mode 'reduced', 'complete' or 'r', got 'full'/,
    ],
    ['a tolerance', () => pinv(f32(2, 2), { rtol: -1 }), /pinv: expected rtol to be a number ≥ 0, got -1/],
    ['a power', () => matrixPower(f32(2, 2), 0.5), /matrixPower: expected an integer power, got 0.5/],
    ['a matrix norm', () => matrixNorm(f32(2, 2), 3), /expected 'fro', 'nuc', ±1, ±2 or ±Infinity, got 3/],
    ['an axis twice', () => matrixNorm(f32(2, 2), 'fro', [0, -2]), /expected two different axes/],
    ['an empty norm', () => matrixNorm(f32(0, 2), 1, [1, 0]), /empty matrix \[0, 2\]/],
    ['a norm of rank 3', () => linalgNorm(f32(2, 2, 2), 1), /expected a vector or a matrix.*\[2, 2, 2\]/],
    ["'nuc' of vectors", () => linalgNorm(f32(2, 2), 'nuc', 1), /order nuc over 1 axis is not defined/],
    ['cond of a rectangle', () => cond(f32(2, 3), 1), /cond: expected square matrices/],
    ['one matrix', () => multiDot([f32(2, 2)]), /multiDot: expected a list of at least 2/],
    ['a chain', () => multiDot([f32(2, 3), f32(2, 3)]), /multiDot: \[2, 3\] and \[2, 3\] do not fit/],
    ['a batch in a chain', () => multiDot([f32(2, 3, 3), f32(3, 3)]), /expected matrices.*number 0/],
    ['mm of vectors', () => mm(f32(3), f32(3, 2)), /mm: expected a tensor of rank 2, got shape \[3\]/],
    ['mv of matrices', () => mv(f32(3, 3), f32(3, 1)), /mv: expected a tensor of rank 1/],
    ['addmm', () => addmm(f32(3, 3), f32(2, 4), f32(4, 3)), /addmm: .*\[3, 3\].*\[2, 3\]/],
    ['cross', () => cross(f32(2, 2), f32(2, 2)), /cross: expected size 3 on axis -1/],
    ['cdist', () => cdist(f32(2, 3), f32(2, 4)), /cdist: expected rows of one length/],
    ['a negative p', () => cdist(f32(2, 3), f32(2, 3), -1), /cdist: expected a power p ≥ 0, got -1/],
    [
      'weights',
      () => cov(f32(2, 3), { aweights: f32(2) }),
      /cov: expected aweights of shape \[3\], got \[2\]/,
    ],
    ['tensorinv', () => tensorinv(f32(2, 3, 4)), /as many elements in the first 2 axes.*got 6 and 4/],
    ['tensorsolve', () => tensorsolve(f32(2, 3), f32(2)), /tensorsolve: \[2, 3\].*give no square system/],
    ['vander', () => vander(f32(3), { N: 0 }), /vander: expected N ≥ 1/],
    ['svd(x, false)', () => svd(f32(2, 2), false as never), /svd: expected an object of options.*got false/],
    ['pinv(x, 1e-3)', () => pinv(f32(2, 2), 1e-3 as never), /pinv: expected an object of options/],
    [
      'an option of PyTorch',
      () => lstsq(f32(2, 2), f32(2, 2), { driver: 'gels' } as never),
      /options among rcond; got 'driver'/,
    ],
    [
      'fft(x, 8)',
      () => fft(f32(8, 2), 8 as never),
      /fft: expected an object of options, such as \{ n: … \}, got 8/,
    ],
    ['s as a number', () => fftn(f32(8, 2), { s: 8 as never }), /fftn: expected one array of integers/],
    ['stft options', () => stft(f32(20), 8, { hop: 2 } as never), /options among hopLength.*got 'hop'/],
    [
      "vectorNorm 'fro'",
      () => vectorNorm(f32(2), 'fro' as never),
      /vectorNorm: expected a number p, got fro/,
    ],
    ['einsum: a number', () => einsum(f32(2) as never), /expected the expression first/],
    ['einsum: no operand', () => einsum('i->i'), /expected at least one operand/],
    ['einsum: characters', () => einsum('i-j', f32(2)), /einsum 'i-j': expected letters/],
    ['einsum: operands', () => einsum('ij,jk', f32(2, 2)), /names 2 operands, got 1/],
    ['einsum: rank', () => einsum('ijk', f32(2, 2)), /'ijk' does not fit operand 0 of shape \[2, 2\]/],
    [
      'einsum: sizes',
      () => einsum('ij,jk', f32(2, 3), f32(4, 2)),
      /'j' has size 3 in one operand and 4 in operand 1/,
    ],
    [
      'einsum: a diagonal',
      () => einsum('ii', f32(1, 3)),
      /'i' is repeated in operand 0 .* sizes 1 and 3 differ/,
    ],
    ['einsum: result', () => einsum('ij->k', f32(2, 3)), /the result's 'k' is in no operand/],
    ['einsum: twice', () => einsum('ij->ii', f32(2, 3)), /the result names an axis twice/],
    ['einsum: dots', () => einsum('....i', f32(2, 3)), /dots only as one '\.\.\.'/],
    [
      'fft of real numbers',
      () => fft(f32(4)),
      /fft: expected a complex tensor.*got shape \[4\].*complex\(x\)/s,
    ],
    ['fft length', () => fft(f32(4, 2), { n: 0 }), /fft: expected a length n ≥ 1, got 0/],
    [
      'fft norm',
      () => rfft(f32(4), { norm: 'half' as never }),
      /norm 'backward', 'forward' or 'ortho', got 'half'/,
    ],
    ['fft axes', () => fftn(f32(4, 4, 2), { axes: [0, 0] }), /expected distinct axes/],
    ['fft lengths', () => fftn(f32(4, 4, 2), { s: [2], axes: [0, 1] }), /as many lengths as axes/],
    ['irfft of one', () => irfft(f32(1, 2)), /irfft: expected a length n ≥ 1, got 0/],
    ['integers as complex', () => real(of('i32')(3, 2)), /real: expected float elements/],
    [
      'complexMatmul',
      () => complexMatmul(f32(2, 3, 2), f32(2, 3, 2)),
      /complexMatmul: expected complex matrices/,
    ],
    ['a window', () => hannWindow(-1), /hannWindow: expected a length ≥ 0, got -1/],
    [
      'stft: short',
      () => stft(f32(5), 8, { center: false }),
      /a signal of 5 samples is shorter than a frame of nFft = 8/,
    ],
    [
      'stft: window',
      () => stft(f32(20), 8, { window: f32(4) }),
      /expected a window of shape \[8\], got \[4\]/,
    ],
    ['stft: hop', () => stft(f32(20), 8, { hopLength: 0 }), /hopLength ≥ 1, got 0/],
    ['istft: frequencies', () => istft(f32(4, 3, 2), 8), /istft: expected 5 frequencies for nFft = 8/],
    [
      'sparse product',
      () => sparseProduct(of('i64')(2), of('i64')(2), f32(2), f32(3, 2), [4, 5]),
      /sparse matmul: shapes \[4, 5\] and \[3, 2\] do not fit: inner sizes 5 and 3 differ/,
    ],
  ]
  it.each(table)('%s', (_, fn, message) => {
    expect(fn).toThrow(message)
  })
})

describe('values that do not fit, found when the program runs', () => {
  const run = (shape: Shape, values: readonly number[], build: (x: Node) => Node | null) => () => {
    const x = b.placeholder(shape, 'f64')
    expect(values.length).toBe(sizeOf(shape))
    return runGraph([build(x)!], [x], [values])
  }
  const singular = [1, 2, 2, 4]
  const nan = [1, Number.NaN, 0, 1]
  it.each<[string, () => unknown, RegExp]>([
    [
      'inv',
      run([2, 2], singular, inv),
      /inv: expected an invertible matrix, got a singular one\. Use lstsq or pinv/,
    ],
    [
      'inv in a batch',
      run([2, 2, 2], [1, 0, 0, 1, ...singular], inv),
      /a singular one \(example 1 of the batch\)/,
    ],
    [
      'solve',
      run([2, 2], singular, (x) => solve(x, x)),
      /solve: expected an invertible matrix.*column 1 depends/,
    ],
    [
      'cholesky',
      run([2, 2], [1, 2, 2, 1], cholesky),
      /cholesky: expected a positive definite matrix.*leading part of size 2/,
    ],
    ['cholesky of NaN', run([2, 2], [Number.NaN, 0, 0, 1], cholesky), /leading part of size 1/],
    ['svd', run([2, 2], nan, (x) => svd(x).U), /svd: expected finite elements, got infinity or NaN/],
    ['svdvals', run([2, 2], nan, svdvals), /svdvals: expected finite elements/],
    ['pinv', run([2, 2], nan, pinv), /pinv: expected finite elements/],
    ['matrixRank', run([2, 2], nan, matrixRank), /expected finite elements/],
    [
      'eigh',
      run([2, 2], [1, 0, Number.POSITIVE_INFINITY, 1], (x) => eigh(x).eigenvalues),
      /eigh: expected finite elements/,
    ],
    ['eigvalsh', run([2, 2], [1, 0, Number.NaN, 1], eigvalsh), /eigvalsh: expected finite elements/],
    ['eig', run([2, 2], nan, (x) => eig(x).eigenvectors), /eig: expected finite elements/],
    ['matrixExp', run([2, 2], nan, matrixExp), /matrixExp: expected finite elements/],
    ['lstsq', run([2, 2], nan, (x) => lstsq(x, x).solution), /lstsq: expected finite elements/],
    [
      'istft',
      run([5, 6, 2], new Array(60).fill(1), (x) =>
        istft(x, 8, { center: false, window: hannWindow(8, { dtype: 'f64' }) }),
      ),
      /istft: the windows that overlap add up to 0 at sample 0/,
    ],
    [
      "the gradient of qr 'complete'",
      () => {
        const x = b.placeholder([3, 2], 'f64')
        const { Q } = qr(x, { mode: 'complete' })
        return pullback(b, [Q!], [b.literal(Q!, 1)], [x])
      },
      /qr: the gradient does not exist for mode 'complete'/,
    ],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message)
  })

  it('what PyTorch lets through gives its numbers', () => {
    const x = b.placeholder([2, 2], 'f64')
    const { sign, logabsdet } = slogdet(x)
    const got = runGraph([sign, logabsdet, det(x), cond(x, 1)], [x], [singular])
    // -0 is as good as 0.
    expect(got.map(([v]) => [v + 0])).toEqual([
      [0],
      [Number.NEGATIVE_INFINITY],
      [0],
      [Number.POSITIVE_INFINITY],
    ])
    const [upper] = runGraph([eigvalsh(x)], [x], [[1, Number.NaN, 0, 2]])
    expect(upper).toEqual([1, 2])
  })
})
