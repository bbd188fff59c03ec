/** What functions of float arguments are made with: promotion, the accumulation type, derivatives of a surrogate. */
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { floatType, inAccumulationType, type Operand, pair, resultType, toFloat } from './operand.js'

/** A function of one float argument; half types compute in f32 and round once. */
export const floatUnary =
  (fn: (x: Node) => Node) =>
  (x: Node): Node =>
    inAccumulationType(toFloat(x), fn)

/** A function of two float arguments, promoted and broadcast; half types compute in f32 and round once. */
export const floatBinary =
  (operation: string, fn: (x: Node, y: Node) => Node) =>
  (x: Operand, y: Operand): Node => {
    const [p, q] = pair(operation, x, y, floatType(resultType(x, y)))
    return inAccumulationType(p, (wide) => fn(wide, b.cast(q, wide.dtype)))
  }

/**
 * `value` with the derivatives of `surrogate`, a function that it equals up to rounding. The sum is exact but for the
 * rounding of a difference that is itself rounding error.
 */
export const withDerivativesOf = (value: Node, surrogate: Node): Node =>
  surrogate.requiresGrad ? b.add(surrogate, b.stopGradient(b.sub(value, surrogate))) : value
