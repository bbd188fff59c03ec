/** Forward mode of a `barrier` that stands for a function with derivatives of its own. */
import { ChainruleError } from '../core/errors.js'
import type { CustomGradient, Node } from './node.js'

/** The tangents by the function's own rule. Throws where it has none: nothing says what the derivative is. */
export function customTangents(
  { jvp }: CustomGradient,
  inputs: readonly Node[],
  outputs: readonly Node[],
  tangents: readonly (Node | null)[],
): readonly (Node | null)[] {
  if (jvp !== null) return jvp(inputs, outputs, tangents)
  throw new ChainruleError(
    'customGradient: expected a rule for forward mode (jvp, hvp, jacobian in forward mode), and the function has only one ' +
      'for reverse mode, from which it does not follow. Pass { jvp } to customGradient, or use reverse mode (gradients, ' +
      "vjp, jacobian with mode 'reverse').",
  )
}
