/** Kernels that take a row at a time: on every compiled backend, any width, masks and tails, one and two threads. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import { pullback } from '../../../src/ir/gradients.js'
import type { Node } from '../../../src/ir/node.js'
import { cutIntoKernels } from '../../../src/schedule/fuse.js'
import { type CompiledBackend, compiledBackends } from '../../helpers/compiled-backends.js'
import { runGraph } from '../../helpers/run-graph.js'
import { expectClose } from '../../helpers/tolerance.js'
import { target } from '../../schedule/cut.js'

const f32 = (shape: readonly number[]): Node => b.placeholder(shape, 'f32')
const rowsOf = (x: Node): number[] => [...x.shape.slice(0, -1), 1]
const kept = (reduced: Node, like: Node): Node => b.expand(b.reshape(reduced, rowsOf(like)), like.shape)
const last = (x: Node): number[] => [x.shape.length - 1]

/** Softmax over what lies left of the diagonal. */
function maskedSoftmax(x: Node): Node {
  const [rows, columns] = x.shape.slice(-2)
  const seen = b.le(b.iota([rows, columns], 1, 'i32'), b.iota([rows, columns], 0, 'i32'))
  const mask = b.expand(b.reshape(seen, [...x.shape.slice(0, -2).map(() => 1), rows, columns]), x.shape)
  const scores = b.where(mask, x, b.literal(x, Number.NEGATIVE_INFINITY))
  const powers = b.exp(b.sub(scores, kept(b.reduceMax(scores, last(x)), x)))
  return b.div(powers, kept(b.reduceSum(powers, last(x)), x))
}

function layerNorm(x: Node, weight: Node): Node {
  const n = x.shape[x.shape.length - 1]
  const mean = b.div(b.reduceSum(x, last(x)), b.literal(b.reduceSum(x, last(x)), n))
  const centred = b.sub(x, kept(mean, x))
  const sum = b.reduceSum(b.mul(centred, centred), last(x))
  const deviation = b.sqrt(b.add(b.div(sum, b.literal(sum, n)), b.literal(sum, 1e-5)))
  const scale = b.expand(b.reshape(weight, [...x.shape.slice(0, -1).map(() => 1), n]), x.shape)
  return b.mul(b.div(centred, kept(deviation, x)), scale)
}

const shapes = [
  [2, 17, 16],
  [3, 9, 17],
  [1, 40, 33],
  [2, 2, 10, 65],
]

const graphs: Record<string, (x: Node, weight: Node) => Node> = { maskedSoftmax, layerNorm }

const numbers = (shape: readonly number[]): number[] =>
  Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7919) % 1000) / 250 - 2)

function graphOf(shape: number[], of: string) {
  const inputs = [f32(shape), f32([shape[shape.length - 1]]), f32(shape)]
  const [x, weight, seed] = inputs
  const y = graphs[of](x, weight)
  const [gradient] = pullback(b, [y], [seed], [x])
  return { inputs, outputs: [y, gradient as Node], values: inputs.map((n) => numbers(n.shape)) }
}

it('a sum over rows stays apart from what takes rows, also where the sizes coincide', () => {
  // Sixteen rows of four, added up to 4 × 4 = 16 numbers: as a mask's gradient is.
  const x = f32([2, 2, 4, 4])
  const softmax = b.exp(b.sub(x, kept(b.reduceMax(x, last(x)), x)))
  const normal = b.div(softmax, kept(b.reduceSum(softmax, last(x)), x))
  const summed = b.reduceSum(normal, [0, 1])
  const { kernels } = cutIntoKernels([summed], (n) => n === x, target)
  expect(kernels.length).toBe(2)
  expect(kernels.map((kernel) => kernel.outputs.includes(summed))).toEqual([false, true])
})

it('softmax and layer norm are one kernel, and their gradients one', () => {
  for (const of of Object.keys(graphs)) {
    const { inputs, outputs } = graphOf([4, 8, 32], of)
    const kernels = cutIntoKernels(outputs, (n) => inputs.includes(n), target).kernels
    expect(kernels.length, of).toBeLessThanOrEqual(2)
    expect(kernels[0], of).toMatchObject({ kind: 'map', rows: { rows: 32, columns: 32 } })
  }
})

describe.each(await compiledBackends())('rows on $name', ({ make, absent }) => {
  let single: CompiledBackend
  let double: CompiledBackend
  beforeAll(async () => {
    if (absent !== null) return
    single = await make({ threads: 1 })
    double = await make({ threads: 2, target: { serialWork: 1 } })
  })
  afterAll(() => {
    single?.close()
    double?.close()
  })

  it
    .skipIf(absent !== null)
    .each(Object.keys(graphs).flatMap((of) => shapes.map((shape) => ({ of, shape }))))(
    '$of of $shape',
    ({ of, shape }) => {
      const { inputs, outputs, values } = graphOf(shape, of)
      const expected = runGraph(outputs, inputs, values)
      const got = runGraph(outputs, inputs, values, single)
      got.forEach((g, i) => {
        expectClose(g, expected[i], { relative: 1e-4, absolute: 1e-5 }, `${of} ${i}`)
      })
      expect(runGraph(outputs, inputs, values, double)).toEqual(got)
      // Every value asked for, and each by itself: the same bits.
      outputs.forEach((o, i) => {
        expect(runGraph([o], inputs, values, single)[0]).toEqual(got[i])
      })
    },
  )
})
