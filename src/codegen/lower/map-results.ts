/** What a map kernel stores, and where: its outputs, or the parts of those that are written part by part. */
import { sizeOf } from '../../core/shape.js'
import { isOp, type Node } from '../../ir/node.js'
import { partsOf } from '../../schedule/parts.js'
import { addIndex, delinearize, type Index, scaleIndex, shiftIndex } from '../index-expression.js'

/** A value of the kernel's domain, and where its element at a position of the domain is stored. */
export interface MapResult {
  readonly node: Node
  readonly buffer: number
  readonly place: (position: Index) => Index
}

/**
 * What the kernel computes at each position of its domain: its outputs, or the parts of one that is concatenated. `first`
 * is the buffer of the first output; the others follow.
 */
export function resultsOf(outputs: readonly Node[], first: number): MapResult[] {
  return outputs.flatMap((output, i): MapResult[] => {
    const buffer = first + i
    const parts = partsOf(output)
    if (parts === null || !isOp(output, 'concat')) return [{ node: output, buffer, place: (p) => p }]
    const [{ shape }] = parts
    const run = sizeOf(shape.slice(output.attrs.axis))
    return parts.map((node, part) => ({
      node,
      buffer,
      place: (position) => {
        const [outer, within] = delinearize(position, [sizeOf(shape) / run, run])
        return addIndex(scaleIndex(outer, parts.length * run), shiftIndex(within, part * run))
      },
    }))
  })
}
