/**
 * What the transposed convolutions of one, two and three dimensions share.
 */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import { type Shape, sizeOf } from '../core/shape.js'
import { kaimingUniform } from '../init/kaiming-uniform.js'
import { uniform } from '../init/uniform.js'
import { zeros } from '../tensor/creation.js'
import { convTranspose1d, convTranspose2d, convTranspose3d } from '../tensor/functional.js'
import type { BaseRule, ConvTransposeRule, ConvTransposeShape, Spatial } from '../tensor/layer-shapes.js'
import { Parameter } from '../tensor/parameter.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Window } from '../tensor/window-shapes.js'
import { checkInput, checkInteger } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple, type WindowOptions } from './tuple.js'

export interface ConvTransposeOptions {
  /** Distance of neighbouring inputs in the output (default 1). */
  readonly stride?: Sizes
  /** Taken off both ends of each axis of the output (default 0). */
  readonly padding?: Sizes
  /** Added to the far end of each axis of the output (default 0). */
  readonly outputPadding?: Sizes
  /** Groups of channels that do not see each other (default 1). */
  readonly groups?: number
  /** Add a bias (default true). */
  readonly bias?: boolean
  /** Distance of neighbouring taps (default 1). */
  readonly dilation?: Sizes
}

/** Options whose values are known as types. */
export type ConvTransposeWindowOptions<
  Stride extends Sizes,
  Pad extends Sizes,
  Dilation extends Sizes,
  Extra extends Sizes,
> = ConvTransposeOptions & WindowOptions<Stride, Pad, Dilation> & { readonly outputPadding?: Extra }

const convolutions = { 1: convTranspose1d, 2: convTranspose2d, 3: convTranspose3d }

/** The base of ConvTranspose1d, ConvTranspose2d and ConvTranspose3d; R is the number of spatial axes. */
export abstract class ConvTransposeNd<
  R extends keyof Spatial,
  In extends number,
  Out extends number,
  K extends Sizes,
  Stride extends Sizes,
  Pad extends Sizes,
  Dilation extends Sizes,
  Extra extends Sizes,
> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(
    rule:
      | ConvTransposeRule<`ConvTranspose${R}d`, R, In, Out, Window<K, Stride, Pad, Dilation>, Extra>
      | BaseRule,
  ): readonly [In, Out, K, Stride, Pad, Dilation, Extra]
  readonly inChannels: number
  readonly outChannels: number
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[]
  readonly outputPadding: readonly number[]
  readonly dilation: readonly number[]
  readonly groups: number
  weight: Parameter
  bias: Parameter | null

  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: K,
    options: ConvTransposeWindowOptions<Stride, Pad, Dilation, Extra>,
    rank: R,
  ) {
    super()
    const {
      stride = 1,
      padding = 0,
      outputPadding = 0,
      groups = 1,
      bias = true,
      dilation = 1,
    }: ConvTransposeOptions = options
    const name = `ConvTranspose${rank}d`
    checkOptions<ConvTransposeOptions>(name, options, {
      stride: true,
      padding: true,
      outputPadding: true,
      groups: true,
      bias: true,
      dilation: true,
    })
    checkInteger(name, 'inChannels', inChannels)
    checkInteger(name, 'outChannels', outChannels)
    checkInteger(name, 'groups', groups)
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ValueError(
        `${name}: expected channel counts that groups divides, got inChannels ${inChannels}, outChannels ` +
          `${outChannels}, groups ${groups}.`,
      )
    }
    this.inChannels = inChannels
    this.outChannels = outChannels
    this.kernelSize = tuple(kernelSize, rank, `${name} kernelSize`)
    this.stride = tuple(stride, rank, `${name} stride`)
    this.padding = tuple(padding, rank, `${name} padding`)
    this.outputPadding = tuple(outputPadding, rank, `${name} outputPadding`)
    this.dilation = tuple(dilation, rank, `${name} dilation`)
    this.groups = groups
    checkSizes(`${name} kernelSize`, this.kernelSize)
    checkSizes(`${name} stride`, this.stride)
    checkSizes(`${name} padding`, this.padding, 0)
    checkSizes(`${name} outputPadding`, this.outputPadding, 0)
    checkSizes(`${name} dilation`, this.dilation)
    this.weight = new Parameter(zeros([inChannels, outChannels / groups, ...this.kernelSize]))
    this.bias = bias ? new Parameter(zeros([outChannels])) : null
    this.resetParameters()
    this.guardState()
  }

  /** Draws fresh initial values: U(-1/√f, 1/√f), f = outChannels / groups · |kernel|, as in PyTorch. */
  resetParameters(): void {
    kaimingUniform(this.weight, { a: Math.sqrt(5) })
    const bound = 1 / Math.sqrt((this.outChannels / this.groups) * sizeOf(this.kernelSize))
    if (this.bias) uniform(this.bias, -bound, bound)
  }

  override forward<S extends Shape>(
    x: Tensor<S> &
      Fits<ConvTransposeShape<S, `ConvTranspose${R}d`, R, In, Out, Window<K, Stride, Pad, Dilation>, Extra>>,
  ): Tensor<
    ShapeOr<ConvTransposeShape<S, `ConvTranspose${R}d`, R, In, Out, Window<K, Stride, Pad, Dilation>, Extra>>
  > {
    this.check(x)
    const convolve = convolutions[this.kernelSize.length as R]
    return convolve(x as Tensor, this.weight, this.bias, this.settings) as Tensor<
      ShapeOr<
        ConvTransposeShape<S, `ConvTranspose${R}d`, R, In, Out, Window<K, Stride, Pad, Dilation>, Extra>
      >
    >
  }

  protected get settings() {
    const { stride, padding, outputPadding, groups, dilation } = this
    return { stride, padding, outputPadding, groups, dilation }
  }

  protected check(x: Tensor): void {
    const rank = this.kernelSize.length
    const spatial = ['D', 'H', 'W'].slice(3 - rank).join(', ')
    const fits = x.rank === rank + 2 && x.shape[1] === this.inChannels
    checkInput(`ConvTranspose${rank}d`, x, fits, `(N, ${this.inChannels}, ${spatial})`)
  }

  protected override describe(): string {
    const parts = [
      `${this.inChannels}, ${this.outChannels}`,
      `kernelSize=${formatTuple(this.kernelSize)}`,
      `stride=${formatTuple(this.stride)}`,
    ]
    if (this.padding.some((p) => p !== 0)) parts.push(`padding=${formatTuple(this.padding)}`)
    if (this.outputPadding.some((p) => p !== 0))
      parts.push(`outputPadding=${formatTuple(this.outputPadding)}`)
    if (this.dilation.some((d) => d !== 1)) parts.push(`dilation=${formatTuple(this.dilation)}`)
    if (this.groups !== 1) parts.push(`groups=${this.groups}`)
    if (this.bias === null) parts.push('bias=false')
    return parts.join(', ')
  }
}
