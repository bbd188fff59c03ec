/** Losses on tensors: thin wrappers over the node-level functions of the same names in `ops/loss`. */
import type { Node } from '../ir/node.js'
import * as loss from '../ops/loss.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import type { Tensor } from './tensor.js'

export type { Reduction } from '../ops/loss.js'

/** Options of a loss with tensors where the node-level function takes nodes. */
type OnTensors<O> = { readonly [K in keyof O]: Node extends O[K] ? Exclude<O[K], Node> | TensorBase : O[K] }

/** The options with nodes for tensors. */
function onNodes<O extends object>(options: OnTensors<O> | undefined): O | undefined {
  if (options === undefined) return undefined
  const out: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(options)) {
    out[key] = typeof value === 'object' && value !== null ? nodeOf(value as TensorBase) : value
  }
  return out as O
}

const lift =
  <O extends object>(fn: (input: Node, target: Node, options?: O) => Node) =>
  (input: TensorBase, target: TensorBase, options?: OnTensors<O>): Tensor =>
    wrap(fn(nodeOf(input), nodeOf(target), onNodes<O>(options)))

/** (x - t)². */
export const mseLoss = lift(loss.mseLoss)
/** |x - t|. */
export const l1Loss = lift(loss.l1Loss)
/** Squared near 0, absolute beyond β (Girshick 2015). */
export const smoothL1Loss = lift(loss.smoothL1Loss)
/** Squared near 0, linear beyond δ (Huber 1964). */
export const huberLoss = lift(loss.huberLoss)
/** Cross-entropy of probabilities and targets from 0 to 1. */
export const binaryCrossEntropy = lift(loss.binaryCrossEntropy)
/** Cross-entropy of logits and targets from 0 to 1. */
export const bceWithLogits = lift(loss.bceWithLogits)
/** Kullback-Leibler divergence of log-probabilities from targets. */
export const klDiv = lift(loss.klDiv)
/** Negative log-likelihood of a Poisson distribution. */
export const poissonNllLoss = lift(loss.poissonNllLoss)
/** x where the target is 1, max(0, margin - x) where it is -1. */
export const hingeEmbeddingLoss = lift(loss.hingeEmbeddingLoss)
/** Negative log-likelihood of class indices given log-probabilities (N, C, …). */
export const nllLoss = lift(loss.nllLoss)
/** nllLoss(logSoftmax(logits)); the target holds class indices or probabilities. */
export const crossEntropy = lift(loss.crossEntropy)

/** max(0, -t(x - y) + margin). */
export const marginRankingLoss = (
  x: TensorBase,
  y: TensorBase,
  target: TensorBase,
  options?: Parameters<typeof loss.marginRankingLoss>[3],
): Tensor => wrap(loss.marginRankingLoss(nodeOf(x), nodeOf(y), nodeOf(target), options))
