/** The packed left side of a contraction. */
import { expect, it } from 'vitest'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { packLeft, sharedBatchAxes, tileRows } from '../../src/schedule/pack.js'
import { runGraph } from '../helpers/run-graph.js'

const contraction = (x: Node, y: Node): Node<'contract'> =>
  b.contract(x, y, { batch: [[0], [0]], contracting: [[2], [1]], accumulate: 'f32' }) as Node<'contract'>

it('tiles are as equal as they can be', () => {
  expect([1, 3, 4, 5, 7, 8, 9, 12, 13].map((m) => tileRows(m, 4))).toEqual([1, 3, 4, 3, 4, 4, 3, 4, 4])
})

it('lays rows of a tile side by side, k after k, zeros behind the last row', () => {
  const [x, y] = [b.placeholder([1, 5, 2], 'f32'), b.placeholder([1, 2, 8], 'f32')]
  const packed = packLeft(contraction(x, y), 4)
  expect(packed.shape).toEqual([1, 2, 2, 3])
  const [values] = runGraph([packed], [x], [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]])
  expect(values).toEqual([1, 3, 5, 2, 4, 6, 7, 9, 0, 8, 10, 0])
})

it('keeps one copy of a left side that the batch only repeats', () => {
  const [x, y] = [b.placeholder([1, 4, 2], 'f32'), b.placeholder([6, 2, 8], 'f32')]
  const node = contraction(b.expand(x, [6, 4, 2]), y)
  expect(sharedBatchAxes(node)).toEqual([0])
  expect(packLeft(node, 4).shape).toEqual([1, 1, 2, 4])
})
