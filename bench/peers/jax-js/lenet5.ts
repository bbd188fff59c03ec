// LeNet-5 in jax-js.
import { lax, nn, numpy as np } from '@jax-js/jax'
import { crossEntropy, linear } from './layers.js'
import type { Arrays, JaxModel } from './model.js'

function stage(parameters: Arrays, name: string, x: np.Array, padding: number): np.Array {
  const pads: [number, number][] = [
    [padding, padding],
    [padding, padding],
  ]
  const bias = parameters[`${name}.bias`].ref.reshape([1, -1, 1, 1])
  const features = lax.convGeneralDilated(x, parameters[`${name}.weight`].ref, [1, 1], pads).add(bias)
  return lax.reduceWindow(nn.relu(features), np.max, [2, 2], [2, 2])
}

export const model: JaxModel = {
  inputs: (_arrays, { x, y }) => ({ x, y: nn.oneHot(y, 10) }),
  loss: (parameters, { x, y }) => {
    const rows = x.shape[0]
    const pooled = stage(parameters, 'conv2', stage(parameters, 'conv1', x, 2), 0)
    const first = nn.relu(linear(parameters, 'fc1', pooled.reshape([rows, -1])))
    const second = nn.relu(linear(parameters, 'fc2', first))
    return crossEntropy(linear(parameters, 'fc3', second), y)
  },
}
