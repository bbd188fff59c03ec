/**
 * Attention with several heads.
 */

import { checkOptions } from '../core/check-options.js'
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, type Shape } from '../core/shape.js'
import { xavierUniform } from '../init/xavier-uniform.js'
import { zeros as fillZeros } from '../init/zeros.js'
import { attention } from '../ops/attention.js'
import { nodeOf, wrap } from '../tensor/base.js'
import { arange, zeros } from '../tensor/creation.js'
import { dropout, linear } from '../tensor/functional.js'
import type { SequenceShape } from '../tensor/layer-shapes.js'
import { Parameter } from '../tensor/parameter.js'
import { defaultGenerator } from '../tensor/random.js'
import type { Fits } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput, checkInteger, checkProbability } from './check-input.js'
import { Linear } from './linear.js'
import { Module } from './module.js'

export interface MultiheadAttentionOptions {
  /** Dropout of the attention weights in training mode (default 0). */
  readonly dropout?: number
  /** Biases in all projections (default true). */
  readonly bias?: boolean
  /** Features of the keys (default embedDim). */
  readonly kdim?: number
  /** Features of the values (default embedDim). */
  readonly vdim?: number
  /** Inputs are (N, L, E) and not (L, N, E) (default false). */
  readonly batchFirst?: boolean
}

export interface AttentionOptions {
  /** bool (N, S): true where a key is padding and must not be attended to. */
  readonly keyPaddingMask?: Tensor
  /** (L, S) or (N·heads, L, S): bool, true where attention is not allowed; or float, added to the scores. */
  readonly attnMask?: Tensor
  /** Query i attends to keys 0 to i only (default false). */
  readonly causal?: boolean
  /** Return the attention weights (default true). Without, they are never stored where there are many. */
  readonly needWeights?: boolean
  /** Average the returned weights over the heads (default true). */
  readonly averageAttnWeights?: boolean
}

/** (N, L, S), (N, heads, L, S) unaveraged, or null. */
export type AttentionWeights<Need extends boolean, Average extends boolean> = Need extends true
  ? Tensor<
      Average extends true ? readonly [number, number, number] : readonly [number, number, number, number]
    >
  : null

/**
 * Concat(head₁, …) Wᵒ with head = softmax(Q Kᵀ / √d) V, where Q, K and V are projections of query (L, N, E), key
 * (S, N, kdim) and value (S, N, vdim), or batch first. `forward` returns `[output, weights]`: output shaped as the
 * query; weights (N, L, S), or (N, heads, L, S) unaveraged, or null. `inProjWeight` (3E, E) holds the three
 * projections; with `kdim` or `vdim` they are `qProjWeight`, `kProjWeight`, `vProjWeight`.
 * Vaswani et al., "Attention Is All You Need" (2017).
 */
export class MultiheadAttention<
  E extends number = number,
  KeyDim extends number = E,
  ValueDim extends number = E,
> extends Module {
  readonly embedDim: number
  readonly numHeads: number
  readonly dropout: number
  readonly kdim: number
  readonly vdim: number
  readonly batchFirst: boolean
  qProjWeight: Parameter | null = null
  kProjWeight: Parameter | null = null
  vProjWeight: Parameter | null = null
  inProjWeight: Parameter | null = null
  inProjBias: Parameter | null
  outProj: Linear

  constructor(
    embedDim: E,
    numHeads: number,
    options: MultiheadAttentionOptions & { readonly kdim?: KeyDim; readonly vdim?: ValueDim } = {},
  ) {
    super()
    const { dropout: p = 0, bias = true, batchFirst = false } = options
    const { kdim = embedDim, vdim = embedDim }: MultiheadAttentionOptions = options
    checkOptions<MultiheadAttentionOptions>('MultiheadAttention', options, {
      dropout: true,
      bias: true,
      kdim: true,
      vdim: true,
      batchFirst: true,
    })
    checkInteger('MultiheadAttention', 'embedDim', embedDim)
    checkInteger('MultiheadAttention', 'numHeads', numHeads)
    checkProbability('MultiheadAttention', p)
    if (embedDim % numHeads !== 0) {
      throw new ValueError(
        `MultiheadAttention: expected embedDim to be a multiple of numHeads, got ${embedDim} and ${numHeads}.`,
      )
    }
    this.embedDim = embedDim
    this.numHeads = numHeads
    this.dropout = p
    this.kdim = kdim
    this.vdim = vdim
    this.batchFirst = batchFirst
    if (kdim === embedDim && vdim === embedDim) {
      this.inProjWeight = new Parameter(zeros([3 * embedDim, embedDim]))
    } else {
      this.qProjWeight = new Parameter(zeros([embedDim, embedDim]))
      this.kProjWeight = new Parameter(zeros([embedDim, kdim]))
      this.vProjWeight = new Parameter(zeros([embedDim, vdim]))
    }
    this.inProjBias = bias ? new Parameter(zeros([3 * embedDim])) : null
    this.outProj = new Linear(embedDim, embedDim, { bias })
    this.resetParameters()
    this.guardState()
  }

  /** Draws fresh initial values: Xavier uniform for the input projections, zero biases. */
  resetParameters(): void {
    for (const weight of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight]) {
      if (weight) xavierUniform(weight)
    }
    this.outProj.resetParameters()
    if (this.inProjBias) fillZeros(this.inProjBias)
    if (this.outProj.bias) fillZeros(this.outProj.bias)
  }

  override forward<
    S extends Shape,
    K extends Shape = S,
    V extends Shape = K,
    Need extends boolean = true,
    Average extends boolean = true,
  >(
    query: Tensor<S> & Fits<SequenceShape<S, 'MultiheadAttention', E>>,
    key?: Tensor<K> & Fits<SequenceShape<K, 'MultiheadAttention (key)', KeyDim>>,
    value?: Tensor<V> & Fits<SequenceShape<V, 'MultiheadAttention (value)', ValueDim>>,
    options: AttentionOptions & { readonly needWeights?: Need; readonly averageAttnWeights?: Average } = {},
  ): [Tensor<S>, AttentionWeights<Need, Average>] {
    const { needWeights = true, averageAttnWeights = true }: AttentionOptions = options
    const keyOrQuery: Tensor = key ?? query
    const inputs: [Tensor, Tensor, Tensor] = [query, keyOrQuery, value ?? keyOrQuery]
    this.check(...inputs)
    const [q, k, v] = inputs.map((x) => (this.batchFirst ? x : x.transpose(0, 1)))
    const [batch, length] = q.shape
    const [qw, kw, vw] = this.inputWeights()
    const [qb, kb, vb] = this.inProjBias === null ? [null, null, null] : this.inProjBias.chunk(3, 0)
    const queries = this.heads(linear(q, qw, qb))
    const keys = this.heads(linear(k, kw, kb))
    const values = this.heads(linear(v, vw, vb))
    const weights = needWeights ? this.weights(queries, keys, options) : null
    const attended = weights === null ? this.attend(queries, keys, values, options) : weights.matmul(values)
    const output = this.outProj.forward(attended.transpose(1, 2).reshape([batch, length, this.embedDim]))
    const shown = averageAttnWeights ? (weights?.mean(1) ?? null) : weights
    const shaped: Tensor = this.batchFirst ? output : output.transpose(0, 1)
    return [shaped as Tensor<S>, shown as AttentionWeights<Need, Average>]
  }

  private inputWeights(): Tensor[] {
    if (this.inProjWeight) return this.inProjWeight.chunk(3, 0)
    return [this.qProjWeight!, this.kProjWeight!, this.vProjWeight!]
  }

  /** (N, L, E) to (N, heads, L, E/heads). */
  private heads(x: Tensor): Tensor {
    const [batch, length] = x.shape
    return x.reshape([batch, length, this.numHeads, this.embedDim / this.numHeads]).transpose(1, 2)
  }

  /** (N, heads, L, S). */
  private weights(queries: Tensor, keys: Tensor, options: AttentionOptions): Tensor {
    const scale = 1 / Math.sqrt(this.embedDim / this.numHeads)
    let scores = queries.mul(scale).matmul(keys.transpose(2, 3))
    const [length, count] = scores.shape.slice(2)
    for (const mask of this.masks(queries, keys, options)) scores = applyMask(scores, mask)
    if (options.causal) scores = applyMask(scores, position(count).gt(position(length).unsqueeze(1)))
    return dropout(scores.softmax(-1), this.dropout, this.training)
  }

  /** The weights times the values, without the weights where there are many. */
  private attend(queries: Tensor, keys: Tensor, values: Tensor, options: AttentionOptions): Tensor {
    const p = this.training ? this.dropout : 0
    const key = p === 0 ? null : defaultGenerator.nextKey()
    const [q, k, v] = [queries, keys, values].map(nodeOf)
    const all = this.masks(queries, keys, options)
    const mask = all.length === 0 ? null : nodeOf(all.map(allowed).reduce(both))
    return wrap(attention(q, k, v, { mask, causal: options.causal, dropout: p, key }))
  }

  /** Masks that broadcast to (N, heads, L, S), as they were given. */
  private masks(queries: Tensor, keys: Tensor, { keyPaddingMask, attnMask }: AttentionOptions): Tensor[] {
    const [batch, heads, length] = queries.shape
    const count = keys.shape[2]
    const found: Tensor[] = []
    if (attnMask) {
      const perHead = attnMask.rank === 3
      checkMask('attnMask', attnMask, perHead ? [batch * heads, length, count] : [length, count])
      found.push(perHead ? attnMask.reshape([batch, heads, length, count]) : attnMask)
    }
    if (keyPaddingMask) {
      checkMask('keyPaddingMask', keyPaddingMask, [batch, count])
      found.push(keyPaddingMask.reshape([batch, 1, 1, count]))
    }
    return found
  }

  private check(query: Tensor, key: Tensor, value: Tensor): void {
    const name = 'MultiheadAttention'
    const layout = this.batchFirst ? ['N', 'L'] : ['L', 'N']
    const [length, batch] = this.batchFirst ? [1, 0] : [0, 1]
    const expect = (x: Tensor, features: number): void =>
      checkInput(name, x, x.rank === 3 && x.shape[2] === features, `(${layout.join(', ')}, ${features})`)
    expect(query, this.embedDim)
    expect(key, this.kdim)
    expect(value, this.vdim)
    const agree = key.shape[batch] === query.shape[batch] && value.shape[batch] === query.shape[batch]
    if (agree && key.shape[length] === value.shape[length]) return
    throw new ShapeError(
      `${name}: expected query, key and value of one batch size, and keys as long as values, got ` +
        `${formatShape(query.shape)}, ${formatShape(key.shape)} and ${formatShape(value.shape)} ` +
        `(${this.batchFirst ? 'batch first' : 'length first'}).`,
    )
  }

  protected override describe(): string {
    const { embedDim, numHeads, dropout: p, batchFirst } = this
    return `${embedDim}, ${numHeads}, dropout=${p}, batchFirst=${batchFirst}`
  }
}

const position = (count: number): Tensor => arange(0, count, 1, { dtype: 'i32' })

/** -∞ where a bool mask is true; a float mask is added. */
const applyMask = (scores: Tensor, mask: Tensor): Tensor =>
  mask.dtype === 'bool' ? scores.maskedFill(mask, Number.NEGATIVE_INFINITY) : scores.add(mask)

/** A mask as `scaledDotProductAttention` takes it: true where a bool one allows attention. */
const allowed = (mask: Tensor): Tensor => (mask.dtype === 'bool' ? mask.logicalNot() : mask)

/** Two such masks as one. */
function both(x: Tensor, y: Tensor): Tensor {
  if (x.dtype === 'bool' && y.dtype === 'bool') return x.logicalAnd(y)
  const added = (m: Tensor, like: Tensor): Tensor =>
    m.dtype === 'bool'
      ? zeros(m.shape, { dtype: like.dtype }).maskedFill(m.logicalNot(), Number.NEGATIVE_INFINITY)
      : m
  return added(x, y).add(added(y, x))
}

function checkMask(name: string, mask: Tensor, expected: Shape): void {
  if (mask.rank === expected.length && mask.shape.every((n, i) => n === expected[i])) return
  throw new ShapeError(
    `MultiheadAttention: expected ${name} of shape ${formatShape(expected)}, got ${formatShape(mask.shape)}.`,
  )
}
