/** Sums that share their loops: the same bits as each by itself, on every compiled backend, any width and tail. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { siblingsAmong } from '../../../src/codegen/lower/reduce.js'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { type CompiledBackend, compiledBackends } from '../../helpers/compiled-backends.js'
import { runGraph } from '../../helpers/run-graph.js'
import { expectClose, toleranceOf } from '../../helpers/tolerance.js'

const f32 = (shape: readonly number[]): Node<'placeholder'> => b.placeholder(shape, 'f32')
const numbers = (shape: readonly number[]): number[] =>
  Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7919) % 1000) / 250 - 2)

const shapes = [
  [3, 5, 16],
  [3, 5, 33],
  [2, 7, 100],
  // Beyond the second cache, with rows far apart.
  [16, 9, 4096],
  // Half a vector of AVX-512 and of AVX2.
  [300, 7, 8],
  [300, 7, 4],
]

/** Σx, Σx·y, the largest x and Σ(x − Σx)² over images and pixels: the last one needs the first. */
function sums(shape: readonly number[]) {
  const inputs = [f32(shape), f32(shape)]
  const [x, y] = inputs
  const sum = b.reduceSum(x, [0, 2])
  const centred = b.sub(x, b.expand(b.reshape(sum, [1, shape[1], 1]), shape))
  const outputs = [
    sum,
    b.reduceSum(b.mul(x, y), [0, 2]),
    b.reduceMax(x, [0, 2]),
    b.reduceSum(b.mul(centred, centred), [0, 2]),
  ] as const
  return { inputs, outputs, values: inputs.map((n) => numbers(n.shape)) }
}

it('siblings are sums along the same axes of which none needs another', () => {
  const { inputs, outputs } = sums([3, 5, 16])
  const reductions = outputs as unknown as Node<'reduceSum'>[]
  const other = b.reduceSum(inputs[0], [2]) as Node<'reduceSum'>
  const siblings = siblingsAmong([...reductions, other], 16, (n) => inputs.includes(n as Node<'placeholder'>))
  const [sum, product, most, squares] = reductions
  expect(siblings(sum)).toEqual([product, most])
  expect(siblings(most)).toEqual([sum, product])
  expect(siblings(squares)).toEqual([])
  expect(siblings(other)).toEqual([])
})

describe.each(await compiledBackends())('sums on $name', ({ make, absent }) => {
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

  it.skipIf(absent !== null).each(shapes.map((shape) => ({ shape })))('of $shape', ({ shape }) => {
    const { inputs, outputs, values } = sums(shape)
    const expected = runGraph(outputs, inputs, values)
    const got = runGraph(outputs, inputs, values, single)
    got.forEach((g, i) => {
      expectClose(g, expected[i], { relative: 1e-4, absolute: 1e-3 }, `sum ${i}`)
    })
    expect(runGraph(outputs, inputs, values, double)).toEqual(got)
    outputs.forEach((o, i) => {
      expect(runGraph([o], inputs, values, single)[0]).toEqual(got[i])
    })
  })

  // Threads share a reduction to a few elements, whose bits are the same alone and among others.
  it.skipIf(absent !== null).each([
    [[262_144], [0]],
    [
      [600, 7, 70],
      [0, 1, 2],
    ],
    [
      [3, 1000, 2, 100],
      [1, 3],
    ],
  ])('of %j along %j to a few', (shape, axes) => {
    const inputs = [f32(shape), f32(shape)]
    const [x, y] = inputs
    const outputs = [
      b.reduceSum(x, axes),
      b.sumProducts(x, y, axes),
      b.reduceMax(y, axes),
      b.reduceMin(x, axes),
    ]
    const values = [0, 1].map((i) => numbers(shape).map((v) => v * v - i))
    const expected = runGraph(outputs, inputs, values)
    const got = runGraph(outputs, inputs, values, double)
    got.forEach((g, i) => {
      expectClose(g, expected[i], toleranceOf('f32', i < 2 ? 'sum' : 'exact'), `reduction ${i}`)
    })
    outputs.forEach((o, i) => {
      expect(runGraph([o], inputs, values, single)[0]).toEqual(got[i])
    })
  })
})
