/**
 * Reads what the scripts in scripts/goldens wrote: tensors as base64 f32, integers and booleans as lists.
 */
import { readFileSync } from 'node:fs'
import type { DType } from '../../src/core/dtype.js'
import { type Shape, sameShape } from '../../src/core/shape.js'
import { tensor } from '../../src/tensor/creation.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { expectClose, type Tolerance } from './tolerance.js'

export interface Packed {
  readonly shape: Shape
  readonly dtype: 'f32' | 'i64' | 'bool'
  readonly data: string | readonly number[]
}

export const readGolden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../goldens/${name}.json`, import.meta.url), 'utf8')) as T

/** The numbers of a packed tensor. */
export function numbers({ data }: Packed): number[] {
  if (typeof data !== 'string') return [...data]
  const bytes = new Uint8Array(Buffer.from(data, 'base64'))
  return [...new Float32Array(bytes.buffer)]
}

export function unpack(packed: Packed, options: { dtype?: DType; requiresGrad?: boolean } = {}): Tensor {
  const { dtype = packed.dtype, requiresGrad = false } = options
  return tensor(numbers(packed), { dtype, shape: packed.shape, requiresGrad })
}

/** The values of a tensor as plain numbers. */
export const valuesOf = (t: Tensor): number[] => [...t.dataSync()].map(Number)

/** Throws unless shape and values agree. */
export function expectTensor(got: Tensor | null, expected: Packed, tolerance: Tolerance, what: string): void {
  if (got === null) throw new Error(`${what}: expected a tensor, got null.`)
  if (!sameShape(got.shape, expected.shape)) {
    throw new Error(`${what}: expected shape [${expected.shape}], got [${got.shape}].`)
  }
  expectClose(valuesOf(got), numbers(expected), tolerance, what)
}
