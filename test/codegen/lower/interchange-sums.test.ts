/** Sums over images that lie apart: taken image by image they have the same bits, on every compiled backend. */
import { describe, expect, it } from 'vitest'
import { lowerMap } from '../../../src/codegen/lower/map.js'
import { printKernel } from '../../../src/codegen/print.js'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { runGraph } from '../../helpers/run-graph.js'
import { target } from '../../schedule/cut.js'

const numbers = (shape: readonly number[]): number[] =>
  Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7919) % 1000) / 250 - 2)

const sum = (shape: readonly number[], axes: readonly number[]) => {
  const x = b.placeholder(shape, 'f32')
  return { inputs: [x], outputs: [b.mul(b.reduceSum(x, axes), b.literal(b.reduceSum(x, axes), 0.5))] }
}

const printed = (l2: number, shape: readonly number[], axes: readonly number[]): string =>
  printKernel(
    lowerMap(
      { name: 'sum', ...sum(shape, axes) },
      { ...target, vectorBytes: 16, tail: 'scalar', threads: 2, serialWork: 1, l2 },
    ),
  )

it('images beyond the cache are read in their order, by blocks of channels', () => {
  expect(printed(1e6, [5, 8, 6], [0, 2])).toMatchInlineSnapshot(`
    "kernel sum
      read in0: f32[240]
      write out0: f32[8]
      parallel block = 0 to 3
        for i = 0 to 1
          sum0: f32x4 = splat(0)
          single: f32 = 0
          for r = 0 to 4
            sum0: f32x4 = (sum0 + in0[12*block + 6*i + 48*r :4])
            for r'2 = 0 to 1
              single: f32 = (single + in0[12*block + 6*i + 48*r + r'2 + 4])
          total: f32 = (combine add(sum0) + single)
          out0[2*block + i] = (total * 0.5)"
  `)
  expect(printed(1, [5, 8, 6], [0, 2])).toMatchInlineSnapshot(`
    "kernel sum
      read in0: f32[240]
      write out0: f32[8]
      scratch partial0: f32[8]
      scratch partial1: f32[2]
      parallel i = 0 to 3
        for i'2 = 0 to 1
          partial0[4*i'2 :4] = splat(0)
          partial1[i'2] = 0
        for r = 0 to 4
          for i'2 = 0 to 1
            sum0: f32x4 = partial0[4*i'2 :4]
            single: f32 = partial1[i'2]
            sum0: f32x4 = (sum0 + in0[12*i + 6*i'2 + 48*r :4])
            for r'2 = 0 to 1
              single: f32 = (single + in0[12*i + 6*i'2 + 48*r + r'2 + 4])
            partial0[4*i'2 :4] = sum0
            partial1[i'2] = single
        for i'2 = 0 to 1
          sum0: f32x4 = partial0[4*i'2 :4]
          single: f32 = partial1[i'2]
          total: f32 = (combine add(sum0) + single)
          out0[2*i + i'2] = (total * 0.5)"
  `)
})

it('rows that lie together keep their loops', () => {
  expect(printed(1, [8, 5, 6], [1, 2])).toBe(printed(1e6, [8, 5, 6], [1, 2]))
})

const f32 = (shape: readonly number[]): Node<'placeholder'> => b.placeholder(shape, 'f32')

/** Σx, Σx·y, the largest x, and two sums of a depthwise convolution's weight gradient. */
function graphOf(shape: readonly number[]) {
  const [n, c, h, w] = shape
  const [x, y, padded] = [f32(shape), f32(shape), f32([n, c, h + 2, w + 2])]
  const axes = [0, 2, 3]
  const tap = (i: number, j: number) =>
    b.reduceSum(b.mul(b.slice(padded, [0, 0, i, j], [n, c, i + h, j + w]), y), axes)
  const inputs = [x, y, padded]
  const outputs = [
    b.reduceSum(x, axes),
    b.reduceSum(b.mul(x, y), axes),
    b.reduceMax(x, axes),
    tap(0, 2),
    tap(2, 1),
  ]
  return { inputs, outputs, values: inputs.map((node) => numbers(node.shape)) }
}

describe.each(await compiledBackends())('images on $name', ({ make, absent }) => {
  const shapes = [
    [3, 4, 8, 32],
    [5, 6, 4, 19],
    [9, 8, 8, 8],
    [9, 8, 4, 4],
    [3, 7, 5, 16],
  ]
  it.skipIf(absent !== null).each(shapes.map((shape) => ({ shape })))('$shape', async ({ shape }) => {
    const { inputs, outputs, values } = graphOf(shape)
    const plain = await make({ threads: 1 })
    const expected = runGraph(outputs, inputs, values, plain)
    plain.close()
    for (const threads of [1, 2]) {
      const backend = await make({ threads, target: { serialWork: 1, l2: 1 } })
      expect(runGraph(outputs, inputs, values, backend), `${threads} threads`).toEqual(expected)
      backend.close()
    }
  })
})
