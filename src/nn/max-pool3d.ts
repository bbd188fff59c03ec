/**
 * Max pooling over three spatial axes.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { maxPool3d } from '../tensor/functional.js'
import type { ConvRule, ConvShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { type MaxPoolOptions, PoolNd } from './pool-nd.js'
import { formatTuple, type Sizes, tuple } from './tuple.js'

/**
 * The largest element of each window of x (N, C, D, H, W). `stride` defaults to the window's size; padding never wins;
 * of equal elements the first takes the gradient.
 */
export class MaxPool3d extends PoolNd {
  /** @internal What it does to shapes, for Sequential. */
  declare readonly '~shapes'?: ConvRule<'MaxPool3d', 3, number, null>
  readonly dilation: readonly number[]

  constructor(kernelSize: Sizes, options: MaxPoolOptions = {}) {
    super('MaxPool3d', kernelSize, options, 3)
    checkOptions<MaxPoolOptions>('MaxPool3d', options, {
      stride: true,
      padding: true,
      ceilMode: true,
      dilation: true,
    })
    this.dilation = tuple(options.dilation ?? 1, 3, 'MaxPool3d dilation')
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ConvShape<S, 'MaxPool3d', 3, number, null>>,
  ): Tensor<ShapeOr<ConvShape<S, 'MaxPool3d', 3, number, null>>> {
    this.check(x)
    const { stride, padding, dilation, ceilMode } = this
    return maxPool3d(x, this.kernelSize, { stride, padding, dilation, ceilMode }) as Tensor<
      ShapeOr<ConvShape<S, 'MaxPool3d', 3, number, null>>
    >
  }

  protected override describe(): string {
    return `${super.describe()}, dilation=${formatTuple(this.dilation)}`
  }
}
