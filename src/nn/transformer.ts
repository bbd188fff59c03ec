/**
 * The transformer: encoder and decoder.
 */
import { checkOptions } from '../core/check-options.js'
import { ShapeError } from '../core/errors.js'
import { formatShape, type Shape } from '../core/shape.js'
import { xavierUniform } from '../init/xavier-uniform.js'
import { arange, full, zeros } from '../tensor/creation.js'
import type { SequenceShape } from '../tensor/layer-shapes.js'
import type { Fits } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { where } from '../tensor/tensor-functions.js'
import { LayerNorm } from './layer-norm.js'
import { Module } from './module.js'
import { TransformerDecoder } from './transformer-decoder.js'
import { type DecoderMasks, TransformerDecoderLayer } from './transformer-decoder-layer.js'
import { TransformerEncoder } from './transformer-encoder.js'
import { TransformerEncoderLayer, type TransformerEncoderLayerOptions } from './transformer-encoder-layer.js'

export interface TransformerOptions extends TransformerEncoderLayerOptions {
  /** Features (default 512). */
  readonly dModel?: number
  /** Heads (default 8). */
  readonly nhead?: number
  /** Layers of the encoder (default 6). */
  readonly numEncoderLayers?: number
  /** Layers of the decoder (default 6). */
  readonly numDecoderLayers?: number
}

export interface TransformerMasks extends DecoderMasks {
  /** bool (S, S), true where the source may not attend, or float, added to the scores. */
  readonly srcMask?: Tensor
  /** bool (N, S): true where an element of the source is padding. */
  readonly srcKeyPaddingMask?: Tensor
}

/**
 * decoder(tgt, encoder(src)) for src (S, N, dModel) and tgt (T, N, dModel), or batch first; each stack ends in a layer
 * norm. All matrices start from Xavier's uniform distribution. Vaswani et al., "Attention Is All You Need" (2017).
 */
export class Transformer<E extends number = number> extends Module {
  readonly dModel: number
  readonly nhead: number
  readonly batchFirst: boolean
  encoder: TransformerEncoder
  decoder: TransformerDecoder

  constructor(options: TransformerOptions & { readonly dModel?: E } = {}) {
    super()
    checkOptions<TransformerOptions>('Transformer', options, {
      dModel: true,
      nhead: true,
      numEncoderLayers: true,
      numDecoderLayers: true,
      dimFeedforward: true,
      dropout: true,
      activation: true,
      layerNormEps: true,
      batchFirst: true,
      normFirst: true,
    })
    const {
      dModel = 512,
      nhead = 8,
      numEncoderLayers = 6,
      numDecoderLayers = 6,
      ...layer
    }: TransformerOptions = options
    const norm = (): LayerNorm => new LayerNorm(dModel, { eps: layer.layerNormEps ?? 1e-5 })
    this.dModel = dModel
    this.nhead = nhead
    this.batchFirst = layer.batchFirst ?? false
    const encoderLayer = new TransformerEncoderLayer(dModel, nhead, layer)
    this.encoder = new TransformerEncoder(encoderLayer, numEncoderLayers, { norm: norm() })
    const decoderLayer = new TransformerDecoderLayer(dModel, nhead, layer)
    this.decoder = new TransformerDecoder(decoderLayer, numDecoderLayers, { norm: norm() })
    this.resetParameters()
  }

  /** Draws fresh initial values of the matrices. */
  resetParameters(): void {
    for (const p of this.parameters()) if (p.rank > 1) xavierUniform(p)
  }

  override forward<S extends Shape, T extends Shape>(
    src: Tensor<S> & Fits<SequenceShape<S, 'Transformer (src)', E>>,
    tgt: Tensor<T> & Fits<SequenceShape<T, 'Transformer (tgt)', E>>,
    masks: TransformerMasks = {},
  ): Tensor<T> {
    const batch = this.batchFirst ? 0 : 1
    const fits = (x: Tensor): boolean => x.rank === 3 && x.shape[2] === this.dModel
    if (!fits(src) || !fits(tgt) || src.shape[batch] !== tgt.shape[batch]) {
      const layout = this.batchFirst ? '(N, S, ' : '(S, N, '
      throw new ShapeError(
        `Transformer: expected src ${layout}${this.dModel}) and tgt of the same batch and features, got ` +
          `${formatShape(src.shape)} and ${formatShape(tgt.shape)}.`,
      )
    }
    const { srcMask, srcKeyPaddingMask, ...rest } = masks
    const memory: Tensor = this.encoder.forward(src as Tensor, {
      mask: srcMask,
      keyPaddingMask: srcKeyPaddingMask,
    })
    return this.decoder.forward(tgt as Tensor, memory, rest) as Tensor<T>
  }

  /** (size, size): 0 where i ≥ j, −∞ above: each element attends to itself and those before. */
  static generateSquareSubsequentMask(size: number): Tensor {
    const at = arange(0, size, 1, { dtype: 'i32' })
    const later = at.unsqueeze(0).gt(at.unsqueeze(1))
    return where(later, full([size, size], Number.NEGATIVE_INFINITY), zeros([size, size]))
  }
}
