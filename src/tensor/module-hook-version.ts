/**
 * A number that stands for all hooks of all modules. Compiled steps depend on it: what a hook does is built into them
 * when they are traced, so another set of hooks means another trace.
 */
import { changed, observeCounted } from './observe.js'

let registered = 0
let changes = 0

const owner = {
  /** 0 without hooks, so that taking the last one away leads back to the first program. */
  get moduleHooks(): number {
    return registered === 0 ? 0 : changes
  },
}

/** To be called when a hook comes (1) or goes (-1). */
export function countModuleHooks(change: 1 | -1): void {
  registered += change
  changes++
  changed()
}

/** Makes the step that is being traced depend on the hooks of modules. */
export const observeModuleHooks = (): void =>
  observeCounted(owner, 'moduleHooks', owner.moduleHooks, () => owner.moduleHooks)
