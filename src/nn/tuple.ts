/**
 * Sizes given once for all axes or one an axis.
 */
import { ValueError } from '../core/errors.js'

export type Sizes = number | readonly number[]

/** Options of a sliding window whose values are known as types. */
export interface WindowOptions<Stride, Pad, Dilation> {
  readonly stride?: Stride
  readonly padding?: Pad
  readonly dilation?: Dilation
}

/** `[value, value, …]`, or the list itself when it has `length` entries. */
export function tuple(value: Sizes, length: number, what: string): number[] {
  if (typeof value === 'number') return new Array<number>(length).fill(value)
  if (value.length !== length) {
    throw new ValueError(`${what}: expected one number or ${length} numbers, got [${value.join(', ')}].`)
  }
  return [...value]
}

/** Throws unless every entry is an integer of at least `least`. */
export function checkSizes(what: string, values: readonly number[], least = 1): void {
  for (const value of values) {
    if (Number.isInteger(value) && value >= least) continue
    throw new ValueError(`${what}: expected integers of at least ${least}, got [${values.join(', ')}].`)
  }
}

/** `(5, 5)` as PyTorch prints it. */
export const formatTuple = (values: readonly number[]): string => `(${values.join(', ')})`
