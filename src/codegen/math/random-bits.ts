/**
 * Threefry-2x32 with 20 rounds (Salmon et al., 2011): the counter-based generator behind `randomBits`, in i32
 * arithmetic, so that every backend draws the same bits.
 */
import type { Expr, ExprBuilder } from '../loop-ir.js'
import { Arithmetic } from './arithmetic.js'

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const
const parity = 0x1bd11bda

/** The first word of Threefry-2x32-20 with key (k0, k1) and counter (index, k2). Keys are i32, one lane or `index`'s. */
export function expandRandomBits(e: ExprBuilder, k0: Expr, k1: Expr, k2: Expr, index: Expr): Expr {
  const a = new Arithmetic(e, index.lanes)
  const key0 = e.splat(k0, index.lanes)
  const key1 = e.splat(k1, index.lanes)
  const keys = [key0, key1, a.xor(a.xor(a.i(parity), key0), key1)]
  let x0 = a.add(index, keys[0])
  let x1 = a.add(e.splat(k2, index.lanes), keys[1])
  for (let round = 0; round < 20; round++) {
    const by = rotations[round % 8]
    x0 = a.add(x0, x1)
    x1 = a.xor(a.or(a.shl(x1, by), a.shrU(x1, 32 - by)), x0)
    if (round % 4 === 3) {
      const block = (round + 1) / 4
      x0 = a.add(x0, keys[block % 3])
      x1 = a.add(a.add(x1, keys[(block + 1) % 3]), a.i(block))
    }
  }
  return x0
}
