/** Powers with whole exponents, by repeated squaring: exact for integers, which wrap around. */
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { like } from './operand.js'

/** xⁿ for a whole n ≥ 1. */
export function wholePower(x: Node, n: number): Node {
  let result: Node | null = null
  let square = x
  for (let k = n; ; k = Math.floor(k / 2)) {
    if (k % 2 === 1) result = result === null ? square : b.mul(result, square)
    if (k <= 1) return result!
    square = b.mul(square, square)
  }
}

/**
 * x to the power y of integers of one dtype and shape. Negative exponents give 0, but for the bases 1 and −1. Powers of
 * odd bases that overflow 64 times over are not what wrapping around gives.
 */
export function integerPowers(x: Node, y: Node): Node {
  const [zero, one] = [like(y, 0), like(y, 1)]
  // Beyond 63 a power of an even base is 0 in every width, and those of 0, 1 and −1 follow from the parity.
  const parity = b.and(y, one)
  const large = b.lt(like(y, 63), y)
  const negative = b.lt(y, zero)
  const bits = x.dtype === 'u8' ? 8 : 7
  const exponent =
    x.dtype === 'u8' ? y : b.where(large, b.add(like(y, 64), parity), b.where(negative, parity, y))
  let result = like(x, 1)
  let square = x
  for (let bit = 0; bit < bits; bit++) {
    const set = b.eq(b.and(b.shiftRight(exponent, like(y, bit)), one), one)
    result = b.where(set, b.mul(result, square), result)
    if (bit < bits - 1) square = b.mul(square, square)
  }
  if (x.dtype === 'u8') return result
  const unit = b.or(b.eq(x, like(x, 1)), b.eq(x, like(x, -1)))
  return b.where(b.and(negative, b.logicalNot(unit)), like(x, 0), result)
}
