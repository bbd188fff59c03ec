/** Expressions of the loop IR as WebAssembly: each leaves its value on the stack. */
import { InternalError } from '../../../core/errors.js'
import type { BinaryOp, ComputeType, Expr, IndexRange, UnaryOp } from '../../loop-ir.js'
import { type HostFunction, hostFunctions, type KernelContext, valueType } from './kernel-context.js'
import { writeLoad } from './memory-access.js'
import type { PlainOp } from './opcodes.js'

const bitsOf = new DataView(new ArrayBuffer(4))

/** The 32 bits that a constant has in a vector lane. */
function laneBits(type: ComputeType, value: number | bigint): number {
  if (type === 'bool') return Number(value) !== 0 ? -1 : 0
  if (type === 'f32') bitsOf.setFloat32(0, Number(value))
  else bitsOf.setInt32(0, Number(BigInt.asIntN(32, BigInt(value))))
  return bitsOf.getInt32(0)
}

function writeConst(c: KernelContext, type: ComputeType, value: number | bigint): void {
  switch (type) {
    case 'f32':
      c.f.f32(Number(value))
      return
    case 'f64':
      c.f.f64(Number(value))
      return
    case 'i32':
      c.f.i32(Number(BigInt.asIntN(32, BigInt(value))))
      return
    case 'i64':
      c.f.i64(BigInt(value))
      return
    case 'bool':
      c.f.i32(Number(value) !== 0 ? 1 : 0)
      return
  }
}

export function writeValue(c: KernelContext, e: Expr): void {
  const { f } = c
  const vector = e.lanes > 1
  switch (e.kind) {
    case 'const':
      writeConst(c, e.type, e.value)
      return
    case 'index':
      c.index(e.index)
      return
    case 'ramp':
      c.index(e.index)
      f.op('i32x4.splat')
      f.v128([0, e.step, 2 * e.step, 3 * e.step])
      f.op('i32x4.add')
      return
    case 'load':
      writeLoad(c, e)
      return
    case 'splat':
      writeSplat(c, e)
      return
    case 'vector':
      if (e.values.every((v) => v.kind === 'const')) {
        const [x, y, z, w] = e.values.map((v) => (v.kind === 'const' ? laneBits(e.type, v.value) : 0))
        f.v128([x, y, z, w])
        return
      }
      e.values.forEach((value, lane) => {
        c.value(value)
        const shape = e.type === 'f32' ? 'f32x4' : 'i32x4'
        if (lane === 0) f.op(`${shape}.splat`)
        else f.lane(`${shape}.replace_lane`, lane)
      })
      if (e.type === 'bool') f.op('i32x4.neg')
      return
    case 'unary':
      c.value(e.value)
      writeUnary(c, e.op, e.type, vector)
      return
    case 'binary':
      writeBinary(c, e)
      return
    case 'mulAdd':
      writeMulAdd(c, e)
      return
    case 'pair':
    case 'dotPairs':
      unsupported(e.kind)
      break
    case 'select':
      c.value(e.then)
      c.value(e.else)
      c.value(e.condition)
      f.op(e.condition.lanes > 1 ? 'v128.bitselect' : 'select')
      return
    case 'convert':
      c.value(e.value)
      writeConvert(c, e.value.type, e.type, vector)
      return
    case 'bitcast':
      c.value(e.value)
      if (!vector)
        f.op(bitcasts[`${e.value.type} ${e.type}`] ?? unsupported(`bitcast of ${e.value.type} to ${e.type}`))
      return
    case 'register':
      f.get(c.register(e.register))
      return
    case 'combine':
      writeCombine(c, e)
      return
    case 'shuffle':
      c.value(e.left)
      c.value(e.right)
      f.shuffle(e.pattern.flatMap((from) => [0, 1, 2, 3].map((byte) => 4 * from + byte)))
      return
    case 'permute': {
      const t = c.temporary('v128')
      c.value(e.value)
      f.tee(t)
      f.get(t)
      f.shuffle(e.pattern.flatMap((from) => [0, 1, 2, 3].map((byte) => 4 * from + byte)))
      return
    }
    case 'lane':
      c.value(e.value)
      f.lane(e.type === 'f32' ? 'f32x4.extract_lane' : 'i32x4.extract_lane', e.lane)
      if (e.type === 'bool') {
        f.i32(1)
        f.op('i32.and')
      }
      return
    case 'guard':
      writeRanges(c, e.ranges)
      f.if(valueType(e.type, e.lanes))
      c.value(e.then)
      f.else()
      c.value(e.otherwise)
      f.end()
      return
  }
}

function unsupported(what: string): never {
  throw new InternalError(`WebAssembly: no code for ${what}.`)
}

/** 1 where every index lies in its range: low ≤ i ≤ high as one unsigned comparison each. */
export function writeRanges(c: KernelContext, ranges: readonly IndexRange[]): void {
  const { f } = c
  if (ranges.length === 0) f.i32(1)
  ranges.forEach(({ index, low, high }, i) => {
    if (high < low) f.i32(0)
    else {
      c.index({ terms: index.terms, offset: index.offset - low })
      f.i32(high - low)
      f.op('i32.le_u')
    }
    if (i > 0) f.op('i32.and')
  })
}

function writeSplat(c: KernelContext, e: Extract<Expr, { kind: 'splat' }>): void {
  const { f } = c
  const { value } = e
  valueType(e.type, e.lanes)
  if (value.kind === 'const') {
    const bits = laneBits(e.type, value.value)
    f.v128([bits, bits, bits, bits])
    return
  }
  if (value.kind === 'load') {
    const { dtype } = c.kernel.buffers[value.buffer]
    if (dtype === 'f32' || dtype === 'i32') {
      const offset = c.address(value.buffer, value.index)
      f.memory('v128.load32_splat', offset)
      return
    }
  }
  if (e.type === 'bool') {
    f.i32(0)
    c.value(value)
    f.op('i32.sub')
  } else c.value(value)
  f.op(e.type === 'f32' ? 'f32x4.splat' : 'i32x4.splat')
}

const isHost = (op: string): op is HostFunction => (hostFunctions as readonly string[]).includes(op)

function writeUnary(c: KernelContext, op: UnaryOp, type: ComputeType, vector: boolean): void {
  const { f } = c
  if (isHost(op)) {
    f.call(c.helpers.host(op), op)
    return
  }
  if (op === 'not') {
    if (vector) {
      f.op('v128.not')
      return
    }
    if (type === 'bool') {
      f.op('i32.eqz')
      return
    }
    if (type === 'i64') {
      f.i64(-1n)
      f.op('i64.xor')
      return
    }
    f.i32(-1)
    f.op('i32.xor')
    return
  }
  if (type === 'f32' || type === 'f64') {
    f.op(`${vector ? 'f32x4' : type}.${op}` as PlainOp)
    return
  }
  if (op !== 'neg' && op !== 'abs') unsupported(`${op} of ${type}`)
  if (vector) {
    f.op(op === 'neg' ? 'i32x4.neg' : 'i32x4.abs')
    return
  }
  const wide = type === 'i64'
  const t = c.temporary(wide ? 'i64' : 'i32')
  const at = wide ? 'i64' : 'i32'
  if (op === 'neg') {
    f.set(t)
    if (wide) f.i64(0n)
    else f.i32(0)
    f.get(t)
    f.op(`${at}.sub`)
    return
  }
  // |x| = (x ^ s) - s with s = x >> (width - 1)
  const sign = c.temporary(at, 1)
  f.tee(t)
  f.get(t)
  if (wide) f.i64(63n)
  else f.i32(31)
  f.op(`${at}.shr_s`)
  f.tee(sign)
  f.op(`${at}.xor`)
  f.get(sign)
  f.op(`${at}.sub`)
}

const comparisons: Partial<Record<BinaryOp, true>> = { eq: true, ne: true, lt: true, le: true }

/** Bools compute as numbers and keep whether the result is 0. */
const boolArithmetic: Partial<Record<BinaryOp, 'or' | 'and' | 'xor'>> = { add: 'or', mul: 'and', sub: 'xor' }

function writeBinary(c: KernelContext, e: Extract<Expr, { kind: 'binary' }>): void {
  const { f } = c
  const { op } = e
  const { type } = e.left
  const vector = e.lanes > 1
  if (vector && (op === 'shl' || op === 'shrU' || op === 'shrS')) {
    writeVectorShift(c, e)
    return
  }
  if (op === 'min' && vector && type === 'f32') {
    // a < b ? a : b is pmin with its operands exchanged.
    c.value(e.right)
    c.value(e.left)
    f.op('f32x4.pmin')
    return
  }
  c.value(e.left)
  c.value(e.right)
  if (isHost(op)) {
    f.call(c.helpers.host(op), op)
    return
  }
  if (comparisons[op]) {
    writeComparison(c, op, type, vector)
    return
  }
  if (op === 'min' || op === 'max') {
    writeExtreme(c, op, type, vector)
    return
  }
  if (op === 'div' || op === 'rem') {
    writeDivision(c, e)
    return
  }
  if (op === 'and' || op === 'or' || op === 'xor') {
    f.op(vector ? `v128.${op}` : type === 'i64' ? `i64.${op}` : `i32.${op}`)
    return
  }
  if (op === 'shl' || op === 'shrU' || op === 'shrS') {
    const name = op === 'shl' ? 'shl' : op === 'shrU' ? 'shr_u' : 'shr_s'
    f.op(`${type === 'i64' ? 'i64' : 'i32'}.${name}`)
    return
  }
  if (type === 'bool') {
    const bits = boolArithmetic[op] ?? unsupported(`${op} of bool`)
    f.op(vector ? `v128.${bits}` : `i32.${bits}`)
    return
  }
  f.op(`${vector ? (type === 'f32' ? 'f32x4' : 'i32x4') : type}.${op}` as PlainOp)
}

function writeVectorShift(c: KernelContext, e: Extract<Expr, { kind: 'binary' }>): void {
  const { f } = c
  c.value(e.left)
  if (e.right.kind === 'splat') c.value(e.right.value)
  else {
    c.value(e.right)
    f.lane('i32x4.extract_lane', 0)
  }
  f.op(e.op === 'shl' ? 'i32x4.shl' : e.op === 'shrU' ? 'i32x4.shr_u' : 'i32x4.shr_s')
}

function writeComparison(c: KernelContext, op: BinaryOp, type: ComputeType, vector: boolean): void {
  const ordered = op === 'lt' || op === 'le'
  if (type === 'f32' || type === 'f64') {
    c.f.op(`${vector ? 'f32x4' : type}.${op}` as PlainOp)
    return
  }
  // Masks are all ones, so that unsigned order puts true above false in both forms.
  const suffix = ordered ? (type === 'bool' ? '_u' : '_s') : ''
  c.f.op(`${vector ? 'i32x4' : type === 'i64' ? 'i64' : 'i32'}.${op}${suffix}` as PlainOp)
}

function writeExtreme(c: KernelContext, op: 'min' | 'max', type: ComputeType, vector: boolean): void {
  const { f } = c
  if (vector) {
    if (type === 'f32') {
      f.op('f32x4.pmax')
      return
    }
    if (type === 'bool') {
      f.op(op === 'min' ? 'v128.and' : 'v128.or')
      return
    }
    f.op(op === 'min' ? 'i32x4.min_s' : 'i32x4.max_s')
    return
  }
  if (type === 'bool') {
    f.op(op === 'min' ? 'i32.and' : 'i32.or')
    return
  }
  const a = c.temporary(type, 0)
  const b = c.temporary(type, 1)
  f.set(b)
  f.set(a)
  f.get(op === 'min' ? a : b)
  f.get(op === 'min' ? b : a)
  f.get(a)
  f.get(b)
  f.op(type === 'f32' || type === 'f64' ? `${type}.lt` : `${type}.lt_s`)
  f.op('select')
}

function writeDivision(c: KernelContext, e: Extract<Expr, { kind: 'binary' }>): void {
  const { f } = c
  const { op, type, right } = e
  if (type === 'f32' || type === 'f64') {
    if (op === 'rem') unsupported('rem of floats')
    f.op(e.lanes > 1 ? 'f32x4.div' : `${type}.div`)
    return
  }
  if (e.lanes > 1 || type === 'bool') unsupported(`${op} of ${type} with ${e.lanes} lanes`)
  const known = right.kind === 'const' ? BigInt(right.value) : null
  const instruction = `${type}.${op}_s` as PlainOp
  if (known !== null && known !== 0n && known !== -1n) {
    f.op(instruction)
    return
  }
  const constant = (value: number): void => (type === 'i64' ? f.i64(BigInt(value)) : f.i32(value))
  const a = c.temporary(type, 0)
  const b = c.temporary(type, 1)
  f.set(b)
  f.set(a)
  // Divisors that trap (0; -1 of the smallest integer) are replaced by 1 and their results chosen after.
  constant(0)
  if (op === 'div') {
    constant(0)
    f.get(a)
    f.op(`${type}.sub`)
  }
  f.get(a)
  constant(1)
  f.get(b)
  f.get(b)
  f.op(`${type}.eqz`)
  if (op === 'div') {
    f.get(b)
    constant(-1)
    f.op(`${type}.eq`)
    f.op('i32.or')
  }
  f.op('select')
  f.op(instruction)
  if (op === 'div') {
    f.get(b)
    constant(-1)
    f.op(`${type}.eq`)
    f.op('select')
  }
  f.get(b)
  f.op(`${type}.eqz`)
  f.op('select')
}

function writeMulAdd(c: KernelContext, e: Extract<Expr, { kind: 'mulAdd' }>): void {
  const { f } = c
  const float = e.type === 'f32' || e.type === 'f64'
  if (!c.relaxed || !float) {
    const shape = e.lanes > 1 ? (e.type === 'f32' ? 'f32x4' : 'i32x4') : e.type
    c.value(e.a)
    c.value(e.b)
    f.op(`${shape}.mul` as PlainOp)
    c.value(e.c)
    // Addition commutes bit for bit, except in which NaN it hands on.
    f.op(`${shape}.add` as PlainOp)
    return
  }
  if (e.lanes > 1) {
    for (const operand of [e.a, e.b, e.c]) c.value(operand)
    f.op('f32x4.relaxed_madd')
    return
  }
  // One lane rounds as the vector form does, so that tails and bodies of a loop agree.
  const shape = e.type === 'f32' ? 'f32x4' : 'f64x2'
  for (const operand of [e.a, e.b, e.c]) {
    c.value(operand)
    f.op(`${shape}.splat`)
  }
  f.op(`${shape}.relaxed_madd`)
  f.lane(`${shape}.extract_lane`, 0)
}

const bitcasts: Record<string, PlainOp> = {
  'f32 i32': 'i32.reinterpret_f32',
  'i32 f32': 'f32.reinterpret_i32',
  'f64 i64': 'i64.reinterpret_f64',
  'i64 f64': 'f64.reinterpret_i64',
}

const conversions: Record<string, PlainOp> = {
  'f32 f64': 'f64.promote_f32',
  'f64 f32': 'f32.demote_f64',
  'f32 i32': 'i32.trunc_sat_f32_s',
  'f64 i32': 'i32.trunc_sat_f64_s',
  'f32 i64': 'i64.trunc_sat_f32_s',
  'f64 i64': 'i64.trunc_sat_f64_s',
  'i32 f32': 'f32.convert_i32_s',
  'i32 f64': 'f64.convert_i32_s',
  'i64 f32': 'f32.convert_i64_s',
  'i64 f64': 'f64.convert_i64_s',
  'i32 i64': 'i64.extend_i32_s',
  'i64 i32': 'i32.wrap_i64',
  'bool i64': 'i64.extend_i32_u',
  'bool f32': 'f32.convert_i32_s',
  'bool f64': 'f64.convert_i32_s',
}

function writeConvert(c: KernelContext, from: ComputeType, to: ComputeType, vector: boolean): void {
  const { f } = c
  if (vector) {
    switch (`${from} ${to}`) {
      case 'f32 i32':
        f.op('i32x4.trunc_sat_f32x4_s')
        return
      case 'i32 f32':
        f.op('f32x4.convert_i32x4_s')
        return
      case 'bool i32':
        f.op('i32x4.neg')
        return
      case 'bool f32':
        f.v128([0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000])
        f.op('v128.and')
        return
      case 'i32 bool':
        f.v128([0, 0, 0, 0])
        f.op('i32x4.ne')
        return
      case 'f32 bool':
        f.v128([0, 0, 0, 0])
        f.op('f32x4.ne')
        return
      default:
        unsupported(`a vector conversion of ${from} to ${to}`)
        return
    }
  }
  if (to === 'bool') {
    writeConst(c, from, from === 'i64' ? 0n : 0)
    f.op(`${from as 'f32' | 'f64' | 'i32' | 'i64'}.ne`)
    return
  }
  if (from === 'bool' && to === 'i32') return
  f.op(conversions[`${from} ${to}`] ?? unsupported(`a conversion of ${from} to ${to}`))
}

const upperHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]
const secondLane = [4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7]

function writeCombine(c: KernelContext, e: Extract<Expr, { kind: 'combine' }>): void {
  const { f } = c
  const { type } = e
  const t = c.temporary('v128')
  c.value(e.value)
  for (const bytes of [upperHalf, secondLane]) {
    f.set(t)
    // pmin takes its operands the other way round, so that lane i stays the left one.
    const exchanged = e.op === 'min' && type === 'f32'
    if (!exchanged) f.get(t)
    f.get(t)
    f.get(t)
    f.shuffle(bytes)
    if (exchanged) {
      f.get(t)
      f.op('f32x4.pmin')
    } else if (type === 'f32') f.op(e.op === 'max' ? 'f32x4.pmax' : `f32x4.${e.op as 'add' | 'mul'}`)
    else if (type === 'bool') f.op(e.op === 'min' || e.op === 'mul' ? 'v128.and' : 'v128.or')
    else f.op(e.op === 'min' ? 'i32x4.min_s' : e.op === 'max' ? 'i32x4.max_s' : `i32x4.${e.op}`)
  }
  f.lane(type === 'f32' ? 'f32x4.extract_lane' : 'i32x4.extract_lane', 0)
  if (type === 'bool') {
    f.i32(1)
    f.op('i32.and')
  }
}
