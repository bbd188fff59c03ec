// ResNet-18 (He et al., 2015) with the CIFAR stem (3×3 stride 1, no pooling), on a batch of 32 images 3×32×32.
import { conv2d, labels, linear, type NamedArrays, normal, normalization } from '../data/named-array.js'
import type { Random } from '../data/random.js'
import type { ModelSpec } from './spec.js'

/** One residual block: input and output channels and the stride of its first convolution. */
export interface ResidualBlock {
  readonly name: string
  readonly inputs: number
  readonly outputs: number
  readonly stride: number
}

/** The eight blocks, named as torchvision names them. */
export const residualBlocks: readonly ResidualBlock[] = [64, 128, 256, 512].flatMap((outputs, stage) => {
  const inputs = stage === 0 ? 64 : outputs / 2
  return [
    { name: `layer${stage + 1}.0`, inputs, outputs, stride: stage === 0 ? 1 : 2 },
    { name: `layer${stage + 1}.1`, inputs: outputs, outputs, stride: 1 },
  ]
})

/** The arrays of a ResNet-18 with a square stem of this size on three channels. */
export function resnet18Arrays(random: Random, stem: number, classes: number): NamedArrays {
  const parameters: NamedArrays = {
    ...conv2d(random, 'conv1', 3, 64, stem, false),
    ...normalization('bn1', 64),
  }
  for (const { name, inputs, outputs, stride } of residualBlocks) {
    Object.assign(
      parameters,
      conv2d(random, `${name}.conv1`, inputs, outputs, 3, false),
      normalization(`${name}.bn1`, outputs),
      conv2d(random, `${name}.conv2`, outputs, outputs, 3, false),
      normalization(`${name}.bn2`, outputs),
    )
    if (stride !== 1) {
      Object.assign(
        parameters,
        conv2d(random, `${name}.downsample.0`, inputs, outputs, 1, false),
        normalization(`${name}.downsample.1`, outputs),
      )
    }
  }
  Object.assign(parameters, linear(random, 'fc', 512, classes))
  return parameters
}

export const resnet18Cifar: ModelSpec = {
  name: 'resnet18-cifar',
  description: 'ResNet-18 with the CIFAR stem on 3×32×32, batch 32',
  learningRate: 0.001,
  arrays: (random) => {
    const parameters = resnet18Arrays(random, 3, 10)
    return { parameters, inputs: { x: normal(random, [32, 3, 32, 32]), y: labels(random, 32, 10) } }
  },
}
