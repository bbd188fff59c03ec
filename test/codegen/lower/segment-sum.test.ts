/**
 * Sums of segments, and products of matrices in compressed rows that are made of them: on every compiled backend, with 1
 * to 3 threads, whole numbers give what the reference gives and others the same bits for any number of threads.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { ValueError } from '../../../src/core/errors.js'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { closing } from '../../helpers/closing.js'
import { type CompiledBackend, compiledBackends } from '../../helpers/compiled-backends.js'
import { seeded } from '../../helpers/random.js'
import { runGraph } from '../../helpers/run-graph.js'

interface Case {
  readonly what: string
  /** Rows and columns of the matrix, elements of it, columns of the dense side. */
  readonly sizes: readonly [number, number, number, number]
  readonly dtype?: 'f32' | 'f64' | 'f16' | 'bf16' | 'i32' | 'i64'
  readonly indexDType?: 'i32' | 'i64'
}

const cases: readonly Case[] = [
  { what: 'a vector', sizes: [40, 30, 150, 1] },
  { what: 'one vector a row, i64 indices', sizes: [37, 20, 150, 16], indexDType: 'i64' },
  { what: 'rows that end in part of a vector', sizes: [20, 25, 90, 7] },
  { what: 'rows as wide as registers hold', sizes: [11, 12, 40, 128] },
  { what: 'wider rows', sizes: [9, 12, 40, 301] },
  { what: 'fewer rows than threads', sizes: [2, 8, 60, 48] },
  { what: 'empty rows', sizes: [90, 8, 20, 33] },
  { what: 'half floats', sizes: [24, 20, 70, 50], dtype: 'f16' },
  { what: 'bfloat', sizes: [24, 20, 70, 34], dtype: 'bf16' },
  { what: 'doubles', sizes: [24, 20, 70, 5], dtype: 'f64' },
  { what: 'whole numbers', sizes: [24, 20, 70, 18], dtype: 'i32' },
  { what: 'long whole numbers', sizes: [24, 20, 70, 3], dtype: 'i64' },
  { what: 'no elements', sizes: [24, 20, 0, 18] },
]

/** The product of values (nnz) at `columns` of rows that begin at `offsets` with x (columns, k). */
function built({ sizes: [rows, columns, nnz, k], dtype = 'f32', indexDType = 'i32' }: Case) {
  const inputs = [
    b.placeholder([columns, k], dtype),
    b.placeholder([rows + 1], indexDType),
    b.placeholder([nnz], indexDType),
    b.placeholder([nnz], dtype),
  ]
  const [x, offsets, at, weights] = inputs
  const wide = (n: Node): Node => b.expand(b.reshape(n, [nnz, 1]), [nnz, k])
  const output = b.segmentSumCsr(b.mul(wide(weights), b.gather(x, wide(at), 0)), offsets)
  const values = (whole: boolean): number[][] => {
    const random = seeded(rows + nnz + k)
    const list = (n: Node, value: () => number): number[] => Array.from({ length: sizeOf(n.shape) }, value)
    const number = (): number =>
      whole || dtype === 'i32' || dtype === 'i64' ? random.integer(-2, 3) : random.normal()
    const cuts = list(offsets, () => random.integer(0, nnz + 1)).sort((p, q) => p - q)
    cuts[0] = 0
    cuts[rows] = nnz
    return [list(x, number), cuts, list(at, () => random.integer(0, columns)), list(weights, number)]
  }
  return { inputs, output, values }
}

describe.each(await compiledBackends())('sums of segments on $name', ({ make, absent }) => {
  const open = closing(make)
  const made: CompiledBackend[] = []
  beforeAll(async () => {
    if (absent !== null) return
    for (const threads of [1, 2, 3]) made.push(await open({ threads, target: { serialWork: 1 } }))
  })

  it.skipIf(absent !== null).each(cases)('$what', (row) => {
    const { inputs, output, values } = built(row)
    const [whole, real] = [values(true), values(false)]
    const truth = runGraph([output], inputs, whole)
    const first = runGraph([output], inputs, real, made[0])
    for (const backend of made) {
      // 64-bit products have no lanes and are stored before.
      const long = row.dtype === 'f64' || row.dtype === 'i64'
      const { kernels } = backend.compile({ inputs, outputs: [output], donations: new Map() }).info
      expect(kernels).toBe(long ? 2 : 1)
      expect(runGraph([output], inputs, whole, backend)).toEqual(truth)
      expect(runGraph([output], inputs, real, backend)).toEqual(first)
    }
  })

  it.skipIf(absent !== null)('elements that are stored, with several axes behind', () => {
    const x = b.placeholder([30, 3, 11], 'f32')
    const offsets = b.placeholder([5], 'i32')
    const inputs = [x, offsets]
    const given = [Array.from({ length: 990 }, (_, i) => ((i * 37) % 101) - 50), [0, 4, 4, 29, 30]]
    const output = b.segmentSumCsr(x, offsets)
    const truth = runGraph([output], inputs, given)
    for (const backend of made) expect(runGraph([output], inputs, given, backend)).toEqual(truth)
  })

  it.skipIf(absent !== null)('messages of several examples, as vmap leaves them, are not stored', () => {
    const [examples, columns, nnz, k] = [3, 20, 60, 9]
    const x = b.placeholder([examples, columns, k], 'f32')
    const [at, offsets] = [b.placeholder([nnz], 'i32'), b.placeholder([11], 'i32')]
    const weights = b.placeholder([nnz], 'f32')
    const all = [examples, nnz, k]
    const wide = (n: Node): Node => b.expand(b.reshape(n, [1, nnz, 1]), all)
    const messages = b.mul(wide(weights), b.gather(x, wide(at), 1))
    const output = b.permute(b.segmentSumCsr(b.permute(messages, [1, 0, 2]), offsets), [1, 0, 2])
    const inputs = [x, at, offsets, weights]
    const random = seeded(5)
    const list = (n: Node, value: (i: number) => number): number[] =>
      Array.from({ length: sizeOf(n.shape) }, (_, i) => value(i))
    const given = [
      list(x, () => random.integer(-3, 4)),
      list(at, () => random.integer(0, columns)),
      list(offsets, (i) => 6 * i),
      list(weights, () => random.integer(-3, 4)),
    ]
    const truth = runGraph([output], inputs, given)
    for (const backend of made) {
      // The sums, and their examples in front.
      expect(backend.compile({ inputs, outputs: [output], donations: new Map() }).info.kernels).toBe(2)
      expect(runGraph([output], inputs, given, backend)).toEqual(truth)
    }
  })

  it.skipIf(absent !== null)(
    'offsets and columns out of range are errors, and offsets that fall, begin late or end early',
    () => {
      const row = built({ what: '', sizes: [20, 25, 90, 7] })
      for (const [input, bad] of [
        [1, -1],
        [1, 91],
        [1, 2 ** 31 - 1],
        [2, 25],
        [2, -1],
      ]) {
        for (const backend of made) {
          const given = row.values(true)
          given[input][7] = bad
          expect(() => runGraph([row.output], row.inputs, given, backend)).toThrow(ValueError)
        }
      }
      const good = row.values(true)[1]
      const wrong = [
        good.with(0, 1),
        good.with(20, 89),
        good.map((_, r) => (r === 20 ? 90 : r % 2 === 0 ? 0 : 50)),
      ]
      for (const offsets of wrong) {
        const given = row.values(true).with(1, offsets)
        for (const backend of [...made, undefined])
          expect(() => runGraph([row.output], row.inputs, given, backend)).toThrow(ValueError)
      }
    },
  )
})
