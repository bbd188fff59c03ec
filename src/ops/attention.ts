/** Scaled dot-product attention (Vaswani et al. 2017). */
import { DTypeError, ShapeError } from '../core/errors.js'
import { broadcastShapes, formatShape, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { lowPrecision } from './autocast.js'
import { arrange, contractLabels, dropBroadcast } from './contraction.js'
import { accumulationType, like, requireFloat, requireRank, requireSameDType, stretch } from './operand.js'
import { dropout } from './random.js'
import { softmax } from './softmax.js'

export interface AttentionOptions {
  /** bool (true: may attend) or float (added to the scores), broadcast to (…, L, S). */
  readonly mask?: Node | null
  /** Position i attends to positions ≤ i only. Default false. */
  readonly causal?: boolean
  /** Probability of dropping an attention weight; needs `key`. Default 0. */
  readonly dropout?: number
  readonly key?: Node | null
  /** Factor of the scores. Default 1/√E. */
  readonly scale?: number | null
}

/**
 * softmax(q·kᵀ·scale + mask)·v with q (…, L, E), k (…, S, E), v (…, S, V) to (…, L, V). Leading axes broadcast. A
 * query that may attend to nothing gives NaN, as in PyTorch.
 */
export function scaledDotProductAttention(
  query: Node,
  keys: Node,
  values: Node,
  options: AttentionOptions = {},
): Node {
  const [q, k, v] = lowPrecision(query, keys, values)
  const operation = 'scaledDotProductAttention'
  const { mask = null, causal = false, dropout: p = 0, key = null, scale = null } = options
  requireFloat(operation, q)
  for (const x of [k, v]) requireSameDType(operation, q, x)
  for (const x of [q, k, v]) requireRank(operation, x, 2, Number.POSITIVE_INFINITY, '(…, length, features)')
  const [e, ek] = [q, k].map((x) => x.shape[x.shape.length - 1])
  const [s, sv] = [k, v].map((x) => x.shape[x.shape.length - 2])
  if (e !== ek || s !== sv) {
    throw new ShapeError(
      `${operation}: expected q (…, L, E), k (…, S, E) and v (…, S, V), got ${formatShape(q.shape)}, ${formatShape(k.shape)} and ${formatShape(v.shape)}.`,
    )
  }
  if (causal && mask !== null)
    throw new ShapeError(
      `${operation}: expected either a mask or causal, got both. Combine them into one mask.`,
    )
  if (p > 0 && key === null)
    throw new ShapeError(`${operation}: expected a random key with dropout ${p}, got none.`)

  const wide = accumulationType(q.dtype)
  const factor = scale ?? 1 / Math.sqrt(e)
  // The scale goes on q, the smaller side.
  const scores = product(
    b.cast(b.mul(q, like(q, factor)), wide),
    ['l', 'e'],
    b.cast(k, wide),
    ['s', 'e'],
    'e',
    ['l', 's'],
  )
  const weights = softmax(masked(operation, scores, mask, causal), -1)
  const dropped = p > 0 ? dropout(weights, p, key!) : weights
  return product(b.cast(dropped, q.dtype), ['l', 's'], v, ['s', 'v'], 's', ['l', 'v'])
}

/** A batched product of the last two axes with broadcast leading axes, contracting one label. */
function product(
  x: Node,
  lastX: readonly string[],
  y: Node,
  lastY: readonly string[],
  contracted: string,
  lastOutput: readonly string[],
): Node {
  const lead = broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2), 'scaledDotProductAttention')
  const names = range(lead.length).map((i) => `b${lead.length - i}`)
  const leadOf = (z: Node): string[] => names.slice(names.length - (z.shape.length - 2))
  const [p, q] = dropBroadcast([
    { node: x, labels: [...leadOf(x), ...lastX] },
    { node: y, labels: [...leadOf(y), ...lastY] },
  ])
  return arrange(
    contractLabels(p, q, (l) => l !== contracted),
    [...names, ...lastOutput],
  )
}

function masked(operation: string, scores: Node, mask: Node | null, causal: boolean): Node {
  const never = like(scores, Number.NEGATIVE_INFINITY)
  if (causal) {
    const matrix = scores.shape.slice(-2)
    const allowed = b.le(b.iota(matrix, 1, 'i32'), b.iota(matrix, 0, 'i32'))
    return b.where(stretch(allowed, scores.shape), scores, never)
  }
  if (mask === null) return scores
  const shape = broadcastShapes(scores.shape, mask.shape, operation)
  if (shape.length !== scores.shape.length || shape.some((n, i) => n !== scores.shape[i])) {
    throw new ShapeError(
      `${operation}: mask ${formatShape(mask.shape)} does not broadcast to the scores ${formatShape(scores.shape)}.`,
    )
  }
  if (mask.dtype === 'bool') return b.where(stretch(mask, scores.shape), scores, never)
  if (mask.dtype !== 'f32' && mask.dtype !== 'f64' && mask.dtype !== 'f16' && mask.dtype !== 'bf16') {
    throw new DTypeError(
      `${operation}: expected a bool or float mask, got ${mask.dtype}. Compare first, for example with .ne(0).`,
    )
  }
  return b.add(scores, stretch(b.cast(mask, scores.dtype), scores.shape))
}
