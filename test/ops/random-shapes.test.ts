/**
 * Element-wise functions, reductions and scans on random shapes (0-d, empty, size 1, large), dtypes and views
 * (transposed, reversed, strided, broadcast): every compiled device gives what the reference gives.
 */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backend/backend.js'
import { type DType, isFloat } from '../../src/core/dtype.js'
import { range, sizeOf } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import { Node } from '../../src/ir/node.js'
import { currentBackend, listDevices, useDevice } from '../../src/runtime/devices.js'
import { operations, scalarsOf } from '../helpers/operation-cases.js'
import { type Random, seeded } from '../helpers/random.js'
import { reference, runGraph } from '../helpers/run-graph.js'
import { expectClose, toleranceOf } from '../helpers/tolerance.js'

const call = (name: string, ...args: unknown[]): Node[] => {
  const result = operations.get(name)!(...args)
  return result instanceof Node ? [result] : (Object.values(result as object) as Node[])
}

type Make = (x: Node, random: Random, other: () => Node) => Node[]

const names = (list: string): string[] => list.split(' ')
const floats: readonly DType[] = ['f32', 'f32', 'f64', 'f16', 'bf16']
const numbers: readonly DType[] = [...floats, 'i32', 'i64', 'u8']
const all: readonly DType[] = [...numbers, 'bool']
const integers: readonly DType[] = ['i32', 'i64', 'u8']

const table: { name: string; dtypes: readonly DType[]; make: Make }[] = []
const add = (list: string, dtypes: readonly DType[], make: (name: string) => Make): void => {
  for (const name of names(list)) table.push({ name, dtypes, make: make(name) })
}

add(
  'exp2 log2 log10 asin acos sinh cosh asinh acosh atanh sinc deg2rad rad2deg erfc erfinv lgamma digamma logit',
  all,
  (name) => (x) => call(name, x),
)
add('frac floor ceil trunc round neg', numbers, (name) => (x) => call(name, x))
add('signbit isposinf isneginf isnan isfinite sgn abs square nanToNum', all, (name) => (x) => call(name, x))
add(
  'hypot logaddexp logaddexp2 xlogy copysign atan2 trueDivide',
  all,
  (name) => (x, _r, other) => call(name, x, other()),
)
add(
  'fmax fmin maximum minimum heaviside isClose add mul',
  all,
  (name) => (x, _r, other) => call(name, x, other()),
)
add(
  'sub addcmul',
  numbers,
  (name) => (x, _r, other) => (name === 'sub' ? call(name, x, other()) : call(name, x, other(), other())),
)
add('bitwiseLeftShift bitwiseRightShift', integers, (name) => (x, r) => call(name, x, r.integer(0, 9)))
add('bitwiseAnd bitwiseXor', [...integers, 'bool'], (name) => (x, _r, other) => call(name, x, other()))

/** Random axes, some counted from the end; null for all. */
function axesOf(x: Node, random: Random): number[] | null {
  const rank = x.shape.length
  const chosen = range(rank).filter(() => random.next() < 0.5)
  if (chosen.length === 0) return null
  return random.shuffle(chosen).map((a) => (random.next() < 0.5 ? a - rank : a))
}
const axisOf = (x: Node, random: Random): number =>
  random.integer(-Math.max(1, x.shape.length), Math.max(1, x.shape.length))
const keep = (random: Random): { keepdim: boolean } => ({ keepdim: random.next() < 0.5 })

add('sum nansum any all', all, (name) => (x, r) => call(name, x, axesOf(x, r), keep(r)))
add('mean nanmean variance std logsumexp', floats, (name) => (x, r) => call(name, x, axesOf(x, r), keep(r)))
add('countNonzero', all, (name) => (x, r) => call(name, x, axesOf(x, r)))
add(
  'amax amin',
  all,
  (name) => (x, r) => (sizeOf(x.shape) === 0 ? [x] : call(name, x, axesOf(x, r), keep(r))),
)
const along =
  'argmax argmin maxWithIndices minWithIndices medianWithIndices nanmedianWithIndices mode aminmax'
add(along, numbers, (name) => (x, r) => (sizeOf(x.shape) === 0 ? [x] : call(name, x, axisOf(x, r), keep(r))))
add('cumsum cummax cummin', all, (name) => (x, r) => call(name, x, axisOf(x, r)))
add('logcumsumexp', floats, (name) => (x, r) => call(name, x, axisOf(x, r)))
add(
  'diff',
  all,
  (name) => (x, r) =>
    x.shape.length === 0 ? [x] : call(name, x, { axis: axisOf(x, r), n: r.integer(0, 3) }),
)
add(
  'trapezoid cumulativeTrapezoid',
  floats,
  (name) => (x, r) => (x.shape.length === 0 ? [x] : call(name, x, null, { axis: axisOf(x, r) })),
)
add(
  'quantile nanquantile',
  ['f32', 'f64'],
  (name) => (x, r) =>
    sizeOf(x.shape) === 0
      ? [x]
      : call(name, x, [0, 0.25, 0.5], r.next() < 0.3 ? null : axisOf(x, r), keep(r)),
)

const sizes = [0, 1, 1, 2, 3, 5, 8, 17, 33]

/** A view: another order, direction, step or repetition of the elements. */
function view(x: Node, random: Random): Node {
  const rank = x.shape.length
  const axis = random.integer(0, Math.max(1, rank))
  switch (rank === 0 ? 0 : random.integer(0, 5)) {
    case 1:
      return b.permute(x, random.shuffle(range(rank)))
    case 2:
      return b.flip(x, [axis])
    case 3: {
      const starts = x.shape.map((n, i) => (i === axis ? Math.min(1, n) : 0))
      return b.slice(
        x,
        starts,
        x.shape,
        x.shape.map((_, i) => (i === axis ? 2 : 1)),
      )
    }
    case 4:
      return b.expandBatch(x, 2)
    default:
      return x
  }
}

function value(dtype: DType, random: Random): number {
  if (dtype === 'bool') return random.integer(0, 2)
  const whole = random.integer(-12, 13)
  if (dtype === 'u8') return Math.abs(whole)
  if (!isFloat(dtype)) return whole
  // Quarters are exact in every float type and make ties; a few are NaN or infinite.
  const odd = random.next()
  return odd < 0.01 ? Number.NaN : odd < 0.02 ? Number.POSITIVE_INFINITY : whole / 4
}

interface Program {
  readonly outputs: Node[]
  readonly inputs: Node[]
  readonly values: number[][]
  readonly what: string
}

function programOf(choice: number, seed: number): Program {
  const random = seeded(seed)
  const { name, dtypes, make } = table[choice % table.length]
  const dtype = random.pick(dtypes)
  const rank = random.integer(0, 4)
  const shape = random.next() < 0.05 ? [random.integer(900, 3000)] : range(rank).map(() => random.pick(sizes))
  const inputs: Node[] = []
  const values: number[][] = []
  const input = (s: readonly number[]): Node => {
    const node = b.placeholder(s, dtype)
    inputs.push(node)
    values.push(Array.from({ length: sizeOf(s) }, () => value(dtype, random)))
    return node
  }
  const x = view(view(input(shape), random), random)
  const other = (): Node => {
    const s = x.shape.slice(random.integer(0, x.shape.length + 1))
    return input(s.map((n) => (random.next() < 0.3 ? 1 : n)))
  }
  const outputs = make(x, random, other)
  const what = `${name} of ${dtype}[${x.shape}] (seed ${seed})`
  const scalars = scalarsOf(outputs)
  const given = scalars.map((s) => [s.attrs.value])
  return { outputs, inputs: [...inputs, ...scalars], values: [...values, ...given], what }
}

const runs = Number(process.env.CHAINRULE_TEST_RUNS ?? 150)
const seed = Number(process.env.CHAINRULE_TEST_SEED ?? 11)

describe.each(listDevices().filter((d) => d !== 'reference'))('random shapes on %s', (device) => {
  let backend: Backend
  beforeAll(async () => {
    await useDevice(device)
    backend = currentBackend()
  })
  it('agree with the reference', () => {
    const check = (choice: number, at: number): void => {
      const { outputs, inputs, values, what } = programOf(choice, at)
      const expected = runGraph(outputs, inputs, values, reference)
      const got = runGraph(outputs, inputs, values, backend)
      outputs.forEach((node, i) => {
        expectClose(got[i], expected[i], toleranceOf(node.dtype, 'sum'), `${what}, result ${i}`)
      })
    }
    table.forEach((_, choice) => {
      check(choice, choice)
    })
    fc.assert(
      fc.property(fc.nat(table.length - 1), fc.nat(1 << 30), (choice, at) => {
        check(choice, at)
      }),
      { numRuns: runs, seed },
    )
    expect(table.length).toBeGreaterThan(60)
  })
})
