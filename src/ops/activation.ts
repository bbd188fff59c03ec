/**
 * Activation functions, written so that neither values nor gradients overflow. Half types compute in f32. Integers
 * are an error except for relu.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { fullPrecision, lowPrecision } from './autocast.js'
import {
  addLiteral,
  divLiteral,
  inAccumulationType,
  like,
  mulLiteral,
  requireFloat,
  stretch,
} from './operand.js'

/** A float function of one argument that runs in f32 for half types. */
const activation =
  (operation: string, fn: (x: Node) => Node) =>
  (x: Node): Node => {
    requireFloat(operation, x)
    return inAccumulationType(x, fn)
  }

/** max(x, 0), with derivative 0 at 0. NaN stays. */
export function relu(x: Node): Node {
  const zero = like(x, 0)
  return b.where(b.le(x, zero), zero, x)
}

/** The logistic function σ(x) = 1/(1 + exp(−x)). */
export const sigmoid = activation('sigmoid', b.sigmoid)

/** log σ(x) = min(x, 0) − log(1 + exp(−|x|)). */
export const logSigmoid = activation('logSigmoid', (x) => {
  const negative = b.lt(x, like(x, 0))
  const minusAbs = b.where(negative, x, b.neg(x))
  return b.sub(b.where(negative, x, like(x, 0)), b.log1p(b.exp(minusAbs)))
})

/** log(1 + exp(βx))/β, and x itself where βx > threshold. Defaults β = 1, threshold = 20. */
export function softplus(
  x: Node,
  { beta = 1, threshold = 20 }: { beta?: number; threshold?: number } = {},
): Node {
  requireFloat('softplus', x)
  return inAccumulationType(fullPrecision(x), (y) => {
    const scaled = beta === 1 ? y : mulLiteral(y, beta)
    const linear = b.lt(like(y, threshold), scaled)
    const soft = b.log1p(b.exp(b.where(linear, like(y, 0), scaled)))
    return b.where(linear, y, beta === 1 ? soft : divLiteral(soft, beta))
  })
}

/** x·σ(x) (Elfwing et al. 2017; also swish, Ramachandran et al. 2017). */
export const silu = activation('silu', (x) => b.mul(x, b.sigmoid(x)))

/** x·tanh(softplus(x)) (Misra 2019). */
export const mish = activation('mish', (x) => b.mul(x, b.tanh(softplus(x))))

export type GeluApproximation = 'none' | 'tanh'

/**
 * x·Φ(x) = x/2·(1 + erf(x/√2)) (Hendrycks & Gimpel 2016); 'tanh' is the approximation
 * x/2·(1 + tanh(√(2/π)(x + 0.044715x³))).
 */
export function gelu(x: Node, approximate: GeluApproximation = 'none'): Node {
  requireFloat('gelu', x)
  return inAccumulationType(x, (y) => {
    const inner =
      approximate === 'none'
        ? b.erf(mulLiteral(y, Math.SQRT1_2))
        : b.tanh(
            mulLiteral(b.mul(y, addLiteral(mulLiteral(b.mul(y, y), 0.044715), 1)), Math.sqrt(2 / Math.PI)),
          )
    return b.mul(mulLiteral(y, 0.5), addLiteral(inner, 1))
  })
}

/** x where positive, slope·x elsewhere. Default slope 0.01 (Maas et al. 2013). */
export function leakyRelu(x: Node, negativeSlope = 0.01): Node {
  requireFloat('leakyRelu', x)
  return b.where(b.lt(like(x, 0), x), x, mulLiteral(x, negativeSlope))
}

/** Leaky ReLU with a learned slope: one for all, or one a channel (axis 1) (He et al. 2015). */
export function prelu(input: Node, slopes: Node): Node {
  const [x, weight] = lowPrecision(input, slopes)
  requireFloat('prelu', x)
  const count = weight.shape.reduce((m, n) => m * n, 1)
  const channels = x.shape.length > 1 ? x.shape[1] : 1
  if (count !== 1 && (weight.shape.length !== 1 || count !== channels)) {
    throw new ShapeError(
      `prelu: expected 1 or ${channels} slopes for input ${formatShape(x.shape)}, got ${formatShape(weight.shape)}.`,
    )
  }
  const slope =
    count === 1
      ? b.reshape(weight, [])
      : b.reshape(
          weight,
          x.shape.slice(1).map((_, i) => (i === 0 ? count : 1)),
        )
  return b.where(b.lt(like(x, 0), x), x, b.mul(stretch(slope, x.shape), x))
}

/** exp(x) − 1 without overflow where the other branch is taken. */
const expm1OfNegative = (x: Node): Node => b.expm1(b.where(b.lt(like(x, 0), x), like(x, 0), x))

/** x where positive, α(exp(x) − 1) elsewhere (Clevert et al. 2015). */
export function elu(x: Node, alpha = 1): Node {
  requireFloat('elu', x)
  return inAccumulationType(x, (y) => b.where(b.lt(like(y, 0), y), y, mulLiteral(expm1OfNegative(y), alpha)))
}

/** max(0, x) + min(0, α(exp(x/α) − 1)) (Barron 2017). */
export function celu(x: Node, alpha = 1): Node {
  requireFloat('celu', x)
  return inAccumulationType(x, (y) =>
    b.where(b.lt(like(y, 0), y), y, mulLiteral(expm1OfNegative(divLiteral(y, alpha)), alpha)),
  )
}

const seluAlpha = 1.6732632423543772
const seluScale = 1.0507009873554805

/** scale·elu(x, α) with the self-normalizing constants of Klambauer et al. 2017. */
export const selu = activation('selu', (x) =>
  b.where(
    b.lt(like(x, 0), x),
    mulLiteral(x, seluScale),
    mulLiteral(expm1OfNegative(x), seluScale * seluAlpha),
  ),
)

/** x limited to [min, max], with derivative 0 at and beyond the bounds. Defaults −1 and 1. */
export function hardtanh(x: Node, min = -1, max = 1): Node {
  if (!(min < max)) throw new ValueError(`hardtanh: expected min < max, got ${min} and ${max}.`)
  const low = like(x, min)
  const high = like(x, max)
  return b.where(b.le(x, low), low, b.where(b.le(high, x), high, x))
}

/** min(max(x, 0), 6). */
export const relu6 = (x: Node): Node => hardtanh(x, 0, 6)

/** relu6(x + 3)/6. */
export const hardsigmoid = activation('hardsigmoid', (x) => divLiteral(relu6(addLiteral(x, 3)), 6))

/** x·relu6(x + 3)/6 (Howard et al. 2019): 0 below −3, x above 3. */
export const hardswish = activation('hardswish', (x) => {
  const curve = mulLiteral(b.mul(x, addLiteral(x, 3)), 1 / 6)
  return b.where(b.lt(x, like(x, -3)), like(x, 0), b.where(b.le(like(x, 3), x), x, curve))
})

/** x/(1 + |x|). */
export const softsign = activation('softsign', (x) => b.div(x, addLiteral(b.abs(x), 1)))

/** x − tanh(x). */
export const tanhshrink = activation('tanhshrink', (x) => b.sub(x, b.tanh(x)))

/** x moved toward 0 by λ, and 0 within λ of it. */
export function softshrink(x: Node, lambda = 0.5): Node {
  requireFloat('softshrink', x)
  const l = like(x, lambda)
  return b.where(b.lt(l, x), b.sub(x, l), b.where(b.lt(x, b.neg(l)), b.add(x, l), like(x, 0)))
}

/** x, and 0 where |x| ≤ λ. */
export function hardshrink(x: Node, lambda = 0.5): Node {
  requireFloat('hardshrink', x)
  return b.where(b.le(b.abs(x), like(x, lambda)), like(x, 0), x)
}

/** x where x > threshold, `value` elsewhere. */
export function threshold(x: Node, limit: number, value: number): Node {
  return b.where(b.le(x, like(x, limit)), like(x, value), x)
}

/** a·σ(b) for the halves a and b of an axis (Dauphin et al. 2017). */
export function glu(x: Node, axis = -1): Node {
  requireFloat('glu', x)
  const a = normalizeAxis(axis, x.shape.length, 'glu')
  const n = x.shape[a]
  if (n % 2 !== 0)
    throw new ShapeError(`glu: expected an even size on axis ${axis}, got shape ${formatShape(x.shape)}.`)
  return b.mul(b.sliceAxis(x, a, 0, n / 2), sigmoid(b.sliceAxis(x, a, n / 2, n)))
}
