/**
 * Columns back to images.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import type { UnfoldOptions } from '../ops/unfold.js'
import { fold } from '../tensor/functional.js'
import type { FoldRule, FoldShape } from '../tensor/image-shapes.js'
import type { BaseRule } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Unless, Window } from '../tensor/window-shapes.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple, type WindowOptions } from './tuple.js'

/**
 * The adjoint of Unfold: columns (N, C·KH·KW, L) to images (N, C, …outputSize), overlapping elements summed.
 */
export class Fold<
  const Output extends Sizes = Sizes,
  const K extends Sizes = Sizes,
  const Stride extends Sizes = Unless<K, Sizes, 1>,
  const Pad extends Sizes = Unless<K, Sizes, 0>,
  const Dilation extends Sizes = Unless<K, Sizes, 1>,
> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(
    rule: FoldRule<Output, Window<K, Stride, Pad, Dilation>> | BaseRule,
  ): readonly [Output, K, Stride, Pad, Dilation]
  readonly outputSize: readonly number[]
  readonly kernelSize: readonly number[]
  readonly options: Readonly<Record<keyof UnfoldOptions, readonly number[]>>

  constructor(
    outputSize: Output,
    kernelSize: K,
    options: UnfoldOptions & WindowOptions<Stride, Pad, Dilation> = {},
  ) {
    super()
    this.outputSize = tuple(outputSize, 2, 'Fold outputSize')
    checkSizes('Fold outputSize', this.outputSize)
    checkOptions<UnfoldOptions>('Fold', options, { dilation: true, padding: true, stride: true })
    const { stride = 1, padding = 0, dilation = 1 }: UnfoldOptions = options
    this.kernelSize = tuple(kernelSize, 2, 'Fold kernelSize')
    this.options = {
      stride: tuple(stride, 2, 'Fold stride'),
      padding: tuple(padding, 2, 'Fold padding'),
      dilation: tuple(dilation, 2, 'Fold dilation'),
    }
    checkSizes('Fold kernelSize', this.kernelSize)
    checkSizes('Fold stride', this.options.stride)
    checkSizes('Fold padding', this.options.padding, 0)
    checkSizes('Fold dilation', this.options.dilation)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<FoldShape<S, Output, Window<K, Stride, Pad, Dilation>>>,
  ): Tensor<ShapeOr<FoldShape<S, Output, Window<K, Stride, Pad, Dilation>>>> {
    return fold(x, this.outputSize, this.kernelSize, this.options) as Tensor<
      ShapeOr<FoldShape<S, Output, Window<K, Stride, Pad, Dilation>>>
    >
  }

  protected override describe(): string {
    return `outputSize=${formatTuple(this.outputSize)}, kernelSize=${formatTuple(this.kernelSize)}`
  }
}
