/**
 * Sums, means or maxima over bags of vectors that are looked up by index.
 */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import { normal } from '../init/normal.js'
import { zeros } from '../tensor/creation.js'
import { embeddingBag } from '../tensor/functional.js'
import { noGrad } from '../tensor/grad-mode.js'
import type { BaseRule, EmbeddingBagRule, EmbeddingBagShape, NoShape } from '../tensor/layer-shapes.js'
import { Parameter } from '../tensor/parameter.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { cat } from '../tensor/tensor-functions.js'
import type { Unless } from '../tensor/window-shapes.js'
import { checkInteger } from './check-input.js'
import { Module } from './module.js'

export interface EmbeddingBagOptions {
  /** 'mean' (default), 'sum' or 'max'. */
  readonly mode?: 'mean' | 'sum' | 'max'
  /** A row that counts for nothing, starts as zeros and never takes a gradient; negative counts from the end. */
  readonly paddingIdx?: number
  /** The last offset is the end of the last bag (default false). */
  readonly includeLastOffset?: boolean
}

/**
 * For each bag of indices the mean (or sum, maximum) of rows of `weight` (numEmbeddings, embeddingDim), which starts
 * from N(0, 1). `forward(index)` takes one bag a row (bags, length); `forward(index, offsets)` takes 1-d indices and where
 * each bag begins; `forward(index, offsets, perSampleWeights)` weighs the rows of a sum.
 */
export class EmbeddingBag<
  D extends number = number,
  Last extends boolean = Unless<D, boolean, false>,
> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: EmbeddingBagRule<D> | BaseRule): readonly [D, Last]
  readonly numEmbeddings: number
  readonly embeddingDim: number
  readonly mode: 'mean' | 'sum' | 'max'
  readonly paddingIdx: number | null
  readonly includeLastOffset: boolean
  weight: Parameter

  constructor(
    numEmbeddings: number,
    embeddingDim: D,
    options: EmbeddingBagOptions & { readonly includeLastOffset?: Last } = {},
  ) {
    super()
    checkOptions<EmbeddingBagOptions>('EmbeddingBag', options, {
      mode: true,
      paddingIdx: true,
      includeLastOffset: true,
    })
    const { mode = 'mean', paddingIdx, includeLastOffset = false } = options
    checkInteger('EmbeddingBag', 'numEmbeddings', numEmbeddings)
    checkInteger('EmbeddingBag', 'embeddingDim', embeddingDim)
    if (mode !== 'mean' && mode !== 'sum' && mode !== 'max') {
      throw new ValueError(`EmbeddingBag: expected mode 'mean', 'sum' or 'max', got '${mode as string}'.`)
    }
    const row = paddingIdx === undefined ? null : paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx
    if (row !== null && !(Number.isInteger(row) && row >= 0 && row < numEmbeddings)) {
      throw new ValueError(
        `EmbeddingBag: expected paddingIdx from ${-numEmbeddings} to ${numEmbeddings - 1}, got ${paddingIdx}.`,
      )
    }
    this.numEmbeddings = numEmbeddings
    this.embeddingDim = embeddingDim
    this.mode = mode
    this.paddingIdx = row
    this.includeLastOffset = includeLastOffset
    this.weight = new Parameter(zeros([numEmbeddings, embeddingDim]))
    this.resetParameters()
    this.guardState()
  }

  /** Draws fresh initial values; the padding row is zeros. */
  resetParameters(): void {
    normal(this.weight)
    const row = this.paddingIdx
    if (row === null) return
    noGrad(() => {
      const blank = zeros([1, this.embeddingDim], { dtype: this.weight.dtype })
      const after = this.numEmbeddings - row - 1
      const parts: Tensor[] = [this.weight.narrow(0, 0, row), blank, this.weight.narrow(0, row + 1, after)]
      this.weight.assign(cat(parts, 0))
    })
  }

  override forward<S extends Shape, O extends Shape = NoShape>(
    index: Tensor<S> & Fits<EmbeddingBagShape<S, O, D, Last>>,
    offsets: Tensor<O> | null = null,
    perSampleWeights: Tensor | null = null,
  ): Tensor<ShapeOr<EmbeddingBagShape<S, O, D, Last>>> {
    const { mode, includeLastOffset, paddingIdx: paddingIndex } = this
    return embeddingBag(index, this.weight, offsets, {
      mode,
      includeLastOffset,
      paddingIndex,
      perSampleWeights,
    }) as Tensor<ShapeOr<EmbeddingBagShape<S, O, D, Last>>>
  }

  protected override describe(): string {
    return `${this.numEmbeddings}, ${this.embeddingDim}, mode='${this.mode}'`
  }
}
