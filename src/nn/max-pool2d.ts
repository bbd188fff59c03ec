/**
 * Max pooling over two spatial axes.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { maxPool2d } from '../tensor/functional.js'
import type { ConvRule, ConvShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { type MaxPoolOptions, PoolNd } from './pool-nd.js'
import { formatTuple, type Sizes, tuple } from './tuple.js'

/**
 * The largest element of each window of x (N, C, H, W). `stride` defaults to the window's size; padding never wins;
 * of equal elements the first takes the gradient.
 */
export class MaxPool2d extends PoolNd {
  /** @internal What it does to shapes, for Sequential. */
  declare readonly '~shapes'?: ConvRule<'MaxPool2d', 2, number, null>
  readonly dilation: readonly number[]

  constructor(kernelSize: Sizes, options: MaxPoolOptions = {}) {
    super('MaxPool2d', kernelSize, options, 2)
    checkOptions<MaxPoolOptions>('MaxPool2d', options, {
      stride: true,
      padding: true,
      ceilMode: true,
      dilation: true,
    })
    this.dilation = tuple(options.dilation ?? 1, 2, 'MaxPool2d dilation')
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ConvShape<S, 'MaxPool2d', 2, number, null>>,
  ): Tensor<ShapeOr<ConvShape<S, 'MaxPool2d', 2, number, null>>> {
    this.check(x)
    const { stride, padding, dilation, ceilMode } = this
    return maxPool2d(x, this.kernelSize, { stride, padding, dilation, ceilMode }) as Tensor<
      ShapeOr<ConvShape<S, 'MaxPool2d', 2, number, null>>
    >
  }

  protected override describe(): string {
    return `${super.describe()}, dilation=${formatTuple(this.dilation)}`
  }
}
