/**
 * Constructors of nodes. Each checks its inputs by the primitive's shape rule. They are strict: equal shapes, equal
 * dtypes, axes counted from the front; broadcasting, promotion and negative axes belong to `ops/`.
 */
import { type DType, isFloat } from '../core/dtype.js'
import { invertPermutation, range, type Shape, sameShape } from '../core/shape.js'
import type { Storage } from '../core/storage.js'
import * as self from './build.js'
import { shareGradientHooks } from './gradient-hooks.js'
import {
  type Attributes,
  type Aval,
  type CustomGradient,
  isOp,
  Node,
  type Primitive,
  type ScatterMode,
  type Subgraph,
  type WindowAttributes,
} from './node.js'
import { chunkedScan, withResiduals } from './primitives/scan-gradient.js'
import { primitives } from './primitives.js'
import { substitute as substituteNodes } from './rewrite.js'
import type { Builder, Rule } from './rule.js'

const builder: Builder = self

export const ruleOf = <P extends Primitive>(op: P): Rule<P> => primitives[op] as Rule<P>

let gradEnabled = true

/** Whether new nodes may require a gradient. */
export const isGradEnabled = (): boolean => gradEnabled

/** Runs `fn` with gradients on or off. */
export function withGradMode<T>(enabled: boolean, fn: () => T): T {
  const before = gradEnabled
  gradEnabled = enabled
  try {
    return fn()
  } finally {
    gradEnabled = before
  }
}

/** Rules may answer with an input itself; a node as an aval would keep everything below it alive. */
const avalOf = (x: Aval): Aval => (x instanceof Node ? x.avals[0] : x)

/** Builds a node of any primitive. */
export function make<P extends Primitive>(op: P, inputs: readonly Node[], attrs: Attributes[P]): Node<P> {
  const rule = ruleOf(op)
  const inferred = rule.infer(inputs, attrs)
  const avals: readonly Aval[] = Array.isArray(inferred) ? inferred.map(avalOf) : [avalOf(inferred as Aval)]
  let requiresGrad = false
  if (gradEnabled && rule.vjp !== 'none') {
    for (const x of inputs) if (x.requiresGrad) requiresGrad = true
    if (requiresGrad) requiresGrad = avals.some((a) => isFloat(a.dtype))
  }
  return new Node(op, attrs, inputs, avals, requiresGrad)
}

/** The same primitive and attributes over other inputs (which may have other shapes where the primitive allows). */
export function rebuild(node: Node, inputs: readonly Node[]): Node {
  const copy = isOp(node, 'output')
    ? output(inputs[0], node.attrs.index)
    : keepingStops(node, () => make(node.op, inputs, node.attrs))
  shareGradientHooks(node, copy)
  return copy
}

/** Runs `fn`, which builds `node` anew: where the gradient stopped at it (`noGrad`, `detach`), it stops again. */
export function keepingStops<T>(node: Node, fn: () => T): T {
  const stops = gradEnabled && !node.requiresGrad && node.inputs.some((x) => x.requiresGrad)
  return stops ? withGradMode(false, fn) : fn()
}

export const substitute = (roots: readonly Node[], replacements: ReadonlyMap<Node, Node>): Node[] =>
  substituteNodes(builder, roots, replacements)

// ---------------------------------------------------------------- leaves

export const constant = (value: number, dtype: DType): Node => make('const', [], { value, dtype })
export const scalar = (value: number, dtype: DType): Node => make('scalar', [], { value, dtype })
export const iota = (shape: Shape, axis: number, dtype: DType): Node =>
  make('iota', [], { shape, axis, dtype })
export const randomBits = (key: Node, shape: Shape): Node => make('randomBits', [key], { shape })

/** A computed value as a leaf. */
export function buffer(storage: Storage, shape: Shape, requiresGrad = false): Node<'buffer'> {
  const aval = { shape, dtype: storage.dtype }
  const node = new Node('buffer', aval, [], [aval], requiresGrad)
  node.storage = storage
  return node
}

/** A formal parameter. Float parameters require a gradient, so that bodies can be differentiated. */
export function placeholder(shape: Shape, dtype: DType): Node<'placeholder'> {
  const aval = { shape, dtype }
  return new Node('placeholder', aval, [], [aval], isFloat(dtype))
}

/** `value` everywhere. */
export function full(shape: Shape, value: number, dtype: DType): Node {
  const c = constant(value, dtype)
  return shape.length === 0
    ? c
    : expand(
        reshape(
          c,
          shape.map(() => 1),
        ),
        shape,
      )
}

/** `value` everywhere, like `x`. */
export const literal = (x: Aval, value: number, dtype: DType = x.dtype): Node => full(x.shape, value, dtype)

// ---------------------------------------------------------------- scalar maths

export const neg = (x: Node): Node => make('neg', [x], {})
export const abs = (x: Node): Node => make('abs', [x], {})
export const sign = (x: Node): Node => make('sign', [x], {})
export const exp = (x: Node): Node => make('exp', [x], {})
export const log = (x: Node): Node => make('log', [x], {})
export const expm1 = (x: Node): Node => make('expm1', [x], {})
export const log1p = (x: Node): Node => make('log1p', [x], {})
export const sqrt = (x: Node): Node => make('sqrt', [x], {})
export const sin = (x: Node): Node => make('sin', [x], {})
export const cos = (x: Node): Node => make('cos', [x], {})
export const tan = (x: Node): Node => make('tan', [x], {})
export const atan = (x: Node): Node => make('atan', [x], {})
export const tanh = (x: Node): Node => make('tanh', [x], {})
export const sigmoid = (x: Node): Node => make('sigmoid', [x], {})
export const erf = (x: Node): Node => make('erf', [x], {})
export const floor = (x: Node): Node => make('floor', [x], {})
export const ceil = (x: Node): Node => make('ceil', [x], {})
export const round = (x: Node): Node => make('round', [x], {})
export const trunc = (x: Node): Node => make('trunc', [x], {})
export const logicalNot = (x: Node): Node => make('logicalNot', [x], {})
export const bitNot = (x: Node): Node => make('bitNot', [x], {})
export const add = (x: Node, y: Node): Node => make('add', [x, y], {})
export const sub = (x: Node, y: Node): Node => make('sub', [x, y], {})
export const mul = (x: Node, y: Node): Node => make('mul', [x, y], {})
export const div = (x: Node, y: Node): Node => make('div', [x, y], {})
export const mod = (x: Node, y: Node): Node => make('mod', [x, y], {})
export const pow = (x: Node, y: Node): Node => make('pow', [x, y], {})
export const maximum = (x: Node, y: Node): Node => make('maximum', [x, y], {})
export const minimum = (x: Node, y: Node): Node => make('minimum', [x, y], {})
export const atan2 = (x: Node, y: Node): Node => make('atan2', [x, y], {})
export const eq = (x: Node, y: Node): Node => make('eq', [x, y], {})
export const lt = (x: Node, y: Node): Node => make('lt', [x, y], {})
export const le = (x: Node, y: Node): Node => make('le', [x, y], {})
export const and = (x: Node, y: Node): Node => make('and', [x, y], {})
export const or = (x: Node, y: Node): Node => make('or', [x, y], {})
export const xor = (x: Node, y: Node): Node => make('xor', [x, y], {})
export const shiftLeft = (x: Node, y: Node): Node => make('shiftLeft', [x, y], {})
export const shiftRight = (x: Node, y: Node): Node => make('shiftRight', [x, y], {})
export const where = (condition: Node, x: Node, y: Node): Node => make('where', [condition, x, y], {})
export const cast = (x: Node, dtype: DType): Node => (x.dtype === dtype ? x : make('cast', [x], { dtype }))
export const bitcast = (x: Node, dtype: DType): Node =>
  x.dtype === dtype ? x : make('bitcast', [x], { dtype })
export const stopGradient = (x: Node): Node => make('stopGradient', [x], {})

/** The value itself. With `requiresGrad` given, a new starting point for gradients (or none). */
export function alias(x: Node, requiresGrad?: boolean): Node {
  return requiresGrad === undefined
    ? make('alias', [x], {})
    : new Node('alias', {}, [x], [x.avals[0]], requiresGrad)
}

/** x + y where null counts as zero. */
export const addMaybe = (x: Node | null, y: Node | null): Node | null =>
  x === null ? y : y === null ? x : add(x, y)

// ---------------------------------------------------------------- movement

export const reshape = (x: Node, shape: Shape): Node =>
  sameShape(x.shape, shape) ? x : make('reshape', [x], { shape })
export const permute = (x: Node, axes: readonly number[]): Node =>
  axes.every((a, i) => a === i) ? x : make('permute', [x], { axes })
export const expand = (x: Node, shape: Shape): Node =>
  sameShape(x.shape, shape) ? x : make('expand', [x], { shape })
export const flip = (x: Node, axes: readonly number[]): Node =>
  axes.length === 0 ? x : make('flip', [x], { axes })
export const concat = (xs: readonly Node[], axis: number): Node =>
  xs.length === 1 ? xs[0] : make('concat', xs, { axis })

export function pad(
  x: Node,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[],
  value: number,
): Node {
  if ([low, high, interior].every((list) => list.every((n) => n === 0))) return x
  return make('pad', [x], { low, high, interior, value })
}

export function slice(
  x: Node,
  starts: readonly number[],
  stops: readonly number[],
  steps: readonly number[] = starts.map(() => 1),
): Node {
  const whole = starts.every((s, i) => s === 0 && stops[i] === x.shape[i] && steps[i] === 1)
  return whole ? x : make('slice', [x], { starts, stops, steps })
}

/** x[start:stop] along one axis. */
export const sliceAxis = (x: Node, axis: number, start: number, stop: number): Node =>
  slice(
    x,
    x.shape.map((_, i) => (i === axis ? start : 0)),
    x.shape.map((n, i) => (i === axis ? stop : n)),
  )

/** Moves one axis to another place. */
export function moveAxis(x: Node, from: number, to: number): Node {
  const axes = range(x.shape.length).filter((a) => a !== from)
  axes.splice(to, 0, from)
  return permute(x, axes)
}

/** The same value for each example of a batch: (…) → (size, …). */
export const expandBatch = (x: Node, size: number): Node =>
  expand(reshape(x, [1, ...x.shape]), [size, ...x.shape])

export const inverse = invertPermutation

// ---------------------------------------------------------------- reductions

export const reduceSum = (x: Node, axes: readonly number[]): Node =>
  axes.length === 0 ? x : make('reduceSum', [x], { axes })
/** Σ x·y over the axes, each product added without being rounded by itself. */
export const sumProducts = (x: Node, y: Node, axes: readonly number[]): Node =>
  axes.length === 0 ? mul(x, y) : make('reduceSum', [mul(x, y)], { axes, products: true })
export const reduceProd = (x: Node, axes: readonly number[]): Node =>
  axes.length === 0 ? x : make('reduceProd', [x], { axes })
export const reduceMax = (x: Node, axes: readonly number[]): Node =>
  axes.length === 0 ? x : make('reduceMax', [x], { axes })
export const reduceMin = (x: Node, axes: readonly number[]): Node =>
  axes.length === 0 ? x : make('reduceMin', [x], { axes })
export const argMax = (x: Node, axis: number): Node => make('argMax', [x], { axis })
export const argMin = (x: Node, axis: number): Node => make('argMin', [x], { axis })
export const cumSum = (x: Node, axis: number, reverse: boolean): Node =>
  make('cumSum', [x], { axis, reverse })
export const cumProd = (x: Node, axis: number, reverse: boolean): Node =>
  make('cumProd', [x], { axis, reverse })
export const cumMax = (x: Node, axis: number, reverse: boolean): Node =>
  make('cumMax', [x], { axis, reverse })

// ---------------------------------------------------------------- contractions, windows, indexing

export const contract = (x: Node, y: Node, attrs: Attributes['contract']): Node =>
  make('contract', [x, y], attrs)
export const conv = (x: Node, w: Node, attrs: Attributes['conv']): Node => make('conv', [x, w], attrs)

const windowOf = ({ size, stride, dilation }: WindowAttributes): WindowAttributes => ({
  size,
  stride,
  dilation,
})
export const window = (x: Node, attrs: Attributes['window']): Node =>
  make('window', [x], attrs.ofConv === true ? { ...windowOf(attrs), ofConv: true } : windowOf(attrs))
export const fold = (x: Node, attrs: Attributes['fold']): Node =>
  make('fold', [x], { ...windowOf(attrs), spatial: attrs.spatial })
export const windowReduce = (x: Node, attrs: Attributes['windowReduce']): Node[] =>
  outputs(make('windowReduce', [x], attrs))

export const gather = (x: Node, index: Node, axis: number): Node => make('gather', [x, index], { axis })
export const scatter = (x: Node, index: Node, updates: Node, axis: number, mode: ScatterMode): Node =>
  make('scatter', [x, index, updates], { axis, mode })
export const segmentSumCsr = (x: Node, offsets: Node): Node => make('segmentSumCsr', [x, offsets], {})
export const dynamicSlice = (x: Node, starts: readonly Node[], sizes: Shape): Node =>
  make('dynamicSlice', [x, ...starts], { sizes })
export const dynamicUpdate = (x: Node, update: Node, starts: readonly Node[]): Node =>
  make('dynamicUpdate', [x, update, ...starts], {})
export const sort = (xs: readonly Node[], axis: number, descending: boolean): Node[] =>
  outputs(make('sort', xs, { axis, descending }))

// ---------------------------------------------------------------- control

export interface ScanInputs {
  readonly consts: readonly Node[]
  readonly carry: readonly Node[]
  readonly xs: readonly Node[]
}

/** A loop; see the primitive. Returns the last carry and the stacked results. */
export function scan(
  body: Subgraph,
  { consts, carry, xs }: ScanInputs,
  options: { length: number; reverse?: boolean; checkpoint?: number },
): Node[] {
  const inputs = [...consts, ...carry, ...xs]
  const { length, reverse = false, checkpoint = 0 } = options
  const attrs = { length, consts: consts.length, carry: carry.length, reverse, checkpoint }
  // The rule checks the body as it was given, before anything is derived from it.
  const plain = make('scan', inputs, { ...attrs, body })
  if (!plain.requiresGrad) return outputs(plain)
  if (checkpoint > 1) return chunkedScan(builder, body, { consts, carry, xs }, length, reverse, checkpoint)
  const full = withResiduals(builder, body, {
    consts: consts.length,
    carry: carry.length,
    checkpointed: checkpoint > 0,
  })
  if (full === body) return outputs(plain)
  return outputs(make('scan', inputs, { ...attrs, body: full })).slice(0, body.results.length)
}

export const whileLoop = (cond: Subgraph, body: Subgraph, inputs: readonly Node[], consts: number): Node[] =>
  outputs(make('while', inputs, { cond, body, consts }))
export const cond = (
  predicate: Node,
  branches: readonly [Subgraph, Subgraph],
  operands: readonly Node[],
): Node[] => outputs(make('cond', [predicate, ...operands], { branches }))
export const barrier = (xs: readonly Node[], gradient?: CustomGradient): Node[] =>
  outputs(make('barrier', xs, gradient === undefined ? {} : { gradient }))
export const call = (inputs: readonly Node[], attrs: Attributes['call']): Node[] =>
  outputs(make('call', inputs, attrs))

/** Primitives whose results are always read through `output` nodes. */
const several: ReadonlySet<Primitive> = new Set<Primitive>([
  'windowReduce',
  'sort',
  'scan',
  'while',
  'cond',
  'barrier',
  'call',
])

export const hasSeveralOutputs = (node: Node): boolean => several.has(node.op)

const outputNodes = new WeakMap<Node, Node[]>()

/** The results of a node: itself, or its `output` nodes (the same ones each time). */
export function outputs(node: Node): Node[] {
  if (!several.has(node.op)) return [node]
  let list = outputNodes.get(node)
  if (list === undefined) {
    list = node.avals.map(
      (aval, index) =>
        new Node('output', { index }, [node], [aval], node.requiresGrad && isFloat(aval.dtype)),
    )
    outputNodes.set(node, list)
  }
  return list
}

export const output = (node: Node, index: number): Node => outputs(node)[index]
