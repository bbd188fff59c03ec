/**
 * The gated recurrent unit.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { linear } from '../tensor/functional.js'
import type { RecurrentShape, RecurrentStateShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { Recurrent, type RecurrentOptions, type RecurrentWeights } from './recurrent.js'

/**
 * Gated recurrent unit over x (T, N, inputSize), or (N, T, inputSize) with `batchFirst`, or (T, inputSize):
 *
 *     r, z = σ(W x + b + U h + d),  n = tanh(W x + b + r ⊙ (U h + d)),  h' = (1 - z) ⊙ n + z ⊙ h
 *
 * Gates are stored in the order r, z, n. `forward(x, h0)` returns `[output, hn]` with output (T, N, D·H) and hn
 * (layers·D, N, H), D = 2 when bidirectional. Cho et al. (2014).
 */
export class GRU<
  In extends number = number,
  Hidden extends number = number,
  Both extends boolean = false,
> extends Recurrent {
  constructor(
    inputSize: In,
    hiddenSize: Hidden,
    options: RecurrentOptions & { readonly bidirectional?: Both } = {},
  ) {
    super(inputSize, hiddenSize, 3, options)
    checkOptions<RecurrentOptions>('GRU', options, {
      numLayers: true,
      bias: true,
      batchFirst: true,
      dropout: true,
      bidirectional: true,
    })
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<RecurrentShape<S, 'GRU', In, Hidden, Both>>,
    state?: Tensor,
  ): [Tensor<ShapeOr<RecurrentShape<S, 'GRU', In, Hidden, Both>>>, Tensor<RecurrentStateShape<S, Hidden>>] {
    const { output, states } = this.run(x, state && [state], 1)
    return [
      output as Tensor<ShapeOr<RecurrentShape<S, 'GRU', In, Hidden, Both>>>,
      states[0] as Tensor<RecurrentStateShape<S, Hidden>>,
    ]
  }

  protected override project(x: Tensor, { input, inputBias }: RecurrentWeights): Tensor {
    return linear(x, input, inputBias)
  }

  protected override step(projected: Tensor, [h]: readonly Tensor[], weights: RecurrentWeights): Tensor[] {
    const [xr, xz, xn] = projected.chunk(3, 1)
    const [hr, hz, hn] = linear(h, weights.hidden, weights.hiddenBias).chunk(3, 1)
    const r = xr.add(hr).sigmoid()
    const z = xz.add(hz).sigmoid()
    const n = xn.add(r.mul(hn)).tanh()
    return [n.add(z.mul(h.sub(n)))]
  }
}
