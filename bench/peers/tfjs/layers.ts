// The layers that the TensorFlow.js models share; weights are [inputs, outputs], TensorFlow's layout.
import * as tf from '@tensorflow/tfjs'
import type { Variables } from './model.js'

/** x·W + b for x [rows, inputs] and W [inputs, outputs]. */
export function linear(variables: Variables, name: string, x: tf.Tensor): tf.Tensor2D {
  const product = tf.matMul(x as tf.Tensor2D, variables[`${name}.weight`] as tf.Tensor2D)
  return tf.add(product, variables[`${name}.bias`])
}

/** Mean cross entropy with one-hot targets. */
export function crossEntropy(logits: tf.Tensor, oneHot: tf.Tensor): tf.Scalar {
  return tf.losses.softmaxCrossEntropy(oneHot, logits)
}

/** Layer normalisation over the last axis. */
export function layerNorm(variables: Variables, name: string, x: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true)
  const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)))
  return tf.add(tf.mul(normal, variables[`${name}.weight`]), variables[`${name}.bias`])
}
