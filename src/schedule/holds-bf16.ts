/** Values of f32 that are bf16: what a product of bf16 may take as operands. */
import { fromBf16Bits, toBf16Bits } from '../core/dtype.js'
import { isOp, type Node, type Primitive } from '../ir/node.js'

const movement: ReadonlySet<Primitive> = new Set<Primitive>([
  'reshape',
  'permute',
  'expand',
  'slice',
  'flip',
  'window',
  'concat',
  'pad',
])

const isExact = (value: number): boolean => Object.is(fromBf16Bits(toBf16Bits(value)), value)

/**
 * Whether an f32 value is bf16 widened for a product, moved about. What a program widened itself is not: it may be stored
 * in one program and not in another, and the same product would have other bits.
 */
export function holdsBf16(node: Node): boolean {
  const stack = [node]
  const seen = new Set<Node>()
  while (stack.length > 0) {
    const at = stack.pop()!
    if (seen.has(at)) continue
    seen.add(at)
    if (isOp(at, 'cast') && at.attrs.ofProduct === true) continue
    if (isOp(at, 'const') && isExact(at.attrs.value)) continue
    if (!movement.has(at.op) || (isOp(at, 'pad') && !isExact(at.attrs.value))) return false
    stack.push(...at.inputs)
  }
  return true
}
