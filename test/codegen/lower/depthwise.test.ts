/** Depthwise convolutions and both their gradients, with every compiled backend against the convolution's definition. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import { pullback } from '../../../src/ir/gradients.js'
import type { Attributes, Node } from '../../../src/ir/node.js'
import { substitute } from '../../../src/ir/rewrite.js'
import { cutIntoKernels } from '../../../src/schedule/fuse.js'
import { simplify } from '../../../src/schedule/simplify.js'
import { type CompiledBackend, compiledBackends } from '../../helpers/compiled-backends.js'
import { runGraph } from '../../helpers/run-graph.js'
import { expectClose } from '../../helpers/tolerance.js'
import { target } from '../../schedule/cut.js'

interface Row {
  readonly of: string
  readonly images: readonly number[]
  readonly kernel: readonly number[]
  readonly stride?: number
  readonly padding?: number
  readonly dilation?: number
}

const rows: readonly Row[] = [
  { of: 'rows of two vectors', images: [3, 5, 20, 32], kernel: [3, 3], padding: 1 },
  { of: 'rows of a vector', images: [4, 3, 16, 16], kernel: [3, 3], padding: 1 },
  { of: 'odd rows', images: [2, 3, 19, 23], kernel: [3, 3], padding: 1 },
  { of: 'small images', images: [9, 4, 8, 8], kernel: [3, 3], padding: 1 },
  { of: 'images of one vector', images: [40, 3, 4, 4], kernel: [3, 3], padding: 1 },
  { of: 'long strides', images: [3, 4, 32, 32], kernel: [3, 3], padding: 1, stride: 2 },
  { of: 'wide taps', images: [3, 2, 24, 24], kernel: [5, 5], padding: 2 },
  { of: 'dilation', images: [3, 2, 24, 24], kernel: [3, 3], padding: 2, dilation: 2 },
  { of: 'signals', images: [5, 3, 200], kernel: [7], padding: 3 },
  { of: 'volumes', images: [2, 2, 9, 6, 16], kernel: [3, 3, 3], padding: 1 },
]

const numbers = (shape: readonly number[]): number[] =>
  Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7919) % 1000) / 500 - 1)

function graphOf({ images, kernel, stride = 1, padding = 0, dilation = 1 }: Row) {
  const channels = images[1]
  const all = <T>(value: T): T[] => kernel.map(() => value)
  const attrs: Attributes['conv'] = {
    stride: all(stride),
    padding: all([padding, padding] as const),
    dilation: all(dilation),
    inputDilation: all(1),
    groups: channels,
  }
  const x = b.placeholder(images, 'f32')
  const w = b.placeholder([channels, 1, ...kernel], 'f32')
  const y = b.conv(x, w, attrs)
  const seed = b.placeholder(y.shape, 'f32')
  const [gx, gw] = pullback(b, [y], [seed], [x, w])
  const inputs: Node[] = [x, w, seed]
  return { inputs, outputs: [y, gx as Node, gw as Node], values: inputs.map((n) => numbers(n.shape)) }
}

describe.each(await compiledBackends())('depthwise convolutions on $name', ({ make, absent }) => {
  let single: CompiledBackend
  let double: CompiledBackend
  beforeAll(async () => {
    if (absent !== null) return
    single = await make({ threads: 1 })
    double = await make({ threads: 2, target: { serialWork: 1, l2: 4096 } })
  })
  afterAll(() => {
    single?.close()
    double?.close()
  })

  it.skipIf(absent !== null).each(rows)('$of', (row) => {
    const { inputs, outputs, values } = graphOf(row)
    const expected = runGraph(outputs, inputs, values)
    const got = runGraph(outputs, inputs, values, single)
    got.forEach((g, i) => {
      expectClose(g, expected[i], { relative: 1e-4, absolute: 2e-4 }, `result ${i}`)
    })
    expect(runGraph(outputs, inputs, values, double)).toEqual(got)
    outputs.forEach((o, i) => {
      expect(runGraph([o], inputs, values, single)[0]).toEqual(got[i])
    })
  })
})

it('the convolution and the gradient of its taps take the same padded image', () => {
  const { inputs, outputs } = graphOf(rows[0])
  const simple = simplify({ inputs, outputs, donations: new Map() })
  const pads = new Set<Node>()
  const seen = new Set<Node>(simple.outputs)
  for (const node of seen) {
    if (node.op === 'pad' && node.inputs[0] === inputs[0]) pads.add(node)
    for (const x of node.inputs) seen.add(x)
  }
  expect(pads.size).toBe(1)
})

it('an image that is stored with its padding is read from inside it by the gradient of the taps', () => {
  const { inputs, outputs } = graphOf({ of: '', images: [2, 3, 16, 16], kernel: [3, 3], padding: 1 })
  const [, , seed] = inputs
  // The seed is computed: its only copy is the padded one that the input's gradient needs.
  const scaled = b.mul(seed, seed)
  const [, gx, gw] = outputs
  const replaced = substitute(b, [gx, gw], new Map<Node, Node>([[seed, scaled]]))
  const simple = simplify({ inputs, outputs: replaced, donations: new Map() })
  const { kernels } = cutIntoKernels(simple.outputs, (n) => inputs.includes(n), target)
  const made = kernels.flatMap((k) => k.outputs)
  expect(made.filter((n) => n.op === 'mul')).toEqual([])
  expect(made.filter((n) => n.op === 'pad').length).toBe(2)
})
