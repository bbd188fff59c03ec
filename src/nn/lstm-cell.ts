/**
 * One step of long short-term memory.
 */

import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { linear } from '../tensor/functional.js'
import type { CellShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { LinearOptions } from './linear.js'
import { RecurrentCell } from './recurrent-cell.js'

/**
 * `forward(x, [h, c])` with x (N, inputSize) and states (N, hiddenSize), zeros if not given, to [h', c'] as LSTM does
 * one step. Hochreiter and Schmidhuber (1997).
 */
export class LSTMCell<In extends number = number, Hidden extends number = number> extends RecurrentCell {
  constructor(inputSize: In, hiddenSize: Hidden, options: LinearOptions = {}) {
    super(inputSize, hiddenSize, 4, options.bias ?? true)
    checkOptions<LinearOptions>('LSTMCell', options, { bias: true })
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<CellShape<S, 'LSTMCell', In, Hidden>>,
    state?: readonly [Tensor, Tensor],
  ): [
    Tensor<ShapeOr<CellShape<S, 'LSTMCell', In, Hidden>>>,
    Tensor<ShapeOr<CellShape<S, 'LSTMCell', In, Hidden>>>,
  ] {
    const [h, c] = [this.start(x, state?.[0]), this.start(x, state?.[1])]
    const gates = linear(x, this.weightIh, this.biasIh).add(linear(h, this.weightHh, this.biasHh))
    const [i, f, g, o] = gates.chunk(4, -1)
    const next = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()))
    return [
      o.sigmoid().mul(next.tanh()) as Tensor<ShapeOr<CellShape<S, 'LSTMCell', In, Hidden>>>,
      next as Tensor<ShapeOr<CellShape<S, 'LSTMCell', In, Hidden>>>,
    ]
  }
}
