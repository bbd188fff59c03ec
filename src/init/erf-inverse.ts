/**
 * The inverse of the error function on tensors, and the error function on numbers, for truncated normals.
 */

import type { Tensor } from '../tensor/tensor.js'
import { where } from '../tensor/tensor-functions.js'

/** erf⁻¹(y) for |y| < 1, relative error below 1e-6: the two polynomials of Giles (2012). */
export function erfInverse(y: Tensor): Tensor {
  const w = y.neg().mul(y).log1p().neg()
  const horner = (x: Tensor, coefficients: readonly number[]): Tensor =>
    coefficients.slice(1).reduce((sum, c) => sum.mul(x).add(c), x.mul(0).add(coefficients[0]))
  const central = horner(
    w.sub(2.5),
    [
      2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503,
      -0.00417768164, 0.246640727, 1.50140941,
    ],
  )
  const tail = horner(
    w.clamp(0).sqrt().sub(3),
    [
      -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
      0.00943887047, 1.00167406, 2.83297682,
    ],
  )
  return where(w.lt(5), central, tail).mul(y)
}

/** erf(x) in double precision: its Taylor series up to |x| = 3, then the continued fraction of erfc. */
export function erfHost(x: number): number {
  const a = Math.abs(x)
  if (a > 6) return Math.sign(x)
  if (a <= 3) {
    let term = x
    let sum = x
    for (let n = 1; n < 120; n++) {
      term *= (-x * x) / n
      sum += term / (2 * n + 1)
    }
    return (2 / Math.sqrt(Math.PI)) * sum
  }
  let fraction = 0
  for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction)
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)))
}
