/**
 * Max pooling over two spatial axes.
 */
import { maxPool2d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { type MaxPoolOptions, PoolNd } from './pool-nd.js'
import { formatTuple, type Sizes, tuple } from './tuple.js'

/**
 * The largest element of each window of x (N, C, H, W). `stride` defaults to the window's size; padding never wins;
 * of equal elements the first takes the gradient.
 */
export class MaxPool2d extends PoolNd {
  readonly dilation: readonly number[]

  constructor(kernelSize: Sizes, options: MaxPoolOptions = {}) {
    super('MaxPool2d', kernelSize, options, 2)
    this.dilation = tuple(options.dilation ?? 1, 2, 'MaxPool2d dilation')
  }

  override forward(x: Tensor): Tensor {
    this.check(x)
    const { stride, padding, dilation, ceilMode } = this
    return maxPool2d(x, this.kernelSize, { stride, padding, dilation, ceilMode })
  }

  protected override describe(): string {
    return `${super.describe()}, dilation=${formatTuple(this.dilation)}`
  }
}
