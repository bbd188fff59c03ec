/** Dropout and random activations on tensors. Draws come from a generator, by default the global one. */
import type { Shape } from '../core/shape.js'
import type { Node } from '../ir/node.js'
import * as forms from '../ops/dropout.js'
import * as random from '../ops/random.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import { defaultGenerator, type Generator } from './random.js'
import type { Tensor } from './tensor.js'

type Drop = <S extends Shape>(
  x: TensorBase<S>,
  /** Probability of dropping, default 0.5. */
  p?: number,
  /** Default true; x itself otherwise. */
  training?: boolean,
  generator?: Generator,
) => Tensor<S>

const lift =
  (fn: (x: Node, p: number, key: Node) => Node): Drop =>
  <S extends Shape>(x: TensorBase<S>, p = 0.5, training = true, generator = defaultGenerator) =>
    wrap(training && p !== 0 ? fn(nodeOf(x), p, generator.nextKey()) : nodeOf(x)) as Tensor<S>

/** Inverted dropout (Srivastava et al. 2014): 0 with probability p, else x / (1 - p); x itself unless training. */
export const dropout = lift((x, p, key) => random.dropout(x, p, key))
/** Dropout of whole channels (axis 1). */
export const featureDropout = lift(random.featureDropout)
/** Dropout of whole channels of (N, C, L) or (C, L). */
export const dropout1d = lift(forms.dropout1d)
/** Dropout of whole channels of (N, C, H, W) or (C, H, W). */
export const dropout2d = lift(forms.dropout2d)
/** Dropout of whole channels of (N, C, D, H, W) or (C, D, H, W). */
export const dropout3d = lift(forms.dropout3d)
/** Dropout to SELU's limit that keeps mean 0 and variance 1 (Klambauer et al. 2017). */
export const alphaDropout = lift((x, p, key) => forms.alphaDropout(x, p, key))
/** Alpha dropout of whole channels (axis 1). */
export const featureAlphaDropout = lift(forms.featureAlphaDropout)

export interface RReLUOptions {
  /** Bounds of the slopes, default 1/8 and 1/3. */
  readonly lower?: number
  readonly upper?: number
  /** Draw a slope for each negative element; else their mean (default false). */
  readonly training?: boolean
  readonly generator?: Generator
}

/** Leaky ReLU with random slopes in training (Xu et al. 2015). */
export const rrelu = (
  x: TensorBase,
  { lower, upper, training = false, generator = defaultGenerator }: RReLUOptions = {},
): Tensor => wrap(forms.rrelu(nodeOf(x), { lower, upper, key: training ? generator.nextKey() : null }))

export interface GumbelSoftmaxOptions {
  /** Temperature (default 1). */
  readonly tau?: number
  /** One-hot values with the gradient of the soft sample (default false). */
  readonly hard?: boolean
  /** Default -1. */
  readonly axis?: number
  readonly generator?: Generator
}

/** A sample of the relaxed categorical distribution of logits (Jang et al. 2017). */
export const gumbelSoftmax = (
  logits: TensorBase,
  { generator = defaultGenerator, ...options }: GumbelSoftmaxOptions = {},
): Tensor => wrap(forms.gumbelSoftmax(nodeOf(logits), generator.nextKey(), options))
