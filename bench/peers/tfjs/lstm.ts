// The LSTM classifier in TensorFlow.js: the input products of all steps are one matrix product before the loop.
import * as tf from '@tensorflow/tfjs'
import { crossEntropy, linear } from './layers.js'
import type { TfjsModel } from './model.js'

export const model: TfjsModel = {
  // Time first, so that each step's input gates are one contiguous slice.
  inputs: (_arrays, { x, y }) => ({
    x: tf.transpose(x, [1, 0, 2]),
    y: tf.oneHot(y as tf.Tensor1D, 10).toFloat(),
  }),
  loss: (variables, { x, y }) => {
    const [steps, batch, inputs] = x.shape
    const hiddenSize = variables['lstm.weight_hh_l0'].shape[0]
    const bias = tf.add(variables['lstm.bias_ih_l0'], variables['lstm.bias_hh_l0'])
    const weight = variables['lstm.weight_ih_l0'] as tf.Tensor2D
    const recurrent = variables['lstm.weight_hh_l0'] as tf.Tensor2D
    const flat = tf.matMul(tf.reshape(x, [steps * batch, inputs]) as tf.Tensor2D, weight)
    const gates = tf.unstack(tf.reshape(tf.add(flat, bias), [steps, batch, 4 * hiddenSize])) as tf.Tensor2D[]
    let hidden = tf.zeros([batch, hiddenSize]) as tf.Tensor2D
    let cell = tf.zeros([batch, hiddenSize]) as tf.Tensor2D
    for (const inputGates of gates) {
      const all = tf.add(inputGates, tf.matMul(hidden, recurrent)) as tf.Tensor2D
      const [input, forget, candidate, output] = tf.split(all, 4, 1)
      cell = tf.add(tf.mul(tf.sigmoid(forget), cell), tf.mul(tf.sigmoid(input), tf.tanh(candidate)))
      hidden = tf.mul(tf.sigmoid(output), tf.tanh(cell))
    }
    return crossEntropy(linear(variables, 'fc', hidden), y)
  },
}
