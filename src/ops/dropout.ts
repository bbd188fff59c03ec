/**
 * Dropout in its forms, and the random activations. Keys are those of `random.ts`. In eval mode the caller does not
 * call these.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis, type Shape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { leakyRelu } from './activation.js'
import { inAccumulationType, like, requireFloat, stretch } from './operand.js'
import { dropout, rand } from './random.js'
import { softmax } from './softmax.js'

/** One mask value for each example and channel of (N, C, …S), or for each channel of (C, …S). */
function channelMask(operation: string, x: Node, spatial: number): Shape {
  const rank = x.shape.length
  if (rank !== spatial + 1 && rank !== spatial + 2) {
    throw new ShapeError(
      `${operation}: expected an input of rank ${spatial + 2} (N, C, …) or ${spatial + 1} (C, …), got shape ${formatShape(x.shape)}.`,
    )
  }
  return x.shape.map((n, i) => (i < rank - spatial ? n : 1))
}

/** Dropout of whole channels of (N, C, L) or (C, L) (Tompson et al. 2015). */
export const dropout1d = (x: Node, p: number, key: Node): Node =>
  dropout(x, p, key, { maskShape: channelMask('dropout1d', x, 1) })
/** Dropout of whole channels of (N, C, H, W) or (C, H, W). */
export const dropout2d = (x: Node, p: number, key: Node): Node =>
  dropout(x, p, key, { maskShape: channelMask('dropout2d', x, 2) })
/** Dropout of whole channels of (N, C, D, H, W) or (C, D, H, W). */
export const dropout3d = (x: Node, p: number, key: Node): Node =>
  dropout(x, p, key, { maskShape: channelMask('dropout3d', x, 3) })

/** The value to which SELU saturates, −scale·α. */
const saturation = -1.7580993408473766

/**
 * Dropout that keeps zero mean and unit variance of SELU's outputs (Klambauer et al. 2017): elements are dropped to
 * SELU's limit −λα, and all are moved and scaled, y = a·x' + c.
 */
export function alphaDropout(x: Node, p: number, key: Node, { maskShape = x.shape } = {}): Node {
  requireFloat('alphaDropout', x)
  if (!(p >= 0 && p <= 1)) throw new ValueError(`alphaDropout: expected a probability from 0 to 1, got ${p}.`)
  if (p === 0) return x
  if (p === 1) return b.mul(x, like(x, 0))
  const a = 1 / Math.sqrt((saturation * saturation * p + 1) * (1 - p))
  const c = -a * saturation * p
  const scalar = (value: number): Node => stretch(b.scalar(value, x.dtype), x.shape)
  const keep = b.le(stretch(b.scalar(p, 'f32'), maskShape), rand(key, maskShape))
  return b.where(stretch(keep, x.shape), b.add(b.mul(x, scalar(a)), scalar(c)), scalar(a * saturation + c))
}

/** Alpha dropout of whole channels: one mask value for each of the first two axes. */
export const featureAlphaDropout = (x: Node, p: number, key: Node): Node =>
  alphaDropout(x, p, key, { maskShape: x.shape.map((n, i) => (i < 2 ? n : 1)) })

/**
 * Leaky ReLU whose slope is drawn from U(lower, upper) for each negative element (Xu et al. 2015); without a key the
 * mean slope (lower + upper)/2. Defaults 1/8 and 1/3.
 */
export function rrelu(
  x: Node,
  { lower = 1 / 8, upper = 1 / 3, key = null }: { lower?: number; upper?: number; key?: Node | null } = {},
): Node {
  requireFloat('rrelu', x)
  if (!(lower <= upper)) throw new ValueError(`rrelu: expected lower ≤ upper, got ${lower} and ${upper}.`)
  if (key === null) return leakyRelu(x, (lower + upper) / 2)
  const u = b.cast(rand(key, x.shape), x.dtype)
  const slope = b.add(like(x, lower), b.mul(u, like(x, upper - lower)))
  return b.where(b.le(x, like(x, 0)), b.mul(x, slope), x)
}

/**
 * A sample from the relaxed categorical distribution, softmax((logits + Gumbel noise)/τ) along the axis (Jang et al.
 * 2017). `hard` gives the one-hot of the largest, with the gradient of the soft sample.
 */
export function gumbelSoftmax(
  logits: Node,
  key: Node,
  { tau = 1, hard = false, axis = -1 }: { tau?: number; hard?: boolean; axis?: number } = {},
): Node {
  requireFloat('gumbelSoftmax', logits)
  if (!(tau > 0)) throw new ValueError(`gumbelSoftmax: expected tau above 0, got ${tau}.`)
  const a = normalizeAxis(axis, logits.shape.length, 'gumbelSoftmax')
  return inAccumulationType(logits, (x) => {
    // Half a step away from 0, where the logarithm would be infinite.
    const u = b.add(rand(key, x.shape, x.dtype), like(x, 2 ** -25))
    const gumbel = b.neg(b.log(b.neg(b.log(u))))
    const soft = softmax(b.div(b.add(x, gumbel), like(x, tau)), a)
    if (!hard) return soft
    const largest = b.reshape(
      b.argMax(b.stopGradient(soft), a),
      x.shape.map((n, i) => (i === a ? 1 : n)),
    )
    const oneHot = b.cast(b.eq(b.iota(x.shape, a, 'i64'), b.expand(largest, x.shape)), x.dtype)
    return b.add(b.sub(oneHot, b.stopGradient(soft)), soft)
  })
}
