/** Loads and stores of the x86 selection, with the conversions between storage dtypes and compute types. */
import { byteSize, type DType } from '../../../core/dtype.js'
import { InternalError } from '../../../core/errors.js'
import { type Index, shiftIndex } from '../../index-expression.js'
import type { Expr, Stmt } from '../../loop-ir.js'
import { boolsToNumbers, laneBytes, numbersToBools } from './bool-vectors.js'
import { gatherLanes } from './gather-lanes.js'
import { type KernelContext, viewOf } from './kernel-context.js'
import { constantData, inView, type MemoryOperand, memory, type VirtualRegister } from './machine-code.js'

type Load = Extract<Expr, { kind: 'load' }>
type Store = Extract<Stmt, { kind: 'store' }>

/** The lowest of the elements of a strided access. */
const lowest = (index: Index, stride: number, lanes: number): Index =>
  stride < 0 ? shiftIndex(index, stride * (lanes - 1)) : index

/** The load as a memory operand of an instruction on its compute type, where its bytes are that type's. */
export function foldableLoad(c: KernelContext, load: Load): MemoryOperand | null {
  const { dtype } = c.kernel.buffers[load.buffer]
  if (load.lanes > 1 && (load.stride !== 1 || load.active !== load.lanes)) return null
  if (dtype === 'f32' || dtype === 'f64' || ((dtype === 'i32' || dtype === 'i64') && load.lanes === 1))
    return c.address(load.buffer, load.index)
  return dtype === 'i32' ? c.address(load.buffer, load.index) : null
}

export function loadValue(c: KernelContext, load: Load): VirtualRegister {
  const { dtype } = c.kernel.buffers[load.buffer]
  if (load.lanes === 1) return scalarLoad(c, dtype, c.address(load.buffer, load.index))
  if (load.stride === 1) {
    const from = c.address(load.buffer, load.index)
    return load.active === load.lanes
      ? vectorLoad(c, dtype, load.lanes, from)
      : maskedLoad(c, dtype, load.lanes, load.active, from)
  }
  return stridedLoad(c, load, dtype)
}

function scalarLoad(c: KernelContext, dtype: DType, from: MemoryOperand): VirtualRegister {
  const { f } = c
  switch (dtype) {
    case 'f32':
    case 'f64': {
      const result = f.register('vec')
      f.plain('define', dtype === 'f32' ? 'vmovss' : 'vmovsd', [inView(result, 'xmm'), from])
      return result
    }
    case 'i32':
    case 'i64': {
      const result = f.register('gpr')
      f.plain('define', 'mov', [inView(result, dtype === 'i32' ? 'r32' : 'r64'), from])
      return result
    }
    case 'u8':
    case 'bool': {
      const result = f.register('gpr')
      f.plain('define', 'movzx8', [inView(result, 'r32'), from])
      return result
    }
    case 'f16':
    case 'bf16': {
      const bits = f.register('gpr')
      const raw = f.register('vec')
      f.plain('define', 'movzx16', [inView(bits, 'r32'), from])
      if (dtype === 'bf16') f.plain('modify', 'shl', [inView(bits, 'r32'), 16])
      f.plain('define', 'vmovd', [inView(raw, 'xmm'), inView(bits, 'r32')])
      if (dtype === 'bf16') return raw
      const result = f.register('vec')
      f.plain('define', 'vcvtph2ps', [inView(result, 'xmm'), inView(raw, 'xmm')])
      return result
    }
  }
}

function vectorLoad(c: KernelContext, dtype: DType, lanes: number, from: MemoryOperand): VirtualRegister {
  const { f } = c
  const result = f.register('vec')
  const out = inView(result, viewOf('f32', lanes))
  switch (dtype) {
    case 'f32':
    case 'i32':
      f.plain('define', 'vmovups', [out, from])
      return result
    case 'f16':
      f.plain('define', 'vcvtph2ps', [out, from])
      return result
    case 'bf16': {
      const wide = f.register('vec')
      f.plain('define', 'vpmovzxwd', [inView(wide, out.view), from])
      f.plain('define', 'vpslld', [out, inView(wide, out.view), 16])
      return result
    }
    case 'u8':
      f.plain('define', 'vpmovzxbd', [out, from])
      return result
    case 'bool':
      f.plain('define', 'vpmovzxbd', [out, from])
      return numbersToBools(c, 'i32', lanes, result)
    default:
      throw new InternalError(`x86: a vector load of ${dtype}.`)
  }
}

/** The first `active` lanes, 0 in the others. */
function maskedLoad(
  c: KernelContext,
  dtype: DType,
  lanes: number,
  active: number,
  from: MemoryOperand,
): VirtualRegister {
  const { f } = c
  const result = f.register('vec')
  const out = inView(result, viewOf('f32', lanes))
  const word = dtype === 'f32' || dtype === 'i32'
  // What is written to a half clears the other one.
  if (!c.options.avx512 && active === 4) return vectorLoad(c, dtype, 4, from)
  if (!c.options.avx512) {
    if (word) {
      f.plain('define', 'vmaskmovps', [out, inView(laneMask(c, lanes, active), out.view), from])
      return result
    }
    const staging = f.frame(64)
    const size = byteSize(dtype)
    f.clear(result, out.view)
    f.plain('use', 'vmovups', [memory('frame', staging), out])
    for (let lane = 0; lane < active; lane++)
      copyElement(c, size, shiftBytes(from, size * lane), memory('frame', staging + size * lane))
    return vectorLoad(c, dtype, lanes, memory('frame', staging))
  }
  const mask = c.mask(active)
  switch (dtype) {
    case 'f32':
    case 'i32':
      f.plain('define', 'vmovups', [out, from], mask, true)
      return result
    case 'f16':
      f.plain('define', 'vcvtph2ps', [out, from], mask, true)
      return result
    case 'bf16': {
      const wide = f.register('vec')
      f.plain('define', 'vpmovzxwd', [inView(wide, out.view), from], mask, true)
      f.plain('define', 'vpslld', [out, inView(wide, out.view), 16])
      return result
    }
    case 'u8':
    case 'bool':
      f.plain('define', 'vpmovzxbd', [out, from], mask, true)
      return dtype === 'bool' ? numbersToBools(c, 'i32', lanes, result) : result
    default:
      throw new InternalError(`x86: a vector load of ${dtype}.`)
  }
}

const shiftBytes = (m: MemoryOperand, by: number): MemoryOperand => memory(m.base, m.displacement + by)

/** All-ones in the first lanes, as AVX2's masked moves take it. */
function laneMask(c: KernelContext, lanes: number, active: number): VirtualRegister {
  const bytes = new Uint8Array(4 * lanes)
  bytes.fill(255, 0, 4 * active)
  const mask = c.f.register('vec')
  c.f.plain('define', 'vmovups', [inView(mask, viewOf('f32', lanes)), constantData(bytes)])
  return mask
}

function copyElement(c: KernelContext, size: number, from: MemoryOperand, to: MemoryOperand): void {
  const { f } = c
  const value = f.register('gpr')
  f.plain('define', size === 4 ? 'mov' : size === 2 ? 'movzx16' : 'movzx8', [inView(value, 'r32'), from])
  f.plain('use', 'mov', [to, inView(value, size === 4 ? 'r32' : size === 2 ? 'r16' : 'r8')])
}

/** Indices 0, stride, 2·stride, … as 32-bit lanes. */
export function rampBytes(lanes: number, stride: number): Uint8Array {
  const bytes = new Uint8Array(4 * lanes)
  const view = new DataView(bytes.buffer)
  for (let lane = 0; lane < lanes; lane++) view.setInt32(4 * lane, lane * stride, true)
  return bytes
}

function stridedLoad(c: KernelContext, load: Load, dtype: DType): VirtualRegister {
  const { f } = c
  const { lanes, stride, active } = load
  const size = byteSize(dtype)
  const view = viewOf('f32', lanes)
  const first = c.address(load.buffer, lowest(load.index, stride, active))
  if (stride === 2 && size === 4 && lanes === 16) return everySecond(c, first, active)
  if (stride === 2 && size === 4 && lanes === 8 && active > 4) return everySecondOfFew(c, load, first)
  if (stride === 2 && size === 4 && lanes === 4 && active === 4) return everySecondOfFour(c, first)
  if (stride === -1 && size === 4 && lanes > 4 && active === lanes) {
    const order = f.register('vec')
    const result = f.register('vec')
    f.plain('define', 'vmovups', [inView(order, view), constantData(reversed(lanes))])
    f.plain('define', 'vpermd', [inView(result, view), inView(order, view), first])
    return result
  }
  const offsetOf = (lane: number): number =>
    (stride < 0 ? (lane - active + 1) * stride : lane * stride) * size
  if (size === 4) {
    // A gather instruction takes several times as long on AMD's processors, and not much less on Intel's.
    const lanesRead = Array.from({ length: active }, (_, lane) => ({
      memory: shiftBytes(first, offsetOf(lane)),
    }))
    return gatherLanes(c, lanesRead)
  }
  // One element after another through the frame, zeros behind them.
  const staging = f.frame(64)
  if (active < lanes) {
    const zero = f.register('vec')
    f.clear(zero, view)
    f.plain('use', 'vmovups', [memory('frame', staging), inView(zero, view)])
  }
  for (let lane = 0; lane < active; lane++)
    copyElement(c, size, shiftBytes(first, offsetOf(lane)), memory('frame', staging + size * lane))
  return vectorLoad(c, dtype, lanes, memory('frame', staging))
}

/** Elements 0, 2, 4, …: two vectors that together cover exactly what is read, and a permutation of both. */
function everySecond(c: KernelContext, from: MemoryOperand, active: number): VirtualRegister {
  const { f } = c
  const span = 2 * active - 1
  const low = f.register('vec')
  const result = f.register('vec')
  const out = inView(result, 'zmm')
  const [first, second] = span >= 16 ? [16, 16] : [span, 0]
  if (first === 16) f.plain('define', 'vmovups', [inView(low, 'zmm'), from])
  else f.plain('define', 'vmovups', [inView(low, 'zmm'), from], c.mask(first), true)
  // The second vector ends with the last element.
  const start = Math.max(0, span - 16)
  const order = new Int32Array(16)
  for (let lane = 0; lane < active; lane++) order[lane] = 2 * lane < 16 ? 2 * lane : 16 + 2 * lane - start
  f.plain('define', 'vmovups', [out, constantData(new Uint8Array(order.buffer))])
  const other = second === 0 ? inView(low, 'zmm') : shiftBytes(from, 4 * start)
  if (active === 16) f.plain('modify', 'vpermi2ps', [out, inView(low, 'zmm'), other])
  else f.plain('modify', 'vpermi2ps', [out, inView(low, 'zmm'), other], c.mask(active), true)
  return result
}

/** The same with eight lanes: two vectors, evens of both in each half, and the middle quarters exchanged. */
function everySecondOfFew(c: KernelContext, load: Load, from: MemoryOperand): VirtualRegister {
  const { f } = c
  const { active } = load
  const low = vectorLoad(c, 'f32', 8, from)
  const mixed = f.register('vec')
  const result = f.register('vec')
  // The second vector ends with the last element, where it can: its odd lanes are read then.
  const [second, order] =
    active === 8
      ? [vectorLoad(c, 'f32', 8, shiftBytes(from, 4 * 7)), 0b11_01_10_00]
      : [maskedLoad(c, 'f32', 8, 2 * active - 1 - 8, shiftBytes(from, 4 * 8)), 0b10_00_10_00]
  f.plain('define', 'vshufps', [inView(mixed, 'ymm'), inView(low, 'ymm'), inView(second, 'ymm'), order])
  f.plain('define', 'vpermq', [inView(result, 'ymm'), inView(mixed, 'ymm'), 0b11_01_10_00])
  return result
}

/** The same with four. */
function everySecondOfFour(c: KernelContext, from: MemoryOperand): VirtualRegister {
  const result = c.f.register('vec')
  const [low, high] = [from, shiftBytes(from, 4 * 3)].map((at) => inView(vectorLoad(c, 'f32', 4, at), 'xmm'))
  c.f.plain('define', 'vshufps', [inView(result, 'xmm'), low, high, 0b11_01_10_00])
  return result
}

function reversed(lanes: number): Uint8Array {
  const bytes = new Uint8Array(4 * lanes)
  for (let lane = 0; lane < lanes; lane++) bytes[4 * lane] = lanes - 1 - lane
  return bytes
}

export function writeStore(c: KernelContext, store: Store): void {
  const { dtype } = c.kernel.buffers[store.buffer]
  const { lanes } = store.value
  const value = c.value(store.value)
  if (lanes === 1) scalarStore(c, dtype, c.address(store.buffer, store.index), value)
  else if (store.stride === 1) {
    const to = c.address(store.buffer, store.index)
    if (store.streams === true) c.f.plain('use', 'vmovntps', [to, inView(value, viewOf('f32', lanes))])
    else vectorStore(c, dtype, lanes, to, value, store.active ?? lanes)
  } else stridedStore(c, store, dtype, value)
}

/** Rounds f32 bits to bf16 in the low half: to nearest even; a NaN keeps its upper bits and is made quiet. */
function roundToBf16(c: KernelContext, value: VirtualRegister): VirtualRegister {
  const { f } = c
  const bits = f.register('gpr')
  const rounded = f.register('gpr')
  const quiet = f.register('gpr')
  const done = c.label()
  f.plain('define', 'vmovd', [inView(bits, 'r32'), inView(value, 'xmm')])
  f.plain('define', 'mov', [inView(rounded, 'r32'), inView(bits, 'r32')])
  f.plain('modify', 'shr', [inView(rounded, 'r32'), 16])
  f.plain('define', 'mov', [inView(quiet, 'r32'), inView(rounded, 'r32')])
  f.plain('modify', 'or', [inView(quiet, 'r32'), 0x40])
  f.plain('modify', 'and', [inView(rounded, 'r32'), 1])
  f.plain('modify', 'add', [inView(rounded, 'r32'), inView(bits, 'r32')])
  f.plain('modify', 'add', [inView(rounded, 'r32'), 0x7fff])
  f.plain('modify', 'shr', [inView(rounded, 'r32'), 16])
  f.plain('use', 'vucomiss', [inView(value, 'xmm'), inView(value, 'xmm')])
  f.jump('np', done)
  f.plain('define', 'mov', [inView(rounded, 'r32'), inView(quiet, 'r32')])
  f.label(done)
  return rounded
}

function scalarStore(c: KernelContext, dtype: DType, to: MemoryOperand, value: VirtualRegister): void {
  const { f } = c
  switch (dtype) {
    case 'f32':
    case 'f64':
      f.plain('use', dtype === 'f32' ? 'vmovss' : 'vmovsd', [to, inView(value, 'xmm')])
      return
    case 'i32':
    case 'i64':
      f.plain('use', 'mov', [to, inView(value, dtype === 'i32' ? 'r32' : 'r64')])
      return
    case 'u8':
    case 'bool':
      f.plain('use', 'mov', [to, inView(value, 'r8')])
      return
    case 'f16': {
      const half = f.register('vec')
      const bits = f.register('gpr')
      f.plain('define', 'vcvtps2ph', [inView(half, 'xmm'), inView(value, 'xmm'), 0])
      f.plain('define', 'vmovd', [inView(bits, 'r32'), inView(half, 'xmm')])
      f.plain('use', 'mov', [to, inView(bits, 'r16')])
      return
    }
    case 'bf16':
      f.plain('use', 'mov', [to, inView(roundToBf16(c, value), 'r16')])
      return
  }
}

/** The same rounding over lanes; the result stands in the low half of each. */
function roundVectorToBf16(c: KernelContext, lanes: number, value: VirtualRegister): VirtualRegister {
  const { f } = c
  const view = viewOf('f32', lanes)
  const x = inView(value, view)
  const word = (bits: number): MemoryOperand => constantData(laneBytes(bits, 4 * lanes))
  const make = (
    mnemonic: 'vpsrld' | 'vpaddd' | 'vorps' | 'vandps',
    a: VirtualRegister,
    b: MemoryOperand | VirtualRegister | number,
  ): VirtualRegister => {
    const made = f.register('vec')
    f.plain('define', mnemonic, [
      inView(made, view),
      inView(a, view),
      typeof b === 'object' && 'class' in b ? inView(b, view) : b,
    ])
    return made
  }
  const upper = make('vpsrld', value, 16)
  const quiet = make('vorps', upper, word(0x40))
  const odd = make('vandps', upper, word(1))
  const sum = make('vpaddd', make('vpaddd', odd, value), word(0x7fff))
  const rounded = make('vpsrld', sum, 16)
  const result = f.register('vec')
  if (c.options.avx512) {
    const nan = f.register('mask')
    f.plain('define', 'vcmpps', [inView(nan, 'k'), x, x, 3])
    f.plain('define', 'vblendmps', [inView(result, view), inView(rounded, view), inView(quiet, view)], nan)
  } else {
    const nan = f.register('vec')
    f.plain('define', 'vcmpps', [inView(nan, view), x, x, 3])
    f.plain('define', 'vblendvps', [
      inView(result, view),
      inView(rounded, view),
      inView(quiet, view),
      inView(nan, view),
    ])
  }
  return result
}

function vectorStore(
  c: KernelContext,
  dtype: DType,
  lanes: number,
  to: MemoryOperand,
  value: VirtualRegister,
  active = lanes,
): void {
  const { f } = c
  const view = viewOf('f32', lanes)
  const some = active < lanes
  if (some && active === 4) {
    vectorStore(c, dtype, 4, to, value)
    return
  }
  if (some && lanes <= 8 && (dtype === 'f32' || dtype === 'i32')) {
    storeFirst(c, active, to, value)
    return
  }
  if (some && !c.options.avx512) {
    const staging = f.frame(64)
    const size = byteSize(dtype)
    vectorStore(c, dtype, lanes, memory('frame', staging), value)
    for (let lane = 0; lane < active; lane++)
      copyElement(c, size, memory('frame', staging + size * lane), shiftBytes(to, size * lane))
    return
  }
  const mask = some ? c.mask(active) : null
  switch (dtype) {
    case 'f32':
    case 'i32':
      f.plain('use', 'vmovups', [to, inView(value, view)], mask)
      return
    case 'f16':
      f.plain('use', 'vcvtps2ph', [to, inView(value, view), 0], mask)
      return
    case 'bf16':
      storeWords(c, lanes, to, roundVectorToBf16(c, lanes, value), mask)
      return
    case 'u8':
      storeBytes(c, lanes, to, value, mask)
      return
    case 'bool':
      storeBytes(c, lanes, to, boolsToNumbers(c, lanes, value, 1), mask)
      return
    default:
      throw new InternalError(`x86: a vector store of ${dtype}.`)
  }
}

/**
 * The first lanes as halves, quarters and single ones. AVX2's masked stores take AMD's processors many cycles, and a
 * load of what lies behind waits for AVX-512's: the next row of an update in place.
 */
function storeFirst(c: KernelContext, active: number, to: MemoryOperand, value: VirtualRegister): void {
  const { f } = c
  let rest = value
  if (active > 4) {
    f.plain('use', 'vmovups', [to, inView(value, 'xmm')])
    rest = f.register('vec')
    const extract = c.options.avx512 ? 'vextractf32x4' : 'vextractf128'
    f.plain('define', extract, [inView(rest, 'xmm'), inView(value, 'ymm'), 1])
  }
  const done = active > 4 ? 4 : 0
  const pair = (active - done) & 2
  if (pair > 0) f.plain('use', 'vmovlps', [shiftBytes(to, 4 * done), inView(rest, 'xmm')])
  if ((active & 1) === 1)
    f.plain('use', 'vextractps', [shiftBytes(to, 4 * (done + pair)), inView(rest, 'xmm'), pair])
}

/** The low 16 bits of each lane, which the upper ones of AVX2's lanes do not exceed. */
function storeWords(
  c: KernelContext,
  lanes: number,
  to: MemoryOperand,
  value: VirtualRegister,
  mask: VirtualRegister | null,
): void {
  const { f } = c
  if (c.options.avx512) {
    f.plain('use', 'vpmovdw', [to, inView(value, viewOf('f32', lanes))], mask)
    return
  }
  f.plain('use', lanes === 8 ? 'vmovdqu' : 'vmovq', [to, inView(packedWords(c, lanes, value), 'xmm')])
}

/** Lanes of at most 16 significant bits as words of an xmm register. */
function packedWords(c: KernelContext, lanes: number, value: VirtualRegister): VirtualRegister {
  const { f } = c
  const words = f.register('vec')
  let high = value
  if (lanes === 8) {
    high = f.register('vec')
    f.plain('define', 'vextracti128', [inView(high, 'xmm'), inView(value, 'ymm'), 1])
  }
  f.plain('define', 'vpackusdw', [inView(words, 'xmm'), inView(value, 'xmm'), inView(high, 'xmm')])
  return words
}

/** The low byte of each lane. */
function storeBytes(
  c: KernelContext,
  lanes: number,
  to: MemoryOperand,
  value: VirtualRegister,
  mask: VirtualRegister | null,
): void {
  const { f } = c
  const view = viewOf('f32', lanes)
  if (c.options.avx512) {
    f.plain('use', 'vpmovdb', [to, inView(value, view)], mask)
    return
  }
  const low = f.register('vec')
  f.plain('define', 'vandps', [
    inView(low, view),
    inView(value, view),
    constantData(laneBytes(255, 4 * lanes)),
  ])
  const words = packedWords(c, lanes, low)
  const bytes = f.register('vec')
  f.plain('define', 'vpackuswb', [inView(bytes, 'xmm'), inView(words, 'xmm'), inView(words, 'xmm')])
  f.plain('use', lanes === 8 ? 'vmovq' : 'vmovd', [to, inView(bytes, 'xmm')])
}

function stridedStore(c: KernelContext, store: Store, dtype: DType, value: VirtualRegister): void {
  const { f } = c
  const { stride } = store
  const { lanes } = store.value
  const active = store.active ?? lanes
  const size = byteSize(dtype)
  const first = c.address(store.buffer, lowest(store.index, stride, active))
  const staging = f.frame(64)
  vectorStore(c, dtype, lanes, memory('frame', staging), value)
  for (let lane = 0; lane < active; lane++) {
    const offset = (stride < 0 ? (lane - active + 1) * stride : lane * stride) * size
    copyElement(c, size, memory('frame', staging + size * lane), shiftBytes(first, offset))
  }
}
