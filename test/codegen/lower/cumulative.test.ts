import { describe, expect, it } from 'vitest'
import { type CumulativeSpec, lowerCumulative } from '../../../src/codegen/lower/cumulative.js'
import { type DType, readElement, writeElement } from '../../../src/core/dtype.js'
import { sizeOf } from '../../../src/core/shape.js'
import { seeded } from '../../helpers/random.js'
import { fill, lines, makeArray, runKernels, targets } from './structured-kernels.js'

const steps: Record<CumulativeSpec['op'], (a: number, b: number) => number> = {
  cumSum: (a, b) => a + b,
  cumProd: (a, b) => a * b,
  cumMax: (a, b) => Math.max(a, b),
}

describe('cumulative', () => {
  for (const target of targets) {
    for (const op of ['cumSum', 'cumProd', 'cumMax'] as const) {
      it(`${op} on ${target.name}, any axis, both directions`, () => {
        const random = seeded(5)
        const shapes: [number[], number][] = [
          [[6], 0],
          [[3, 17], 1],
          [[4, 33], 0],
          [[2, 5, 20], 1],
          [[1, 3, 150], 1],
          [[2, 1, 3], 1],
        ]
        for (const [shape, axis] of shapes) {
          for (const dtype of ['f32', 'f64', 'i32', 'i64', 'u8', 'bf16'] as DType[]) {
            for (const reverse of [false, true]) {
              const size = sizeOf(shape)
              const x = fill(random, dtype, size, op === 'cumMax')
              const out = makeArray(dtype, size)
              runKernels(lowerCumulative({ name: op, op, shape, axis, reverse, dtype }, target), [x, out])
              const expected = makeArray(dtype, size)
              for (const line of lines(shape, axis)) {
                const order = reverse ? [...line].reverse() : line
                let total = 0
                order.forEach((i, at) => {
                  const v = readElement(dtype, x, i)
                  total = at === 0 ? v : steps[op](total, v)
                  if (dtype === 'u8') total &= 255
                  if (dtype === 'i32') total |= 0
                  writeElement(dtype, expected, i, total)
                })
              }
              const read = (array: typeof out) =>
                Array.from({ length: size }, (_, i) => readElement(dtype, array, i) + 0) // NaN is NaN
              expect(read(out), `${dtype} ${shape} ${axis} ${reverse}`).toEqual(read(expected))
            }
          }
        }
      })
    }
  }
})
