/** What the scheduler decides about one kernel: which nodes it stores, what it reads, and which form it takes. */
import type { Node } from '../ir/node.js'

interface SpecBase {
  /** Nodes this kernel stores. */
  readonly outputs: readonly Node[]
  /** Stored nodes it reads, each once. */
  readonly inputs: readonly Node[]
}

/** Every element of the outputs (of equal size) from an expression over the inputs. */
export interface MapSpec extends SpecBase {
  readonly kind: 'map'
}

/**
 * A contraction with a register tile. The left side is read where its rows lie, or has been packed by a map kernel of
 * its own (batch, row tile, inner, row); the right side is an expression. The outputs are element-wise in the
 * contraction.
 */
export interface ContractSpec extends SpecBase {
  readonly kind: 'contract'
  readonly node: Node<'contract'>
  /** Null where the left side is movement of a stored value (`leftView`). */
  readonly packed: Node | null
}

/** A primitive with a lowering of its own over stored inputs (sort, scatter, …) or a control command. */
export interface StructuredSpec extends SpecBase {
  readonly kind: 'structured'
  readonly node: Node
}

export type KernelSpec = MapSpec | ContractSpec | StructuredSpec
