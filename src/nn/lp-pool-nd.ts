/**
 * What the power-average pooling layers share: norm, window and their checks.
 */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import type { LpPoolOptions } from '../ops/lp-pooling.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/** The base of LPPool1d, LPPool2d and LPPool3d. */
export abstract class LpPoolNd extends Module {
  readonly normType: number
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly ceilMode: boolean

  constructor(name: string, normType: number, kernelSize: Sizes, options: LpPoolOptions, rank: number) {
    super()
    checkOptions<LpPoolOptions>(name, options, { stride: true, ceilMode: true })
    if (!(normType > 0) || normType === Number.POSITIVE_INFINITY) {
      throw new ValueError(
        `${name}: expected a normType above 0, got ${normType}. Use MaxPool${rank}d for infinity.`,
      )
    }
    this.normType = normType
    this.kernelSize = tuple(kernelSize, rank, `${name} kernelSize`)
    this.stride = tuple(options.stride ?? kernelSize, rank, `${name} stride`)
    this.ceilMode = options.ceilMode ?? false
    checkSizes(`${name} kernelSize`, this.kernelSize)
    checkSizes(`${name} stride`, this.stride)
  }

  /** What the functional form takes. */
  protected get options(): LpPoolOptions {
    return { stride: this.stride, ceilMode: this.ceilMode }
  }

  protected override describe(): string {
    const window = `kernelSize=${formatTuple(this.kernelSize)}, stride=${formatTuple(this.stride)}`
    return `normType=${this.normType}, ${window}, ceilMode=${this.ceilMode}`
  }
}
