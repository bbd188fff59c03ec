/** Rows that are added up as an expression, no array: a scatter's updates (messages along edges), terms of segments. */
import { byteSize } from '../../core/dtype.js'
import { sizeOf } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import { addIndex, atomIndex, type Index } from '../index-expression.js'
import type { Expr } from '../loop-ir.js'
import type { Target } from '../target.js'
import { Inliner } from './inline.js'
import type { KernelBuilder } from './kernel-builder.js'
import { type Lanes, lanesFor } from './lanes.js'
import type { Piece } from './row-writer.js'

export class ComputedRows {
  private readonly root: Node
  private readonly inputs: readonly Node[]

  /** `inputs`: the stored nodes that it reads, each of which gets a buffer. */
  constructor(root: Node, inputs: readonly Node[]) {
    this.root = root
    this.inputs = inputs
  }

  /** Bytes of what it reads element by element, each once. */
  get bytes(): number {
    const all = sizeOf(this.root.shape)
    return this.inputs
      .filter((x) => sizeOf(x.shape) === all)
      .reduce((sum, x) => sum + all * byteSize(x.dtype), 0)
  }

  /** Makes its buffers. The function gives its elements at `indexOf(j)`, for j and the lanes behind it. */
  open(k: KernelBuilder, target: Target): (indexOf: (j: Index) => readonly Index[], piece: Piece) => Expr {
    const buffers = new Map<Node, number>()
    for (const node of this.inputs) {
      buffers.set(node, k.buffer('in', node.dtype, sizeOf(node.shape), 'read'))
    }
    const inliner = new Inliner(k, target, (node) => buffers.get(node) ?? null)
    const known = new Map<string, Lanes>()
    return (indexOf, { from, lanes, active }) => {
      const key = `${lanes}/${active}`
      const these = known.get(key) ?? lanesFor(lanes, active)
      known.set(key, these)
      const j = these.variable === null ? from : addIndex(from, atomIndex(these.variable))
      return inliner.value(this.root, indexOf(j), these)
    }
  }
}
