// A multilayer perceptron 784-512-256-10 with ReLU, on a batch of 64.
import { labels, linear, normal } from '../data/named-array.js'
import type { ModelSpec } from './spec.js'

export const mlp: ModelSpec = {
  name: 'mlp',
  description: 'MLP 784-512-256-10, batch 64',
  learningRate: 0.01,
  arrays: (random) => ({
    parameters: {
      ...linear(random, 'fc1', 784, 512),
      ...linear(random, 'fc2', 512, 256),
      ...linear(random, 'fc3', 256, 10),
    },
    inputs: { x: normal(random, [64, 784]), y: labels(random, 64, 10) },
  }),
}
