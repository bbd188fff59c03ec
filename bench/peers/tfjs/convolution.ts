// Convolutions in TensorFlow.js' own layout: images NHWC, filters HWIO.
import * as tf from '@tensorflow/tfjs'
import type { Variables } from './model.js'

/** NCHW images as NHWC. */
export function imageLayout(images: tf.Tensor): tf.Tensor {
  return tf.transpose(images, [0, 2, 3, 1])
}

/** A convolution without its bias. */
export function conv2d(
  variables: Variables,
  name: string,
  x: tf.Tensor4D,
  stride: number,
  padding: number,
): tf.Tensor4D {
  return tf.conv2d(x, variables[`${name}.weight`] as tf.Tensor4D, stride, padding)
}
