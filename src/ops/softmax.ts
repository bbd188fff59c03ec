/** Softmax and its logarithm, shifted by the largest element so that nothing overflows. */
import { normalizeAxis } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { inAccumulationType, requireFloat } from './operand.js'
import { keptShape } from './reductions.js'

/** x minus its largest element along the axis. The shift changes no result, so no gradient flows through it. */
export function shifted(x: Node, axis: number): Node {
  const largest = b.stopGradient(b.reduceMax(x, [axis]))
  return b.sub(x, b.expand(b.reshape(largest, keptShape(x.shape, [axis])), x.shape))
}

const sumAlong = (x: Node, axis: number): Node =>
  b.reshape(b.reduceSum(x, [axis]), keptShape(x.shape, [axis]))

function along(operation: string, input: Node, axis: number, fn: (x: Node, axis: number) => Node): Node {
  const x = fullPrecision(input)
  requireFloat(operation, x)
  if (x.shape.length === 0) {
    normalizeAxis(axis, 1, operation)
    return b.reshape(fn(b.reshape(x, [1]), 0), [])
  }
  const a = normalizeAxis(axis, x.shape.length, operation)
  return x.shape[a] === 0 ? x : inAccumulationType(x, (y) => fn(y, a))
}

/** exp(x)/Σ exp(x) along an axis (default the last). A row of −∞ gives NaN. */
export const softmax = (x: Node, axis = -1): Node =>
  along('softmax', x, axis, (y, a) => {
    const e = b.exp(shifted(y, a))
    return b.div(e, b.expand(sumAlong(e, a), y.shape))
  })

/** x − log Σ exp(x) along an axis (default the last). */
export const logSoftmax = (x: Node, axis = -1): Node =>
  along('logSoftmax', x, axis, (y, a) => {
    const s = shifted(y, a)
    return b.sub(s, b.expand(b.log(sumAlong(b.exp(s), a)), y.shape))
  })

/** softmax(−x). */
export const softmin = (x: Node, axis = -1): Node => softmax(b.neg(x), axis)
