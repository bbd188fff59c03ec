/**
 * Every derived operation against PyTorch: results, and gradients of every float input for a random cotangent. The
 * cases come from scripts/goldens/ops.py and run in f64 on the reference backend.
 */
import { describe, expect, it } from 'vitest'
import type { DType } from '../../src/core/dtype.js'
import { type Shape, sameShape } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import { pullback } from '../../src/ir/gradients.js'
import { Node } from '../../src/ir/node.js'
import * as activation from '../../src/ops/activation.js'
import * as attention from '../../src/ops/attention.js'
import * as convolution from '../../src/ops/convolution.js'
import * as elementwise from '../../src/ops/elementwise.js'
import * as indexing from '../../src/ops/indexing.js'
import * as linearAlgebra from '../../src/ops/linear-algebra.js'
import * as loss from '../../src/ops/loss.js'
import * as normalization from '../../src/ops/normalization.js'
import * as pooling from '../../src/ops/pooling.js'
import * as reductions from '../../src/ops/reductions.js'
import * as shape from '../../src/ops/shape.js'
import * as softmax from '../../src/ops/softmax.js'
import { readGolden } from '../helpers/goldens.js'
import { runGraph } from '../helpers/run-graph.js'
import { expectClose, toleranceOf } from '../helpers/tolerance.js'

interface Packed {
  readonly shape: Shape
  readonly dtype: DType
  readonly data: string | readonly number[]
}

interface Case {
  readonly op: string
  readonly args: readonly unknown[]
  readonly inputs: readonly Packed[]
  readonly outputs: readonly Packed[]
  readonly cotangents?: readonly (readonly [number, Packed])[]
  readonly gradients?: readonly (Packed | null)[]
}

const operations: Record<string, unknown> = {
  ...elementwise,
  ...shape,
  ...reductions,
  ...linearAlgebra,
  ...indexing,
  ...activation,
  ...softmax,
  ...normalization,
  ...convolution,
  ...pooling,
  ...loss,
  ...attention,
}

const { cases } = readGolden<{ cases: Case[] }>('ops')

function valuesOf({ data }: Packed): number[] {
  if (typeof data !== 'string') return [...data]
  return [...new Float64Array(new Uint8Array(Buffer.from(data, 'base64')).buffer)]
}

/** Replaces "$0" by input 0 and so on, in nested lists and options. */
function resolve(value: unknown, nodes: readonly Node[]): unknown {
  if (value === 'inf') return Number.POSITIVE_INFINITY
  if (value === '-inf') return Number.NEGATIVE_INFINITY
  if (typeof value === 'string' && /^\$\d+$/.test(value)) return nodes[Number(value.slice(1))]
  if (typeof value === 'string' && value.startsWith('softmax:'))
    return softmax.softmax(resolve(value.slice(8), nodes) as Node, 1)
  if (Array.isArray(value)) return value.map((v) => resolve(v, nodes))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolve(v, nodes)]))
  }
  return value
}

/** The nodes of a result: one, a list, or the fields of an object. */
function nodesOf(result: unknown): Node[] {
  if (result instanceof Node) return [result]
  if (typeof result !== 'object' || result === null) return []
  return Object.values(result).flatMap(nodesOf)
}

function build(c: Case): { inputs: Node<'placeholder'>[]; outputs: Node[] } {
  const inputs = c.inputs.map((x) => b.placeholder(x.shape, x.dtype))
  const fn = operations[c.op]
  if (typeof fn !== 'function') throw new Error(`No operation is named ${c.op}.`)
  return { inputs, outputs: nodesOf(fn(...c.args.map((a) => resolve(a, inputs)))) }
}

/** Scalars of the user are inputs of the program: the leaves beside the placeholders. */
function run(outputs: readonly Node[], inputs: readonly Node[], values: readonly number[][]): number[][] {
  const scalars = new Set<Node>()
  const seen = new Set<Node>()
  const stack = [...outputs]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    if (node.op === 'scalar') scalars.add(node)
    stack.push(...node.inputs)
  }
  const extra = [...scalars] as Node<'scalar'>[]
  return runGraph(outputs, [...inputs, ...extra], [...values, ...extra.map((s) => [s.attrs.value])])
}

/** PyTorch holds the 1/6 of these in f32 even when it computes in f64. */
const sixthInF32 = new Set(['hardsigmoid', 'hardswish'])

function check(op: string, got: readonly number[], node: Node, expected: Packed, what: string): void {
  expect(node.dtype, `${what}: dtype`).toBe(expected.dtype)
  expect(
    sameShape(node.shape, expected.shape),
    `${what}: shape [${node.shape}] should be [${expected.shape}]`,
  ).toBe(true)
  expectClose(
    got,
    valuesOf(expected),
    sixthInF32.has(op) ? toleranceOf('f32', 'elementwise') : toleranceOf(expected.dtype, 'iterated'),
    what,
  )
}

const byOperation = new Map<string, Case[]>()
for (const c of cases) byOperation.set(c.op, [...(byOperation.get(c.op) ?? []), c])

describe('operations against PyTorch', () => {
  for (const [op, list] of byOperation) {
    it(`${op} (${list.length} cases)`, () => {
      list.forEach((c, k) => {
        const what = `${op} case ${k} ${JSON.stringify(c.args)} on ${c.inputs.map((x) => `${x.dtype}[${x.shape}]`).join(', ')}`
        const { inputs, outputs } = build(c)
        const given = c.inputs.map(valuesOf)
        const used = outputs.slice(0, c.outputs.length)
        expect(outputs.length, `${what}: results`).toBeGreaterThanOrEqual(c.outputs.length)
        run(used, inputs, given).forEach((got, i) => {
          check(op, got, used[i], c.outputs[i], `${what}: result ${i}`)
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
            [...given, ...c.cotangents!.map(([, g]) => valuesOf(g))],
          )
          check(op, got, node, expected, `${what}: gradient of input ${i}`)
        })
      })
    })
  }
})
