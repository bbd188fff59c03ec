/**
 * Max pooling over one spatial axis.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { maxPool1d } from '../tensor/functional.js'
import type { ConvRule, ConvShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { type MaxPoolOptions, PoolNd } from './pool-nd.js'
import { formatTuple, type Sizes, tuple } from './tuple.js'

/**
 * The largest element of each window of x (N, C, L). `stride` defaults to the window's size; padding never wins;
 * of equal elements the first takes the gradient.
 */
export class MaxPool1d extends PoolNd {
  /** @internal What it does to shapes, for Sequential. */
  declare readonly '~shapes'?: ConvRule<'MaxPool1d', 1, number, null>
  readonly dilation: readonly number[]

  constructor(kernelSize: Sizes, options: MaxPoolOptions = {}) {
    super('MaxPool1d', kernelSize, options, 1)
    checkOptions<MaxPoolOptions>('MaxPool1d', options, {
      stride: true,
      padding: true,
      ceilMode: true,
      dilation: true,
    })
    this.dilation = tuple(options.dilation ?? 1, 1, 'MaxPool1d dilation')
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ConvShape<S, 'MaxPool1d', 1, number, null>>,
  ): Tensor<ShapeOr<ConvShape<S, 'MaxPool1d', 1, number, null>>> {
    this.check(x)
    const { stride, padding, dilation, ceilMode } = this
    return maxPool1d(x, this.kernelSize, { stride, padding, dilation, ceilMode }) as Tensor<
      ShapeOr<ConvShape<S, 'MaxPool1d', 1, number, null>>
    >
  }

  protected override describe(): string {
    return `${super.describe()}, dilation=${formatTuple(this.dilation)}`
  }
}
