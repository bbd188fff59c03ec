import { describe, expect, it } from 'vitest'
import { lowerArgReduce } from '../../../src/codegen/lower/arg-reduce.js'
import { type DType, readElement } from '../../../src/core/dtype.js'
import { sizeOf } from '../../../src/core/shape.js'
import { seeded } from '../../helpers/random.js'
import { fill, lines, runKernels, targets } from './structured-kernels.js'

const shapes: [number[], number][] = [
  [[1], 0],
  [[9], 0],
  [[5, 64], 1],
  [[3, 77], 1],
  [[7, 33], 0],
  [[2, 5, 18], 1],
  [[1, 4, 300], 1],
]

describe('argMax and argMin', () => {
  for (const target of targets) {
    for (const dtype of ['f32', 'f64', 'i32', 'i64', 'u8', 'bool'] as DType[]) {
      it(`${dtype} on ${target.name}: the first of equals, NaN wins`, () => {
        const random = seeded(2)
        for (const [shape, axis] of shapes) {
          for (const kind of ['max', 'min'] as const) {
            for (const nan of [false, true]) {
              const x = fill(random, dtype, sizeOf(shape), nan)
              const all = lines(shape, axis)
              const out = new BigInt64Array(all.length).fill(-7n)
              runKernels(lowerArgReduce({ name: 'arg', kind, shape, axis, dtype }, target), [x, out])
              const expected = all.map((line) => {
                const values = line.map((i) => readElement(dtype, x, i))
                const first = values.findIndex(Number.isNaN)
                return first >= 0 ? first : values.indexOf(Math[kind](...values))
              })
              expect([...out].map(Number), `${kind} ${shape} ${axis}`).toEqual(expected)
            }
          }
        }
      })
    }
  }
  it('finds a single NaN wherever it is, and the first of two', () => {
    for (const at of [0, 1, 15, 16, 63, 64, 70]) {
      const x = new Float32Array(71).fill(3)
      x[at] = NaN
      x[70] = NaN
      const out = new BigInt64Array(1)
      runKernels(
        lowerArgReduce({ name: 'arg', kind: 'max', shape: [71], axis: 0, dtype: 'f32' }, targets[2]),
        [x, out],
      )
      expect(Number(out[0])).toBe(at)
    }
  })
})
