/** Distances between vectors, and the covariance of variables. */
import { ShapeError, ValueError } from '../core/errors.js'
import { broadcastShapes, formatShape, normalizeAxis } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { product, swapLast } from './matrix.js'
import { addLiteral, pair, requireFloat, requireRank, requireSameDType, stretch, toFloat } from './operand.js'
import { norm, type ReduceOptions } from './reductions.js'

function requirePower(operation: string, p: number): void {
  if (p >= 0) return
  throw new ValueError(`${operation}: expected a power p ≥ 0, got ${p}.`)
}

/**
 * All distances ‖xᵢ - yⱼ‖ₚ between the rows of (…, P, M) and (…, R, M), batch axes broadcast: (…, P, R). Default p = 2;
 * the gradient at distance 0 is 0.
 */
export function cdist(x1: Node, x2: Node, p = 2): Node {
  const [x, y] = [fullPrecision(x1), fullPrecision(x2)]
  requireFloat('cdist', x)
  requireSameDType('cdist', x, y)
  requireRank('cdist', x, 2, Number.POSITIVE_INFINITY, '(…, P, M)')
  requireRank('cdist', y, 2, Number.POSITIVE_INFINITY, '(…, R, M)')
  requirePower('cdist', p)
  const [rows, width] = x.shape.slice(-2)
  const [columns, other] = y.shape.slice(-2)
  if (width !== other) {
    throw new ShapeError(
      `cdist: expected rows of one length, got ${formatShape(x.shape)} and ${formatShape(y.shape)}.`,
    )
  }
  const batch = broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2), 'cdist')
  if (width === 0) return b.full([...batch, rows, columns], 0, x.dtype)
  const shape = [...batch, rows, columns, width]
  const left = stretch(b.reshape(x, [...x.shape.slice(0, -1), 1, width]), shape)
  const right = stretch(b.reshape(y, [...y.shape.slice(0, -2), 1, columns, width]), shape)
  return norm(b.sub(left, right), p, -1)
}

/** The distances between each pair of rows i < j of (n, m), in one vector of n(n - 1)/2. Default p = 2. */
export function pdist(x: Node, p = 2): Node {
  requireFloat('pdist', x)
  requireRank('pdist', x, 2, 2, '(n, m)')
  requirePower('pdist', p)
  const [n] = x.shape
  if (n < 2) return b.full([0], 0, x.dtype)
  const blocks = Array.from({ length: n - 1 }, (_, i) => {
    const rest = b.sliceAxis(x, 0, i + 1, n)
    return norm(b.sub(b.expand(b.sliceAxis(x, 0, i, i + 1), rest.shape), rest), p, -1)
  })
  return b.concat(blocks, 0)
}

/** ‖x - y + ε‖ₚ over the last axis, p = 2, ε = 1e-6; the others broadcast. */
export function pairwiseDistance(
  x: Node,
  y: Node,
  { p = 2, eps = 1e-6, keepdim = false }: { p?: number; eps?: number } & ReduceOptions = {},
): Node {
  const [left, right] = pair('pairwiseDistance', x, y)
  requireFloat('pairwiseDistance', left)
  return norm(addLiteral(b.sub(left, right), eps), p, -1, { keepdim })
}

export interface CovOptions {
  /** What is subtracted from the number of observations. Default 1 (Bessel's correction). */
  readonly correction?: number
  /** How often each observation counts: integers (n). */
  readonly fweights?: Node | null
  /** How much each observation counts: floats (n). */
  readonly aweights?: Node | null
}

/**
 * The covariance matrix of variables (rows) over observations (columns): (d, n) → (d, d), and 0-d for one
 * variable. Weights as in `torch.cov`.
 */
export function cov(x: Node, { correction = 1, fweights, aweights }: CovOptions = {}): Node {
  requireRank('cov', x, 0, 2, '(variables, observations)')
  const wide = toFloat(x)
  const matrix = wide.shape.length === 2 ? wide : b.reshape(wide, [1, wide.shape[0] ?? 1])
  const [d, n] = matrix.shape
  const weigh = (name: string, w: Node): Node => {
    if (w.shape.length === 1 && w.shape[0] === n) return b.cast(w, matrix.dtype)
    throw new ShapeError(`cov: expected ${name} of shape [${n}], got ${formatShape(w.shape)}.`)
  }
  let weights: Node | null = fweights ? weigh('fweights', fweights) : null
  if (aweights) {
    const a = weigh('aweights', aweights)
    weights = weights === null ? a : b.mul(weights, a)
  }
  const ones = b.full([n], 1, matrix.dtype)
  const w = weights ?? ones
  const total = b.reduceSum(w, [0])
  const overRows = (v: Node): Node => b.expand(b.reshape(v, [1, n]), [d, n])
  const scalarLike = (v: Node, shape: readonly number[]): Node =>
    b.expand(
      b.reshape(
        v,
        shape.map(() => 1),
      ),
      shape,
    )
  const weighted = weights === null ? matrix : b.mul(matrix, overRows(w))
  const mean = b.div(b.reduceSum(weighted, [1]), scalarLike(total, [d]))
  const centred = b.sub(matrix, b.expand(b.reshape(mean, [d, 1]), [d, n]))
  // The number of observations that the correction leaves: Σw - correction·(Σw·a/Σw).
  let left: Node = total
  if (correction !== 0) {
    const lost =
      aweights == null
        ? b.full([], correction, matrix.dtype)
        : b.div(
            b.mul(
              b.full([], correction, matrix.dtype),
              b.reduceSum(b.mul(w, weigh('aweights', aweights)), [0]),
            ),
            total,
          )
    left = b.sub(total, lost)
  }
  left = b.maximum(left, b.literal(left, 0))
  const moments = product(weights === null ? centred : b.mul(centred, overRows(w)), swapLast(centred))
  const result = b.div(moments, scalarLike(left, [d, d]))
  return d === 1 ? b.reshape(result, []) : result
}

/** Pearson's correlation coefficients of variables (rows): `cov` scaled to a diagonal of 1 and limited to [-1, 1]. */
export function corrcoef(x: Node): Node {
  const c = cov(x)
  if (c.shape.length === 0) return b.div(c, c)
  const [d] = c.shape
  const diagonal = b.reduceSum(
    b.where(b.eq(b.iota([d, d], 0, 'i32'), b.iota([d, d], 1, 'i32')), c, b.literal(c, 0)),
    [1],
  )
  const deviation = b.sqrt(diagonal)
  const byRow = b.div(c, b.expand(b.reshape(deviation, [d, 1]), [d, d]))
  const scaled = b.div(byRow, b.expand(b.reshape(deviation, [1, d]), [d, d]))
  return b.minimum(b.maximum(scaled, b.literal(scaled, -1)), b.literal(scaled, 1))
}

/** x × y of vectors of 3 along an axis (default the last); the others broadcast. */
export function cross(x: Node, y: Node, axis = -1): Node {
  const [left, right] = pair('cross', x, y)
  const a = normalizeAxis(axis, left.shape.length, 'cross')
  if (left.shape[a] !== 3 || x.shape.at(axis) !== 3 || y.shape.at(axis) !== 3) {
    throw new ShapeError(
      `cross: expected size 3 on axis ${axis}, got shapes ${formatShape(x.shape)} and ${formatShape(y.shape)}.`,
    )
  }
  const turned = (z: Node, by: number): Node =>
    b.concat([b.sliceAxis(z, a, by, 3), b.sliceAxis(z, a, 0, by)], a)
  return b.sub(b.mul(turned(left, 1), turned(right, 2)), b.mul(turned(left, 2), turned(right, 1)))
}
