/** Register tiles ask for what their outputs read and write, and for what comes next. */
import { expect, it } from 'vitest'
import { indexRange } from '../../../src/codegen/index-expression.js'
import { lowerGraph } from '../../../src/codegen/lower.js'
import type { Target } from '../../../src/codegen/target.js'
import { walkStmts } from '../../../src/codegen/walk.js'
import * as b from '../../../src/ir/build.js'
import { pullback } from '../../../src/ir/gradients.js'
import type { Node } from '../../../src/ir/node.js'
import { target } from '../../schedule/cut.js'

const [m, n, k] = [28, 4096, 16]
const a = b.placeholder([m, k], 'f32')
const x = b.placeholder([k, n], 'f32')
const y = b.placeholder([m, n], 'f32')
const product = b.contract(a, x, { contracting: [[1], [0]], batch: [[], []], accumulate: 'f32' })
const zero = b.literal(product, 0)

const wide: Target = {
  ...target,
  vectorBytes: 64,
  tail: 'mask',
  tile: { rows: 14, vectors: 2, unroll: 4 },
  prefetches: true,
}

/** Of the buffers that the kernel of some name asks for and only reads: the size, and the first element asked for. */
function askedFrom(name: string, inputs: Node[], output: Node): Map<number, number> {
  const { kernels } = lowerGraph({ inputs, outputs: [output], donations: new Map() }, wide)
  const kernel = kernels.find((k) => k.name.startsWith(name))!
  const asked = new Map<number, number>()
  walkStmts(kernel.body, (s) => {
    if (s.kind !== 'prefetch' || kernel.buffers[s.buffer].name === 'out') return
    const { size } = kernel.buffers[s.buffer]
    asked.set(size, Math.min(asked.get(size) ?? size, indexRange(s.index)[0]))
  })
  return asked
}

const askedFor = (name: string, inputs: Node[], output: Node): number[] => [
  ...askedFrom(name, inputs, output).keys(),
]

it.each<readonly [string, Node]>([
  ['an operand of a sum', b.add(product, y)],
  ['a mask whose other choice is zero', b.where(b.lt(y, zero), zero, product)],
])('%s is asked for', (_, output) => {
  expect(askedFor('contract', [a, x, y], output).filter((size) => size === m * n)).toEqual([m * n])
})

it('rows of a large matrix with few columns are asked for', () => {
  const rows = b.placeholder([4096, 300], 'f32')
  const columns = b.placeholder([300, 16], 'f32')
  const tall = b.contract(rows, columns, { contracting: [[1], [0]], batch: [[], []], accumulate: 'f32' })
  expect(askedFor('contract', [rows, columns], tall)).toContain(4096 * 300)
})

it('rows of the next block of tiles are asked for', () => {
  const image = b.placeholder([64, 16, 8, 8], 'f32')
  const scale = b.placeholder([1, 16, 1, 1], 'f32')
  const taps = b.placeholder([16, 16, 3, 3], 'f32')
  const scaled = b.mul(image, b.expand(scale, image.shape))
  const attrs = {
    stride: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
    dilation: [1, 1],
    inputDilation: [1, 1],
    groups: 1,
  } as const
  const conv = b.conv(scaled, taps, attrs)
  const size = 64 * 16 * 8 * 8
  // The scale of a channel is there already.
  const forward = askedFrom('winograd_64x', [image, scale, taps], conv)
  expect([...forward.keys()]).toEqual([size])
  // The first block has several images.
  expect(forward.get(size)).toBeGreaterThanOrEqual(2 * 16 * 8 * 8)
  const dy = b.placeholder(conv.shape, 'f32')
  const [gradient] = pullback(b, [conv], [dy], [taps])
  const backward = askedFrom('winograd_gradient', [image, scale, dy], gradient!)
  expect([...backward.keys()]).toEqual([size])
  expect(backward.get(size)).toBeGreaterThanOrEqual(2 * 16 * 8 * 8)
})
