// ResNet-18 with ImageNet's stem.

import { crossEntropy } from '../../src/losses/cross-entropy.js'
import type { BuildModel } from './model.js'
import { ResNet18 } from './resnet18-cifar.js'

export const build: BuildModel = () => {
  const module = new ResNet18(true)
  return { module, loss: (x, y) => crossEntropy(module.forward(x), y) }
}
