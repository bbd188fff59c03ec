/**
 * Max pooling over two spatial axes.
 */
import type { Unless } from '../tensor/window-shapes.js'
import { MaxPoolNd, type MaxPoolWindowOptions } from './max-pool-nd.js'
import type { Sizes } from './tuple.js'

/**
 * The largest element of each window of x (N, C, H, W). `stride` defaults to the window's size; padding never wins;
 * of equal elements the first takes the gradient. With `returnIndices` the call gives
 * `[values, indices]`, indices (i64) counted in the flattened spatial axes of x, as MaxUnpool2d takes them.
 */
export class MaxPool2d<
  const K extends Sizes = Sizes,
  const Stride extends Sizes | null = Unless<K, Sizes | null, null>,
  const Pad extends Sizes = Unless<K, Sizes, 0>,
  const Dilation extends Sizes = Unless<K, Sizes, 1>,
  Ceil extends boolean = Unless<K, boolean, false>,
  Indices extends boolean = false,
> extends MaxPoolNd<2, K, Stride, Pad, Dilation, Ceil, Indices> {
  constructor(kernelSize: K, options: MaxPoolWindowOptions<Stride, Pad, Dilation, Ceil, Indices> = {}) {
    super(kernelSize, options, 2)
  }
}
