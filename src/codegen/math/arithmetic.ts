/**
 * Short names for building expressions of one lane count: the notation that the expansions of `math.ts` are written
 * in.
 */
import type { BinaryOp, ComputeType, Expr, ExprBuilder, UnaryOp } from '../loop-ir.js'

export class Arithmetic {
  readonly e: ExprBuilder
  readonly lanes: number

  constructor(e: ExprBuilder, lanes: number) {
    this.e = e
    this.lanes = lanes
  }

  /** An f32 constant, in every lane. */
  f = (value: number): Expr => this.e.const(Math.fround(value), 'f32', this.lanes)
  /** An i32 constant, in every lane. */
  i = (value: number): Expr => this.e.const(value | 0, 'i32', this.lanes)
  /** A constant of any type; i64 ones are bigints. */
  value = (value: number, type: ComputeType): Expr =>
    this.e.const(
      type === 'i64' ? BigInt(value) : type === 'f32' ? Math.fround(value) : value,
      type,
      this.lanes,
    )

  unary = (op: UnaryOp, x: Expr): Expr => this.e.unary(op, x)
  binary = (op: BinaryOp, x: Expr, y: Expr): Expr => this.e.binary(op, x, y)
  add = (x: Expr, y: Expr): Expr => this.e.binary('add', x, y)
  sub = (x: Expr, y: Expr): Expr => this.e.binary('sub', x, y)
  mul = (x: Expr, y: Expr): Expr => this.e.binary('mul', x, y)
  div = (x: Expr, y: Expr): Expr => this.e.binary('div', x, y)
  /** x·y + z, rounded once where the target can. */
  mulAdd = (x: Expr, y: Expr, z: Expr): Expr => this.e.mulAdd(x, y, z)
  abs = (x: Expr): Expr => this.e.unary('abs', x)
  neg = (x: Expr): Expr => this.e.unary('neg', x)
  eq = (x: Expr, y: Expr): Expr => this.e.binary('eq', x, y)
  ne = (x: Expr, y: Expr): Expr => this.e.binary('ne', x, y)
  lt = (x: Expr, y: Expr): Expr => this.e.binary('lt', x, y)
  le = (x: Expr, y: Expr): Expr => this.e.binary('le', x, y)
  and = (x: Expr, y: Expr): Expr => this.e.binary('and', x, y)
  or = (x: Expr, y: Expr): Expr => this.e.binary('or', x, y)
  xor = (x: Expr, y: Expr): Expr => this.e.binary('xor', x, y)
  not = (x: Expr): Expr => this.e.unary('not', x)
  select = (condition: Expr, then: Expr, otherwise: Expr): Expr => this.e.select(condition, then, otherwise)
  /** Bits of an f32 as i32. */
  bits = (x: Expr): Expr => this.e.bitcast(x, 'i32')
  /** The f32 with these bits. */
  fromBits = (x: Expr): Expr => this.e.bitcast(x, 'f32')
  shl = (x: Expr, by: number): Expr => this.e.binary('shl', x, this.i(by))
  shrU = (x: Expr, by: number): Expr => this.e.binary('shrU', x, this.i(by))
  shrS = (x: Expr, by: number): Expr => this.e.binary('shrS', x, this.i(by))

  /** Clamps to low…high; NaN stays NaN, which the order of the operands of min and max decides. */
  clamp = (x: Expr, low: number, high: number): Expr =>
    this.e.binary('min', this.f(high), this.e.binary('max', x, this.f(low)))

  /** coefficients[0] + coefficients[1]·x + … by Horner's rule. */
  polynomial = (x: Expr, coefficients: readonly number[]): Expr => {
    let sum = this.f(coefficients[coefficients.length - 1])
    for (let i = coefficients.length - 2; i >= 0; i--)
      sum = this.add(this.mul(sum, x), this.f(coefficients[i]))
    return sum
  }

  /**
   * The same polynomial by Horner's rule in x² (given as `square`) over pairs of coefficients: as many steps, of which half
   * wait for each other. A processor has only so many instructions in view.
   */
  paired = (x: Expr, square: Expr, coefficients: readonly number[]): Expr => {
    const pair = (i: number): Expr =>
      i + 1 === coefficients.length
        ? this.f(coefficients[i])
        : this.mulAdd(this.f(coefficients[i + 1]), x, this.f(coefficients[i]))
    let i = coefficients.length - 1 - ((coefficients.length - 1) % 2)
    let sum = pair(i)
    while (i > 0) {
      i -= 2
      sum = this.mulAdd(sum, square, pair(i))
    }
    return sum
  }

  /** The magnitude of x with the sign of `sign`. */
  withSignOf = (magnitude: Expr, sign: Expr): Expr =>
    this.fromBits(this.or(this.bits(magnitude), this.and(this.bits(sign), this.i(0x80000000))))
}

/** Applies a function of scalars lane by lane. */
export function perLane(
  e: ExprBuilder,
  inputs: readonly Expr[],
  f: (scalars: readonly Expr[]) => Expr,
): Expr {
  const [{ lanes }] = inputs
  if (lanes === 1) return f(inputs)
  if (inputs.every((x) => x.kind === 'splat')) {
    return e.splat(f(inputs.map((x) => (x.kind === 'splat' ? scalarOf(x.value) : x))), lanes)
  }
  const values: Expr[] = []
  for (let lane = 0; lane < lanes; lane++) values.push(f(inputs.map((x) => e.lane(x, lane))))
  return e.vector(values)
}

const scalarOf = (x: Expr): Expr => (x.kind === 'splat' ? scalarOf(x.value) : x)
