// A GPT-like decoder.

import { crossEntropy } from '../../src/losses/cross-entropy.js'
import { Embedding } from '../../src/nn/embedding.js'
import { LayerNorm } from '../../src/nn/layer-norm.js'
import { Linear } from '../../src/nn/linear.js'
import { Module } from '../../src/nn/module.js'
import { sequential } from '../../src/nn/sequential.js'
import { scaledDotProductAttention } from '../../src/tensor/functional.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { decoder } from '../specs/gpt.js'
import type { BuildModel } from './model.js'

const { layers, width, heads, feedForward, length, batch, vocabulary } = decoder

class Layer extends Module {
  norm1 = new LayerNorm(width)
  qkv = new Linear(width, 3 * width)
  out = new Linear(width, width)
  norm2 = new LayerNorm(width)
  up = new Linear(width, feedForward)
  down = new Linear(feedForward, width)

  override forward(x: Tensor): Tensor {
    const [q, k, v] = this.qkv
      .forward(this.norm1.forward(x))
      .reshape([batch, length, 3, heads, width / heads])
      .permute([2, 0, 3, 1, 4])
      .unbind(0)
    const attended = scaledDotProductAttention(q, k, v, { causal: true })
    const joined = attended.permute([0, 2, 1, 3]).reshape([batch, length, width])
    const middle = x.add(this.out.forward(joined))
    return middle.add(this.down.forward(this.up.forward(this.norm2.forward(middle)).gelu()))
  }
}

class Gpt extends Module {
  tokens = new Embedding(vocabulary, width)
  positions = new Embedding(length, width)
  layers = sequential(...Array.from({ length: layers }, () => new Layer()))
  norm = new LayerNorm(width)
  head = new Linear(width, vocabulary, { bias: false })

  override forward(x: Tensor): Tensor {
    const embedded = this.tokens.forward(x).add(this.positions.weight)
    const y = this.layers.forward(embedded) as Tensor
    return this.head.forward(this.norm.forward(y))
  }
}

export const build: BuildModel = () => {
  const module = new Gpt()
  return {
    module,
    loss: (x, y) => crossEntropy(module.forward(x).reshape([batch * length, vocabulary]), y),
  }
}
