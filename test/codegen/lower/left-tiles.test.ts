/**
 * Rows of a left side that would push each other out of the L1 cache are copied tile by tile; others are read where they
 * lie, or packed where they are none. Threads share them.
 */
import { expect, it } from 'vitest'
import { lowerGraph } from '../../../src/codegen/lower.js'
import * as b from '../../../src/ir/build.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { runGraph } from '../../helpers/run-graph.js'

const [rows, columns] = [60, 48]
const cases = [1000, 1020, 1022, 1023, 1024, 1025, 2049].map((steps) => ({
  steps,
  // Rows that are 4096 bytes apart, or nearly so, fall into a few sets of the cache.
  copied: [1022, 1023, 1024, 1025, 2049].includes(steps),
}))
const backends = (await compiledBackends()).filter(({ absent }) => absent === null)

it.each(backends.flatMap((entry) => cases.map((one) => ({ ...entry, ...one }))))(
  'rows of $steps numbers on $name',
  async ({ name, make, steps, copied }) => {
    const x = b.placeholder([rows, steps], 'f32')
    const y = b.placeholder([steps, columns], 'f32')
    const attrs = { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' } as const
    const outputs = [b.contract(x, y, attrs)]
    const values = [x, y].map(({ shape }) =>
      Array.from({ length: shape[0] * shape[1] }, (_, i) => ((i * 37) % 101) - 50),
    )
    const [expected] = runGraph(outputs, [x, y], values)
    const backend = await make({ threads: 1 })
    const [got] = runGraph(outputs, [x, y], values, backend)
    expect(got).toEqual(expected)
    const { kernels } = lowerGraph({ inputs: [x, y], outputs, donations: new Map() }, backend.target)
    backend.close()
    // Tiles of AVX-512 have the most rows; a few fit in any set.
    if (!name.includes('avx512')) return
    expect(kernels[0].buffers.some((buffer) => buffer.kind === 'scratch' && buffer.name === 'left')).toBe(
      copied,
    )
  },
)

/** x (N, M, P) times y (N, P, …columns) over N and P: rows of one image, and then of the next. */
const inPieces = [
  { images: 2, rows: 4, places: 256, columns: [2, 16] },
  { images: 3, rows: 40, places: 257, columns: [70] },
  { images: 5, rows: 9, places: 300, columns: [3, 33] },
]

it.each(backends.flatMap((entry) => inPieces.map((one) => ({ ...entry, ...one }))))(
  'rows in $images pieces of $places on $name',
  async ({ make, images, rows, places, columns }) => {
    const x = b.placeholder([images, rows, places], 'f32')
    const y = b.placeholder([images, places, ...columns], 'f32')
    const contracting = [
      [0, 2],
      [0, 1],
    ] as const
    const outputs = [b.contract(x, y, { batch: [[], []], contracting, accumulate: 'f32' })]
    const values = [x, y].map(({ shape }) =>
      Array.from({ length: shape.reduce((p, n) => p * n) }, (_, i) => ((i * 37) % 7) - 3),
    )
    const expected = runGraph(outputs, [x, y], values)
    for (const threads of [1, 2]) {
      const backend = await make({ threads, target: { serialWork: 1 } })
      const got = runGraph(outputs, [x, y], values, backend)
      backend.close()
      expect(got).toEqual(expected)
    }
  },
)

it.each(backends.flatMap((entry) => [17, 31, 36].map((steps) => ({ ...entry, steps }))))(
  'columns of $steps numbers that lie far apart, of two matrices on $name',
  async ({ make, steps }) => {
    const x = b.placeholder([2, steps, 300], 'f32')
    const y = b.placeholder([2, steps, 12], 'f32')
    const attrs = { batch: [[0], [0]], contracting: [[1], [1]], accumulate: 'f32' } as const
    const outputs = [b.contract(x, y, attrs)]
    const values = [x, y].map(({ shape }) =>
      Array.from({ length: shape.reduce((p, n) => p * n) }, (_, i) => ((i * 37) % 7) - 3),
    )
    const backend = await make({ threads: 1 })
    const got = runGraph(outputs, [x, y], values, backend)
    backend.close()
    expect(got).toEqual(runGraph(outputs, [x, y], values))
  },
)

it.each(backends.flatMap((entry) => [2, 3, 4].map((threads) => ({ ...entry, threads }))))(
  'each tile of rows falls to one of $threads threads on $name',
  async ({ name, make, threads }) => {
    const backend = await make({ threads, target: { serialWork: 1 } })
    for (const m of [55, 111, 112, 113, 169, 230, 341, 1003]) {
      const x = b.placeholder([m, 9], 'f32')
      const y = b.placeholder([9, 16], 'f32')
      const attrs = { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' } as const
      const outputs = [b.contract(x, y, attrs)]
      const values = [x, y].map(({ shape }) =>
        Array.from({ length: shape[0] * shape[1] }, (_, i) => ((i * 37) % 7) - 3),
      )
      expect(runGraph(outputs, [x, y], values, backend)).toEqual(runGraph(outputs, [x, y], values))
      if (!name.includes('avx512')) continue
      const { kernels } = lowerGraph({ inputs: [x, y], outputs, donations: new Map() }, backend.target)
      const shared = kernels[0].body.some((s) => s.kind === 'parallel' && s.variable.high > 0)
      // A thread has four tiles of 14 rows at least.
      expect(shared).toBe(m >= 56 * threads)
    }
    backend.close()
  },
)
