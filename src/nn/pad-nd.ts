/**
 * What the padding layers share.
 */

import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import type { PadRule, PadShape } from '../tensor/image-shapes.js'
import type { BaseRule, Spatial } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'

/** One amount for all sides, or (before, after) pairs from the last axis backwards, as in PyTorch. */
export type Padding = number | readonly number[]

/** Pads the last `rank` axes of x (N, C, …) or (C, …). */
export abstract class PadNd<
  Name extends string = string,
  R extends keyof Spatial = keyof Spatial,
  P extends Padding = Padding,
> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: PadRule<Name, R, P> | BaseRule): P
  readonly padding: readonly number[]
  readonly #name: string
  readonly #options: {
    readonly mode: 'constant' | 'reflect' | 'replicate' | 'circular'
    readonly value?: number
  }

  constructor(
    name: Name,
    rank: R,
    padding: P,
    options: { readonly mode: 'constant' | 'reflect' | 'replicate' | 'circular'; readonly value?: number },
  ) {
    super()
    const list =
      typeof padding === 'number'
        ? new Array<number>(2 * rank).fill(padding)
        : [...(padding as readonly number[])]
    if (list.length !== 2 * rank || !list.every(Number.isInteger)) {
      throw new ValueError(
        `${name}: expected one integer or ${2 * rank} of them, (before, after) from the last axis backwards, got ${JSON.stringify(padding)}.`,
      )
    }
    this.padding = list
    this.#name = name
    this.#options = options
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<PadShape<S, Name, R, P>>,
  ): Tensor<ShapeOr<PadShape<S, Name, R, P>>> {
    const rank = this.padding.length / 2
    const axes = ['D', 'H', 'W']
      .slice(3 - rank)
      .join(', ')
      .replace(/^W$/, 'L')
    checkInput(this.#name, x, x.rank === rank + 2 || x.rank === rank + 1, `(N, C, ${axes}) or (C, ${axes})`)
    return (x as Tensor).pad(this.padding, this.#options) as Tensor<ShapeOr<PadShape<S, Name, R, P>>>
  }

  protected override describe(): string {
    return `(${this.padding.join(', ')})`
  }
}
