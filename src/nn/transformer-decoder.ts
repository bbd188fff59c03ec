/**
 * A stack of decoder layers.
 */
import { ValueError } from '../core/errors.js'
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
export class TransformerDecoder extends Module {
  layers: TransformerDecoderLayer[]
  norm: TensorModule | null

  constructor(
    decoderLayer: TransformerDecoderLayer,
    numLayers: number,
    { norm }: TransformerDecoderOptions = {},
  ) {
    super()
    checkInteger('TransformerDecoder', 'numLayers', numLayers)
    if (!(decoderLayer instanceof TransformerDecoderLayer)) {
      throw new ValueError(
        'TransformerDecoder: expected a TransformerDecoderLayer to copy. Keep other modules in an array of your own.',
      )
    }
    this.layers = Array.from({ length: numLayers }, () => decoderLayer.copy())
    this.norm = norm ?? null
  }

  override forward(x: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    let y = x
    for (const layer of this.layers) y = layer.forward(y, memory, masks)
    return this.norm ? this.norm.forward(y) : y
  }
}
