// LeNet-5 in TensorFlow.js.
import * as tf from '@tensorflow/tfjs'
import { conv2d, imageLayout } from './convolution.js'
import { crossEntropy, linear } from './layers.js'
import type { TfjsModel, Variables } from './model.js'

function stage(variables: Variables, name: string, x: tf.Tensor4D, padding: number): tf.Tensor4D {
  const features = tf.add(conv2d(variables, name, x, 1, padding), variables[`${name}.bias`]) as tf.Tensor4D
  return tf.maxPool(tf.relu(features), 2, 2, 'valid')
}

export const model: TfjsModel = {
  inputs: (_arrays, { x, y }) => ({
    x: imageLayout(x),
    y: tf.oneHot(y as tf.Tensor1D, 10).toFloat(),
  }),
  loss: (variables, { x, y }) => {
    const pooled = stage(variables, 'conv2', stage(variables, 'conv1', x as tf.Tensor4D, 2), 0)
    // Flattened in PyTorch's order (channels first), which is the order of fc1's columns.
    const flat = tf.reshape(tf.transpose(pooled, [0, 3, 1, 2]), [pooled.shape[0], -1])
    const hidden = tf.relu(linear(variables, 'fc2', tf.relu(linear(variables, 'fc1', flat))))
    return crossEntropy(linear(variables, 'fc3', hidden), y)
  },
}
