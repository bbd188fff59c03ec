// The MLP in jax-js.
import { nn } from '@jax-js/jax'
import { crossEntropy, linear } from './layers.js'
import type { JaxModel } from './model.js'

export const model: JaxModel = {
  inputs: (_arrays, { x, y }) => ({ x, y: nn.oneHot(y, 10) }),
  loss: (parameters, { x, y }) => {
    const first = nn.relu(linear(parameters, 'fc1', x))
    const second = nn.relu(linear(parameters, 'fc2', first))
    return crossEntropy(linear(parameters, 'fc3', second), y)
  },
}
