/**
 * A stack of decoder layers.
 */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import type { SequenceShape } from '../tensor/layer-shapes.js'
import type { Fits } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInteger } from './check-input.js'
import { Module, type TensorModule } from './module.js'
import { type DecoderMasks, TransformerDecoderLayer } from './transformer-decoder-layer.js'

export interface TransformerDecoderOptions {
  /** Applied to the last layer's output, usually a LayerNorm. */
  readonly norm?: TensorModule
}

/**
 * `numLayers` copies of `decoderLayer` one after the other (equal at the start, as in PyTorch), then `norm`. Masks and
 * the memory are given to every layer. Vaswani et al. (2017).
 */
export class TransformerDecoder<E extends number = number> extends Module {
  layers: TransformerDecoderLayer<E>[]
  norm: TensorModule | null

  constructor(
    decoderLayer: TransformerDecoderLayer<E>,
    numLayers: number,
    options: TransformerDecoderOptions = {},
  ) {
    super()
    checkOptions<TransformerDecoderOptions>('TransformerDecoder', options, { norm: true })
    const { norm } = options
    checkInteger('TransformerDecoder', 'numLayers', numLayers)
    if (!(decoderLayer instanceof TransformerDecoderLayer)) {
      throw new ValueError(
        'TransformerDecoder: expected a TransformerDecoderLayer to copy. Keep other modules in an array of your own.',
      )
    }
    this.layers = Array.from({ length: numLayers }, () => decoderLayer.copy())
    this.norm = norm ?? null
  }

  override forward<S extends Shape, M extends Shape>(
    x: Tensor<S> & Fits<SequenceShape<S, 'TransformerDecoder', E>>,
    memory: Tensor<M> & Fits<SequenceShape<M, 'TransformerDecoder (memory)', E>>,
    masks: DecoderMasks = {},
  ): Tensor<S> {
    let y: Tensor = x
    for (const layer of this.layers) y = layer.forward(y, memory as Tensor, masks)
    return (this.norm ? this.norm.forward(y) : y) as Tensor<S>
  }
}
