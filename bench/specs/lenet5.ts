// LeNet-5 (LeCun et al., 1998) in its usual modern form (ReLU, max-pooling), on a batch of 64 images 1×28×28.
import { conv2d, labels, linear, normal } from '../data/named-array.js'
import type { ModelSpec } from './spec.js'

export const lenet5: ModelSpec = {
  name: 'lenet5',
  description: 'LeNet-5 on 1×28×28, batch 64',
  learningRate: 0.01,
  arrays: (random) => ({
    parameters: {
      ...conv2d(random, 'conv1', 1, 6, 5),
      ...conv2d(random, 'conv2', 6, 16, 5),
      ...linear(random, 'fc1', 400, 120),
      ...linear(random, 'fc2', 120, 84),
      ...linear(random, 'fc3', 84, 10),
    },
    inputs: { x: normal(random, [64, 1, 28, 28]), y: labels(random, 64, 10) },
  }),
}
