/** Tensors from values: `tensor`, `zeros`, `arange` and their kin. */

import { checkOptions, type OptionNames } from '../core/check-options.js'
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
import { countLeafBytes, leafCells, versionOf } from '../runtime/state.js'
import { checkTensor, TensorBase } from './base.js'
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

const creationOptions: OptionNames<CreationOptions> = { dtype: true, requiresGrad: true }
const checkCreation = (operation: string, options: CreationOptions): void =>
  checkOptions(operation, options, creationOptions)

/** Numbers or booleans (or bigints, for i64), nested to any depth, all rows of one length. */
export type NestedValues = number | boolean | bigint | readonly NestedValues[]

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
 * Numbers become f32, booleans bool, bigints i64; typed arrays keep their dtype. `dtype` converts (a Uint16Array with dtype f16 or
 * bf16 holds raw patterns). `shape` gives a flat array its shape. Throws ShapeError for ragged rows or a wrong count.
 */
export function tensor<const S extends Shape = Shape>(
  data: NestedValues | ArrayBufferView,
  options: TensorOptions & { readonly shape?: S } = {},
): Tensor<S> {
  checkOptions<TensorOptions>('tensor', options, { dtype: true, requiresGrad: true, shape: true })
  const { dtype, shape, requiresGrad = false } = options
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

type Flat = readonly (number | boolean | bigint)[]

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
  else for (let i = 0; i < data.length; i++) writeElement(to, array, i, toNumber(to, data[i]))
  return storage
}

function fromList(values: Flat, dtype: DType | undefined): Storage {
  const all = (type: string): boolean => values.length > 0 && values.every((v) => typeof v === type)
  const to = dtype ?? (all('boolean') ? 'bool' : all('bigint') ? 'i64' : 'f32')
  const storage = new Storage(to, values.length)
  const array = storage.write()
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (to === 'i64' && typeof value === 'bigint') (array as BigInt64Array)[i] = value
    else writeElement(to, array, i, toNumber(to, value))
  }
  return storage
}

/** A value as a number that is stored alike: a bigint's low bits, where only those count. */
const toNumber = (to: DType, value: number | boolean | bigint): number =>
  Number(typeof value === 'bigint' && (to === 'i32' || to === 'u8') ? BigInt.asIntN(32, value) : value)

function flatten(data: NestedValues): { flat: Flat; shape: number[] } {
  const shape: number[] = []
  for (let level: NestedValues = data; Array.isArray(level); level = level[0]) shape.push(level.length)
  const flat: (number | boolean | bigint)[] = []
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
    if ((value as unknown) instanceof TensorBase) {
      throw new ValueError(
        'tensor: expected numbers, got a tensor. stack(tensors) and cat(tensors) join tensors; detach() copies one.',
      )
    }
    if (axis !== shape.length || !['number', 'boolean', 'bigint'].includes(typeof value)) {
      throw new ShapeError(
        `tensor: expected numbers or booleans at depth ${shape.length}, got ${String(value)} at depth ${axis}.`,
      )
    }
    flat.push(value as number | boolean | bigint)
  }
  visit(data, 0)
  return { flat, shape }
}

/** `value` everywhere: f32 by default, bool for true and false. A changing value compiles nothing anew. */
export function full<const S extends Shape>(
  shape: S,
  value: number | boolean,
  options: CreationOptions = {},
): Tensor<S> {
  checkCreation('full', options)
  const { dtype = typeof value === 'boolean' ? 'bool' : 'f32', requiresGrad } = options
  checked(shape, 'full')
  if (typeof value !== 'number' && typeof value !== 'boolean')
    throw new ValueError(`full: expected a number or a boolean as value, got ${String(value)}.`)
  const c = build.scalar(Number(value), dtype)
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

function filled<S extends Shape>(
  operation: string,
  shape: S,
  value: number,
  options: CreationOptions,
  like: DType = 'f32',
): Tensor<S> {
  checkCreation(operation, options)
  const { dtype = like, requiresGrad } = options
  checkDType(dtype)
  return leafTensor<S>(build.full(checked(shape, operation), value, dtype), requiresGrad)
}

/** Zeros everywhere. */
export const zeros = <const S extends Shape>(shape: S, options: CreationOptions = {}): Tensor<S> =>
  filled('zeros', shape, 0, options)

/** Ones everywhere. */
export const ones = <const S extends Shape>(shape: S, options: CreationOptions = {}): Tensor<S> =>
  filled('ones', shape, 1, options)

/** A tensor whose values do not matter; they are zeros. */
export const empty = <const S extends Shape>(shape: S, options: CreationOptions = {}): Tensor<S> =>
  filled('empty', shape, 0, options)

/** Zeros with the shape and dtype of `x`. */
export function zerosLike<S extends Shape>(x: TensorBase<S>, options: CreationOptions = {}): Tensor<S> {
  checkTensor(x)
  return filled('zerosLike', x.shape, 0, options, x.dtype)
}

/** Ones with the shape and dtype of `x`. */
export function onesLike<S extends Shape>(x: TensorBase<S>, options: CreationOptions = {}): Tensor<S> {
  checkTensor(x)
  return filled('onesLike', x.shape, 1, options, x.dtype)
}

/** A tensor with the shape and dtype of `x` whose values do not matter; they are zeros. */
export function emptyLike<S extends Shape>(x: TensorBase<S>, options: CreationOptions = {}): Tensor<S> {
  checkTensor(x)
  return filled('emptyLike', x.shape, 0, options, x.dtype)
}

/** `value` everywhere with the shape and dtype of `x`. */
export function fullLike<S extends Shape>(
  x: TensorBase<S>,
  value: number | boolean,
  options: CreationOptions = {},
): Tensor<S> {
  checkTensor(x)
  return full(x.shape, value, { ...options, dtype: options.dtype ?? x.dtype }) as Tensor<S>
}

/** Trailing options of functions whose numbers may be left out: `arange(5, { dtype })`. */
type NumberOrOptions<O> = number | O

/** The numbers before the options, and the options. */
function splitOptions<O extends object>(
  args: readonly (NumberOrOptions<O> | undefined)[],
): { numbers: number[]; options: O } {
  const at = args.findIndex((a) => typeof a === 'object' && a !== null)
  const numbers = (at < 0 ? args : args.slice(0, at)).filter((a) => a !== undefined) as number[]
  return { numbers, options: (at < 0 ? {} : args[at]) as O }
}

function checkNumbers(operation: string, names: string, numbers: readonly number[], least: number): void {
  if (numbers.length >= least && numbers.every((n) => typeof n === 'number')) return
  throw new ValueError(`${operation}: expected ${names}, got ${numbers.map(String).join(', ') || 'nothing'}.`)
}

/**
 * start, start + step, … up to but without `end`: `arange(end)`, `arange(start, end)`, `arange(start, end, step)`, and
 * options after any of them. i64 when all are integers, else f32.
 */
export function arange(end: number, options?: CreationOptions): Tensor
export function arange(start: number, end: number | undefined, options?: CreationOptions): Tensor
export function arange(
  start: number,
  end: number | undefined,
  step: number | undefined,
  options?: CreationOptions,
): Tensor
export function arange(...args: readonly (number | undefined | CreationOptions)[]): Tensor {
  const { numbers, options } = splitOptions<CreationOptions>(args)
  checkNumbers('arange', '(end), (start, end) or (start, end, step)', numbers, 1)
  checkCreation('arange', options)
  // arange(end, undefined, step) steps from 0.
  const stepGiven = typeof args[2] === 'number' ? args[2] : 1
  const [from, to] = typeof args[1] === 'number' ? [numbers[0], args[1]] : [0, numbers[0]]
  const step = stepGiven
  const { dtype, requiresGrad } = options
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
  return sampled(kind, count, requiresGrad, (i) => from + i * step)
}

/** A vector of computed values. */
function sampled(
  dtype: DType,
  count: number,
  requiresGrad: boolean | undefined,
  value: (i: number) => number,
): Tensor {
  checkDType(dtype)
  const storage = new Storage(dtype, count)
  const array = storage.write()
  for (let i = 0; i < count; i++) writeElement(dtype, array, i, value(i))
  return leafTensor(build.buffer(storage, [count]), requiresGrad)
}

/** Element i of `steps` from `start` to `end`, counted from the nearer end, so that the last is `end` exactly. */
const between =
  (start: number, end: number, steps: number) =>
  (i: number): number => {
    const delta = steps > 1 ? (end - start) / (steps - 1) : 0
    return i < steps / 2 ? start + i * delta : end - (steps - 1 - i) * delta
  }

/** `steps` values from `start` to `end`, both included. Default f32. */
export function linspace(start: number, end: number, steps: number, options: CreationOptions = {}): Tensor {
  checkNumbers('linspace', 'numbers start, end and steps', [start, end, steps], 3)
  checkCreation('linspace', options)
  checked([steps], 'linspace')
  return sampled(options.dtype ?? 'f32', steps, options.requiresGrad, between(start, end, steps))
}

/** base^start … base^end in `steps` equal steps of the exponent, both included. Default base 10, f32. */
export function logspace(start: number, end: number, steps: number, options?: CreationOptions): Tensor
export function logspace(
  start: number,
  end: number,
  steps: number,
  base?: number,
  options?: CreationOptions,
): Tensor
export function logspace(
  start: number,
  end: number,
  steps: number,
  ...rest: readonly (number | undefined | CreationOptions)[]
): Tensor {
  const {
    numbers: [base = 10],
    options,
  } = splitOptions<CreationOptions>(rest)
  checkNumbers('logspace', 'numbers start, end, steps and base', [start, end, steps, base], 4)
  checkCreation('logspace', options)
  checked([steps], 'logspace')
  const exponent = between(start, end, steps)
  return sampled(options.dtype ?? 'f32', steps, options.requiresGrad, (i) => base ** exponent(i))
}

/** The n×m matrix with ones on its diagonal: `eye(n)`, `eye(n, m)`, options last. Default m = n, f32. */
export function eye(n: number, options?: CreationOptions): Tensor
export function eye(n: number, m?: number, options?: CreationOptions): Tensor
export function eye(n: number, ...rest: readonly (number | undefined | CreationOptions)[]): Tensor {
  const {
    numbers: [m = n],
    options,
  } = splitOptions<CreationOptions>(rest)
  checkCreation('eye', options)
  const { dtype = 'f32', requiresGrad } = options
  const shape = checked([n, m], 'eye')
  const diagonal = build.eq(build.iota(shape, 0, 'i32'), build.iota(shape, 1, 'i32'))
  return leafTensor(build.cast(diagonal, dtype), requiresGrad)
}
