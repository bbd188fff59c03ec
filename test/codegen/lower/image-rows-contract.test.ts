/** Contractions of few rows with rows of images: right on every width, with the same bits on one thread and two. */
import { describe, expect, it } from 'vitest'
import { lowerGraph } from '../../../src/codegen/lower.js'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import { isOp, type Node, topologicalOrder } from '../../../src/ir/node.js'
import { simplify } from '../../../src/schedule/simplify.js'
import { isThin, isThinOverWindows } from '../../../src/schedule/thin-contract.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { runGraph } from '../../helpers/run-graph.js'
import { expectClose } from '../../helpers/tolerance.js'

interface Case {
  readonly image: readonly [number, number, number, number]
  readonly filters: readonly [number, number, number]
  readonly padding?: number
  readonly stride?: number
}

/** Each has rows that fill vectors of sixteen lanes or of eight. */
const cases: readonly Case[] = [
  { image: [3, 4, 12, 14], filters: [6, 3, 3], padding: 1 },
  { image: [1, 2, 34, 34], filters: [5, 5, 5] },
  { image: [2, 3, 7, 16], filters: [3, 1, 1] },
  { image: [1, 1, 9, 31], filters: [4, 3, 1], padding: 1 },
  { image: [5, 2, 2, 15], filters: [3, 2, 3], padding: 1 },
  { image: [2, 2, 9, 31], filters: [4, 3, 3], padding: 1, stride: 2 },
  // One and two rows on the left: an image of one channel, made or differentiated.
  { image: [2, 8, 12, 14], filters: [1, 3, 3], padding: 1 },
  { image: [3, 6, 14, 28], filters: [2, 5, 5], padding: 2 },
]

function build({ image, filters, padding = 0, stride = 1 }: Case): { inputs: Node[]; output: Node } {
  const x = b.placeholder(image, 'f32')
  const [o, kh, kw] = filters
  const w = b.placeholder([o, image[1], kh, kw], 'f32')
  const bias = b.placeholder([o], 'f32')
  const y = b.conv(x, w, {
    stride: [stride, stride],
    padding: [
      [padding, padding],
      [padding, padding],
    ],
    dilation: [1, 1],
    inputDilation: [1, 1],
    groups: 1,
  })
  const shifted = b.add(y, b.expand(b.reshape(bias, [1, o, 1, 1]), y.shape))
  return { inputs: [x, w, bias], output: b.maximum(shifted, b.literal(y, 0)) }
}

for (const { name, make, absent } of await compiledBackends()) {
  describe.skipIf(absent !== null)(`${name}${absent === null ? '' : ` (${absent})`}`, async () => {
    const one = absent === null ? await make({ threads: 1 }) : null
    const two = absent === null ? await make({ threads: 2, target: { serialWork: 1 } }) : null
    for (const row of cases) {
      it(`${row.image.join('×')} by ${row.filters.join('×')}`, () => {
        const { inputs, output } = build(row)
        const values = inputs.map((n, i) =>
          Array.from({ length: sizeOf(n.shape) }, (_, j) => Math.sin(1.3 * j + 10 * i)),
        )
        const [expected] = runGraph([output], inputs, values)
        const [got] = runGraph([output], inputs, values, one!)
        expectClose(got, expected, { relative: 0, absolute: 5e-5 }, 'product')
        expect(runGraph([output], inputs, values, two!)[0]).toEqual(got)
      })
    }
    it.skipIf(one?.target.tail !== 'mask')('reads the image where it lies', () => {
      const { inputs, output } = build(cases[0])
      const { kernels } = lowerGraph({ inputs, outputs: [output], donations: new Map() }, one!.target)
      const product = kernels.find((k) => k.name.startsWith('contract'))
      expect(product?.buffers.map((x) => x.kind)).not.toContain('scratch')
    })
  })
}

it('one row times windows is no product of a matrix that is read once', () => {
  const { inputs, output } = build(cases[cases.length - 2])
  const { outputs } = simplify({ inputs, outputs: [output], donations: new Map() })
  const products = topologicalOrder(outputs, (n) => n.inputs).filter((n) => isOp(n, 'contract'))
  expect(products.map((n) => [isThin(n), isThinOverWindows(n)])).toEqual([[false, true]])
})
