/** Convolutions by tiles on every compiled backend, against the direct sum in f64. */
import { describe, expect, it } from 'vitest'
import { lowerGraph } from '../../../src/codegen/lower.js'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import type { Node, PadPair } from '../../../src/ir/node.js'
import { isWinograd } from '../../../src/schedule/winograd.js'
import { closing } from '../../helpers/closing.js'
import { type CompiledBackend, compiledBackends } from '../../helpers/compiled-backends.js'
import { normals } from '../../helpers/random.js'
import { runGraph } from '../../helpers/run-graph.js'

interface Case {
  readonly what: string
  /** N, C, H, W. */
  readonly image: readonly [number, number, number, number]
  readonly outChannels: number
  readonly padding: readonly [PadPair, PadPair]
  /** Taps given as a data gradient has them: (C, O, 3, 3), turned by half a circle. */
  readonly turned?: boolean
}

const same: Case['padding'] = [
  [1, 1],
  [1, 1],
]
const none: Case['padding'] = [
  [0, 0],
  [0, 0],
]

const cases: Case[] = [
  { what: 'whole tiles, whole vectors of channels', image: [8, 32, 8, 16], outChannels: 32, padding: same },
  { what: 'a data gradient', image: [8, 32, 8, 16], outChannels: 48, padding: same, turned: true },
  { what: 'odd sizes and channels', image: [9, 20, 9, 11], outChannels: 37, padding: same },
  { what: 'no padding, one image', image: [3, 33, 30, 29], outChannels: 40, padding: none },
  {
    what: 'uneven padding',
    image: [3, 16, 17, 40],
    outChannels: 70,
    padding: [
      [2, 1],
      [0, 3],
    ],
  },
  { what: 'a tile an image', image: [80, 24, 4, 4], outChannels: 64, padding: same },
  { what: 'images smaller than a tile', image: [200, 24, 3, 3], outChannels: 64, padding: same },
  { what: 'few tiles, channels in equal parts', image: [1, 150, 14, 13], outChannels: 72, padding: same },
  {
    what: 'few tiles, channels in parts and a rest',
    image: [1, 127, 14, 13],
    outChannels: 72,
    padding: same,
  },
  { what: 'several panels of output channels', image: [6, 16, 12, 12], outChannels: 150, padding: same },
]

function graphOf({ image, outChannels, padding, turned }: Case, dtype: 'f32' | 'f64') {
  const x = b.placeholder(image, dtype)
  const w = b.placeholder(turned ? [image[1], outChannels, 3, 3] : [outChannels, image[1], 3, 3], dtype)
  const taps = turned ? b.permute(b.flip(w, [2, 3]), [1, 0, 2, 3]) : w
  const ones = [1, 1]
  const conv = b.conv(x, taps, { stride: ones, padding, dilation: ones, inputDilation: ones, groups: 1 })
  return { x, w, conv }
}

/** The gradient of a row's taps, (O, C, 3, 3), joined with what an optimizer does with it. */
function gradientOf({ image, outChannels, padding }: Case, dtype: 'f32' | 'f64') {
  const x = b.placeholder(image, dtype)
  const [n, c, height, width] = image
  const sizes = [height, width].map((size, i) => size + padding[i][0] + padding[i][1] - 2)
  const dy = b.placeholder([n, outChannels, ...sizes], dtype)
  const velocity = b.placeholder([outChannels, c, 3, 3], dtype)
  const ones = [1, 1]
  const [images, taps] = [x, dy].map((v) => b.permute(v, [1, 0, 2, 3]))
  const conv = b.conv(images, taps, { stride: ones, padding, dilation: ones, inputDilation: ones, groups: 1 })
  const step = b.add(b.permute(conv, [1, 0, 2, 3]), b.mul(velocity, b.full(velocity.shape, 0.5, dtype)))
  return { inputs: [x, dy, velocity], outputs: [step] }
}

/** `scale` is about how large the sums are; direct sums in f32 are off by 4e-7 of that on average. */
function expectClose(got: readonly number[], expected: readonly number[], scale: number): void {
  const errors = got.map((v, i) => Math.abs(v - expected[i]) / scale)
  expect(errors.reduce((m, e) => Math.max(m, e), 0)).toBeLessThan(1.5e-5)
  expect(Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length)).toBeLessThan(1.2e-6)
}

/** What the reference says in f64, computed once for all backends. */
const known = new Map<string, number[][]>()
function exactly(
  key: string,
  { inputs, outputs }: { inputs: Node[]; outputs: Node[] },
  values: Float32Array[],
) {
  const expected = known.get(key) ?? runGraph(outputs, inputs, values)
  known.set(key, expected)
  return expected
}

const backends = await compiledBackends()

describe.each(backends)('Winograd on $name', ({ make, absent }) => {
  const open = closing(make)
  const on = (threads: number): Promise<CompiledBackend> => open({ threads })

  it.skipIf(absent !== null).each(cases)('$what', async (row) => {
    const { x, w, conv } = graphOf(row, 'f32')
    expect(isWinograd(conv)).toBe(true)
    const values = [normals(1, sizeOf(x.shape)), normals(2, sizeOf(w.shape))]
    const exact = graphOf(row, 'f64')
    const [expected] = exactly(row.what, { inputs: [exact.x, exact.w], outputs: [exact.conv] }, values)
    const [got] = runGraph([conv], [x, w], values, await on(1))
    // The sum of 9·C products of normal numbers is about √(9C). Direct sums in f32 are off by 4e-7 of that on average.
    expectClose(got, expected, Math.sqrt(9 * row.image[1]))
    const [two] = runGraph([conv], [x, w], values, await on(2))
    expect(two).toEqual(got)
  })

  it.skipIf(absent !== null).each(cases.filter((c) => !c.turned))(
    'the gradient of the taps: $what',
    async (row) => {
      const [graph, exact] = [gradientOf(row, 'f32'), gradientOf(row, 'f64')]
      const values = graph.inputs.map((node, i) => normals(i, sizeOf(node.shape)))
      const backend = await on(1)
      const program = lowerGraph({ ...graph, donations: new Map() }, backend.target)
      expect(program.kernels.map((k) => k.name.split('_').slice(0, 2).join())).toEqual(['winograd,gradient'])
      const expected = exactly(`gradient: ${row.what}`, exact, values)
      const got = runGraph(graph.outputs, graph.inputs, values, backend)
      expectClose(got[0], expected[0], Math.sqrt(sizeOf(graph.inputs[1].shape) / row.outChannels))
      expect(runGraph(graph.outputs, graph.inputs, values, await on(2))).toEqual(got)
    },
  )

  it.skipIf(absent !== null)('reads an expression, and stores the element-wise rest', async () => {
    const row: Case = { what: '', image: [20, 16, 10, 7], outChannels: 20, padding: same }
    const build = (dtype: 'f32' | 'f64'): { inputs: Node[]; outputs: Node[] } => {
      const x = b.placeholder(row.image, dtype)
      const w = b.placeholder([20, 16, 3, 3], dtype)
      const [bias, rest] = [b.placeholder([1, 20, 1, 1], dtype), b.placeholder([20, 20, 10, 7], dtype)]
      const ones = [1, 1]
      const relu = (n: Node): Node => b.maximum(n, b.literal(n, 0))
      const conv = b.conv(relu(x), w, {
        stride: ones,
        padding: row.padding,
        dilation: ones,
        inputDilation: ones,
        groups: 1,
      })
      const sum = b.add(b.add(conv, b.expand(bias, conv.shape)), rest)
      return { inputs: [x, w, bias, rest], outputs: [sum, relu(sum)] }
    }
    const values = [16 * 70 * 20, 20 * 16 * 9, 20, 20 * 70 * 20].map((n, i) => normals(i, n))
    const [graph, exact] = [build('f32'), build('f64')]
    const expected = runGraph(exact.outputs, exact.inputs, values)
    const backend = await on(1)
    const got = runGraph(graph.outputs, graph.inputs, values, backend)
    expected.forEach((output, i) => {
      const worst = output.reduce((m, v, j) => Math.max(m, Math.abs(v - got[i][j])), 0)
      expect(worst).toBeLessThan(1.5e-5 * Math.sqrt(9 * 16))
    })
    const program = lowerGraph({ ...graph, donations: new Map() }, backend.target)
    expect(program.kernels.map((k) => k.name)).toEqual(['winograd_taps_20x16', 'winograd_20x20x10x7x16'])
  })
})
