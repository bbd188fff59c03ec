/** Order statistics, scans, counts and integrals as methods of Tensor: values, shapes, gradients, errors. */
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/tensor/compile.js'
import { tensor, zeros } from '../../src/tensor/creation.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { gradients, vmap } from '../../src/tensor/transforms.js'
import { forEachDevice } from '../helpers/devices.js'

const list = (t: Tensor): number[] => [...t.dataSync()].map(Number)

forEachDevice('statistics', () => {
  const x = tensor([
    [3, 1, 2, 4],
    [5, 5, 1, 1],
  ])

  it('medians, quantiles and modes', () => {
    expect(x.median().itemSync()).toBe(2)
    const { values, indices } = x.medianWithIndices(1, { keepdim: true })
    expect([list(values), list(indices), values.shape]).toEqual([
      [2, 1],
      [2, 3],
      [2, 1],
    ])
    expect(tensor([1, NaN, 3]).median().itemSync()).toBeNaN()
    expect(tensor([1, NaN, 3]).nanmedian().itemSync()).toBe(1)
    expect(list(tensor([1, NaN, 3]).nanmedianWithIndices(0).values)).toEqual([1])
    expect(x.quantile(0.5).itemSync()).toBe(2.5)
    expect(x.quantile([0, 0.5, 1], 1).shape).toEqual([3, 2])
    expect(list(x.quantile(tensor([0.25]), 1, { interpolation: 'lower' }))).toEqual([1, 1])
    expect(tensor([1, NaN, 3]).nanquantile(0.5).itemSync()).toBe(2)
    const mode = x.mode()
    expect([list(mode.values), list(mode.indices)]).toEqual([
      [1, 1],
      [1, 3],
    ])
  })

  it('running extremes and sums', () => {
    const top = tensor([1, 3, 2, 3, 5]).cummax(0)
    expect([list(top.values), list(top.indices)]).toEqual([
      [1, 3, 3, 3, 5],
      [0, 1, 1, 3, 4],
    ])
    expect(list(tensor([4, 5, 2], { dtype: 'u8' }).cummin(0).values)).toEqual([4, 4, 2])
    expect(list(tensor([-1000, 0, 1000]).logcumsumexp(0))).toEqual([-1000, 0, 1000])
    expect(list(tensor([true, true]).cumsum(0))).toEqual([1, 2])
    expect(tensor([1, 2], { dtype: 'i32' }).cumsum(0, { dtype: 'f32' }).dtype).toBe('f32')
    expect(list(x.diff({ axis: 0 }))).toEqual([2, 4, -1, -3])
    expect(list(tensor([1, 4, 9]).diff({ n: 2 }))).toEqual([2])
    expect(list(tensor([1, 4]).diff({ prepend: tensor([0]), append: tensor([6]) }))).toEqual([1, 3, 2])
  })

  it('integrals', () => {
    expect(tensor([0, 1, 4]).trapezoid().itemSync()).toBe(3)
    expect(tensor([0, 1, 4]).trapezoid(null, { dx: 2 }).itemSync()).toBe(6)
    expect(
      tensor([0, 1, 4])
        .trapezoid(tensor([0, 1, 3]))
        .itemSync(),
    ).toBe(5.5)
    expect(list(tensor([0, 1, 4]).cumulativeTrapezoid())).toEqual([0.5, 3])
  })

  it('reductions with two results', () => {
    const { variance, mean } = x.varMean(1)
    expect(list(mean)).toEqual([2.5, 3])
    expect(list(variance)[1]).toBeCloseTo(16 / 3, 5)
    expect(list(x.stdMean(0, { correction: 0 }).std)).toEqual([1, 2, 0.5, 1.5])
    const { min, max } = x.aminmax(1)
    expect([list(min), list(max)]).toEqual([
      [1, 1],
      [4, 5],
    ])
    expect(list(x.maxWithIndices(0).indices)).toEqual([1, 1, 0, 0])
    expect(list(x.minWithIndices(1).indices)).toEqual([1, 2])
    expect(tensor([1, NaN]).nansum().itemSync()).toBe(1)
    expect(tensor([1, NaN, 5]).nanmean().itemSync()).toBe(3)
    expect(
      list(
        tensor([
          [0, 1],
          [2, 0],
        ]).countNonzero(0),
      ),
    ).toEqual([1, 1])
  })

  it('counts', async () => {
    const n = tensor([1, 4, 1], { dtype: 'i64' })
    expect(list(await n.bincount())).toEqual([0, 2, 0, 0, 1])
    expect(list(n.bincountSync({ minlength: 6 }))).toEqual([0, 2, 0, 0, 1, 0])
    expect(list(await n.bincount({ weights: tensor([0.5, 2, 1]) }))).toEqual([0, 1.5, 0, 0, 2])
    expect(list(n.bincountStatic(5))).toEqual([0, 2, 0, 0, 1])
    expect(list(await zeros([0], { dtype: 'i64' }).bincount())).toEqual([])
    expect(list(tensor([0, 1, 2, 2, 5]).histc({ bins: 5, min: 0, max: 5 }))).toEqual([1, 1, 2, 0, 1])
    await expect(tensor([1, -3], { dtype: 'i32' }).bincount()).rejects.toThrow(
      /bincount: expected values ≥ 0, got -3/,
    )
    expect(() => list(n.bincountStatic(3))).toThrow()
  })

  it('compiles and maps, but for sizes that depend on data', () => {
    const step = compile((t: Tensor) => t.quantile(0.25, 1).add(t.cummax(1).values.sum(1)))
    expect(list(step(x))).toEqual([1.75 + 13, 1 + 20])
    expect(list(vmap((t: Tensor) => t.median())(x))).toEqual([2, 1])
    expect(list(vmap((t: Tensor) => t.histc({ bins: 2 }))(x))).toEqual([2, 2, 2, 2])
    const counting = compile((t: Tensor) => t.bincountSync())
    expect(() => counting(tensor([1, 2], { dtype: 'i32' }))).toThrow(/bincount: .* Use bincountStatic/s)
  })

  it('gradients reach the chosen elements', () => {
    const at = (f: (t: Tensor) => Tensor, v: number[]): number[] => list(gradients(f)(tensor(v)))
    expect(at((t) => t.median(), [3, 1, 2])).toEqual([0, 0, 1])
    expect(at((t) => t.median(), [2, 1, 2])).toEqual([0.5, 0, 0.5])
    expect(at((t) => t.quantile(0.25), [1, 2, 4])).toEqual([0.5, 0.5, 0])
    expect(at((t) => t.cummax(0).values.sum(), [1, 3, 2])).toEqual([1, 2, 0])
    expect(at((t) => t.nanmean(), [1, NaN, 3])).toEqual([0.5, 0, 0.5])
    expect(at((t) => t.logcumsumexp(0).sum(), [0, 0])).toEqual([1.5, 0.5])
  })
})

forEachDevice('empty axes', () => {
  const x = zeros([0, 3])

  it('other axes reduce to nothing, and sums of nothing have their neutral element', () => {
    const shapes = [
      x.max(1),
      x.min(1),
      x.argmax(1),
      x.amax(1),
      x.medianWithIndices(1).values,
      x.mode().indices,
      x.aminmax(1).min,
      x.nansum(1),
    ]
    for (const t of shapes) {
      expect(t.shape).toEqual([0])
      expect(list(t)).toEqual([])
    }
    expect(list(x.sum(0))).toEqual([0, 0, 0])
    expect(list(x.prod(0))).toEqual([1, 1, 1])
    expect(list(x.all(0))).toEqual([1, 1, 1])
    expect(list(x.any(0))).toEqual([0, 0, 0])
    expect(list(x.std(0))).toEqual([NaN, NaN, NaN])
    expect(list(x.nanmean(0))).toEqual([NaN, NaN, NaN])
    expect(list(x.logsumexp(0))).toEqual([-Infinity, -Infinity, -Infinity])
    expect(x.norm().itemSync()).toBe(0)
    expect(x.countNonzero().itemSync()).toBe(0)
    expect(x.cummax(0).values.shape).toEqual([0, 3])
    expect(list(x.logcumsumexp(1))).toEqual([])
    expect(list(x.trapezoid(null, { axis: 0 }))).toEqual([0, 0, 0])
    expect(x.diff({ axis: 0 }).shape).toEqual([0, 3])
    expect(list(x.histc({ bins: 2 }))).toEqual([0, 0])
  })

  it('what has no answer is an error, as in PyTorch', () => {
    for (const f of [
      () => x.max(),
      () => x.max(0),
      () => x.min(0),
      () => x.amax(),
      () => x.amin([0, 1]),
      () => x.aminmax(),
      () => x.medianWithIndices(0),
      () => x.nanmedianWithIndices(0),
      () => x.mode(0),
      () => x.quantile(0.5),
      () => x.quantile(0.5, 0),
    ]) {
      expect(f).toThrow(/empty axis|at least one element/)
    }
    expect(() => x.argmax()).toThrow(/argmax: expected at least one element, got shape \[0, 3\]/)
    expect(() => x.argmin(0)).toThrow(/argmin: expected at least one element along axis 0/)
  })
})

describe('bad input', () => {
  it('is explained', () => {
    const x = tensor([1, 2, 3])
    expect(() => x.quantile(1.5)).toThrow(/quantile: expected q in \[0, 1\], got 1.5/)
    expect(() => x.quantile([0.5, Number.NaN])).toThrow(/got NaN/)
    expect(() => x.to('i32').quantile(0.5)).toThrow(/quantile: expected f32 or f64, got i32/)
    expect(() => zeros([0]).quantile(0.5)).toThrow(/at least one element/)
    expect(() => zeros([2, 0]).medianWithIndices(1)).toThrow(/at least one element along axis 1/)
    expect(() => zeros([2, 0]).mode()).toThrow(/mode: expected at least one element/)
    expect(zeros([0]).median().itemSync()).toBeNaN()
    expect(() => x.cummax(1)).toThrow(/cummax: expected an axis/)
    expect(() => x.diff({ n: -1 })).toThrow(/diff: expected a whole number n ≥ 0/)
    expect(() => x.diff({ prepend: zeros([1, 1]) })).toThrow(/diff: expected prepend/)
    expect(() => x.trapezoid(zeros([2]))).toThrow(/expected 3 places x/)
    expect(() => x.bincountSync()).toThrow(/bincount: expected integers, got f32/)
    expect(() => x.to('i32').bincountSync({ minlength: -1 })).toThrow(/minlength ≥ 0, got -1/)
    expect(() => x.to('i32').bincountStatic(4, zeros([2]))).toThrow(/one weight for each of 3/)
    expect(() => x.histc({ bins: 0 })).toThrow(/histc: expected a whole number of bins/)
    expect(() => x.histc({ min: 2, max: 1 })).toThrow(/finite min ≤ max/)
    expect(() => x.to('i32').histc()).toThrow(/histc: expected float/)
    expect(() => x.to('i32').logcumsumexp(0)).toThrow(/logcumsumexp: expected float/)
    expect(() => x.median().mode(1)).toThrow(/mode: expected an axis/)
  })
})
