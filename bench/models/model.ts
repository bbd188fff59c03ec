// What a benchmark model of ours is: a module whose state has PyTorch's names, and its loss.
import type { Module } from '../../src/nn/module.js'
import type { Tensor } from '../../src/tensor/tensor.js'

export interface BenchModel {
  readonly module: Module
  /** The scalar loss of a batch. */
  readonly loss: (x: Tensor, y: Tensor) => Tensor
}

/** Makes the model; inputs beside the batch (a graph's edges) are captured here. */
export type BuildModel = (inputs: Record<string, Tensor>) => BenchModel
