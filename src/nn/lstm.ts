/**
 * Long short-term memory.
 */
import { checkOptions } from '../core/check-options.js'
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

/**
 * Long short-term memory over x (T, N, inputSize), or (N, T, inputSize) with `batchFirst`, or (T, inputSize):
 *
 *     i, f, o = σ(W x + b + U h + d),  g = tanh(W x + b + U h + d),  c' = f ⊙ c + i ⊙ g,  h' = o ⊙ tanh(c')
 *
 * Gates are stored in the order i, f, g, o. `forward(x, [h0, c0])` returns `[output, [hn, cn]]` with output
 * (T, N, D·H) and states (layers·D, N, H), D = 2 when bidirectional. Hochreiter and Schmidhuber (1997), with the
 * forget gate of Gers et al. (2000).
 */
export class LSTM<
  In extends number = number,
  Hidden extends number = number,
  Both extends boolean = false,
> extends Recurrent {
  constructor(
    inputSize: In,
    hiddenSize: Hidden,
    options: RecurrentOptions & { readonly bidirectional?: Both } = {},
  ) {
    super(inputSize, hiddenSize, 4, options)
    checkOptions<RecurrentOptions>('LSTM', options, {
      numLayers: true,
      bias: true,
      batchFirst: true,
      dropout: true,
      bidirectional: true,
    })
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<RecurrentShape<S, 'LSTM', In, Hidden, Both>>,
    state?: readonly [Tensor, Tensor],
  ): [
    Tensor<ShapeOr<RecurrentShape<S, 'LSTM', In, Hidden, Both>>>,
    [Tensor<RecurrentStateShape<S, Hidden>>, Tensor<RecurrentStateShape<S, Hidden>>],
  ] {
    const { output, states } = this.run(x, state, 2)
    return [
      output as Tensor<ShapeOr<RecurrentShape<S, 'LSTM', In, Hidden, Both>>>,
      [
        states[0] as Tensor<RecurrentStateShape<S, Hidden>>,
        states[1] as Tensor<RecurrentStateShape<S, Hidden>>,
      ],
    ]
  }

  protected override project(x: Tensor, weights: RecurrentWeights): Tensor {
    return projectWithBothBiases(x, weights)
  }

  protected override step(
    projected: Tensor,
    [h, c]: readonly Tensor[],
    { hidden }: RecurrentWeights,
  ): Tensor[] {
    const [i, f, g, o] = projected.add(linear(h, hidden)).chunk(4, 1)
    const next = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()))
    return [o.sigmoid().mul(next.tanh()), next]
  }
}
