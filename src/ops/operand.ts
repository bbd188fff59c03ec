/**
 * What every derived operation does to its arguments first: PyTorch's dtype promotion, then broadcasting. JavaScript
 * numbers are weakly typed and become `scalar` nodes, inputs of the program rather than part of its identity.
 */
import { type DType, isFloat, promote } from '../core/dtype.js'
import { DTypeError, ShapeError } from '../core/errors.js'
import { broadcastShapes, formatShape, type Shape, sameShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import { Node } from '../ir/node.js'

/** An argument of an element-wise operation. */
export type Operand = Node | number | boolean

export const isNode = (x: unknown): x is Node => x instanceof Node

/** The dtype a JavaScript value has before promotion: integers i64, other numbers f32, booleans bool. */
const wrappedDType = (x: number | boolean): DType =>
  typeof x === 'boolean' ? 'bool' : Number.isInteger(x) ? 'i64' : 'f32'

const join = (a: DType | undefined, c: DType): DType => (a === undefined ? c : promote(a, c))

/** A higher-priority group keeps its dtype unless the lower one is of a higher category. */
function combine(higher: DType | undefined, lower: DType | undefined): DType | undefined {
  if (higher === undefined || lower === undefined) return higher ?? lower
  if (isFloat(higher)) return higher
  return higher === 'bool' || isFloat(lower) ? promote(higher, lower) : higher
}

/**
 * The dtype of an operation on these arguments (`torch.result_type`). Tensors with axes come before 0-d tensors, and
 * those before numbers: a later group only raises the category (bool < integer < float).
 */
export function resultType(...operands: readonly Operand[]): DType {
  let dimensioned: DType | undefined
  let zeroDim: DType | undefined
  let wrapped: DType | undefined
  for (const x of operands) {
    if (!isNode(x)) wrapped = join(wrapped, wrappedDType(x))
    else if (x.shape.length > 0) dimensioned = join(dimensioned, x.dtype)
    else zeroDim = join(zeroDim, x.dtype)
  }
  return combine(dimensioned, combine(zeroDim, wrapped)) ?? 'f32'
}

/** The argument as a node of `dtype`. */
export const lift = (x: Operand, dtype: DType): Node =>
  isNode(x) ? b.cast(x, dtype) : b.scalar(Number(x), dtype)

/** `x` stretched to `shape`, with new axes of size 1 in front where the rank is smaller. */
export function stretch(x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x
  const missing = shape.length - x.shape.length
  return b.expand(missing > 0 ? b.reshape(x, [...new Array<number>(missing).fill(1), ...x.shape]) : x, shape)
}

export const shapeOf = (x: Operand): Shape => (isNode(x) ? x.shape : [])

/** Two arguments as nodes of one dtype and one shape. `dtype` overrides promotion. */
export function pair(operation: string, x: Operand, y: Operand, dtype?: DType): [Node, Node] {
  if (isNode(x) && isNode(y) && x.dtype === y.dtype && (dtype === undefined || dtype === x.dtype)) {
    if (sameShape(x.shape, y.shape)) return [x, y]
  }
  const type = dtype ?? resultType(x, y)
  const shape = broadcastShapes(shapeOf(x), shapeOf(y), operation)
  return [stretch(lift(x, type), shape), stretch(lift(y, type), shape)]
}

/** Nodes stretched to their common shape; dtypes stay. */
export function broadcastTogether(operation: string, ...xs: readonly Node[]): Node[] {
  let shape: Shape = []
  for (const x of xs) shape = broadcastShapes(shape, x.shape, operation)
  return xs.map((x) => stretch(x, shape))
}

/** The float dtype that a floating-point function of `dtype` returns: integers and bool become f32. */
export const floatType = (dtype: DType): DType => (isFloat(dtype) ? dtype : 'f32')

/** Integers and bool as f32, floats as they are. */
export const toFloat = (x: Node): Node => b.cast(x, floatType(x.dtype))

/** The dtype in which sums of `dtype` run: half types add in f32. */
export const accumulationType = (dtype: DType): DType => (dtype === 'f16' || dtype === 'bf16' ? 'f32' : dtype)

/** Runs `fn` in the accumulation dtype and rounds once at the end, as PyTorch's kernels do for half types. */
export function inAccumulationType(x: Node, fn: (x: Node) => Node): Node {
  const wide = accumulationType(x.dtype)
  return wide === x.dtype ? fn(x) : b.cast(fn(b.cast(x, wide)), x.dtype)
}

export function requireFloat(operation: string, x: Node): void {
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`${operation}: expected float elements, got ${x.dtype}. Cast first with .to('f32').`)
  }
}

export function requireSameDType(operation: string, x: Node, y: Node): void {
  if (x.dtype !== y.dtype) {
    throw new DTypeError(
      `${operation}: expected equal dtypes, got ${x.dtype} and ${y.dtype}. Cast one of them, for example with .to('${promote(x.dtype, y.dtype)}').`,
    )
  }
}

export function requireRank(operation: string, x: Node, least: number, most = least, layout = ''): void {
  const rank = x.shape.length
  if (rank < least || rank > most) {
    const expected =
      least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`
    throw new ShapeError(
      `${operation}: expected a tensor of rank ${expected}${layout === '' ? '' : ` ${layout}`}, got shape ${formatShape(x.shape)}.`,
    )
  }
}

/** A literal of the library, stretched like `x`. */
export const like = (x: Node, value: number): Node => b.literal(x, value)

/** x + value, x · value, … with a literal of the library. */
export const addLiteral = (x: Node, value: number): Node => b.add(x, b.literal(x, value))
export const mulLiteral = (x: Node, value: number): Node => b.mul(x, b.literal(x, value))
export const divLiteral = (x: Node, value: number): Node => b.div(x, b.literal(x, value))
