/** What the scheduler decides about one kernel: which nodes it stores, what it reads, and which form it takes. */
import { type Node, topologicalOrder } from '../ir/node.js'
import type { Rows } from './rows.js'
import { readInputs } from './winograd-gradient.js'

interface SpecBase {
  /** Nodes this kernel stores. */
  readonly outputs: readonly Node[]
  /** Stored nodes it reads, each once. */
  readonly inputs: readonly Node[]
}

/** Every element of the outputs (of equal size) from an expression over the inputs. */
export interface MapSpec extends SpecBase {
  readonly kind: 'map'
  /** Outputs are computed row by row: what is reduced has an element a row, the rest has all columns. */
  readonly rows?: Rows
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

/**
 * A 3 × 3 convolution by tiles (see winograd.ts). Its taps have been transformed by a kernel of their own, or are an
 * expression, as its input is. The outputs are element-wise in the convolution.
 */
export interface WinogradSpec extends SpecBase {
  readonly kind: 'winograd'
  readonly node: Node<'conv'>
  readonly packed: Node | null
}

/** The taps of such convolutions at the points of their tiles, from an expression. */
export interface WinogradTapsSpec extends SpecBase {
  readonly kind: 'winogradTaps'
  readonly taps: Node
}

/**
 * The gradient of a 3 × 3 convolution's taps by tiles (see winograd-gradient.ts). Both operands are expressions, the
 * outputs are element-wise in the contraction that it is.
 */
export interface WinogradGradientSpec extends SpecBase {
  readonly kind: 'winogradGradient'
  readonly node: Node<'contract'>
  readonly packed: null
}

/**
 * A convolution with images in lanes (see image-lanes.ts). Both operands are expressions, the outputs are element-wise in
 * the convolution.
 */
export interface ImageLanesSpec extends SpecBase {
  readonly kind: 'imageLanes'
  readonly node: Node<'conv'>
  readonly packed: null
}

/** A primitive with a lowering of its own over stored inputs (sort, scatter, …) or a control command. */
export interface StructuredSpec extends SpecBase {
  readonly kind: 'structured'
  readonly node: Node
}

/** Kernels with a register tile. */
export type TiledSpec = ContractSpec | WinogradSpec | WinogradGradientSpec | ImageLanesSpec

export type KernelSpec = MapSpec | TiledSpec | WinogradTapsSpec | StructuredSpec

const tiled: ReadonlySet<string> = new Set<TiledSpec['kind']>([
  'contract',
  'winograd',
  'winogradGradient',
  'imageLanes',
])

export const isTiledKind = (kind: KernelSpec['kind']): kind is TiledSpec['kind'] => tiled.has(kind)

export const isTiled = (spec: KernelSpec): spec is TiledSpec => isTiledKind(spec.kind)

/** What a tiled kernel reads for its own node: the packed operand, where there is one, and expressions. */
export function tileOperands({
  kind,
  node,
  packed,
}: Pick<TiledSpec, 'kind' | 'node' | 'packed'>): readonly Node[] {
  if (packed === null) return readInputs(node)
  return [packed, node.inputs[kind === 'contract' ? 1 : 0]]
}

/** The nodes that a kernel computes as it goes, between what it reads and what it stores. */
export function nodesOf(spec: Exclude<KernelSpec, StructuredSpec>): Node[] {
  const inputs = new Set(spec.inputs)
  const tile = isTiled(spec) ? spec : null
  const operands = (node: Node): readonly Node[] => (node === tile?.node ? tileOperands(tile) : node.inputs)
  return topologicalOrder(spec.outputs, (n) => (inputs.has(n) ? [] : operands(n))).filter(
    (n) => !inputs.has(n),
  )
}
