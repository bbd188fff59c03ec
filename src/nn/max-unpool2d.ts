/**
 * The partial inverse of max pooling over 2 spatial axes.
 */
import type { Shape } from '../core/shape.js'
import { maxUnpool2d } from '../tensor/functional.js'
import type { SameShape, UnpoolShape } from '../tensor/image-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Unless, Window } from '../tensor/window-shapes.js'
import { MaxUnpoolNd, type MaxUnpoolOptions, type UnpoolWindowOptions } from './max-unpool-nd.js'
import type { Sizes } from './tuple.js'

/**
 * Values of MaxPool2d with `returnIndices` back at their places, zeros elsewhere; `forward(x, indices)`. `outputSize` may
 * be given there where several sizes pool to one.
 */
export class MaxUnpool2d<
  const K extends Sizes = Sizes,
  const Stride extends Sizes | null = Unless<K, Sizes | null, null>,
  const Pad extends Sizes = Unless<K, Sizes, 0>,
> extends MaxUnpoolNd {
  constructor(kernelSize: K, options: MaxUnpoolOptions & UnpoolWindowOptions<Stride, Pad> = {}) {
    super('MaxUnpool2d', kernelSize, options, 2)
  }

  override forward<S extends Shape, I extends Shape, const Size extends Shape | undefined = undefined>(
    x: Tensor<S> & Fits<UnpoolShape<S, 'MaxUnpool2d', 2, Window<K, Stride, Pad>>>,
    indices: Tensor<I> & Fits<SameShape<S, I, 'MaxUnpool2d', 'indices'>>,
    outputSize?: Size,
  ): Tensor<ShapeOr<UnpoolShape<S, 'MaxUnpool2d', 2, Window<K, Stride, Pad>, Size>>> {
    const { stride, padding } = this
    return maxUnpool2d(x, indices, this.kernelSize, { stride, padding, outputSize }) as Tensor<
      ShapeOr<UnpoolShape<S, 'MaxUnpool2d', 2, Window<K, Stride, Pad>, Size>>
    >
  }
}
