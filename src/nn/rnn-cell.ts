/**
 * One step of a plain recurrent net.
 */

import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import { linear } from '../tensor/functional.js'
import type { BaseRule, CellRule, CellShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { RecurrentCell } from './recurrent-cell.js'

export interface RNNCellOptions {
  /** Biases in both projections (default true). */
  readonly bias?: boolean
  /** 'tanh' (default) or 'relu'. */
  readonly nonlinearity?: 'tanh' | 'relu'
}

/** h' = tanh(W x + b + U h + d) for x (N, inputSize) and h (N, hiddenSize), zeros if not given. Elman (1990). */
export class RNNCell<In extends number = number, Hidden extends number = number> extends RecurrentCell {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: CellRule<'RNNCell', In, Hidden> | BaseRule): readonly [In, Hidden]
  readonly nonlinearity: 'tanh' | 'relu'

  constructor(inputSize: In, hiddenSize: Hidden, options: RNNCellOptions = {}) {
    super(inputSize, hiddenSize, 1, options.bias ?? true)
    checkOptions<RNNCellOptions>('RNNCell', options, { bias: true, nonlinearity: true })
    const { nonlinearity = 'tanh' } = options
    if (nonlinearity !== 'tanh' && nonlinearity !== 'relu') {
      throw new ValueError(
        `RNNCell: expected nonlinearity 'tanh' or 'relu', got '${nonlinearity as string}'.`,
      )
    }
    this.nonlinearity = nonlinearity
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<CellShape<S, 'RNNCell', In, Hidden>>,
    state?: Tensor,
  ): Tensor<ShapeOr<CellShape<S, 'RNNCell', In, Hidden>>> {
    const h = this.start(x, state)
    const sum = linear(x, this.weightIh, this.biasIh).add(linear(h, this.weightHh, this.biasHh))
    return (this.nonlinearity === 'tanh' ? sum.tanh() : sum.relu()) as Tensor<
      ShapeOr<CellShape<S, 'RNNCell', In, Hidden>>
    >
  }
}
