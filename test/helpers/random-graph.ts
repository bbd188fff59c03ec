/**
 * Graphs grown from genes: lists of small numbers that say which operation comes next and on what. fast-check draws
 * and shrinks the genes. In exact graphs every value is a whole number that its dtype holds, so that every backend must
 * give the same bits whatever its order of summation; real graphs have any values. In a third of the graphs the sizes
 * coincide (rows = columns = batch): what tells axes apart by their size goes wrong only there.
 */
import { type DType, isFloat } from '../../src/core/dtype.js'
import { type Shape, sameShape, sizeOf } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { type Random, seeded } from './random.js'

/** What to do, on which of the last values, and the seed of the details. */
export type Gene = readonly [step: number, operand: number, seed: number]

export interface RandomGraph {
  readonly inputs: readonly Node[]
  readonly values: readonly (readonly number[])[]
  /** Every node made on the way, inputs not included. */
  readonly nodes: readonly Node[]
}

const sizes = [0, 1, 2, 3, 5, 7, 13, 15, 16, 17, 31, 33, 65]
const mostElements = 6000
const mostWork = 120_000

/** Largest whole number up to which a dtype holds all. */
const limits: Record<DType, number> = {
  f32: 2 ** 24,
  f64: 2 ** 40,
  f16: 2048,
  bf16: 256,
  i32: 2 ** 30,
  i64: 2 ** 40,
  u8: 255,
  bool: 1,
}

type Step = (r: Random, x: Node, grow: Grower) => Node | null

class Grower {
  readonly pool: Node[] = []
  /** No value of the node is larger in size. */
  readonly bounds = new Map<Node, number>()
  readonly exact: boolean
  /** What new axes measure. */
  readonly sizes: readonly number[]
  constructor(exact: boolean, sizes: readonly number[]) {
    this.exact = exact
    this.sizes = sizes
  }
  bound = (x: Node): number => this.bounds.get(x)!
  /** A node with the bound given, or null where its dtype does not hold that. */
  give(node: Node, bound: number): Node | null {
    if (this.exact && bound > limits[node.dtype]) return null
    this.bounds.set(node, bound)
    return node
  }
  partner(r: Random, x: Node, fits: (y: Node) => boolean): Node | null {
    const all = this.pool.filter((y) => y.dtype === x.dtype && fits(y))
    return all.length === 0 ? null : r.pick(all)
  }
}

const axisOf = (r: Random, x: Node): number => r.integer(0, x.shape.length)
const arithmetic = (x: Node): boolean => x.dtype !== 'bool' && x.dtype !== 'u8'

const binary =
  (build: (x: Node, y: Node) => Node, bound: (x: number, y: number) => number): Step =>
  (r, x, g) => {
    const y = g.partner(r, x, (n) => sameShape(n.shape, x.shape))
    return y === null || !arithmetic(x) ? null : g.give(build(x, y), bound(g.bound(x), g.bound(y)))
  }

/** Positions below n, from data or counted. */
function indexFor(r: Random, g: Grower, shape: Shape, axis: number, n: number): Node {
  const dtype = r.pick(['i32', 'i64'] as const)
  const data = g.pool.filter((y) => sameShape(y.shape, shape) && g.exact)
  const raw =
    data.length > 0 && r.next() < 0.5
      ? b.cast(r.pick(data), dtype)
      : b.add(
          b.mul(b.iota(shape, axis, dtype), b.full(shape, r.integer(1, 4), dtype)),
          shape.length > 1 ? b.iota(shape, axis === 0 ? 1 : 0, dtype) : b.full(shape, r.integer(0, 9), dtype),
        )
  return b.mod(raw, b.full(shape, n, dtype))
}

/** An index of one position a slab, stretched over the other axes. */
function stretchedIndex(r: Random, g: Grower, shape: Shape, axis: number, n: number): Node {
  const thin = shape.map((size, i) => (i === axis ? size : 1))
  return b.expand(indexFor(r, g, thin, axis, n), shape)
}

const moves: readonly Step[] = [
  (r, x, g) => g.give(b.permute(x, r.shuffle(x.shape.map((_, i) => i))), g.bound(x)),
  (_, x, g) => g.give(b.reshape(x, [sizeOf(x.shape)]), g.bound(x)),
  (r, x, g) => {
    const n = sizeOf(x.shape)
    const divisors = sizes.filter((d) => d > 0 && n % d === 0)
    const d = r.pick(divisors)
    return g.give(b.reshape(x, [d, n / d]), g.bound(x))
  },
  (r, x, g) => g.give(b.expand(b.reshape(x, [1, ...x.shape]), [r.pick(g.sizes), ...x.shape]), g.bound(x)),
  (r, x, g) => g.give(b.expand(b.reshape(x, [...x.shape, 1]), [...x.shape, r.pick(g.sizes)]), g.bound(x)),
  (r, x, g) => (x.shape.length === 0 ? null : g.give(b.flip(x, [axisOf(r, x)]), g.bound(x))),
  (r, x, g) => {
    const some = (most: number) => x.shape.map(() => r.integer(0, most))
    const value = x.dtype === 'bool' ? 0 : r.integer(0, 2)
    return g.give(b.pad(x, some(3), some(3), some(2), value), Math.max(1, g.bound(x)))
  },
  (r, x, g) => {
    // Cropping is negative padding.
    const low = x.shape.map((n) => (n > 2 ? -r.integer(0, 2) : 0))
    return g.give(
      b.pad(
        x,
        low,
        low,
        x.shape.map(() => 0),
        0,
      ),
      g.bound(x),
    )
  },
  (r, x, g) => {
    const starts = x.shape.map((n) => r.integer(0, n + 1))
    const stops = x.shape.map((n, i) => r.integer(starts[i], n + 1))
    return g.give(
      b.slice(
        x,
        starts,
        stops,
        x.shape.map(() => r.integer(1, 4)),
      ),
      g.bound(x),
    )
  },
  (r, x, g) => {
    if (x.shape.length === 0) return null
    const axis = axisOf(r, x)
    const y = g.partner(
      r,
      x,
      (n) => n.shape.length === x.shape.length && n.shape.every((s, i) => i === axis || s === x.shape[i]),
    )
    return g.give(b.concat([x, y!, x].slice(0, r.integer(2, 4)), axis), Math.max(g.bound(x), g.bound(y!)))
  },
  (r, x, g) => {
    const n = x.shape.at(-1)
    if (n === undefined || n === 0) return null
    const [size, stride, dilation] = [r.integer(1, Math.min(n, 5) + 1), r.integer(1, 3), r.integer(1, 3)]
    if (dilation * (size - 1) + 1 > n) return null
    return g.give(b.window(x, { size: [size], stride: [stride], dilation: [dilation] }), g.bound(x))
  },
  (r, x, g) => {
    if (x.shape.length < 2 || !arithmetic(x)) return null
    const [p, k] = x.shape.slice(-2)
    if (p === 0 || k === 0) return null
    const [stride, dilation] = [r.integer(1, 3), r.integer(1, 3)]
    const spatial = (p - 1) * stride + dilation * (k - 1) + 1
    return g.give(
      b.fold(x, { size: [k], stride: [stride], dilation: [dilation], spatial: [spatial] }),
      g.bound(x) * k,
    )
  },
  (r, x, g) => {
    if (x.shape.length === 0) return null
    const axis = axisOf(r, x)
    const n = x.shape[axis]
    if (n === 0) return null
    const shape = x.shape.map((s, i) => (i === axis ? r.pick(g.sizes) : s))
    const index = (r.next() < 0.5 ? indexFor : stretchedIndex)(r, g, shape, axis, n)
    return g.give(b.gather(x, index, axis), g.bound(x))
  },
]

const sums: readonly Step[] = [
  (r, x, g) => {
    const axes = x.shape.map((_, i) => i).filter(() => r.next() < 0.5)
    if (!arithmetic(x)) return null
    return g.give(b.reduceSum(x, axes), g.bound(x) * Math.max(1, sizeOf(axes.map((a) => x.shape[a]))))
  },
  (r, x, g) => {
    const axes = x.shape.map((_, i) => i).filter(() => r.next() < 0.5)
    if (!arithmetic(x) || axes.some((a) => x.shape[a] === 0)) return null
    return g.give((r.next() < 0.5 ? b.reduceMax : b.reduceMin)(x, axes), g.bound(x))
  },
  (r, x, g) => {
    // A contraction over one axis, with or without a batch axis, of whatever fits.
    if (!isFloat(x.dtype) && x.dtype !== 'i32') return null
    const axis = axisOf(r, x)
    const y = g.partner(r, x, (n) => n.shape.includes(x.shape[axis]))
    if (x.shape.length === 0 || y === null) return null
    const other = y.shape.indexOf(x.shape[axis])
    const pairs = x.shape.flatMap((n, i) =>
      y.shape.flatMap((m, j) => (n === m && i !== axis && j !== other ? [[i, j]] : [])),
    )
    const batch = pairs.length > 0 && r.next() < 0.5 ? r.pick(pairs) : null
    const k = x.shape[axis]
    const work =
      (sizeOf(x.shape) * sizeOf(y.shape)) /
      Math.max(1, k) /
      (batch === null ? 1 : Math.max(1, x.shape[batch[0]]))
    if (work > mostWork) return null
    const lists = batch === null ? ([[], []] as const) : ([[batch[0]], [batch[1]]] as const)
    const node = b.contract(x, y, { batch: lists, contracting: [[axis], [other]], accumulate: x.dtype })
    return g.give(node, g.bound(x) * g.bound(y) * Math.max(1, k))
  },
  (r, x, g) => {
    // A product whose columns are read in parts, with weights cut from another value.
    if (x.shape.length === 0 || !isFloat(x.dtype)) return null
    const last = x.shape.length - 1
    const k = x.shape[last]
    const [parts, columns] = [r.integer(2, 5), r.integer(16, 20)]
    const n = parts * columns
    if (k === 0 || sizeOf(x.shape) * n > mostWork) return null
    const y = g.partner(r, x, (m) => sizeOf(m.shape) >= k * n)
    if (y === null) return null
    const w = b.reshape(b.slice(b.reshape(y, [sizeOf(y.shape)]), [0], [k * n]), [k, n])
    const over = { batch: [[], []], contracting: [[last], [0]], accumulate: x.dtype } as const
    const product = b.contract(x, w, over)
    const pieces = Array.from({ length: parts }, (_, i) =>
      b.sliceAxis(product, last, i * columns, (i + 1) * columns),
    )
    const sum = pieces.reduce((s, piece) => (r.next() < 0.5 ? b.add(s, piece) : b.sub(piece, s)))
    return g.give(sum, parts * g.bound(x) * g.bound(y) * k)
  },
  (r, x, g) => {
    // Rows that hold long pieces of the inner dimension, those of one image and then of the next.
    if (x.dtype !== 'f32') return null
    const [images, places, columns] = [r.integer(1, 4), r.integer(256, 260), r.integer(1, 20)]
    const rows = Math.min(r.integer(3, 16), Math.floor(sizeOf(x.shape) / images / places))
    const y = g.partner(r, x, (m) => sizeOf(m.shape) >= images * places * columns)
    if (y === null || rows < 1 || images * rows * places * columns > mostWork) return null
    const cut = (from: Node, shape: readonly number[]): Node =>
      b.reshape(b.slice(b.reshape(from, [sizeOf(from.shape)]), [0], [sizeOf(shape)]), shape)
    const left = cut(x, [images, rows, places])
    const contracting = r.next() < 0.5 ? ([0, 2] as const) : ([2, 0] as const)
    const other = contracting[0] === 0 ? ([0, 1] as const) : ([1, 0] as const)
    const right = cut(y, [images, places, columns])
    const over = {
      batch: [[], []],
      contracting: [contracting, other],
      accumulate: x.dtype,
    } as const
    return g.give(b.contract(left, right, over), g.bound(x) * g.bound(y) * images * places)
  },
  (r, x, g) => {
    // (N, C, L) with weights cut from another value.
    if (x.shape.length !== 3 || (x.dtype !== 'f32' && x.dtype !== 'f64') || x.shape.includes(0)) return null
    const [, c, n] = x.shape
    const size = r.integer(1, Math.min(n, 4) + 1)
    const y = g.partner(r, x, (m) => sizeOf(m.shape) >= c * size)
    if (y === null) return null
    const o = Math.min(9, Math.floor(sizeOf(y.shape) / (c * size)))
    const w = b.reshape(b.slice(b.reshape(y, [sizeOf(y.shape)]), [0], [o * c * size]), [o, c, size])
    const attrs = {
      stride: [r.integer(1, 3)],
      padding: [[r.integer(0, 3), r.integer(0, 3)]] as const,
      dilation: [1],
      inputDilation: [r.integer(1, 3)],
      groups: 1,
    }
    return g.give(b.conv(x, w, attrs), g.bound(x) * g.bound(y) * c * size)
  },
  (r, x, g) => {
    if (x.shape.length === 0 || !arithmetic(x)) return null
    const axis = axisOf(r, x)
    return g.give(b.cumSum(x, axis, r.next() < 0.5), g.bound(x) * Math.max(1, x.shape[axis]))
  },
  (r, x, g) => {
    if (x.shape.length === 0 || !arithmetic(x)) return null
    const axis = axisOf(r, x)
    const n = x.shape[axis]
    const y = g.partner(
      r,
      x,
      (m) => m.shape.length === x.shape.length && m.shape.every((s, i) => i === axis || s === x.shape[i]),
    )
    if (n === 0 || y === null) return null
    const mode = r.pick(['add', 'set', 'max', 'min'] as const)
    const index = (r.next() < 0.5 ? indexFor : stretchedIndex)(r, g, y.shape, axis, n)
    const base = r.next() < 0.3 ? b.literal(x, 0) : x
    return g.give(b.scatter(base, index, y, axis, mode), g.bound(x) + g.bound(y) * Math.max(1, y.shape[axis]))
  },
  (r, x, g) => {
    // A block of another value, or of the value itself, written over a part.
    const y = g.partner(
      r,
      x,
      (m) => m.shape.length === x.shape.length && m.shape.every((n, i) => n <= x.shape[i]),
    )
    if (y === null || !arithmetic(x)) return null
    const starts = x.shape.map((n, i) => b.constant(r.integer(0, n - y.shape[i] + 1), 'i32'))
    return g.give(b.dynamicUpdate(r.next() < 0.5 ? b.neg(x) : x, y, starts), Math.max(g.bound(x), g.bound(y)))
  },
  (r, x, g) =>
    x.shape.length === 0 ? null : g.give(b.sort([x], axisOf(r, x), r.next() < 0.5)[0], g.bound(x)),
  (r, x, g) => {
    if (x.shape.length === 0) return null
    const axis = axisOf(r, x)
    return x.shape[axis] === 0 || !arithmetic(x) ? null : g.give(b.argMax(x, axis), x.shape[axis])
  },
]

const elementwise: readonly Step[] = [
  binary(b.add, (x, y) => x + y),
  binary(b.sub, (x, y) => x + y),
  binary(b.mul, (x, y) => x * y),
  binary(b.maximum, Math.max),
  binary(b.minimum, Math.max),
  binary(b.lt, () => 1),
  (_, x, g) => (arithmetic(x) ? g.give(b.neg(x), g.bound(x)) : null),
  (_, x, g) => (arithmetic(x) ? g.give(b.abs(x), g.bound(x)) : null),
  (r, x, g) => {
    const y = g.partner(r, x, (n) => sameShape(n.shape, x.shape))!
    const test = g.pool.find((n) => n.dtype === 'bool' && sameShape(n.shape, x.shape))
    const condition = test ?? b.lt(x, y)
    return g.give(b.where(condition, x, y), Math.max(g.bound(x), g.bound(y)))
  },
  (r, x, g) => {
    const to = r.pick(['f32', 'f32', 'f32', 'f64', 'i32', 'i64', 'f16', 'bf16'] as const)
    return g.exact || isFloat(to) ? g.give(b.cast(x, to), g.bound(x)) : null
  },
  (r, x, g) => g.give(b.alias(b.barrier([x, b.alias(x)])[r.integer(0, 2)]), g.bound(x)),
]

const inReal: readonly Step[] = [
  (_, x, g) => (isFloat(x.dtype) ? g.give(b.tanh(x), 1) : null),
  (_, x, g) => (isFloat(x.dtype) ? g.give(b.exp(b.neg(b.abs(x))), 1) : null),
  (_, x, g) => (isFloat(x.dtype) ? g.give(b.sqrt(b.abs(x)), 1) : null),
  (_, x, g) => (isFloat(x.dtype) ? g.give(b.mul(x, b.literal(x, 0.37)), 1) : null),
  (r, x, g) => {
    // Softmax and layer norm: a row's value read by the row again.
    const n = x.shape.at(-1)
    if (n === undefined || n === 0 || !isFloat(x.dtype)) return null
    const last = x.shape.length - 1
    const wide = (y: Node) => b.expand(b.reshape(y, [...x.shape.slice(0, -1), 1]), x.shape)
    if (r.next() < 0.5) {
      const e = b.exp(b.sub(x, wide(b.reduceMax(x, [last]))))
      return g.give(b.div(e, wide(b.reduceSum(e, [last]))), 1)
    }
    const scale = (y: Node) => b.div(y, b.literal(y, n))
    const centred = b.sub(x, wide(scale(b.reduceSum(x, [last]))))
    const variance = scale(b.reduceSum(b.mul(centred, centred), [last]))
    return g.give(b.div(centred, wide(b.sqrt(b.add(variance, b.literal(variance, 1e-5))))), 1)
  },
]

/** A row's value read by the row again, and by the column where the axes are as long: the axis taken is not the one given. */
const crossed: Step = (r, x, g) => {
  const rank = x.shape.length
  if (rank < 2 || !arithmetic(x) || x.shape.includes(0)) return null
  const [from, to] = [axisOf(r, x), axisOf(r, x)]
  const without = (axis: number): Shape => x.shape.filter((_, i) => i !== axis)
  if (!sameShape(without(from), without(to))) return null
  const [reduce, count] = r.pick([
    [b.reduceSum, x.shape[from]],
    [b.reduceMax, 1],
    [b.reduceMin, 1],
  ] as const)
  const kept = x.shape.map((n, i) => (i === to ? 1 : n))
  const y = b.expand(b.reshape(reduce(x, [from]), kept), x.shape)
  const bound = g.bound(x) * count
  const [join, most] = r.pick([
    [b.sub, g.bound(x) + bound],
    [b.maximum, bound],
    [(u: Node, v: Node) => b.where(b.lt(u, v), u, b.neg(u)), bound],
  ] as const)
  return bound > limits[x.dtype] ? null : g.give(join(x, y), most)
}

/** The sizes of a graph in which they coincide: one for every axis, or two. */
function fewSizes(r: Random): readonly number[] {
  const some = sizes.filter((n) => n > 1)
  const n = r.pick(some)
  return r.next() < 0.5 ? [n] : [n, n, n, r.pick(some)]
}

export function growGraph(genes: readonly Gene[], exact: boolean): RandomGraph {
  const hash = genes.reduce((s, [x, y, z]) => Math.imul(s, 31) + x * 7 + y * 3 + z, 17)
  const r = seeded(hash)
  // Numbers of their own, so that the other graphs are what they were before: cases are known by number.
  const own = seeded(hash ^ 0xace)
  const coincide = own.next() < 1 / 3
  const g = new Grower(exact, coincide ? fewSizes(own) : sizes)
  const mostAxes = coincide ? 4 : 3
  const shape = (): Shape => Array.from({ length: r.integer(1, mostAxes + 1) }, () => r.pick(g.sizes))
  const inputs: Node[] = []
  for (let tries = 0; inputs.length < 3 && tries < 200; tries++) {
    const s = shape()
    if (sizeOf(s) > mostElements / 4 || (sizeOf(s) === 0 && r.next() < 0.9)) continue
    const x = b.placeholder(
      s,
      inputs.length === 2 && exact ? r.pick(['f32', 'i32', 'f64', 'f16'] as const) : 'f32',
    )
    inputs.push(x)
    g.give(x, 4)
    g.pool.push(x)
  }
  const general = exact
    ? [...elementwise, ...moves, ...moves, ...sums, ...sums]
    : [...elementwise, ...inReal, ...inReal, ...moves, ...sums, ...sums]
  const steps = coincide ? [...general, ...Array.from({ length: 6 }, () => crossed)] : general
  const nodes: Node[] = []
  for (const [step, operand, seed] of genes) {
    const x = g.pool[g.pool.length - 1 - (operand % Math.min(4, g.pool.length))]
    const node = steps[step % steps.length](seeded(seed), x, g)
    if (node === null || sizeOf(node.shape) > mostElements || node.shape.length > 5 || g.pool.includes(node))
      continue
    if (node.op === 'placeholder') continue
    g.pool.push(node)
    nodes.push(node)
  }
  const values = inputs.map((x) =>
    Array.from({ length: sizeOf(x.shape) }, () => (exact ? r.integer(-4, 5) : Math.fround(r.normal()))),
  )
  return { inputs, values, nodes }
}
