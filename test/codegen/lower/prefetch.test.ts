/** Register tiles ask for what their outputs read and write. */
import { expect, it } from 'vitest'
import type { Kernel } from '../../../src/codegen/loop-ir.js'
import { lowerGraph } from '../../../src/codegen/lower.js'
import { walkStmts } from '../../../src/codegen/walk.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { target } from '../../schedule/cut.js'

const [m, n, k] = [28, 4096, 16]
const a = b.placeholder([m, k], 'f32')
const x = b.placeholder([k, n], 'f32')
const y = b.placeholder([m, n], 'f32')
const product = b.contract(a, x, { contracting: [[1], [0]], batch: [[], []], accumulate: 'f32' })
const zero = b.literal(product, 0)

/** Sizes of the buffers that a kernel asks for and only reads, apart from the product's own operands. */
function askedFor(kernel: Kernel): number[] {
  const asked = new Set<number>()
  walkStmts(kernel.body, (s) => {
    if (s.kind === 'prefetch' && kernel.buffers[s.buffer].name !== 'out')
      asked.add(kernel.buffers[s.buffer].size)
  })
  return [...asked].filter((size) => size === m * n)
}

it.each<readonly [string, Node]>([
  ['an operand of a sum', b.add(product, y)],
  ['a mask whose other choice is zero', b.where(b.lt(y, zero), zero, product)],
])('%s is asked for', (_, output) => {
  const { kernels } = lowerGraph(
    { inputs: [a, x, y], outputs: [output], donations: new Map() },
    { ...target, vectorBytes: 64, tail: 'mask', tile: { rows: 14, vectors: 2, unroll: 4 }, prefetches: true },
  )
  expect(askedFor(kernels.find(({ name }) => name.startsWith('contract'))!)).toEqual([m * n])
})
