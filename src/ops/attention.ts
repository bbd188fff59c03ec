/** Scaled dot-product attention (Vaswani et al. 2017). */
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError } from '../core/errors.js'
import { broadcastShapes, formatShape, range, type Shape, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { lowPrecision } from './autocast.js'
import { arrange, contractLabels, dropBroadcast } from './contraction.js'
import { accumulationType, like, requireFloat, requireRank, requireSameDType, stretch } from './operand.js'
import { dropout, splitKey } from './random.js'
import { softmax } from './softmax.js'
import { tiledAttention } from './tiled-attention.js'

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

/** Scores of all leading indices together from which attention goes in tiles: 64 MB of f32. */
const manyScores = 2 ** 24
/** Queries of a tile. */
const tileRows = 128
/** Causal attention of so many queries and keys is done in parts, of at least so many queries, at most so many parts. */
const partRows = 128
const mostParts = 4

/**
 * softmax(q·kᵀ·scale + mask)·v with q (…, L, E), k (…, S, E), v (…, S, V) to (…, L, V). Leading axes broadcast. A
 * query that may attend to nothing gives NaN, as in PyTorch.
 *
 * What is stored between forward and backward: the weights (…, L, S), below 2²⁴ of them. From there on none of them (in
 * tiles: Rabe & Staats 2021, Dao et al. 2022), only a number for each query; the gradient computes the weights again, a
 * block of 128 queries at a time. Causal attention is done in up to four parts of the queries, each with the keys that it
 * can see: of the weights, 5/8 are computed or stored. Where a float mask wants a gradient, all weights are
 * stored.
 */
export function scaledDotProductAttention(
  query: Node,
  keys: Node,
  values: Node,
  options: AttentionOptions = {},
): Node {
  if (options.causal && options.mask)
    throw new ShapeError(
      'scaledDotProductAttention: expected either a mask or causal, got both. Combine them into one mask.',
    )
  return attention(query, keys, values, options)
}

/** `scaledDotProductAttention` that takes a mask and `causal` together. */
export function attention(query: Node, keys: Node, values: Node, options: AttentionOptions = {}): Node {
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
  if (p > 0 && key === null)
    throw new ShapeError(`${operation}: expected a random key with dropout ${p}, got none.`)

  const length = q.shape[q.shape.length - 2]
  const lead = broadcastShapes(q.shape.slice(0, -2), k.shape.slice(0, -2), operation)
  if (mask !== null) checkMask(operation, mask, [...lead, length, s])
  const factor = scale ?? 1 / Math.sqrt(e)
  // The scale goes on q, the smaller side.
  const scaled = b.mul(q, like(q, factor))
  const shared = broadcastShapes(lead, v.shape.slice(0, -2), operation)
  const learned = mask !== null && mask.dtype !== 'bool' && mask.requiresGrad
  const tiled =
    sizeOf(lead) * length * s >= manyScores &&
    length > tileRows &&
    !learned &&
    sizeOf(shared) === sizeOf(lead)
  const parts = causal ? partsOf(length, s) : [{ from: 0, to: length, keys: s }]
  const drops = p > 0 ? keysOf(key!, parts.length).map((one) => ({ p, key: one })) : []
  const results = parts.map(({ from, to, keys: n }, i) => {
    const drop = drops[i] ?? null
    const own = mask === null ? null : seen(seen(mask, -2, from, to, length), -1, 0, n, s)
    const first = causal ? from : null
    const part = seen(scaled, -2, from, to, length)
    const [ks, vs] = [k, v].map((x) => seen(x, -2, 0, n, s))
    if (!tiled) return stored(part, ks, vs, own, first, drop)
    const wide = accumulationType(q.dtype)
    const [qw, kw, vw] = [part, ks, vs].map((x) => b.cast(x, wide))
    return b.cast(tiledAttention(qw, kw, vw, { mask: own, first, rows: tileRows, dropout: drop }), q.dtype)
  })
  return b.concat(results, results[0].shape.length - 2)
}

/** A key for each part. */
function keysOf(key: Node, parts: number): Node[] {
  if (parts === 1) return [key]
  const keys = splitKey(key, parts)
  return range(parts).map((i) => b.reshape(b.sliceAxis(keys, 0, i, i + 1), [3]))
}

/** Parts of the queries of causal attention, and how many keys each can see. */
function partsOf(length: number, s: number): { from: number; to: number; keys: number }[] {
  const narrow = Math.min(length, s)
  const parts = Math.max(1, Math.min(mostParts, Math.floor(narrow / partRows)))
  const rows = Math.ceil(narrow / parts)
  return range(parts).map((i) => {
    const to = i === parts - 1 ? length : (i + 1) * rows
    return { from: i * rows, to, keys: Math.min(s, to) }
  })
}

/** A part of the axis (from the end) that has `whole` elements, or one that is the same for all. */
function seen(x: Node, fromEnd: number, from: number, to: number, whole: number): Node {
  const axis = x.shape.length + fromEnd
  return axis < 0 || x.shape[axis] !== whole ? x : b.sliceAxis(x, axis, from, to)
}

/** The attention of scaled queries by way of the whole matrix of weights; with `first`, query i sees keys up to first + i. */
function stored(
  q: Node,
  k: Node,
  v: Node,
  mask: Node | null,
  first: number | null,
  drop: { readonly p: number; readonly key: Node } | null,
): Node {
  const wide = accumulationType(q.dtype)
  const scores = product(b.cast(q, wide), ['l', 'e'], b.cast(k, wide), ['s', 'e'], 'e', ['l', 's'])
  const weights = softmax(masked(scores, mask, first), -1)
  const dropped = drop === null ? weights : dropout(weights, drop.p, drop.key)
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

function masked(given: Node, mask: Node | null, first: number | null): Node {
  let scores = given
  const never = like(scores, Number.NEGATIVE_INFINITY)
  if (first !== null) {
    const matrix = scores.shape.slice(-2)
    const row = b.iota(matrix, 0, 'i32')
    const last = first === 0 ? row : b.add(row, b.full(matrix, first, 'i32'))
    scores = b.where(stretch(b.le(b.iota(matrix, 1, 'i32'), last), scores.shape), scores, never)
  }
  if (mask === null) return scores
  if (mask.dtype === 'bool') return b.where(stretch(mask, scores.shape), scores, never)
  return b.add(scores, stretch(b.cast(mask, scores.dtype), scores.shape))
}

function checkMask(operation: string, mask: Node, scores: Shape): void {
  const shape = broadcastShapes(scores, mask.shape, operation)
  if (shape.length !== scores.length || shape.some((n, i) => n !== scores[i])) {
    throw new ShapeError(
      `${operation}: mask ${formatShape(mask.shape)} does not broadcast to the scores ${formatShape(scores)}.`,
    )
  }
  if (mask.dtype !== 'bool' && !isFloat(mask.dtype)) {
    throw new DTypeError(
      `${operation}: expected a bool or float mask, got ${mask.dtype}. Compare first, for example with .ne(0).`,
    )
  }
}
