// ResNet-18 with the CIFAR stem in TensorFlow.js. Batch normalisation uses the batch's moments; the running averages
// of PyTorch's step are left out (they would only add to this contender's time).
import * as tf from '@tensorflow/tfjs'
import { type ResidualBlock, residualBlocks } from '../../specs/resnet18-cifar.js'
import { conv2d, imageLayout } from './convolution.js'
import { crossEntropy, linear } from './layers.js'
import type { TfjsModel, Variables } from './model.js'

function batchNorm(variables: Variables, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const { mean, variance } = tf.moments(x, [0, 1, 2])
  const weight = variables[`${name}.weight`] as tf.Tensor1D
  const bias = variables[`${name}.bias`] as tf.Tensor1D
  return tf.batchNorm4d(x, mean as tf.Tensor1D, variance as tf.Tensor1D, bias, weight, 1e-5)
}

function residual(variables: Variables, block: ResidualBlock, x: tf.Tensor4D): tf.Tensor4D {
  const { name, stride } = block
  const first = tf.relu(
    batchNorm(variables, `${name}.bn1`, conv2d(variables, `${name}.conv1`, x, stride, 1)),
  ) as tf.Tensor4D
  const second = batchNorm(variables, `${name}.bn2`, conv2d(variables, `${name}.conv2`, first, 1, 1))
  const shortcut =
    stride === 1
      ? x
      : batchNorm(variables, `${name}.downsample.1`, conv2d(variables, `${name}.downsample.0`, x, stride, 0))
  return tf.relu(tf.add<tf.Tensor4D>(second, shortcut))
}

export const model: TfjsModel = {
  inputs: (_arrays, { x, y }) => ({
    x: imageLayout(x),
    y: tf.oneHot(y as tf.Tensor1D, 10).toFloat(),
  }),
  loss: (variables, { x, y }) => {
    const stem = batchNorm(variables, 'bn1', conv2d(variables, 'conv1', x as tf.Tensor4D, 1, 1))
    let features = tf.relu(stem) as tf.Tensor4D
    for (const block of residualBlocks) features = residual(variables, block, features)
    return crossEntropy(linear(variables, 'fc', tf.mean(features, [1, 2])), y)
  },
}
