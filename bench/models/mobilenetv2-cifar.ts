// MobileNetV2 with the CIFAR stem.

import { crossEntropy } from '../../src/losses/cross-entropy.js'
import { BatchNorm2d } from '../../src/nn/batch-norm2d.js'
import { Conv2d } from '../../src/nn/conv2d.js'
import { Linear } from '../../src/nn/linear.js'
import { Module } from '../../src/nn/module.js'
import { sequential } from '../../src/nn/sequential.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { type InvertedResidual, invertedResiduals } from '../specs/mobilenetv2-cifar.js'
import type { BuildModel } from './model.js'

class ConvNorm extends Module {
  conv: Conv2d
  norm: BatchNorm2d

  constructor(
    inputs: number,
    outputs: number,
    kernel: number,
    options: { readonly stride?: number; readonly padding?: number; readonly groups?: number } = {},
  ) {
    super()
    this.conv = new Conv2d(inputs, outputs, kernel, { ...options, bias: false })
    this.norm = new BatchNorm2d(outputs)
  }

  override forward(x: Tensor): Tensor {
    return this.norm.forward(this.conv.forward(x))
  }
}

class Block extends Module {
  expand: ConvNorm | null
  depthwise: ConvNorm
  project: ConvNorm
  private readonly residual: boolean

  constructor({ inputs, hidden, outputs, stride }: InvertedResidual) {
    super()
    this.expand = hidden === inputs ? null : new ConvNorm(inputs, hidden, 1)
    this.depthwise = new ConvNorm(hidden, hidden, 3, { stride, padding: 1, groups: hidden })
    this.project = new ConvNorm(hidden, outputs, 1)
    this.residual = stride === 1 && inputs === outputs
  }

  override forward(x: Tensor): Tensor {
    const wide = this.expand === null ? x : this.expand.forward(x).relu6()
    const y = this.project.forward(this.depthwise.forward(wide).relu6())
    return this.residual ? x.add(y) : y
  }
}

class MobileNetV2 extends Module {
  stem = new ConvNorm(3, 32, 3, { padding: 1 })
  blocks = sequential(...invertedResiduals.map((block) => new Block(block)))
  head = new ConvNorm(320, 1280, 1)
  fc = new Linear(1280, 10)

  override forward(x: Tensor): Tensor {
    const features = this.blocks.forward(this.stem.forward(x).relu6()) as Tensor
    return this.fc.forward(this.head.forward(features).relu6().mean([2, 3]))
  }
}

export const build: BuildModel = () => {
  const module = new MobileNetV2()
  return { module, loss: (x, y) => crossEntropy(module.forward(x), y) }
}
