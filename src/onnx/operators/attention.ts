/** Attention with caches, masks, windows and grouped heads (operator sets 23 and later), and rotary positions. */
import { formatShape, range } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import { sigmoid } from '../../ops/activation.js'
import { matmul } from '../../ops/linear-algebra.js'
import { broadcastTogether, like, mulLiteral, stretch } from '../../ops/operand.js'
import type { Context, Rule, Rules } from '../context.js'
import { dtypeOf, elementTypeOf, elementTypes } from '../element-type.js'
import { tensorValue } from '../value.js'

/** (B, S, H·D) as (B, H, S, D); four axes stay as they are. */
function splitHeads(c: Context, x: Node, heads: number): Node {
  if (x.shape.length === 4) return x
  const [batch, steps, width] = x.shape
  if (x.shape.length !== 3 || !(heads >= 1) || width % heads !== 0) {
    c.fail(`expected (B, S, heads · size) with ${heads} heads, got ${formatShape(x.shape)}.`)
  }
  return b.permute(b.reshape(x, [batch, steps, heads, width / heads]), [0, 2, 1, 3])
}

/** Each head `times` times in a row. */
function repeatHeads(x: Node, times: number): Node {
  const [batch, heads, steps, width] = x.shape
  const wide = b.expand(b.reshape(x, [batch, heads, 1, steps, width]), [batch, heads, times, steps, width])
  return b.reshape(wide, [batch, heads * times, steps, width])
}

interface Masking {
  /** (queries, keys) or (B, 1, queries, keys). */
  readonly allowed: Node | null
  readonly bias: Node | null
}

/** Who may look at whom: by mask, position and length. Keys are counted from the start of the cache. */
function maskingOf(c: Context, q: Node, keys: number, past: number): Masking {
  const [batch, , queries] = q.shape
  let allowed: Node | null = null
  let bias: Node | null = null
  const restrict = (mask: Node): void => {
    if (allowed === null) allowed = mask
    else {
      const [x, y] = broadcastTogether(c.op, allowed, mask)
      allowed = b.and(x, y)
    }
  }
  if (c.has(3)) {
    const mask = c.x(3)
    const rank = mask.shape.length
    const short = keys - mask.shape[rank - 1]
    const zeros = mask.shape.map(() => 0)
    const fill = mask.dtype === 'bool' ? 0 : Number.NEGATIVE_INFINITY
    const whole = short > 0 ? b.pad(mask, zeros, zeros.with(rank - 1, short), zeros, fill) : mask
    if (whole.dtype === 'bool') restrict(whole)
    else bias = whole
  }
  const lengths = c.has(6) ? b.cast(c.x(6), 'i64') : null
  const shape = lengths === null ? [queries, keys] : [batch, 1, queries, keys]
  const rank = shape.length
  const key = b.iota(shape, rank - 1, 'i64')
  const perExample = (x: Node): Node => b.expand(b.reshape(x, [batch, 1, 1, 1]), shape)
  // The place of a query among the keys.
  const offset =
    lengths === null ? b.full(shape, past, 'i64') : perExample(b.sub(lengths, like(lengths, queries)))
  const place = b.add(b.iota(shape, rank - 2, 'i64'), offset)
  if (c.int('is_causal', 0) !== 0) restrict(b.le(key, place))
  const [left, right] = [c.int('left_window_size', -1), c.int('right_window_size', -1)]
  if (left >= 0) restrict(b.le(b.sub(place, like(place, left)), key))
  if (right >= 0) restrict(b.le(key, b.add(place, like(place, right))))
  if (lengths !== null) restrict(b.lt(key, perExample(lengths)))
  return { allowed, bias }
}

const attention: Rule = (c) => {
  const rank = c.shape(0).length
  const q = splitHeads(c, c.x(0), c.int('q_num_heads', 0))
  const heads = c.int('kv_num_heads', 0)
  const cached = (i: number, past: number): Node => {
    const now = splitHeads(c, c.x(i), heads)
    return c.has(past) ? b.concat([c.x(past), now], 2) : now
  }
  const [presentKey, presentValue] = [cached(1, 4), cached(2, 5)]
  const past = c.has(4) ? c.shape(4)[2] : 0
  const groups = q.shape[1] / presentKey.shape[1]
  if (!Number.isInteger(groups)) c.fail(`${q.shape[1]} heads do not share ${presentKey.shape[1]} evenly.`)
  const [k, v] = [presentKey, presentValue].map((x) => (groups === 1 ? x : repeatHeads(x, groups)))
  // The scale is shared by both sides, so that half types do not overflow.
  const root = Math.sqrt(c.float('scale', 0) || 1 / Math.sqrt(q.shape[3]))
  const raw = matmul(mulLiteral(q, root), b.permute(mulLiteral(k, root), [0, 1, 3, 2]))
  const cap = c.float('softcap', 0)
  const capped = cap > 0 ? mulLiteral(b.tanh(mulLiteral(raw, 1 / cap)), cap) : raw
  const { allowed, bias } = maskingOf(c, q, k.shape[2], past)
  let scores = bias === null ? capped : b.add(capped, stretch(b.cast(bias, capped.dtype), capped.shape))
  const open = allowed === null ? null : stretch(allowed, scores.shape)
  if (open !== null) scores = b.where(open, scores, like(scores, Number.NEGATIVE_INFINITY))
  const precision = c.int('softmax_precision', 0)
  const wide = b.cast(scores, precision === 0 ? scores.dtype : dtypeOf(elementTypeOf(precision, c.op)))
  // A query that may look at nothing gets zeros.
  const largest = b.stopGradient(b.reduceMax(wide, [3]))
  const none = b.eq(largest, like(largest, Number.NEGATIVE_INFINITY))
  const column = (x: Node): Node => b.expand(b.reshape(x, [...x.shape, 1]), wide.shape)
  const exp = b.exp(b.sub(wide, column(b.where(none, like(largest, 0), largest))))
  const total = b.reduceSum(exp, [3])
  const weights = b.div(exp, column(b.where(none, like(total, 1), total)))
  const output = matmul(b.cast(weights, v.dtype), v)
  const [batch, count, queries, size] = output.shape
  const joined =
    rank === 3 ? b.reshape(b.permute(output, [0, 2, 1, 3]), [batch, queries, count * size]) : output
  const shown = [raw, capped, scores, weights][c.int('qk_matmul_output_mode', 0)] ?? raw
  return [c.like(joined), c.like(presentKey, 1), c.like(presentValue, 2), c.like(b.cast(shown, q.dtype))]
}

/** Rotates pairs of features by angles that grow with the position (Su et al. 2021). */
const rotaryEmbedding: Rule = (c) => {
  const original = c.x(0)
  const x = b.permute(splitHeads(c, original, c.int('num_heads', 0)), [0, 2, 1, 3])
  const [batch, steps, heads, size] = x.shape
  const turned = c.int('rotary_embedding_dim', 0) || size
  const half = turned / 2
  const table = (i: number): Node => {
    const cache = b.cast(c.x(i), x.dtype)
    let rows = cache
    if (c.has(3)) {
      const places = b.reshape(b.cast(c.x(3), 'i64'), [batch * steps, 1])
      rows = b.gather(cache, b.expand(places, [batch * steps, cache.shape[1]]), 0)
    }
    if (rows.shape[rows.shape.length - 1] !== half) c.fail(`expected tables of ${half} angles.`)
    return b.expand(b.reshape(rows, [batch, steps, 1, half]), [batch, steps, heads, half])
  }
  const [cos, sin] = [table(1), table(2)]
  const part = b.sliceAxis(x, 3, 0, turned)
  const interleaved = c.int('interleaved', 0) !== 0
  const pairs = b.reshape(part, interleaved ? [batch, steps, heads, half, 2] : [batch, steps, heads, 2, half])
  const axis = interleaved ? 4 : 3
  const of = (i: number): Node => b.reshape(b.sliceAxis(pairs, axis, i, i + 1), cos.shape)
  const [p, q] = [of(0), of(1)]
  const rotated = [b.sub(b.mul(cos, p), b.mul(sin, q)), b.add(b.mul(sin, p), b.mul(cos, q))]
  const shape = range(5).map((i) => (i === axis ? 1 : pairs.shape[i]))
  const joined = b.concat(
    rotated.map((y) => b.reshape(y, shape)),
    axis,
  )
  const whole = b.concat([b.reshape(joined, part.shape), b.sliceAxis(x, 3, turned, size)], 3)
  if (original.shape.length === 4) return c.like(b.permute(whole, [0, 2, 1, 3]))
  return c.like(b.reshape(whole, original.shape))
}

/** The same bits as another type of the same size. */
const bitCast: Rule = (c) => {
  const { node, type } = c.tensor(0)
  const to = elementTypeOf(c.int('to'), c.op)
  const [from, into] = [elementTypes[type], elementTypes[to]]
  if (from.bytes !== into.bytes) c.fail(`expected a type of ${from.bytes} bytes, got ${to}.`)
  if (from.narrow === null && into.narrow === null) return tensorValue(b.bitcast(node, into.dtype), to)
  return c.fail(`${type} as ${to} is not supported.`)
}

export const attentions: Rules = {
  Attention: attention,
  RotaryEmbedding: rotaryEmbedding,
  SwiGLU: (c) => {
    const gate = c.x(0)
    return c.like(b.mul(b.mul(gate, sigmoid(mulLiteral(gate, c.float('alpha', 1)))), c.x(1)))
  },
  BitCast: bitCast,
}
