/**
 * Vectors of bools: opmask registers with AVX-512, all-ones or all-zeros lanes with AVX2. Everything that differs
 * between the two for comparisons, choices and logic is here.
 */
import { InternalError } from '../../../core/errors.js'
import type { BinaryOp } from '../../loop-ir.js'
import { type KernelContext, viewOf } from './kernel-context.js'
import { constantData, inView, type MachineOperand, type VirtualRegister } from './machine-code.js'

/** Immediate of vcmpps for ordered, quiet comparisons; `ne` is true when unordered. */
const floatPredicates: Partial<Record<BinaryOp, number>> = { eq: 0, lt: 17, le: 18, ne: 4 }
const integerPredicates: Partial<Record<BinaryOp, number>> = { eq: 0, lt: 1, le: 2, ne: 4 }

export const laneBytes = (value: number, bytes: number): Uint8Array => {
  const made = new Uint8Array(bytes)
  const view = new DataView(made.buffer)
  for (let at = 0; at < bytes; at += 4) view.setInt32(at, value, true)
  return made
}

/** The lanes' all-ones pattern as a memory operand. */
const allOnes = (lanes: number): MachineOperand => constantData(laneBytes(-1, 4 * lanes))

export function compareVectors(
  c: KernelContext,
  op: BinaryOp,
  type: 'f32' | 'i32',
  lanes: number,
  left: VirtualRegister,
  right: MachineOperand,
): VirtualRegister {
  const { f } = c
  const view = viewOf(type, lanes)
  const result = c.fresh('bool', lanes)
  const a = inView(left, view)
  if (c.options.avx512) {
    const predicate = (type === 'f32' ? floatPredicates : integerPredicates)[op]!
    f.plain('define', type === 'f32' ? 'vcmpps' : 'vpcmpd', [inView(result, 'k'), a, right, predicate])
    return result
  }
  const out = inView(result, view)
  if (type === 'f32') {
    f.plain('define', 'vcmpps', [out, a, right, floatPredicates[op]!])
    return result
  }
  // AVX2 has only = and >: a < b is b > a, and the others are their opposites.
  const other = f.register('vec')
  f.plain('define', 'vmovdqu', [inView(other, view), right])
  const b = inView(other, view)
  const raw = op === 'eq' || op === 'lt' ? result : f.register('vec')
  if (op === 'eq' || op === 'ne') f.plain('define', 'vpcmpeqd', [inView(raw, view), a, b])
  else if (op === 'lt') f.plain('define', 'vpcmpgtd', [inView(raw, view), b, a])
  else f.plain('define', 'vpcmpgtd', [inView(raw, view), a, b])
  if (raw !== result) f.plain('define', 'vxorps', [out, inView(raw, view), allOnes(lanes)])
  return result
}

/** condition ? then : otherwise, lane by lane, into `to`. */
export function selectVectors(
  c: KernelContext,
  lanes: number,
  to: VirtualRegister,
  condition: VirtualRegister,
  then: MachineOperand,
  otherwise: VirtualRegister,
): void {
  const view = viewOf('f32', lanes)
  if (c.options.avx512) {
    c.f.plain('define', 'vblendmps', [inView(to, view), inView(otherwise, view), then], condition)
    return
  }
  c.f.plain('define', 'vblendvps', [inView(to, view), inView(otherwise, view), then, inView(condition, view)])
}

/** condition ? then : otherwise of bools. */
export function selectBools(
  c: KernelContext,
  lanes: number,
  condition: VirtualRegister,
  then: VirtualRegister,
  otherwise: VirtualRegister,
): VirtualRegister {
  const result = c.fresh('bool', lanes)
  if (!c.options.avx512) {
    selectVectors(c, lanes, result, condition, inView(then, viewOf('f32', lanes)), otherwise)
    return result
  }
  const { f } = c
  const yes = f.register('mask')
  const no = f.register('mask')
  f.plain('define', 'kandw', [inView(yes, 'k'), inView(condition, 'k'), inView(then, 'k')])
  f.plain('define', 'kandnw', [inView(no, 'k'), inView(condition, 'k'), inView(otherwise, 'k')])
  f.plain('define', 'korw', [inView(result, 'k'), inView(yes, 'k'), inView(no, 'k')])
  return result
}

export function notBools(c: KernelContext, lanes: number, value: VirtualRegister): VirtualRegister {
  const result = c.fresh('bool', lanes)
  if (c.options.avx512) c.f.plain('define', 'knotw', [inView(result, 'k'), inView(value, 'k')])
  else {
    const view = viewOf('f32', lanes)
    c.f.plain('define', 'vxorps', [inView(result, view), inView(value, view), allOnes(lanes)])
  }
  return result
}

/** Logic and order of bools: false < true. */
export function combineBools(
  c: KernelContext,
  op: BinaryOp,
  lanes: number,
  a: VirtualRegister,
  b: VirtualRegister,
): VirtualRegister {
  const { f, options } = c
  const logic = (
    name: 'and' | 'or' | 'xor' | 'andn',
    x: VirtualRegister,
    y: VirtualRegister,
  ): VirtualRegister => {
    const result = c.fresh('bool', lanes)
    if (options.avx512) f.plain('define', `k${name}w`, [inView(result, 'k'), inView(x, 'k'), inView(y, 'k')])
    else {
      const view = viewOf('f32', lanes)
      const mnemonic = ({ and: 'vandps', or: 'vorps', xor: 'vxorps', andn: 'vandnps' } as const)[name]
      f.plain('define', mnemonic, [inView(result, view), inView(x, view), inView(y, view)])
    }
    return result
  }
  switch (op) {
    case 'and':
    case 'min':
    case 'mul':
      return logic('and', a, b)
    case 'or':
    case 'max':
    case 'add':
      return logic('or', a, b)
    case 'xor':
    case 'ne':
      return logic('xor', a, b)
    case 'eq':
      return notBools(c, lanes, logic('xor', a, b))
    case 'lt':
      return logic('andn', a, b)
    case 'le':
      return notBools(c, lanes, logic('andn', b, a))
    default:
      throw new InternalError(`x86: ${op} of bool.`)
  }
}

/** 1 or `one` (the bits of 1 in the wanted type) where true, 0 elsewhere. */
export function boolsToNumbers(
  c: KernelContext,
  lanes: number,
  value: VirtualRegister,
  one: number,
): VirtualRegister {
  const { f } = c
  const result = f.register('vec')
  const view = viewOf('f32', lanes)
  if (c.options.avx512) {
    f.plain('define', 'vbroadcastss', [inView(result, view), constantData(laneBytes(one, 4))], value, true)
  } else {
    f.plain('define', 'vandps', [
      inView(result, view),
      inView(value, view),
      constantData(laneBytes(one, 4 * lanes)),
    ])
  }
  return result
}

/** True where a lane is not zero. */
export function numbersToBools(
  c: KernelContext,
  type: 'f32' | 'i32',
  lanes: number,
  value: VirtualRegister,
): VirtualRegister {
  return compareVectors(c, 'ne', type, lanes, value, constantData(laneBytes(0, 4 * lanes)))
}

/** The bool of one lane as 0 or 1 in a general register. */
export function laneOfBools(
  c: KernelContext,
  lanes: number,
  value: VirtualRegister,
  lane: number,
): VirtualRegister {
  const { f } = c
  const bits = maskBits(c, lanes, value)
  if (lane > 0) f.plain('modify', 'shr', [inView(bits, 'r32'), lane])
  f.plain('modify', 'and', [inView(bits, 'r32'), 1])
  return bits
}

/** One bit a lane in a general register of its own. */
function maskBits(c: KernelContext, lanes: number, value: VirtualRegister): VirtualRegister {
  const { f } = c
  const bits = f.register('gpr')
  if (c.options.avx512) f.plain('define', 'kmovw', [inView(bits, 'r32'), inView(value, 'k')])
  else f.plain('define', 'vmovmskps', [inView(bits, 'r32'), inView(value, viewOf('f32', lanes))])
  return bits
}

/** All lanes (`min`, `mul`) or any lane (`max`, `add`) as 0 or 1. */
export function foldBools(
  c: KernelContext,
  op: 'add' | 'mul' | 'min' | 'max',
  lanes: number,
  value: VirtualRegister,
): VirtualRegister {
  const { f } = c
  const bits = maskBits(c, lanes, value)
  const all = (1 << lanes) - 1
  f.plain('modify', 'and', [inView(bits, 'r32'), all])
  const flag = f.register('gpr')
  const result = f.register('gpr')
  f.plain('use', 'cmp', [inView(bits, 'r32'), op === 'min' || op === 'mul' ? all : 0])
  f.plain('define', op === 'min' || op === 'mul' ? 'sete' : 'setne', [inView(flag, 'r8')])
  f.plain('define', 'movzx', [inView(result, 'r32'), inView(flag, 'r8')])
  return result
}

/** A bool of a general register in every lane. */
export function splatBool(c: KernelContext, lanes: number, value: VirtualRegister): VirtualRegister {
  const { f } = c
  const bits = f.register('gpr')
  const result = c.fresh('bool', lanes)
  f.plain('define', 'mov', [inView(bits, 'r32'), inView(value, 'r32')])
  f.plain('modify', 'neg', [inView(bits, 'r32')])
  if (c.options.avx512) f.plain('define', 'kmovw', [inView(result, 'k'), inView(bits, 'r32')])
  else {
    const low = f.register('vec')
    f.plain('define', 'vmovd', [inView(low, 'xmm'), inView(bits, 'r32')])
    f.plain('define', 'vpbroadcastd', [inView(result, viewOf('f32', lanes)), inView(low, 'xmm')])
  }
  return result
}
