/** Gradients of scalar functions by reverse mode. */
import * as build from '../ir/build.js'
import { pullback } from '../ir/gradients.js'
import { wrap } from './base.js'
import { checkArgnums, likeArguments, linearize, orZero, scalarResult, settle } from './linearize.js'
import type { Tensor } from './tensor.js'

type Gradients<A extends unknown[], N> = N extends keyof A & number
  ? A[N]
  : N extends readonly number[]
    ? { [K in keyof N]: N[K] extends keyof A & number ? A[N[K]] : unknown }
    : unknown

/**
 * The value of a scalar function and its gradient with respect to argument `argnums` (default 0; a list gives a list).
 * Arguments may be trees of tensors; the gradient has the same structure. Throws ShapeError unless f returns one number.
 */
export function valueAndGrad<A extends unknown[], const N extends number | readonly number[] = 0>(
  f: (...args: A) => Tensor,
  argnums: N = 0 as N,
): (...args: A) => [Tensor, Gradients<A, N>] {
  const chosen = typeof argnums === 'number' ? [argnums] : (argnums as readonly number[])
  return (...args) => {
    checkArgnums(chosen, args.length)
    const linear = linearize(f as (...list: never[]) => unknown, args, chosen)
    const root = scalarResult('gradients', linear.value)
    const found = pullback(build, [root], [build.literal(root, 1)], linear.leaves)
    const settled = settle([root, ...found.map((g, i) => orZero(g, linear.leaves[i]))], linear)
    const trees = likeArguments(args, chosen, settled.slice(1))
    return [wrap(settled[0]), (typeof argnums === 'number' ? trees[0] : trees) as Gradients<A, N>]
  }
}

/** The gradient of a scalar function with respect to argument `argnums`; see `valueAndGrad`. */
export function gradients<A extends unknown[], const N extends number | readonly number[] = 0>(
  f: (...args: A) => Tensor,
  argnums: N = 0 as N,
): (...args: A) => Gradients<A, N> {
  const both = valueAndGrad(f, argnums)
  return (...args) => both(...args)[1]
}
