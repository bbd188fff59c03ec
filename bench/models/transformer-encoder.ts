// Four post-norm transformer encoder layers with GELU and no dropout.

import { mseLoss } from '../../src/losses/mse-loss.js'
import { TransformerEncoder } from '../../src/nn/transformer-encoder.js'
import { TransformerEncoderLayer } from '../../src/nn/transformer-encoder-layer.js'
import { encoder } from '../specs/transformer-encoder.js'
import type { BuildModel } from './model.js'

export const build: BuildModel = () => {
  const { layers, width, heads, feedForward: dimFeedforward } = encoder
  const layer = new TransformerEncoderLayer(width, heads, {
    dimFeedforward,
    dropout: 0,
    activation: 'gelu',
    batchFirst: true,
  })
  const module = new TransformerEncoder(layer, layers)
  return { module, loss: (x, y) => mseLoss(module.forward(x), y) }
}
