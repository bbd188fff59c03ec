// One LSTM layer 128→256 and a linear head on the last state.

import { crossEntropy } from '../../src/losses/cross-entropy.js'
import { Linear } from '../../src/nn/linear.js'
import { LSTM } from '../../src/nn/lstm.js'
import { Module } from '../../src/nn/module.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import type { BuildModel } from './model.js'

class Classifier extends Module {
  lstm = new LSTM(128, 256, { batchFirst: true })
  fc = new Linear(256, 10)

  override forward(x: Tensor): Tensor {
    const [output] = this.lstm.forward(x)
    return this.fc.forward(output.select(1, -1))
  }
}

export const build: BuildModel = () => {
  const module = new Classifier()
  return { module, loss: (x, y) => crossEntropy(module.forward(x), y) }
}
