/** Forward mode of any function: the result and its derivative along a direction. */
import { isFloat } from '../core/dtype.js'
import * as build from '../ir/build.js'
import { pushforward } from '../ir/gradients.js'
import { flattenTensors, orderLike } from './closure.js'
import { checkLike, linearize, orZero, settle } from './linearize.js'

/** The result of f and its derivative along `tangents` (a list like the arguments), by forward mode. */
export function jvp<A extends unknown[], R>(f: (...args: A) => R, args: A, tangents: A): [R, R] {
  const linear = linearize(
    f as (...list: never[]) => unknown,
    args,
    args.map((_, i) => i),
  )
  const given = flattenTensors(orderLike('jvp', 'tangents', args, tangents)).nodes
  checkLike('jvp', 'tangents', linear.leaves, given)
  const found = build.withGradMode(true, () =>
    pushforward(
      build,
      linear.results,
      linear.leaves,
      given.map((t) => (isFloat(t.dtype) ? t : null)),
    ),
  )
  const out = settle(
    found.map((t, i) => orZero(t, linear.results[i])),
    linear,
  )
  return [linear.tree.rebuild(settle(linear.results, linear)) as R, linear.tree.rebuild(out) as R]
}
