/** The check of derivatives for users: right ones pass, wrong ones are named. */
import { describe, expect, it } from 'vitest'
import { ChainruleError, ValueError } from '../../src/core/errors.js'
import { tensor } from '../../src/tensor/creation.js'
import { customGradient } from '../../src/tensor/custom-gradient.js'
import { gradcheck, gradgradcheck } from '../../src/tensor/gradcheck.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { forEachDevice } from '../helpers/devices.js'

const f64 = (values: number[] | number[][], requiresGrad = false): Tensor =>
  tensor(values, { dtype: 'f64', requiresGrad })
const wrongSine = customGradient(
  (x: Tensor) => x.sin(),
  (g, [x]) => [g.mul(x.cos()).add(tensor([0, 0.25], { dtype: 'f64' }))],
)
/** The first derivative is right, the one that follows from it is not. */
const wrongSecond = customGradient(
  (x: Tensor) => x.mul(x),
  (g, [x]) => [g.mul(x.detach()).mul(2)],
)

forEachDevice('gradcheck', () => {
  it('passes right derivatives, of several inputs and outputs, in both modes', async () => {
    const f = (x: Tensor, w: Tensor): Tensor[] => [x.matmul(w).tanh(), x.mul(x).sum()]
    const inputs = [
      f64([
        [0.3, -1.2],
        [0.7, 0.4],
      ]),
      f64([
        [1, 0.5, -0.25],
        [0.1, -0.6, 2],
      ]),
    ]
    expect(await gradcheck(f, inputs, { checkForwardAd: true })).toBe(true)
    expect(await gradgradcheck(f, inputs)).toBe(true)
    expect(await gradcheck((x) => x.exp(), f64([0.1, 0.2]))).toBe(true)
  })

  it('names the input, the element and both values of a wrong one', async () => {
    const wrong = gradcheck((_, x) => wrongSine(x), [f64([1]), f64([0.5, 1.5])])
    await expect(wrong).rejects.toThrow(ChainruleError)
    await expect(wrong).rejects.toThrow(
      /gradient of output 0 at \[0\] in input 1 at \[1\] is 0\.25, but differences give 0/,
    )
    expect(await gradcheck(wrongSine, f64([0.5, 1.5]), { raiseException: false })).toBe(false)
    expect(await gradcheck(wrongSecond, f64([0.5, 1.5]))).toBe(true)
    await expect(gradgradcheck(wrongSecond, f64([0.5, 1.5]))).rejects.toThrow(/input 0 at \[0\]/)
    expect(await gradgradcheck(wrongSecond, f64([0.5]), null, { raiseException: false })).toBe(false)
  })

  it('checks the inputs that require a gradient only, where some do', async () => {
    const f = (x: Tensor, y: Tensor): Tensor => wrongSine(x).add(y.mul(y))
    expect(await gradcheck(f, [f64([0.5, 1.5]), f64([1, 2], true)])).toBe(true)
    expect(await gradcheck(f, [f64([0.5, 1.5], true), f64([1, 2])], { raiseException: false })).toBe(false)
  })
})

describe('gradcheck refuses', () => {
  it('inputs that cannot be checked', async () => {
    await expect(gradcheck((x) => x, tensor([1, 2]))).rejects.toThrow(/expected f64 inputs/)
    await expect(gradcheck((x) => x, tensor([1], { dtype: 'i32' }))).rejects.toThrow(ValueError)
    await expect(gradcheck((x) => x, [1] as never)).rejects.toThrow(/Expected a tensor/)
    expect(await gradcheck((x) => x.mul(3), tensor([1, 2]), { eps: 1e-2, atol: 1e-2 })).toBe(true)
  })
})
