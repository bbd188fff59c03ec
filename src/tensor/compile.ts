/** `compile`: a training step (or any function of tensors) traced once and replayed as one program. */
import { CompiledStep, type CompileStats } from '../runtime/compiled-step.js'
import type { Cell } from '../runtime/state.js'
import { TensorBase, wrap } from './base.js'
import { observeModuleHooks } from './module-hook-version.js'

/** A compiled function: called like the original. */
export interface Compiled<A extends unknown[], R> {
  (...args: A): R
  /** How often the function was traced and compiled so far. */
  readonly stats: CompileStats
}

const isCell = (value: unknown): value is Cell => value instanceof TensorBase

/**
 * Compiles `step`, forward, backward and optimizer alike, to one program for each signature: the shapes and dtypes of
 * its tensor arguments, and every property of modules and tensors that it reads.
 *
 * Parameters and buffers are read by reference at each call. Plain numbers are baked: the second call traces again, and
 * one that differs throws TraceError with the line that used it. Results are fresh tensors without graph; assigns and
 * `.grad` work as they do outside. Throws TraceError for `item()` inside, an async step, or a tensor kept from a trace.
 */
export function compile<A extends unknown[], R>(step: (...args: A) => R): Compiled<A, R> {
  const traced = (...args: A): R => {
    observeModuleHooks()
    return step(...args)
  }
  const compiled = new CompiledStep(traced as (...args: never[]) => unknown, { isCell, makeCell: wrap })
  const call = (...args: A): R => compiled.call(args) as R
  Object.defineProperty(call, 'stats', { get: () => compiled.stats })
  return call as Compiled<A, R>
}
