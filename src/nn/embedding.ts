/**
 * A table of vectors that is looked up by index.
 */

import { checkOptions } from '../core/check-options.js'
import { isInteger } from '../core/dtype.js'
import { DTypeError, ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import { normal } from '../init/normal.js'
import { zeros } from '../tensor/creation.js'
import { embedding } from '../tensor/functional.js'
import { noGrad } from '../tensor/grad-mode.js'
import type { BaseRule, EmbeddingRule, EmbeddingShape } from '../tensor/layer-shapes.js'
import { Parameter } from '../tensor/parameter.js'
import type { ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { cat } from '../tensor/tensor-functions.js'
import { checkInteger } from './check-input.js'
import { Module } from './module.js'

export interface EmbeddingOptions {
  /** The row that starts as zeros and never takes a gradient; negative counts from the end. */
  readonly paddingIdx?: number
}

/**
 * out[…] = weight[index[…]] for integer indices of any shape; adds an axis of `embeddingDim` at the end. `weight`
 * (numEmbeddings, embeddingDim) starts from N(0, 1). An index out of range throws when the step has run.
 */
export class Embedding<D extends number = number> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: EmbeddingRule<D> | BaseRule): D
  readonly numEmbeddings: number
  readonly embeddingDim: number
  readonly paddingIdx: number | null
  weight: Parameter

  constructor(numEmbeddings: number, embeddingDim: D, options: EmbeddingOptions = {}) {
    super()
    checkOptions<EmbeddingOptions>('Embedding', options, { paddingIdx: true })
    const { paddingIdx } = options
    checkInteger('Embedding', 'numEmbeddings', numEmbeddings)
    checkInteger('Embedding', 'embeddingDim', embeddingDim)
    const row = paddingIdx === undefined ? null : paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx
    if (row !== null && !(Number.isInteger(row) && row >= 0 && row < numEmbeddings)) {
      throw new ValueError(
        `Embedding: expected paddingIdx from ${-numEmbeddings} to ${numEmbeddings - 1}, got ${paddingIdx}.`,
      )
    }
    this.numEmbeddings = numEmbeddings
    this.embeddingDim = embeddingDim
    this.paddingIdx = row
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
      this.weight.assign(
        cat([this.weight.narrow(0, 0, row), blank, this.weight.narrow(0, row + 1, after)], 0),
      )
    })
  }

  override forward<S extends Shape>(index: Tensor<S>): Tensor<ShapeOr<EmbeddingShape<S, D>>> {
    if (!isInteger(index.dtype)) {
      throw new DTypeError(
        `Embedding: expected integer indices (i32, i64 or u8), got ${index.dtype}. Build them with ` +
          "tensor(list, { dtype: 'i32' }) or convert with index.to('i32').",
      )
    }
    return embedding(index, this.weight, { paddingIndex: this.paddingIdx ?? undefined }) as Tensor<
      ShapeOr<EmbeddingShape<S, D>>
    >
  }

  protected override describe(): string {
    const padding = this.paddingIdx === null ? '' : `, paddingIdx=${this.paddingIdx}`
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`
  }
}
