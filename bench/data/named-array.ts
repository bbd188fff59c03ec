// The arrays that every contender starts from: parameters and inputs by name, and makers for the usual
// initialisations (PyTorch's defaults), all drawn from one seeded generator.
import type { Random } from './random.js'

/** One array of the benchmark's file: f32 numbers or i32 indices, row-major. */
export interface NamedArray {
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array
}

export type NamedArrays = Record<string, NamedArray>

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}

function filled(shape: readonly number[], next: () => number): NamedArray {
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, next) }
}

export function constant(shape: readonly number[], value: number): NamedArray {
  return filled(shape, () => value)
}

export function normal(random: Random, shape: readonly number[]): NamedArray {
  return filled(shape, () => random.normal())
}

export function uniform(random: Random, shape: readonly number[], bound: number): NamedArray {
  return filled(shape, () => (2 * random.uniform() - 1) * bound)
}

/** Class indices in [0, classes). */
export function labels(random: Random, count: number, classes: number): NamedArray {
  return { shape: [count], data: Int32Array.from({ length: count }, () => random.below(classes)) }
}

/** `${name}.weight` [outputs, inputs] and `${name}.bias` [outputs], uniform in ±1/√inputs as torch.nn.Linear. */
export function linear(random: Random, name: string, inputs: number, outputs: number): NamedArrays {
  const bound = 1 / Math.sqrt(inputs)
  return {
    [`${name}.weight`]: uniform(random, [outputs, inputs], bound),
    [`${name}.bias`]: uniform(random, [outputs], bound),
  }
}

/** `${name}.weight` [outputs, inputs, kernel, kernel], and `${name}.bias` unless `bias` is false, as torch.nn.Conv2d. */
export function conv2d(
  random: Random,
  name: string,
  inputs: number,
  outputs: number,
  kernel: number,
  bias = true,
): NamedArrays {
  const bound = 1 / Math.sqrt(inputs * kernel * kernel)
  const arrays: NamedArrays = {
    [`${name}.weight`]: uniform(random, [outputs, inputs, kernel, kernel], bound),
  }
  if (bias) arrays[`${name}.bias`] = uniform(random, [outputs], bound)
  return arrays
}

/** `${name}.weight` of ones and `${name}.bias` of zeros: batch and layer normalisation. */
export function normalization(name: string, channels: number): NamedArrays {
  return { [`${name}.weight`]: constant([channels], 1), [`${name}.bias`]: constant([channels], 0) }
}
