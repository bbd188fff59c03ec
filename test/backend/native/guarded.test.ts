/** Values of more than 64 KiB between guard pages: what is written at cache lines is read back, and nothing behind it. */
import { describe, expect, it } from 'vitest'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { GuardedNative } from '../../helpers/guarded-native.js'
import { seeded } from '../../helpers/random.js'
import { numbersOf, runGraph, storageFrom } from '../../helpers/run-graph.js'

const present = (await compiledBackends()).filter(({ absent }) => absent === null).map(({ name }) => name)

for (const instructionSet of ['avx2', 'avx512'] as const) {
  describe.skipIf(!present.includes(`native ${instructionSet}`))(`large values, ${instructionSet}`, () => {
    const matrix = b.placeholder([131, 129], 'f32')
    const long = b.placeholder([131, 300], 'f32')
    const cases: [string, Node[], Node[]][] = [
      ['a sum', [matrix], [b.add(matrix, matrix)]],
      ['a matrix and its transpose', [matrix], [b.neg(matrix), b.permute(matrix, [1, 0])]],
      ['bytes that end in the middle of a line', [matrix], [b.pad(matrix, [0, 1], [0, 0], [0, 0], 7)]],
      [
        'a product',
        [long, matrix],
        [b.contract(long, matrix, { batch: [[], []], contracting: [[0], [0]], accumulate: 'f32' })],
      ],
    ]
    it.each(cases)('%s', async (_, inputs, outputs) => {
      const random = seeded(4)
      // Whole numbers: every order of sums gives the same.
      const values = inputs.map((n) => Array.from({ length: sizeOf(n.shape) }, () => random.integer(-4, 5)))
      const expected = runGraph(outputs, inputs, values)
      const native = await GuardedNative.create({ instructionSet, threads: 2, largest: 2 ** 18 })
      const program = native.compile({ inputs, outputs, donations: new Map() })
      const given = inputs.map((n, i) => storageFrom(n.dtype, values[i]))
      for (const flush of ['start', 'end'] as const) {
        program.run(given, flush, 0xaa)
        expect(program.outputs.map(numbersOf)).toEqual(expected)
      }
    })
  })
}
