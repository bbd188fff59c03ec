/** Loads and stores of the WebAssembly emitter, with the conversions between storage dtypes and compute types. */
import type { DType } from '../../../core/dtype.js'
import { byteSize } from '../../../core/dtype.js'
import { InternalError } from '../../../core/errors.js'
import type { Index } from '../../index-expression.js'
import type { Expr, Stmt } from '../../loop-ir.js'
import type { KernelContext } from './kernel-context.js'
import type { MemoryOp } from './opcodes.js'

type Load = Extract<Expr, { kind: 'load' }>
type Store = Extract<Stmt, { kind: 'store' }>

const reversed = [12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3]
const lowBytes = [0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]

const shifted = (index: Index, by: number): Index =>
  by === 0 ? index : { terms: index.terms, offset: index.offset + by }

/** The lowest of the elements of a strided access. */
const lowest = (index: Index, stride: number, lanes: number): Index =>
  stride < 0 ? shifted(index, stride * (lanes - 1)) : index

export function writeLoad(c: KernelContext, load: Load): void {
  if (load.active !== load.lanes) throw new InternalError('WebAssembly: a load of some lanes only.')
  const { dtype } = c.kernel.buffers[load.buffer]
  if (load.lanes === 1) writeScalarLoad(c, load, dtype)
  else if (load.stride === 1 || (load.stride === -1 && byteSize(dtype) === 4)) {
    writeVectorLoad(c, load, dtype)
    if (load.stride === -1) {
      const t = c.temporary('v128')
      c.f.tee(t)
      c.f.get(t)
      c.f.shuffle(reversed)
    }
  } else writeStridedLoad(c, load, dtype)
}

const scalarLoads: Record<DType, MemoryOp> = {
  f32: 'f32.load',
  f64: 'f64.load',
  f16: 'i32.load16_u',
  bf16: 'i32.load16_u',
  i32: 'i32.load',
  i64: 'i64.load',
  u8: 'i32.load8_u',
  bool: 'i32.load8_u',
}

function writeScalarLoad(c: KernelContext, load: Load, dtype: DType): void {
  const { f } = c
  const offset = c.address(load.buffer, load.index)
  f.memory(scalarLoads[dtype], offset)
  if (dtype === 'f16') f.call(c.helpers.half('fromHalf'), 'fromHalf')
  else if (dtype === 'bf16') {
    f.i32(16)
    f.op('i32.shl')
    f.op('f32.reinterpret_i32')
  }
}

/** Turns raw storage bits, one an i32 lane, into values. */
function widen(c: KernelContext, dtype: DType): void {
  const { f } = c
  if (dtype === 'f16') f.call(c.helpers.half('fromHalf4'), 'fromHalf4')
  else if (dtype === 'bf16') {
    f.i32(16)
    f.op('i32x4.shl')
  } else if (dtype === 'bool') {
    f.v128([0, 0, 0, 0])
    f.op('i32x4.ne')
  }
}

function writeVectorLoad(c: KernelContext, load: Load, dtype: DType): void {
  const { f } = c
  const offset = c.address(load.buffer, lowest(load.index, load.stride, load.lanes))
  switch (byteSize(dtype)) {
    case 4:
      f.memory('v128.load', offset)
      return
    case 2:
      f.memory('v128.load64_zero', offset)
      f.op('i32x4.extend_low_i16x8_u')
      break
    case 1:
      f.memory('v128.load32_zero', offset)
      f.op('i16x8.extend_low_i8x16_u')
      f.op('i32x4.extend_low_i16x8_u')
      break
    default:
      throw new InternalError(`WebAssembly: a vector load of ${dtype}.`)
  }
  widen(c, dtype)
}

function writeStridedLoad(c: KernelContext, load: Load, dtype: DType): void {
  const { f } = c
  const size = byteSize(dtype)
  const first = lowest(load.index, load.stride, load.lanes)
  const at = (lane: number): number =>
    (load.stride < 0 ? (lane - 3) * load.stride : lane * load.stride) * size
  if (size === 4) {
    // The vector stands above the address on the stack, so that lanes go address, vector, load_lane.
    const t = c.temporary('v128')
    let offset = c.address(load.buffer, first)
    f.memory('v128.load32_zero', offset + at(0))
    for (let lane = 1; lane < 4; lane++) {
      f.set(t)
      offset = c.address(load.buffer, first)
      f.get(t)
      f.laneMemory('v128.load32_lane', offset + at(lane), lane)
    }
    return
  }
  for (let lane = 0; lane < 4; lane++) {
    const offset = c.address(load.buffer, first)
    f.memory(scalarLoads[dtype], offset + at(lane))
    if (lane === 0) f.op('i32x4.splat')
    else f.lane('i32x4.replace_lane', lane)
  }
  widen(c, dtype)
}

export function writeStore(c: KernelContext, store: Store): void {
  if (store.active !== undefined) throw new InternalError('WebAssembly: a store of some lanes only.')
  const { dtype } = c.kernel.buffers[store.buffer]
  if (store.value.lanes === 1) writeScalarStore(c, store, dtype)
  else if (store.stride === 1) writeVectorStore(c, store, dtype)
  else writeStridedStore(c, store, dtype)
}

const scalarStores: Record<DType, MemoryOp> = {
  f32: 'f32.store',
  f64: 'f64.store',
  f16: 'i32.store16',
  bf16: 'i32.store16',
  i32: 'i32.store',
  i64: 'i64.store',
  u8: 'i32.store8',
  bool: 'i32.store8',
}

function writeScalarStore(c: KernelContext, store: Store, dtype: DType): void {
  const { f } = c
  const offset = c.address(store.buffer, store.index)
  c.value(store.value)
  if (dtype === 'f16') f.call(c.helpers.half('toHalf'), 'toHalf')
  else if (dtype === 'bf16') {
    // Round to nearest even on the bits; a NaN keeps its upper bits and is made quiet.
    const t = c.temporary('i32')
    f.op('i32.reinterpret_f32')
    f.tee(t)
    f.i32(16)
    f.op('i32.shr_u')
    f.i32(0x40)
    f.op('i32.or')
    f.get(t)
    f.get(t)
    f.i32(16)
    f.op('i32.shr_u')
    f.i32(1)
    f.op('i32.and')
    f.i32(0x7fff)
    f.op('i32.add')
    f.op('i32.add')
    f.i32(16)
    f.op('i32.shr_u')
    f.get(t)
    f.i32(0x7fffffff)
    f.op('i32.and')
    f.i32(0x7f800000)
    f.op('i32.gt_u')
    f.op('select')
  }
  f.memory(scalarStores[dtype], offset)
}

/** Turns values into raw storage bits, one an i32 lane (the low bits count). */
function narrow(c: KernelContext, dtype: DType): void {
  const { f } = c
  if (dtype === 'f16') f.call(c.helpers.half('toHalf4'), 'toHalf4')
  else if (dtype === 'bool') f.op('i32x4.neg')
  else if (dtype === 'bf16') {
    const t = c.temporary('v128')
    const splat = (value: number): void => f.v128([value, value, value, value])
    f.tee(t)
    f.i32(16)
    f.op('i32x4.shr_u')
    splat(0x40)
    f.op('v128.or')
    f.get(t)
    f.get(t)
    f.i32(16)
    f.op('i32x4.shr_u')
    splat(1)
    f.op('v128.and')
    splat(0x7fff)
    f.op('i32x4.add')
    f.op('i32x4.add')
    f.i32(16)
    f.op('i32x4.shr_u')
    f.get(t)
    f.get(t)
    f.op('f32x4.ne')
    f.op('v128.bitselect')
  }
}

function writeVectorStore(c: KernelContext, store: Store, dtype: DType): void {
  const { f } = c
  const offset = c.address(store.buffer, store.index)
  c.value(store.value)
  narrow(c, dtype)
  const t = c.temporary('v128')
  switch (byteSize(dtype)) {
    case 4:
      f.memory('v128.store', offset)
      return
    case 2:
      f.tee(t)
      f.get(t)
      f.op('i16x8.narrow_i32x4_u')
      f.laneMemory('v128.store64_lane', offset, 0)
      return
    case 1:
      f.tee(t)
      f.get(t)
      f.shuffle(lowBytes)
      f.laneMemory('v128.store32_lane', offset, 0)
      return
    default:
      throw new InternalError(`WebAssembly: a vector store of ${dtype}.`)
  }
}

function writeStridedStore(c: KernelContext, store: Store, dtype: DType): void {
  const { f } = c
  const { stride } = store
  const size = byteSize(dtype)
  const first = lowest(store.index, stride, 4)
  const t = c.temporary('v128')
  c.value(store.value)
  narrow(c, dtype)
  f.set(t)
  for (let lane = 0; lane < 4; lane++) {
    const offset = c.address(store.buffer, first) + (stride < 0 ? (lane - 3) * stride : lane * stride) * size
    f.get(t)
    if (size === 4) f.laneMemory('v128.store32_lane', offset, lane)
    else if (size === 2) f.laneMemory('v128.store16_lane', offset, lane * 2)
    else {
      f.lane('i32x4.extract_lane', lane)
      f.memory('i32.store8', offset)
    }
  }
}
