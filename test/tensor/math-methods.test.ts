/** The element-wise methods of Tensor beyond arithmetic: values, dtypes, half types, gradients, errors. */
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/tensor/compile.js'
import { tensor, zeros } from '../../src/tensor/creation.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { gradients } from '../../src/tensor/transforms.js'
import { forEachDevice } from '../helpers/devices.js'

const close = (t: Tensor, expected: readonly number[], digits = 6): void => {
  const got = [...t.dataSync()].map(Number)
  expect(got.length).toBe(expected.length)
  expected.forEach((e, i) => {
    if (Number.isFinite(e)) expect(got[i]).toBeCloseTo(e, digits)
    else expect(got[i]).toBe(e)
  })
}

forEachDevice('element-wise methods', () => {
  const x = tensor([0.5, -0.25, 0.75])

  it('functions of one argument give what Math gives', () => {
    const pairs: [Tensor, (v: number) => number][] = [
      [x.asin(), Math.asin],
      [x.acos(), Math.acos],
      [x.sinh(), Math.sinh],
      [x.cosh(), Math.cosh],
      [x.asinh(), Math.asinh],
      [x.atanh(), Math.atanh],
      [x.add(2).acosh(), (v) => Math.acosh(v + 2)],
      [x.exp2(), (v) => 2 ** v],
      [x.abs().log2(), (v) => Math.log2(Math.abs(v))],
      [x.abs().log10(), (v) => Math.log10(Math.abs(v))],
      [x.deg2rad(), (v) => (v * Math.PI) / 180],
      [x.rad2deg(), (v) => (v * 180) / Math.PI],
      [x.frac(), (v) => v % 1],
      [x.sgn(), Math.sign],
      [x.sinc(), (v) => Math.sin(Math.PI * v) / (Math.PI * v)],
      [x.abs().logit(), (v) => Math.log(Math.abs(v) / (1 - Math.abs(v)))],
    ]
    for (const [got, fn] of pairs) close(got, [0.5, -0.25, 0.75].map(fn), 5)
    close(tensor([0.5, 1, 5]).lgamma(), [Math.log(Math.sqrt(Math.PI)), 0, Math.log(24)], 5)
    close(tensor([1]).digamma(), [-0.5772156649], 6)
    close(tensor([1]).polygamma(1), [Math.PI ** 2 / 6], 5)
    close(tensor([0, 1]).erfc(), [1, 0.157299207], 6)
    close(tensor([0, 0.5]).erfinv(), [0, 0.4769362762], 6)
  })

  it('functions of two arguments broadcast and promote', () => {
    close(tensor([3, 5]).hypot(tensor([[4], [12]])), [5, Math.hypot(5, 4), Math.hypot(3, 12), 13], 5)
    close(tensor([1, 1000]).logaddexp(2), [Math.log(Math.exp(1) + Math.exp(2)), 1000], 4)
    close(tensor([1, 3]).logaddexp2(3), [Math.log2(10), 4], 5)
    close(tensor([0, 2]).xlogy(tensor([0, 3])), [0, 2 * Math.log(3)], 5)
    close(tensor([0, 2]).xlog1py(3), [0, 2 * Math.log(4)], 5)
    close(tensor([1, -2]).copysign(tensor([-0, 1])), [-1, 2])
    close(tensor([-1, 0, 2]).heaviside(tensor(0.5)), [0, 0.5, 1])
    close(tensor([NaN, 1]).fmax(tensor([2, NaN])), [2, 1])
    close(tensor([NaN, 1]).fmin(0.5), [0.5, 0.5])
    expect(tensor([1, 2], { dtype: 'i32' }).hypot(1).dtype).toBe('f32')
    expect(tensor([1, 2], { dtype: 'i32' }).hypot(tensor([1, 2], { dtype: 'f64' })).dtype).toBe('f64')
    expect(tensor([1, 2], { dtype: 'i32' }).floorDivide(2).dtype).toBe('i32')
    expect(tensor([1, 2], { dtype: 'i32' }).trueDivide(2).dtype).toBe('f32')
    expect(tensor([1], { dtype: 'i32' }).copysign(-1).dtype).toBe('f32')
    expect(tensor([1], { dtype: 'bool' }).asin().dtype).toBe('f32')
  })

  it('floorDivide is Python’s, not the floor of a rounded quotient', () => {
    close(
      tensor([1, -7, 7], { dtype: 'f64' }).floorDivide(tensor([0.1, 2, -2], { dtype: 'f64' })),
      [9, -4, -4],
    )
    close(tensor([-7, 7], { dtype: 'i64' }).floorDivide(2), [-4, 3])
  })

  it('shifts move bits, keep signs and end at the width', () => {
    const n = tensor([1, -5, 2 ** 30], { dtype: 'i32' })
    close(n.bitwiseLeftShift(2), [4, -20, 0])
    close(n.bitwiseRightShift(1), [0, -3, 2 ** 29])
    close(n.bitwiseRightShift(40), [0, -1, 0])
    close(n.bitwiseLeftShift(32), [0, 0, 0])
    close(tensor([200], { dtype: 'u8' }).bitwiseRightShift(3), [25])
    close(tensor([-1], { dtype: 'i64' }).bitwiseLeftShift(40), [-(2 ** 40)])
  })

  it('whole numbers: divisors, multiples, powers', () => {
    const n = tensor([12, -18, 0], { dtype: 'i64' })
    close(n.gcd(8), [4, 2, 8])
    close(n.lcm(tensor([8, 4, 3], { dtype: 'i64' })), [24, 36, 0])
    close(tensor([3], { dtype: 'i64' }).pow(tensor([33], { dtype: 'i64' })), [3 ** 33])
    close(tensor([1.5]).ldexp(tensor([3], { dtype: 'i32' })), [12])
    expect(n.floatPower(2).dtype).toBe('f64')
    expect(() => tensor([1.5]).gcd(2)).toThrow(/gcd: expected integers, got f32/)
  })

  it('half types compute in f32 and round once', () => {
    // In f16 steps, log10(1000) would be 2.998 and sinh(0.01) off by several units.
    close(tensor([1000], { dtype: 'f16' }).log10(), [3])
    close(tensor([0.01], { dtype: 'f16' }).sinh(), [0.01000213623046875], 12)
    expect(tensor([3], { dtype: 'bf16' }).lgamma().dtype).toBe('bf16')
  })

  it('classifies', () => {
    const odd = tensor([NaN, Infinity, -Infinity, -0, 2])
    close(odd.isposinf(), [0, 1, 0, 0, 0])
    close(odd.isneginf(), [0, 0, 1, 0, 0])
    close(tensor([-0, 0, -1]).signbit(), [1, 0, 1])
    close(tensor([-0, -1], { dtype: 'f16' }).signbit(), [1, 1])
    close(odd.nanToNum(), [0, 3.4028234663852886e38, -3.4028234663852886e38, -0, 2], -30)
    close(odd.nanToNum(1, 2, 3), [1, 2, 3, -0, 2])
    close(tensor([NaN, Infinity], { dtype: 'f16' }).nanToNum(), [0, 65504])
  })

  it('rounds to decimals on both sides of the point', () => {
    close(tensor([1.25, 1.35, -2.449]).round(1), [1.2, 1.4, -2.4], 5)
    close(tensor([1250, 1350, -49]).round(-2), [1200, 1400, -0])
    expect(() => x.round(0.5)).toThrow(/whole number of decimals, got 0.5/)
  })

  it('compares tensors', async () => {
    const y = tensor([1, 2])
    expect(await y.allClose(tensor([1, 2.00001]))).toBe(true)
    expect(await y.allClose(tensor([1, 2.1]))).toBe(false)
    expect(await y.allClose(tensor([1, 2.1]), { atol: 0.2 })).toBe(true)
    expect(await tensor([NaN]).allClose(tensor([NaN]))).toBe(false)
    expect(await tensor([NaN]).allClose(tensor([NaN]), { equalNan: true })).toBe(true)
    expect(await y.equal(tensor([1, 2]))).toBe(true)
    expect(await y.equal(tensor([[1, 2]]))).toBe(false)
    expect(await zeros([0]).equal(zeros([0]))).toBe(true)
    close(y.isClose(tensor([1, 3])), [1, 0])
  })

  it('allClose and equal inside compile say what to use', () => {
    const equal = compile((t: Tensor) => (t.equalSync(t) ? t : t.neg()))
    expect(() => equal(x)).toThrow(
      /equal: .* compiled step: true or false depends on data.* eq\(other\).all\(\)/s,
    )
    const near = compile((t: Tensor) => {
      void t.allClose(t)
      return t
    })
    expect(() => near(x)).toThrow(/allClose: .* Use isClose\(other\).all\(\)/s)
  })

  it('fused products', () => {
    close(x.addcmul(tensor([2, 2, 2]), tensor([1, 2, 3]), 0.5), [1.5, 1.75, 3.75])
    close(x.addcdiv(tensor([1, 1, 1]), tensor([1, 2, 4])), [1.5, 0.25, 1])
    expect(() => tensor([1], { dtype: 'i32' }).addcdiv(tensor([1]).to('i32'), tensor([1]).to('i32'))).toThrow(
      /addcdiv: expected float elements, got i32/,
    )
  })

  it('has the right gradients at special points', () => {
    const at = (f: (t: Tensor) => Tensor, v: number): number => gradients(f)(tensor(v)).itemSync()
    expect(at((t) => t.asinh(), 0)).toBe(1)
    expect(at((t) => t.atanh(), 0)).toBe(1)
    expect(at((t) => t.sinc(), 0)).toBe(0)
    expect(at((t) => t.sinh(), 0)).toBe(1)
    expect(at((t) => t.asin(), 1)).toBe(Infinity)
    expect(at((t) => t.erfinv(), 1)).toBe(Infinity)
    expect(at((t) => t.logaddexp(t.mul(0)), 0)).toBe(0.5)
    expect(at((t) => t.lgamma(), 1)).toBeCloseTo(-0.57721566, 5)
  })
})

describe('bad input', () => {
  it('is explained', () => {
    expect(() => tensor([1]).polygamma(-1)).toThrow(/polygamma: expected an order n ≥ 0 .* got -1/)
    expect(() => tensor([1]).polygamma(0.5)).toThrow(/got 0.5/)
    expect(() => tensor([1.5]).bitwiseLeftShift(1)).toThrow(/bitwiseLeftShift: expected integers, got f32/)
    expect(() => tensor([true]).frac()).toThrow(/frac: expected numbers, got bool/)
    expect(() => tensor([1, 2]).hypot(tensor([1, 2, 3]) as Tensor)).toThrow(
      /hypot: shapes .* do not broadcast/,
    )
    expect(() => tensor([1, 2]).logaddexp(tensor([1, 2, 3]) as Tensor)).toThrow(/logaddexp/)
  })
})
