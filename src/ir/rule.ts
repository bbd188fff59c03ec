/**
 * What the table of primitives says about each one: its shapes, its derivative and how it batches. The rules receive
 * the constructors (`ir/build`) as an argument, because the constructors themselves read the table.
 */
import type * as Build from './build.js'
import type { Attributes, Aval, Node, Primitive } from './node.js'

export type Builder = typeof Build

export interface VjpContext<P extends Primitive> {
  readonly node: Node<P>
  readonly inputs: readonly Node[]
  /** The node's results: itself, or its `output` nodes where it has several. */
  readonly outputs: readonly Node[]
  /** Cotangent of each result; null counts as zero (never null where there is only one result). */
  readonly cotangents: readonly (Node | null)[]
  /** The first cotangent, for the many primitives with one result. */
  readonly g: Node
  /** Which inputs want a cotangent. */
  readonly needs: readonly boolean[]
}

export interface JvpContext<P extends Primitive> {
  readonly node: Node<P>
  readonly inputs: readonly Node[]
  readonly outputs: readonly Node[]
  /** Tangent of each input; null counts as zero. */
  readonly tangents: readonly (Node | null)[]
}

export interface BatchContext<P extends Primitive> {
  readonly node: Node<P>
  /** Inputs; where `batched[i]`, the batch is axis 0. */
  readonly inputs: readonly Node[]
  readonly batched: readonly boolean[]
  /** Size of the batch. */
  readonly size: number
}

export interface Rule<P extends Primitive> {
  /** Shapes and dtypes of the results. Throws ShapeError or DTypeError with a sentence for the user. */
  readonly infer: (inputs: readonly Aval[], attrs: Attributes[P]) => Aval | readonly Aval[]
  /** Cotangents of the inputs; 'none': piecewise constant or discrete, the gradient stops. */
  readonly vjp: ((b: Builder, context: VjpContext<P>) => readonly (Node | null)[]) | 'none'
  /** Tangents of the results. 'transpose': the transpose of the vjp, which is linear in the cotangent. */
  readonly jvp: ((b: Builder, context: JvpContext<P>) => readonly (Node | null)[]) | 'transpose' | 'none'
  /** Results with the batch as axis 0. */
  readonly batch: (b: Builder, context: BatchContext<P>) => readonly Node[]
}

/** The type of the whole table: a primitive without a rule is a compile error. */
export type PrimitiveTable = { readonly [P in Primitive]: Rule<P> }
