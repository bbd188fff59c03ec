/** What the rules of `barrier` need where it stands for a function with derivatives of its own. */
import { ChainruleError } from '../core/errors.js'
import { batchNodes } from './batching.js'
import type { CustomGradient, Node } from './node.js'
import type { Builder } from './rule.js'

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

/** The rules for `size` examples at once: those of one example, batched. */
export function batchedGradient(b: Builder, gradient: CustomGradient, size: number): CustomGradient {
  const overBatch = (
    lists: readonly (readonly (Node | null)[])[],
    rule: (...lists: readonly (Node | null)[][]) => readonly (Node | null)[],
  ): (Node | null)[] => {
    const given = new Map<Node, Node>()
    const single = lists.map((list) =>
      list.map((x) => {
        if (x === null) return null
        const example = b.placeholder(x.shape.slice(1), x.dtype)
        given.set(example, x)
        return example
      }),
    )
    const found = rule(...single)
    const live = found.filter((x) => x !== null)
    const { results, batched } = batchNodes(b, live, given, size)
    let at = 0
    return found.map((x) => {
      if (x === null) return null
      const i = at++
      return batched[i] ? results[i] : b.expandBatch(results[i], size)
    })
  }
  const { vjp, jvp } = gradient
  type All = readonly Node[]
  return {
    vjp: (inputs, outputs, cotangents) =>
      overBatch([inputs, outputs, cotangents], (x, y, g) => vjp(x as All, y as All, g)),
    jvp:
      jvp === null
        ? null
        : (inputs, outputs, tangents) =>
            overBatch([inputs, outputs, tangents], (x, y, t) => jvp(x as All, y as All, t)),
  }
}
