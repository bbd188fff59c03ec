/**
 * Checks of what a layer is given: the error names the layer, the expected shape and the shape that came.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import { Tensor } from '../tensor/tensor.js'

/** Throws a ShapeError for `layer` unless `ok`. `expected` reads like `(N, 3, H, W)`. */
export function checkInput(layer: string, x: Tensor, ok: boolean, expected: string, hint = ''): void {
  if (ok) return
  if (!(x instanceof Tensor)) {
    throw new ValueError(`${layer}: expected a tensor as input. Make one of numbers with tensor(values).`)
  }
  throw new ShapeError(
    `${layer}: expected an input of shape ${expected}, got ${formatShape(x.shape)}.${hint === '' ? '' : ` ${hint}`}`,
  )
}

/** Throws unless `value` is an integer of at least `least`. */
export function checkInteger(layer: string, name: string, value: number, least = 1): void {
  if (!Number.isInteger(value) || value < least) {
    throw new ValueError(`${layer}: expected ${name} to be an integer of at least ${least}, got ${value}.`)
  }
}

/** Throws unless `axis` is an integer: which axes exist is known when an input comes. */
export function checkAxis(layer: string, name: string, axis: number): void {
  if (!Number.isInteger(axis))
    throw new ValueError(`${layer}: expected ${name} to be an integer, got ${axis}.`)
}

/** Throws unless `p` is a probability. */
export function checkProbability(layer: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new ValueError(`${layer}: expected a probability between 0 and 1, got ${p}.`)
}
