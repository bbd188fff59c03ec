/** Tells a compiled step which framework properties it depends on. */
import { countPropertyChange, tracing } from '../runtime/state.js'

/**
 * To be called by whatever reads a framework property during a step (`module.training`, …): while tracing, the property
 * becomes part of the step's signature. At each later call `read` (by default `owner[key]`) is compared with `value`,
 * and another value means another trace. Free outside of traces.
 */
export function observe(owner: object, key: string, value: unknown, read?: () => unknown): void {
  if (tracing === null) return
  tracing.observe(owner, key, value, read ?? (() => (owner as Record<string, unknown>)[key]))
}

/** `observe` for a property whose every change is told by `changed`: calls need not read it until there is one. */
export function observeCounted(owner: object, key: string, value: unknown, read: () => unknown): void {
  tracing?.observe(owner, key, value, read, true)
}

/** To be called at every change of a property that is observed by `observeCounted`. */
export const changed = countPropertyChange

/**
 * To be called by whatever sets a framework property: a compiled step that does so sets it again at each call (`redo`),
 * and reading the property after that depends on nothing outside.
 */
export function overwrite(owner: object, key: string, redo: () => void): void {
  if (tracing !== null) tracing.overwrite(owner, key, redo)
}
