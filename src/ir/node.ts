/**
 * The node graph: an immutable, lazily built description of a computation over a closed set of primitives.
 *
 * A node names its primitive, its inputs and its attributes; shape and dtype follow from them. The only things that
 * change in a node's life are its computed value (`storage`), and its inputs, which are dropped once it is computed
 * and no gradient needs them.
 */
import type { DType } from '../core/dtype.js'
import { InternalError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import type { Storage } from '../core/storage.js'
import { announce } from './node-listener.js'

/** Shape and dtype of one value: what is known about it before it is computed. */
export interface Aval {
  readonly shape: Shape
  readonly dtype: DType
}

/** A closed piece of graph: the body of a `scan`, `while` or `cond`. Its leaves are `params` and constants. */
export interface Subgraph {
  readonly params: readonly Node<'placeholder'>[]
  readonly results: readonly Node[]
}

/** A host function that the graph treats as one opaque step. */
export interface HostKernel {
  readonly name: string
  /** Takes any leading axes that all inputs and outputs share, so that `vmap` is one call. Its gradient must, too. */
  readonly batched?: boolean
  run(inputs: readonly HostArray[], outputs: readonly HostArray[]): void
}

export interface HostArray extends Aval {
  readonly data: import('../core/dtype.js').TypedArray
}

export type ScatterMode = 'set' | 'add' | 'mul' | 'max' | 'min'

/** Lower and upper padding of one axis; negative crops. */
export type PadPair = readonly [number, number]

/** Sliding windows over the trailing `size.length` axes. */
export interface WindowAttributes {
  readonly size: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
}

// biome-ignore lint/complexity/noBannedTypes: a primitive without attributes
type None = {}
type Axes = { readonly axes: readonly number[] }

/** The attributes of each primitive: the closed set, in the order of the table in `primitives.ts`. */
export interface Attributes {
  // leaves
  /** A literal of the library, shape []: part of a program's identity, may be folded. */
  const: { readonly value: number; readonly dtype: DType }
  /** A number of the user, shape []: an input of the program, so that changing it compiles nothing. */
  scalar: { readonly value: number; readonly dtype: DType }
  /** A computed value: `node.storage` is set. */
  buffer: Aval
  /** A formal parameter of a Subgraph or of a traced step. */
  placeholder: Aval
  /** Counts 0, 1, … along `axis`. */
  iota: Aval & { readonly axis: number }
  /** 32 random bits an element (Threefry-2x32) from key i32[3] = (seed low, seed high, call counter). */
  randomBits: { readonly shape: Shape }
  // unary
  neg: None
  abs: None
  sign: None
  exp: None
  log: None
  expm1: None
  log1p: None
  sqrt: None
  sin: None
  cos: None
  tan: None
  atan: None
  tanh: None
  /** 1/(1 + exp(−x)) */
  sigmoid: None
  erf: None
  floor: None
  ceil: None
  /** To nearest, ties to even. */
  round: None
  trunc: None
  logicalNot: None
  bitNot: None
  // binary: equal shapes and dtypes
  add: None
  sub: None
  mul: None
  /** Floats divide; integers truncate toward zero. */
  div: None
  /** Remainder with the sign of the divisor (Python's %). */
  mod: None
  pow: None
  maximum: None
  minimum: None
  atan2: None
  eq: None
  lt: None
  le: None
  and: None
  or: None
  xor: None
  shiftLeft: None
  /** Logical shift of the bits. */
  shiftRight: None
  /** condition bool, then both branches. */
  where: None
  /** `ofProduct`: bf16 widened to be multiplied; targets that multiply bf16 take it as it was. */
  cast: { readonly dtype: DType; readonly ofProduct?: true }
  bitcast: { readonly dtype: DType }
  /** The value itself: a point at which a transform may start. */
  alias: None
  /** The value itself, with no gradient. */
  stopGradient: None
  // movement
  reshape: { readonly shape: Shape }
  /** Output axis i is input axis axes[i]. */
  permute: Axes
  /** Stretches axes of size 1 to `shape`; the rank stays. */
  expand: { readonly shape: Shape }
  /** Adds `low` and `high` elements around and `interior` ones between neighbours of each axis, all `value`. */
  pad: {
    readonly low: readonly number[]
    readonly high: readonly number[]
    readonly interior: readonly number[]
    readonly value: number
  }
  /** Half-open ranges with positive steps. */
  slice: {
    readonly starts: readonly number[]
    readonly stops: readonly number[]
    readonly steps: readonly number[]
  }
  flip: Axes
  concat: { readonly axis: number }
  // reductions: drop the axes
  /** `products`: what is summed is a product that is not rounded before it is added, as in `contract`. */
  reduceSum: Axes & { readonly products?: true }
  reduceProd: Axes
  reduceMax: Axes
  reduceMin: Axes
  /** Index (i64) of the first largest element along the axis; NaN counts as largest. */
  argMax: { readonly axis: number }
  argMin: { readonly axis: number }
  cumSum: { readonly axis: number; readonly reverse: boolean }
  cumProd: { readonly axis: number; readonly reverse: boolean }
  cumMax: { readonly axis: number; readonly reverse: boolean }
  // contractions
  /**
   * Sum of products over paired axes. Output axes: batch, free axes of the left, free axes of the right, each in
   * order. `accumulate` is the dtype of the running sum. `exact`: operands keep their digits whatever precision a
   * step is compiled with, because they are coordinates or transforms and no weights; its derivatives do too.
   */
  contract: {
    readonly batch: readonly [readonly number[], readonly number[]]
    readonly contracting: readonly [readonly number[], readonly number[]]
    readonly accumulate: DType
    readonly exact?: boolean
  }
  /**
   * Cross-correlation of (N, C, …S) with (O, C/groups, …K) to (N, O, …P).
   * P = floor((D + low + high - dilation·(K-1) - 1) / stride) + 1 with D = inputDilation·(S-1) + 1.
   */
  conv: {
    readonly stride: readonly number[]
    readonly padding: readonly PadPair[]
    readonly dilation: readonly number[]
    readonly inputDilation: readonly number[]
    readonly groups: number
  }
  // windows over the trailing axes
  /**
   * (…, S) → (…, P, K): every window as a view. P = floor((S - dilation·(K-1) - 1) / stride) + 1. `ofConv`: a
   * convolution's, which the order of its sums may follow; a program's own may be stored or not, and changes no order.
   */
  window: WindowAttributes & { readonly ofConv?: true }
  /** The adjoint of `window`: (…, P, K) → (…, S), overlapping elements summed. `spatial` is S. */
  fold: WindowAttributes & { readonly spatial: readonly number[] }
  /**
   * Largest (smallest) element of each window and its position in the window (i32, row-major; the first of equals,
   * NaN wins). Padding never wins. Outputs: value, index, both (…, P).
   */
  windowReduce: WindowAttributes & { readonly kind: 'max' | 'min'; readonly padding: readonly PadPair[] }
  // indexing
  /** out[i, …] = x[…, index[i, …], …] along `axis`; all other sizes equal (PyTorch's `gather`). */
  gather: { readonly axis: number }
  /** x with x[…, index[i, …], …] combined with updates[i, …], in order of i (duplicates are deterministic). */
  scatter: { readonly axis: number; readonly mode: ScatterMode }
  /**
   * Inputs: x (n, …) and offsets (rows + 1), which begin with 0, never fall and end with n. Row r is the sum of x's rows
   * offsets[r] … offsets[r + 1] - 1, in order: (rows, …).
   */
  segmentSumCsr: None
  /** Inputs: x, then one 0-d i32 start an axis. A block that leaves x is an error after the run. */
  dynamicSlice: { readonly sizes: readonly number[] }
  /** Inputs: x, update, then one 0-d i32 start an axis. */
  dynamicUpdate: None
  /** Stable sort of inputs[0] along the axis; the other inputs are reordered with it. One output an input. */
  sort: { readonly axis: number; readonly descending: boolean }
  // control
  /**
   * Runs `body` `length` times. body(consts…, carry…, x_t…) → (carry…, y_t…). Inputs: consts…, carry…, xs… stacked on
   * axis 0. Outputs: the last carry…, ys… stacked on axis 0. `reverse` runs t from length-1 to 0.
   */
  scan: {
    readonly body: Subgraph
    readonly length: number
    readonly consts: number
    readonly carry: number
    readonly reverse: boolean
    /**
     * Keep the carry every k steps for the gradient and recompute between; 0 keeps all residuals. `build.scan` turns
     * k > 1 into a scan over chunks with k = 1 around a scan of k steps.
     */
    readonly checkpoint: number
  }
  /** while (cond(consts…, carry…)) carry = body(consts…, carry…). Outputs: the last carry. */
  while: { readonly cond: Subgraph; readonly body: Subgraph; readonly consts: number }
  /** Inputs: 0-d bool, operands…. Runs `branches[0]` when true, else `branches[1]`. */
  cond: { readonly branches: readonly [Subgraph, Subgraph] }
  /**
   * The inputs themselves; merging, folding and fusion do not cross. With `gradient`, a point at which derivatives
   * take rules of their own: a marker that programs do not see.
   */
  barrier: { readonly gradient?: CustomGradient }
  /** An opaque host kernel with declared outputs. */
  call: { readonly kernel: HostKernel; readonly outputs: readonly Aval[]; readonly vjp: CallGradient | null }
  /** Output `index` of a primitive with several. */
  output: { readonly index: number }
}

export type Primitive = keyof Attributes

/** Gradient of a `call`: cotangents of its inputs (null where there is none). */
export type CallGradient = (
  inputs: readonly Node[],
  outputs: readonly Node[],
  cotangents: readonly (Node | null)[],
) => readonly (Node | null)[]

/** Derivatives of a `barrier` in place of the identity's. */
export interface CustomGradient {
  readonly vjp: CallGradient
  /** Tangents of the outputs (null: zero). Where it is null, forward mode is an error. */
  readonly jvp:
    | ((
        inputs: readonly Node[],
        outputs: readonly Node[],
        tangents: readonly (Node | null)[],
      ) => readonly (Node | null)[])
    | null
}

let nextId = 1

export class Node<P extends Primitive = Primitive> {
  readonly id: number = nextId++
  readonly op: P
  readonly attrs: Attributes[P]
  /** Emptied once the node is computed and no gradient needs them. */
  inputs: readonly Node[]
  /** One entry a result; nodes with several are read through `output` nodes. */
  readonly avals: readonly Aval[]
  /** A gradient may flow through this node. */
  readonly requiresGrad: boolean
  /** The longest path to a leaf or computed node, when built. */
  readonly depth: number
  /** The computed value, once there is one. */
  storage: Storage | null = null
  /** Set when `backward()` has consumed the graph below. */
  released = false

  constructor(
    op: P,
    attrs: Attributes[P],
    inputs: readonly Node[],
    avals: readonly Aval[],
    requiresGrad: boolean,
  ) {
    this.op = op
    this.attrs = attrs
    this.inputs = inputs
    this.avals = avals
    this.requiresGrad = requiresGrad
    let depth = 0
    for (const input of inputs) if (input.storage === null && input.depth >= depth) depth = input.depth + 1
    this.depth = depth
    announce(this)
  }

  get shape(): Shape {
    return this.avals[0].shape
  }

  get dtype(): DType {
    return this.avals[0].dtype
  }
}

/** Narrows a node to one primitive. */
export const isOp = <P extends Primitive>(node: Node, op: P): node is Node<P> => (node.op as Primitive) === op

/** Computed nodes are leaves: a walk does not go below them. */
export const inputsOf = (node: Node): readonly Node[] => (node.storage === null ? node.inputs : [])

/**
 * Every node that the roots need, inputs before users. Iterative: a chain of any length overflows no stack.
 * `inputs` says where to go from a node; by default computed nodes are leaves.
 */
export function topologicalOrder(
  roots: readonly Node[],
  inputs: (node: Node) => readonly Node[] = inputsOf,
): Node[] {
  const order: Node[] = []
  const seen = new Set<Node>()
  const nodes: Node[] = []
  const positions: number[] = []
  for (const root of roots) {
    if (seen.has(root)) continue
    seen.add(root)
    nodes.push(root)
    positions.push(0)
    while (nodes.length > 0) {
      const top = nodes.length - 1
      const node = nodes[top]
      const list = inputs(node)
      const position = positions[top]++
      if (position < list.length) {
        const next = list[position]
        if (!seen.has(next)) {
          seen.add(next)
          nodes.push(next)
          positions.push(0)
        }
      } else {
        nodes.pop()
        positions.pop()
        order.push(node)
      }
    }
  }
  return order
}

/** The value of a 0-d `const`, or null. */
export const constantValue = (node: Node): number | null => (isOp(node, 'const') ? node.attrs.value : null)

/** Fails loudly where a node must have a value. */
export function storageOf(node: Node): Storage {
  if (node.storage === null) throw new InternalError(`Node ${node.id} (${node.op}) has no value yet.`)
  return node.storage
}
