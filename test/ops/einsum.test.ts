/** einsum on random expressions: every order of contraction gives the naive sum, and the chosen one is the cheapest. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as b from '../../src/ir/build.js'
import { type Node, topologicalOrder } from '../../src/ir/node.js'
import { contractionOrder } from '../../src/ops/contraction-order.js'
import { einsum } from '../../src/ops/einsum.js'
import { seeded } from '../helpers/random.js'
import { runGraph } from '../helpers/run-graph.js'

const letters = 'abcdef'
const sizeOfLetter: Record<string, number> = { a: 2, b: 3, c: 1, d: 2, e: 3, f: 2 }

/** The sum over all letters, one product at a time. */
function naive(terms: readonly string[], output: string, values: readonly (readonly number[])[]): number[] {
  const used = [...new Set(terms.join('') + output)]
  const result = new Array<number>([...output].reduce((n, l) => n * sizeOfLetter[l], 1)).fill(0)
  const at: Record<string, number> = {}
  const flat = (term: string): number => [...term].reduce((k, l) => k * sizeOfLetter[l] + at[l], 0)
  const visit = (depth: number): void => {
    if (depth === used.length) {
      result[flat(output)] += terms.reduce((p, term, i) => p * values[i][flat(term)], 1)
      return
    }
    for (let k = 0; k < sizeOfLetter[used[depth]]; k++) {
      at[used[depth]] = k
      visit(depth + 1)
    }
  }
  visit(0)
  return result
}

const term = fc.array(fc.constantFrom(...letters), { maxLength: 3 }).map((list) => list.join(''))

describe('einsum', () => {
  it('of up to 10 operands, repeated letters included, is the naive sum', () => {
    fc.assert(
      fc.property(
        fc.array(term, { minLength: 1, maxLength: 10 }),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        fc.integer({ min: 0, max: 1e6 }),
        (terms, keep, seed) => {
          const output = [...letters].filter((l, i) => keep[i] && terms.some((t) => t.includes(l))).join('')
          const random = seeded(seed)
          const inputs = terms.map((t) =>
            b.placeholder(
              [...t].map((l) => sizeOfLetter[l]),
              'f64',
            ),
          )
          const values = inputs.map((x) =>
            Array.from({ length: x.shape.reduce((n, m) => n * m, 1) }, () => random.normal()),
          )
          const [got] = runGraph([einsum(`${terms.join(',')}->${output}`, ...inputs)], inputs, values)
          const expected = naive(terms, output, values)
          got.forEach((v, i) => {
            expect(Math.abs(v - expected[i])).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected[i])))
          })
        },
      ),
      { numRuns: 60, seed: 8 },
    )
  })

  it('takes the cheapest order: a chain from its thin end', () => {
    const sizes = new Map(Object.entries({ a: 100, b: 100, c: 100, d: 100, e: 1 }))
    // A·B·C·v: from the right, 3 products of a matrix and a vector.
    expect(
      contractionOrder(
        ['ab', 'bc', 'cd', 'de'].map((t) => [...t]),
        ['a', 'e'],
        sizes,
      ),
    ).toEqual([
      [2, 3],
      [1, 4],
      [0, 5],
    ])
    const x = b.placeholder([50, 50], 'f32')
    const v = b.placeholder([50], 'f32')
    const y = einsum('ab,bc,cd,d->a', x, x, x, v)
    const biggest = topologicalOrder([y]).reduce((n: number, node: Node) => Math.max(n, node.shape.length), 0)
    expect(biggest).toBe(2)
    expect(
      topologicalOrder([y])
        .filter((n) => n.op === 'contract')
        .every((n) => n.shape.length === 1),
    ).toBe(true)
  })

  it('keeps a matrix product one contraction without a transpose', () => {
    const y = einsum('bij,bjk->bik', b.placeholder([2, 3, 4], 'f32'), b.placeholder([2, 4, 5], 'f32'))
    expect(topologicalOrder([y]).map((n) => n.op)).toEqual(['placeholder', 'placeholder', 'contract'])
  })
})
