/**
 * Evaluates loop-IR expressions in plain JavaScript, one lane at a time, with exact f32 rounding: the slow and obvious
 * meaning of the IR that tests compare against.
 */
import { erf } from '../../src/backend/reference/scalar.js'
import type { Atom, Index } from '../../src/codegen/index-expression.js'
import type { BinaryOp, ComputeType, Expr, IndexRange, Register, UnaryOp } from '../../src/codegen/loop-ir.js'
import { fromBf16Bits, toBf16Bits } from '../../src/core/dtype.js'

/** One value a lane: numbers, bigints for i64, 0/1 for bool. */
export type Value = (number | bigint)[]

export interface Environment {
  loop(id: number): number
  register(register: Register): Value
  load(buffer: number, at: number, stride: number, lanes: number): Value
  /** `mulAdd` rounds once. */
  readonly fused?: boolean
}

/** No variables, registers or buffers. */
export const emptyEnvironment: Environment = {
  loop: (id) => missing(`loop variable ${id}`),
  register: (r) => missing(`register ${r.name}`),
  load: (buffer) => missing(`buffer ${buffer}`),
}

function missing(what: string): never {
  throw new Error(`Interpreter: no value for ${what}.`)
}

export function evaluateIndex(index: Index, env: Environment): number {
  let sum = index.offset
  for (const { atom, coefficient } of index.terms) sum += coefficient * evaluateAtom(atom, env)
  return sum
}

function evaluateAtom(atom: Atom, env: Environment): number {
  switch (atom.kind) {
    case 'loop':
      return env.loop(atom.id)
    case 'quotient':
      return Math.floor(evaluateIndex(atom.of, env) / atom.by)
    case 'remainder': {
      const of = evaluateIndex(atom.of, env)
      return of - Math.floor(of / atom.by) * atom.by
    }
    case 'bounded': {
      const value = evaluateIndex(atom.of, env)
      if (value < atom.low || value > atom.high)
        throw new Error(`Interpreter: ${value} outside bounded ${atom.low}…${atom.high}.`)
      return value
    }
    case 'dynamic': {
      const value = Number(evaluate(atom.value, env)[0])
      if (value < atom.low || value > atom.high)
        throw new Error(`Interpreter: ${value} outside dynamic ${atom.low}…${atom.high}.`)
      return value
    }
  }
}

export const holds = (ranges: readonly IndexRange[], env: Environment): boolean =>
  ranges.every(({ index, low, high }) => {
    const value = evaluateIndex(index, env)
    return value >= low && value <= high
  })

/** The bits of x as bf16, denormals as 0. */
const flushedBf16 = (x: number): number => (Math.abs(x) < 2 ** -126 ? 0 : toBf16Bits(x))

const bytes = new DataView(new ArrayBuffer(8))

function roundTo(type: ComputeType, value: number | bigint | boolean): number | bigint {
  if (type === 'i64') return BigInt.asIntN(64, value as bigint)
  const n = Number(value)
  return type === 'f32' ? Math.fround(n) : type === 'f64' ? n : type === 'i32' ? n | 0 : n !== 0 ? 1 : 0
}

/** Round to nearest, ties to even; keeps −0. */
function nearest(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x
  const whole = Math.floor(x)
  const rest = x - whole
  const up = rest > 0.5 || (rest === 0.5 && whole % 2 !== 0)
  const y = up ? whole + 1 : whole
  return y === 0 && (x < 0 || Object.is(x, -0)) ? -0 : y
}

function unary(op: UnaryOp, type: ComputeType, x: number | bigint): number | bigint {
  if (typeof x === 'bigint') {
    if (op === 'neg') return -x
    if (op === 'abs') return x < 0n ? -x : x
    if (op === 'not') return ~x
    throw new Error(`Interpreter: ${op} of i64.`)
  }
  switch (op) {
    case 'neg':
      return -x
    case 'not':
      return type === 'bool' ? 1 - x : ~x
    case 'nearest':
      return nearest(x)
    case 'abs':
    case 'sqrt':
    case 'floor':
    case 'ceil':
    case 'trunc':
      return Math[op](x)
    case 'hostErf':
      return erf(x)
    default: {
      const name = (op.charAt(4).toLowerCase() + op.slice(5)) as 'exp'
      return Math[name](x)
    }
  }
}

function bigBinary(op: BinaryOp, x: bigint, y: bigint): bigint | boolean {
  switch (op) {
    case 'add':
      return x + y
    case 'sub':
      return x - y
    case 'mul':
      return x * y
    case 'div':
      return y === 0n ? 0n : x / y
    case 'rem':
      return y === 0n ? 0n : x % y
    case 'min':
      return x < y ? x : y
    case 'max':
      return x < y ? y : x
    case 'and':
      return x & y
    case 'or':
      return x | y
    case 'xor':
      return x ^ y
    case 'shl':
      return x << (y & 63n)
    case 'shrS':
      return x >> (y & 63n)
    case 'shrU':
      return BigInt.asUintN(64, x) >> (y & 63n)
    case 'eq':
      return x === y
    case 'ne':
      return x !== y
    case 'lt':
      return x < y
    case 'le':
      return x <= y
    default:
      throw new Error(`Interpreter: ${op} of i64.`)
  }
}

function binary(op: BinaryOp, type: ComputeType, x: number, y: number): number | boolean {
  const integer = type === 'i32'
  switch (op) {
    case 'add':
      return x + y
    case 'sub':
      return x - y
    case 'mul':
      return integer ? Math.imul(x, y) : x * y
    case 'div':
      return integer ? (y === 0 ? 0 : Math.trunc(x / y)) : x / y
    case 'rem':
      return y === 0 ? 0 : x % y
    case 'min':
      // Not Math.min and Math.max: NaN and the order of operands matter.
      return x < y ? x : y
    case 'max':
      // Not Math.min and Math.max: NaN and the order of operands matter.
      return x < y ? y : x
    case 'and':
      return x & y
    case 'or':
      return x | y
    case 'xor':
      return x ^ y
    case 'shl':
      return x << y
    case 'shrS':
      return x >> y
    case 'shrU':
      return x >>> y
    case 'eq':
      return x === y
    case 'ne':
      return x !== y
    case 'lt':
      return x < y
    case 'le':
      return x <= y
    case 'hostPow':
      return x ** y
    case 'hostAtan2':
      return Math.atan2(x, y)
    case 'hostMod':
      return x % y
  }
}

const saturate = (x: number, bits: number): number =>
  Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), -(2 ** (bits - 1))), 2 ** (bits - 1) - 1)

function convert(x: number | bigint, from: ComputeType, to: ComputeType): number | bigint {
  if (to === 'bool') return Number(x) !== 0 ? 1 : 0
  if (to === 'i64') {
    if (typeof x === 'bigint') return x
    if (from === 'i32' || from === 'bool') return BigInt(x)
    if (Number.isNaN(x)) return 0n
    if (x >= 2 ** 63) return 2n ** 63n - 1n
    if (x <= -(2 ** 63)) return -(2n ** 63n)
    return BigInt(Math.trunc(x))
  }
  if (to === 'i32') {
    if (typeof x === 'bigint') return Number(BigInt.asIntN(32, x))
    return from === 'bool' ? x : saturate(x, 32)
  }
  return roundTo(to, Number(x))
}

function bitcast(x: number | bigint, from: ComputeType, to: ComputeType): number | bigint {
  if (from === 'f32') bytes.setFloat32(0, x as number)
  else if (from === 'i32') bytes.setInt32(0, x as number)
  else if (from === 'f64') bytes.setFloat64(0, x as number)
  else bytes.setBigInt64(0, x as bigint)
  if (to === 'f32') return bytes.getFloat32(0)
  if (to === 'i32') return bytes.getInt32(0)
  return to === 'f64' ? bytes.getFloat64(0) : bytes.getBigInt64(0)
}

/** The value of an expression, a lane each. `memo` shares what is common to several expressions of one moment. */
export function evaluate(expr: Expr, env: Environment, memo = new Map<number, Value>()): Value {
  const known = memo.get(expr.id)
  if (known !== undefined) return known
  const value = compute(expr, env, memo)
  if (value.length !== expr.lanes)
    throw new Error(`Interpreter: ${expr.kind} has ${value.length} lanes, not ${expr.lanes}.`)
  memo.set(expr.id, value)
  return value
}

function zip(op: BinaryOp, operands: ComputeType, result: ComputeType, x: Value, y: Value): Value {
  if (operands === 'i64') return x.map((v, i) => roundTo(result, bigBinary(op, v as bigint, y[i] as bigint)))
  return x.map((v, i) => roundTo(result, binary(op, operands, v as number, y[i] as number)))
}

function compute(expr: Expr, env: Environment, memo: Map<number, Value>): Value {
  const of = (e: Expr): Value => evaluate(e, env, memo)
  const { type } = expr
  switch (expr.kind) {
    case 'const':
      return [roundTo(type, type === 'i64' ? BigInt(expr.value) : expr.value)]
    case 'index':
      return [evaluateIndex(expr.index, env)]
    case 'ramp': {
      const start = evaluateIndex(expr.index, env)
      return Array.from({ length: expr.lanes }, (_, i) => start + i * expr.step)
    }
    case 'load': {
      const read = env.load(expr.buffer, evaluateIndex(expr.index, env), expr.stride, expr.active)
      // What is not read is 0.
      const zero = expr.type === 'i64' ? 0n : 0
      return [...read, ...new Array<number | bigint>(expr.lanes - expr.active).fill(zero)]
    }
    case 'splat':
      return new Array<number | bigint>(expr.lanes).fill(of(expr.value)[0])
    case 'vector':
      return expr.values.map((v) => of(v)[0])
    case 'unary':
      return of(expr.value).map((x) => roundTo(type, unary(expr.op, expr.value.type, x)))
    case 'binary':
      return zip(expr.op, expr.left.type, type, of(expr.left), of(expr.right))
    case 'pair': {
      const high = of(expr.high)
      return of(expr.low).map((x, i) => flushedBf16(Number(x)) | (flushedBf16(Number(high[i])) << 16))
    }
    case 'dotPairs': {
      const [b, c] = [of(expr.b), of(expr.c)]
      return of(expr.a).map((x, i) => {
        const [p, q] = [Number(x), Number(b[i])]
        const upper = Math.fround(Number(c[i]) + fromBf16Bits(p >>> 16) * fromBf16Bits(q >>> 16))
        return Math.fround(upper + fromBf16Bits(p & 0xffff) * fromBf16Bits(q & 0xffff))
      })
    }
    case 'mulAdd': {
      const [b, c] = [of(expr.b), of(expr.c)]
      return of(expr.a).map((x, i) => {
        // The product of two f32 is exact in f64; the sum is rounded to f64 first, which hardly ever matters.
        const exact = (x as number) * (b[i] as number)
        const product = env.fused === true ? exact : (roundTo(type, exact) as number)
        return roundTo(type, product + (c[i] as number))
      })
    }
    case 'select': {
      const [then, otherwise] = [of(expr.then), of(expr.else)]
      return of(expr.condition).map((c, i) => (c ? then[i] : otherwise[i]))
    }
    case 'convert':
      return of(expr.value).map((x) => convert(x, expr.value.type, type))
    case 'bitcast':
      return of(expr.value).map((x) => bitcast(x, expr.value.type, type))
    case 'register':
      return env.register(expr.register)
    case 'combine': {
      let values = of(expr.value)
      while (values.length > 1) {
        const half = values.length / 2
        values = zip(expr.op, type, type, values.slice(0, half), values.slice(half))
      }
      return values
    }
    case 'shuffle': {
      const both = [...of(expr.left), ...of(expr.right)]
      return expr.pattern.map((from) => both[from])
    }
    case 'permute': {
      const value = of(expr.value)
      return expr.pattern.map((from) => value[from])
    }
    case 'lane':
      return [of(expr.value)[expr.lane]]
    case 'guard':
      return holds(expr.ranges, env) ? of(expr.then) : of(expr.otherwise)
  }
}
