/** Rows of a left side that would push each other out of the L1 cache are copied tile by tile; others are read where they lie. */
import { expect, it } from 'vitest'
import { lowerGraph } from '../../../src/codegen/lower.js'
import * as b from '../../../src/ir/build.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { runGraph } from '../../helpers/run-graph.js'
import { expectClose } from '../../helpers/tolerance.js'

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
      Array.from({ length: shape[0] * shape[1] }, (_, i) => (((i * 37) % 101) - 50) / 50),
    )
    const [expected] = runGraph(outputs, [x, y], values)
    const backend = await make({ threads: 1 })
    const [got] = runGraph(outputs, [x, y], values, backend)
    expectClose(got, expected, { relative: 1e-5, absolute: 1e-4 }, `${steps}`)
    const { kernels } = lowerGraph({ inputs: [x, y], outputs, donations: new Map() }, backend.target)
    backend.close()
    // Tiles of AVX-512 have the most rows; a few fit in any set.
    if (!name.includes('avx512')) return
    expect(kernels[0].buffers.some((buffer) => buffer.kind === 'scratch' && buffer.name === 'left')).toBe(
      copied,
    )
  },
)
