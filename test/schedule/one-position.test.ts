/** Gradients of weights whose windows stand at one place, or of few channels, on every backend. */
import { describe, expect, it } from 'vitest'
import { lowerGraph } from '../../src/codegen/lower.js'
import { sizeOf } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import type { Node, PadPair } from '../../src/ir/node.js'
import { onOneAndTwoThreads } from '../helpers/closing.js'
import { compiledBackends } from '../helpers/compiled-backends.js'
import { runGraph } from '../helpers/run-graph.js'

/** Σ over images and places of x (C, N, H, W) times dy (O, N, P, Q), `step` apart: (C, O, taps, taps). */
function gradient(x: number[], dy: number[], step: number, padding: PadPair): [Node, readonly Node[]] {
  const inputs = [b.placeholder(x, 'f32'), b.placeholder(dy, 'f32')]
  const attrs = {
    stride: [1, 1],
    padding: [padding, padding],
    dilation: [step, step],
    inputDilation: [1, 1],
    groups: 1,
  }
  return [b.conv(inputs[0], inputs[1], attrs), inputs]
}

const cases: readonly [what: string, ...ReturnType<typeof gradient>][] = [
  ['1 × 1 with stride 2', ...gradient([24, 8, 32, 32], [30, 8, 16, 16], 2, [0, -1])],
  ['1 × 1 with stride 3, in the middle', ...gradient([24, 8, 30, 30], [18, 8, 9, 9], 3, [-2, -3])],
  ['1 × 1 with stride 2 and padding', ...gradient([24, 8, 14, 14], [18, 8, 8, 8], 2, [1, 0])],
  ['rows of odd length', ...gradient([17, 8, 45, 45], [18, 8, 23, 23], 2, [0, 0])],
  ['three channels', ...gradient([3, 16, 16, 16], [20, 16, 16, 16], 1, [1, 1])],
  ['two channels with stride 2', ...gradient([2, 16, 24, 24], [20, 16, 12, 12], 2, [1, 0])],
]

for (const entry of await compiledBackends()) {
  const { name, absent } = entry
  describe.skipIf(absent !== null)(`${name}${absent === null ? '' : ` (${absent})`}`, async () => {
    const backends = await onOneAndTwoThreads(entry)
    it.each(cases)('%s', (_, node, inputs) => {
      const values = inputs.map(({ shape }, i) =>
        Array.from({ length: sizeOf(shape) }, (_, j) => ((j * 37 + i) % 7) - 3),
      )
      const [expected] = runGraph([node], inputs, values)
      const results = backends.map((backend) => runGraph([node], inputs, values, backend)[0])
      // Sums of whole numbers are exact in any order.
      for (const got of results) expect(got).toEqual(expected)
    })

    it('moves no elements that it does not take', () => {
      const [, node, inputs] = cases[0]
      const [backend] = backends
      const { kernels } = lowerGraph({ inputs, outputs: [node], donations: new Map() }, backend.target)
      const taken = sizeOf(inputs[0].shape) / 4
      const stored = kernels.flatMap(({ buffers }) =>
        buffers
          .filter(({ access, kind }) => kind === 'argument' && access !== 'read')
          .map(({ size }) => size),
      )
      expect(Math.max(...stored)).toBeLessThanOrEqual(Math.max(taken, 1.1 * sizeOf(inputs[1].shape)))
    })
  })
}
