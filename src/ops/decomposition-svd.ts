/** Singular values and what rests on them: svd, pseudo-inverse, rank. */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import { sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { CallGradient, HostKernel, Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { diagEmbed } from './diagonal.js'
import { batchedKernel, type Where } from './factorizations/batched-kernel.js'
import { jacobiSingularValues, jacobiSvd } from './factorizations/jacobi-svd.js'
import {
  batchOf,
  factorize,
  firstColumns,
  firstRows,
  onDiagonal,
  overColumns,
  overRows,
  product,
  requireMatrix,
  requireSquare,
  stretchBatch,
  swapLast,
} from './matrix.js'

/** What the kernel found, or the error that says why it found nothing. */
function finite<T>(operation: string, found: T | null, where: Where): T {
  if (found !== null) return found
  throw new ValueError(
    `${operation}: expected finite elements, got infinity or NaN${where}. Look for where they came from, for example with isfinite().`,
  )
}

const svdKernel = (all: boolean): HostKernel =>
  batchedKernel(all ? 'svdFull' : 'svd', [2], [2, 1, 2], ([{ data, shape }], [u, s, vh], where) => {
    const { values, left, right } = finite('svd', jacobiSvd(data, shape[0], shape[1], all), where)
    s.data.set(values)
    vh.data.set(right)
    const [m, width] = u.shape
    for (let i = 0; i < m; i++) for (let j = 0; j < width; j++) u.data[i * width + j] = left[j * m + i]
  })

const kernels = { full: svdKernel(true), reduced: svdKernel(false) }

/** (X - Xᵀ)/E with E_jk = s_k² - s_j², 0 on the diagonal. */
function skewOver(x: Node, gaps: Node): Node {
  return b.where(onDiagonal(x), b.literal(x, 0), b.div(b.sub(x, swapLast(x)), gaps))
}

/**
 * PyTorch's formula for real matrices: U·[(skew(UᵀgU)/E)·S + S·(skew(VᵀgV)/E) + gS]·Vᵀ, and what leaves the spans of
 * U and V where the matrix is not square. Columns beyond min(m, n) have no gradient.
 */
const svdGradient: CallGradient = ([a], [uAll, s, vhAll], [guAll, gs, gvhAll]) => {
  const [m, n] = a.shape.slice(-2)
  const k = Math.min(m, n)
  const u = firstColumns(uAll, k)
  const vh = firstRows(vhAll, k)
  const gu = guAll && firstColumns(guAll, k)
  const gv = gvhAll && swapLast(firstRows(gvhAll, k))
  const squares = b.mul(s, s)
  const rows = overRows(squares, k)
  const gaps = b.where(onDiagonal(rows), b.literal(rows, 1), b.sub(rows, overColumns(squares, k)))
  let inner: Node | null = gs && diagEmbed(gs)
  if (gu) inner = b.addMaybe(inner, b.mul(skewOver(product(swapLast(u), gu), gaps), overRows(s, k)))
  if (gv) inner = b.addMaybe(inner, b.mul(overColumns(s, k), skewOver(product(vh, gv), gaps)))
  if (inner === null) return [null]
  let g = product(product(u, inner), vh)
  if (gu && m > k) {
    const outside = b.sub(gu, product(u, product(swapLast(u), gu)))
    g = b.add(g, product(b.div(outside, overRows(s, m)), vh))
  }
  if (gv && n > k) {
    const outside = b.sub(gv, product(swapLast(vh), product(vh, gv)))
    g = b.add(g, product(u, swapLast(b.div(outside, overRows(s, n)))))
  }
  return [g]
}

export interface SvdNodes {
  /** (…, m, m), or (…, m, k) reduced, k = min(m, n) */
  readonly U: Node
  /** (…, k), descending */
  readonly S: Node
  /** (…, n, n), or (…, k, n) reduced */
  readonly Vh: Node
}

/**
 * A = U·diag(S)·Vh. Signs of pairs of vectors are free, and so are bases of equal singular values: gradients through U
 * and Vh make sense for functions that do not depend on them, and are infinite where singular values are equal.
 */
export function svd(matrix: Node, options: { fullMatrices?: boolean } = {}): SvdNodes {
  const x = fullPrecision(matrix)
  checkOptions('svd', options, { fullMatrices: true })
  const { fullMatrices = true } = options
  requireMatrix('svd', x)
  const [m, n] = x.shape.slice(-2)
  const k = Math.min(m, n)
  const [U, S, Vh] = factorize(
    fullMatrices ? kernels.full : kernels.reduced,
    [x],
    batchOf(x),
    fullMatrices ? [[m, m], [k], [n, n]] : [[m, k], [k], [k, n]],
    svdGradient,
  )
  return { U, S, Vh }
}

const svdvalsKernel = batchedKernel('svdvals', [2], [1], ([{ data, shape }], [s], where) => {
  s.data.set(finite('svdvals', jacobiSingularValues(data, shape[0], shape[1]), where))
})

/** U·diag(g)·Vh: no gap between singular values is divided by. */
const svdvalsGradient: CallGradient = ([a], _outputs, [g]) => {
  if (g === null) return [null]
  const { U, Vh } = svd(a, { fullMatrices: false })
  return [product(b.mul(U, overRows(g, U.shape[U.shape.length - 2])), Vh)]
}

/** The singular values, descending: (…, m, n) → (…, min(m, n)). */
export function svdvals(matrix: Node): Node {
  const x = fullPrecision(matrix)
  requireMatrix('svdvals', x)
  return singularValues(x)
}

/** `svdvals` of what is known to be a matrix. */
export function singularValues(x: Node): Node {
  const [m, n] = x.shape.slice(-2)
  return factorize(svdvalsKernel, [x], batchOf(x), [[Math.min(m, n)]], svdvalsGradient)[0]
}

// ---------------------------------------------------------------- tolerances, pseudo-inverse, rank

export interface ToleranceOptions {
  /** Singular values up to this count as zero. Default 0. */
  readonly atol?: number | null
  /** So do those up to this times the largest. Default: max(m, n) · the dtype's precision, 0 where atol is given. */
  readonly rtol?: number | null
  /** The matrix is symmetric; only its lower triangle is read. Default false. */
  readonly hermitian?: boolean
}

/** The gap between 1 and the next number. */
export const precisionOf = (x: Node): number => (x.dtype === 'f64' ? 2 ** -52 : 2 ** -23)

/** The tolerances as 0-d nodes: numbers of the user are inputs of the program. */
export function tolerances(
  operation: string,
  x: Node,
  options: ToleranceOptions,
): { atol: Node; rtol: Node } {
  checkOptions(operation, options, { atol: true, rtol: true, hermitian: true })
  const { atol, rtol } = options
  for (const [name, value] of Object.entries({ atol, rtol })) {
    if (value != null && !(value >= 0)) {
      throw new ValueError(`${operation}: expected ${name} to be a number ≥ 0, got ${value}.`)
    }
  }
  const [m, n] = x.shape.slice(-2)
  const usual = atol != null && atol > 0 ? 0 : Math.max(m, n) * precisionOf(x)
  return {
    atol: atol == null ? b.constant(0, x.dtype) : b.scalar(atol, x.dtype),
    rtol: rtol == null ? b.constant(usual, x.dtype) : b.scalar(rtol, x.dtype),
  }
}

/** The lower triangle mirrored. */
export function fromLower(x: Node): Node {
  const matrix = x.shape.slice(-2)
  const below = b.le(b.iota(matrix, 1, 'i32'), b.iota(matrix, 0, 'i32'))
  return b.where(stretchBatch(below, batchOf(x)), x, swapLast(x))
}

const pinvKernel = batchedKernel(
  'pinv',
  [2, 0, 0],
  [2],
  (
    [
      a,
      {
        data: [atol],
      },
      {
        data: [rtol],
      },
    ],
    [out],
    where,
  ) => {
    const [m, n] = a.shape
    const { values, left, right } = finite('pinv', jacobiSvd(a.data, m, n, false), where)
    const limit = Math.max(atol, rtol * (values[0] ?? 0))
    values.forEach((s, k) => {
      if (!(s > limit)) return
      for (let i = 0; i < n; i++) {
        const factor = right[k * n + i] / s
        for (let j = 0; j < m; j++) out.data[i * m + j] += factor * left[k * m + j]
      }
    })
  },
)

/** The derivative of A⁺ at constant rank (Golub & Pereyra 1973), applied to a cotangent. */
export function pinvGradient(a: Node, inverse: Node, g: Node): Node {
  const p = swapLast(inverse)
  const gt = swapLast(g)
  const inside = b.neg(product(product(p, g), p))
  const pg = product(gt, product(inverse, p))
  const left = b.sub(pg, product(a, product(inverse, pg)))
  const gp = product(product(p, inverse), gt)
  const right = b.sub(gp, product(product(gp, inverse), a))
  return b.add(b.add(inside, left), right)
}

const pinvVjp: CallGradient = ([x], [y], [g]) => [g && pinvGradient(x, y, g), null, null]

/** A⁺ with tolerances as 0-d nodes. */
export function pinverse(a: Node, atol: Node, rtol: Node): Node {
  const batch = batchOf(a)
  const inputs = [a, stretchBatch(atol, batch, 0), stretchBatch(rtol, batch, 0)]
  const [m, n] = a.shape.slice(-2)
  return factorize(pinvKernel, inputs, batch, [[n, m]], pinvVjp)[0]
}

/** The Moore-Penrose inverse (…, m, n) → (…, n, m). Small singular values count as zero: see `ToleranceOptions`. */
export function pinv(matrix: Node, options: ToleranceOptions = {}): Node {
  const x = fullPrecision(matrix)
  requireMatrix('pinv', x)
  const { atol, rtol } = tolerances('pinv', x, options)
  if (options.hermitian) requireSquare('pinv', x)
  return pinverse(options.hermitian ? fromLower(x) : x, atol, rtol)
}

/** How many singular values count: i64 (…). See `ToleranceOptions`. */
export function matrixRank(matrix: Node, options: ToleranceOptions = {}): Node {
  const x = fullPrecision(matrix)
  requireMatrix('matrixRank', x)
  const { atol, rtol } = tolerances('matrixRank', x, options)
  if (options.hermitian) requireSquare('matrixRank', x)
  const s = singularValues(b.stopGradient(options.hermitian ? fromLower(x) : x))
  const last = s.shape.length - 1
  if (sizeOf(s.shape) === 0) return b.full(s.shape.slice(0, -1), 0, 'i64')
  const largest = b.sliceAxis(s, last, 0, 1)
  const spread = (value: Node): Node =>
    b.expand(
      b.reshape(
        value,
        largest.shape.map(() => 1),
      ),
      largest.shape,
    )
  const limit = b.maximum(spread(atol), b.mul(spread(rtol), largest))
  const counts = b.lt(b.expand(limit, s.shape), s)
  return b.reduceSum(b.cast(counts, 'i64'), [last])
}
