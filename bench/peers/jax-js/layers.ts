// The layers that the jax-js models share. Each takes `.ref` of the parameters it uses, so a parameter may be used
// again; the step disposes of them at its end.
import { nn, numpy as np } from '@jax-js/jax'
import type { Arrays } from './model.js'

/** x·Wᵀ + b for x [rows, inputs] and W [outputs, inputs]. */
export function linear(parameters: Arrays, name: string, x: np.Array): np.Array {
  const weight = parameters[`${name}.weight`].ref
  return np.matmul(x, np.transpose(weight)).add(parameters[`${name}.bias`].ref)
}

/** Mean cross entropy with one-hot targets. */
export function crossEntropy(logits: np.Array, oneHot: np.Array): np.Array {
  const rows = logits.shape[0]
  return nn
    .logSoftmax(logits, -1)
    .mul(oneHot)
    .sum()
    .mul(-1 / rows)
}

/** (x - mean)/√(variance + 1e-5)·weight + bias, with the moments over `axes` and weight and bias of `shape`. */
export function normalize(
  parameters: Arrays,
  name: string,
  x: np.Array,
  axes: number[],
  shape: number[],
): np.Array {
  const centered = x.ref.sub(np.mean(x, axes, { keepdims: true }))
  const variance = np.mean(np.square(centered.ref), axes, { keepdims: true })
  const scale = np.reciprocal(np.sqrt(variance.add(1e-5)))
  const weight = parameters[`${name}.weight`].ref.reshape(shape)
  return centered.mul(scale).mul(weight).add(parameters[`${name}.bias`].ref.reshape(shape))
}
