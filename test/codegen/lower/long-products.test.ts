/**
 * Products with long inner dimensions, which are summed in slices, have the same bits whatever is fused with them and
 * whatever else a program computes: alone, with what makes their operands and reads their results, on two threads.
 */
import { describe, expect, it } from 'vitest'
import { sizeOf } from '../../../src/core/shape.js'
import type { Storage } from '../../../src/core/storage.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { onOneAndTwoThreads } from '../../helpers/closing.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { nodeByNode } from '../../helpers/node-by-node.js'
import { seeded } from '../../helpers/random.js'
import { run, storageFrom } from '../../helpers/run-graph.js'

/**
 * Rows, columns, inner steps, and which of both sides are stored turned: sums along runs, register tiles, tall and thin
 * ones; slices that do not come out even.
 */
const products: [number, number, number, string][] = [
  [1, 40, 1100, 'nn'],
  [3, 70, 2049, 'tn'],
  [24, 33, 1536, 'nt'],
  [24, 33, 1100, 'nn'],
  [60, 10, 1433, 'nn'],
  [70, 17, 1100, 'tn'],
  [80, 40, 1030, 'nt'],
  [200, 7, 1029, 'nn'],
]

const random = seeded(11)

const bytesOf = (s: Storage): string => Buffer.from(s.bytes()).toString('base64')

/** x of (rows, inner) and y of (inner, columns). */
function operands(m: number, n: number, k: number, layout: string): { inputs: Node[]; x: Node; y: Node } {
  const matrix = (rows: number, columns: number, turned: boolean): [Node, Node] => {
    const stored = b.placeholder(turned ? [columns, rows] : [rows, columns], 'f32')
    return [stored, turned ? b.permute(stored, [1, 0]) : stored]
  }
  const [left, x] = matrix(m, k, layout[0] === 't')
  const [right, y] = matrix(k, n, layout[1] === 't')
  return { inputs: [left, right], x, y }
}

const multiply = (x: Node, y: Node): Node =>
  b.contract(x, y, { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' })

/** What a program has besides the product. */
const surroundings: Record<string, (x: Node, y: Node) => Node[]> = {
  'an activation on both sides': (x, y) => [b.sigmoid(multiply(b.tanh(x), y))],
  'its operands as results': (x, y) => [b.neg(x), multiply(b.neg(x), b.exp(y))],
  'sums of its rows': (x, y) => [b.reduceSum(b.mul(multiply(x, y), multiply(x, y)), [1])],
  'the product of its transposes': (x, y) => {
    const product = multiply(x, y)
    return [product, multiply(b.permute(y, [1, 0]), b.permute(x, [1, 0]))]
  },
  'the gradients of its operands': (x, y) => {
    const product = b.tanh(multiply(x, y))
    return [multiply(product, b.permute(y, [1, 0])), multiply(b.permute(x, [1, 0]), product)]
  },
}

for (const entry of await compiledBackends()) {
  const { name, absent } = entry
  describe.skipIf(absent !== null)(`${name}${absent === null ? '' : ` (${absent})`}`, async () => {
    const [single, double] = await onOneAndTwoThreads(entry)

    it.each(Object.keys(surroundings))('%s', (what) => {
      for (const [m, n, k, layout] of products) {
        const { inputs, x, y } = operands(m, n, k, layout)
        const outputs = surroundings[what](x, y)
        const given = inputs.map((i) =>
          storageFrom(
            'f32',
            Array.from({ length: sizeOf(i.shape) }, () => random.normal()),
          ),
        )
        const at = `${m}×${n}×${k} ${layout}`
        const fused = run(single, inputs, given, outputs).map(bytesOf)
        expect(nodeByNode(single, inputs, given, outputs).map(bytesOf), `${at}, node by node`).toEqual(fused)
        expect(run(double, inputs, given, outputs).map(bytesOf), `${at}, two threads`).toEqual(fused)
      }
    })
  })
}
