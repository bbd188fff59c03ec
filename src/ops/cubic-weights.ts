/** Weights of the four neighbours in cubic convolution (Keys 1981). */
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { addLiteral, like } from './operand.js'

/** For t in [0, 1) between the second and the third neighbour, with a = −3/4 as PyTorch. */
export function cubicWeights(t: Node): [Node, Node, Node, Node] {
  const a = -0.75
  const poly = (x: Node, ...coefficients: number[]): Node =>
    coefficients.slice(1).reduce((y, c) => addLiteral(b.mul(y, x), c), like(x, coefficients[0]))
  const near = (x: Node): Node => poly(x, a + 2, -(a + 3), 0, 1)
  const far = (x: Node): Node => poly(x, a, -5 * a, 8 * a, -4 * a)
  const rest = b.sub(like(t, 1), t)
  return [far(addLiteral(t, 1)), near(t), near(rest), far(addLiteral(rest, 1))]
}
