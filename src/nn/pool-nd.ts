/**
 * What the pooling layers share: window, stride, padding and their checks.
 */
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

export interface PoolOptions {
  /** Step of the window; default: its size. */
  readonly stride?: Sizes
  /** Padding on both sides of each axis (default 0), at most half of the window. */
  readonly padding?: Sizes
  /** Keep a last window that is only partly inside (default false). */
  readonly ceilMode?: boolean
}

export interface MaxPoolOptions extends PoolOptions {
  /** Distance of neighbouring elements of a window (default 1). */
  readonly dilation?: Sizes
  /** Give `[values, indices]`, indices counted in the flattened spatial axes of the input (default false). */
  readonly returnIndices?: boolean
}

export interface AdaptiveMaxPoolOptions {
  /** Give `[values, indices]`, indices counted in the flattened spatial axes of the input (default false). */
  readonly returnIndices?: boolean
}

/** Options whose values are known as types. */
export interface PoolWindowOptions<Stride extends Sizes | null, Pad extends Sizes, Ceil extends boolean> {
  readonly stride?: Stride & Sizes
  readonly padding?: Pad
  readonly ceilMode?: Ceil
}

/** What max pooling gives: values, or values and indices. */
export type Pooled<Indices extends boolean, S extends Shape> = Indices extends true
  ? [Tensor<S>, Tensor<S>]
  : Tensor<S>

export interface AvgPoolOptions extends PoolOptions {
  /** Count the padding's zeros in the mean (default true). */
  readonly countIncludePad?: boolean
}

/** The base of the pooling layers. */
export abstract class PoolNd extends Module {
  readonly kernelSize: number[]
  readonly stride: number[]
  readonly padding: number[]
  readonly ceilMode: boolean
  #name: string

  constructor(name: string, kernelSize: Sizes, options: PoolOptions, rank: number) {
    super()
    const { stride = kernelSize, padding = 0, ceilMode = false } = options
    this.ceilMode = ceilMode
    this.#name = name
    this.kernelSize = tuple(kernelSize, rank, `${name} kernelSize`)
    this.stride = tuple(stride, rank, `${name} stride`)
    this.padding = tuple(padding, rank, `${name} padding`)
    checkSizes(`${name} kernelSize`, this.kernelSize)
    checkSizes(`${name} stride`, this.stride)
    checkSizes(`${name} padding`, this.padding, 0)
    if (this.padding.some((p, i) => 2 * p > this.kernelSize[i])) {
      throw new ValueError(
        `${name}: expected padding of at most half of the window ${formatTuple(this.kernelSize)}, got ` +
          `${formatTuple(this.padding)}.`,
      )
    }
  }

  abstract override forward(x: Tensor): unknown

  protected check(x: Tensor): void {
    const rank = this.kernelSize.length
    const fits = this.kernelSize.every((k, i) => x.shape[i + 2] + 2 * this.padding[i] >= k)
    const least = this.kernelSize.map((k, i) => `≥${Math.max(1, k - 2 * this.padding[i])}`).join(', ')
    checkInput(this.#name, x, x.rank === rank + 2 && fits, `(N, C, ${least})`)
  }

  protected override describe(): string {
    const window = `kernelSize=${formatTuple(this.kernelSize)}, stride=${formatTuple(this.stride)}`
    return `${window}, padding=${formatTuple(this.padding)}`
  }
}
