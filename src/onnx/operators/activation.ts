/** Activations, and softmax with its relatives. */
import { sizeOf } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import * as ops from '../../ops/activation.js'
import { like, mulLiteral, stretch } from '../../ops/operand.js'
import * as soft from '../../ops/softmax.js'
import type { Context, Rule, Rules } from '../context.js'

const of =
  (fn: (x: Node, c: Context) => Node): Rule =>
  (c) =>
    c.like(fn(c.x(0), c))

const zero = (x: Node): Node => like(x, 0)

/** max(x, 0) also on integers. */
export const relu = (x: Node): Node => b.where(b.le(x, zero(x)), zero(x), x)

/** max(0, min(1, α·x + β)). */
export function hardSigmoid(x: Node, alpha: number, beta: number): Node {
  const y = b.add(mulLiteral(x, alpha), like(x, beta))
  return b.maximum(zero(x), b.minimum(like(x, 1), y))
}

const selu = (x: Node, alpha: number, gamma: number): Node => {
  const negative = b.expm1(b.minimum(x, zero(x)))
  return b.where(b.lt(zero(x), x), mulLiteral(x, gamma), mulLiteral(negative, gamma * alpha))
}

/** 0 within ±λ, beyond it x brought `bias` nearer to 0. */
const shrink = (x: Node, c: Context): Node => {
  const [bias, lambda] = [c.float('bias', 0), c.float('lambd', 0.5)]
  const y = b.cast(x, x.dtype === 'f64' ? 'f64' : 'f32')
  const shrunk = b.where(
    b.lt(y, like(y, -lambda)),
    b.add(y, like(y, bias)),
    b.where(b.lt(like(y, lambda), y), b.sub(y, like(y, bias)), zero(y)),
  )
  return b.cast(shrunk, x.dtype)
}

/** Before operator set 13 the axes from `axis` on count as one. */
const overAxis =
  (fn: (x: Node, axis: number) => Node): Rule =>
  (c) => {
    const x = c.x(0)
    if (c.version >= 13) {
      // A 0-d tensor is a distribution over one outcome.
      if (x.shape.length === 0) return c.like(b.reshape(fn(b.reshape(x, [1]), 0), []))
      return c.like(fn(x, c.axis(c.int('axis', -1), x.shape.length)))
    }
    const at = c.int('axis', 1)
    const axis = at < 0 ? at + x.shape.length : at
    const rows = sizeOf(x.shape.slice(0, axis))
    const flat = b.reshape(x, [rows, sizeOf(x.shape.slice(axis))])
    return c.like(b.reshape(fn(flat, 1), x.shape))
  }

/** 1 at the first largest element, 0 elsewhere. */
function hardmax(x: Node, axis: number): Node {
  const kept = x.shape.map((n, i) => (i === axis ? 1 : n))
  const largest = b.expand(b.reshape(b.argMax(x, axis), kept), x.shape)
  return b.cast(b.eq(b.iota(x.shape, axis, 'i64'), largest), x.dtype)
}

const prelu: Rule = (c) => {
  const x = c.x(0)
  let slope = c.x(1)
  // Before operator set 7 a vector of slopes lay along axis 1.
  if (c.version < 7 && slope.shape.length === 1 && x.shape.length > 2) {
    slope = b.reshape(slope, [slope.shape[0], ...x.shape.slice(2).map(() => 1)])
  }
  return c.keep(b.where(b.lt(x, zero(x)), b.mul(stretch(slope, x.shape), x), x))
}

export const activation: Rules = {
  Relu: of(relu),
  LeakyRelu: of((x, c) => ops.leakyRelu(x, c.float('alpha', 0.01))),
  PRelu: prelu,
  Elu: of((x, c) => ops.elu(x, c.float('alpha', 1))),
  Celu: of((x, c) => ops.celu(x, c.float('alpha', 1))),
  Selu: of((x, c) => selu(x, c.float('alpha', 1.6732631921768188), c.float('gamma', 1.0507010221481323))),
  Sigmoid: of((x) => ops.sigmoid(x)),
  HardSigmoid: of((x, c) => hardSigmoid(x, c.float('alpha', 0.2), c.float('beta', 0.5))),
  HardSwish: of((x) => b.mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  Swish: of((x, c) => b.mul(x, ops.sigmoid(mulLiteral(x, c.float('alpha', 1))))),
  Gelu: of((x, c) => ops.gelu(x, c.string('approximate', 'none') as ops.GeluApproximation)),
  Mish: of((x) => ops.mish(x)),
  Softplus: of((x) => ops.softplus(x)),
  Softsign: of((x) => ops.softsign(x)),
  ThresholdedRelu: of((x, c) => b.where(b.lt(like(x, c.float('alpha', 1)), x), x, zero(x))),
  Shrink: of(shrink),
  Softmax: overAxis((x, axis) => soft.softmax(x, axis)),
  LogSoftmax: overAxis((x, axis) => soft.logSoftmax(x, axis)),
  Hardmax: overAxis(hardmax),
}
