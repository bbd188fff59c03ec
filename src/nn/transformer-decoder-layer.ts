/**
 * One layer of the transformer's decoder.
 */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import type { SequenceShape } from '../tensor/layer-shapes.js'
import type { Fits } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { Dropout } from './dropout.js'
import { LayerNorm } from './layer-norm.js'
import { Linear } from './linear.js'
import { Module } from './module.js'
import { MultiheadAttention } from './multihead-attention.js'
import type { TransformerEncoderLayerOptions } from './transformer-encoder-layer.js'

export interface DecoderMasks {
  /** bool (T, T), true where attention is not allowed, or float, added to the scores. */
  readonly tgtMask?: Tensor
  /** The same for attention to the memory, (T, S). */
  readonly memoryMask?: Tensor
  /** bool (N, T): true where an element of the target is padding. */
  readonly tgtKeyPaddingMask?: Tensor
  /** bool (N, S): true where an element of the memory is padding. */
  readonly memoryKeyPaddingMask?: Tensor
  /** Each element of the target attends to itself and those before (default false). */
  readonly tgtCausal?: boolean
}

/**
 * y = norm1(x + attention(x)), z = norm2(y + attention(y, memory)), norm3(z + W₂ act(W₁ z)), with dropout on each
 * branch; with `normFirst` each norm stands before its branch. x is (T, N, dModel), memory (S, N, dModel), or both
 * (N, …) with `batchFirst`. Options are those of TransformerEncoderLayer. Vaswani et al. (2017).
 */
export class TransformerDecoderLayer<E extends number = number> extends Module {
  readonly dModel: number
  readonly nhead: number
  readonly normFirst: boolean
  readonly activation: 'relu' | 'gelu'
  selfAttn: MultiheadAttention
  multiheadAttn: MultiheadAttention
  linear1: Linear
  dropout: Dropout
  linear2: Linear
  norm1: LayerNorm
  norm2: LayerNorm
  norm3: LayerNorm
  dropout1: Dropout
  dropout2: Dropout
  dropout3: Dropout
  #options: TransformerEncoderLayerOptions

  constructor(dModel: E, nhead: number, options: TransformerEncoderLayerOptions = {}) {
    super()
    const { dimFeedforward = 2048, dropout = 0.1, activation = 'relu', layerNormEps: eps = 1e-5 } = options
    const { batchFirst = false, normFirst = false } = options
    checkOptions<TransformerEncoderLayerOptions>('TransformerDecoderLayer', options, {
      dimFeedforward: true,
      dropout: true,
      activation: true,
      layerNormEps: true,
      batchFirst: true,
      normFirst: true,
    })
    if (activation !== 'relu' && activation !== 'gelu') {
      throw new ValueError(
        `TransformerDecoderLayer: expected activation 'relu' or 'gelu', got '${activation as string}'.`,
      )
    }
    this.dModel = dModel
    this.nhead = nhead
    this.normFirst = normFirst
    this.activation = activation
    this.#options = { ...options }
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst })
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst })
    this.linear1 = new Linear(dModel, dimFeedforward)
    this.dropout = new Dropout(dropout)
    this.linear2 = new Linear(dimFeedforward, dModel)
    this.norm1 = new LayerNorm(dModel, { eps })
    this.norm2 = new LayerNorm(dModel, { eps })
    this.norm3 = new LayerNorm(dModel, { eps })
    this.dropout1 = new Dropout(dropout)
    this.dropout2 = new Dropout(dropout)
    this.dropout3 = new Dropout(dropout)
    this.guardState()
  }

  override forward<S extends Shape, M extends Shape>(
    input: Tensor<S> & Fits<SequenceShape<S, 'TransformerDecoderLayer', E>>,
    memory: Tensor<M> & Fits<SequenceShape<M, 'TransformerDecoderLayer (memory)', E>>,
    masks: DecoderMasks = {},
  ): Tensor<S> {
    const x: Tensor = input
    if (this.normFirst) {
      const y = x.add(this.attendSelf(this.norm1.forward(x) as Tensor, masks))
      const z = y.add(this.attendMemory(this.norm2.forward(y) as Tensor, memory, masks))
      return z.add(this.feedForward(this.norm3.forward(z) as Tensor)) as Tensor as Tensor<S>
    }
    const y = this.norm1.forward(x.add(this.attendSelf(x, masks))) as Tensor
    const z = this.norm2.forward(y.add(this.attendMemory(y, memory, masks))) as Tensor
    return this.norm3.forward(z.add(this.feedForward(z))) as Tensor as Tensor<S>
  }

  /** A new layer with the same options and the same values. */
  copy(): TransformerDecoderLayer<E> {
    const layer = new TransformerDecoderLayer<E>(this.dModel as E, this.nhead, this.#options)
    layer.loadStateDict(this.stateDict())
    return layer
  }

  private attendSelf(x: Tensor, { tgtMask, tgtKeyPaddingMask, tgtCausal }: DecoderMasks): Tensor {
    const options = {
      attnMask: tgtMask,
      keyPaddingMask: tgtKeyPaddingMask,
      causal: tgtCausal,
      needWeights: false,
    }
    return this.dropout1.forward(this.selfAttn.forward(x, x, x, options)[0])
  }

  private attendMemory(x: Tensor, memory: Tensor, masks: DecoderMasks): Tensor {
    const options = {
      attnMask: masks.memoryMask,
      keyPaddingMask: masks.memoryKeyPaddingMask,
      needWeights: false,
    }
    return this.dropout2.forward(this.multiheadAttn.forward(x, memory, memory, options)[0])
  }

  private feedForward(x: Tensor): Tensor {
    const hidden = this.linear1.forward(x) as Tensor
    const active = this.activation === 'relu' ? hidden.relu() : hidden.gelu()
    return this.dropout3.forward(this.linear2.forward(this.dropout.forward(active)) as Tensor)
  }
}
