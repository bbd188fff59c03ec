/** Contractions as dot products along runs of the inner dimension, on every compiled backend. */
import { describe, expect, it } from 'vitest'
import { lowerGraph } from '../../../src/codegen/lower.js'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import { pullback } from '../../../src/ir/gradients.js'
import type { Node } from '../../../src/ir/node.js'
import { isDotContract } from '../../../src/schedule/dot-contract.js'
import { closing } from '../../helpers/closing.js'
import { type CompiledBackend, compiledBackends } from '../../helpers/compiled-backends.js'
import { normals } from '../../helpers/random.js'
import { runGraph } from '../../helpers/run-graph.js'
import { expectClose } from '../../helpers/tolerance.js'

/** batch, rows, columns, runs, steps of a run. */
const sizes: readonly (readonly [number, number, number, number, number])[] = [
  [1, 8, 9, 4, 256],
  [1, 13, 8, 6, 196],
  [1, 21, 34, 1, 2048],
  [3, 10, 11, 2, 1040],
  [8, 16, 8, 16, 64],
  [1, 9, 40, 31, 78],
  [1, 8, 8, 1, 1037],
  [1, 8, 8, 1, 1072],
]

const contractOf = (x: Node, y: Node): Node =>
  b.contract(x, y, {
    batch: [[0], [0]],
    contracting: [
      [2, 3],
      [2, 3],
    ],
    accumulate: 'f32',
  })

/** How both sides come out of memory. */
const forms = ['as they are', 'of a function', 'every second one', 'every third half'] as const

/** relu(f(x) · f(y) + c), with f as the form says. */
function graphOf([batch, m, n, runs, run]: (typeof sizes)[number], form: (typeof forms)[number]) {
  const step = form === 'every second one' ? 2 : form === 'every third half' ? 3 : 1
  const side = (count: number): Node =>
    b.placeholder([batch, count, runs, step * (run - 1) + 1], step === 3 ? 'f16' : 'f32')
  const [x, y] = [side(m), side(n)]
  const c = b.placeholder([batch, m, n], 'f32')
  const of = (v: Node): Node => {
    if (form === 'of a function') return b.add(b.mul(v, v), b.literal(v, -1))
    return step === 1 ? v : b.cast(b.slice(v, [0, 0, 0, 0], v.shape, [1, 1, 1, step]), 'f32')
  }
  const sum = b.add(contractOf(of(x), of(y)), c)
  return { inputs: [x, y, c] as Node[], outputs: [b.maximum(sum, b.literal(sum, 0))] }
}

it('is chosen by shape, axes and dtype', () => {
  const of = (m: number, n: number, runs: number, run: number): boolean =>
    isDotContract(
      contractOf(b.placeholder([1, m, runs, run], 'f32'), b.placeholder([1, n, runs, run], 'f32')),
    )
  expect(of(8, 8, 4, 256)).toBe(true)
  expect(of(7, 8, 4, 256)).toBe(false)
  expect(of(8, 8, 3, 256)).toBe(false)
  expect(of(8, 8, 64, 49)).toBe(false)
  expect(of(512, 512, 4, 256)).toBe(false)
  const linear = (m: number, n: number, k: number): boolean =>
    isDotContract(
      b.contract(b.placeholder([m, k], 'f32'), b.placeholder([n, k], 'f32'), {
        batch: [[], []],
        contracting: [[1], [1]],
        accumulate: 'f32',
      }),
    )
  // Few rows and many columns, but not many rows and few columns, make large results of dot products.
  expect(linear(32, 4096, 1500)).toBe(true)
  expect(linear(65, 4096, 1500)).toBe(false)
  expect(linear(4096, 32, 1024)).toBe(false)
  // Many rows are read where they lie, unless they push each other out of the cache or columns leave lanes idle.
  expect(linear(512, 64, 1500)).toBe(false)
  expect(linear(511, 64, 1500)).toBe(true)
  expect(linear(512, 64, 1024)).toBe(true)
  expect(linear(512, 20, 1500)).toBe(true)
  const across = b.contract(b.placeholder([1024, 8], 'f32'), b.placeholder([8, 1024], 'f32'), {
    batch: [[], []],
    contracting: [[0], [1]],
    accumulate: 'f32',
  })
  expect(isDotContract(across)).toBe(false)
})

describe.each(await compiledBackends())('dot products on $name', ({ make, absent }) => {
  const open = closing(make)
  const on = (threads: number): Promise<CompiledBackend> => open({ threads, target: { serialWork: 1 } })

  it.skipIf(absent !== null).each(sizes)('%i × (%i × %i, inner %i × %i)', async (...size) => {
    const [batch, m, n, runs, run] = size
    const [one, two] = [await on(1), await on(2)]
    for (const form of forms) {
      const { inputs, outputs } = graphOf(size, form)
      const values = inputs.map((node, i) => normals(i + 1, sizeOf(node.shape)))
      const [expected] = runGraph(outputs, inputs, values)
      expect(lowerGraph({ inputs, outputs, donations: new Map() }, one.target).kernels).toHaveLength(1)
      const [got] = runGraph(outputs, inputs, values, one)
      const bound = 3e-6 * Math.sqrt(runs * run) * (form === 'of a function' ? 3 : 1)
      expect(got).toHaveLength(batch * m * n)
      expectClose(got, expected, { relative: 0, absolute: bound }, form)
      expect(runGraph(outputs, inputs, values, two)[0]).toEqual(got)
    }
  })

  it.skipIf(absent !== null).each([
    ['one axis', [24, 10, 128], 1],
    ['three axes, in pieces', [32, 10, 4, 8, 8], 8],
    ['images that do not divide by the pieces', [12, 10, 28, 28], 1],
  ] as const)('weights of 1s have such gradients: %s', async (_, [n, c, ...image], pieces) => {
    const backend = await on(2)
    const ones = image.map(() => 1)
    const x = b.placeholder([n, c, ...image], 'f32')
    const w = b.placeholder([9, c, ...ones], 'f32')
    const g = b.placeholder([n, 9, ...image], 'f32')
    const zeros = image.map((): [number, number] => [0, 0])
    const y = b.conv(x, w, { stride: ones, padding: zeros, dilation: ones, inputDilation: ones, groups: 1 })
    const outputs = pullback(b, [y], [g], [w]).map((gradient) => gradient!)
    const inputs: Node[] = [x, g]
    const names = lowerGraph({ inputs, outputs, donations: new Map() }, backend.target).kernels.map(
      ({ name }) => name,
    )
    expect(names[0]).toBe(`contract_${pieces}x10x9x${(n * sizeOf(image)) / pieces}`)
    const values = inputs.map((node, i) => normals(i + 1, sizeOf(node.shape)))
    const [expected] = runGraph(outputs, inputs, values)
    const [got] = runGraph(outputs, inputs, values, backend)
    expectClose(got, expected, { relative: 0, absolute: 5e-4 }, 'gradient')
  })

  it.skipIf(absent !== null)("a 1 × 1 convolution's weights have gradients without a copy", async () => {
    const backend = await on(2)
    const x = b.placeholder([16, 12, 16, 16], 'f32')
    const w = b.placeholder([20, 12, 1, 1], 'f32')
    const g = b.placeholder([16, 20, 16, 16], 'f32')
    const y = b.conv(x, w, {
      stride: [1, 1],
      padding: [
        [0, 0],
        [0, 0],
      ],
      dilation: [1, 1],
      inputDilation: [1, 1],
      groups: 1,
    })
    const outputs = pullback(b, [y], [g], [w]).map((gradient) => gradient!)
    const inputs: Node[] = [x, g]
    const program = lowerGraph({ inputs, outputs, donations: new Map() }, backend.target)
    const names = program.kernels.map(({ name }) => name)
    expect(names[0]).toBe('contract_1x12x20x4096')
    const values = inputs.map((node, i) => normals(i + 1, sizeOf(node.shape)))
    const [expected] = runGraph(outputs, inputs, values)
    const [got] = runGraph(outputs, inputs, values, backend)
    expectClose(got, expected, { relative: 0, absolute: 2e-4 }, 'gradient')
  })
})
