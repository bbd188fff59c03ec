/** One-lane expressions: integers and bools in general registers, floats in the low lane of vector registers. */
import { InternalError } from '../../../core/errors.js'
import type { BinaryOp, ComputeType, Expr } from '../../loop-ir.js'
import type { Condition } from './assembler.js'

import { type KernelContext, operandOf, viewOf } from './kernel-context.js'
import {
  constantData,
  inView,
  type MachineOperand,
  type MemoryOperand,
  type VirtualRegister,
} from './machine-code.js'

export const isFloat = (type: ComputeType): type is 'f32' | 'f64' => type === 'f32' || type === 'f64'

/** The suffix of scalar float instructions. */
const suffix = (type: ComputeType): 'ss' | 'sd' => (type === 'f32' ? 'ss' : 'sd')

/** The bytes of one float constant. */
export function floatBytes(type: 'f32' | 'f64', value: number): Uint8Array {
  const bytes = new Uint8Array(type === 'f32' ? 4 : 8)
  const view = new DataView(bytes.buffer)
  if (type === 'f32') view.setFloat32(0, value, true)
  else view.setFloat64(0, value, true)
  return bytes
}

/** A pattern of one word as 16 bytes, for the logic instructions, which read whole registers. */
function pattern(type: ComputeType, low: number, high: number): MemoryOperand {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < 16; at += 4) view.setUint32(at, type === 'f64' && at % 8 === 4 ? high : low, true)
  return constantData(bytes)
}

const signBits = (type: ComputeType): MemoryOperand =>
  type === 'f32' ? pattern(type, 0x80000000, 0) : pattern(type, 0, 0x80000000)
const magnitudeBits = (type: ComputeType): MemoryOperand =>
  type === 'f32' ? pattern(type, 0x7fffffff, 0) : pattern(type, 0xffffffff, 0x7fffffff)

export const roundingModes: Partial<Record<string, number>> = { nearest: 8, floor: 9, ceil: 10, trunc: 11 }

/** The constant of an integer or bool type as a 64-bit pattern that its view reads right. */
export const integerConstant = (type: ComputeType, value: number | bigint): bigint =>
  type === 'bool' ? (Number(value) !== 0 ? 1n : 0n) : BigInt.asIntN(type === 'i64' ? 64 : 32, BigInt(value))

export function scalarUnary(c: KernelContext, e: Extract<Expr, { kind: 'unary' }>): VirtualRegister {
  const { f } = c
  const { op, type } = e
  const host = c.options.hostFunctions.get(op)
  const value = c.value(e.value)
  const result = c.fresh(type, 1)
  if (op.startsWith('host')) {
    if (host === undefined) throw new InternalError(`x86: no function for ${op}.`)
    f.add({ kind: 'call', symbol: op, address: host, arguments: [value], target: result })
    return result
  }
  const view = viewOf(type, 1)
  const [out, x] = [inView(result, view), inView(value, view)]
  if (isFloat(type)) {
    switch (op) {
      case 'neg':
        f.plain('define', 'vxorps', [out, x, signBits(type)])
        return result
      case 'abs':
        f.plain('define', 'vandps', [out, x, magnitudeBits(type)])
        return result
      case 'sqrt':
        f.plain('define', type === 'f32' ? 'vsqrtss' : 'vsqrtsd', [out, x, x])
        return result
      default: {
        const mode = roundingModes[op]
        if (mode === undefined) throw new InternalError(`x86: ${op} of ${type}.`)
        const round = c.options.avx512 ? 'vrndscale' : 'vround'
        f.plain('define', `${round}${suffix(type)}`, [out, x, x, mode])
        return result
      }
    }
  }
  c.move(type, 1, result, value)
  switch (op) {
    case 'neg':
      f.plain('modify', 'neg', [out])
      return result
    case 'not':
      if (type === 'bool') f.plain('modify', 'xor', [out, 1])
      else f.plain('modify', 'not', [out])
      return result
    case 'abs': {
      // max(x, −x), where the smallest integer is its own negative
      f.plain('modify', 'neg', [out])
      const negated = f.register('gpr')
      c.move(type, 1, negated, result)
      f.plain('use', 'cmp', [x, 0])
      f.plain('modify', 'cmovge', [inView(negated, view), x])
      return negated
    }
    default:
      throw new InternalError(`x86: ${op} of ${type}.`)
  }
}

const floatOps: Partial<Record<BinaryOp, 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max'>> = {
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  div: 'div',
  min: 'min',
  max: 'max',
}

/** `operand` gives a source that may be memory. */
export function scalarBinary(
  c: KernelContext,
  e: Extract<Expr, { kind: 'binary' }>,
  operand: (expr: Expr) => MachineOperand,
): VirtualRegister {
  const { f } = c
  const { op, type } = e
  const from = e.left.type
  if (op.startsWith('host')) {
    const host = c.options.hostFunctions.get(op)
    if (host === undefined) throw new InternalError(`x86: no function for ${op}.`)
    const given = [c.value(e.left), c.value(e.right)]
    const result = c.fresh(type, 1)
    f.add({ kind: 'call', symbol: op, address: host, arguments: given, target: result })
    return result
  }
  if (op === 'eq' || op === 'ne' || op === 'lt' || op === 'le') return compareScalars(c, e)
  if (isFloat(from)) {
    const name = floatOps[op]
    if (name === undefined) throw new InternalError(`x86: ${op} of ${from}.`)
    // max is b > a ? b : a, so that equal and unordered give a.
    const [first, second] = op === 'max' ? [e.right, e.left] : [e.left, e.right]
    const a = c.value(first)
    const b = operand(second)
    const result = c.fresh(type, 1)
    f.plain('define', `v${name}${suffix(from)}`, [inView(result, 'xmm'), inView(a, 'xmm'), b])
    return result
  }
  return integerBinary(c, e)
}

/** An immediate where the constant fits one, else a register. */
function source(c: KernelContext, e: Expr): MachineOperand {
  if (e.kind === 'const') {
    const value = integerConstant(e.type, e.value)
    if (value >= -(2n ** 31n) && value < 2n ** 31n) return Number(value)
  }
  return inView(c.value(e), viewOf(e.type, 1))
}

function integerBinary(c: KernelContext, e: Extract<Expr, { kind: 'binary' }>): VirtualRegister {
  const { f } = c
  const { op, type } = e
  const view = viewOf(type, 1)
  if (op === 'div' || op === 'rem') return divideIntegers(c, e)
  const left = c.value(e.left)
  const result = f.register('gpr')
  const out = inView(result, view)
  if (op === 'shl' || op === 'shrU' || op === 'shrS') {
    if (e.right.kind === 'const') {
      c.move(type, 1, result, left)
      const count = Number(BigInt(e.right.value) & (type === 'i64' ? 63n : 31n))
      f.plain('modify', op === 'shl' ? 'shl' : op === 'shrU' ? 'shr' : 'sar', [out, count])
    } else {
      const count = c.value(e.right)
      f.plain('define', op === 'shl' ? 'shlx' : op === 'shrU' ? 'shrx' : 'sarx', [
        out,
        inView(left, view),
        inView(count, view),
      ])
    }
    return result
  }
  const right = source(c, e.right)
  if (op === 'mul' && type !== 'bool') {
    if (typeof right === 'number') f.plain('define', 'imul', [out, inView(left, view), right])
    else {
      c.move(type, 1, result, left)
      f.plain('modify', 'imul', [out, right])
    }
    return result
  }
  if ((op === 'min' || op === 'max') && type !== 'bool') {
    // min: a < b ? a : b; max: a < b ? b : a
    const b = typeof right === 'number' ? inView(c.value(e.right), view) : right
    if (typeof b !== 'object' || b.kind !== 'register') throw new InternalError('x86: expected a register.')
    c.move(type, 1, result, op === 'min' ? b.register : left)
    f.plain('use', 'cmp', [inView(left, view), b])
    f.plain('modify', 'cmovl', [out, op === 'min' ? inView(left, view) : b])
    return result
  }
  c.move(type, 1, result, left)
  const bool = type === 'bool'
  switch (op) {
    case 'add':
      f.plain('modify', bool ? 'or' : 'add', [out, right])
      return result
    case 'sub':
      f.plain('modify', 'sub', [out, right])
      return result
    case 'and':
    case 'or':
    case 'xor':
      f.plain('modify', op, [out, right])
      return result
    case 'min':
    case 'mul':
      f.plain('modify', 'and', [out, right])
      return result
    case 'max':
      f.plain('modify', 'or', [out, right])
      return result
    default:
      throw new InternalError(`x86: ${op} of ${type}.`)
  }
}

/** Truncating; x/0 = 0 and x mod 0 = 0; the smallest integer over −1 wraps. */
function divideIntegers(c: KernelContext, e: Extract<Expr, { kind: 'binary' }>): VirtualRegister {
  const { f } = c
  const wide = e.type === 'i64'
  const view = viewOf(e.type, 1)
  const dividend = c.value(e.left)
  const divisor = c.value(e.right)
  const target = f.register('gpr')
  const what = e.op === 'div' ? 'quotient' : 'remainder'
  const divide = (): void =>
    f.add({ kind: 'divide', wide, signed: true, dividend, divisor, target, result: what })
  const known = e.right.kind === 'const' ? BigInt(e.right.value) : null
  if (known !== null && known !== 0n && known !== -1n) {
    divide()
    return target
  }
  const done = c.label()
  const regular = c.label()
  const result = f.register('gpr')
  f.clear(result, 'r64')
  f.plain('use', 'test', [inView(divisor, view), inView(divisor, view)])
  f.jump('e', done)
  f.plain('use', 'cmp', [inView(divisor, view), -1])
  f.jump('ne', regular)
  if (e.op === 'div') {
    c.move(e.type, 1, result, dividend)
    f.plain('modify', 'neg', [inView(result, view)])
  }
  f.jump('always', done)
  f.label(regular)
  divide()
  c.move(e.type, 1, result, target)
  f.label(done)
  return result
}

const signedConditions = { eq: 'e', ne: 'ne', lt: 'l', le: 'le' } as const

/** 0 or 1 in a register of its own, from the flags. */
function flagValue(
  c: KernelContext,
  condition: 'e' | 'ne' | 'l' | 'le' | 'a' | 'ae' | 'np' | 'p',
): VirtualRegister {
  const flag = c.f.register('gpr')
  const result = c.f.register('gpr')
  c.f.plain('define', `set${condition}`, [inView(flag, 'r8')])
  c.f.plain('define', 'movzx', [inView(result, 'r32'), inView(flag, 'r8')])
  return result
}

function compareScalars(c: KernelContext, e: Extract<Expr, { kind: 'binary' }>): VirtualRegister {
  const { f } = c
  const { type } = e.left
  const op = e.op as 'eq' | 'ne' | 'lt' | 'le'
  if (!isFloat(type)) {
    const left = c.value(e.left)
    f.plain('use', 'cmp', [inView(left, viewOf(type, 1)), source(c, e.right)])
    return flagValue(c, signedConditions[op])
  }
  const compare = type === 'f32' ? 'vucomiss' : 'vucomisd'
  const a = inView(c.value(e.left), 'xmm')
  const b = inView(c.value(e.right), 'xmm')
  if (op === 'lt' || op === 'le') {
    // b above a: the carry flag of an unordered comparison makes it false.
    f.plain('use', compare, [b, a])
    return flagValue(c, op === 'lt' ? 'a' : 'ae')
  }
  f.plain('use', compare, [a, b])
  const same = flagValue(c, op === 'eq' ? 'e' : 'ne')
  f.plain('use', compare, [a, b])
  const ordered = flagValue(c, op === 'eq' ? 'np' : 'p')
  f.plain('modify', op === 'eq' ? 'and' : 'or', [inView(same, 'r32'), inView(ordered, 'r32')])
  return same
}

/** A choice by a condition of one lane, of values of any width: one side is copied over the other. */
export function selectByBranch(c: KernelContext, e: Extract<Expr, { kind: 'select' }>): VirtualRegister {
  const { f } = c
  const condition = c.value(e.condition)
  const then = c.value(e.then)
  const otherwise = c.value(e.else)
  const result = c.fresh(e.type, e.lanes)
  const test = inView(condition, 'r32')
  c.move(e.type, e.lanes, result, otherwise)
  f.plain('use', 'test', [test, test])
  if (result.class === 'gpr') {
    f.plain('modify', 'cmovne', [inView(result, 'r64'), inView(then, 'r64')])
    return result
  }
  const done = c.label()
  f.jump('e', done)
  // Read and written: the value of the other side must survive up to here.
  f.plain('modify', result.class === 'mask' ? 'kmovw' : 'vmovaps', [
    operandOf(result, e.type, e.lanes),
    operandOf(then, e.type, e.lanes),
  ])
  f.label(done)
  return result
}

export function convertScalar(
  c: KernelContext,
  from: ComputeType,
  to: ComputeType,
  value: VirtualRegister,
): VirtualRegister {
  const { f } = c
  const result = c.fresh(to, 1)
  const x = inView(value, viewOf(from, 1))
  const out = inView(result, viewOf(to, 1))
  if (isFloat(from)) {
    if (isFloat(to)) {
      f.plain('define', from === 'f32' ? 'vcvtss2sd' : 'vcvtsd2ss', [out, x, x])
      return result
    }
    if (to === 'bool') return notZero(c, from, value)
    return truncate(c, from, to as 'i32' | 'i64', value)
  }
  if (isFloat(to)) {
    // The instruction keeps the upper lanes of its first source: a cleared one carries no dependence.
    f.clear(result, 'xmm')
    f.plain('modify', to === 'f32' ? 'vcvtsi2ss' : 'vcvtsi2sd', [out, out, x])
    return result
  }
  if (to === 'bool') {
    f.plain('use', 'test', [x, x])
    return flagValue(c, 'ne')
  }
  if (from === 'i32' && to === 'i64') f.plain('define', 'movsxd', [out, x])
  else f.plain('define', 'mov', [inView(result, 'r32'), inView(value, 'r32')])
  return result
}

function notZero(c: KernelContext, type: 'f32' | 'f64', value: VirtualRegister): VirtualRegister {
  const zero = c.f.register('vec')
  c.f.clear(zero, 'xmm')
  const compare = type === 'f32' ? 'vucomiss' : 'vucomisd'
  const operands = [inView(value, 'xmm'), inView(zero, 'xmm')]
  c.f.plain('use', compare, operands)
  const different = flagValue(c, 'ne')
  c.f.plain('use', compare, operands)
  const unordered = flagValue(c, 'p')
  c.f.plain('modify', 'or', [inView(different, 'r32'), inView(unordered, 'r32')])
  return different
}

/** Toward zero, saturating; NaN gives 0. */
function truncate(
  c: KernelContext,
  from: 'f32' | 'f64',
  to: 'i32' | 'i64',
  value: VirtualRegister,
): VirtualRegister {
  const { f } = c
  const result = f.register('gpr')
  const done = c.label()
  const view = viewOf(to, 1)
  // In f64 the bounds of i32 are exact; those of i64 are powers of two.
  let x = value
  if (from === 'f32') {
    x = f.register('vec')
    f.plain('define', 'vcvtss2sd', [inView(x, 'xmm'), inView(value, 'xmm'), inView(value, 'xmm')])
  }
  const operand = inView(x, 'xmm')
  f.clear(result, 'r64')
  f.plain('use', 'vucomisd', [operand, operand])
  f.jump('p', done)
  const bound = to === 'i32' ? 2 ** 31 : 2 ** 63
  c.constant(result, to === 'i32' ? 2 ** 31 - 1 : 2n ** 63n - 1n)
  f.plain('use', 'vucomisd', [operand, constantData(floatBytes('f64', bound))])
  f.jump('ae', done)
  c.constant(result, to === 'i32' ? -(2 ** 31) : -(2n ** 63n))
  f.plain('use', 'vucomisd', [operand, constantData(floatBytes('f64', -bound))])
  f.jump('be', done)
  f.plain('define', 'vcvttsd2si', [inView(result, view), operand])
  f.label(done)
  return result
}

export function bitcastScalar(
  c: KernelContext,
  from: ComputeType,
  to: ComputeType,
  value: VirtualRegister,
): VirtualRegister {
  const result = c.fresh(to, 1)
  const wide = from === 'f64' || from === 'i64'
  c.f.plain('define', wide ? 'vmovq' : 'vmovd', [
    inView(result, viewOf(to, 1)),
    inView(value, viewOf(from, 1)),
  ])
  return result
}

/** Conditional jump past something when 0 ≤ value ≤ span does not hold. */
export function unlessInRange(
  c: KernelContext,
  value: VirtualRegister,
  span: number,
  to: ReturnType<KernelContext['label']>,
): void {
  c.f.plain('use', 'cmp', [inView(value, 'r64'), span])
  c.f.jump('a' satisfies Condition, to)
}
