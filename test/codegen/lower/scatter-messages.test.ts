/**
 * Scatters that compute their updates: on every compiled backend, with 1 to 3 threads, whole numbers give what the
 * reference gives and others the same bits for any number of threads.
 */
import { describe, expect, it } from 'vitest'
import { ValueError } from '../../../src/core/errors.js'
import { sizeOf } from '../../../src/core/shape.js'
import type { Storage } from '../../../src/core/storage.js'
import * as b from '../../../src/ir/build.js'
import type { Node, ScatterMode } from '../../../src/ir/node.js'
import { closing } from '../../helpers/closing.js'
import { type CompiledBackend, compiledBackends } from '../../helpers/compiled-backends.js'
import { GuardedNative } from '../../helpers/guarded-native.js'
import { seeded } from '../../helpers/random.js'
import { numbersOf, runGraph, storageFrom } from '../../helpers/run-graph.js'

type FloatType = 'f32' | 'f16' | 'bf16' | 'i32'

interface Case {
  readonly what: string
  readonly nodes: number
  readonly edges: number
  readonly features: readonly number[]
  readonly indexDType?: 'i32' | 'i64'
  readonly dtype?: FloatType
  readonly mode?: ScatterMode
  /** Edges stand by target. */
  readonly sorted?: boolean
  /** Adds to x itself, of which the messages are rows. */
  readonly onto?: boolean
  /** Graphs at once. */
  readonly batch?: number
}

const cases: Case[] = [
  { what: 'sorted edges', nodes: 40, edges: 150, features: [33], sorted: true },
  { what: 'edges in any order, i64', nodes: 37, edges: 150, features: [64], indexDType: 'i64' },
  { what: 'rows that end in part of a vector', nodes: 20, edges: 90, features: [7], sorted: true },
  { what: 'rows wider than registers hold', nodes: 11, edges: 40, features: [5, 41] },
  { what: 'fewer rows than threads', nodes: 2, edges: 60, features: [48] },
  { what: 'added to what the messages are rows of', nodes: 30, edges: 80, features: [32], onto: true },
  { what: 'the last of a place', nodes: 13, edges: 50, features: [40], mode: 'set' },
  { what: 'the largest of a place, sorted', nodes: 13, edges: 50, features: [40], mode: 'max', sorted: true },
  { what: 'the least of a place', nodes: 13, edges: 50, features: [35], mode: 'min', dtype: 'i32' },
  { what: 'products', nodes: 40, edges: 50, features: [36], mode: 'mul' },
  { what: 'half floats', nodes: 24, edges: 70, features: [50], dtype: 'f16', sorted: true },
  { what: 'bfloat', nodes: 24, edges: 70, features: [34], dtype: 'bf16' },
  { what: 'several graphs', nodes: 9, edges: 30, features: [32], batch: 3, indexDType: 'i64' },
  { what: 'no edges', nodes: 40, edges: 0, features: [32] },
]

function built(row: Case): { inputs: Node[]; output: Node; values: (whole: boolean) => number[][] } {
  const { nodes, edges, features, indexDType = 'i32', dtype = 'f32', mode = 'add', batch } = row
  const lead = batch === undefined ? [] : [batch]
  const axis = lead.length
  const x = b.placeholder([...lead, nodes, ...features], dtype)
  const [from, to] = [0, 1].map(() => b.placeholder([...lead, edges], indexDType))
  const weight = b.placeholder([...lead, edges], dtype)
  const wide = (n: Node): Node =>
    b.expand(b.reshape(n, [...lead, edges, ...features.map(() => 1)]), [...lead, edges, ...features])
  const base = row.onto ? x : b.full(x.shape, mode === 'add' ? 0 : 1, dtype)
  const messages = b.mul(b.gather(x, wide(from), axis), wide(weight))
  const random = seeded(edges + nodes)
  const places = Array.from({ length: sizeOf(to.shape) }, () => random.integer(0, nodes))
  if (row.sorted) places.sort((p, q) => p - q)
  const list = (n: Node, value: () => number): number[] => Array.from({ length: sizeOf(n.shape) }, value)
  return {
    inputs: [x, from, to, weight],
    output: b.scatter(base, wide(to), messages, axis, mode),
    values: (whole) => [
      list(x, () => (whole ? random.integer(-2, 3) : random.normal())),
      list(from, () => random.integer(0, nodes)),
      places,
      list(weight, () => (whole || dtype === 'i32' ? random.pick([-1, 1]) : random.normal())),
    ],
  }
}

const threadCounts = [1, 2, 3] as const

for (const entry of await compiledBackends()) {
  describe.skipIf(entry.absent !== null)(`${entry.name}`, () => {
    const open = closing(entry.make)
    const made: CompiledBackend[] = []
    it('computes what it adds, the same with 1, 2 and 3 threads', async () => {
      for (const threads of threadCounts) made.push(await open({ threads, target: { serialWork: 1 } }))
      for (const row of cases) {
        const { inputs, output, values } = built(row)
        const whole = values(true)
        const truth = runGraph([output], inputs, whole)
        const real = values(false)
        let first: number[][] | null = null
        for (const backend of made) {
          const what = `${row.what}, ${backend.target.threads} threads`
          const { kernels } = backend.compile({ inputs, outputs: [output], donations: new Map() }).info
          expect(kernels, what).toBe(1)
          expect(runGraph([output], inputs, whole, backend), what).toEqual(truth)
          const got = runGraph([output], inputs, real, backend)
          first ??= got
          expect(got, what).toEqual(first)
        }
      }
    })
    it('a bad index is an error with any number of threads, whoever owns its place', async () => {
      const { inputs, output, values } = built({ what: '', nodes: 40, edges: 60, features: [32] })
      for (const which of [1, 2]) {
        for (const bad of [-1, 40, 2 ** 31 - 1]) {
          for (const backend of made) {
            const given = values(true)
            given[which][17] = bad
            expect(() => runGraph([output], inputs, given, backend)).toThrow(ValueError)
          }
        }
      }
    })
    it('x is overwritten only where the messages do not read it', () => {
      for (const reads of [false, true]) {
        const x = b.placeholder([20, 32], 'f32')
        const other = b.placeholder([20, 32], 'f32')
        const index = b.placeholder([9], 'i32')
        const wide = b.expand(b.reshape(index, [9, 1]), [9, 32])
        const output = b.scatter(x, wide, b.neg(b.gather(reads ? x : other, wide, 0)), 0, 'add')
        const inputs = [x, other, index]
        const random = seeded(3)
        const values = inputs.map((n) =>
          Array.from({ length: sizeOf(n.shape) }, () =>
            n === index ? random.integer(0, 4) : random.integer(1, 9),
          ),
        )
        const truth = runGraph([output], inputs, values)
        for (const backend of made) {
          const given = inputs.map((n, i) => storageFrom(n.dtype, values[i]))
          backend.compile({ inputs, outputs: [output], donations: new Map([[0, 0]]) }).run(given, [given[0]])
          expect([numbersOf(given[0])]).toEqual(truth)
        }
      }
    })
  })
}

describe('whatever memory held, between guard pages', () => {
  it('the same bits', async () => {
    for (const threads of threadCounts) {
      let native: GuardedNative
      try {
        native = await GuardedNative.create({ instructionSet: 'avx2', threads, target: { serialWork: 1 } })
      } catch (error) {
        if ((error as Error).message.includes('expected a processor with')) return
        throw error
      }
      for (const row of cases) {
        const { inputs, output, values } = built(row)
        const given = values(true)
        const truth = runGraph([output], inputs, given)
        const program = native.compile({ inputs, outputs: [output], donations: new Map() })
        const storages: Storage[] = inputs.map((n, i) => storageFrom(n.dtype, given[i]))
        for (const [flush, poison] of [
          ['start', 0xff],
          ['end', 0x7f],
        ] as const) {
          program.run(storages, flush, poison)
          expect(program.outputs.map(numbersOf), `${row.what}, ${threads} threads`).toEqual(truth)
        }
      }
    }
  })
})
