/**
 * Bounds each element of the gradient.
 */
import { ValueError } from '../core/errors.js'
import { noGrad } from '../tensor/grad-mode.js'
import type { Parameter } from '../tensor/parameter.js'

/** Clamps every element of every gradient to [-clipValue, clipValue]. */
export function clipGradValue(parameters: Iterable<Parameter>, clipValue: number): void {
  if (!(clipValue > 0)) throw new ValueError(`clipGradValue: expected a value above 0, got ${clipValue}.`)
  noGrad(() => {
    for (const p of parameters) if (p.grad !== null) p.grad = p.grad.clamp(-clipValue, clipValue)
  })
}
