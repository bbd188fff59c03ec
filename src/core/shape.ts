/**
 * Shapes and what is computed from them: sizes, row-major strides, axes and broadcasting.
 */
import { ShapeError, ValueError } from './errors.js'

export type Shape = readonly number[]

/** Number of elements: the product of the sizes, 1 for a 0-d shape. */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (const n of shape) size *= n
  return size
}

/** The largest divisor of `n` that is at most `most`; at least 1. */
export function largestDivisor(n: number, most: number): number {
  for (let d = Math.min(n, Math.max(1, Math.floor(most))); d > 1; d--) if (n % d === 0) return d
  return 1
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride
    stride *= shape[i]
  }
  return strides
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** `[2, 3]` as people read it. */
export const formatShape = (shape: Shape): string =>
  // Plain JavaScript can pass anything, and errors name what came.
  Array.isArray(shape) ? `[${shape.join(', ')}]` : String(shape)

/** Throws unless `list` is an array: PyTorch also takes sizes and axes as separate arguments. */
export function checkList(list: readonly number[], operation: string): void {
  if (Array.isArray(list)) return
  throw new ValueError(
    `${operation}: expected one array of integers, such as [2, 3], got ${String(list)}. Put them in brackets.`,
  )
}

/** Throws unless every size is a non-negative safe integer. */
export function checkShape(shape: Shape, operation: string): void {
  checkList(shape, operation)
  for (const n of shape) {
    if (!Number.isSafeInteger(n) || n < 0) {
      throw new ShapeError(`${operation}: expected non-negative integer sizes, got ${formatShape(shape)}.`)
    }
  }
}

/** `axis` counted from the front: -1 is the last. */
export function normalizeAxis(axis: number, rank: number, operation: string): number {
  const normal = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank) {
    const range = rank === 0 ? 'none, the tensor is 0-d' : `from ${-rank} to ${rank - 1}`
    throw new ValueError(`${operation}: expected an axis (${range}), got ${axis}.`)
  }
  return normal
}

/** Sorted, distinct axes counted from the front; `undefined` means all. */
export function normalizeAxes(
  axes: number | readonly number[] | undefined | null,
  rank: number,
  operation: string,
): number[] {
  if (axes === undefined || axes === null) return range(rank)
  if (typeof axes !== 'number' && !Array.isArray(axes)) {
    throw new ValueError(
      `${operation}: expected an axis, an array of axes or null for all, got ${String(axes)}. Options come after the axes.`,
    )
  }
  const given = typeof axes === 'number' ? [axes] : [...axes]
  // A 0-d tensor counts as having one axis, as in PyTorch: 0 and −1 are allowed, and there is nothing to do.
  const list = given.map((a) => normalizeAxis(a, Math.max(rank, 1), operation))
  if (new Set(list).size !== list.length) {
    throw new ValueError(`${operation}: expected distinct axes, got ${formatShape(list)}.`)
  }
  return rank === 0 ? [] : list.sort((a, b) => a - b)
}

/** The shape that both broadcast to (trailing axes align; size 1 stretches). */
export function broadcastShapes(a: Shape, b: Shape, operation: string): number[] {
  const rank = Math.max(a.length, b.length)
  const out = new Array<number>(rank)
  for (let i = 1; i <= rank; i++) {
    const x = i > a.length ? 1 : a[a.length - i]
    const y = i > b.length ? 1 : b[b.length - i]
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `${operation}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: ` +
          `sizes ${x} and ${y} at axis -${i} differ and neither is 1.`,
      )
    }
    out[rank - i] = x === 1 ? y : x
  }
  return out
}

/** `[0, 1, …, n-1]`. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** The axes of 0…rank-1 that are not in `axes`. */
export const otherAxes = (axes: readonly number[], rank: number): number[] =>
  range(rank).filter((a) => !axes.includes(a))

/** The permutation that undoes `axes`. */
export function invertPermutation(axes: readonly number[]): number[] {
  const inverse = new Array<number>(axes.length)
  axes.forEach((a, i) => {
    inverse[a] = i
  })
  return inverse
}
