import { describe, expect, it } from 'vitest'
import { lowerDynamicSlice, lowerDynamicUpdate } from '../../../src/codegen/lower/dynamic.js'
import type { DType, TypedArray } from '../../../src/core/dtype.js'
import { sizeOf, stridesOf } from '../../../src/core/shape.js'
import { seeded } from '../../helpers/random.js'
import { fill, makeArray, runKernels, targets } from './structured-kernels.js'

/** Flat positions of the part (from `starts`, of `sizes`) in `shape`, in row-major order. */
function positions(shape: readonly number[], sizes: readonly number[], starts: readonly number[]): number[] {
  const [own, outer] = [stridesOf(sizes), stridesOf(shape)]
  return Array.from({ length: sizeOf(sizes) }, (_, p) =>
    sizes.reduce((sum, n, a) => sum + ((Math.floor(p / own[a]) % n) + starts[a]) * outer[a], 0),
  )
}

const cases: [number[], number[]][] = [
  [[10], [4]],
  [[10], [10]],
  [
    [3, 40],
    [2, 40],
  ],
  [
    [3, 40],
    [3, 17],
  ],
  [
    [2, 5, 3, 4],
    [2, 1, 3, 4],
  ],
  [
    [2, 5, 3, 4],
    [1, 5, 2, 4],
  ],
  [[], []],
  [
    [4, 4],
    [0, 2],
  ],
]

describe('dynamic slices', () => {
  for (const target of targets) {
    for (const dtype of ['f32', 'i64', 'bool'] as DType[]) {
      it(`${dtype} on ${target.name}: slice and update at run-time starts`, () => {
        const random = seeded(4)
        for (const [shape, sizes] of cases) {
          const starts = shape.map((n, a) => random.integer(0, n - sizes[a] + 1))
          const startArrays = starts.map((s) => Int32Array.of(s))
          const spec = { name: 'dynamic', shape, sizes, dtype }
          const at = positions(shape, sizes, starts)

          const x = fill(random, dtype, sizeOf(shape))
          const part = makeArray(dtype, sizeOf(sizes))
          expect(runKernels(lowerDynamicSlice(spec, target), [x, ...startArrays, part]).badIndex).toBe(false)
          expect([...part]).toEqual(at.map((p) => x[p]))

          const update = fill(random, dtype, sizeOf(sizes))
          const expected = x.slice() as TypedArray
          for (const [i, p] of at.entries()) expected[p] = update[i]
          const out = makeArray(dtype, sizeOf(shape))
          runKernels(lowerDynamicUpdate(spec, target), [x, update, ...startArrays, out])
          expect(out).toEqual(expected)
          runKernels(lowerDynamicUpdate({ ...spec, inPlace: true }, target), [x, update, ...startArrays, x])
          expect(x).toEqual(expected)
        }
      })
    }
  }
  it('notices starts that do not fit', () => {
    const spec = { name: 'dynamic', shape: [5, 2], sizes: [2, 2], dtype: 'f32' as const }
    for (const [start, bad] of [
      [3, false],
      [4, true],
      [-1, true],
    ] as const) {
      const args = [new Float32Array(10), Int32Array.of(start), Int32Array.of(0), new Float32Array(4)]
      expect(runKernels(lowerDynamicSlice(spec, targets[1]), args).badIndex).toBe(bad)
    }
  })
})
