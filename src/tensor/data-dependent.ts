/**
 * Operations whose results have as many elements as the data says. They look at a value first, which cannot be done
 * while a step is traced or a function is mapped: there they say what to use instead.
 */
import { TraceError } from '../core/errors.js'
import type { Node } from '../ir/node.js'
import { isSymbolic, tracing } from '../runtime/state.js'
import { lookThenYield } from '../runtime/yield.js'
import { wrap } from './base.js'

/** Throws inside `compile` and where tensors stand for values that do not exist yet. `what` depends on data. */
export function requireValues(operation: string, instead: string, what = 'the size of its result'): void {
  const place = tracing !== null ? 'a compiled step' : isSymbolic() ? 'vmap, scan, whileLoop or cond' : null
  if (place === null) return
  throw new TraceError(
    `${operation}: expected to be called outside of ${place}: ${what} depends on data, which is not known ` +
      `there. ${instead}`,
  )
}

/** The value of a 0-d integer node that is a size. */
export function lookAt(operation: string, instead: string, count: Node): number {
  requireValues(operation, instead)
  return wrap(count).itemSync()
}

/** What `build` makes of a size that is looked at first. Refuses at once, not in a promise that nobody may wait for. */
export function lookThen<T>(
  operation: string,
  instead: string,
  count: Node,
  build: (count: number) => T,
): Promise<T> {
  requireValues(operation, instead)
  return wrap(count).item().then(build)
}

/** As `lookThen` where `fn` itself looks, on the calling thread: other tasks have their turn afterwards. */
export function lookNow<T>(operation: string, instead: string, fn: () => T): Promise<T> {
  requireValues(operation, instead)
  return lookThenYield(fn)
}
