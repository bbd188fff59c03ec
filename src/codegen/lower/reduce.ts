/**
 * Reductions, in an order that depends on the node's shape and axes only:
 *
 * - the last axis is reduced and has at least one vector (or is half of one, in many rows): lanes run along it, lane l adding elements l, l+W, …, in
 *   several accumulators where the axis is long; what is left of each row goes to one scalar accumulator. At the end
 *   accumulators, then lanes, then the scalar are combined. Products that are not rounded by themselves are taken up to
 *   four rows at a time, vector by vector;
 * - otherwise: one element after the other, in row-major order of the reduced axes, long ones in pieces whose sums are
 *   then added: √n of each, so that the error grows with √n and not with n. Neighbouring results may share a vector,
 *   which changes nothing in each.
 */

import type { DType } from '../../core/dtype.js'
import { InternalError } from '../../core/errors.js'
import { largestDivisor, sameShape, sizeOf } from '../../core/shape.js'
import { isOp, type Node, topologicalOrder } from '../../ir/node.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  holdsBounded,
  type Index,
  indexDeps,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import { computeTypeOf, type Expr, type Register } from '../loop-ir.js'
import { expandBinary } from '../math.js'
import type { Inliner } from './inline.js'
import { type Lanes, lanesFor, oneLane } from './lanes.js'
import { roundTo } from './round.js'

export type ReduceNode = Node<'reduceSum'> | Node<'reduceProd'> | Node<'reduceMax'> | Node<'reduceMin'>

type Combine = 'add' | 'mul' | 'maximum' | 'minimum'

const combineOf: Record<ReduceNode['op'], Combine> = {
  reduceSum: 'add',
  reduceProd: 'mul',
  reduceMax: 'maximum',
  reduceMin: 'minimum',
}

/** The neutral element: what an empty reduction gives. */
function neutral(op: Combine, dtype: DType): number | bigint {
  const type = computeTypeOf(dtype)
  if (op === 'add') return type === 'i64' ? 0n : 0
  if (op === 'mul') return type === 'i64' ? 1n : 1
  const sign = op === 'maximum' ? -1 : 1
  if (type === 'i64') return sign < 0 ? -(2n ** 63n) : 2n ** 63n - 1n
  if (type === 'i32') return sign < 0 ? -(2 ** 31) : 2 ** 31 - 1
  return sign * Number.POSITIVE_INFINITY
}

/** Long rows are summed in this many vectors at once: independent additions hide each other's latency. */
const accumulatorsFor = (length: number, width: number): number => (length >= 16 * width ? 4 : 1)

/** How many neighbouring row sums fit into the registers at once, each with its accumulators. */
export function sumsAtOnce(node: ReduceNode, width: number): number {
  const [x] = node.inputs
  const registers = width >= 16 ? 24 : 12
  return Math.floor(registers / accumulatorsFor(x.shape[x.shape.length - 1], width))
}

/** Rows of half a vector are read in half vectors where so many of them make a sum. */
const leastHalfRows = 8

/** Whether what is summed are products that are not rounded by themselves: a convolution's or contraction's. */
const addsProducts = (node: ReduceNode): boolean =>
  isOp(node, 'reduceSum') && node.attrs.products === true && isOp(node.inputs[0], 'mul')

/** The lanes that a reduction runs along its last axis (see the header); 0: it does not. */
function lanesAlong(node: ReduceNode, width: number): number {
  const [x] = node.inputs
  const { axes } = node.attrs
  const last = x.shape.length - 1
  const length = x.shape[last]
  const type = computeTypeOf(node.dtype)
  if (width === 1 || (type !== 'f32' && type !== 'i32') || !axes.includes(last)) return 0
  if (length >= width) return width
  const rows = sizeOf(axes.map((a) => (a === last ? 1 : x.shape[a])))
  return width >= 8 && length === width / 2 && rows >= leastHalfRows ? length : 0
}

/** Whether a reduction runs its lanes along its last axis. */
export const reducesAlongLanes = (node: ReduceNode, width: number): boolean => lanesAlong(node, width) > 0

/** Sums of fewer elements than two of these are added one after the other. */
const leastPiece = 256

/** Elements of a piece of a long sum: about √n, a power of two. */
const pieceOf = (n: number): number => Math.max(leastPiece, 2 ** Math.ceil(Math.log2(n) / 2))

/** Sums of so few small terms (a filter's taps) are written out: their places need no arithmetic. */
const mostUnrolled = 25
const mostTermNodes = 16

/** Whether what is summed is little work: few nodes up to what is stored. */
function isSmall(x: Node, isStored: (node: Node) => boolean): boolean {
  const nodes = new Set([x])
  for (const node of nodes) {
    if (nodes.size > mostTermNodes) return false
    if (!isStored(node)) for (const input of node.inputs) nodes.add(input)
  }
  return true
}

/** Rows of products that are summed at once, at most. */
const mostRows = 4

/** So many sums share their loops: their accumulators fill the registers of the widest instruction set. */
const mostSiblings = (width: number): number => (width >= 16 ? 4 : 2)

/**
 * For each reduction along the lanes those of `nodes` that its loops can serve too: same axes of the same shape, and
 * none needs another's result.
 */
export function siblingsAmong(
  nodes: readonly ReduceNode[],
  width: number,
  isStored: (node: Node) => boolean,
): (node: ReduceNode) => readonly ReduceNode[] {
  const reaches = (from: Node, to: Node): boolean =>
    topologicalOrder([from], (n) => (isStored(n) ? [] : n.inputs)).includes(to)
  const groups: ReduceNode[][] = []
  for (const node of nodes) {
    if (!reducesAlongLanes(node, width)) continue
    const group = groups.find(
      (members) =>
        members.length < mostSiblings(width) &&
        sameLoops(members[0], node) &&
        members.every((m) => !reaches(m, node) && !reaches(node, m)),
    )
    if (group === undefined) groups.push([node])
    else group.push(node)
  }
  return (node) => (groups.find((g) => g.includes(node)) ?? []).filter((m) => m !== node)
}

const sameLoops = (a: ReduceNode, b: ReduceNode): boolean =>
  addsProducts(a) === addsProducts(b) &&
  sameShape(a.inputs[0].shape, b.inputs[0].shape) &&
  a.attrs.axes.join() === b.attrs.axes.join() &&
  computeTypeOf(a.dtype) === computeTypeOf(b.dtype)

export function lowerReduction(
  inliner: Inliner,
  node: ReduceNode,
  index: readonly Index[],
  lanes: Lanes,
): Expr {
  const { k, e, width } = inliner
  const [x] = node.inputs
  const { axes } = node.attrs
  const type = computeTypeOf(node.dtype)
  const op = combineOf[node.op]
  const alongLanes = reducesAlongLanes(node, width)
  if (alongLanes && lanes.count > 1) {
    throw new InternalError(`Lowering: ${node.op} over the last axis was asked for in lanes of another.`)
  }
  const start = neutral(op, node.dtype)
  if (sizeOf(axes.map((a) => x.shape[a])) === 0) return e.const(start, type, lanes.count)

  // The whole loop nest belongs where the kept indices are known.
  const deps = new Set<number>()
  for (const i of index) indexDeps(i, deps)
  // The lane variable is no loop of the kernel.
  if (lanes.variable !== null) deps.delete(lanes.variable.id)
  const register = k.place(deps, index.some(holdsBounded), () =>
    alongLanes ? rowReduction() : sequentialReduction(lanes),
  )
  return roundTo(e, node.dtype, e.register(register))

  function sourceIndex(reduced: readonly Index[]): Index[] {
    let kept = 0
    let at = 0
    return x.shape.map((_, a) => (axes.includes(a) ? reduced[at++] : index[kept++]))
  }

  function nest(over: readonly number[], write: (indices: Index[]) => void, indices: Index[] = []): void {
    if (indices.length === over.length) {
      write(indices)
      return
    }
    repeat(over[indices.length], (i) => nest(over, write, [...indices, i]))
  }

  function repeat(n: number, write: (i: Index) => void): void {
    if (n === 1) {
      write(constantIndex(0))
      return
    }
    const v = inliner.variable('r', n)
    k.loop(v, 1, () => write(atomIndex(v)))
  }

  /** Joins the element at `at` to a member's sum. */
  function accumulate(member: ReduceNode, into: Register, at: readonly Index[], l: Lanes): void {
    const [value] = member.inputs
    if (addsProducts(member) && !inliner.isStored(value)) {
      const [a, b] = value.inputs.map((factor) => inliner.value(factor, at, l))
      k.set(into, e.mulAdd(a, b, e.register(into)))
      return
    }
    k.set(into, combine(e, combineOf[member.op], e.register(into), inliner.value(value, at, l)))
  }

  function join(a: Expr, b: Expr): Expr {
    return combine(e, op, a, b)
  }

  function sequentialReduction(l: Lanes) {
    const sum = k.accumulator('sum', type, l.count, start)
    const sizes = axes.map((a) => x.shape[a])
    const add = (into: Register, r: readonly Index[]): void => {
      accumulate(node, into, sourceIndex(r), l)
    }
    const total = sizeOf(sizes)
    if (total <= mostUnrolled && isSmall(x, inliner.isStored)) {
      for (let i = 0; i < total; i++) add(sum, delinearize(constantIndex(i), sizes))
      return sum
    }
    if (total < 2 * leastPiece || op !== 'add' || type !== 'f32') {
      nest(sizes, (r) => add(sum, r))
      return sum
    }
    // Whole rounds of the inner axes make a piece; where one axis is long, runs of it do.
    let outer = 0
    while (outer < sizes.length - 1 && sizeOf(sizes.slice(0, outer)) * pieceOf(total) < total) outer++
    const pieces = (before: readonly Index[], n: number, rest: readonly number[]): void => {
      const length = Math.max(1, Math.min(n, Math.ceil(pieceOf(total) / sizeOf(rest))))
      const piece = (from: Index, count: number): void => {
        const part = k.accumulator('part', type, l.count, start)
        nest([count, ...rest], ([i, ...inner]) => add(part, [...before, addIndex(from, i), ...inner]))
        k.set(sum, join(e.register(sum), e.register(part)))
      }
      const whole = Math.floor(n / length)
      const v = inliner.variable('p', whole)
      k.loop(v, 1, () => piece(atomIndex(v, length), length))
      if (whole * length < n) piece(constantIndex(whole * length), n - whole * length)
    }
    const axis = Math.max(0, outer - 1)
    nest(sizes.slice(0, axis), (before) => pieces(before, sizes[axis], sizes.slice(axis + 1)))
    return sum
  }

  /** The row sums of this node, and of its siblings in the same loops: what they read in common is read once. */
  function rowReduction() {
    const width = lanesAlong(node, inliner.width)
    const length = x.shape[x.shape.length - 1]
    const outer = axes.slice(0, -1).map((a) => x.shape[a])
    const count = accumulatorsFor(length, width)
    const block = width * count
    const whole = Math.floor(length / block)
    const rest = length - whole * block
    const restVectors = Math.floor(rest / width)
    const group = [node, ...inliner.siblings(node)].map((member) => {
      const joins = combineOf[member.op]
      const first = neutral(joins, member.dtype)
      return {
        member,
        joins,
        sums: Array.from({ length: count }, (_, i) => k.accumulator(`sum${i}`, type, width, first)),
        single: rest % width > 0 ? k.accumulator('single', type, 1, first) : null,
      }
    })
    // Rows of windows overlap: what several of them read in common is read once.
    const last = outer[outer.length - 1] ?? 1
    const rowsAtOnce = addsProducts(node) ? largestDivisor(last, mostRows) : 1
    const rows = rowsAtOnce === 1 ? outer : [...outer.slice(0, -1), last / rowsAtOnce]
    nest(rows, (place) => {
      const lane = lanesFor(width)
      const rowAt = (u: number): readonly Index[] =>
        rowsAtOnce === 1
          ? place
          : [...place.slice(0, -1), shiftIndex(scaleIndex(place[place.length - 1], rowsAtOnce), u)]
      const each = (write: (r: readonly Index[]) => void): void => {
        for (let u = 0; u < rowsAtOnce; u++) write(rowAt(u))
      }
      const vector = (from: Index, into: number): void =>
        each((r) => {
          const at = sourceIndex([...r, addIndex(from, atomIndex(lane.variable!))])
          for (const { member, sums } of group) accumulate(member, sums[into], at, lane)
        })
      if (whole > 0) {
        repeat(whole, (v) => {
          for (let i = 0; i < count; i++) vector(shiftIndex(scaleIndex(v, block), i * width), i)
        })
      }
      if (restVectors > 0)
        repeat(restVectors, (v) => vector(shiftIndex(scaleIndex(v, width), whole * block), 0))
      if (rest % width > 0) {
        repeat(rest % width, (v) => {
          const at = shiftIndex(v, length - (rest % width))
          each((r) => {
            for (const { member, single } of group)
              accumulate(member, single!, sourceIndex([...r, at]), oneLane)
          })
        })
      }
    })
    const totals = group.map(({ joins, sums, single }) => {
      const both = (a: Expr, b: Expr): Expr => combine(e, joins, a, b)
      const [a, b, c, d] = sums.map((sum) => e.register(sum))
      const folded = foldLanes(joins, count === 4 ? both(both(a, b), both(c, d)) : a)
      return k.define('total', single === null ? folded : both(folded, e.register(single)))
    })
    group.slice(1).forEach(({ member }, i) => {
      inliner.remember(member, index, () => roundTo(e, member.dtype, e.register(totals[i + 1])))
    })
    return totals[0]
  }

  function foldLanes(op: Combine, value: Expr): Expr {
    if (op === 'add' || op === 'mul') return e.combine(op, value)
    // NaN must win, which the plain combine does not promise.
    let list = Array.from({ length: value.lanes }, (_, l) => e.lane(value, l))
    while (list.length > 1) {
      const half = list.length / 2
      list = list.slice(0, half).map((a, i) => combine(e, op, a, list[i + half]))
    }
    return list[0]
  }
}

function combine(e: Inliner['e'], op: Combine, a: Expr, b: Expr): Expr {
  return op === 'add' || op === 'mul' ? e.binary(op, a, b) : expandBinary(e, op, a, b)
}
