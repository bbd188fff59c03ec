// The transformer encoder in jax-js. Attention is written out: `nn.dotProductAttention` of this version calls iterator
// methods that Node 20 does not have.
import { nn, numpy as np } from '@jax-js/jax'
import { encoder } from '../../specs/transformer-encoder.js'
import { linear, normalize } from './layers.js'
import type { Arrays, JaxModel } from './model.js'

const { layers, width, heads, length, batch } = encoder

function attention(parameters: Arrays, name: string, x: np.Array): np.Array {
  const weight = np.transpose(parameters[`${name}.in_proj_weight`].ref)
  const projected = np.matmul(x, weight).add(parameters[`${name}.in_proj_bias`].ref)
  const [query, key, value] = np
    .split(projected, 3, 1)
    .map((part) => np.transpose(part.reshape([batch, length, heads, width / heads]), [0, 2, 1, 3]))
  const scores = np.matmul(query, np.matrixTranspose(key)).mul(Math.sqrt(heads / width))
  const context = np.transpose(np.matmul(nn.softmax(scores, -1), value), [0, 2, 1, 3])
  return linear(parameters, `${name}.out_proj`, context.reshape([batch * length, width]))
}

export const model: JaxModel = {
  inputs: (_arrays, { x, y }) => ({
    x: x.reshape([batch * length, width]),
    y: y.reshape([batch * length, width]),
  }),
  loss: (parameters, { x, y }) => {
    let hidden = x
    for (let layer = 0; layer < layers; layer++) {
      const name = `layers.${layer}`
      const attended = hidden.ref.add(attention(parameters, `${name}.self_attn`, hidden))
      const middle = normalize(parameters, `${name}.norm1`, attended, [1], [1, width])
      const wide = nn.gelu(linear(parameters, `${name}.linear1`, middle.ref), { approximate: false })
      const added = middle.add(linear(parameters, `${name}.linear2`, wide))
      hidden = normalize(parameters, `${name}.norm2`, added, [1], [1, width])
    }
    return np.square(hidden.sub(y)).mean()
  },
}
