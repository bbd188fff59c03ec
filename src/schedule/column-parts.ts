/**
 * Products whose columns are read in equal parts, side by side: the gates of a recurrent cell, the two halves of a gated
 * linear unit. The kernel that multiplies computes a tile of every part and then what is made of them, from the cache.
 */
import { type Shape, sizeOf } from '../core/shape.js'
import { isOp, type Node } from '../ir/node.js'
import { contractShape } from './contract-shape.js'
import { isDotContract } from './dot-contract.js'
import { readsElsewhere } from './reads-elsewhere.js'
import { isThin } from './thin-contract.js'

const mostParts = 8
/** Columns of a part, at least: tiles have whole vectors of each. */
const fewestColumns = 16

/** What one part of the contraction's columns is the size of: its shape with that many columns. */
const partShape = (node: Node, parts: number): Shape => [
  ...node.shape.slice(0, -1),
  node.shape[node.shape.length - 1] / parts,
]

/** Into how many parts the kernel of a contraction with these outputs cuts its columns; 1 where it does not. */
export const columnPartsOf = (node: Node, outputs: readonly Node[]): number => {
  const size = sizeOf(node.shape)
  const part = outputs.find((o) => sizeOf(o.shape) !== size)
  return part === undefined ? 1 : size / sizeOf(part.shape)
}

/** Whether a kernel goes over the parts of its contraction's columns. */
const canPart = (node: Node): node is Node<'contract'> =>
  isOp(node, 'contract') &&
  contractShape(node).columns.length === 1 &&
  contractShape(node).inner.length > 0 &&
  !isThin(node) &&
  !isDotContract(node)

const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i])

/**
 * Whether `outputs` can be computed along with `made`, the outputs of a contraction's kernel: they have the shape of a
 * part of its columns, read what it makes of whole columns as such parts, and what it makes of parts in their own place.
 */
export function readsColumnParts(
  node: Node,
  made: readonly Node[],
  outputs: readonly Node[],
  isStored: (n: Node) => boolean,
): boolean {
  if (!canPart(node)) return false
  const columns = node.shape[node.shape.length - 1]
  const parts = columns / outputs[0].shape[outputs[0].shape.length - 1]
  if (!Number.isInteger(parts) || parts < 2 || parts > mostParts || columns / parts < fewestColumns)
    return false
  const already = columnPartsOf(node, made)
  if (already !== 1 && already !== parts) return false
  const shape = partShape(node, parts)
  if (!outputs.every((o) => sameShape(o.shape, shape))) return false
  const whole = new Set([node, ...made.filter((n) => sameShape(n.shape, node.shape))])
  const ofParts = new Set(made.filter((n) => sameShape(n.shape, shape)))
  const isPart = (n: Node): boolean => {
    if (!isOp(n, 'slice') || !sameShape(n.inputs[0].shape, node.shape)) return false
    const { starts, steps } = n.attrs
    const last = starts.length - 1
    return sameShape(n.shape, shape) && steps.every((s) => s === 1) && starts[last] % shape[last] === 0
  }

  /** At a place of a part, in its own place of whole columns, or anywhere. */
  type At = 'part' | 'whole' | 'elsewhere'
  const stack: { n: Node; at: At }[] = outputs.flatMap((o) =>
    o.inputs.map((n) => ({ n, at: stepTo(o, 'part') })),
  )
  const seen = new Set<string>()
  function stepTo(from: Node, at: At): At {
    if (at === 'part' && isPart(from)) return 'whole'
    return readsElsewhere.has(from.op) || isOp(from, 'reshape') ? 'elsewhere' : at
  }
  while (stack.length > 0) {
    const { n, at } = stack.pop()!
    const key = `${n.id}${at}`
    if (seen.has(key)) continue
    seen.add(key)
    if (whole.has(n)) {
      if (at !== 'whole') return false
      continue
    }
    if (ofParts.has(n)) {
      if (at !== 'part') return false
      continue
    }
    if (made.includes(n)) return false
    if (isStored(n)) continue
    const next = stepTo(n, at)
    for (const x of n.inputs) stack.push({ n: x, at: next })
  }
  return true
}
