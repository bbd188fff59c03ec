/**
 * Sliding blocks of images as columns.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import type { UnfoldOptions } from '../ops/unfold.js'
import { unfold } from '../tensor/functional.js'
import type { UnfoldRule, UnfoldShape } from '../tensor/image-shapes.js'
import type { BaseRule } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Unless, Window } from '../tensor/window-shapes.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple, type WindowOptions } from './tuple.js'

export type { UnfoldOptions }

/**
 * Blocks of x (N, C, H, W) as columns (N, C·KH·KW, L), L counting the block's places row by row.
 */
export class Unfold<
  const K extends Sizes = Sizes,
  const Stride extends Sizes = Unless<K, Sizes, 1>,
  const Pad extends Sizes = Unless<K, Sizes, 0>,
  const Dilation extends Sizes = Unless<K, Sizes, 1>,
> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(
    rule: UnfoldRule<Window<K, Stride, Pad, Dilation>> | BaseRule,
  ): readonly [K, Stride, Pad, Dilation]
  readonly kernelSize: readonly number[]
  readonly options: Readonly<Record<keyof UnfoldOptions, readonly number[]>>

  constructor(kernelSize: K, options: UnfoldOptions & WindowOptions<Stride, Pad, Dilation> = {}) {
    super()
    checkOptions<UnfoldOptions>('Unfold', options, { dilation: true, padding: true, stride: true })
    const { stride = 1, padding = 0, dilation = 1 }: UnfoldOptions = options
    this.kernelSize = tuple(kernelSize, 2, 'Unfold kernelSize')
    this.options = {
      stride: tuple(stride, 2, 'Unfold stride'),
      padding: tuple(padding, 2, 'Unfold padding'),
      dilation: tuple(dilation, 2, 'Unfold dilation'),
    }
    checkSizes('Unfold kernelSize', this.kernelSize)
    checkSizes('Unfold stride', this.options.stride)
    checkSizes('Unfold padding', this.options.padding, 0)
    checkSizes('Unfold dilation', this.options.dilation)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<UnfoldShape<S, Window<K, Stride, Pad, Dilation>>>,
  ): Tensor<ShapeOr<UnfoldShape<S, Window<K, Stride, Pad, Dilation>>>> {
    return unfold(x, this.kernelSize, this.options) as Tensor<
      ShapeOr<UnfoldShape<S, Window<K, Stride, Pad, Dilation>>>
    >
  }

  protected override describe(): string {
    return `kernelSize=${formatTuple(this.kernelSize)}`
  }
}
