/**
 * The plain recurrent network.
 */

import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import { linear } from '../tensor/functional.js'
import type { RecurrentShape, RecurrentStateShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import {
  projectWithBothBiases,
  Recurrent,
  type RecurrentOptions,
  type RecurrentWeights,
} from './recurrent.js'

export interface RNNOptions extends RecurrentOptions {
  /** The activation: 'tanh' (default) or 'relu'. */
  readonly nonlinearity?: 'tanh' | 'relu'
}

/**
 * h' = tanh(W x + b + U h + d) over x (T, N, inputSize), or (N, T, inputSize) with `batchFirst`, or (T, inputSize).
 * `forward(x, h0)` returns `[output, hn]` with output (T, N, D·H) and hn (layers·D, N, H), D = 2 when bidirectional.
 * Elman (1990).
 */
export class RNN<
  In extends number = number,
  Hidden extends number = number,
  Both extends boolean = false,
> extends Recurrent {
  readonly nonlinearity: 'tanh' | 'relu'

  constructor(
    inputSize: In,
    hiddenSize: Hidden,
    options: RNNOptions & { readonly bidirectional?: Both } = {},
  ) {
    super(inputSize, hiddenSize, 1, options)
    checkOptions<RNNOptions>('RNN', options, {
      numLayers: true,
      bias: true,
      batchFirst: true,
      dropout: true,
      bidirectional: true,
      nonlinearity: true,
    })
    this.nonlinearity = options.nonlinearity ?? 'tanh'
    if (this.nonlinearity !== 'tanh' && this.nonlinearity !== 'relu') {
      throw new ValueError(`RNN: expected nonlinearity 'tanh' or 'relu', got '${this.nonlinearity}'.`)
    }
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<RecurrentShape<S, 'RNN', In, Hidden, Both>>,
    state?: Tensor,
  ): [Tensor<ShapeOr<RecurrentShape<S, 'RNN', In, Hidden, Both>>>, Tensor<RecurrentStateShape<S, Hidden>>] {
    const { output, states } = this.run(x, state && [state], 1)
    return [
      output as Tensor<ShapeOr<RecurrentShape<S, 'RNN', In, Hidden, Both>>>,
      states[0] as Tensor<RecurrentStateShape<S, Hidden>>,
    ]
  }

  protected override project(x: Tensor, weights: RecurrentWeights): Tensor {
    return projectWithBothBiases(x, weights)
  }

  protected override step(projected: Tensor, [h]: readonly Tensor[], { hidden }: RecurrentWeights): Tensor[] {
    const sum = projected.add(linear(h, hidden))
    return [this.nonlinearity === 'tanh' ? sum.tanh() : sum.relu()]
  }
}
