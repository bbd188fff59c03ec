// The MLP in TensorFlow.js.
import * as tf from '@tensorflow/tfjs'
import { crossEntropy, linear } from './layers.js'
import type { TfjsModel } from './model.js'

export const model: TfjsModel = {
  inputs: (_arrays, { x, y }) => ({ x, y: tf.oneHot(y as tf.Tensor1D, 10).toFloat() }),
  loss: (variables, { x, y }) => {
    const first = tf.relu(linear(variables, 'fc1', x))
    const second = tf.relu(linear(variables, 'fc2', first))
    return crossEntropy(linear(variables, 'fc3', second), y)
  },
}
