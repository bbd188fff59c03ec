// One LSTM layer (Hochreiter and Schmidhuber, 1997) 128→256 over 64 steps, a linear head on the last state, batch 32.
import { labels, linear, normal, uniform } from '../data/named-array.js'
import type { ModelSpec } from './spec.js'

export const lstm: ModelSpec = {
  name: 'lstm',
  description: 'LSTM 128→256, T 64, linear head, batch 32',
  learningRate: 0.01,
  arrays: (random) => {
    const bound = 1 / Math.sqrt(256)
    return {
      parameters: {
        'lstm.weight_ih_l0': uniform(random, [1024, 128], bound),
        'lstm.weight_hh_l0': uniform(random, [1024, 256], bound),
        'lstm.bias_ih_l0': uniform(random, [1024], bound),
        'lstm.bias_hh_l0': uniform(random, [1024], bound),
        ...linear(random, 'fc', 256, 10),
      },
      inputs: { x: normal(random, [32, 64, 128]), y: labels(random, 32, 10) },
    }
  },
}
