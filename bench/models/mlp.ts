// The MLP 784-512-256-10.

import { crossEntropy } from '../../src/losses/cross-entropy.js'
import { Linear } from '../../src/nn/linear.js'
import { Module } from '../../src/nn/module.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import type { BuildModel } from './model.js'

class MLP extends Module {
  fc1 = new Linear(784, 512)
  fc2 = new Linear(512, 256)
  fc3 = new Linear(256, 10)

  override forward(x: Tensor): Tensor {
    return this.fc3.forward(this.fc2.forward(this.fc1.forward(x).relu()).relu())
  }
}

export const build: BuildModel = () => {
  const module = new MLP()
  return { module, loss: (x, y) => crossEntropy(module.forward(x), y) }
}
