/** `compile`: a training step (or any function of tensors) traced once and replayed as one program. */
import { CompiledStep, type CompileStats, type StepOptions } from '../runtime/compiled-step.js'
import type { ProfileReport } from '../runtime/profile-report.js'
import type { Cell } from '../runtime/state.js'
import { TensorBase, wrap } from './base.js'
import { observeModuleHooks } from './module-hook-version.js'

/** A compiled function: called like the original. */
export interface Compiled<A extends unknown[], R> {
  (...args: A): R
  /** How often the function was traced and compiled so far. */
  readonly stats: CompileStats
  /**
   * Where the time of the calls so far went, kernel by kernel; with `reset` the next reading begins after this one.
   * Throws ValueError unless compiled with `profile: true`, DeviceError on a device that does not measure.
   */
  profile(options?: { readonly reset?: boolean }): ProfileReport
}

const isCell = (value: unknown): value is Cell => value instanceof TensorBase

/**
 * Compiles `step`, forward, backward and optimizer alike, to one program for each signature: the shapes and dtypes of
 * its tensor arguments, and every property of modules and tensors that it reads.
 *
 * Parameters and buffers are read by reference at each call. Plain numbers are baked: the second call traces again, and
 * one that differs throws TraceError with the line that used it. Results are fresh tensors without graph; assigns and
 * `.grad` work as they do outside. `profile: true` measures every kernel, for `profile()`. `precision: 'bf16'` rounds
 * what products of f32 multiply to bf16 and sums in f32.
 * Throws TraceError for `item()` inside, an async step, or a tensor kept from a trace; ValueError for another precision.
 */
export function compile<A extends unknown[], R>(
  step: (...args: A) => R,
  options: StepOptions = {},
): Compiled<A, R> {
  const traced = (...args: A): R => {
    observeModuleHooks()
    return step(...args)
  }
  const compiled = new CompiledStep(
    traced as (...args: never[]) => unknown,
    { isCell, makeCell: wrap },
    options,
  )
  const call = (...args: A): R => compiled.call(args) as R
  Object.defineProperty(call, 'stats', { get: () => compiled.stats })
  Object.defineProperty(call, 'profile', {
    value: (reading?: { readonly reset?: boolean }) => compiled.profile(reading),
  })
  return call as Compiled<A, R>
}
