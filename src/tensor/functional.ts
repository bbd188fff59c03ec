/**
 * Functions of layers on tensors: thin wrappers over the node-level functions of the same names in `ops/`, where
 * formulas, shapes and errors are documented.
 */
import type { Shape } from '../core/shape.js'
import type { Node } from '../ir/node.js'
import * as activation from '../ops/activation.js'
import { type AttentionOptions, scaledDotProductAttention as attention } from '../ops/attention.js'
import { bilinear as bilinearForm } from '../ops/bilinear.js'
import * as convolution from '../ops/convolution.js'
import { pairwiseDistance as distance } from '../ops/distances.js'
import { type EmbeddingBagOptions as BagOptions, embeddingBag as bag } from '../ops/embedding-bag.js'
import * as indexing from '../ops/indexing.js'
import * as linearAlgebra from '../ops/linear-algebra.js'
import * as normalization from '../ops/normalization.js'
import * as normal from '../ops/softmax.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import type { ConvOf, LinearOf } from './layer-shapes.js'
import { defaultGenerator, type Generator } from './random.js'
import type { Fits, ShapeOr } from './shape-types.js'
import type { Tensor } from './tensor.js'

export * from './functional-dropout.js'
export * from './functional-image.js'
export * from './functional-pooling.js'

type Maybe = TensorBase | null | undefined

const maybe = (t: Maybe): Node | null => (t == null ? null : nodeOf(t))

/** A node-level function of one tensor, on tensors. */
const lift =
  <A extends unknown[]>(fn: (x: Node, ...args: A) => Node) =>
  (x: TensorBase, ...args: A): Tensor =>
    wrap(fn(nodeOf(x), ...args))

/** A node-level function that keeps the shape, on tensors. */
const liftSame =
  <A extends unknown[]>(fn: (x: Node, ...args: A) => Node) =>
  <S extends Shape>(x: TensorBase<S>, ...args: A): Tensor<S> =>
    wrap(fn(nodeOf(x), ...args)) as Tensor<S>

/** A node-level function of input, weight and bias, on tensors. */
const liftWeighted =
  <A extends unknown[]>(fn: (x: Node, weight: Node, bias?: Node | null, ...args: A) => Node) =>
  (x: TensorBase, weight: TensorBase, bias?: Maybe, ...args: A): Tensor =>
    wrap(fn(nodeOf(x), nodeOf(weight), maybe(bias), ...args))

// ---------------------------------------------------------------- activations

/** max(x, 0). */
export const relu = liftSame(activation.relu)
/** 1 / (1 + e^-x). */
export const sigmoid = liftSame(activation.sigmoid)
/** ln sigmoid(x). */
export const logSigmoid = liftSame(activation.logSigmoid)
/** ln(1 + e^(βx)) / β. */
export const softplus = liftSame(activation.softplus)
/** x · sigmoid(x). */
export const silu = liftSame(activation.silu)
/** x · tanh(softplus(x)) (Misra 2019). */
export const mish = liftSame(activation.mish)
/** x · Φ(x) (Hendrycks & Gimpel 2016); approximate: 'none' (default) or 'tanh'. */
export const gelu = liftSame(activation.gelu)
/** x where positive, negativeSlope · x elsewhere; default 0.01. */
export const leakyRelu = liftSame(activation.leakyRelu)
/** x where positive, α(e^x - 1) elsewhere (Clevert et al. 2015). */
export const elu = liftSame(activation.elu)
/** max(0, x) + min(0, α(e^(x/α) - 1)). */
export const celu = liftSame(activation.celu)
/** Self-normalising exponential linear unit (Klambauer et al. 2017). */
export const selu = liftSame(activation.selu)
/** x limited to [min, max], default [-1, 1]. */
export const hardtanh = liftSame(activation.hardtanh)
/** min(max(x, 0), 6). */
export const relu6 = liftSame(activation.relu6)
/** relu6(x + 3) / 6. */
export const hardsigmoid = liftSame(activation.hardsigmoid)
/** x · relu6(x + 3) / 6. */
export const hardswish = liftSame(activation.hardswish)
/** x / (1 + |x|). */
export const softsign = liftSame(activation.softsign)
/** x - tanh x. */
export const tanhshrink = liftSame(activation.tanhshrink)
/** x moved toward 0 by λ, and 0 within λ of it. */
export const softshrink = liftSame(activation.softshrink)
/** 0 within λ of 0, x elsewhere. */
export const hardshrink = liftSame(activation.hardshrink)
/** x above the limit, `value` elsewhere. */
export const threshold = liftSame(activation.threshold)
/** The first half of an axis times the sigmoid of the second half. */
export const glu = lift(activation.glu)
/** x where positive, weight · x elsewhere; one weight, or one a channel (axis 1) (He et al. 2015). */
export const prelu = <S extends Shape>(x: TensorBase<S>, weight: TensorBase): Tensor<S> =>
  wrap(activation.prelu(nodeOf(x), nodeOf(weight))) as Tensor<S>
/** e^x / Σ e^x along an axis, the last by default. */
export const softmax = liftSame(normal.softmax)
/** ln softmax(x) along an axis, the last by default. */
export const logSoftmax = liftSame(normal.logSoftmax)
/** softmax(-x) along an axis, the last by default. */
export const softmin = liftSame(normal.softmin)

// ---------------------------------------------------------------- linear layers, convolution

/** x · weightᵀ + bias with weight (out, in). */
export const linear = <S extends Shape, W extends Shape>(
  x: TensorBase<S> & Fits<LinearOf<S, W>>,
  weight: TensorBase<W>,
  bias?: Maybe,
): Tensor<ShapeOr<LinearOf<S, W>>> =>
  wrap(linearAlgebra.linear(nodeOf(x), nodeOf(weight), maybe(bias))) as Tensor<ShapeOr<LinearOf<S, W>>>
/** Cross-correlation over 1 spatial axis: stride, padding ('same', 'valid', numbers), dilation, groups. */
export const conv1d = <S extends Shape, W extends Shape>(
  x: TensorBase<S> & Fits<ConvOf<S, W, 'conv1d', 1>>,
  weight: TensorBase<W>,
  bias?: Maybe,
  options?: Parameters<typeof convolution.conv1d>[3],
): Tensor<ShapeOr<ConvOf<S, W, 'conv1d', 1>>> =>
  wrap(convolution.conv1d(nodeOf(x), nodeOf(weight), maybe(bias), options)) as Tensor<
    ShapeOr<ConvOf<S, W, 'conv1d', 1>>
  >
/** Cross-correlation over 2 spatial axes: stride, padding ('same', 'valid', numbers), dilation, groups. */
export const conv2d = <S extends Shape, W extends Shape>(
  x: TensorBase<S> & Fits<ConvOf<S, W, 'conv2d', 2>>,
  weight: TensorBase<W>,
  bias?: Maybe,
  options?: Parameters<typeof convolution.conv2d>[3],
): Tensor<ShapeOr<ConvOf<S, W, 'conv2d', 2>>> =>
  wrap(convolution.conv2d(nodeOf(x), nodeOf(weight), maybe(bias), options)) as Tensor<
    ShapeOr<ConvOf<S, W, 'conv2d', 2>>
  >
/** Cross-correlation over 3 spatial axes: stride, padding ('same', 'valid', numbers), dilation, groups. */
export const conv3d = <S extends Shape, W extends Shape>(
  x: TensorBase<S> & Fits<ConvOf<S, W, 'conv3d', 3>>,
  weight: TensorBase<W>,
  bias?: Maybe,
  options?: Parameters<typeof convolution.conv3d>[3],
): Tensor<ShapeOr<ConvOf<S, W, 'conv3d', 3>>> =>
  wrap(convolution.conv3d(nodeOf(x), nodeOf(weight), maybe(bias), options)) as Tensor<
    ShapeOr<ConvOf<S, W, 'conv3d', 3>>
  >
/** The transpose of conv1d. */
export const convTranspose1d = liftWeighted(convolution.convTranspose1d)
/** The transpose of conv2d. */
export const convTranspose2d = liftWeighted(convolution.convTranspose2d)
/** The transpose of conv3d. */
export const convTranspose3d = liftWeighted(convolution.convTranspose3d)

/** x₁ᵀ W_k x₂ + bias_k with weight (out, in1, in2). */
export const bilinear = (x1: TensorBase, x2: TensorBase, weight: TensorBase, bias?: Maybe): Tensor =>
  wrap(bilinearForm(nodeOf(x1), nodeOf(x2), nodeOf(weight), maybe(bias)))

/** ‖x - y + ε‖ₚ over the last axis: p = 2 and ε = 1e-6 by default. */
export const pairwiseDistance = (
  x: TensorBase,
  y: TensorBase,
  options?: Parameters<typeof distance>[2],
): Tensor => wrap(distance(nodeOf(x), nodeOf(y), options))

/** Pads the last axes: (before, after) pairs from the last axis backwards; see `Tensor.pad`. */
export const pad = (x: Tensor, padding: readonly number[], options?: Parameters<Tensor['pad']>[1]): Tensor =>
  wrap(nodeOf(x)).pad(padding, options)

/** Rows of `weight` by index; the gradient skips `paddingIndex`. */
export const embedding = (
  index: TensorBase,
  weight: TensorBase,
  options?: Parameters<typeof indexing.embedding>[2],
): Tensor => wrap(indexing.embedding(nodeOf(index), nodeOf(weight), options))

export interface EmbeddingBagOptions extends Omit<BagOptions, 'perSampleWeights'> {
  /** Factors of the rows, shaped as the indices; 'sum' only. */
  readonly perSampleWeights?: TensorBase | null
}

/** The mean ('sum', 'max') of the rows of `weight` in each bag: rows of 2-d indices, or 1-d ones from `offsets` on. */
export const embeddingBag = (
  index: TensorBase,
  weight: TensorBase,
  offsets?: Maybe,
  { perSampleWeights, ...options }: EmbeddingBagOptions = {},
): Tensor =>
  wrap(
    bag(nodeOf(index), nodeOf(weight), maybe(offsets), {
      ...options,
      perSampleWeights: maybe(perSampleWeights),
    }),
  )

/** A new last axis with 1 at the class and 0 elsewhere. */
export const oneHot = lift(indexing.oneHot)

// ---------------------------------------------------------------- normalization

export interface BatchNormOptions {
  /** Normalize by the batch's statistics and update the running ones. Default false. */
  readonly training?: boolean
  /** Weight of the new statistics. Default 0.1. */
  readonly momentum?: number | TensorBase
  /** Default 1e-5. */
  readonly eps?: number
}

/**
 * Batch normalization (Ioffe & Szegedy 2015) over every axis but 1. In training the running statistics are assigned
 * their new values.
 */
export function batchNorm(
  x: TensorBase,
  runningMean: Maybe,
  runningVar: Maybe,
  weight?: Maybe,
  bias?: Maybe,
  { training, momentum, eps }: BatchNormOptions = {},
): Tensor {
  const result = normalization.batchNorm(
    nodeOf(x),
    maybe(runningMean),
    maybe(runningVar),
    maybe(weight),
    maybe(bias),
    { training, momentum: typeof momentum === 'object' ? momentum.node : momentum, eps },
  )
  if (training) {
    if (runningMean && result.runningMean !== null) runningMean.assign(wrap(result.runningMean))
    if (runningVar && result.runningVar !== null) runningVar.assign(wrap(result.runningVar))
  }
  return wrap(result.output)
}

/** Layer normalization (Ba et al. 2016) over the trailing axes of `normalizedShape`. */
export const layerNorm = (
  x: TensorBase,
  normalizedShape: number | Shape,
  weight?: Maybe,
  bias?: Maybe,
  eps = 1e-5,
): Tensor => wrap(normalization.layerNorm(nodeOf(x), normalizedShape, maybe(weight), maybe(bias), eps))

/** x / root mean square over the trailing axes (Zhang & Sennrich 2019). */
export const rmsNorm = (
  x: TensorBase,
  normalizedShape: number | Shape,
  weight?: Maybe,
  eps?: number | null,
): Tensor => wrap(normalization.rmsNorm(nodeOf(x), normalizedShape, maybe(weight), eps))

/** Group normalization (Wu & He 2018). */
export const groupNorm = (
  x: TensorBase,
  numGroups: number,
  weight?: Maybe,
  bias?: Maybe,
  eps = 1e-5,
): Tensor => wrap(normalization.groupNorm(nodeOf(x), numGroups, maybe(weight), maybe(bias), eps))

/** Instance normalization: each channel of each example by itself. */
export const instanceNorm = (x: TensorBase, weight?: Maybe, bias?: Maybe, eps = 1e-5): Tensor =>
  wrap(normalization.instanceNorm(nodeOf(x), maybe(weight), maybe(bias), eps))

/** x / max(‖x‖, ε) along the axes. */
export const normalize = lift(normalization.normalize)
/** Division by neighbouring channels' energy (Krizhevsky et al. 2012). */
export const localResponseNorm = lift(normalization.localResponseNorm)
/** x · y / (‖x‖ ‖y‖) along an axis. */
export const cosineSimilarity = (
  x: TensorBase,
  y: TensorBase,
  options?: Parameters<typeof normalization.cosineSimilarity>[2],
): Tensor => wrap(normalization.cosineSimilarity(nodeOf(x), nodeOf(y), options))

// ---------------------------------------------------------------- attention

export interface ScaledDotProductAttentionOptions extends Omit<AttentionOptions, 'mask' | 'key'> {
  /** bool (true: may attend) or float (added to the scores), broadcast to (…, L, S). */
  readonly mask?: TensorBase | null
  readonly generator?: Generator
}

/**
 * softmax(q kᵀ / √d) v (Vaswani et al. 2017). q is (…, L, d), k (…, S, d), v (…, S, V) and the result (…, L, V). From 2²⁴
 * weights (…, L, S) on they are never stored: computed a block of queries at a time, and again for the gradient (Rabe &
 * Staats 2021, Dao et al. 2022).
 */
export function scaledDotProductAttention(
  q: TensorBase,
  k: TensorBase,
  v: TensorBase,
  { mask, generator = defaultGenerator, ...options }: ScaledDotProductAttentionOptions = {},
): Tensor {
  const key = options.dropout ? generator.nextKey() : null
  return wrap(attention(nodeOf(q), nodeOf(k), nodeOf(v), { ...options, mask: maybe(mask), key }))
}
