/**
 * Fan-in and fan-out of a weight: how many inputs feed one output, and the reverse.
 */
import { ShapeError } from '../core/errors.js'
import { formatShape, type Shape, sizeOf } from '../core/shape.js'

export type FanMode = 'fanIn' | 'fanOut'

/**
 * For a weight (out, in, …kernel): fanIn = in · |kernel|, fanOut = out · |kernel|. Throws `ShapeError` below two axes.
 */
export function calculateFan(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2) {
    throw new ShapeError(
      `Fan-in and fan-out: expected a weight with two or more axes (out, in, …), got shape ${formatShape(shape)}. ` +
        'Initialise vectors with zeros, constant or uniform.',
    )
  }
  const kernel = sizeOf(shape.slice(2))
  return { fanIn: shape[1] * kernel, fanOut: shape[0] * kernel }
}
