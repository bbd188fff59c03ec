/**
 * Derivatives of the golden rows beyond the first gradient, in f64 on the reference backend: the gradient of the
 * gradient against central differences of the gradient, and forward mode against reverse mode.
 */
import { describe, expect, it } from 'vitest'
import { isFloat } from '../../src/core/dtype.js'
import { sizeOf } from '../../src/core/shape.js'
import { Storage } from '../../src/core/storage.js'
import * as b from '../../src/ir/build.js'
import { pullback, pushforward } from '../../src/ir/gradients.js'
import type { Node } from '../../src/ir/node.js'
import {
  buildCase,
  describeCase,
  type OperationCase,
  packedNumbers,
  readOperationCases,
  scalarsOf,
} from '../helpers/operation-cases.js'
import { seeded } from '../helpers/random.js'
import { numbersOf, reference, storageFrom } from '../helpers/run-graph.js'
import { isClose } from '../helpers/tolerance.js'
import { kinked, onceDifferentiable, onlySymmetric } from './row-exceptions.js'

/** Larger rows are left out: the others show the same formulas. */
const mostElements = 200

/** Central differences with this step are off by about step² · third derivative and 1e-16 / step. */
const step = 1e-5
const differences = { relative: 5e-6, absolute: 5e-6 }
const rounding = { relative: 1e-9, absolute: 1e-9 }

const dot = (xs: readonly number[], ys: readonly number[]): number =>
  xs.reduce((sum, x, i) => sum + x * ys[i], 0)
const dots = (xs: readonly (readonly number[])[], ys: readonly (readonly number[])[]): number =>
  xs.reduce((sum, x, i) => sum + dot(x, ys[i]), 0)
const largest = (xs: readonly (readonly number[])[]): number =>
  xs.reduce((m, x) => x.reduce((n, v) => Math.max(n, Math.abs(v)), m), 1)

/** The outputs as a function of the inputs' values. */
function compiled(outputs: readonly Node[], inputs: readonly Node[]) {
  const scalars = scalarsOf(outputs)
  const executable = reference.compile({ inputs: [...inputs, ...scalars], outputs, donations: new Map() })
  return (values: readonly number[][]): number[][] => {
    const given = [...values, ...scalars.map((s) => [s.attrs.value])]
    const out = outputs.map((y) => new Storage(y.dtype, sizeOf(y.shape)))
    const leaves = [...inputs, ...scalars]
    executable.run(
      given.map((v, i) => storageFrom(leaves[i].dtype, v)),
      out,
    )
    return out.map(numbersOf)
  }
}

const zerosFor = (nodes: readonly (Node | null)[], like: readonly Node[]): Node[] =>
  nodes.map((n, i) => n ?? b.literal(like[i], 0))

/** Whether the row's gradient has a second derivative at its inputs; throws where a derivative is wrong. */
function checkRow(c: OperationCase, what: string): boolean {
  const { inputs, outputs } = buildCase(c)
  const values = c.inputs.map(packedNumbers)
  const random = seeded(c.op.length + values.length)
  const normals = (nodes: readonly Node[]): number[][] =>
    nodes.map((n) => Array.from({ length: sizeOf(n.shape) }, () => random.normal()))

  const ends = c.cotangents!.map(([i]) => outputs[i])
  const seeds = ends.map((y) => b.placeholder(y.shape, y.dtype))
  const seedValues = c.cotangents!.map(([, g]) => packedNumbers(g))
  // Inputs that the golden detaches may have jumps of their own.
  const at = inputs.flatMap((x, i) => (isFloat(x.dtype) && c.gradients![i] !== null ? [i] : []))
  const wrt = at.map((i) => inputs[i])
  const directions = normals(wrt)
  const grads = zerosFor(pullback(b, ends, seeds, wrt), wrt)

  // Forward mode: <u, J v> = <Jᵀ u, v>.
  const tangents = wrt.map((x) => b.placeholder(x.shape, x.dtype))
  const given = inputs.map((_, i) => (at.includes(i) ? tangents[at.indexOf(i)] : null))
  const pushed = zerosFor(pushforward(b, ends, inputs, given), ends)
  const forward = compiled(pushed, [...inputs, ...tangents])([...values, ...directions])
  const gradient = compiled(grads, [...inputs, ...seeds])
  const here = gradient([...values, ...seedValues])
  const scale = Math.max(largest(here), largest(forward))
  const [through, back] = [dots(forward, seedValues), dots(here, directions)]
  if (!isClose(through / scale, back / scale, rounding)) {
    throw new Error(`${what}: forward mode gives ${through} along a direction, reverse mode ${back}.`)
  }
  if (onceDifferentiable.has(c.op) || onlySymmetric.has(c.op)) return true

  const vs = wrt.map((x) => b.placeholder(x.shape, x.dtype))
  const vValues = normals(wrt)
  const second = zerosFor(pullback(b, grads, vs, wrt), wrt)
  const got = compiled(second, [...inputs, ...seeds, ...vs])([...values, ...seedValues, ...vValues])
  const curvature = dots(got, directions)
  const psi = (by: number): number => {
    const moved = values.map((v, i) =>
      at.includes(i) ? v.map((x, k) => x + by * directions[at.indexOf(i)][k]) : v,
    )
    return dots(gradient([...moved, ...seedValues]), vValues)
  }
  const central = (by: number): number => (psi(by) - psi(-by)) / (2 * by)
  const near = central(step)
  const magnitude = Math.max(1, largest(got), largest(here))
  if (isClose(curvature / magnitude, near / magnitude, differences)) return true
  // A difference quotient that depends on the step, or on the side, shows a kink or a jump of the gradient: there is
  // no second derivative there.
  const sides = (psi(step) - 2 * psi(0) + psi(-step)) / step
  const steps = central(4 * step) - near
  if (![sides, steps].every((d) => isClose(d / magnitude, 0, differences))) return false
  throw new Error(
    `${what}: the second derivative along a direction is ${curvature}, central differences of the gradient give ${near}.`,
  )
}

const onKink = 'rows on a kink; list the operation in row-exceptions.ts if that is meant'

describe('second derivatives and forward mode of the golden rows', () => {
  for (const [op, list] of readOperationCases()) {
    const rows = list.flatMap((c, k) => {
      const size = c.inputs.reduce((n, x) => n + sizeOf(x.shape), 0)
      return c.gradients !== undefined && size <= mostElements ? [[c, k] as const] : []
    })
    if (rows.length === 0) continue
    it(`${op} (${rows.length} cases)`, () => {
      const bad = rows.filter(([c, k]) => !checkRow(c, describeCase(c, k)))
      if (kinked.has(op)) expect(bad.length, 'every row stands on a kink').toBeLessThan(rows.length)
      else
        expect(
          bad.map(([c, k]) => describeCase(c, k)),
          onKink,
        ).toEqual([])
    })
  }
})
