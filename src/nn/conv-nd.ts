/**
 * What the convolution layers of one, two and three dimensions share: options, checks, initial values.
 */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import { type Shape, sizeOf } from '../core/shape.js'
import { kaimingUniform } from '../init/kaiming-uniform.js'
import { uniform } from '../init/uniform.js'
import { zeros } from '../tensor/creation.js'
import { conv1d, conv2d, conv3d } from '../tensor/functional.js'
import type { BaseRule, ConvRule, ConvShape, Spatial } from '../tensor/layer-shapes.js'
import { Parameter } from '../tensor/parameter.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Window } from '../tensor/window-shapes.js'
import { checkInput, checkInteger } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple, type WindowOptions } from './tuple.js'

export interface ConvOptions {
  /** Step of the window (default 1). */
  readonly stride?: Sizes
  /** Zeros on both sides of each axis (default 0), 'same' (output as large as the input) or 'valid' (none). */
  readonly padding?: Sizes | 'same' | 'valid'
  /** Distance of neighbouring taps (default 1). */
  readonly dilation?: Sizes
  /** Groups of channels that do not see each other (default 1). */
  readonly groups?: number
  /** Add a bias (default true). */
  readonly bias?: boolean
}

/** What the functional convolutions take. */
export interface ConvSettings {
  readonly stride: number[]
  readonly padding: number[] | 'same' | 'valid'
  readonly dilation: number[]
  readonly groups: number
}

const axisNames = ['D', 'H', 'W']

const convolutions = { 1: conv1d, 2: conv2d, 3: conv3d }

/** The base of Conv1d, Conv2d and Conv3d; R is the number of spatial axes. */
export abstract class ConvNd<
  R extends keyof Spatial,
  In extends number,
  Out extends number,
  K extends Sizes,
  Stride extends Sizes,
  Pad extends Sizes | 'same' | 'valid',
  Dilation extends Sizes,
> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(
    rule: ConvRule<`Conv${R}d`, R, In, Out, Window<K, Stride, Pad, Dilation>> | BaseRule,
  ): readonly [In, Out, K, Stride, Pad, Dilation]
  readonly inChannels: number
  readonly outChannels: number
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[] | 'same' | 'valid'
  readonly dilation: readonly number[]
  readonly groups: number
  weight: Parameter
  bias: Parameter | null

  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: K,
    options: ConvOptions & WindowOptions<Stride, Pad, Dilation>,
    rank: R,
  ) {
    super()
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true }: ConvOptions = options
    const name = `Conv${rank}d`
    checkOptions<ConvOptions>(name, options, {
      stride: true,
      padding: true,
      dilation: true,
      groups: true,
      bias: true,
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
    if (typeof padding === 'string' && padding !== 'same' && padding !== 'valid') {
      throw new ValueError(`${name}: expected padding 'same', 'valid' or numbers, got '${String(padding)}'.`)
    }
    this.padding = typeof padding === 'string' ? padding : tuple(padding, rank, `${name} padding`)
    this.dilation = tuple(dilation, rank, `${name} dilation`)
    this.groups = groups
    checkSizes(`${name} kernelSize`, this.kernelSize)
    checkSizes(`${name} stride`, this.stride)
    checkSizes(`${name} dilation`, this.dilation)
    if (typeof this.padding !== 'string') checkSizes(`${name} padding`, this.padding, 0)
    if (this.padding === 'same' && this.stride.some((s) => s !== 1)) {
      throw new ValueError(`${name}: padding 'same' expects stride 1, got ${formatTuple(this.stride)}.`)
    }
    this.weight = new Parameter(zeros([outChannels, inChannels / groups, ...this.kernelSize]))
    this.bias = bias ? new Parameter(zeros([outChannels])) : null
    this.resetParameters()
    this.guardState()
  }

  /** Draws fresh initial values: U(-1/√fanIn, 1/√fanIn) for weight and bias, as in PyTorch. */
  resetParameters(): void {
    kaimingUniform(this.weight, { a: Math.sqrt(5) })
    const bound = 1 / Math.sqrt((this.inChannels / this.groups) * sizeOf(this.kernelSize))
    if (this.bias) uniform(this.bias, -bound, bound)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ConvShape<S, `Conv${R}d`, R, In, Out, Window<K, Stride, Pad, Dilation>>>,
  ): Tensor<ShapeOr<ConvShape<S, `Conv${R}d`, R, In, Out, Window<K, Stride, Pad, Dilation>>>> {
    this.check(x)
    const convolve = convolutions[this.kernelSize.length as R]
    return convolve(x as Tensor, this.weight, this.bias, this.settings) as Tensor<
      ShapeOr<ConvShape<S, `Conv${R}d`, R, In, Out, Window<K, Stride, Pad, Dilation>>>
    >
  }

  protected get settings(): ConvSettings {
    return {
      stride: [...this.stride],
      padding: typeof this.padding === 'string' ? this.padding : [...this.padding],
      dilation: [...this.dilation],
      groups: this.groups,
    }
  }

  protected check(x: Tensor): void {
    const rank = this.kernelSize.length
    const spatial = axisNames.slice(3 - rank).join(', ')
    const name = `Conv${rank}d`
    const hint =
      x.rank === rank + 1 ? 'Add a batch axis with x.unsqueeze(0).' : 'Channels come before the spatial axes.'
    checkInput(
      name,
      x,
      x.rank === rank + 2 && x.shape[1] === this.inChannels,
      `(N, ${this.inChannels}, ${spatial})`,
      hint,
    )
  }

  protected override describe(): string {
    const parts = [
      `${this.inChannels}, ${this.outChannels}`,
      `kernelSize=${formatTuple(this.kernelSize)}`,
      `stride=${formatTuple(this.stride)}`,
    ]
    if (typeof this.padding === 'string') parts.push(`padding=${this.padding}`)
    else if (this.padding.some((p) => p !== 0)) parts.push(`padding=${formatTuple(this.padding)}`)
    if (this.dilation.some((d) => d !== 1)) parts.push(`dilation=${formatTuple(this.dilation)}`)
    if (this.groups !== 1) parts.push(`groups=${this.groups}`)
    if (this.bias === null) parts.push('bias=false')
    return parts.join(', ')
  }
}
