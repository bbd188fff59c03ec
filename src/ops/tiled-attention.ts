/**
 * Attention that never holds its matrix of scores: the queries are taken in blocks, in a loop, and the gradient computes
 * each block's weights again from the logarithms of their sums (Rabe & Staats 2021, "Self-attention does not need O(n²)
 * memory"; Dao et al. 2022, "FlashAttention"). The base of `attention.ts`, which says when it is used.
 */
import { broadcastShapes, range, type Shape } from '../core/shape.js'
import * as b from '../ir/build.js'
import { pushforward } from '../ir/gradients.js'
import type { CustomGradient, Node } from '../ir/node.js'
import { arrange, contractLabels, dropBroadcast } from './contraction.js'
import { like, stretch } from './operand.js'
import { rand, splitKey } from './random.js'

export interface TiledAttentionOptions {
  /** bool (true: may attend) or float (added to the scores), broadcast to (…, L, S). Takes part in forward mode only. */
  readonly mask?: Node | null
  /** Query i attends to keys up to `first` + i; null (default): to all. */
  readonly first?: number | null
  /** Queries in a block, at most. */
  readonly rows: number
  /** Drops weights with probability p; the gradient draws the same bits again. Null (default): none. */
  readonly dropout?: { readonly p: number; readonly key: Node } | null
}

/** What the loops over blocks have to know. */
interface Blocks {
  /** Labels of the leading axes, and their sizes where those of the scores are broadcast together. */
  readonly names: readonly string[]
  readonly lead: Shape
  readonly queries: number
  readonly blocks: number
  readonly rows: number
  readonly first: number | null
  readonly masked: boolean
}

/** What the loops read: queries, keys, values, and what there is of a mask and of dropout. */
interface Inputs {
  readonly q: Node
  readonly k: Node
  readonly v: Node
  readonly mask: Node | null
  /** A key for each block, the probability, and the factor of what stays. */
  readonly drop: readonly Node[]
}

/** Further inputs of a loop: the same in each round, and rows of them. */
interface Further {
  readonly consts: readonly Node[]
  readonly xs: readonly Node[]
}

/**
 * softmax(q·kᵀ + mask)·v with q (…, L, E), k (…, S, E) and v (…, S, V) of one dtype, f32 or f64, to (…, L, V). Leading
 * axes broadcast, those of v to the scores' at most. Beside inputs and result, O(rows·S + L) numbers for each leading
 * index are stored, in the gradient too; gradients of the gradient store O(L·S). A query that may attend to nothing
 * gives NaN.
 */
export function tiledAttention(
  query: Node,
  key: Node,
  value: Node,
  { mask: given = null, first = null, rows: most, dropout = null }: TiledAttentionOptions,
): Node {
  const rank = Math.max(...[query, key, value, ...(given === null ? [] : [given])].map((x) => x.shape.length))
  const full = (x: Node): Node => b.reshape(x, [...Array(rank - x.shape.length).fill(1), ...x.shape])
  const [q, k, v] = [query, key, value].map(full)
  const operation = 'scaledDotProductAttention'
  const lead = broadcastShapes(q.shape.slice(0, -2), k.shape.slice(0, -2), operation)
  const queries = q.shape[rank - 2]
  const blocks = Math.ceil(queries / most)
  const names = range(lead.length).map((i) => `b${i}`)
  const plan: Blocks = {
    names,
    lead,
    queries,
    blocks,
    rows: Math.ceil(queries / blocks),
    first,
    masked: given !== null,
  }
  const drop = dropout === null ? [] : dropInputs(dropout.p, dropout.key, blocks, q)
  const inputs = [q, k, v, ...(given === null ? [] : [full(given)]), ...drop]

  const [o, logSum] = forward(inputs.map(b.stopGradient), plan)
  const gradient: CustomGradient = {
    vjp: (all, outputs, cotangents) => {
      if (cotangents[0] === null && cotangents[1] === null) return all.map(() => null)
      const found = backward(all.slice(2), outputs, cotangents, plan)
      return [null, null, ...found, ...inputs.slice(3).map(() => null)]
    },
    jvp: (all, _outputs, tangents) => {
      // Nodes of their own, because queries and keys may be one.
      const own = all.slice(2).map((x) => b.alias(x))
      return [...pushforward(b, forward(own, plan), own, tangents.slice(2)), ...own.map(() => null)]
    },
  }
  return b.barrier([o, logSum, ...inputs], gradient)[0]
}

/** The result (…, L, V), and the logarithm of each query's sum of exponentials (…, L). */
function forward(inputs: readonly Node[], plan: Blocks): Node[] {
  const { q: query, k: key, v: value, mask, drop } = named(inputs, plan)
  const axis = plan.lead.length
  const further = loopInputs(mask, drop, plan)
  // Transposed once, outside the loop.
  const turned = swapLast(key)
  const outs = loop(
    [turned, value, ...further.consts],
    [],
    [split(query, axis, plan), positions(plan), ...further.xs],
    plan.blocks,
    ([kt, vs, ...same], _carry, [qs, from, ...ofRows]) => {
      const [masks, chance] = furtherIn(same, ofRows, drop)
      const plain = product(plan, qs, 'le', kt, 'es', 'ls')
      const s = masked(plain, masks, from, false, plan)
      const largest = b.stopGradient(b.reduceMax(s, [axis + 1]))
      const e = b.exp(b.sub(s, alongRows(largest, s.shape)))
      const sum = b.reduceSum(e, [axis + 1])
      const stay = chance.length === 0 ? e : b.mul(e, kept(chance, e, false))
      const weighted = product(plan, stay, 'ls', vs, 'sv', 'lv')
      return [b.div(weighted, alongRows(sum, weighted.shape)), b.add(largest, b.log(sum))]
    },
  )
  return outs.map((x) => join(x, axis, plan))
}

/**
 * Cotangents of q, k and v. With P the weights and Ō the result's cotangent: V̄ = PᵀŌ, S̄ = P∘(ŌVᵀ − D) with
 * D = rowsum(Ō∘O), Q̄ = S̄K, K̄ = S̄ᵀQ. The blocks are those of Sᵀ, which lie as the products read them.
 */
function backward(
  inputs: readonly Node[],
  [o, logSum]: readonly Node[],
  [given, ofLogSum]: readonly (Node | null)[],
  plan: Blocks,
): Node[] {
  const { q: query, k: key, v: value, mask, drop } = named(inputs, plan)
  const axis = plan.lead.length
  const g = given ?? like(o, 0)
  const dots = b.reduceSum(b.mul(g, o), [axis + 1])
  // The sums' logarithms have cotangents where this gradient is differentiated.
  const shift = ofLogSum === null ? dots : b.sub(dots, ofLogSum)
  const further = loopInputs(mask, drop, plan)
  const [keyBar, valueBar, stacked] = loop(
    [key, swapLast(key), value, ...further.consts],
    [like(key, 0), like(value, 0)],
    [...[query, g, logSum, shift].map((x) => split(x, axis, plan)), positions(plan), ...further.xs],
    plan.blocks,
    ([ks, kt, vs, ...same], [kBar, vBar], [qs, gs, ls, ds, from, ...ofRows]) => {
      const [masks, chance] = furtherIn(same, ofRows, drop)
      const s = masked(product(plan, ks, 'se', qs, 'le', 'sl'), masks, from, true, plan)
      const p = b.exp(b.sub(s, alongColumns(ls, s.shape)))
      const factor = chance.length === 0 ? null : kept(chance, s, true)
      const keep = (x: Node): Node => (factor === null ? x : b.mul(x, factor))
      const pBar = keep(product(plan, vs, 'sv', gs, 'lv', 'sl'))
      const sBar = b.mul(p, b.sub(pBar, alongColumns(ds, s.shape)))
      return [
        b.add(kBar, product(plan, sBar, 'sl', qs, 'le', 'se', ks)),
        b.add(vBar, product(plan, keep(p), 'sl', gs, 'lv', 'sv', vs)),
        product(plan, kt, 'es', sBar, 'sl', 'el', swapLast(qs)),
      ]
    },
  )
  return [swapLast(joinTurned(stacked, axis, plan)), keyBar, valueBar]
}

/**
 * A product of the last two axes, labelled by letters, to those of `to`. Leading axes broadcast, and those along which
 * `like` has one element are summed.
 */
function product(
  { names, lead }: Blocks,
  x: Node,
  ofX: string,
  y: Node,
  ofY: string,
  to: string,
  like: Node | null = null,
): Node {
  const kept = names.filter((_, i) => like === null || like.shape[i] === lead[i])
  const operands = [
    { node: x, labels: [...names, ...ofX] },
    { node: y, labels: [...names, ...ofY] },
  ]
  const [p, q] = dropBroadcast(operands)
  const labels = [...kept, ...to]
  const found = arrange(
    contractLabels(p, q, (l) => labels.includes(l)),
    labels,
  )
  return like === null ? found : b.reshape(found, like.shape)
}

/** Scores (…, l, s), or (…, s, l) where `turned`, with −∞ where a query may not attend. `from`: the block's first query. */
function masked(s: Node, masks: readonly Node[], from: Node, turned: boolean, { first }: Blocks): Node {
  let scores = s
  const never = like(s, Number.NEGATIVE_INFINITY)
  if (first !== null) {
    const matrix = s.shape.slice(-2)
    const start = b.expand(b.reshape(from, [1, 1]), matrix)
    const query = b.add(b.iota(matrix, turned ? 1 : 0, 'i32'), start)
    const allowed = b.le(b.iota(matrix, turned ? 0 : 1, 'i32'), query)
    scores = b.where(stretch(allowed, s.shape), scores, never)
  }
  for (const rows of masks) {
    const mask = turned ? swapLast(rows) : rows
    if (mask.dtype === 'bool') scores = b.where(stretch(mask, s.shape), scores, never)
    else scores = b.add(scores, stretch(b.cast(mask, s.dtype), s.shape))
  }
  return scores
}

/** A loop whose body sees nothing but its parameters. */
function loop(
  consts: readonly Node[],
  carry: readonly Node[],
  xs: readonly Node[],
  length: number,
  body: (consts: readonly Node[], carry: readonly Node[], xs: readonly Node[]) => readonly Node[],
): Node[] {
  const same = consts.map((x) => b.placeholder(x.shape, x.dtype))
  const carried = carry.map((x) => b.placeholder(x.shape, x.dtype))
  const steps = xs.map((x) => b.placeholder(x.shape.slice(1), x.dtype))
  const results = body(same, carried, steps)
  return b.scan({ params: [...same, ...carried, ...steps], results }, { consts, carry, xs }, { length })
}

const named = ([q, k, v, ...rest]: readonly Node[], { masked: has }: Blocks): Inputs => ({
  q,
  k,
  v,
  mask: has ? rest[0] : null,
  drop: has ? rest.slice(1) : rest,
})

/** A mask with a row for each query comes in blocks; one row for all is the same in each round. */
function loopInputs(mask: Node | null, [keys, ...numbers]: readonly Node[], plan: Blocks): Further {
  const drawn = keys === undefined ? [] : [keys]
  if (mask === null) return { consts: numbers, xs: drawn }
  const axis = mask.shape.length - 2
  if (mask.shape[axis] === 1 && plan.queries !== 1) return { consts: [...numbers, mask], xs: drawn }
  // Rows that fill up the last block attend to all: NaNs there would reach gradients of tangents.
  const rows = split(mask, axis, plan, mask.dtype === 'bool' ? 1 : 0)
  return { consts: numbers, xs: [...drawn, rows] }
}

/** The masks among a round's further inputs, and what dropout reads: key, probability and factor, or nothing. */
function furtherIn(same: readonly Node[], ofRows: readonly Node[], drop: readonly Node[]): [Node[], Node[]] {
  if (drop.length === 0) return [[...same, ...ofRows], []]
  return [
    [...same.slice(2), ...ofRows.slice(1)],
    [ofRows[0], ...same.slice(0, 2)],
  ]
}

function dropInputs(p: number, key: Node, blocks: number, like: Node): Node[] {
  const factor = b.scalar(p === 1 ? 0 : 1 / (1 - p), like.dtype)
  return [splitKey(key, blocks), b.scalar(p, 'f32'), factor]
}

/** What dropout multiplies a block of weights by: 0 or 1/(1 − p). The draw is that of (…, l, s) either way. */
function kept([key, p, factor]: readonly Node[], weights: Node, turned: boolean): Node {
  const rank = weights.shape.length
  const [x, y] = weights.shape.slice(-2)
  const shape = [...weights.shape.slice(0, rank - 2), ...(turned ? [y, x] : [x, y])]
  const stays = b.le(stretch(p, shape), rand(key, shape))
  const found = b.where(stays, stretch(factor, shape), b.full(shape, 0, factor.dtype))
  return turned ? swapLast(found) : found
}

/** Position of each block's first query among the keys. */
const positions = ({ blocks, rows, first }: Blocks): Node =>
  b.add(b.mul(b.iota([blocks], 0, 'i32'), b.full([blocks], rows, 'i32')), b.full([blocks], first ?? 0, 'i32'))

/** (…, L, …) to (blocks, …, rows, …). The last block is filled up, and what comes of that is dropped. */
function split(x: Node, axis: number, { queries, blocks, rows }: Blocks, fill = 0): Node {
  const none = x.shape.map(() => 0)
  const missing = x.shape.map((_, a) => (a === axis ? blocks * rows - queries : 0))
  const whole = b.pad(x, none, missing, none, fill)
  const parts = b.reshape(whole, [...x.shape.slice(0, axis), blocks, rows, ...x.shape.slice(axis + 1)])
  return b.moveAxis(parts, axis, 0)
}

/** (blocks, …, rows, …) to (…, L, …). */
function join(x: Node, axis: number, { queries, blocks, rows }: Blocks): Node {
  const moved = b.moveAxis(x, 0, axis)
  const shape = moved.shape
  const whole = b.reshape(moved, [...shape.slice(0, axis), blocks * rows, ...shape.slice(axis + 2)])
  return b.sliceAxis(whole, axis, 0, queries)
}

/** (blocks, …, E, rows) to (…, E, L). */
const joinTurned = (x: Node, axis: number, plan: Blocks): Node => join(x, axis + 1, plan)

/** One value for each row, and for each column, of the last two axes. */
const alongRows = (x: Node, shape: Shape): Node => b.expand(b.reshape(x, [...x.shape, 1]), shape)
const alongColumns = (x: Node, shape: Shape): Node =>
  b.expand(b.reshape(x, [...shape.slice(0, -2), 1, shape[shape.length - 1]]), shape)

function swapLast(x: Node): Node {
  const rank = x.shape.length
  return b.permute(x, [...range(rank - 2), rank - 1, rank - 2])
}
