import { describe, expect, it } from 'vitest'
import { lowerSort } from '../../../src/codegen/lower/sort.js'
import { type DType, readElement } from '../../../src/core/dtype.js'
import { sizeOf } from '../../../src/core/shape.js'
import { seeded } from '../../helpers/random.js'
import { fill, lines, makeArray, runKernels, targets } from './structured-kernels.js'

const shapes: [number[], number][] = [
  [[1], 0],
  [[2], 0],
  [[7], 0],
  [[33], 0],
  [[5, 9], 1],
  [[9, 5], 0],
  [[2, 13, 3], 1],
  [[3, 4, 8], 2],
]

describe('sort', () => {
  for (const target of targets) {
    for (const dtype of ['f32', 'f64', 'i64', 'u8', 'bool', 'f16'] as DType[]) {
      it(`${dtype} on ${target.name}: stable, payloads follow, NaN is largest`, () => {
        const random = seeded(11)
        for (const [shape, axis] of shapes) {
          for (const descending of [false, true]) {
            const size = sizeOf(shape)
            const keys = fill(random, dtype, size, true)
            const payload = Int32Array.from({ length: size }, (_, i) => i)
            const floats = Float32Array.from({ length: size }, (_, i) => -i)
            const [outKeys, out1, out2] = [
              makeArray(dtype, size),
              makeArray('i32', size),
              makeArray('f32', size),
            ]
            const kernels = lowerSort(
              { name: 'sort', shape, axis, descending, dtypes: [dtype, 'i32', 'f32'] },
              target,
            )
            expect(runKernels(kernels, [keys, payload, floats, outKeys, out1, out2]).badIndex).toBe(false)
            for (const line of lines(shape, axis)) {
              const rank = (i: number) => {
                const v = readElement(dtype, keys, i)
                return Number.isNaN(v) ? [1, 0] : [0, v]
              }
              const compare = (a: number, b: number) => {
                const [x, y] = [rank(a), rank(b)]
                const order = x[0] - y[0] || (x[1] === y[1] ? 0 : x[1] < y[1] ? -1 : 1)
                return (descending ? -order : order) || a - b
              }
              const sorted = [...line].sort(compare)
              expect(line.map((i) => out1[i])).toEqual(sorted)
              expect(line.map((i) => Number(out2[i]) + 0)).toEqual(sorted.map((i) => -i + 0))
              expect(line.map((i) => outKeys[i])).toEqual(sorted.map((i) => keys[i]))
            }
          }
        }
      })
    }
  }
  it('sorts keys alone, and long rows', () => {
    const keys = fill(seeded(3), 'f32', 1000) as Float32Array
    const out = new Float32Array(1000)
    runKernels(
      lowerSort({ name: 'sort', shape: [1000], axis: 0, descending: false, dtypes: ['f32'] }, targets[0]),
      [keys, out],
    )
    expect(out).toEqual(Float32Array.from(keys).sort())
  })
  it('has no kernels for empty shapes', () => {
    expect(
      lowerSort({ name: 'sort', shape: [0, 3], axis: 0, descending: false, dtypes: ['f32'] }, targets[0]),
    ).toEqual([])
  })
})
