/** Convolutions with images in lanes on every compiled backend, against the reference in f64. */
import { describe, expect, it } from 'vitest'
import { lowerGraph } from '../../../src/codegen/lower.js'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import type { Node, PadPair } from '../../../src/ir/node.js'
import { roundToBf16 } from '../../../src/ir/round-products.js'
import { laneForm } from '../../../src/schedule/image-lanes.js'
import { closing } from '../../helpers/closing.js'
import { type CompiledBackend, compiledBackends } from '../../helpers/compiled-backends.js'
import { normals } from '../../helpers/random.js'
import { runGraph } from '../../helpers/run-graph.js'

interface Case {
  readonly what: string
  /** N, C, H, W. */
  readonly image: readonly [number, number, number, number]
  readonly outChannels: number
  readonly taps: readonly [number, number]
  readonly padding?: readonly [PadPair, PadPair]
  readonly stride?: readonly [number, number]
  readonly dilation?: readonly [number, number]
  /** Taps given as a data gradient has them: (C, O, h, w), turned by half a circle. */
  readonly turned?: boolean
  readonly threads: number
}

const all = (n: number): [PadPair, PadPair] => [
  [n, n],
  [n, n],
]

const cases: Case[] = [
  { what: 'no padding', image: [32, 6, 14, 14], outChannels: 16, taps: [5, 5], threads: 2 },
  {
    what: 'one channel',
    image: [32, 16, 7, 7],
    outChannels: 1,
    taps: [3, 3],
    padding: all(1),
    threads: 2,
  },
  {
    what: 'a data gradient',
    image: [31, 5, 10, 10],
    outChannels: 6,
    taps: [5, 5],
    padding: all(4),
    turned: true,
    threads: 7,
  },
  {
    what: 'few images for the threads, not a whole vector, a short tile of channels, uneven padding',
    image: [15, 3, 9, 6],
    outChannels: 23,
    taps: [2, 3],
    padding: [
      [2, 0],
      [1, 3],
    ],
    threads: 6,
  },
  {
    what: 'strides and dilations',
    image: [48, 6, 8, 11],
    outChannels: 24,
    taps: [2, 3],
    stride: [1, 2],
    dilation: [3, 2],
    padding: [
      [0, 0],
      [0, 2],
    ],
    threads: 2,
  },
  {
    what: 'taps that meet nothing but padding',
    image: [16, 2, 2, 3],
    outChannels: 4,
    taps: [3, 3],
    padding: all(4),
    threads: 2,
  },
]

const gradients: Case[] = [
  { what: 'no padding', image: [32, 6, 14, 14], outChannels: 16, taps: [5, 5], threads: 2 },
  {
    what: 'one channel, padding',
    image: [32, 1, 12, 13],
    outChannels: 6,
    taps: [5, 5],
    padding: all(2),
    threads: 2,
  },
  {
    what: 'uneven padding, odd sizes',
    image: [29, 3, 11, 9],
    outChannels: 7,
    taps: [3, 2],
    padding: [
      [2, 0],
      [1, 3],
    ],
    threads: 3,
  },
  {
    what: 'strides and dilations',
    image: [48, 4, 14, 15],
    outChannels: 10,
    taps: [3, 3],
    stride: [2, 2],
    dilation: [1, 2],
    padding: all(1),
    threads: 4,
  },
]

type Attributes = Parameters<typeof b.conv>[2]

const attributesOf = ({ stride, dilation, padding }: Case): Attributes => ({
  stride: stride ?? [1, 1],
  padding: padding ?? all(0),
  dilation: dilation ?? [1, 1],
  inputDilation: [1, 1],
  groups: 1,
})

interface Built {
  readonly conv: Node
  readonly inputs: Node[]
  readonly outputs: Node[]
}

const relu = (x: Node): Node => b.maximum(x, b.literal(x, 0))

/** The convolution of an expression, with a bias and an activation behind it. */
function forward(row: Case, dtype: 'f32' | 'f64'): Built {
  const { image, outChannels, taps, turned } = row
  const x = b.placeholder(image, dtype)
  const w = b.placeholder(turned ? [image[1], outChannels, ...taps] : [outChannels, image[1], ...taps], dtype)
  const bias = b.placeholder([1, outChannels, 1, 1], dtype)
  const used = turned ? b.permute(b.flip(w, [2, 3]), [1, 0, 2, 3]) : w
  const conv = b.conv(b.add(relu(x), x), used, attributesOf(row))
  return { conv, inputs: [x, w, bias], outputs: [conv, relu(b.add(conv, b.expand(bias, conv.shape)))] }
}

/** The gradient of its taps, with a step of an optimizer behind it. */
function backward(row: Case, dtype: 'f32' | 'f64'): Built {
  const { stride, padding, dilation, inputDilation, groups } = attributesOf(row)
  const [n, channels, ...size] = row.image
  const places = size.map((length, i) => {
    const whole = length + padding[i][0] + padding[i][1] - dilation[i] * (row.taps[i] - 1) - 1
    return Math.floor(whole / stride[i]) + 1
  })
  const x = b.placeholder(row.image, dtype)
  const dy = b.placeholder([n, row.outChannels, ...places], dtype)
  const velocity = b.placeholder([row.outChannels, channels, ...row.taps], dtype)
  // What a stride leaves over at the end is cut off there.
  const cut = padding.map(([low, high], i): PadPair => {
    const reach = (places[i] - 1) * stride[i] + (row.taps[i] - 1) * dilation[i] + 1
    return [low, high - (size[i] + low + high - reach)]
  })
  const short = cut.map(([, high]) => Math.min(0, high))
  const images = b.permute(x, [1, 0, 2, 3])
  const kept = b.slice(
    images,
    [0, 0, 0, 0],
    images.shape.map((length, a) => (a < 2 ? length : length + short[a - 2])),
  )
  const conv = b.conv(kept, b.permute(dy, [1, 0, 2, 3]), {
    stride: dilation,
    padding: cut.map(([low, high]): PadPair => [low, Math.max(0, high)]),
    dilation: stride,
    inputDilation,
    groups,
  })
  const step = b.add(b.permute(conv, [1, 0, 2, 3]), b.mul(velocity, b.full(velocity.shape, 0.5, dtype)))
  return { conv, inputs: [x, dy, velocity], outputs: [step] }
}

/** What the reference says in f64, computed once for all backends. */
const known = new Map<string, number[][]>()

const backends = await compiledBackends()

describe.each(backends)('images in lanes on $name', ({ make, absent }) => {
  const open = closing(make)
  const on = (threads: number): Promise<CompiledBackend> => open({ threads, target: { serialWork: 1 } })
  const check = async (
    row: Case,
    build: typeof forward,
    form: ReturnType<typeof laneForm>,
    kernel: RegExp,
    terms: (graph: Built) => number,
  ): Promise<void> => {
    const [graph, exact] = [build(row, 'f32'), build(row, 'f64')]
    expect(laneForm(graph.conv)).toBe(form)
    expect(laneForm(exact.conv)).toBe(null)
    const values = graph.inputs.map((node, i) => normals(i, sizeOf(node.shape)))
    const key = `${form} ${row.what}`
    const expected = known.get(key) ?? runGraph(exact.outputs, exact.inputs, values)
    known.set(key, expected)
    const one = await on(1)
    const { kernels } = lowerGraph({ ...graph, donations: new Map() }, one.target)
    expect(kernels.filter(({ name }) => kernel.test(name)).length).toBe(1)
    const got = runGraph(graph.outputs, graph.inputs, values, one)
    const scale = Math.sqrt(terms(graph))
    expected.forEach((output, i) => {
      const worst = output.reduce((m, v, j) => Math.max(m, Math.abs(v - got[i][j])), 0)
      expect(worst).toBeLessThan(1e-5 * scale)
    })
    expect(runGraph(graph.outputs, graph.inputs, values, await on(row.threads))).toEqual(got)
  }

  it.skipIf(absent !== null).each(cases)('$what', (row) =>
    check(row, forward, 'images', /^conv_\d/, ({ inputs }) => sizeOf(inputs[1].shape) / row.outChannels),
  )

  it.skipIf(absent !== null).each(gradients)('the gradient of the taps: $what', (row) =>
    check(
      row,
      backward,
      'channels',
      /^conv_gradient_/,
      ({ inputs }) => sizeOf(inputs[1].shape) / row.outChannels,
    ),
  )
})

describe('laneForm', () => {
  const form = (
    image: number[],
    taps: number[],
    other: Partial<Attributes> = {},
    dtype: 'f32' | 'f16' = 'f32',
  ) =>
    laneForm(
      b.conv(b.placeholder(image, dtype), b.placeholder(taps, dtype), {
        ...attributesOf(cases[0]),
        ...other,
      }),
    )

  it("takes LeNet-5's second convolution in all directions, and its first one's gradient", () => {
    expect(form([64, 6, 14, 14], [16, 6, 5, 5])).toBe('images')
    expect(form([64, 16, 10, 10], [6, 16, 5, 5], { padding: all(4) })).toBe('images')
    expect(form([6, 64, 14, 14], [16, 64, 10, 10])).toBe('channels')
    expect(form([1, 64, 28, 28], [6, 64, 28, 28], { padding: all(2) })).toBe('channels')
    // Its rows fill vectors as they are.
    expect(form([64, 1, 28, 28], [6, 1, 5, 5], { padding: all(2) })).toBe(null)
  })

  it('takes nothing else', () => {
    const [image, taps] = [
      [64, 6, 14, 14],
      [16, 6, 5, 5],
    ]
    // A vector more for one image.
    expect(form([17, 6, 14, 14], taps)).toBe(null)
    expect(form([8, 6, 14, 14], taps)).toBe(null)
    expect(form(image, taps, {}, 'f16')).toBe(null)
    expect(form(image, [16, 3, 5, 5], { groups: 2 })).toBe(null)
    expect(form(image, taps, { inputDilation: [2, 1] })).toBe(null)
    expect(form(image, [16, 6, 1, 1])).toBe(null)
    expect(form([64, 6, 40, 40], taps)).toBe(null)
    // Gradients of 1 × 1 taps and of many channels, as convolutions whose batch is the channels.
    expect(form([384, 64, 4, 4], [64, 64, 4, 4])).toBe(null)
    expect(form([256, 32, 8, 8], [512, 32, 4, 4], { padding: all(1), dilation: [2, 2] })).toBe(null)
    expect(form([64, 32, 6, 6], [64, 32, 3, 5])).toBe(null)
    const cut: [PadPair, PadPair] = [
      [0, -1],
      [0, 0],
    ]
    expect(form(image, taps, { padding: cut })).toBe(null)
  })

  it('leaves products of bf16 to the instruction for them', () => {
    const rounded = (shape: number[]): Node => roundToBf16(b.placeholder(shape, 'f32'))
    const conv = b.conv(rounded([64, 6, 14, 14]), rounded([16, 6, 5, 5]), attributesOf(cases[0]))
    expect(laneForm(conv)).toBe(null)
  })
})
