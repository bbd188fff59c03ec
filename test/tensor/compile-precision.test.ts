/** `compile(step, { precision: 'bf16' })`: what it rounds, what it leaves alone, and that every device means the same. */
import { expect, it } from 'vitest'
import { fromBf16Bits, toBf16Bits } from '../../src/core/dtype.js'
import { compile } from '../../src/tensor/compile.js'
import { scan } from '../../src/tensor/control-flow.js'
import { tensor } from '../../src/tensor/creation.js'
import { rfft } from '../../src/tensor/fft.js'
import { conv2d } from '../../src/tensor/functional.js'
import { Parameter } from '../../src/tensor/parameter.js'
import { manualSeed } from '../../src/tensor/random.js'
import { randn } from '../../src/tensor/random-tensors.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { forEachDevice } from '../helpers/devices.js'
import { expectClose, toleranceOf } from '../helpers/tolerance.js'

const bf16 = (x: number): number => fromBf16Bits(toBf16Bits(x))
const numbers = async (x: Tensor): Promise<number[]> => [...((await x.data()) as Float32Array)]
const sums = toleranceOf('f32', 'sum')

/** x · y of row-major matrices in f64, the operands rounded to bf16 first. */
function product(x: readonly number[], y: readonly number[], m: number, k: number, n: number): number[] {
  return Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    let sum = 0
    for (let p = 0; p < k; p++) sum += bf16(x[i * k + p]) * bf16(y[p * n + j])
    return sum
  })
}

const transpose = (x: readonly number[], rows: number, columns: number): number[] =>
  Array.from({ length: x.length }, (_, at) => x[(at % rows) * columns + Math.floor(at / rows)])

forEachDevice('precision', () => {
  it('rounds what products multiply and sums in f32, forward and backward', async () => {
    for (const [m, k, n] of [
      [5, 33, 19],
      [32, 64, 48],
      [1, 20, 30],
      [17, 1, 40],
    ]) {
      manualSeed(m)
      const x = randn([m, k])
      const w = new Parameter(randn([k, n]))
      const g = randn([m, n])
      const step = compile(
        (a: Tensor, seed: Tensor) => {
          w.grad = null
          a.matmul(w).mul(seed).sum().backward()
          return [a.matmul(w), w.grad as unknown as Tensor]
        },
        { precision: 'bf16' },
      )
      const [y, dw] = step(x, g)
      const [xs, ws, gs] = [await numbers(x), await numbers(w), await numbers(g)]
      expectClose(await numbers(y), product(xs, ws, m, k, n), sums, `y ${m} ${k} ${n}`)
      expectClose(await numbers(dw), product(transpose(xs, m, k), gs, k, m, n), sums, `dw ${m} ${k} ${n}`)
    }
  })

  it('rounds the operands of convolutions', async () => {
    manualSeed(3)
    const [x, w] = [randn([2, 3, 9, 8]), randn([4, 3, 3, 2])]
    const y = compile((a: Tensor, b: Tensor) => conv2d(a, b, null, { padding: 1, stride: 2 }), {
      precision: 'bf16',
    })(x, w)
    const rounded = async (t: Tensor): Promise<Tensor> =>
      tensor((await numbers(t)).map(bf16)).reshape(t.shape as number[])
    const expected = conv2d(await rounded(x), await rounded(w), null, { padding: 1, stride: 2 })
    expectClose(await numbers(y), await numbers(expected), sums, 'conv2d')
  })

  it('reaches into loops', async () => {
    manualSeed(4)
    const [w, xs] = [randn([7, 7]).mul(0.3), randn([4, 3, 7])]
    const run = (precision: 'f32' | 'bf16') =>
      compile(
        (a: Tensor, b: Tensor) =>
          scan(
            (carry: Tensor, x: Tensor) => {
              const next = carry.matmul(a).add(x)
              return [next, next]
            },
            b.at(0).mul(0),
            b,
          )[0],
        { precision },
      )(w, xs)
    let carry = new Array<number>(21).fill(0)
    const [ws, given] = [await numbers(w), await numbers(xs)]
    for (let t = 0; t < 4; t++) {
      carry = product(carry, ws, 3, 7, 7).map((v, i) => Math.fround(v + given[t * 21 + i]))
    }
    // A sum that ends beside a tie rounds to either side: one step of bf16 of one operand.
    expectClose(await numbers(run('bf16')), carry, { relative: 0, absolute: 2 ** -7 }, 'scan')
    expect(await numbers(run('bf16'))).not.toEqual(await numbers(run('f32')))
  })

  it('leaves transforms, other dtypes and everything that is no product alone', async () => {
    manualSeed(5)
    const x = randn([6, 40])
    const both = async (fn: (a: Tensor) => Tensor, a = x): Promise<[number[], number[]]> => [
      await numbers(compile(fn, { precision: 'bf16' })(a)),
      await numbers(compile(fn)(a)),
    ]
    for (const fn of [
      (a: Tensor) => a.softmax(1).sum(0),
      (a: Tensor) => a.mul(a).mean(1).sqrt(),
      (a: Tensor) => rfft(a).abs(),
      (a: Tensor) => a.matmul(a.transpose(0, 1)).to('f64').matmul(a.to('f64')).mul(0).add(1),
    ]) {
      const [rounded, plain] = await both(fn)
      expect(rounded).toEqual(plain)
    }
    const [wide, plainWide] = await both((a) => a.matmul(a.transpose(0, 1)), x.to('f64'))
    expect(wide).toEqual(plainWide)
  })

  it('keeps small and large values: bf16 has the range of f32', async () => {
    const x = tensor([[1e-30, 3e38, 1, 0]])
    const y = compile((a: Tensor) => a.matmul(tensor([[1e20], [1], [-3e38], [0]])), { precision: 'bf16' })(x)
    const expected = bf16(1e-30) * bf16(1e20) + bf16(3e38) + bf16(-3e38)
    expectClose(await numbers(y), [expected], { relative: 0, absolute: 1e32 }, 'range')
  })

  it('refuses other precisions', () => {
    expect(() => compile((x: Tensor) => x, { precision: 'f16' as never })).toThrow(
      /expected precision 'f32' or 'bf16', got 'f16'/,
    )
  })
})
