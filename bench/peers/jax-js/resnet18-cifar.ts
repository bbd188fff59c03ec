// ResNet-18 with the CIFAR stem in jax-js. Batch normalisation uses the batch's moments; the running averages of
// PyTorch's step are left out (they would only add to this contender's time).
import { lax, nn, numpy as np } from '@jax-js/jax'
import { type ResidualBlock, residualBlocks } from '../../specs/resnet18-cifar.js'
import { crossEntropy, linear, normalize } from './layers.js'
import type { Arrays, JaxModel } from './model.js'

function conv2d(parameters: Arrays, name: string, x: np.Array, stride: number, padding: number): np.Array {
  const pads: [number, number][] = [
    [padding, padding],
    [padding, padding],
  ]
  return lax.convGeneralDilated(x, parameters[`${name}.weight`].ref, [stride, stride], pads)
}

function batchNorm(parameters: Arrays, name: string, x: np.Array): np.Array {
  return normalize(parameters, name, x, [0, 2, 3], [1, -1, 1, 1])
}

function residual(parameters: Arrays, { name, stride }: ResidualBlock, x: np.Array): np.Array {
  const shortcut =
    stride === 1
      ? x.ref
      : batchNorm(
          parameters,
          `${name}.downsample.1`,
          conv2d(parameters, `${name}.downsample.0`, x.ref, stride, 0),
        )
  const first = nn.relu(
    batchNorm(parameters, `${name}.bn1`, conv2d(parameters, `${name}.conv1`, x, stride, 1)),
  )
  const second = batchNorm(parameters, `${name}.bn2`, conv2d(parameters, `${name}.conv2`, first, 1, 1))
  return nn.relu(second.add(shortcut))
}

export const model: JaxModel = {
  inputs: (_arrays, { x, y }) => ({ x, y: nn.oneHot(y, 10) }),
  loss: (parameters, { x, y }) => {
    let features = nn.relu(batchNorm(parameters, 'bn1', conv2d(parameters, 'conv1', x, 1, 1)))
    for (const block of residualBlocks) features = residual(parameters, block, features)
    return crossEntropy(linear(parameters, 'fc', np.mean(features, [2, 3])), y)
  },
}
