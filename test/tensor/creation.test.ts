/** Creation functions: every way to call them, their dtypes, and what they refuse. */
import { describe, expect, it } from 'vitest'
import { DTypeError, ShapeError, ValueError } from '../../src/core/errors.js'
import {
  arange,
  empty,
  emptyLike,
  eye,
  full,
  fullLike,
  linspace,
  logspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
} from '../../src/tensor/creation.js'
import type { Tensor } from '../../src/tensor/tensor.js'

const numbers = (t: Tensor): number[] => [...t.dataSync()].map(Number)

describe('creation', () => {
  it('arange takes options after any of its numbers', () => {
    expect(numbers(arange(3))).toEqual([0, 1, 2])
    expect([arange(3).dtype, arange(3, { dtype: 'f64' }).dtype, arange(0.5).dtype]).toEqual([
      'i64',
      'f64',
      'f32',
    ])
    expect(numbers(arange(1, 4, { dtype: 'i32' }))).toEqual([1, 2, 3])
    expect(numbers(arange(4, 1, -2, { dtype: 'i32' }))).toEqual([4, 2])
    expect(numbers(arange(3, undefined, 2))).toEqual([0, 2])
    expect(numbers(arange(3, undefined, undefined, { dtype: 'f16' }))).toEqual([0, 1, 2])
    expect(arange(2, 2).shape).toEqual([0])
    expect(arange(3, { dtype: 'f32', requiresGrad: true }).requiresGrad).toBe(true)
    expect(() => arange(3, { requiresGrad: true })).toThrow(DTypeError)
    expect(() => arange('3' as never)).toThrow(/expected \(end\)/)
    expect(() => arange(0, 1, 0)).toThrow(/step that is not 0/)
    expect(() => arange(3, { type: 'f32' } as never)).toThrow(/dtype, requiresGrad; got 'type'/)
  })

  it('linspace and logspace hit both ends exactly', () => {
    const x = linspace(0.1, 0.7, 7, { dtype: 'f64' }).dataSync()
    expect([x[0], x[6]]).toEqual([0.1, 0.7])
    expect(numbers(logspace(0, 3, 4))).toEqual([1, 10, 100, 1000])
    expect(numbers(logspace(0, 3, 4, 2))).toEqual([1, 2, 4, 8])
    expect(numbers(logspace(-1, 1, 3, 2, { dtype: 'f64' }))).toEqual([0.5, 1, 2])
    expect(logspace(0, 1, 2, { dtype: 'f64' }).dtype).toBe('f64')
    expect(linspace(0, 1, 0).shape).toEqual([0])
    expect(() => linspace(0, 1, -1)).toThrow(ShapeError)
    expect(() => linspace(0, 1, undefined as never)).toThrow(/start, end and steps/)
  })

  it('full and tensor follow the kind of value', () => {
    expect([full([2], 1).dtype, full([2], true).dtype, full([2], true, { dtype: 'f32' }).dtype]).toEqual([
      'f32',
      'bool',
      'f32',
    ])
    expect(numbers(full([2], 300, { dtype: 'u8' }))).toEqual([44, 44])
    expect(tensor([1n, 2n]).dtype).toBe('i64')
    expect(tensor([[2n ** 63n - 1n]]).dataSync()).toEqual(new BigInt64Array([2n ** 63n - 1n]))
    expect(numbers(tensor([2n ** 53n + 1n, 5], { dtype: 'i32' }))).toEqual([1, 5])
    expect(numbers(tensor(new BigInt64Array([2n ** 60n + 7n]), { dtype: 'u8' }))).toEqual([7])
    expect(() => full([2], '1' as never)).toThrow(/number or a boolean/)
    expect(() => tensor([ones([2])] as never)).toThrow(/got a tensor. stack\(tensors\)/)
    expect(() => tensor(ones([2]) as never)).toThrow(/got a tensor/)
    expect(() => tensor('abc' as never)).toThrow(ShapeError)
  })

  it('…Like take shape and dtype, and options over them', () => {
    const x = tensor([[1, 2]], { dtype: 'f64' })
    for (const y of [zerosLike(x), onesLike(x), emptyLike(x), fullLike(x, 3)]) {
      expect([y.shape, y.dtype, y.requiresGrad]).toEqual([[1, 2], 'f64', false])
    }
    expect(zerosLike(x, { dtype: undefined }).dtype).toBe('f64')
    expect(onesLike(x, { dtype: 'i32' }).dtype).toBe('i32')
    expect(emptyLike(x, { requiresGrad: true }).requiresGrad).toBe(true)
    expect(() => zerosLike([1] as never)).toThrow(/Expected a tensor/)
    expect(empty([2]).shape).toEqual([2])
  })

  it('eye takes one or two sizes', () => {
    expect(numbers(eye(2))).toEqual([1, 0, 0, 1])
    expect(numbers(eye(1, 3, { dtype: 'bool' }))).toEqual([1, 0, 0])
    expect(eye(3, { dtype: 'i64' }).dtype).toBe('i64')
    expect(() => eye(-1)).toThrow(ShapeError)
  })

  it('options that do not exist are errors', () => {
    expect(() => zeros([2], { dType: 'f64' } as never)).toThrow(
      /zeros: expected options among dtype, requiresGrad; got 'dType'/,
    )
    expect(() => zeros([2], 'f64' as never)).toThrow(ValueError)
    expect(() => tensor([1], { requires_grad: true } as never)).toThrow(/got 'requires_grad'/)
    expect(() => ones([2], { dtype: 'float32' as never })).toThrow(/Expected a dtype .* got 'float32'/)
  })
})
