/**
 * The rows of the goldens in f32 on every device that compiles: results and first gradients against PyTorch's f64
 * numbers. All rows of an operation are one program, so they are also scheduled beside each other.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backend/backend.js'
import * as b from '../../src/ir/build.js'
import { pullback } from '../../src/ir/gradients.js'
import type { Node } from '../../src/ir/node.js'
import { currentBackend, listDevices, useDevice } from '../../src/runtime/devices.js'
import {
  buildCase,
  describeCase,
  type OperationCase,
  type PackedValues,
  packedNumbers,
  readOperationCases,
  scalarsOf,
} from '../helpers/operation-cases.js'
import { runGraph } from '../helpers/run-graph.js'
import { expectClose, type Tolerance, toleranceOf } from '../helpers/tolerance.js'
import { illConditioned } from './row-exceptions.js'

const fastDevices = listDevices().filter((name) => name !== 'reference')

interface Check {
  readonly node: Node
  readonly expected: PackedValues
  readonly what: string
}

/** Rows with numbers that f32 cannot hold show nothing there. */
const holds = (v: number): boolean =>
  v === 0 || !Number.isFinite(v) || (Math.abs(v) < 2 ** 127 && Math.abs(v) > 2 ** -120)
const fitsF32 = (c: OperationCase): boolean =>
  [...c.inputs, ...c.outputs].every((x) => x.dtype !== 'f64' || packedNumbers(x).every(holds))

/** One program of all rows of an operation, in f32, and what each of its outputs should be. */
function program(list: readonly OperationCase[]): { checks: Check[]; inputs: Node[]; values: number[][] } {
  const checks: Check[] = []
  const inputs: Node[] = []
  const values: number[][] = []
  list.forEach((c, k) => {
    const built = buildCase(c, 'f32')
    inputs.push(...built.inputs)
    values.push(...c.inputs.map(packedNumbers))
    built.outputs.forEach((node, i) => {
      checks.push({ node, expected: c.outputs[i], what: `${describeCase(c, k)}: result ${i}` })
    })
    if (c.cotangents === undefined || c.gradients === undefined) return
    const seeds = c.cotangents.map(([i, g]) => b.placeholder(g.shape, built.outputs[i].dtype))
    inputs.push(...seeds)
    values.push(...c.cotangents.map(([, g]) => packedNumbers(g)))
    const ends = c.cotangents.map(([i]) => built.outputs[i])
    const pulled = pullback(b, ends, seeds, built.inputs)
    c.gradients.forEach((expected, i) => {
      const node = pulled[i]
      if (expected === null || node === null) return
      checks.push({ node, expected, what: `${describeCase(c, k)}: gradient of input ${i}` })
    })
  })
  const scalars = scalarsOf(checks.map((c) => c.node))
  return {
    checks,
    inputs: [...inputs, ...scalars],
    values: [...values, ...scalars.map((s) => [s.attrs.value])],
  }
}

/** The inputs are rounded to f32 too, which ill-conditioned rows magnify. */
function within(op: string, expected: readonly number[]): Tolerance {
  const tolerance = toleranceOf('f32', illConditioned.has(op) ? 'iterated' : 'sum')
  // Sums cancel: what is lost is relative to the largest of the terms, for which the largest result stands.
  const largest = expected.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 1)
  return { relative: tolerance.relative, absolute: tolerance.absolute * largest }
}

describe.each(fastDevices)('operations in f32 on %s', (device) => {
  let backend: Backend
  beforeAll(async () => {
    await useDevice(device)
    backend = currentBackend()
  })
  for (const [op, list] of readOperationCases()) {
    it(`${op} (${list.length} cases)`, () => {
      const { checks, inputs, values } = program(list.filter(fitsF32))
      const nodes = checks.map((c) => c.node)
      runGraph(nodes, inputs, values, backend).forEach((got, i) => {
        const { node, expected, what } = checks[i]
        // What is f64 in the row is f32 here, unless the operation itself says f64.
        const types = expected.dtype === 'f64' ? ['f32', 'f64'] : [expected.dtype]
        expect(types, `${what}: dtype`).toContain(node.dtype)
        const wanted = packedNumbers(expected)
        expectClose(
          got,
          wanted,
          expected.dtype[0] === 'f' ? within(op, wanted) : toleranceOf('i32', 'exact'),
          what,
        )
      })
    })
  }
})
