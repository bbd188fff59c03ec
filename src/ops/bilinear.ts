/** The bilinear form of two inputs. */
import { ShapeError } from '../core/errors.js'
import { formatShape, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { einsum } from './einsum.js'
import { requireRank, stretch } from './operand.js'

/** y_k = x₁ᵀ W_k x₂ + bias_k for x₁ (…, m), x₂ (…, n) with equal leading axes, W (k, m, n) and bias (k): (…, k). */
export function bilinear(x1: Node, x2: Node, weight: Node, bias?: Node | null): Node {
  requireRank('bilinear', weight, 3, 3, '(out, in1, in2)')
  const [k, m, n] = weight.shape
  const lead = x1.shape.slice(0, -1)
  const expected = [...lead, n]
  if (x1.shape.at(-1) !== m || formatShape(x2.shape) !== formatShape(expected)) {
    throw new ShapeError(
      `bilinear: weight ${formatShape(weight.shape)} takes inputs (…, ${m}) and (…, ${n}) with equal leading axes, got ${formatShape(x1.shape)} and ${formatShape(x2.shape)}.`,
    )
  }
  if (bias && formatShape(bias.shape) !== formatShape([k])) {
    throw new ShapeError(`bilinear: expected a bias of shape [${k}], got ${formatShape(bias.shape)}.`)
  }
  const rows = sizeOf(lead)
  const y = einsum('bi,kij,bj->bk', b.reshape(x1, [rows, m]), weight, b.reshape(x2, [rows, n]))
  const shaped = b.reshape(y, [...lead, k])
  return bias ? b.add(shaped, stretch(b.cast(bias, shaped.dtype), shaped.shape)) : shaped
}
