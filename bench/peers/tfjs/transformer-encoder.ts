// The transformer encoder in TensorFlow.js. Activations stay [batch·length, width] outside attention.
import * as tf from '@tensorflow/tfjs'
import { encoder } from '../../specs/transformer-encoder.js'
import { layerNorm, linear } from './layers.js'
import type { TfjsModel, Variables } from './model.js'

const { layers, width, heads, length, batch } = encoder

function gelu(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1))
}

function splitHeads(x: tf.Tensor): tf.Tensor4D {
  return tf.transpose(tf.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]) as tf.Tensor4D
}

function attention(variables: Variables, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const weight = variables[`${name}.in_proj_weight`] as tf.Tensor2D
  const projected = tf.add(tf.matMul(x, weight), variables[`${name}.in_proj_bias`])
  const [query, key, value] = tf.split(projected, 3, 1).map(splitHeads)
  const scores = tf.mul(tf.matMul(query, key, false, true), Math.sqrt(heads / width))
  const context = tf.matMul(tf.softmax(scores), value)
  const joined = tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [batch * length, width])
  return linear(variables, `${name}.out_proj`, joined)
}

export const model: TfjsModel = {
  inputs: (_arrays, { x, y }) => ({
    x: tf.reshape(x, [batch * length, width]),
    y: tf.reshape(y, [batch * length, width]),
  }),
  loss: (variables, { x, y }) => {
    let hidden = x as tf.Tensor2D
    for (let layer = 0; layer < layers; layer++) {
      const name = `layers.${layer}`
      const attended = tf.add(hidden, attention(variables, `${name}.self_attn`, hidden))
      const middle = layerNorm(variables, `${name}.norm1`, attended) as tf.Tensor2D
      const wide = gelu(linear(variables, `${name}.linear1`, middle))
      const added = tf.add(middle, linear(variables, `${name}.linear2`, wide))
      hidden = layerNorm(variables, `${name}.norm2`, added) as tf.Tensor2D
    }
    return tf.mean(tf.squaredDifference(hidden, y))
  },
}
