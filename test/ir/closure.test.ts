/**
 * Closure of the transforms: on every smooth row of the table, in f64 on the reference backend, gradients, gradients
 * of gradients and forward derivatives agree with finite differences, and batching agrees with a stacked loop.
 */
import { describe, expect, it } from 'vitest'
import { isFloat } from '../../src/core/dtype.js'
import { sizeOf } from '../../src/core/shape.js'
import { batchNodes } from '../../src/ir/batching.js'
import * as b from '../../src/ir/build.js'
import { pullback, pushforward } from '../../src/ir/gradients.js'
import type { Node } from '../../src/ir/node.js'
import { seeded } from '../helpers/random.js'
import { runGraph } from '../helpers/run-graph.js'
import { expectClose } from '../helpers/tolerance.js'
import { convGrid, instantiate, type OpCase, opCases, withFloat } from './op-cases.js'

/** Central differences with this step are off by about step² · third derivative and 1e-16 / step. */
const step = 1e-5
const differences = { relative: 2e-6, absolute: 2e-6 }
/** Two ways to the same f64 number. */
const rounding = { relative: 1e-11, absolute: 1e-11 }

const scale = (direction: readonly number[], by: number, from: readonly number[]): number[] =>
  from.map((x, i) => x + by * direction[i])

/** A row in f64 with a scalar function of it: the sum of its float outputs times fixed random weights. */
function scalarised(row: OpCase, seed = 5) {
  const { inputs, outputs, values } = instantiate(withFloat(row, 'f64'))
  const random = seeded(seed)
  const floats = inputs.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []))
  const live = outputs.filter((y) => isFloat(y.dtype))
  const normals = (nodes: readonly Node[]) =>
    nodes.map((n) => Array.from({ length: sizeOf(n.shape) }, () => random.normal()))
  const weights = live.map((y) => b.placeholder(y.shape, y.dtype))
  const wrt = floats.map((i) => inputs[i])
  const directions = normals(wrt)
  return {
    inputs,
    outputs,
    values,
    floats,
    live,
    weights,
    wrt,
    directions,
    weightValues: normals(live),
    /** Input values moved by `by` along the direction. */
    moved: (by: number) =>
      values.map((v, i) => (floats.includes(i) ? scale(directions[floats.indexOf(i)], by, v) : v)),
  }
}

const dot = (xs: readonly number[], ys: readonly number[]): number =>
  xs.reduce((sum, x, i) => sum + x * ys[i], 0)
const zerosFor = (nodes: readonly (Node | null)[], like: readonly Node[]): Node[] =>
  nodes.map((n, i) => n ?? b.literal(like[i], 0))

const rows = [...opCases, ...convGrid]
const smooth = rows.filter((r) => r.smooth === 'both')
const forward = rows.filter((r) => r.smooth !== 'none')

describe('vjp', () => {
  it.each(smooth.map((r) => [r.name, r] as const))('%s', (_, row) => {
    const s = scalarised(row)
    const grads = zerosFor(pullback(b, s.live, s.weights, s.wrt), s.wrt)
    grads.forEach((g, i) => {
      expect(g.shape).toEqual(s.wrt[i].shape)
      expect(g.dtype).toBe(s.wrt[i].dtype)
    })
    const all = [...s.inputs, ...s.weights]
    // First order: <gradient, direction> = d/dt of the weighted outputs.
    const phi = (by: number) => {
      const out = runGraph(s.live, s.inputs, s.moved(by))
      return out.reduce((sum, y, i) => sum + dot(y, s.weightValues[i]), 0)
    }
    const first = runGraph(grads, all, [...s.values, ...s.weightValues])
    const slope = first.reduce((sum, g, i) => sum + dot(g, s.directions[i]), 0)
    expectClose([slope], [(phi(step) - phi(-step)) / (2 * step)], differences, 'first order')

    // Second order: the gradient of <gradient, v> along the direction, for a fixed random v.
    const vs = s.wrt.map((x) => b.placeholder(x.shape, x.dtype))
    const random = seeded(11)
    const vValues = s.wrt.map((x) => Array.from({ length: sizeOf(x.shape) }, () => random.normal()))
    const second = zerosFor(pullback(b, grads, vs, [...s.wrt, ...s.weights]), [...s.wrt, ...s.weights])
    const got = runGraph(second, [...all, ...vs], [...s.values, ...s.weightValues, ...vValues])
    const psi = (by: number) => {
      const g = runGraph(grads, all, [...s.moved(by), ...s.weightValues])
      return g.reduce((sum, x, i) => sum + dot(x, vValues[i]), 0)
    }
    const curvature = s.wrt.reduce((sum, _x, i) => sum + dot(got[i], s.directions[i]), 0)
    expectClose([curvature], [(psi(step) - psi(-step)) / (2 * step)], differences, 'second order')
    // The gradient is linear in the cotangent, so its derivative there along the weights is the gradient itself.
    const linear = s.weights.reduce((sum, _w, i) => sum + dot(got[s.wrt.length + i], s.weightValues[i]), 0)
    expectClose(
      [linear],
      [first.reduce((sum, g, i) => sum + dot(g, vValues[i]), 0)],
      { relative: 1e-9, absolute: 1e-9 },
      'linearity',
    )
  })
})

describe('jvp', () => {
  it.each(forward.map((r) => [r.name, r] as const))('%s', (_, row) => {
    const s = scalarised(row)
    const tangents = s.inputs.map((x) => (isFloat(x.dtype) ? b.placeholder(x.shape, x.dtype) : null))
    const given = tangents.filter((t) => t !== null)
    const pushed = pushforward(b, s.outputs, s.inputs, tangents)
    const at = s.outputs.flatMap((y, i) => (isFloat(y.dtype) ? [i] : []))
    const derivative = zerosFor(
      at.map((i) => pushed[i]),
      s.live,
    )
    derivative.forEach((t, i) => {
      expect(t.shape).toEqual(s.live[i].shape)
    })
    const got = runGraph(derivative, [...s.inputs, ...given], [...s.values, ...s.directions])
    const [up, down] = [step, -step].map((by) => runGraph(s.live, s.inputs, s.moved(by)))
    got.forEach((t, i) => {
      expectClose(
        t,
        up[i].map((u, k) => (u - down[i][k]) / (2 * step)),
        differences,
        `output ${i}`,
      )
    })
    // Integer results have no tangent.
    s.outputs.forEach((y, i) => {
      if (!isFloat(y.dtype)) expect(pushed[i]).toBeNull()
    })
  })
})

/** Every way to batch some of n inputs. */
const combinations = (n: number): boolean[][] =>
  Array.from({ length: 2 ** n - 1 }, (_, k) =>
    Array.from({ length: n }, (_unused, i) => ((k + 1) >> i) % 2 === 1),
  )

const size = 3

/** Compares a batched graph with the loop over its examples. */
function expectBatched(
  outputs: readonly Node[],
  inputs: readonly Node[],
  examples: readonly number[][][],
  batched: readonly boolean[],
  what: string,
) {
  const wide = inputs.map((x, i) => (batched[i] ? b.placeholder([size, ...x.shape], x.dtype) : x))
  const map = new Map(inputs.flatMap((x, i) => (batched[i] ? [[x, wide[i]] as const] : [])))
  const result = batchNodes(b, outputs, map, size)
  result.results.forEach((y, i) => {
    expect(y.shape).toEqual(result.batched[i] ? [size, ...outputs[i].shape] : outputs[i].shape)
    expect(y.dtype).toBe(outputs[i].dtype)
  })
  const got = runGraph(
    result.results,
    wide,
    inputs.map((_, i) => (batched[i] ? examples.flatMap((e) => e[i]) : examples[0][i])),
  )
  const rows = examples.map((example) =>
    runGraph(
      outputs,
      inputs,
      inputs.map((_, i) => (batched[i] ? example[i] : examples[0][i])),
    ),
  )
  got.forEach((y, i) => {
    const expected = result.batched[i] ? rows.flatMap((r) => r[i]) : rows[0][i]
    expectClose(y, expected, rounding, `${what}, batched [${batched}], output ${i}`)
  })
}

const examplesOf = (row: OpCase): number[][][] =>
  Array.from({ length: size }, (_, k) => instantiate(row, k + 1).values)

describe('batching', () => {
  it.each(rows.filter((r) => r.inputs.length > 0).map((r) => [r.name, r] as const))('%s', (_, row) => {
    const wide = withFloat(row, 'f64')
    const { inputs, outputs } = instantiate(wide)
    for (const batched of combinations(inputs.length))
      expectBatched(outputs, inputs, examplesOf(wide), batched, 'values')
  })

  it.each(smooth.map((r) => [r.name, r] as const))('of the gradient: %s', (_, row) => {
    const wide = withFloat(row, 'f64')
    const s = scalarised(row)
    const grads = zerosFor(pullback(b, s.live, s.weights, s.wrt), s.wrt)
    const examples = examplesOf(wide).map((e) => [...e, ...s.weightValues])
    const inputs = [...s.inputs, ...s.weights]
    expectBatched(
      grads,
      inputs,
      examples,
      inputs.map(() => true),
      'gradient',
    )
    expectBatched(
      grads,
      inputs,
      examples,
      inputs.map((x) => s.inputs.includes(x)),
      'gradient',
    )
  })
})

describe('gradient of a batch', () => {
  it.each(smooth.map((r) => [r.name, r] as const))('%s', (_, row) => {
    // d/dx of batch(f) equals batch(d/dx f) when everything is batched.
    const s = scalarised(row)
    const grads = zerosFor(pullback(b, s.live, s.weights, s.wrt), s.wrt)
    const inputs = [...s.inputs, ...s.weights]
    const wide = inputs.map((x) => b.placeholder([size, ...x.shape], x.dtype))
    const map = new Map(inputs.map((x, i) => [x, wide[i]]))
    const values = batchNodes(b, s.live, map, size)
    const batchedOutputs = values.results.map((y, i) => (values.batched[i] ? y : b.expandBatch(y, size)))
    const weights = s.weights.map((w) => map.get(w)!)
    const wrt = s.wrt.map((x) => map.get(x)!)
    const outer = zerosFor(pullback(b, batchedOutputs, weights, wrt), wrt)
    const examples = examplesOf(withFloat(row, 'f64')).map((e) => [...e, ...s.weightValues])
    const got = runGraph(
      outer,
      wide,
      inputs.map((_x, i) => examples.flatMap((e) => e[i])),
    )
    const rows = examples.map((e) => runGraph(grads, inputs, e))
    got.forEach((g, i) => {
      const expected = rows.flatMap((r) => r[i])
      expectClose(g, expected, { relative: 1e-9, absolute: 1e-9 }, `gradient ${i}`)
    })
  })
})
