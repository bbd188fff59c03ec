/** Narrow floats: what is fused to a producer gets the value that would have been stored, rounded. */
import { afterAll, expect, test } from 'vitest'
import { createWasmBackend } from '../../../src/backend/wasm/wasm.js'
import type { DType } from '../../../src/core/dtype.js'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { seeded } from '../../helpers/random.js'
import { runGraph } from '../../helpers/run-graph.js'

const backend = createWasmBackend({ threads: 1 })
afterAll(() => backend.close())

const producers: Record<string, (x: Node) => Node> = {
  contract: (x) => b.contract(x, x, { batch: [[], []], contracting: [[1], [1]], accumulate: 'f32' }),
  'thin contract': (x) =>
    b.contract(x, b.slice(x, [0, 0], [1, 20]), {
      batch: [[], []],
      contracting: [[1], [1]],
      accumulate: 'f32',
    }),
  conv: (x) =>
    b.conv(b.reshape(x, [1, 9, 20]), b.reshape(b.slice(x, [0, 0], [9, 18]), [6, 9, 3]), {
      stride: [1],
      padding: [[1, 1]],
      dilation: [1],
      inputDilation: [1],
      groups: 1,
    }),
  fold: (x) => b.fold(x, { size: [20], stride: [3], dilation: [1], spatial: [44] }),
  reduceSum: (x) => b.reduceSum(x, [0]),
  'reduceSum along lanes': (x) => b.reduceSum(x, [1]),
  cumSum: (x) => b.cumSum(x, 1, false),
  tanh: (x) => b.tanh(x),
}

for (const dtype of ['f16', 'bf16'] as DType[]) {
  for (const [name, build] of Object.entries(producers)) {
    test(`${name} in ${dtype}`, () => {
      const random = seeded(9)
      const x = b.placeholder([9, 20], dtype)
      const values = Array.from({ length: 180 }, () => random.normal())
      const y = build(x)
      const rest = (n: Node): Node => b.mul(b.add(n, b.literal(n, 0.3)), b.literal(n, 3))
      const stored = runGraph([y], [x], [values], backend)[0]
      const stand = b.placeholder(y.shape, dtype)
      expect(stored).toHaveLength(sizeOf(y.shape))
      const apart = runGraph([rest(stand)], [stand], [stored], backend)
      expect(runGraph([rest(y)], [x], [values], backend)).toEqual(apart)
    })
  }
}

test('literals, fillings and counts are as their dtype holds them', () => {
  for (const dtype of ['f16', 'bf16'] as DType[]) {
    const x = b.placeholder([7], dtype)
    const values = [1, 0.3, -2, 5, 0.1, 1000, 3]
    const literal = b.literal(x, 0.37)
    const padded = b.pad(x, [1], [1], [0], 0.1)
    const counted = b.slice(b.iota([4000], 0, dtype), [3990], [4000])
    for (const part of [literal, padded, counted]) {
      const stored = runGraph([part], [x], [values], backend)[0]
      const stand = b.placeholder(part.shape, dtype)
      const third = (n: Node): Node => b.cast(b.mul(b.cast(n, 'f32'), b.full(n.shape, 1 / 3, 'f32')), 'f32')
      expect(runGraph([third(part)], [x], [values], backend)).toEqual(
        runGraph([third(stand)], [stand], [stored], backend),
      )
      expect(stored).toEqual(runGraph([part], [x], [values])[0])
    }
  }
})
