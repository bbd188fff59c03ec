/** Tensors of random numbers: uniform, normal, integers, permutations and further distributions. */
import { checkOptions, type OptionNames } from '../core/check-options.js'
import type { DType } from '../core/dtype.js'
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { broadcastShapes, checkShape, type Shape } from '../core/shape.js'
import type { Node } from '../ir/node.js'
import * as distribution from '../ops/distributions.js'
import * as draw from '../ops/random.js'
import { isSymbolic, tracing } from '../runtime/state.js'
import { checkTensor, type Operand, operand, type TensorBase, wrap } from './base.js'
import { type CreationOptions, leafTensor } from './creation.js'
import { defaultGenerator, Generator } from './random.js'
import type { Tensor } from './tensor.js'

export interface RandomOptions extends CreationOptions {
  /** Where the numbers come from. Default: the generator that `manualSeed` seeds. */
  readonly generator?: Generator
}

const names: OptionNames<RandomOptions> = { dtype: true, requiresGrad: true, generator: true }

/** Checks options and sizes and takes the next key of the generator. */
function start(operation: string, options: RandomOptions, shape: Shape = []): Node {
  checkOptions(operation, options, names)
  checkShape(shape, operation)
  const { generator = defaultGenerator } = options
  if (!(generator instanceof Generator)) {
    throw new ValueError(
      `${operation}: expected a Generator as generator, got ${String(generator)}. Make one with new Generator(seed).`,
    )
  }
  return generator.nextKey()
}

/** Throws unless every value passes. Values inside of transforms and compiled steps are not looked at. */
function checkValues(operation: string, x: Operand, expected: string, ok: (value: number) => boolean): void {
  if (typeof x !== 'number') {
    checkTensor(x)
    if (tracing !== null || isSymbolic() || x.owner !== null) return
  }
  const values = typeof x === 'number' ? [x] : x.dataSync()
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i])
    if (!ok(value)) throw new ValueError(`${operation}: expected ${expected}, got ${value}.`)
  }
}

// ---------------------------------------------------------------- uniform, normal, integers

/** Uniform numbers from [0, 1). Default f32. */
export function rand<const S extends Shape>(shape: S, options: RandomOptions = {}): Tensor<S> {
  const key = start('rand', options, shape)
  return leafTensor<S>(draw.rand(key, shape, options.dtype), options.requiresGrad)
}

/** Numbers of the standard normal distribution. Default f32. */
export function randn<const S extends Shape>(shape: S, options: RandomOptions = {}): Tensor<S> {
  const key = start('randn', options, shape)
  return leafTensor<S>(draw.randn(key, shape, options.dtype), options.requiresGrad)
}

/** Integers from `low` (default 0) to `high` - 1: `randint(high, shape)` or `randint(low, high, shape)`. Default i64. */
export function randint<const S extends Shape>(high: number, shape: S, options?: RandomOptions): Tensor<S>
export function randint<const S extends Shape>(
  low: number,
  high: number,
  shape: S,
  options?: RandomOptions,
): Tensor<S>
export function randint<S extends Shape>(
  first: number,
  second: number | S,
  third?: S | RandomOptions,
  fourth?: RandomOptions,
): Tensor<S> {
  const short = typeof second !== 'number'
  const [low, high] = short ? [0, first] : [first, second]
  const shape = (short ? second : third) as S
  const options = ((short ? third : fourth) as RandomOptions | undefined) ?? {}
  const key = start('randint', options, shape)
  return leafTensor<S>(draw.randint(key, low, high, shape, options.dtype), options.requiresGrad)
}

/** The numbers 0…n-1 in random order. Default i64. */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  const key = start('randperm', options)
  return leafTensor(draw.randperm(key, n, options.dtype), options.requiresGrad)
}

/** Uniform numbers from [0, 1) with the shape and dtype of `x`. */
export function randLike<S extends Shape>(x: TensorBase<S>, options: RandomOptions = {}): Tensor<S> {
  checkTensor(x)
  return rand(x.shape, { ...options, dtype: options.dtype ?? x.dtype }) as Tensor<S>
}

/** Numbers of the standard normal distribution with the shape and dtype of `x`. */
export function randnLike<S extends Shape>(x: TensorBase<S>, options: RandomOptions = {}): Tensor<S> {
  checkTensor(x)
  return randn(x.shape, { ...options, dtype: options.dtype ?? x.dtype }) as Tensor<S>
}

/** Integers with the shape and dtype of `x`: `randintLike(x, high)` or `randintLike(x, low, high)`. */
export function randintLike<S extends Shape>(
  x: TensorBase<S>,
  high: number,
  options?: RandomOptions,
): Tensor<S>
export function randintLike<S extends Shape>(
  x: TensorBase<S>,
  low: number,
  high: number,
  options?: RandomOptions,
): Tensor<S>
export function randintLike<S extends Shape>(
  x: TensorBase<S>,
  first: number,
  second?: number | RandomOptions,
  third?: RandomOptions,
): Tensor<S> {
  checkTensor(x)
  const [low, high] = typeof second === 'number' ? [first, second] : [0, first]
  const options = (typeof second === 'number' ? third : second) ?? {}
  return randint(low, high, x.shape, { ...options, dtype: options.dtype ?? x.dtype }) as Tensor<S>
}

// ---------------------------------------------------------------- distributions

/** The shape of numbers drawn with these parameters: given, or what they broadcast to. */
function drawShape(operation: string, shape: Shape | undefined, a: Operand, b: Operand): Shape {
  const of = (x: Operand): Shape => (typeof x === 'number' ? [] : x.shape)
  const common = broadcastShapes(of(a), of(b), operation)
  if (shape === undefined) return common
  checkShape(shape, operation)
  if (broadcastShapes(common, shape, operation).length !== shape.length)
    throw new ShapeError(`${operation}: expected parameters that broadcast to [${shape}], got [${common}].`)
  return shape
}

/** The dtype of numbers drawn with these parameters. */
function drawDType(operation: string, { dtype }: RandomOptions, ...parameters: readonly Operand[]): DType {
  for (const x of parameters) {
    if (typeof x !== 'number' && !isFloat(x.dtype))
      throw new DTypeError(`${operation}: expected float parameters, got ${x.dtype}. Cast with .to('f32').`)
  }
  const float = parameters.find((x): x is TensorBase => typeof x !== 'number')
  return dtype ?? float?.dtype ?? 'f32'
}

/**
 * Normal numbers: `normal(mean, std, shape)` with numbers or tensors that broadcast to it; without a shape, that of the
 * parameters. Defaults 0 and 1. Differentiable in mean and std. Throws ValueError for a negative std.
 */
export function normal(
  mean: Operand = 0,
  std: Operand = 1,
  shape?: Shape,
  options: RandomOptions = {},
): Tensor {
  const [m, s] = [operand(mean), operand(std)]
  checkValues('normal', std, 'a std of at least 0', (v) => v >= 0)
  const dtype = drawDType('normal', options, mean, std)
  const size = drawShape('normal', shape, mean, std)
  return drawn(draw.normal(start('normal', options, size), size, m, s, dtype), options)
}

/** Uniform numbers from [low, high), numbers or tensors: `uniform(low, high, shape)`. Defaults 0 and 1. */
export function uniform(
  low: Operand = 0,
  high: Operand = 1,
  shape?: Shape,
  options: RandomOptions = {},
): Tensor {
  const [from, to] = [operand(low), operand(high)]
  if (typeof low === 'number' && typeof high === 'number' && !(low <= high))
    throw new ValueError(`uniform: expected low ≤ high, got ${low} and ${high}.`)
  const dtype = drawDType('uniform', options, low, high)
  const size = drawShape('uniform', shape, low, high)
  return drawn(draw.uniform(start('uniform', options, size), size, from, to, dtype), options)
}

/** Exponential numbers of the rate λ, a number or a tensor: `exponential(λ, shape)`. Default 1. */
export function exponential(lambda: Operand = 1, shape?: Shape, options: RandomOptions = {}): Tensor {
  const rate = operand(lambda)
  checkValues('exponential', lambda, 'a rate above 0', (v) => v > 0)
  const dtype = drawDType('exponential', options, lambda)
  const size = drawShape('exponential', shape, lambda, 0)
  return drawn(distribution.exponential(start('exponential', options, size), size, rate, dtype), options)
}

/** A node that may carry a gradient to its parameters, or a leaf that asks for one. */
const drawn = (node: Node, { requiresGrad }: RandomOptions): Tensor =>
  requiresGrad ? leafTensor(node, true) : wrap(node)

/** 1 with probability p, else 0: a probability an element, or one number with a shape. */
export function bernoulli(
  p: Operand,
  { shape, ...options }: RandomOptions & { readonly shape?: Shape } = {},
): Tensor {
  const probability = operand(p)
  checkValues('bernoulli', p, 'p from 0 to 1', (v) => v >= 0 && v <= 1)
  const key = start('bernoulli', options, shape)
  return drawn(draw.bernoulli(key, probability, { shape, dtype: options.dtype }), options)
}

/**
 * Indices (i64) drawn with the weights (K) or (M, K), which need not sum to 1: (n) or (M, n). Without replacement an
 * index comes once a row. Throws ValueError for negative weights or too few above 0 (inside of compiled steps and
 * transforms the weights are not looked at).
 */
export function multinomial(
  weights: TensorBase,
  numSamples: number,
  replacement = false,
  options: Omit<RandomOptions, 'dtype' | 'requiresGrad'> = {},
): Tensor {
  checkTensor(weights)
  checkValues('multinomial', weights, 'finite weights of at least 0', (v) => v >= 0 && v < Infinity)
  const key = start('multinomial', options)
  const node = distribution.multinomial(key, weights.node, numSamples, replacement)
  if (tracing === null && !isSymbolic() && weights.owner === null) {
    const classes = weights.shape[weights.rank - 1]
    const needed = replacement ? 1 : numSamples
    const data = weights.dataSync()
    for (let row = 0; row < data.length; row += classes) {
      const positive = data.subarray(row, row + classes).filter((v) => Number(v) > 0).length
      if (positive >= needed) continue
      throw new ValueError(
        `multinomial: expected at least ${needed} weights above 0 in each row, got ${positive} in row ${row / classes}.`,
      )
    }
  }
  return wrap(node)
}

/** Poisson numbers with the rates of `x`, in its shape and dtype. Throws ValueError for negative rates. */
export function poisson(
  rates: TensorBase,
  options: Omit<RandomOptions, 'dtype' | 'requiresGrad'> = {},
): Tensor {
  checkTensor(rates)
  checkValues('poisson', rates, 'finite rates of at least 0', (v) => v >= 0 && v < Infinity)
  return wrap(distribution.poisson(start('poisson', options), rates.node))
}

/**
 * Gamma numbers of the concentration (shape) α and rate β of tensors that broadcast; mean α/β. Default rate 1. Differentiable
 * in the rate only. Throws ValueError unless both are above 0.
 */
export function gamma(concentration: TensorBase, rate: Operand = 1, options: RandomOptions = {}): Tensor {
  checkTensor(concentration)
  checkValues('gamma', concentration, 'a finite concentration above 0', (v) => v > 0 && v < Infinity)
  checkValues('gamma', rate, 'a rate above 0', (v) => v > 0)
  const shape = drawShape('gamma', undefined, concentration, rate)
  const alpha = wrap(concentration.node).broadcastTo(shape)
  const sample = wrap(distribution.standardGamma(start('gamma', options), alpha.node))
  const result = rate === 1 ? sample : sample.div(rate)
  return drawn(options.dtype === undefined ? result.node : result.to(options.dtype).node, options)
}

/** Beta numbers: X/(X + Y) of gamma numbers with concentrations α and β. Throws ValueError unless both are above 0. */
export function beta(alpha: TensorBase, betaParameter: TensorBase, options: RandomOptions = {}): Tensor {
  checkTensor(alpha)
  checkTensor(betaParameter)
  const shape = drawShape('beta', undefined, alpha, betaParameter)
  const x = gamma(wrap(alpha.node).broadcastTo(shape), 1, options)
  const y = gamma(wrap(betaParameter.node).broadcastTo(shape), 1, options)
  return drawn(x.div(x.add(y)).node, options)
}
