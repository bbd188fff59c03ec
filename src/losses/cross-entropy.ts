/**
 * Cross-entropy of logits and classes.
 */
import * as node from '../ops/classification-loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface CrossEntropyOptions extends LossOptions {
  /** A weight for each class (C). The mean is then weighted too. */
  readonly weight?: Tensor
  /** Targets of this class do not count (default -100). */
  readonly ignoreIndex?: number
  /** Share of the target that is spread over all classes (default 0). */
  readonly labelSmoothing?: number
}

/**
 * -log softmax(logits)[target] for logits (N, C), (N, C, d₁, …) or (C), and target class indices (i32, i64 or u8) of
 * the shape without C, or class probabilities of the shape of the logits. 0-d unless reduction is 'none'.
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  return wrap(node.crossEntropy(nodeOf(logits), nodeOf(target), onNodes(options)))
}

/** `crossEntropy` as a module: `new CrossEntropyLoss(options).forward(logits, target)`. */
export class CrossEntropyLoss extends LossModule<CrossEntropyOptions> {
  constructor(options: CrossEntropyOptions = {}) {
    super(options)
  }

  override forward(logits: Tensor, target: Tensor): Tensor {
    return crossEntropy(logits, target, this.options)
  }
}
