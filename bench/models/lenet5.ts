// LeNet-5 with ReLU and max-pooling.

import { crossEntropy } from '../../src/losses/cross-entropy.js'
import { Conv2d } from '../../src/nn/conv2d.js'
import { Linear } from '../../src/nn/linear.js'
import { Module } from '../../src/nn/module.js'
import { maxPool2d } from '../../src/tensor/functional.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import type { BuildModel } from './model.js'

class LeNet5 extends Module {
  conv1 = new Conv2d(1, 6, 5, { padding: 2 })
  conv2 = new Conv2d(6, 16, 5)
  fc1 = new Linear(400, 120)
  fc2 = new Linear(120, 84)
  fc3 = new Linear(84, 10)

  override forward(x: Tensor): Tensor {
    const first = maxPool2d(this.conv1.forward(x).relu(), 2)
    const second = maxPool2d(this.conv2.forward(first).relu(), 2).flatten(1)
    return this.fc3.forward(this.fc2.forward(this.fc1.forward(second).relu()).relu())
  }
}

export const build: BuildModel = () => {
  const module = new LeNet5()
  return { module, loss: (x, y) => crossEntropy(module.forward(x), y) }
}
