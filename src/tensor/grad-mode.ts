/** Switches gradients off and on for the operations that a function builds. */
import { withGradMode } from '../ir/build.js'

export { isGradEnabled } from '../ir/build.js'

/** Runs `fn` without recording gradients, and returns its result. */
export const noGrad = <T>(fn: () => T): T => withGradMode(false, fn)

/** Runs `fn` with gradients recorded, inside `noGrad` too, and returns its result. */
export const enableGrad = <T>(fn: () => T): T => withGradMode(true, fn)
