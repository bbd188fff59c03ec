// ResNet-18 (He et al., 2015) as torchvision has it, 1000 classes, on one image 3×224×224 in evaluation mode.
import { conv2d, labels, linear, type NamedArrays, normal, normalization } from '../data/named-array.js'
import { residualBlocks } from './resnet18-cifar.js'
import type { ModelSpec } from './spec.js'

export const resnet18Inference: ModelSpec = {
  name: 'resnet18-inference',
  description: 'ResNet-18 on one image 3×224×224, inference',
  learningRate: 0,
  inference: true,
  arrays: (random) => {
    const parameters: NamedArrays = {
      ...conv2d(random, 'conv1', 3, 64, 7, false),
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
    Object.assign(parameters, linear(random, 'fc', 512, 1000))
    return { parameters, inputs: { x: normal(random, [1, 3, 224, 224]), y: labels(random, 1, 1000) } }
  },
}
