/** Tensors as values: creation, dtypes, reading, printing. */
import { describe, expect, it } from 'vitest'
import { DTypeError, ShapeError, ValueError } from '../../src/core/errors.js'
import {
  arange,
  empty,
  eye,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
} from '../../src/tensor/creation.js'
import { Parameter } from '../../src/tensor/parameter.js'
import { defaultGenerator, Generator, manualSeed } from '../../src/tensor/random.js'
import { rand, randint, randn, randperm } from '../../src/tensor/random-tensors.js'
import { cat, einsum, stack, where } from '../../src/tensor/tensor-functions.js'
import { forEachDevice } from '../helpers/devices.js'

forEachDevice('tensors', () => {
  it('are made from numbers, booleans, nested arrays and typed arrays', async () => {
    expect(await tensor(3).item()).toBe(3)
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ]).shape,
    ).toEqual([2, 2])
    expect(tensor([true, false]).dtype).toBe('bool')
    expect(await tensor([true, false]).toArray()).toEqual([true, false])
    expect(tensor([]).shape).toEqual([0])
    expect(tensor([[], []]).shape).toEqual([2, 0])
    expect(tensor(new Int32Array([1, 2])).dtype).toBe('i32')
    expect(tensor(new BigInt64Array([1n, 2n])).dtype).toBe('i64')
    expect(tensor(new Float64Array(6), { shape: [2, 3] }).shape).toEqual([2, 3])
    expect(await tensor(new Uint8Array([1, 255]), { dtype: 'f32' }).toArray()).toEqual([1, 255])
    expect(await tensor([1.9, -1.9], { dtype: 'i32' }).toArray()).toEqual([1, -1])
    const half = tensor(new Uint16Array([0x3c00, 0xc000]), { dtype: 'f16' })
    expect(await half.data()).toEqual(new Float32Array([1, -2]))
    expect(() => tensor([[1, 2], [3]])).toThrow(ShapeError)
    expect(() => tensor([1, 2, 3], { shape: [2] })).toThrow(/holds 2 values, got 3/)
    expect(() => tensor(new Uint16Array(2))).toThrow(DTypeError)
    expect(() => tensor([1], { dtype: 'f8' as never })).toThrow(DTypeError)
    expect(() => tensor([1], { dtype: 'i32', requiresGrad: true })).toThrow(DTypeError)
  })

  it('are filled', async () => {
    expect(await zeros([2, 2]).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ])
    expect(await ones([2], { dtype: 'i64' }).data()).toEqual(new BigInt64Array([1n, 1n]))
    expect(await full([2], 7).toArray()).toEqual([7, 7])
    expect(empty([3, 0]).shape).toEqual([3, 0])
    const x = ones([2], { dtype: 'f64' })
    expect([zerosLike(x).dtype, onesLike(x).dtype, fullLike(x, 2).dtype]).toEqual(['f64', 'f64', 'f64'])
    expect(await arange(4).data()).toEqual(new BigInt64Array([0n, 1n, 2n, 3n]))
    expect(await arange(5, 0, -2).to('f32').toArray()).toEqual([5, 3, 1])
    expect(await arange(0, 1, 0.25).toArray()).toEqual([0, 0.25, 0.5, 0.75])
    expect(() => arange(0, 5, -1)).toThrow(ValueError)
    expect(await linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(await linspace(0, 1, 1).toArray()).toEqual([0])
    expect(await eye(2, 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ])
    expect(() => zeros([2, -1])).toThrow(ShapeError)
  })

  it('are random, repeatable, and differ at each draw', async () => {
    const generator = new Generator(1)
    const first = await rand([1000], { generator }).data()
    const second = await rand([1000], { generator }).data()
    expect(first).not.toEqual(second)
    expect(await rand([1000], { generator: new Generator(1) }).data()).toEqual(first)
    expect(await rand([1000], { generator: generator.manualSeed(1) }).data()).toEqual(first)
    const state = generator.getState()
    const third = await rand([4], { generator }).data()
    generator.setState(state)
    expect(await rand([4], { generator }).data()).toEqual(third)
    const values = Array.from(first as Float32Array)
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...values)).toBeLessThan(1)
    const z = Array.from((await randn([4000], { generator }).data()) as Float32Array)
    const mean = z.reduce((a, b) => a + b) / z.length
    const variance = z.reduce((a, b) => a + (b - mean) ** 2, 0) / z.length
    expect(Math.abs(mean)).toBeLessThan(0.06)
    expect(Math.abs(variance - 1)).toBeLessThan(0.08)
    const order = (await randperm(50, { generator }).toArray()) as number[]
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i))
    const dice = (await randint(1, 7, [200], { generator }).toArray()) as number[]
    expect(new Set(dice)).toEqual(new Set([1, 2, 3, 4, 5, 6]))
    expect(manualSeed(4)).toBe(defaultGenerator)
    expect(() => new Generator(0.5)).toThrow(ValueError)
  })

  it('tell their values', async () => {
    expect(tensor([[1, 2]]).itemSync.bind(tensor([[1, 2]]))).toThrow(/one element, got shape \[1, 2\]/)
    expect(await tensor([[5]]).item()).toBe(5)
    expect(await zeros([2, 0]).toArray()).toEqual([[], []])
    expect(await zeros([0]).sum().item()).toBe(0)
    expect(await zeros([0, 3]).sum(0).toArray()).toEqual([0, 0, 0])
    expect(await zeros([0, 3]).mul(2).add(1).toArray()).toEqual([])
    expect(await cat([zeros([0, 2]), ones([1, 2])]).toArray()).toEqual([[1, 1]])
  })

  it('work together in functions', async () => {
    const a = tensor([1, 2])
    const b = tensor([3, 4])
    expect(await stack([a, b]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(await where(a.gt(1), a, b).toArray()).toEqual([3, 2])
    expect(await einsum('i,j->ij', a, b).toArray()).toEqual([
      [3, 4],
      [6, 8],
    ])
    expect(
      await a
        .reshape([2, -1])
        .matmul(b.reshape([1, 2]))
        .toArray(),
    ).toEqual([
      [3, 4],
      [6, 8],
    ])
  })
})

describe('printing, as PyTorch', () => {
  const cases: [string, () => { toString(): string }, string][] = [
    ['whole numbers', () => tensor([1, 20, -3]), 'tensor([ 1., 20., -3.])'],
    [
      'fractions',
      () =>
        tensor([
          [1, 2.5],
          [10.125, 0],
        ]),
      'tensor([[ 1.0000,  2.5000],\n        [10.1250,  0.0000]])',
    ],
    ['wide ranges', () => tensor([1e-5, 1]), 'tensor([1.0000e-05, 1.0000e+00])'],
    ['integers', () => tensor([1, 10], { dtype: 'i32' }), 'tensor([ 1, 10], dtype=i32)'],
    ['indices', () => arange(3), 'tensor([0, 1, 2])'],
    ['booleans', () => tensor([true, false]), 'tensor([ true, false])'],
    [
      'special values',
      () => tensor([Number.NaN, Number.POSITIVE_INFINITY, 1.5]),
      'tensor([   nan,    inf, 1.5000])',
    ],
    ['a scalar', () => tensor(2), 'tensor(2.)'],
    [
      'parameters',
      () => new Parameter(tensor([1])),
      'Parameter containing:\ntensor([1.], requiresGrad=true)',
    ],
    ['nothing', () => zeros([0]), 'tensor([])'],
    ['no rows', () => zeros([2, 0]), 'tensor([], shape=[2, 0])'],
    ['long ones', () => arange(2000), 'tensor([   0,    1,    2,  ..., 1997, 1998, 1999])'],
    ['cubes', () => zeros([2, 1, 2]), 'tensor([[[0., 0.]],\n\n        [[0., 0.]]])'],
  ]
  for (const [name, make, text] of cases) it(name, () => expect(make().toString()).toBe(text))
})
