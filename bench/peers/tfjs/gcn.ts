// The graph convolutional network in TensorFlow.js. Its sparse sum has no gradient of its own; the normalised
// adjacency is symmetric, so the gradient of an aggregation is the same aggregation of the gradient.
import * as tf from '@tensorflow/tfjs'
import { crossEntropy, linear } from './layers.js'
import type { Inputs, TfjsModel } from './model.js'

/** D^-½(A+I)D^-½·x: rows are scaled, summed over each node's neighbours and scaled again. */
function aggregate({ source, target, scale }: Inputs, x: tf.Tensor2D): tf.Tensor2D {
  const sum = (values: tf.Tensor): tf.Tensor2D => {
    const scaled = tf.mul(values, scale) as tf.Tensor2D
    return tf.mul(tf.sparse.sparseSegmentSum(scaled, source as tf.Tensor1D, target as tf.Tensor1D), scale)
  }
  const operation = tf.customGrad((values) => ({
    value: sum(values as tf.Tensor),
    gradFunc: (gradient: tf.Tensor) => sum(gradient),
  }))
  return operation(x) as tf.Tensor2D
}

export const model: TfjsModel = {
  inputs: ({ source, target, weight }, { x, y, ...tensors }) => {
    // weight(i→i) = 1/degree(i), so each node's scale is the root of its self-loop's weight.
    const scale = new Float32Array(x.shape[0])
    for (let edge = 0; edge < source.data.length; edge++) {
      if (source.data[edge] === target.data[edge]) scale[source.data[edge]] = Math.sqrt(weight.data[edge])
    }
    return {
      x,
      y: tf.oneHot(y as tf.Tensor1D, 7).toFloat(),
      source: tensors.source,
      target: tensors.target,
      scale: tf.tensor2d(scale, [scale.length, 1]),
    }
  },
  loss: (variables, inputs) => {
    const hidden = tf.relu(aggregate(inputs, linear(variables, 'conv1', inputs.x)))
    return crossEntropy(aggregate(inputs, linear(variables, 'conv2', hidden)), inputs.y)
  },
}
