/**
 * Linear algebra, transforms and complex numbers as users call them, on every device: eager, compiled, mapped,
 * differentiated; what is free in a factorization; errors of values from inside a compiled step.
 */
import { describe, expect, it } from 'vitest'
import { autocast } from '../../src/tensor/autocast.js'
import { compile } from '../../src/tensor/compile.js'
import { eye, ones, tensor } from '../../src/tensor/creation.js'
import * as fft from '../../src/tensor/fft.js'
import { gradcheck, gradgradcheck } from '../../src/tensor/gradcheck.js'
import * as linalg from '../../src/tensor/linalg.js'
import * as top from '../../src/tensor/linear-algebra-functions.js'
import { Generator } from '../../src/tensor/random.js'
import { randn } from '../../src/tensor/random-tensors.js'
import * as signal from '../../src/tensor/signal-functions.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { einsum } from '../../src/tensor/tensor-functions.js'
import { gradients, hessian, jacobian, jvp, vmap } from '../../src/tensor/transforms.js'
import { forEachDevice } from '../helpers/devices.js'
import { valuesOf } from '../helpers/goldens.js'

const generator = new Generator(3)
const normal = (shape: number[], dtype: 'f32' | 'f64' = 'f32'): Tensor => randn(shape, { generator, dtype })

function expectNear(got: Tensor, expected: Tensor, tolerance = 1e-4): void {
  expect(got.shape).toEqual(expected.shape)
  const [x, y] = [valuesOf(got), valuesOf(expected)]
  x.forEach((v, i) => {
    expect(Math.abs(v - y[i]), `element ${i}: ${v} and ${y[i]}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(y[i])),
    )
  })
}

/** Well conditioned, symmetric positive definite. */
const definite = (x: Tensor): Tensor =>
  x.matmul(x.transpose(-2, -1)).add(eye(x.shape[x.rank - 1], { dtype: x.dtype })) as Tensor

forEachDevice('linear algebra', () => {
  const functions: Record<string, (x: Tensor) => Tensor> = {
    inv: (x) => linalg.inv(x),
    solve: (x) => linalg.solve(x, x.transpose(-2, -1)),
    cholesky: (x) => linalg.cholesky(x),
    det: (x) => linalg.det(x),
    slogdet: (x) => linalg.slogdet(x).logabsdet,
    qr: (x) => linalg.qr(x).R,
    svdvals: (x) => linalg.svdvals(x),
    svd: (x) => {
      const { U, S, Vh } = linalg.svd(x)
      return U.mul(S.unsqueeze(-2)).matmul(Vh) as Tensor
    },
    eigvalsh: (x) => linalg.eigvalsh(x),
    eigh: (x) => {
      const { eigenvalues: w, eigenvectors: v } = linalg.eigh(x)
      return v.mul(w.sqrt().unsqueeze(-2)).matmul(v.transpose(-2, -1)) as Tensor
    },
    eig: (x) => {
      const { eigenvalues: w, eigenvectors: v } = linalg.eig(x)
      return signal
        .complexAbs(w)
        .sum(-1)
        .add(signal.complexAbs(v).square().sum([-2, -1]))
    },
    pinv: (x) => linalg.pinv(x),
    lstsq: (x) => linalg.lstsq(x, x.transpose(-2, -1)).solution,
    matrixExp: (x) => linalg.matrixExp(x.mul(0.1)),
    matrixPower: (x) => linalg.matrixPower(x, -2),
    norm: (x) => linalg.matrixNorm(x, 'nuc'),
    cond: (x) => linalg.cond(x),
    fft: (x) => fft.fft2(signal.complex(x)),
    rfft: (x) => fft.irfft(fft.rfft(x).mul(2)),
  }

  it.each(Object.keys(functions))('%s: compiled and mapped as eager, gradients too', async (name) => {
    const f = functions[name]
    const x = definite(normal([3, 4, 4]))
    const value = f(x)
    expectNear(compile((y: Tensor) => f(y))(x), value)
    expectNear(vmap((y: Tensor) => f(y))(x), value)
    const loss = (y: Tensor): Tensor => f(y).sin().sum()
    const g = gradients(loss)(x) as Tensor
    expectNear(compile((y: Tensor) => gradients(loss)(y) as Tensor)(x), g, 1e-3)
    const leaf = x.detach()
    leaf.requiresGrad = true
    loss(leaf).backward()
    expectNear(leaf.grad!, g, 1e-5)
    const each = vmap((y: Tensor) => gradients(loss)(y) as Tensor)(x)
    expectNear(each, g, 1e-3)
  })

  it('errors of values come out of eager and compiled code, and the step works again', async () => {
    const singular = tensor([
      [1, 2],
      [2, 4],
    ])
    await expect(linalg.inv(singular).data()).rejects.toThrow(/inv: expected an invertible matrix/)
    const step = compile((x: Tensor) => linalg.inv(x))
    expectNear(step(eye(2).mul(2) as Tensor), eye(2).mul(0.5) as Tensor)
    expect(() => step(singular).dataSync()).toThrow(/singular/)
    expectNear(step(eye(2).mul(4) as Tensor), eye(2).mul(0.25) as Tensor)
    const mapped = vmap((x: Tensor) => linalg.cholesky(x))
    expect(() => mapped(ones([2, 2, 2])).dataSync()).toThrow(
      /positive definite matrix \(example 0 of the batch\)/,
    )
  })

  it('a training step through a factorization', () => {
    // Fits the covariance of a normal distribution: log det and a solve, compiled.
    const data = normal([64, 3]).matmul(
      tensor([
        [1, 0.5, 0],
        [0, 1, 0.3],
        [0, 0, 0.5],
      ]),
    ) as Tensor
    const scatter = top.cov(data.transpose(0, 1) as Tensor, { correction: 0 })
    const nll = (a: Tensor): Tensor => {
      const sigma = definite(a)
      return linalg.slogdet(sigma).logabsdet.add(linalg.solve(sigma, scatter).trace())
    }
    let a = eye(3).mul(0.5) as Tensor
    const step = compile((x: Tensor) => x.sub((gradients(nll)(x) as Tensor).mul(0.1)) as Tensor)
    const before = nll(a).itemSync()
    for (let i = 0; i < 30; i++) a = step(a)
    expect(nll(a).itemSync()).toBeLessThan(before - 0.1)
  })

  it('full bases are orthogonal, and R of mode r is that of reduced', () => {
    const x = normal([5, 3])
    const { U, Vh } = linalg.svd(x)
    expectNear(U.transpose(0, 1).matmul(U) as Tensor, eye(5))
    expectNear(Vh.matmul(Vh.transpose(0, 1)) as Tensor, eye(3))
    expectNear(linalg.qr(x, { mode: 'r' }).R, linalg.qr(x).R)
    expect(linalg.qr(x, { mode: 'r' }).Q.shape).toEqual([0])
  })

  it('a signal comes back from its short-time spectra', () => {
    const x = normal([2, 50])
    const window = signal.hannWindow(16)
    const spectra = signal.stft(x, 16, { window })
    expect(spectra.shape).toEqual([2, 9, 13, 2])
    expectNear(signal.istft(spectra, 16, { window, length: 50 }), x)
  })

  it('f64 keeps its digits, and narrow floats and integers transform in f32', () => {
    const x = definite(normal([4, 4], 'f64'))
    expectNear(linalg.inv(x).matmul(x) as Tensor, eye(4, { dtype: 'f64' }), 1e-12)
    const z = normal([60, 2], 'f64')
    expectNear(fft.ifft(fft.fft(z)), z, 1e-13)
    const counts = tensor([1, 2, 3, 4], { dtype: 'i64' })
    expect(fft.rfft(counts).dtype).toBe('f32')
    expect(valuesOf(fft.rfft(counts))).toEqual([10, 0, -2, 2, -2, 0])
    const half = tensor([1, 2, 3, 4], { dtype: 'f16' })
    expect(fft.rfft(half).dtype).toBe('f16')
    expect(valuesOf(fft.rfft(half))).toEqual([10, 0, -2, 2, -2, 0])
  })

  it('run in f32 under autocast, whatever comes', () => {
    const x = definite(normal([3, 3]))
    const results = autocast({ dtype: 'bf16' }, () => {
      const half = x.matmul(eye(3)) as Tensor
      expect(half.dtype).toBe('bf16')
      return [
        linalg.det(half),
        linalg.inv(half),
        linalg.solve(half, x),
        linalg.qr(half).R,
        linalg.svd(half).U,
        linalg.eigh(half).eigenvalues,
        linalg.lstsq(x, half).solution,
        linalg.matrixPower(x, 3),
        linalg.cond(half, 1),
        top.cov(x),
        linalg.lstsq(normal([4, 2]), normal([4, 2])).residuals,
      ]
    })
    for (const y of results) {
      expect(y.dtype).toBe('f32')
      expect(valuesOf(y).every(Number.isFinite)).toBe(true)
    }
  })

  it('methods and functions agree', () => {
    const x = definite(normal([3, 3]))
    expectNear(x.inverse(), linalg.inv(x))
    expectNear(x.det(), linalg.det(x))
    expectNear(x.logdet(), linalg.slogdet(x).logabsdet)
    expectNear(x.mm(x), top.matmul(x, x))
    expectNear(x.norm('nuc'), x.trace())
    expectNear(x.norm('fro'), x.norm())
    expectNear(x.kron(eye(2)), top.kron(x, eye(2)))
    expectNear(x.matrixPower(2), x.mm(x))
    expectNear(x.pinverse(), x.inverse(), 1e-3)
    expectNear(einsum('ij,jk,kl->il', x, x, x), linalg.multiDot([x, x, x]))
  })
})

describe('derivatives', () => {
  it('pass the checks for users, to second order', async () => {
    const x = definite(normal([3, 3], 'f64'))
    const symmetric = (y: Tensor): Tensor => y.add(y.transpose(0, 1)).mul(0.5) as Tensor
    const f = (y: Tensor): Tensor => linalg.cholesky(symmetric(y)).mul(linalg.inv(y)).sum()
    expect(await gradcheck(f, [x])).toBe(true)
    expect(await gradgradcheck(f, [x])).toBe(true)
  })

  it('det has the gradient of a polynomial, at singular matrices too', () => {
    const x = tensor(
      [
        [1, 2, 3],
        [2, 4, 6],
        [1, 0, 1],
      ],
      { dtype: 'f64' },
    )
    // The cofactors: rank 2 leaves some.
    expectNear(
      gradients((y: Tensor) => linalg.det(y))(x) as Tensor,
      tensor(
        [
          [4, 4, -4],
          [-2, -2, 2],
          [0, 0, 0],
        ],
        { dtype: 'f64' },
      ),
      1e-10,
    )
  })

  it('forward mode, Jacobian and Hessian go through host kernels', () => {
    const x = definite(normal([2, 2], 'f64'))
    const v = normal([2, 2], 'f64')
    const [, tangent] = jvp((y: Tensor) => linalg.inv(y), [x], [v]) as [Tensor, Tensor]
    const inverse = linalg.inv(x)
    expectNear(tangent, inverse.matmul(v).matmul(inverse).neg() as Tensor, 1e-10)
    expect(jacobian((y: Tensor) => linalg.eigvalsh(y))(x).shape).toEqual([2, 2, 2])
    expect(hessian((y: Tensor) => linalg.slogdet(y).logabsdet)(x).shape).toEqual([2, 2, 2, 2])
  })
})
