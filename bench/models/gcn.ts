// The two-layer graph convolutional network; messages are gathered, weighted and summed with scatterAdd.

import { crossEntropy } from '../../src/losses/cross-entropy.js'
import { Linear } from '../../src/nn/linear.js'
import { Module } from '../../src/nn/module.js'
import { zeros } from '../../src/tensor/creation.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import type { BuildModel } from './model.js'

class GCN extends Module {
  conv1 = new Linear(1433, 16)
  conv2 = new Linear(16, 7)
  readonly #source: Tensor
  readonly #target: Tensor
  readonly #weight: Tensor

  constructor(source: Tensor, target: Tensor, weight: Tensor) {
    super()
    this.#source = source
    this.#target = target.unsqueeze(1)
    this.#weight = weight.unsqueeze(1)
  }

  #aggregate(x: Tensor): Tensor {
    const messages = x.indexSelect(0, this.#source).mul(this.#weight)
    return zeros(x.shape).scatterAdd(0, this.#target.expand(messages.shape), messages)
  }

  override forward(x: Tensor): Tensor {
    const hidden = this.#aggregate(this.conv1.forward(x)).relu()
    return this.#aggregate(this.conv2.forward(hidden))
  }
}

export const build: BuildModel = ({ source, target, weight }) => {
  const module = new GCN(source, target, weight)
  return { module, loss: (x, y) => crossEntropy(module.forward(x), y) }
}
