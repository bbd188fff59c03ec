/** Sums over images that lie apart: taken image by image they have the same bits, on every compiled backend. */
import { describe, expect, it } from 'vitest'
import { lowerMap } from '../../../src/codegen/lower/map.js'
import { lowerGraph } from '../../../src/codegen/lower.js'
import { printKernel } from '../../../src/codegen/print.js'
import type { DType } from '../../../src/core/dtype.js'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { runGraph } from '../../helpers/run-graph.js'
import { expectClose } from '../../helpers/tolerance.js'
import { target } from '../../schedule/cut.js'

/** Half of a sum. */
function printed(
  l2: number,
  shape: readonly number[],
  axes: readonly number[],
  dtype: DType = 'f32',
  threads = 2,
): string {
  const x = b.placeholder(shape, dtype)
  const sum = b.reduceSum(x, axes)
  const spec = { name: 'sum', inputs: [x], outputs: [b.mul(sum, b.literal(sum, 0.5))] }
  return printKernel(
    lowerMap(spec, { ...target, vectorBytes: 16, tail: 'scalar', threads, serialWork: 1, l2 }),
  )
}

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
  expect(printed(400, [5, 8, 6], [0, 2])).toMatchInlineSnapshot(`
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

it.each<readonly [string, number, readonly number[], readonly number[]]>([
  ['rows that lie together', 400, [8, 5, 6], [1, 2]],
  ['one image', 400, [1, 80, 6], [0, 2]],
  ['channels that no few blocks share', 400, [5, 7, 6], [0, 2]],
  ['more sums than the cache holds', 64, [5, 8, 6], [0, 2]],
  ['halves of numbers, which fit', 500, [5, 8, 6], [0, 2]],
])('%s keep their loops', (of, l2, shape, axes) => {
  const dtype = of.startsWith('halves') ? 'f16' : 'f32'
  expect(printed(l2, shape, axes, dtype)).toBe(printed(1e6, shape, axes, dtype))
})

it('blocks are as many as threads can share', () => {
  const blocks = (channels: number, threads: number): string | undefined =>
    /parallel i = 0 to (\d+)/.exec(printed(4096, [50, channels, 6], [0, 2], 'f32', threads))?.[1]
  expect([blocks(6, 2), blocks(90, 2), blocks(144, 2), blocks(64, 3), blocks(32, 16)]).toEqual([
    '1',
    '5',
    '3',
    '7',
    '15',
  ])
})

const numbers = (shape: readonly number[]): number[] =>
  Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7919) % 1000) / 250 - 2)

/** Over images and pixels: sums of products with flipped channels, and the largest; or sums of a convolution's gradient. */
function graphOf(of: 'images' | 'products', shape: readonly number[], dtype: DType) {
  const [n, c, h, w] = shape
  const placeholder = (of: readonly number[]) => b.placeholder(of, dtype)
  const [x, y, image] = [placeholder(shape), placeholder(shape), placeholder([n, c, h, w])]
  const padded = b.pad(image, [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0], 0)
  const axes = [0, 2, 3]
  const tap = (i: number, j: number) =>
    b.sumProducts(y, b.slice(padded, [0, 0, i, j], [n, c, i + h, j + w], [1, 1, 1, 1]), axes)
  const inputs = [x, y, image]
  const outputs =
    of === 'products'
      ? [tap(0, 2), tap(2, 1)]
      : [b.reduceSum(b.mul(b.flip(x, [1]), y), axes), b.reduceMax(x, axes)]
  return { inputs, outputs, values: inputs.map((node) => numbers(node.shape)) }
}

describe.each(await compiledBackends())('sums on $name', ({ make, absent }) => {
  const cases = [
    { of: 'images', shape: [6, 4, 8, 64], dtype: 'f32' },
    { of: 'images', shape: [15, 6, 8, 19], dtype: 'f32' },
    { of: 'images', shape: [30, 8, 8, 8], dtype: 'f32' },
    { of: 'images', shape: [140, 8, 4, 4], dtype: 'f32' },
    { of: 'images', shape: [6, 4, 8, 64], dtype: 'i32' },
    { of: 'images', shape: [6, 8, 8, 64], dtype: 'f16' },
    { of: 'products', shape: [6, 4, 8, 64], dtype: 'f32' },
    { of: 'products', shape: [30, 8, 8, 8], dtype: 'f32' },
  ] as const
  it.skipIf(absent !== null).each(cases)('$of $shape $dtype', async ({ of, shape, dtype }) => {
    const { inputs, outputs, values } = graphOf(of, shape, dtype)
    const plain = await make({ threads: 1 })
    const expected = runGraph(outputs, inputs, values, plain)
    plain.close()
    const tolerance = { relative: dtype === 'f16' ? 2 ** -10 : 1e-6, absolute: dtype === 'f16' ? 1e-2 : 2e-4 }
    runGraph(outputs, inputs, values).forEach((reference, i) => {
      expectClose(expected[i], reference, tolerance, `sum ${i}`)
    })
    for (const threads of [1, 2]) {
      const backend = await make({ threads, target: { serialWork: 1, l2: 16384 } })
      const got = runGraph(outputs, inputs, values, backend)
      const { kernels } = lowerGraph({ inputs, outputs, donations: new Map() }, backend.target)
      backend.close()
      expect(kernels.some(({ buffers }) => buffers.some(({ name }) => name === 'partial'))).toBe(true)
      expect(got, `${threads} threads`).toEqual(expected)
    }
  })
})
