/**
 * What all losses share: `reduction` 'mean' (default), 'sum' or 'none', arguments of one dtype and shape, and half
 * types computed in f32.
 */
import { ValueError } from '../core/errors.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { accumulationType, broadcastTogether, requireFloat, resultType } from './operand.js'
import { mean, sum } from './reductions.js'

export type Reduction = 'mean' | 'sum' | 'none'

/** The losses of elements, summed up as asked. */
export function reduced(operation: string, losses: Node, reduction: Reduction): Node {
  switch (reduction) {
    case 'none':
      return losses
    case 'sum':
      return sum(losses)
    case 'mean':
      return mean(losses)
    default:
      throw new ValueError(
        `${operation}: expected reduction 'mean', 'sum' or 'none', got '${reduction as string}'.`,
      )
  }
}

/** Input and target in one float dtype and shape; `fn` gives the loss of each element. */
export function elementwiseLoss(
  operation: string,
  prediction: Node,
  aim: Node,
  reduction: Reduction,
  fn: (x: Node, t: Node) => Node,
): Node {
  const [input, target] = [fullPrecision(prediction), fullPrecision(aim)]
  requireFloat(operation, input)
  const dtype = resultType(input, target)
  const wide = accumulationType(dtype)
  const [x, t] = broadcastTogether(operation, b.cast(input, wide), b.cast(target, wide))
  return b.cast(reduced(operation, fn(x, t), reduction), dtype)
}

/** x, and 0 where it is negative, with derivative 1 at 0. */
export const notNegative = (x: Node): Node => b.where(b.lt(x, b.literal(x, 0)), b.literal(x, 0), x)
