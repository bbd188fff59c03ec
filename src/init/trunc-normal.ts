/**
 * Fills a tensor from a normal distribution cut off on both sides.
 */
import { ValueError } from '../core/errors.js'
import { noGrad } from '../tensor/grad-mode.js'
import { rand } from '../tensor/random-tensors.js'
import type { Tensor } from '../tensor/tensor.js'
import { erfHost, erfInverse } from './erf-inverse.js'
import type { RandomOptions } from './uniform.js'

/**
 * Sets every element to a sample of N(mean, std²) conditioned on [low, high] (absolute cut-offs, as in PyTorch) and
 * returns the tensor. Defaults: 0, 1, -2, 2. Method: the inverse distribution function of a uniform sample.
 */
export function truncNormal<T extends Tensor>(
  tensor: T,
  mean = 0,
  std = 1,
  low = -2,
  high = 2,
  options: RandomOptions = {},
): T {
  if (!(low < high) || !(std > 0)) {
    throw new ValueError(
      `truncNormal: expected low < high and std > 0, got low ${low}, high ${high}, std ${std}.`,
    )
  }
  const from = erfHost((low - mean) / (std * Math.SQRT2))
  const to = erfHost((high - mean) / (std * Math.SQRT2))
  noGrad(() => {
    const unit = rand(tensor.shape, { generator: options.generator })
    const sample = erfInverse(unit.mul(to - from).add(from))
      .mul(std * Math.SQRT2)
      .add(mean)
    tensor.assign(sample.clamp(low, high).to(tensor.dtype))
  })
  return tensor
}
