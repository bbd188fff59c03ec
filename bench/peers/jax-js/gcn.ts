// The graph convolutional network in jax-js, which has neither sparse matrices nor a scatter or segment sum in its
// public interface: the normalised adjacency is a dense matrix, built once.
import { nn, numpy as np } from '@jax-js/jax'
import { crossEntropy, linear } from './layers.js'
import type { JaxModel } from './model.js'

export const model: JaxModel = {
  inputs: ({ source, target, weight }, { x, y }) => {
    const nodes = x.shape[0]
    const adjacency = new Float32Array(nodes * nodes)
    for (let edge = 0; edge < weight.data.length; edge++) {
      adjacency[target.data[edge] * nodes + source.data[edge]] = weight.data[edge]
    }
    return { x, y: nn.oneHot(y, 7), adjacency: np.array(adjacency).reshape([nodes, nodes]) }
  },
  loss: (parameters, { x, y, adjacency }) => {
    const hidden = nn.relu(np.matmul(adjacency.ref, linear(parameters, 'conv1', x)))
    return crossEntropy(np.matmul(adjacency, linear(parameters, 'conv2', hidden)), y)
  },
}
