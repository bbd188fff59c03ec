/**
 * One layer of the transformer's encoder.
 */

import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import type { BaseRule, SequenceRule, SequenceShape } from '../tensor/layer-shapes.js'
import type { Fits } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { Dropout } from './dropout.js'
import { LayerNorm } from './layer-norm.js'
import { Linear } from './linear.js'
import { Module } from './module.js'
import { MultiheadAttention } from './multihead-attention.js'

export interface TransformerEncoderLayerOptions {
  /** Width of the feed-forward network (default 2048). */
  readonly dimFeedforward?: number
  /** Dropout of attention weights, of the hidden units and of both branches (default 0.1). */
  readonly dropout?: number
  /** Activation of the feed-forward network: 'relu' (default) or 'gelu'. */
  readonly activation?: 'relu' | 'gelu'
  /** eps of both layer norms (default 1e-5). */
  readonly layerNormEps?: number
  /** Inputs are (N, L, E) and not (L, N, E) (default false). */
  readonly batchFirst?: boolean
  /** Normalise before each branch and not after the sum (default false). */
  readonly normFirst?: boolean
}

export interface EncoderMasks {
  /** bool (L, L), true where attention is not allowed, or float, added to the scores. */
  readonly mask?: Tensor
  /** bool (N, L): true where an element is padding. */
  readonly keyPaddingMask?: Tensor
  /** Each element attends to itself and those before (default false). */
  readonly causal?: boolean
}

/**
 * y = norm1(x + attention(x)), z = norm2(y + W₂ act(W₁ y)), with dropout on both branches; with `normFirst`
 * y = x + attention(norm1(x)), z = y + W₂ act(W₁ norm2(y)). x is (L, N, dModel), or (N, L, dModel) with
 * `batchFirst`. Vaswani et al. (2017); norm first: Xiong et al. (2020).
 */
export class TransformerEncoderLayer<E extends number = number> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SequenceRule<'TransformerEncoderLayer', E> | BaseRule): E
  readonly dModel: number
  readonly nhead: number
  readonly normFirst: boolean
  readonly activation: 'relu' | 'gelu'
  selfAttn: MultiheadAttention
  linear1: Linear
  dropout: Dropout
  linear2: Linear
  norm1: LayerNorm
  norm2: LayerNorm
  dropout1: Dropout
  dropout2: Dropout
  #options: TransformerEncoderLayerOptions

  constructor(dModel: E, nhead: number, options: TransformerEncoderLayerOptions = {}) {
    super()
    const { dimFeedforward = 2048, dropout = 0.1, activation = 'relu', layerNormEps: eps = 1e-5 } = options
    const { batchFirst = false, normFirst = false } = options
    checkOptions<TransformerEncoderLayerOptions>('TransformerEncoderLayer', options, {
      dimFeedforward: true,
      dropout: true,
      activation: true,
      layerNormEps: true,
      batchFirst: true,
      normFirst: true,
    })
    if (activation !== 'relu' && activation !== 'gelu') {
      throw new ValueError(
        `TransformerEncoderLayer: expected activation 'relu' or 'gelu', got '${activation}'.`,
      )
    }
    this.dModel = dModel
    this.nhead = nhead
    this.normFirst = normFirst
    this.activation = activation
    this.#options = { ...options }
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst })
    this.linear1 = new Linear(dModel, dimFeedforward)
    this.dropout = new Dropout(dropout)
    this.linear2 = new Linear(dimFeedforward, dModel)
    this.norm1 = new LayerNorm(dModel, { eps })
    this.norm2 = new LayerNorm(dModel, { eps })
    this.dropout1 = new Dropout(dropout)
    this.dropout2 = new Dropout(dropout)
  }

  override forward<S extends Shape>(
    input: Tensor<S> & Fits<SequenceShape<S, 'TransformerEncoderLayer', E>>,
    masks: EncoderMasks = {},
  ): Tensor<S> {
    const x: Tensor = input
    if (this.normFirst) {
      const y = x.add(this.attend(this.norm1.forward(x), masks))
      return y.add(this.feedForward(this.norm2.forward(y))) as Tensor as Tensor<S>
    }
    const y = this.norm1.forward(x.add(this.attend(x, masks)))
    return this.norm2.forward(y.add(this.feedForward(y))) as Tensor as Tensor<S>
  }

  /** A new layer with the same options and the same values. */
  copy(): TransformerEncoderLayer<E> {
    const layer = new TransformerEncoderLayer<E>(this.dModel as E, this.nhead, this.#options)
    layer.loadStateDict(this.stateDict())
    return layer
  }

  private attend(x: Tensor, { mask, keyPaddingMask, causal }: EncoderMasks): Tensor {
    const options = { attnMask: mask, keyPaddingMask, causal, needWeights: false }
    return this.dropout1.forward(this.selfAttn.forward(x, x, x, options)[0])
  }

  private feedForward(x: Tensor): Tensor {
    const hidden = this.linear1.forward(x)
    const active = this.activation === 'relu' ? hidden.relu() : hidden.gelu()
    return this.dropout2.forward(this.linear2.forward(this.dropout.forward(active)))
  }
}
