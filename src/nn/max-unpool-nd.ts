/**
 * What the layers that undo max pooling share: the pooling's window and its checks.
 */
import { checkOptions } from '../core/check-options.js'
import type { MaxUnpoolOptions as Options } from '../ops/max-unpool.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/** Stride and padding of the pooling. */
export type MaxUnpoolOptions = Omit<Options, 'outputSize'>

/** Options whose values are known as types. */
export interface UnpoolWindowOptions<Stride extends Sizes | null, Pad extends Sizes> {
  readonly stride?: Stride & Sizes
  readonly padding?: Pad
}

/** The base of MaxUnpool1d, MaxUnpool2d and MaxUnpool3d. */
export abstract class MaxUnpoolNd extends Module {
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[]

  constructor(name: string, kernelSize: Sizes, options: MaxUnpoolOptions, rank: number) {
    super()
    checkOptions<MaxUnpoolOptions>(name, options, { stride: true, padding: true })
    this.kernelSize = tuple(kernelSize, rank, `${name} kernelSize`)
    this.stride = tuple(options.stride ?? kernelSize, rank, `${name} stride`)
    this.padding = tuple(options.padding ?? 0, rank, `${name} padding`)
    checkSizes(`${name} kernelSize`, this.kernelSize)
    checkSizes(`${name} stride`, this.stride)
    checkSizes(`${name} padding`, this.padding, 0)
  }

  protected override describe(): string {
    const window = `kernelSize=${formatTuple(this.kernelSize)}, stride=${formatTuple(this.stride)}`
    return `${window}, padding=${formatTuple(this.padding)}`
  }
}
