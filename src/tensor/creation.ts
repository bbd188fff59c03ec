/** Tensors from values: `tensor`, `zeros`, `arange` and their kin. */
import {
  checkDType,
  type DType,
  dtypeOfArray,
  isFloat,
  type TypedArray,
  viewAs,
  writeElement,
} from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { checkShape, formatShape, type Shape, sizeOf } from '../core/shape.js'
import { Storage } from '../core/storage.js'
import * as build from '../ir/build.js'
import type { Node } from '../ir/node.js'
import * as draw from '../ops/random.js'
import { countLeafBytes, leafCells, versionOf } from '../runtime/state.js'
import { type TensorBase, wrap } from './base.js'
import { defaultGenerator, type Generator } from './random.js'
import { Tensor } from './tensor.js'

export interface CreationOptions {
  /** Default f32. */
  readonly dtype?: DType
  /** Whether `backward()` leaves a gradient here. Default false. */
  readonly requiresGrad?: boolean
}

export interface TensorOptions extends CreationOptions {
  /** Shape of a flat array's values. */
  readonly shape?: Shape
}

/** Numbers or booleans, nested to any depth, all rows of one length. */
export type NestedValues = number | boolean | readonly NestedValues[]

/** A leaf tensor over a node that needs no gradient. */
export function leafTensor<S extends Shape>(node: Node, requiresGrad = false): Tensor<S> {
  checkDType(node.dtype)
  if (!requiresGrad) return new Tensor<S>(node)
  if (!isFloat(node.dtype)) throw new DTypeError(`requiresGrad: only float tensors can, got ${node.dtype}.`)
  const version = versionOf(node, true)
  const t = new Tensor<S>(version)
  leafCells.set(version, t)
  return t
}

const checked = <S extends Shape>(shape: S, operation: string): S => {
  checkShape(shape, operation)
  return shape
}

/**
 * A tensor of the given values, which are copied.
 *
 * Numbers become f32, booleans bool; typed arrays keep their dtype. `dtype` converts (a Uint16Array with dtype f16 or
 * bf16 holds raw patterns). `shape` gives a flat array its shape. Throws ShapeError for ragged rows or a wrong count.
 */
export function tensor<const S extends Shape = Shape>(
  data: NestedValues | ArrayBufferView,
  { dtype, shape, requiresGrad = false }: TensorOptions & { readonly shape?: S } = {},
): Tensor<S> {
  if (dtype !== undefined) checkDType(dtype)
  const isView = ArrayBuffer.isView(data)
  const values = isView
    ? { flat: data as unknown as TypedArray, shape: [data.byteLength / bytesOf(data)] }
    : flatten(data)
  const target = shape ?? values.shape
  checkShape(target, 'tensor')
  if (sizeOf(target) !== values.flat.length) {
    throw new ShapeError(
      `tensor: shape ${formatShape(target)} holds ${sizeOf(target)} values, got ${values.flat.length}.`,
    )
  }
  const node = build.buffer(
    isView ? fromTyped(values.flat as TypedArray, dtype) : fromList(values.flat as Flat, dtype),
    [...target],
  )
  countLeafBytes(node.storage!.byteLength)
  return leafTensor(node, requiresGrad)
}

type Flat = readonly (number | boolean)[]

const bytesOf = (view: ArrayBufferView): number =>
  (view as unknown as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1

function fromTyped(data: TypedArray, dtype: DType | undefined): Storage {
  const raw = data instanceof Uint16Array && (dtype === 'f16' || dtype === 'bf16')
  const from = raw ? dtype : data instanceof Uint16Array ? null : dtypeOfArray(data)
  const to = dtype ?? from ?? dtypeOfArray(data)
  const storage = new Storage(
    to,
    data.length,
    new ArrayBuffer(data.length * viewAs(to, new ArrayBuffer(0)).BYTES_PER_ELEMENT),
  )
  const array = storage.write()
  if (from === to) (array as Float32Array).set(data as Float32Array)
  else for (let i = 0; i < data.length; i++) writeElement(to, array, i, Number(data[i]))
  return storage
}

function fromList(values: Flat, dtype: DType | undefined): Storage {
  const to = dtype ?? (values.length > 0 && values.every((v) => typeof v === 'boolean') ? 'bool' : 'f32')
  const storage = new Storage(to, values.length)
  const array = storage.write()
  for (let i = 0; i < values.length; i++) writeElement(to, array, i, Number(values[i]))
  return storage
}

function flatten(data: NestedValues): { flat: Flat; shape: number[] } {
  const shape: number[] = []
  for (let level: NestedValues = data; Array.isArray(level); level = level[0]) shape.push(level.length)
  const flat: (number | boolean)[] = []
  const visit = (value: NestedValues, axis: number): void => {
    if (Array.isArray(value)) {
      if (axis >= shape.length || value.length !== shape[axis]) {
        throw new ShapeError(
          `tensor: expected rows of one length, got ${value.length} values at depth ${axis} where the first row ` +
            `has ${shape[axis] ?? 'a number'}.`,
        )
      }
      for (const item of value) visit(item, axis + 1)
      return
    }
    if (axis !== shape.length || (typeof value !== 'number' && typeof value !== 'boolean')) {
      throw new ShapeError(
        `tensor: expected numbers or booleans at depth ${shape.length}, got ${String(value)} at depth ${axis}.`,
      )
    }
    flat.push(value)
  }
  visit(data, 0)
  return { flat, shape }
}

/** `value` everywhere. A changing value compiles nothing anew. */
export function full<const S extends Shape>(
  shape: S,
  value: number,
  options: CreationOptions = {},
): Tensor<S> {
  const { dtype = 'f32', requiresGrad } = options
  checked(shape, 'full')
  if (typeof value !== 'number')
    throw new ValueError(`full: expected a number as value, got ${String(value)}.`)
  const c = build.scalar(value, dtype)
  return leafTensor<S>(
    build.expand(
      build.reshape(
        c,
        shape.map(() => 1),
      ),
      shape,
    ),
    requiresGrad,
  )
}

const filled = <S extends Shape>(
  shape: S,
  value: number,
  { dtype = 'f32', requiresGrad }: CreationOptions,
): Tensor<S> => leafTensor<S>(build.full(shape, value, dtype), requiresGrad)

/** Zeros everywhere. */
export const zeros = <const S extends Shape>(shape: S, options: CreationOptions = {}): Tensor<S> =>
  filled(checked(shape, 'zeros'), 0, options)

/** Ones everywhere. */
export const ones = <const S extends Shape>(shape: S, options: CreationOptions = {}): Tensor<S> =>
  filled(checked(shape, 'ones'), 1, options)

/** A tensor whose values do not matter; they are zeros. */
export const empty = zeros

/** Zeros with the shape and dtype of `x`. */
export const zerosLike = <S extends Shape>(x: TensorBase<S>, options: CreationOptions = {}): Tensor<S> =>
  filled(x.shape, 0, { dtype: x.dtype, ...options })

/** Ones with the shape and dtype of `x`. */
export const onesLike = <S extends Shape>(x: TensorBase<S>, options: CreationOptions = {}): Tensor<S> =>
  filled(x.shape, 1, { dtype: x.dtype, ...options })

/** `value` everywhere with the shape and dtype of `x`. */
export const fullLike = <S extends Shape>(
  x: TensorBase<S>,
  value: number,
  options: CreationOptions = {},
): Tensor<S> => full(x.shape, value, { dtype: x.dtype, ...options }) as Tensor<S>

/**
 * start, start + step, … up to but without `end`. `arange(end)` starts at 0. i64 when all are integers, else f32.
 */
export function arange(
  start: number,
  end?: number,
  step = 1,
  { dtype, requiresGrad }: CreationOptions = {},
): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end]
  if (step === 0 || !Number.isFinite((to - from) / step)) {
    throw new ValueError(
      `arange: expected finite bounds and a step that is not 0, got ${from}, ${to}, ${step}.`,
    )
  }
  if ((to - from) / step < 0) {
    throw new ValueError(`arange: expected a step that leads from ${from} to ${to}, got ${step}.`)
  }
  const count = Math.ceil((to - from) / step)
  const kind = dtype ?? ([from, to, step].every(Number.isInteger) ? 'i64' : 'f32')
  checkDType(kind)
  const storage = new Storage(kind, count)
  const array = storage.write()
  for (let i = 0; i < count; i++) writeElement(kind, array, i, from + i * step)
  return leafTensor(build.buffer(storage, [count]), requiresGrad)
}

/** `steps` values from `start` to `end`, both included. */
export function linspace(start: number, end: number, steps: number, options: CreationOptions = {}): Tensor {
  const { dtype = 'f32', requiresGrad } = options
  checked([steps], 'linspace')
  checkDType(dtype)
  const storage = new Storage(dtype, steps)
  const array = storage.write()
  const delta = steps > 1 ? (end - start) / (steps - 1) : 0
  for (let i = 0; i < steps; i++) {
    // Counted from the nearer end, so that the last value is `end` exactly.
    writeElement(dtype, array, i, i < steps / 2 ? start + i * delta : end - (steps - 1 - i) * delta)
  }
  return leafTensor(build.buffer(storage, [steps]), requiresGrad)
}

/** The n×m matrix with ones on its diagonal. */
export function eye(n: number, m = n, { dtype = 'f32', requiresGrad }: CreationOptions = {}): Tensor {
  const shape = checked([n, m], 'eye')
  const diagonal = build.eq(build.iota(shape, 0, 'i32'), build.iota(shape, 1, 'i32'))
  return leafTensor(build.cast(diagonal, dtype), requiresGrad)
}

// ---------------------------------------------------------------- random values

export interface RandomOptions extends CreationOptions {
  /** Where the numbers come from. Default: the generator that `manualSeed` seeds. */
  readonly generator?: Generator
}

const keyOf = ({ generator = defaultGenerator }: RandomOptions): Node => generator.nextKey()

/** Uniform numbers from [0, 1). */
export function rand<const S extends Shape>(shape: S, options: RandomOptions = {}): Tensor<S> {
  checked(shape, 'rand')
  return leafTensor<S>(draw.rand(keyOf(options), shape, options.dtype), options.requiresGrad)
}

/** Numbers of the standard normal distribution. */
export function randn<const S extends Shape>(shape: S, options: RandomOptions = {}): Tensor<S> {
  checked(shape, 'randn')
  return leafTensor<S>(draw.randn(keyOf(options), shape, options.dtype), options.requiresGrad)
}

/** Integers from `low` to `high` - 1. Default i64. */
export function randint<const S extends Shape>(
  low: number,
  high: number,
  shape: S,
  options: RandomOptions = {},
): Tensor<S> {
  checked(shape, 'randint')
  return leafTensor<S>(draw.randint(keyOf(options), low, high, shape, options.dtype), options.requiresGrad)
}

/** The numbers 0…n-1 in random order. Default i64. */
export const randperm = (n: number, options: RandomOptions = {}): Tensor =>
  leafTensor(draw.randperm(keyOf(options), n, options.dtype), options.requiresGrad)

/** 1 with probability p, else 0: a probability an element, or one number with a shape. */
export function bernoulli(
  p: TensorBase | number,
  { shape, ...options }: RandomOptions & { readonly shape?: Shape } = {},
): Tensor {
  const probability = typeof p === 'number' ? p : p.node
  return wrap(draw.bernoulli(keyOf(options), probability, { shape, dtype: options.dtype }))
}
