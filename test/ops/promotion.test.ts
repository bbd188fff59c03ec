/** dtype promotion against PyTorch: every pair of dtypes, with axes and 0-d, and JavaScript numbers. */
import { describe, expect, it } from 'vitest'
import { type DType, promote } from '../../src/core/dtype.js'
import * as b from '../../src/ir/build.js'
import { add, div, mul } from '../../src/ops/elementwise.js'
import { readGolden } from '../helpers/goldens.js'

const { promotion } = readGolden<{ promotion: Record<string, readonly DType[]> }>('ops')
const ones = (dtype: DType, rank: number) => b.placeholder(new Array<number>(rank).fill(1), dtype)

describe('promotion', () => {
  const entries = Object.entries(promotion)
  it('covers every pair and two numbers', () => expect(entries.length).toBe(8 * 10))

  for (const [key, expected] of entries) {
    const [a, other] = key.split(',') as [DType, DType | '2' | '2.5']
    it(`${a} with ${other}`, () => {
      if (other === '2' || other === '2.5') {
        const n = Number(other)
        expect([mul(ones(a, 1), n).dtype, mul(ones(a, 0), n).dtype, div(ones(a, 1), n).dtype]).toEqual(
          expected,
        )
      } else {
        expect([
          promote(a, other),
          add(ones(a, 1), ones(other, 1)).dtype,
          add(ones(a, 1), ones(other, 0)).dtype,
          add(ones(a, 0), ones(other, 0)).dtype,
        ]).toEqual(expected)
      }
    })
  }

  it('a float function of integers gives f32', () => {
    expect(div(ones('i32', 1), ones('i64', 1)).dtype).toBe('f32')
    expect(div(ones('bool', 1), true).dtype).toBe('f32')
  })
})
