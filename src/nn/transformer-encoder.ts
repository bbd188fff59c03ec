/**
 * A stack of encoder layers.
 */

import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import type { BaseRule, SequenceRule, SequenceShape } from '../tensor/layer-shapes.js'
import type { Fits } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInteger } from './check-input.js'
import { Module, type TensorModule } from './module.js'
import { type EncoderMasks, TransformerEncoderLayer } from './transformer-encoder-layer.js'

export interface TransformerEncoderOptions {
  /** Applied to the last layer's output, usually a LayerNorm. */
  readonly norm?: TensorModule
}

/**
 * `numLayers` copies of `encoderLayer` one after the other (equal at the start, as in PyTorch), then `norm`. Masks are
 * given to every layer. Vaswani et al. (2017).
 */
export class TransformerEncoder<E extends number = number> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SequenceRule<'TransformerEncoder', E> | BaseRule): E
  layers: TransformerEncoderLayer<E>[]
  norm: TensorModule | null

  constructor(
    encoderLayer: TransformerEncoderLayer<E>,
    numLayers: number,
    options: TransformerEncoderOptions = {},
  ) {
    super()
    checkOptions<TransformerEncoderOptions>('TransformerEncoder', options, { norm: true })
    const { norm } = options
    checkInteger('TransformerEncoder', 'numLayers', numLayers)
    if (!(encoderLayer instanceof TransformerEncoderLayer)) {
      throw new ValueError(
        'TransformerEncoder: expected a TransformerEncoderLayer to copy. Keep other modules in an array of your own.',
      )
    }
    this.layers = Array.from({ length: numLayers }, () => encoderLayer.copy())
    this.norm = norm ?? null
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<SequenceShape<S, 'TransformerEncoder', E>>,
    masks: EncoderMasks = {},
  ): Tensor<S> {
    let y: Tensor = x
    for (const layer of this.layers) y = layer.forward(y, masks)
    return (this.norm ? this.norm.forward(y) : y) as Tensor<S>
  }
}
