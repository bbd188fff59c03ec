/**
 * The partial inverse of max pooling over 3 spatial axes.
 */
import type { Shape } from '../core/shape.js'
import { maxUnpool3d } from '../tensor/functional.js'
import type { SameShape, UnpoolShape } from '../tensor/image-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Unless, Window } from '../tensor/window-shapes.js'
import { MaxUnpoolNd, type MaxUnpoolOptions, type UnpoolWindowOptions } from './max-unpool-nd.js'
import type { Sizes } from './tuple.js'

/**
 * Values of MaxPool3d with `returnIndices` back at their places, zeros elsewhere; `forward(x, indices)`. `outputSize` may
 * be given there where several sizes pool to one.
 */
export class MaxUnpool3d<
  const K extends Sizes = Sizes,
  const Stride extends Sizes | null = Unless<K, Sizes | null, null>,
  const Pad extends Sizes = Unless<K, Sizes, 0>,
> extends MaxUnpoolNd {
  constructor(kernelSize: K, options: MaxUnpoolOptions & UnpoolWindowOptions<Stride, Pad> = {}) {
    super('MaxUnpool3d', kernelSize, options, 3)
  }

  override forward<S extends Shape, I extends Shape, const Size extends Shape | undefined = undefined>(
    x: Tensor<S> & Fits<UnpoolShape<S, 'MaxUnpool3d', 3, Window<K, Stride, Pad>>>,
    indices: Tensor<I> & Fits<SameShape<S, I, 'MaxUnpool3d', 'indices'>>,
    outputSize?: Size,
  ): Tensor<ShapeOr<UnpoolShape<S, 'MaxUnpool3d', 3, Window<K, Stride, Pad>, Size>>> {
    const { stride, padding } = this
    return maxUnpool3d(x, indices, this.kernelSize, { stride, padding, outputSize }) as Tensor<
      ShapeOr<UnpoolShape<S, 'MaxUnpool3d', 3, Window<K, Stride, Pad>, Size>>
    >
  }
}
