/** Loops of a map are split where quotients of quotients ask for it: the gradient of pooling has no division an element. */
import { expect, it } from 'vitest'
import { lowerGraph } from '../../../src/codegen/lower.js'
import { printKernel } from '../../../src/codegen/print.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { tileRows } from '../../../src/schedule/pack.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { runGraph } from '../../helpers/run-graph.js'

/** The gradient of max-pooling 2 × 2 from the places of the maxima, times `y`; all inputs lie in one piece. */
function gradient(width: number): { inputs: Node[]; outputs: Node[] } {
  const small = [3, 2, 5, width / 2]
  const y = b.placeholder([3, 2, 10, width], 'f32')
  const [places, dy] = [b.placeholder(small, 'i32'), b.placeholder(small, 'f32')]
  const taps = [...small, 4]
  const chosen = b.eq(b.iota(taps, 4, 'i32'), b.expand(b.reshape(places, [...small, 1]), taps))
  const squares = [...small, 2, 2]
  const spread = b.expand(b.reshape(dy, [...small, 1, 1]), squares)
  const kept = b.where(b.reshape(chosen, squares), spread, b.literal(spread, 0))
  return {
    inputs: [y, places, dy],
    outputs: [b.mul(y, b.reshape(b.permute(kept, [0, 1, 2, 4, 3, 5]), y.shape))],
  }
}

const backends = await compiledBackends()

it.each(backends.flatMap((entry) => [10, 14, 16, 44].map((width) => ({ ...entry, width }))))(
  'rows of $width on $name',
  async ({ make, absent, width }) => {
    if (absent !== null) return
    const backend = await make({ threads: 1 })
    const graph = gradient(width)
    const values = graph.inputs.map((node, i) =>
      Array.from({ length: node.shape.reduce((n, d) => n * d) }, (_, j) =>
        i === 1 ? (j * 7) % 4 : ((j * 37) % 101) - 50,
      ),
    )
    const expected = runGraph(graph.outputs, graph.inputs, values)
    expect(runGraph(graph.outputs, graph.inputs, values, backend)).toEqual(expected)
    const { kernels } = lowerGraph({ ...graph, donations: new Map() }, backend.target)
    backend.close()
    expect(kernels.length).toBe(1)
    // What is left of a row without masks may still ask for halves.
    expect(printKernel(kernels[0])).not.toMatch(/[/%] (?!2\))\d/)
  },
)

it.each(backends)('heads packed into tiles of rows on $name', async ({ make, absent }) => {
  if (absent !== null) return
  const backend = await make({ threads: 1 })
  const [batch, time, heads, size, columns] = [3, 24, 6, 64, 48]
  const x = b.placeholder([batch * time, heads * size], 'f32')
  const y = b.placeholder([batch, heads, time, columns], 'f32')
  const apart = b.permute(b.reshape(x, [batch, time, heads, size]), [0, 2, 1, 3])
  const turned = b.permute(apart, [0, 1, 3, 2])
  const attrs = {
    batch: [
      [0, 1],
      [0, 1],
    ],
    contracting: [[3], [2]],
    accumulate: 'f32',
  } as const
  const inputs = [x, y]
  const outputs = [b.contract(turned, y, attrs)]
  const values = inputs.map(({ shape }) =>
    Array.from({ length: shape.reduce((n, d) => n * d) }, (_, i) => ((i * 37) % 101) - 50),
  )
  expect(runGraph(outputs, inputs, values, backend)).toEqual(runGraph(outputs, inputs, values))
  const { kernels } = lowerGraph({ inputs, outputs, donations: new Map() }, backend.target)
  backend.close()
  expect(kernels).toHaveLength(2)
  const text = printKernel(kernels[0])
  expect(text).not.toMatch(/[/%] \d/)
  // 64 rows are five tiles of 13, the last one with a row of zeros.
  if (backend.target.tile.rows === 14) expect(text).toContain(':13 of 16]')
  // Steps in time lie far apart, tiles of one step side by side: twelve steps at once, and all tiles of those.
  const tiles = Math.ceil(size / tileRows(size, backend.target.tile.rows))
  const loops = [...text.matchAll(/for i'\d+ = 0 to (\d+)/g)]
    .map(([, last]) => Number(last) + 1)
    .filter((n) => n > 1)
  expect(loops.slice(-2)).toEqual([tiles, 12])
})
