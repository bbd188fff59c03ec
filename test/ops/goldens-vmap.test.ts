/**
 * `vmap` of the golden rows over a new leading axis against a stacked loop, results and gradients, in f64 on the
 * reference backend: with every input batched, and with each input batched alone.
 */
import { describe, expect, it } from 'vitest'
import { isFloat } from '../../src/core/dtype.js'
import { sizeOf } from '../../src/core/shape.js'
import { batchNodes } from '../../src/ir/batching.js'
import * as b from '../../src/ir/build.js'
import { pullback } from '../../src/ir/gradients.js'
import type { Node } from '../../src/ir/node.js'
import {
  buildCase,
  describeCase,
  type OperationCase,
  packedNumbers,
  readOperationCases,
  scalarsOf,
} from '../helpers/operation-cases.js'
import { runGraph } from '../helpers/run-graph.js'
import { expectClose } from '../helpers/tolerance.js'
import { notBatched } from './row-exceptions.js'

/** Larger rows are left out: the others show the same rules. */
const mostElements = 200
const size = 2
/** Two ways to the same f64 number. */
const rounding = { relative: 1e-11, absolute: 1e-11 }

/** Each input alone, then all of them. */
const choices = (n: number): boolean[][] => [
  ...(n > 1 ? Array.from({ length: n }, (_, k) => Array.from({ length: n }, (_unused, i) => i === k)) : []),
  new Array<boolean>(n).fill(true),
]

function checkRow(c: OperationCase, what: string): void {
  const { inputs, outputs } = buildCase(c)
  const all: Node[] = [...inputs]
  const results = [...outputs]
  // The second example has its floats in reverse: other numbers of the same range. Indices must stay valid.
  const first = c.inputs.map(packedNumbers)
  const second = first.map((v, i) => (isFloat(c.inputs[i].dtype) ? [...v].reverse() : v))
  if (c.cotangents !== undefined) {
    const seeds = c.cotangents.map(([, g]) => b.placeholder(g.shape, g.dtype))
    all.push(...seeds)
    for (const [, g] of c.cotangents) {
      first.push(packedNumbers(g))
      second.push(packedNumbers(g).reverse())
    }
    const wrt = inputs.filter((x) => isFloat(x.dtype))
    const ends = c.cotangents.map(([i]) => outputs[i])
    results.push(...pullback(b, ends, seeds, wrt).filter((g) => g !== null))
  }
  const scalars = scalarsOf(results)
  const scalarValues = scalars.map((s) => [s.attrs.value])
  const runLoop = (values: readonly (readonly number[])[]): number[][] =>
    runGraph(results, [...all, ...scalars], [...values, ...scalarValues])
  // What is not batched keeps its first example, so the loop's first step is the same for every choice.
  const firstStep = runLoop(first)
  for (const batched of choices(all.length)) {
    const wide = all.map((x, i) => (batched[i] ? b.placeholder([size, ...x.shape], x.dtype) : x))
    const map = new Map(all.flatMap((x, i) => (batched[i] ? [[x, wide[i]] as const] : [])))
    const made = batchNodes(b, results, map, size)
    const loop = [firstStep, runLoop(all.map((_, i) => (batched[i] ? second : first)[i]))]
    const got = runGraph(
      made.results,
      [...wide, ...scalars],
      [...all.map((_, i) => (batched[i] ? [...first[i], ...second[i]] : first[i])), ...scalarValues],
    )
    got.forEach((y, i) => {
      const name = `${what}, batched [${batched}], result ${i}`
      const shape = made.batched[i] ? [size, ...results[i].shape] : results[i].shape
      expect(made.results[i].shape, name).toEqual(shape)
      expect(made.results[i].dtype, name).toBe(results[i].dtype)
      expectClose(y, made.batched[i] ? loop.flatMap((r) => r[i]) : loop[0][i], rounding, name)
    })
  }
}

describe('vmap of the golden rows', () => {
  for (const [op, list] of readOperationCases()) {
    if (notBatched.has(op)) continue
    const rows = list.flatMap((c, k) => {
      const elements = c.inputs.reduce((n, x) => n + sizeOf(x.shape), 0)
      return c.inputs.length > 0 && elements <= mostElements ? [[c, k] as const] : []
    })
    if (rows.length === 0) continue
    it(`${op} (${rows.length} cases)`, () => {
      for (const [c, k] of rows) checkRow(c, describeCase(c, k))
    })
  }
})
