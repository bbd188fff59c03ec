/** Run-time indices that are read in transposed tiles: they are tested where the tile is known to lie inside. */
import { describe, expect, it } from 'vitest'
import * as b from '../../../src/ir/build.js'
import { closing } from '../../helpers/closing.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { seeded } from '../../helpers/random.js'
import { runGraph } from '../../helpers/run-graph.js'

describe.each(await compiledBackends())('gather in tiles on $name', ({ make, absent }) => {
  const open = closing(make)

  // Rows in whole tiles, and with a rest.
  it.skipIf(absent !== null).each([
    [33, 67],
    [32, 64],
    [70, 35],
  ])('of %i × %i', async (rows, columns) => {
    const random = seeded(1)
    const x = b.placeholder([rows, columns], 'f32')
    const index = b.placeholder([rows, columns], 'i32')
    // Indices of 64 bits are computed one by one.
    const outputs = [b.permute(b.gather(b.maximum(x, x), b.cast(index, 'i64'), 0), [1, 0])]
    const values = [
      Array.from({ length: rows * columns }, () => random.normal()),
      Array.from({ length: rows * columns }, () => random.integer(0, rows)),
    ]
    for (const threads of [1, 2]) {
      const backend = await open({ threads, target: { serialWork: 64 } })
      expect(runGraph(outputs, [x, index], values, backend)).toEqual(runGraph(outputs, [x, index], values))
    }
  })
})
