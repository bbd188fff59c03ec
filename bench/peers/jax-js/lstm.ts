// The LSTM classifier in jax-js, which has no scan: the loop is unrolled in the compiled step. The input products of
// all steps are one matrix product before the loop.
import { nn, numpy as np } from '@jax-js/jax'
import { crossEntropy, linear } from './layers.js'
import type { JaxModel } from './model.js'

export const model: JaxModel = {
  // Time first, so that each step's input gates are one contiguous slice.
  inputs: (_arrays, { x, y }) => ({ x: np.transpose(x, [1, 0, 2]), y: nn.oneHot(y, 10) }),
  loss: (parameters, { x, y }) => {
    const [steps, batch, inputs] = x.shape
    const bias = parameters['lstm.bias_ih_l0'].ref.add(parameters['lstm.bias_hh_l0'].ref)
    const flat = np.matmul(
      x.reshape([steps * batch, inputs]),
      np.transpose(parameters['lstm.weight_ih_l0'].ref),
    )
    const gates = np.split(flat.add(bias), steps, 0)
    const recurrent = np.transpose(parameters['lstm.weight_hh_l0'].ref)
    const width = recurrent.shape[0]
    let hidden = np.zeros([batch, width])
    let cell = np.zeros([batch, width])
    for (const inputGates of gates) {
      const all = inputGates.add(np.matmul(hidden, recurrent.ref))
      const [input, forget, candidate, output] = np.split(all, 4, 1)
      cell = nn
        .sigmoid(forget)
        .mul(cell)
        .add(nn.sigmoid(input).mul(np.tanh(candidate)))
      hidden = nn.sigmoid(output).mul(np.tanh(cell.ref))
    }
    cell.dispose()
    recurrent.dispose()
    return crossEntropy(linear(parameters, 'fc', hidden), y)
  },
}
