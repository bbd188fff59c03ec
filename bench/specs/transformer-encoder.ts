// Four post-norm encoder layers (Vaswani et al., 2017): width 256, 4 heads, feed-forward 1024 with GELU, no dropout,
// batch 8 of 128 positions; the loss is the mean squared error to a random target of the same shape.
import { constant, linear, type NamedArrays, normal, normalization, uniform } from '../data/named-array.js'
import type { ModelSpec } from './spec.js'

/** The encoder's sizes. */
export const encoder = { layers: 4, width: 256, heads: 4, feedForward: 1024, length: 128, batch: 8 } as const

export const transformerEncoder: ModelSpec = {
  name: 'transformer-encoder',
  description: 'Transformer encoder ×4, d 256, 4 heads, T 128, ff 1024, batch 8',
  learningRate: 0.01,
  arrays: (random) => {
    const { layers, width, feedForward, length, batch } = encoder
    const parameters: NamedArrays = {}
    for (let layer = 0; layer < layers; layer++) {
      const prefix = `layers.${layer}`
      Object.assign(parameters, {
        [`${prefix}.self_attn.in_proj_weight`]: uniform(
          random,
          [3 * width, width],
          Math.sqrt(6 / (4 * width)),
        ),
        [`${prefix}.self_attn.in_proj_bias`]: constant([3 * width], 0),
        ...linear(random, `${prefix}.self_attn.out_proj`, width, width),
        ...linear(random, `${prefix}.linear1`, width, feedForward),
        ...linear(random, `${prefix}.linear2`, feedForward, width),
        ...normalization(`${prefix}.norm1`, width),
        ...normalization(`${prefix}.norm2`, width),
      })
    }
    const shape = [batch, length, width]
    return { parameters, inputs: { x: normal(random, shape), y: normal(random, shape) } }
  },
}
