// ResNet-18 (He et al., 2015) as torchvision has it, 1000 classes, on one image 3×224×224 in evaluation mode.
import { labels, normal } from '../data/named-array.js'
import { resnet18Arrays } from './resnet18-cifar.js'
import type { ModelSpec } from './spec.js'

export const resnet18Inference: ModelSpec = {
  name: 'resnet18-inference',
  description: 'ResNet-18 on one image 3×224×224, inference',
  learningRate: 0,
  inference: true,
  arrays: (random) => {
    const parameters = resnet18Arrays(random, 7, 1000)
    return { parameters, inputs: { x: normal(random, [1, 3, 224, 224]), y: labels(random, 1, 1000) } }
  },
}
