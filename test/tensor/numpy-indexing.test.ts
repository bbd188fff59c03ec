/**
 * `at` and `indexPut` against NumPy: hundreds of random expressions of integers, ranges, '...', new axes, masks and
 * index tensors (scripts/goldens/indexing.py), their gradients, and what is refused.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DTypeError, ShapeError, TraceError, ValueError } from '../../src/core/errors.js'
import { type Shape, sizeOf } from '../../src/core/shape.js'
import { compile } from '../../src/tensor/compile.js'
import { arange, ones, tensor, zeros } from '../../src/tensor/creation.js'
import { type IndexArgument, slice } from '../../src/tensor/index-argument.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { cat, stack } from '../../src/tensor/tensor-functions.js'
import { gradients, vmap } from '../../src/tensor/transforms.js'
import { forEachDevice } from '../helpers/devices.js'
import { readGolden, valuesOf } from '../helpers/goldens.js'

type Item =
  | number
  | string
  | boolean
  | null
  | { readonly list: readonly number[] }
  | { readonly index: readonly number[]; readonly shape: Shape }
  | { readonly mask: readonly number[]; readonly shape: Shape }

interface Case {
  readonly shape: Shape
  readonly items: readonly Item[]
  readonly result: { readonly shape: Shape; readonly data: readonly number[] }
  readonly values: Shape
  readonly put: readonly number[]
  readonly add: readonly number[]
}

const { cases } = readGolden<{ cases: Case[] }>('indexing')

const indexTensor = (data: readonly number[], shape: Shape, dtype: 'bool' | 'i32' | 'i64'): Tensor =>
  tensor(Int32Array.from(data), { dtype, shape })

/** The items as a user writes them. */
const argumentsOf = (items: readonly Item[], dtype: 'i32' | 'i64' = 'i64'): IndexArgument[] =>
  items.map((item): IndexArgument => {
    if (item === null || typeof item !== 'object') return item as IndexArgument
    if ('list' in item) return item.list
    return 'mask' in item
      ? indexTensor(item.mask, item.shape, 'bool')
      : indexTensor(item.index, item.shape, dtype)
  })

const hasMask = (c: Case): boolean =>
  c.items.some((item) => typeof item === 'object' && item !== null && 'mask' in item)

/** 0, 1, 2, … in a shape. */
const counting = (shape: Shape): Tensor => arange(0, sizeOf(shape)).to('f32').reshape(shape)
const negative = (shape: Shape): Tensor => counting(shape).add(1).neg()
const title = (c: Case): string => `x${JSON.stringify(c.items)} of [${c.shape}]`

/** Computes what the cases give, some of them in one program, and compares. */
function inGroups(build: (c: Case, k: number) => (readonly [Tensor, readonly number[]])[]): void {
  for (let from = 0; from < cases.length; from += 20) {
    const group = cases.slice(from, from + 20).map((c, k) => ({ c, pairs: build(c, from + k) }))
    const all = plain(cat(group.flatMap(({ pairs }) => pairs.map(([t]) => t.ravel()))))
    let at = 0
    for (const { c, pairs } of group) {
      for (const [t, expected] of pairs) {
        expect(all.slice(at, at + t.size), title(c)).toEqual(expected)
        at += t.size
      }
    }
  }
}

/** -0 is 0 here. */
const plain = (t: Tensor): number[] => valuesOf(t).map((v) => v + 0)

forEachDevice('indexing as NumPy', (device) => {
  it(`reads ${cases.length} random expressions`, () => {
    inGroups((c, k) => {
      const y = counting(c.shape).at(...argumentsOf(c.items, k % 2 === 0 ? 'i32' : 'i64'))
      expect(y.shape, title(c)).toEqual(c.result.shape)
      return [[y, c.result.data]]
    })
  })

  it('writes them', () => {
    inGroups((c, k) => {
      const x = counting(c.shape)
      const items = argumentsOf(c.items, k % 2 === 0 ? 'i32' : 'i64')
      const put = x.indexPut(items, negative(c.values))
      expect(put.shape).toEqual(c.shape)
      return [
        [put, c.put],
        [x.indexPut(items, negative(c.values), { accumulate: true }), c.add],
      ]
    })
  })

  if (device !== 'reference') return

  it('what is read can be written back, as any expression', () => {
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.integer({ min: -5, max: 5 }), (c, shift) => {
        const x = counting(c.shape)
        const items = argumentsOf(c.items)
        expect(plain(x.indexPut(items, x.at(...items)))).toEqual(plain(x))
        // Writing one number and reading it again gives that number everywhere.
        const written = x.indexPut(items, shift).at(...items)
        expect(plain(written)).toEqual(c.result.data.map(() => shift))
      }),
      { numRuns: 60, seed: 3 },
    )
  })

  it('the gradient of reading is writing, and the other way round', () => {
    for (const c of cases.filter((_, k) => k % 3 === 0)) {
      const items = argumentsOf(c.items)
      const weight = negative(c.result.shape)
      const slope = gradients((x: Tensor) =>
        x
          .at(...items)
          .mul(weight)
          .sum(),
      )(counting(c.shape))
      const expected = zeros(c.shape).indexPut(items, weight, { accumulate: true })
      expect(plain(slope), title(c)).toEqual(plain(expected))
      const [dx, dv] = gradients(
        (x: Tensor, v: Tensor) => x.indexPut(items, v, { accumulate: true }).mul(counting(c.shape)).sum(),
        [0, 1],
      )(counting(c.shape), negative(c.result.shape)) as unknown as [Tensor, Tensor]
      expect(plain(dx)).toEqual(plain(counting(c.shape)))
      expect(plain(dv)).toEqual(c.result.data)
    }
  })

  it('works inside compile and vmap where no mask has to be counted', () => {
    for (const c of cases.filter((one, k) => k % 6 === 0 && !hasMask(one))) {
      const items = argumentsOf(c.items)
      const read = compile((x: Tensor) => x.at(...items))
      expect(plain(read(counting(c.shape))), title(c)).toEqual(c.result.data)
      expect(plain(read(counting(c.shape).add(1))), title(c)).toEqual(c.result.data.map((v) => v + 1))
      const batch = stack([counting(c.shape), counting(c.shape).mul(2)])
      const many = vmap((x: Tensor) => x.at(...items))(batch)
      expect(many.shape).toEqual([2, ...c.result.shape])
      expect(plain(many), title(c)).toEqual([...c.result.data, ...c.result.data.map((v) => 2 * v)])
    }
  })
})

forEachDevice('indexing', () => {
  const x = counting([3, 4])

  it('takes ranges as text and as slice()', () => {
    expect(plain(x.at(slice(1), slice(null, null, -2)))).toEqual(plain(x.at('1:', '::-2')))
    expect(plain(x.at(' 0 : 2 ' as ':', slice(-2)))).toEqual([2, 3, 6, 7])
    expect(x.at().shape).toEqual([3, 4])
    expect(x.at(-1, -1).shape).toEqual([])
    expect(tensor(5).at(null, '...').shape).toEqual([1])
  })

  it('takes lists of integers and of booleans', () => {
    expect(plain(x.at([0, -1], [1, 2]))).toEqual([1, 10])
    expect(plain(x.at([true, false, true], 0))).toEqual([0, 8])
    expect(x.at([]).shape).toEqual([0, 4])
    expect(plain(compile((t: Tensor) => t.at([false, true, true], [1]))(x))).toEqual([5, 9])
  })

  it('is the way to assign to a part', () => {
    const state = zeros([2, 3])
    state.assign(state.indexPut([0, '1:'], 7))
    state.assign(state.indexPut([':', 0], tensor([1, 2])))
    expect(plain(state)).toEqual([1, 7, 7, 2, 0, 0])
  })

  it('a mask needs no counting to be filled, in compile and vmap too', () => {
    const clip = (t: Tensor): Tensor => t.indexPut([t.gt(6)], 6).indexPut([t.lt(2)], tensor(2))
    const expected = [2, 2, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6]
    expect(plain(clip(x))).toEqual(expected)
    expect(plain(compile(clip)(x))).toEqual(expected)
    expect(plain(vmap(clip)(x))).toEqual(expected)
    const rows = compile((t: Tensor) => t.indexPut([tensor([true, false, true])], tensor([1, 2, 3, 4])))
    expect(plain(rows(x))).toEqual([1, 2, 3, 4, 4, 5, 6, 7, 1, 2, 3, 4])
    const added = x.indexPut([x.gt(9)], 100, { accumulate: true })
    expect(plain(added)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 110, 111])
  })

  it('keeps dtypes, bool and integers too', () => {
    const bits = tensor([true, false, false]).indexPut([[1]], 1)
    expect([bits.dtype, bits.toArraySync()]).toEqual(['bool', [true, true, false]])
    const both = tensor([true, false, false]).indexPut([[0, 2]], tensor([false, true]), { accumulate: true })
    expect(both.toArraySync()).toEqual([true, false, true])
    const half = ones([3], { dtype: 'f16' }).indexPut(['1:'], 0.5)
    expect([half.dtype, half.toArraySync()]).toEqual(['f16', [1, 0.5, 0.5]])
    expect(arange(4).at(tensor([3, 1], { dtype: 'u8' })).dtype).toBe('i64')
  })

  it('positions in tensors that are out of range are errors when the program runs', () => {
    const at = (...values: number[]): Tensor => tensor(values, { dtype: 'i64' })
    expect(() => x.at(at(0, 3)).dataSync()).toThrow(ValueError)
    expect(() => x.at(at(-4)).dataSync()).toThrow(/out of range/)
    // A bad row with a good column is no other element.
    expect(() => x.at(at(-4), at(3)).dataSync()).toThrow(/out of range/)
    expect(() => x.at(at(0), at(4)).dataSync()).toThrow(/out of range/)
    expect(() => x.indexPut([at(3)], 1).dataSync()).toThrow(/out of range/)
    expect(() => x.at(at(2 ** 32)).dataSync()).toThrow(/out of range/)
    expect(() => compile((i: Tensor) => x.at(i))(at(9)).dataSync()).toThrow(/out of range/)
    expect(plain(x.at(at(-3), at(-4)))).toEqual([0])
  })
})

describe('indices that are refused', () => {
  const x = counting([3, 4])
  const any = x as Tensor
  it.each<[string, () => unknown, RegExp, new (...args: never[]) => Error]>([
    [
      'too many',
      () => any.at(0, 0, 0),
      /at most 2 indices for a tensor of shape \[3, 4\], got 3/,
      ValueError,
    ],
    ['an integer', () => any.at(3), /axis 0 \(an integer from -3 to 2\), got 3/, ValueError],
    ['a negative one', () => any.at(0, -5), /axis 1 \(an integer from -4 to 3\), got -5/, ValueError],
    ['of an empty axis', () => zeros([0, 2]).at(0), /none, it is empty/, ValueError],
    ['a fraction', () => any.at(0.5), /got 0.5/, ValueError],
    ['two ellipses', () => any.at('...', '...'), /at most one '...'/, ValueError],
    ['a step of 0', () => any.at('::0'), /a step that is not 0/, ValueError],
    ['a strange text', () => any.at('1-2' as ':'), /a range like ':'.*got '1-2'/, ValueError],
    ['undefined', () => any.at(undefined as never), /got undefined/, ValueError],
    ['a range of fractions', () => any.at(slice(0.5)), /expected integers in a range/, ValueError],
    ['a mixed list', () => any.at([0, true] as never), /a list of integers or of booleans/, ValueError],
    ['float positions', () => any.at(tensor([1, 2])), /got f32. Cast with .to\('i64'\)/, DTypeError],
    [
      'a mask of another shape',
      () => any.at(tensor([true, false])),
      /a mask of shape \[2\] does not fit/,
      ShapeError,
    ],
    ['positions that do not broadcast', () => any.at([0, 1], [0, 1, 2]), /do not broadcast/, ShapeError],
    ['values of a shape', () => any.indexPut([0], zeros([3])), /indexPut: .*do not broadcast/, ShapeError],
    [
      'values of a dtype',
      () => any.indexPut([0], arange(4)),
      /expected values of dtype f32, got i64/,
      DTypeError,
    ],
    ['no list', () => any.indexPut(0 as never, 1), /expected a list of indices/, ValueError],
  ])('%s', (_, run, message, kind) => {
    expect(run).toThrow(message)
    expect(run).toThrow(kind)
  })

  it('a mask that would have to be counted inside compile and vmap', () => {
    const pick = (t: Tensor): Tensor => t.at(t.gt(0))
    expect(() => compile(pick)(x)).toThrow(TraceError)
    expect(() => compile(pick)(x)).toThrow(/at with a mask: .*depends on data.*where\(\) or maskedFill/)
    expect(() => vmap(pick)(x)).toThrow(/outside of vmap/)
    const put = (t: Tensor): Tensor => t.indexPut([t.gt(0)], arange(11).to('f32'))
    expect(() => compile(put)(x)).toThrow(/indexPut with a mask/)
    expect(plain(put(x)).slice(0, 3)).toEqual([0, 0, 1])
  })
})
