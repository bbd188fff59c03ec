/**
 * Every derived operation against PyTorch: results, and gradients of every float input for a random cotangent. The
 * cases come from scripts/goldens/ops*.py and run in f64 on the reference backend.
 */
import { describe, expect, it } from 'vitest'
import { sameShape } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import { pullback } from '../../src/ir/gradients.js'
import type { Node } from '../../src/ir/node.js'
import {
  buildCase,
  describeCase,
  type PackedValues,
  packedNumbers,
  readOperationCases,
  scalarsOf,
} from '../helpers/operation-cases.js'
import { runGraph } from '../helpers/run-graph.js'
import { expectClose, toleranceOf } from '../helpers/tolerance.js'

/** Scalars of the user are inputs of the program: the leaves beside the placeholders. */
function run(outputs: readonly Node[], inputs: readonly Node[], values: readonly number[][]): number[][] {
  const scalars = scalarsOf(outputs)
  return runGraph(outputs, [...inputs, ...scalars], [...values, ...scalars.map((s) => [s.attrs.value])])
}

/** PyTorch holds the 1/6 of these in f32 even when it computes in f64. */
const sixthInF32 = new Set(['hardsigmoid', 'hardswish'])

function check(op: string, got: readonly number[], node: Node, expected: PackedValues, what: string): void {
  expect(node.dtype, `${what}: dtype`).toBe(expected.dtype)
  expect(
    sameShape(node.shape, expected.shape),
    `${what}: shape [${node.shape}] should be [${expected.shape}]`,
  ).toBe(true)
  expectClose(
    got,
    packedNumbers(expected),
    sixthInF32.has(op) ? toleranceOf('f32', 'elementwise') : toleranceOf(expected.dtype, 'iterated'),
    what,
  )
}

describe('operations against PyTorch', () => {
  for (const [op, list] of readOperationCases()) {
    it(`${op} (${list.length} cases)`, () => {
      list.forEach((c, k) => {
        const what = describeCase(c, k)
        const { inputs, outputs } = buildCase(c)
        const given = c.inputs.map(packedNumbers)
        run(outputs, inputs, given).forEach((got, i) => {
          check(op, got, outputs[i], c.outputs[i], `${what}: result ${i}`)
        })
        if (c.cotangents === undefined || c.gradients === undefined) return

        const seeds = c.cotangents.map(([, g]) => b.placeholder(g.shape, g.dtype))
        const pulled = pullback(
          b,
          c.cotangents.map(([i]) => outputs[i]),
          seeds,
          inputs,
        )
        c.gradients.forEach((expected, i) => {
          if (expected === null) return
          const node = pulled[i] ?? b.literal(inputs[i], 0)
          const [got] = run(
            [node],
            [...inputs, ...seeds],
            [...given, ...c.cotangents!.map(([, g]) => packedNumbers(g))],
          )
          check(op, got, node, expected, `${what}: gradient of input ${i}`)
        })
      })
    })
  }
})
