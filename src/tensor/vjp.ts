/** Reverse mode of any function: the result and its pullback. */
import * as build from '../ir/build.js'
import { pullback } from '../ir/gradients.js'
import { flattenTensors, orderLike } from './closure.js'
import { checkLike, likeArguments, linearize, orZero, settle } from './linearize.js'

/**
 * The result of f and its pullback: a function from cotangents (a tree like the result) to the list of the arguments'
 * cotangents.
 */
export function vjp<A extends unknown[], R>(f: (...args: A) => R, ...args: A): [R, (cotangents: R) => A] {
  const all = args.map((_, i) => i)
  const linear = linearize(f as (...list: never[]) => unknown, args, all)
  const back = (cotangents: R): A => {
    const seeds = flattenTensors(orderLike('vjp', 'cotangents', linear.value, cotangents)).nodes
    checkLike('vjp', 'cotangents', linear.results, seeds)
    const found = pullback(build, linear.results, seeds, linear.leaves)
    return likeArguments(
      args,
      all,
      settle(
        found.map((g, i) => orZero(g, linear.leaves[i])),
        linear,
      ),
    ) as A
  }
  return [linear.tree.rebuild(settle(linear.results, linear)) as R, back]
}
