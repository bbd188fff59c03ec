/** Values of f32 that are bf16 by their form: what a product of bf16 may take as operands. */
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

/** Whether every element of an f32 value is a bf16, by its form: widened bf16, moved about. */
export function holdsBf16(node: Node): boolean {
  const stack = [node]
  const seen = new Set<Node>()
  while (stack.length > 0) {
    const at = stack.pop()!
    if (seen.has(at)) continue
    seen.add(at)
    if (at.storage !== null) return false
    if (isOp(at, 'cast') && at.inputs[0].dtype === 'bf16') continue
    if (isOp(at, 'const') && isExact(at.attrs.value)) continue
    if (!movement.has(at.op) || (isOp(at, 'pad') && !isExact(at.attrs.value))) return false
    stack.push(...at.inputs)
  }
  return true
}
