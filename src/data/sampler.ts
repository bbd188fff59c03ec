/**
 * The order in which a data set is walked. A sampler is a function of (length, seed, epoch) and nothing else, so that an
 * interrupted training resumes in the middle of an epoch with the order it had.
 */
import { ValueError } from '../core/errors.js'
import { SeededRandom } from './seeded-random.js'

/** Indices into a data set of `length` samples, in the order to visit. */
export type Sampler = (length: number, seed: number, epoch: number) => Uint32Array

/** 0, 1, 2, … */
export const sequentialSampler: Sampler = (length) => Uint32Array.from({ length }, (_, i) => i)

/** Every index once, in random order (Fisher and Yates, 1938; Durstenfeld, 1964). */
export const randomSampler: Sampler = (length, seed, epoch) => {
  const order = sequentialSampler(length, seed, epoch)
  const random = new SeededRandom(seed, epoch, 0x5a)
  for (let i = length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const swap = order[i]
    order[i] = order[j]
    order[j] = swap
  }
  return order
}

/**
 * `count` draws with replacement, index i with probability weights[i] / sum, as PyTorch's WeightedRandomSampler: for
 * classes of unequal size.
 */
export function weightedSampler(weights: ArrayLike<number>, count = weights.length): Sampler {
  const cumulative = new Float64Array(weights.length)
  let sum = 0
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] >= 0) || weights[i] === Infinity) {
      throw new ValueError(
        `weightedSampler: expected finite weights of 0 or more, got ${weights[i]} at index ${i}.`,
      )
    }
    sum += weights[i]
    cumulative[i] = sum
  }
  if (!(sum > 0)) throw new ValueError('weightedSampler: expected a positive weight, got none.')
  return (length, seed, epoch) => {
    if (length !== weights.length) {
      throw new ValueError(
        `weightedSampler: expected one weight for each of ${length} samples, got ${weights.length}.`,
      )
    }
    const random = new SeededRandom(seed, epoch, 0x77)
    return Uint32Array.from({ length: count }, () => {
      const target = random.uniform() * sum
      let [low, high] = [0, cumulative.length - 1]
      while (low < high) {
        const middle = (low + high) >> 1
        if (cumulative[middle] > target) high = middle
        else low = middle + 1
      }
      return low
    })
  }
}

/**
 * The part of `sampler`'s order that worker `rank` of `count` visits. All parts have equal length: the first indices are
 * repeated to fill up, as PyTorch's DistributedSampler does.
 */
export function shardSampler(sampler: Sampler, rank: number, count: number): Sampler {
  if (!Number.isInteger(count) || !Number.isInteger(rank) || rank < 0 || rank >= count) {
    throw new ValueError(`shardSampler: expected a rank from 0 to count - 1, got rank ${rank} of ${count}.`)
  }
  return (length, seed, epoch) => {
    const order = sampler(length, seed, epoch)
    const each = Math.ceil(order.length / count)
    return Uint32Array.from({ length: each }, (_, i) => order[(i * count + rank) % order.length])
  }
}
