/** Rows with borders and joints are written in pieces: every piece holds what the reference says, on any width. */
import { describe, expect, it } from 'vitest'
import { lowerGraph } from '../../../src/codegen/lower.js'
import { printKernel } from '../../../src/codegen/print.js'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { onOneAndTwoThreads } from '../../helpers/closing.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { runGraph } from '../../helpers/run-graph.js'
import { expectClose } from '../../helpers/tolerance.js'

const x = b.placeholder([3, 5, 37], 'f32')
const y = b.placeholder([3, 5, 18], 'f32')
const z = b.placeholder([3, 5, 3], 'f32')
const inputs = [x, y, z]
const values = inputs.map((n, i) => Array.from({ length: sizeOf(n.shape) }, (_, j) => Math.sin(j + 100 * i)))

const pad = (n: Node, low: number, high: number, rows = 0, inside = 0): Node =>
  b.pad(n, [0, rows, low], [0, rows, high], [0, 0, inside], 7)

/** x, -x, x², … element by element in turns: as many pieces as said. */
const turns = (count: number, of: Node = x): Node => {
  const parts = [of, b.neg(of), b.mul(of, of), b.exp(of), b.sin(of)].slice(0, count)
  const stacked = b.concat(
    parts.map((part) => b.reshape(part, [1, ...part.shape])),
    0,
  )
  const last = b.permute(stacked, [1, 2, 3, 0])
  return b.reshape(last, [3, 5, of.shape[2] * count])
}

const cases: Record<string, Node> = {
  'a border on either side': pad(x, 1, 1),
  'wide borders and border rows': pad(x, 19, 40, 2),
  'a border on one side': pad(y, 0, 16, 1),
  'what is cut off': pad(x, -3, -5),
  'a border around what is turned': pad(b.flip(x, [2]), 4, 2, 1),
  'what is turned with its border': b.flip(pad(x, 4, 2, 1), [2]),
  'zeros between elements': pad(y, 3, 2, 0, 1),
  'two zeros between elements': pad(y, 1, 0, 0, 2),
  'zeros between elements and rows': b.pad(y, [0, 1, 0], [0, 0, 1], [0, 1, 1], 0),
  ...Object.fromEntries([2, 3, 4, 5].map((count) => [`${count} pieces in turns`, turns(count)])),
  'short pieces in turns': turns(2, z),
  'comparisons in turns': b.where(b.lt(turns(2), b.literal(turns(2), 0.1)), turns(2), b.neg(turns(2))),
  'booleans between others': b.pad(b.lt(y, b.literal(y, 0)), [0, 0, 2], [0, 0, 1], [0, 0, 1], 1),
  'windows added up with gaps': b.fold(b.window(x, { size: [2, 2], stride: [2, 2], dilation: [1, 1] }), {
    size: [2, 2],
    stride: [2, 2],
    dilation: [1, 1],
    spatial: [5, 37],
  }),
  'several pieces': b.concat([x, y, z, b.neg(x)], 2),
  'pieces behind a border': pad(b.concat([z, x, y], 2), 2, 1),
  'disjoint pieces added': b.add(b.add(pad(x, 0, 21), pad(y, 37, 3)), pad(b.exp(z), 55, 0)),
  'many pieces': b.concat(
    Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? z : b.neg(z))),
    2,
  ),
  'a flat row': pad(b.reshape(x, [1, 1, 555]), 5, 3),
  'a border that is reduced': b.reduceSum(pad(x, 1, 2, 1), [1]),
  'windows of what has a border': b.exp(
    b.window(pad(x, 1, 1, 1), { size: [3, 3], stride: [1, 1], dilation: [1, 1] }),
  ),
}

for (const entry of await compiledBackends()) {
  const { name, absent } = entry
  describe.skipIf(absent !== null)(`${name}${absent === null ? '' : ` (${absent})`}`, async () => {
    const backends = await onOneAndTwoThreads(entry)
    for (const [what, node] of Object.entries(cases)) {
      it(what, () => {
        const [expected] = runGraph([node], inputs, values)
        for (const backend of backends) {
          const [got] = runGraph([node], inputs, values, backend)
          expectClose(got, expected, { relative: 0, absolute: 5e-6 }, what)
        }
      })
    }
  })
}

const entry = (await compiledBackends()).find(({ name }) => name.includes('avx512'))!

it.skipIf(entry.absent !== null)('elements in turns are read in vectors', async () => {
  const backend = await entry.make({ threads: 1 })
  const texts = [turns(2), cases['zeros between elements']].map((node) => {
    const { kernels } = lowerGraph({ inputs, outputs: [node], donations: new Map() }, backend.target)
    return kernels.map(printKernel).join('')
  })
  backend.close()
  for (const text of texts) {
    expect(text).toContain('shuffle(')
    expect(text).not.toMatch(/: f32 = in\d/)
  }
})
