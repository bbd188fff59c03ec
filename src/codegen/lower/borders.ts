/**
 * Values that depend on where their index lies: inside what is padded or between it and its border, in one part of a
 * concatenation or another, on a window or between two. Each is a test of indices: for a vector's first and last lane
 * where that decides, else for every second lane, else lane by lane.
 */
import type { Node } from '../../ir/node.js'
import {
  atomIndex,
  constantIndex,
  delinearize,
  divideIndex,
  type Index,
  indexRange,
  remainderIndex,
  shiftIndex,
  stepOf,
} from '../index-expression.js'
import { computeTypeOf, type Expr, type IndexRange } from '../loop-ir.js'
import type { Inliner } from './inline.js'
import { atLane, type Lanes } from './lanes.js'
import { constantOf, roundTo } from './round.js'

/**
 * `then` where all indices lie in their ranges, else `otherwise`. `then` gets the indices as atoms that carry the
 * range. Lanes that may differ are tried together (the first and the last lane decide); `apart` is what they have where
 * they do differ.
 */
function guarded(
  inliner: Inliner,
  ranges: readonly IndexRange[],
  lanes: Lanes,
  then: (index: Index[], lanes: Lanes) => Expr,
  otherwise: (lanes: Lanes) => Expr,
  apart: () => Expr,
): Expr {
  const open: { range: IndexRange; at: number; step: number | null }[] = []
  const inner = ranges.map((r) => r.index)
  for (const [at, range] of ranges.entries()) {
    const [low, high] = indexRange(range.index)
    if (low >= range.low && high <= range.high) continue
    if (high < range.low || low > range.high) return otherwise(lanes)
    const step = lanes.count === 1 ? 0 : stepOf(range.index, lanes.variable!)
    open.push({ range, at, step })
  }
  if (open.length === 0) return then(inner, lanes)
  if (open.some(({ step }) => step === null)) return apart()
  // Lane 0 must leave room for the others.
  const tight = open.map(({ range, at, step }) => {
    const reach = step! * (lanes.active - 1)
    const low = range.low - Math.min(0, reach)
    const high = range.high - Math.max(0, reach)
    inner[at] = atomIndex({ kind: 'bounded', of: range.index, low: range.low, high: range.high })
    return { index: range.index, low, high }
  })
  const uniform = open.every(({ step }) => step === 0)
  if (tight.some((r) => r.low > r.high)) return uniform ? otherwise(lanes) : apart()
  inliner.guards++
  try {
    const emitted = tight.map((r) => ({ ...r, index: atLane(r.index, lanes, 0) }))
    const inside = then(inner, lanes)
    return inliner.e.guard(emitted, inside, uniform ? otherwise(lanes) : apart())
  } finally {
    inliner.guards--
  }
}

export function pad(inliner: Inliner, node: Node<'pad'>, index: readonly Index[], lanes: Lanes): Expr {
  const { low, interior, value } = node.attrs
  const [x] = node.inputs
  const type = computeTypeOf(node.dtype)
  const ranges: IndexRange[] = []
  const source: (Index | number)[] = [] // a number refers to the guarded index of that rank
  index.forEach((i, a) => {
    const n = x.shape[a]
    if (low[a] === 0 && interior[a] === 0 && node.shape[a] <= n) {
      source.push(i)
      return
    }
    let q = shiftIndex(i, -low[a])
    const period = interior[a] + 1
    if (period > 1) {
      const lift = Math.max(0, Math.ceil(low[a] / period))
      const lifted = shiftIndex(q, lift * period)
      ranges.push({ index: remainderIndex(lifted, period), low: 0, high: 0 })
      q = shiftIndex(divideIndex(lifted, period), -lift)
    }
    source.push(ranges.length)
    ranges.push({ index: q, low: 0, high: n - 1 })
  })
  const fill = (l: Lanes) => inliner.e.const(constantOf(node.dtype, value), type, l.count)
  if (x.shape.includes(0)) return fill(lanes)
  return guarded(
    inliner,
    ranges,
    lanes,
    (inner, l) =>
      inliner.value(
        x,
        source.map((s) => (typeof s === 'number' ? inner[s] : s)),
        l,
      ),
    fill,
    () =>
      inliner.apart(
        node,
        ranges.map((r) => r.index),
        lanes,
        (move, l) => inliner.value(node, index.map(move), l),
      ),
  )
}

export function concat(inliner: Inliner, node: Node<'concat'>, index: readonly Index[], lanes: Lanes): Expr {
  const { axis } = node.attrs
  const type = computeTypeOf(node.dtype)
  const zero = (l: Lanes) => inliner.e.const(type === 'i64' ? 0n : 0, type, l.count)
  const varying = lanes.count > 1 && stepOf(index[axis], lanes.variable!) !== 0
  let start = 0
  const pieces = node.inputs.map((x) => {
    const from = start
    start += x.shape[axis]
    return { x, from }
  })
  const split = (l: Lanes): Expr =>
    inliner.apart(node, [index[axis]], l, (move, some) => inliner.value(node, index.map(move), some))
  // From the last piece back: each is the alternative of the one before it.
  const chain = (i: number, l: Lanes): Expr => {
    if (i === pieces.length) return zero(l)
    const { x, from } = pieces[i]
    if (x.shape[axis] === 0) return chain(i + 1, l)
    return guarded(
      inliner,
      [{ index: shiftIndex(index[axis], -from), low: 0, high: x.shape[axis] - 1 }],
      l,
      ([at], inner) =>
        inliner.value(
          x,
          index.map((j, a) => (a === axis ? at : j)),
          inner,
        ),
      (inner) => chain(i + 1, inner),
      () => split(l),
    )
  }
  if (!varying) return chain(0, lanes)
  const [low, high] = indexRange(index[axis])
  const inside = pieces.find(({ x, from }) => low >= from && high < from + x.shape[axis])
  if (inside !== undefined) {
    const at = shiftIndex(index[axis], -inside.from)
    return inliner.value(
      inside.x,
      index.map((j, a) => (a === axis ? at : j)),
      lanes,
    )
  }
  let value = split(lanes)
  if (stepOf(index[axis], lanes.variable!) === null) return value
  // Vectors inside one piece are read together; those that straddle go lane by lane.
  for (const { x, from } of pieces) {
    if (x.shape[axis] < lanes.active) continue
    const rest = value
    value = guarded(
      inliner,
      [{ index: shiftIndex(index[axis], -from), low: 0, high: x.shape[axis] - 1 }],
      lanes,
      ([at], inner) =>
        inliner.value(
          x,
          index.map((j, a) => (a === axis ? at : j)),
          inner,
        ),
      () => rest,
      () => rest,
    )
  }
  return value
}

/** Σ over window positions k of the element that window p = (i - k·dilation)/stride has at k, where p exists. */
export function fold(inliner: Inliner, node: Node<'fold'>, index: readonly Index[], lanes: Lanes): Expr {
  const { size, stride, dilation } = node.attrs
  const [x] = node.inputs
  const rank = size.length
  const lead = index.length - rank
  const counts = x.shape.slice(lead, lead + rank)
  const type = computeTypeOf(node.dtype)
  const zero = (l: Lanes) => inliner.e.const(type === 'i64' ? 0n : 0, type, l.count)
  const positions = size.reduce((a, n) => a * n, 1)
  let sum: Expr | null = null
  for (let p = 0; p < positions; p++) {
    const k = delinearize(constantIndex(p), size).map((i) => i.offset)
    const ranges: IndexRange[] = []
    k.forEach((ki, a) => {
      const reach = ki * dilation[a]
      const lift = Math.ceil(reach / stride[a])
      const lifted = shiftIndex(index[lead + a], lift * stride[a] - reach)
      ranges.push({ index: remainderIndex(lifted, stride[a]), low: 0, high: 0 })
      ranges.push({ index: shiftIndex(divideIndex(lifted, stride[a]), -lift), low: 0, high: counts[a] - 1 })
    })
    const term = (i: readonly Index[], r: readonly IndexRange[], l: Lanes): Expr =>
      guarded(
        inliner,
        r,
        l,
        (inner, m) =>
          inliner.value(
            x,
            [...i.slice(0, lead), ...k.map((_, a) => inner[2 * a + 1]), ...k.map(constantIndex)],
            m,
          ),
        zero,
        () =>
          inliner.apart(
            node,
            r.map((q) => q.index),
            l,
            (move, some) =>
              term(
                i.map(move),
                r.map((q) => ({ ...q, index: move(q.index) })),
                some,
              ),
          ),
      )
    const t = term(index, ranges, lanes)
    sum = sum === null ? t : inliner.e.binary('add', sum, t)
  }
  return sum === null ? zero(lanes) : roundTo(inliner.e, node.dtype, sum)
}
