/** Expressions of the loop IR as machine instructions: each leaves its value in a virtual register. */
import { InternalError } from '../../../core/errors.js'
import type { Expr } from '../../loop-ir.js'
import {
  boolsToNumbers,
  combineBools,
  compareVectors,
  foldBools,
  laneBytes,
  laneOfBools,
  notBools,
  numbersToBools,
  selectBools,
  selectVectors,
  splatBool,
} from './bool-vectors.js'
import { gatherLanes, type LaneSource } from './gather-lanes.js'
import { type KernelContext, viewOf } from './kernel-context.js'
import { constantData, inView, type MachineOperand, type View, type VirtualRegister } from './machine-code.js'
import { foldableLoad, loadValue, rampBytes } from './memory-access.js'
import {
  bitcastScalar,
  convertScalar,
  floatBytes,
  integerConstant,
  isFloat,
  roundingModes,
  scalarBinary,
  scalarUnary,
  selectByBranch,
} from './scalar-values.js'
import { patternBytes, shuffle } from './shuffle.js'

/** The 32 bits that a constant has in a vector lane. */
function laneBits(e: Extract<Expr, { kind: 'const' }>): number {
  if (e.type === 'bool') return Number(e.value) !== 0 ? -1 : 0
  if (e.type === 'f32') return new DataView(floatBytes('f32', Number(e.value)).buffer).getInt32(0, true)
  return Number(BigInt.asIntN(32, BigInt(e.value)))
}

/** The last source of an instruction: memory where the value is a constant or a load of the right form. */
export function operand(c: KernelContext, e: Expr): MachineOperand {
  const float = e.type === 'f32' || e.type === 'f64'
  if (e.kind === 'const' && isFloat(e.type)) return constantData(floatBytes(e.type, Number(e.value)))
  if (e.kind === 'load' && (float || e.lanes > 1) && e.type !== 'bool') {
    const folded = foldableLoad(c, e)
    if (folded !== null) return folded
  }
  if (e.kind === 'splat' && e.lanes > 1 && e.type !== 'bool') {
    const { value } = e
    if (value.kind === 'const') {
      return c.options.avx512
        ? constantData(laneBytes(laneBits(value), 4), true)
        : constantData(laneBytes(laneBits(value), 4 * e.lanes))
    }
    if (value.kind === 'load' && c.options.avx512) {
      const { dtype } = c.kernel.buffers[value.buffer]
      if (dtype === 'f32' || dtype === 'i32') return c.address(value.buffer, value.index, 0, true)
    }
  }
  return inView(c.value(e), viewOf(e.type, e.lanes))
}

/** True where `operand` would give memory. */
const inMemory = (c: KernelContext, e: Expr): boolean =>
  e.kind === 'const' ||
  (e.kind === 'load' && e.stride === 1) ||
  (e.kind === 'splat' && (e.value.kind === 'const' || (e.value.kind === 'load' && c.options.avx512)))

/** The value in a register: `into` where given (and then that one), else wherever it is. */
export function writeValue(c: KernelContext, e: Expr, into: VirtualRegister | null = null): VirtualRegister {
  const made = e.lanes > 1 ? vectorValue(c, e, into) : scalarValue(c, e)
  if (into === null || made === into) return made
  c.move(e.type, e.lanes, into, made)
  return into
}

function scalarValue(c: KernelContext, e: Expr): VirtualRegister {
  const { f } = c
  switch (e.kind) {
    case 'const': {
      const result = c.fresh(e.type, 1)
      if (!isFloat(e.type)) c.constant(result, integerConstant(e.type, e.value))
      else if (Object.is(Number(e.value), 0)) f.clear(result, 'xmm')
      else {
        const bytes = constantData(floatBytes(e.type, Number(e.value)))
        f.plain('define', e.type === 'f32' ? 'vmovss' : 'vmovsd', [inView(result, 'xmm'), bytes])
      }
      return result
    }
    case 'index':
      return c.index(e.index)
    case 'load':
      return loadValue(c, e)
    case 'register':
      return c.register(e.register)
    case 'unary':
      return scalarUnary(c, e)
    case 'binary':
      return scalarBinary(c, e, (x) => operand(c, x))
    case 'mulAdd':
      return multiplyAdd(c, e, null)
    case 'select':
      return selectByBranch(c, e)
    case 'convert':
      return convertScalar(c, e.value.type, e.type, c.value(e.value))
    case 'bitcast':
      return bitcastScalar(c, e.value.type, e.type, c.value(e.value))
    case 'combine':
      return combineLanes(c, e)
    case 'lane':
      return extractLane(c, e)
    default:
      throw new InternalError(`x86: ${e.kind} with one lane.`)
  }
}

function vectorValue(c: KernelContext, e: Expr, into: VirtualRegister | null): VirtualRegister {
  const { f } = c
  const target = (): VirtualRegister => into ?? c.fresh(e.type, e.lanes)
  const view = viewOf('f32', e.lanes)
  switch (e.kind) {
    case 'register':
      return c.register(e.register)
    case 'load':
      return loadValue(c, e)
    case 'splat':
      return splat(c, e, into)
    case 'ramp': {
      const base = splatGeneral(c, e.lanes, c.index(e.index))
      const result = target()
      f.plain('define', 'vpaddd', [
        inView(result, view),
        inView(base, view),
        constantData(rampBytes(e.lanes, e.step)),
      ])
      return result
    }
    case 'vector':
      return vectorOfScalars(c, e)
    case 'shuffle':
      return shuffle(c, e, target())
    case 'permute': {
      const value = c.value(e.value)
      const result = target()
      const pattern = constantData(patternBytes(e.pattern))
      if (e.lanes === 4) {
        const [x, y, z, w] = e.pattern
        f.plain('define', 'vpermilps', [
          inView(result, view),
          inView(value, view),
          x + 4 * y + 16 * z + 64 * w,
        ])
        return result
      }
      const order = f.register('vec')
      f.plain('define', 'vmovups', [inView(order, view), pattern])
      f.plain('define', 'vpermps', [inView(result, view), inView(order, view), inView(value, view)])
      return result
    }
    case 'unary':
      return vectorUnary(c, e, into)
    case 'binary':
      return vectorBinary(c, e, into)
    case 'pair':
      return pairOfBf16(c, e, target())
    case 'mulAdd':
      return multiplyAdd(c, e, into)
    case 'dotPairs':
      return accumulateProduct(c, e, into, 'vdpbf16ps')
    case 'select': {
      if (e.condition.lanes === 1) return selectByBranch(c, e)
      const condition = c.value(e.condition)
      const otherwise = c.value(e.else)
      if (e.type === 'bool') return selectBools(c, e.lanes, condition, c.value(e.then), otherwise)
      const then = operand(c, e.then)
      const result = target()
      selectVectors(c, e.lanes, result, condition, then, otherwise)
      return result
    }
    case 'convert':
      return convertVector(c, e)
    case 'bitcast': {
      if (e.type === 'bool' || e.value.type === 'bool') throw new InternalError('x86: a bitcast of bools.')
      return c.value(e.value)
    }
    default:
      throw new InternalError(`x86: ${e.kind} with ${e.lanes} lanes.`)
  }
}

function splatGeneral(c: KernelContext, lanes: number, value: VirtualRegister): VirtualRegister {
  const { f } = c
  const result = f.register('vec')
  const view = viewOf('i32', lanes)
  if (c.options.avx512) f.plain('define', 'vpbroadcastd', [inView(result, view), inView(value, 'r32')])
  else {
    const low = f.register('vec')
    f.plain('define', 'vmovd', [inView(low, 'xmm'), inView(value, 'r32')])
    f.plain('define', 'vpbroadcastd', [inView(result, view), inView(low, 'xmm')])
  }
  return result
}

function splat(
  c: KernelContext,
  e: Extract<Expr, { kind: 'splat' }>,
  into: VirtualRegister | null,
): VirtualRegister {
  const { f } = c
  const { value, lanes } = e
  const view = viewOf('f32', lanes)
  if (e.type === 'bool') return splatBool(c, lanes, c.value(value))
  const result = into ?? f.register('vec')
  if (value.kind === 'const') {
    const bits = laneBits(value)
    if (bits === 0) f.clear(result, view)
    else f.plain('define', 'vbroadcastss', [inView(result, view), constantData(laneBytes(bits, 4))])
    return result
  }
  if (value.kind === 'load') {
    const folded = foldableLoad(c, value)
    if (folded !== null) {
      f.plain('define', 'vbroadcastss', [inView(result, view), folded])
      return result
    }
  }
  if (e.type === 'i32') return splatGeneral(c, lanes, c.value(value))
  f.plain('define', 'vbroadcastss', [inView(result, view), inView(c.value(value), 'xmm')])
  return result
}

/** Constants are data; other lanes are inserted one by one. */
function vectorOfScalars(c: KernelContext, e: Extract<Expr, { kind: 'vector' }>): VirtualRegister {
  const { f } = c
  const constants = e.values.map((value) => (value.kind === 'const' ? laneBits(value) : null))
  if (constants.every((bits) => bits !== null)) {
    const made = f.register('vec')
    f.plain('define', 'vmovups', [
      inView(made, viewOf('f32', e.lanes)),
      constantData(patternBytes(constants)),
    ])
    return e.type === 'bool' ? numbersToBools(c, 'i32', e.lanes, made) : made
  }
  const sources = e.values.map((value): LaneSource => {
    const folded = value.kind === 'load' && e.type === 'f32' ? foldableLoad(c, value) : null
    if (folded !== null) return { memory: folded }
    return e.type === 'f32' ? { vector: c.value(value) } : { general: c.value(value) }
  })
  const result = gatherLanes(c, sources)
  return e.type === 'bool' ? numbersToBools(c, 'i32', e.lanes, result) : result
}

function vectorUnary(
  c: KernelContext,
  e: Extract<Expr, { kind: 'unary' }>,
  into: VirtualRegister | null,
): VirtualRegister {
  const { f } = c
  const { op, type, lanes } = e
  const value = c.value(e.value)
  if (type === 'bool') {
    if (op !== 'not') throw new InternalError(`x86: ${op} of bools.`)
    return notBools(c, lanes, value)
  }
  const view = viewOf(type, lanes)
  const result = into ?? f.register('vec')
  const [out, x] = [inView(result, view), inView(value, view)]
  const word = (bits: number): MachineOperand =>
    c.options.avx512 ? constantData(laneBytes(bits, 4), true) : constantData(laneBytes(bits, 4 * lanes))
  if (op === 'not') f.plain('define', 'vxorps', [out, x, word(-1)])
  else if (type === 'i32') {
    if (op === 'abs') f.plain('define', 'vpabsd', [out, x])
    else if (op === 'neg') {
      const zero = f.register('vec')
      f.clear(zero, view)
      f.plain('define', 'vpsubd', [out, inView(zero, view), x])
    } else throw new InternalError(`x86: ${op} of i32 lanes.`)
  } else if (op === 'neg') f.plain('define', 'vxorps', [out, x, word(-(2 ** 31))])
  else if (op === 'abs') f.plain('define', 'vandps', [out, x, word(0x7fffffff)])
  else if (op === 'sqrt') f.plain('define', 'vsqrtps', [out, x])
  else {
    const mode = roundingModes[op]
    if (mode === undefined) throw new InternalError(`x86: ${op} of f32 lanes.`)
    f.plain('define', c.options.avx512 ? 'vrndscaleps' : 'vroundps', [out, x, mode])
  }
  return result
}

const floatMnemonics = {
  add: 'vaddps',
  sub: 'vsubps',
  mul: 'vmulps',
  div: 'vdivps',
  min: 'vminps',
  max: 'vmaxps',
} as const
const integerMnemonics = {
  add: 'vpaddd',
  sub: 'vpsubd',
  mul: 'vpmulld',
  min: 'vpminsd',
  max: 'vpmaxsd',
  and: 'vandps',
  or: 'vorps',
  xor: 'vxorps',
} as const
const commutes: ReadonlySet<string> = new Set(['add', 'mul', 'and', 'or', 'xor'])

function vectorBinary(
  c: KernelContext,
  e: Extract<Expr, { kind: 'binary' }>,
  into: VirtualRegister | null,
): VirtualRegister {
  const { f } = c
  const { op, lanes } = e
  const from = e.left.type
  if (from === 'bool') return combineBools(c, op, lanes, c.value(e.left), c.value(e.right))
  if (from !== 'f32' && from !== 'i32') throw new InternalError(`x86: ${op} of ${from} lanes.`)
  if (op === 'eq' || op === 'ne' || op === 'lt' || op === 'le')
    return compareVectors(c, op, from, lanes, c.value(e.left), operand(c, e.right))
  if (op === 'shl' || op === 'shrU' || op === 'shrS') return shiftVector(c, e, into)
  const view = viewOf(from, lanes)
  let [left, right] = [e.left, e.right]
  // max is b > a ? b : a, so that equal and unordered give a.
  if (op === 'max' && from === 'f32') [left, right] = [right, left]
  else if (commutes.has(op) && inMemory(c, left) && !inMemory(c, right)) [left, right] = [right, left]
  const mnemonic =
    from === 'f32'
      ? (
          floatMnemonics as Partial<
            Record<string, (typeof floatMnemonics)['add' | 'sub' | 'mul' | 'div' | 'min' | 'max']>
          >
        )[op]
      : (
          integerMnemonics as Partial<
            Record<string, (typeof integerMnemonics)[keyof typeof integerMnemonics]>
          >
        )[op]
  if (mnemonic === undefined) throw new InternalError(`x86: ${op} of ${from} lanes.`)
  const a = c.value(left)
  const b = operand(c, right)
  const result = into ?? f.register('vec')
  f.plain('define', mnemonic, [inView(result, view), inView(a, view), b])
  return result
}

function shiftVector(
  c: KernelContext,
  e: Extract<Expr, { kind: 'binary' }>,
  into: VirtualRegister | null,
): VirtualRegister {
  const { f } = c
  const view = viewOf('i32', e.lanes)
  const value = c.value(e.left)
  const { right } = e
  const result = into ?? f.register('vec')
  if (right.kind === 'splat' && right.value.kind === 'const') {
    const count = Number(BigInt(right.value.value) & 31n)
    const mnemonic = e.op === 'shl' ? 'vpslld' : e.op === 'shrU' ? 'vpsrld' : 'vpsrad'
    f.plain('define', mnemonic, [inView(result, view), inView(value, view), count])
    return result
  }
  // The variable shifts do not take the count modulo 32.
  const counts = c.value(right)
  const low = f.register('vec')
  f.plain('define', 'vandps', [
    inView(low, view),
    inView(counts, view),
    constantData(laneBytes(31, 4 * e.lanes)),
  ])
  const mnemonic = e.op === 'shl' ? 'vpsllvd' : e.op === 'shrU' ? 'vpsrlvd' : 'vpsravd'
  f.plain('define', mnemonic, [inView(result, view), inView(value, view), inView(low, view)])
  return result
}

/** The instruction puts all low values before all high ones: their 16-bit words are dealt out. */
function pairOfBf16(
  c: KernelContext,
  e: Extract<Expr, { kind: 'pair' }>,
  result: VirtualRegister,
): VirtualRegister {
  const { f } = c
  const { lanes } = e
  const view = viewOf('f32', lanes)
  const low = operand(c, e.low)
  const high = c.value(e.high)
  const apart = f.register('vec')
  f.plain('define', 'vcvtne2ps2bf16', [inView(apart, view), inView(high, view), low])
  const order = f.register('vec')
  const words = Uint16Array.from({ length: 2 * lanes }, (_, w) => (w >> 1) + (w & 1) * lanes)
  f.plain('define', 'vmovups', [inView(order, view), constantData(new Uint8Array(words.buffer))])
  f.plain('define', 'vpermw', [inView(result, view), inView(order, view), inView(apart, view)])
  return result
}

/** a·b + c. An accumulator that is its own target is updated in place. */
function multiplyAdd(
  c: KernelContext,
  e: Extract<Expr, { kind: 'mulAdd' }>,
  into: VirtualRegister | null,
): VirtualRegister {
  const { type, lanes } = e
  if (!isFloat(type) || !c.options.fusedMultiplyAdd) return separateMultiplyAdd(c, e)
  return accumulateProduct(
    c,
    e,
    into,
    lanes > 1 ? 'vfmadd231ps' : type === 'f32' ? 'vfmadd231ss' : 'vfmadd231sd',
  )
}

/** An instruction that adds a product of its sources to its target. */
function accumulateProduct(
  c: KernelContext,
  e: Extract<Expr, { kind: 'mulAdd' | 'dotPairs' }>,
  into: VirtualRegister | null,
  mnemonic: 'vfmadd231ps' | 'vfmadd231ss' | 'vfmadd231sd' | 'vdpbf16ps',
): VirtualRegister {
  const { f } = c
  const view = viewOf(e.type, e.lanes)
  let [left, right] = [e.a, e.b]
  if (inMemory(c, left) && !inMemory(c, right)) [left, right] = [right, left]
  const a = c.value(left)
  const b = operand(c, right)
  const addend = c.value(e.c)
  let sum = addend
  if (addend !== into) {
    sum = f.register('vec')
    f.plain('define', 'vmovaps', [inView(sum, view), inView(addend, view)])
  }
  f.plain('modify', mnemonic, [inView(sum, view), inView(a, view), b])
  return sum
}

function separateMultiplyAdd(c: KernelContext, e: Extract<Expr, { kind: 'mulAdd' }>): VirtualRegister {
  const { f } = c
  const { type, lanes } = e
  const view = viewOf(type, lanes)
  const a = c.value(e.a)
  const b = c.value(e.b)
  const addend = c.value(e.c)
  const product = c.fresh(type, lanes)
  const sum = c.fresh(type, lanes)
  if (type === 'i32' || type === 'i64') {
    if (lanes > 1) {
      f.plain('define', 'vpmulld', [inView(product, view), inView(a, view), inView(b, view)])
      f.plain('define', 'vpaddd', [inView(sum, view), inView(product, view), inView(addend, view)])
    } else {
      c.move(type, 1, sum, a)
      f.plain('modify', 'imul', [inView(sum, view), inView(b, view)])
      f.plain('modify', 'add', [inView(sum, view), inView(addend, view)])
    }
    return sum
  }
  const suffix = lanes > 1 ? 'ps' : type === 'f32' ? 'ss' : 'sd'
  f.plain('define', `vmul${suffix}`, [inView(product, view), inView(a, view), inView(b, view)])
  f.plain('define', `vadd${suffix}`, [inView(sum, view), inView(product, view), inView(addend, view)])
  return sum
}

function convertVector(c: KernelContext, e: Extract<Expr, { kind: 'convert' }>): VirtualRegister {
  const { f } = c
  const { lanes } = e
  const from = e.value.type
  const view = viewOf('f32', lanes)
  const value = c.value(e.value)
  if (from === 'bool') return boolsToNumbers(c, lanes, value, e.type === 'f32' ? 0x3f800000 : 1)
  if (e.type === 'bool') return numbersToBools(c, from as 'f32' | 'i32', lanes, value)
  const result = f.register('vec')
  if (from === 'i32' && e.type === 'f32') {
    f.plain('define', 'vcvtdq2ps', [inView(result, view), inView(value, view)])
    return result
  }
  if (from !== 'f32' || e.type !== 'i32') throw new InternalError(`x86: lanes of ${from} to ${e.type}.`)
  // The instruction gives the smallest integer for all that it cannot hold: 2^31 and above become the largest, NaN 0.
  const raw = f.register('vec')
  const limited = f.register('vec')
  const bound = constantData(laneBytes(0x4f000000, 4 * lanes))
  f.plain('define', 'vcvttps2dq', [inView(raw, view), inView(value, view)])
  const within = compareVectors(c, 'lt', 'f32', lanes, value, bound)
  const largest = f.register('vec')
  f.plain('define', 'vmovups', [inView(largest, view), constantData(laneBytes(0x7fffffff, 4 * lanes))])
  selectVectors(c, lanes, limited, within, inView(raw, view), largest)
  const zero = f.register('vec')
  f.clear(zero, view)
  const same = compareVectors(c, 'eq', 'f32', lanes, value, inView(value, view))
  selectVectors(c, lanes, result, same, inView(limited, view), zero)
  return result
}

/** Halves, then quarters, …: lane i with lane i + n/2. */
function combineLanes(c: KernelContext, e: Extract<Expr, { kind: 'combine' }>): VirtualRegister {
  const { f } = c
  const { type } = e
  const { lanes } = e.value
  if (type === 'bool') return foldBools(c, e.op, lanes, c.value(e.value))
  if (type !== 'f32' && type !== 'i32') throw new InternalError(`x86: combine of ${type}.`)
  let current = c.value(e.value)
  for (let width = lanes / 2; width >= 1; width /= 2) {
    const upper = f.register('vec')
    const next = f.register('vec')
    if (width === 8) f.plain('define', 'vextractf64x4', [inView(upper, 'ymm'), inView(current, 'zmm'), 1])
    else if (width === 4) {
      f.plain('define', c.options.avx512 ? 'vextractf32x4' : 'vextractf128', [
        inView(upper, 'xmm'),
        inView(current, 'ymm'),
        1,
      ])
    } else
      f.plain('define', 'vpermilps', [
        inView(upper, 'xmm'),
        inView(current, 'xmm'),
        width === 2 ? 0x0e : 0x01,
      ])
    const view: View = width === 8 ? 'ymm' : 'xmm'
    const mnemonic = type === 'f32' ? floatMnemonics[e.op] : integerMnemonics[e.op]
    // max takes its operands the other way round, so that lane i stays the left one.
    const exchanged = e.op === 'max' && type === 'f32'
    const [a, b] = exchanged ? [upper, current] : [current, upper]
    f.plain('define', mnemonic, [inView(next, view), inView(a, view), inView(b, view)])
    current = next
  }
  if (type === 'f32') return current
  const result = f.register('gpr')
  f.plain('define', 'vmovd', [inView(result, 'r32'), inView(current, 'xmm')])
  return result
}

function extractLane(c: KernelContext, e: Extract<Expr, { kind: 'lane' }>): VirtualRegister {
  const { f } = c
  const { lanes } = e.value
  const value = c.value(e.value)
  if (e.type === 'bool') return laneOfBools(c, lanes, value, e.lane)
  let part = value
  const within = e.lane % 4
  const quarter = (e.lane - within) / 4
  if (quarter > 0) {
    part = f.register('vec')
    if (lanes === 16) f.plain('define', 'vextractf32x4', [inView(part, 'xmm'), inView(value, 'zmm'), quarter])
    else
      f.plain('define', c.options.avx512 ? 'vextractf32x4' : 'vextractf128', [
        inView(part, 'xmm'),
        inView(value, 'ymm'),
        1,
      ])
  }
  if (within > 0) {
    const moved = f.register('vec')
    f.plain('define', 'vpermilps', [inView(moved, 'xmm'), inView(part, 'xmm'), within])
    part = moved
  }
  if (e.type === 'f32') return part
  const result = f.register('gpr')
  f.plain('define', 'vmovd', [inView(result, 'r32'), inView(part, 'xmm')])
  return result
}
