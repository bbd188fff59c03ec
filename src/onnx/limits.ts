/** Bounds on what a model from outside may ask for. */
import { DataError } from '../core/errors.js'
import { formatShape, type Shape } from '../core/shape.js'

/** Elements of one tensor: 1 GiB of f32. */
export const maxElements = 2 ** 28
/** All results of one call may have this many times the elements of the largest tensor. */
export const elementsPerCall = 64
/** Values that are made or read one by one on the host: as JavaScript numbers they take far more room. */
export const maxHostElements = 2 ** 24
/** Nodes that one call may run, bodies of loops counted at each iteration. */
export const maxOperations = 1_000_000
/** Iterations of one loop. */
export const maxIterations = 100_000

/** Throws for a tensor that is larger than a model may make. Sizes are known before anything is allocated. */
export function checkElements(shape: Shape, most = maxElements): void {
  let size = 1
  for (const n of shape) size *= n
  if (size <= most || shape.includes(0)) return
  throw new DataError(`a tensor of shape ${formatShape(shape)} has more than ${most} elements.`)
}

/** Throws where more values are to be made or read on the host than a model may ask for. */
export function checkHostElements(count: number): void {
  if (count <= maxHostElements) return
  throw new DataError(
    `${count} values are more than the ${maxHostElements} that may be made or read one by one.`,
  )
}
