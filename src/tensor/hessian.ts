/** Second derivatives of scalar functions: the whole matrix, or its product with a vector. */
import { gradients, valueAndGrad } from './gradients.js'
import { type JacobianOptions, jacobian } from './jacobian.js'
import { jvp } from './jvp.js'
import type { Tensor } from './tensor.js'

/** The Hessian of a scalar function with respect to argument `argnum` (default 0): shape (…argument, …argument). */
export const hessian = <A extends unknown[]>(
  f: (...args: A) => Tensor,
  argnum = 0,
  options: JacobianOptions = {},
): ((...args: A) => Tensor) =>
  jacobian((...args: A) => gradients(f, argnum)(...args) as Tensor, argnum, options)

/**
 * The value of a scalar function and the product of its Hessian with `tangents` (a list like the arguments), without
 * the Hessian: forward mode over the gradient (Pearlmutter 1994). Arguments may be trees of tensors.
 */
export function hvp<A extends unknown[]>(f: (...args: A) => Tensor, args: A, tangents: A): [Tensor, A] {
  const both = valueAndGrad(
    f,
    args.map((_, i) => i),
  ) as (...list: A) => [Tensor, A]
  const [[value], [, products]] = jvp(both, args, tangents)
  return [value, products]
}
