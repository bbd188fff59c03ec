// ResNet-18 with the CIFAR stem or ImageNet's; state names as torchvision's.

import { crossEntropy } from '../../src/losses/cross-entropy.js'
import { BatchNorm2d } from '../../src/nn/batch-norm2d.js'
import { Conv2d } from '../../src/nn/conv2d.js'
import { Linear } from '../../src/nn/linear.js'
import { Module } from '../../src/nn/module.js'
import { sequential } from '../../src/nn/sequential.js'
import { maxPool2d } from '../../src/tensor/functional.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import type { BuildModel } from './model.js'

class BasicBlock extends Module {
  conv1: Conv2d
  bn1: BatchNorm2d
  conv2: Conv2d
  bn2: BatchNorm2d
  downsample

  constructor(inputs: number, outputs: number, stride: number) {
    super()
    this.conv1 = new Conv2d(inputs, outputs, 3, { stride, padding: 1, bias: false })
    this.bn1 = new BatchNorm2d(outputs)
    this.conv2 = new Conv2d(outputs, outputs, 3, { padding: 1, bias: false })
    this.bn2 = new BatchNorm2d(outputs)
    this.downsample =
      stride === 1
        ? null
        : sequential(new Conv2d(inputs, outputs, 1, { stride, bias: false }), new BatchNorm2d(outputs))
  }

  override forward(x: Tensor): Tensor {
    const shortcut = this.downsample === null ? x : this.downsample.forward(x)
    const y = this.bn1.forward(this.conv1.forward(x)).relu()
    return this.bn2.forward(this.conv2.forward(y)).add(shortcut).relu()
  }
}

export class ResNet18 extends Module {
  conv1: Conv2d
  bn1 = new BatchNorm2d(64)
  layer1 = sequential(new BasicBlock(64, 64, 1), new BasicBlock(64, 64, 1))
  layer2 = sequential(new BasicBlock(64, 128, 2), new BasicBlock(128, 128, 1))
  layer3 = sequential(new BasicBlock(128, 256, 2), new BasicBlock(256, 256, 1))
  layer4 = sequential(new BasicBlock(256, 512, 2), new BasicBlock(512, 512, 1))
  fc: Linear
  private readonly large: boolean

  /** `large`: ImageNet's stem (7×7 stride 2, then pooling) and 1000 classes. */
  constructor(large: boolean) {
    super()
    this.large = large
    this.conv1 = large
      ? new Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false })
      : new Conv2d(3, 64, 3, { padding: 1, bias: false })
    this.fc = new Linear(512, large ? 1000 : 10)
  }

  override forward(x: Tensor): Tensor {
    const first = this.bn1.forward(this.conv1.forward(x)).relu()
    const stem = this.large ? maxPool2d(first, 3, { stride: 2, padding: 1 }) : first
    const half = this.layer2.forward(this.layer1.forward(stem))
    return this.fc.forward(this.layer4.forward(this.layer3.forward(half)).mean([2, 3]))
  }
}

export const build: BuildModel = () => {
  const module = new ResNet18(false)
  return { module, loss: (x, y) => crossEntropy(module.forward(x), y) }
}
