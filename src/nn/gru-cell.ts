/**
 * One step of a gated recurrent unit.
 */

import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { linear } from '../tensor/functional.js'
import type { BaseRule, CellRule, CellShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { LinearOptions } from './linear.js'
import { RecurrentCell } from './recurrent-cell.js'

/**
 * `forward(x, h)` with x (N, inputSize) and h (N, hiddenSize), zeros if not given, to h' as GRU does one step.
 * Cho et al. (2014).
 */
export class GRUCell<In extends number = number, Hidden extends number = number> extends RecurrentCell {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: CellRule<'GRUCell', In, Hidden> | BaseRule): readonly [In, Hidden]
  constructor(inputSize: In, hiddenSize: Hidden, options: LinearOptions = {}) {
    super(inputSize, hiddenSize, 3, options.bias ?? true)
    checkOptions<LinearOptions>('GRUCell', options, { bias: true })
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<CellShape<S, 'GRUCell', In, Hidden>>,
    state?: Tensor,
  ): Tensor<ShapeOr<CellShape<S, 'GRUCell', In, Hidden>>> {
    const h = this.start(x, state)
    const [xr, xz, xn] = linear(x, this.weightIh, this.biasIh).chunk(3, -1)
    const [hr, hz, hn] = linear(h, this.weightHh, this.biasHh).chunk(3, -1)
    const r = xr.add(hr).sigmoid()
    const z = xz.add(hz).sigmoid()
    const n = xn.add(r.mul(hn)).tanh()
    return n.add(z.mul(h.sub(n))) as Tensor<ShapeOr<CellShape<S, 'GRUCell', In, Hidden>>>
  }
}
