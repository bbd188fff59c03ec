/** Every kind of expression as WebAssembly and as machine code, against the interpreter of loop IR. */
import { describe, it } from 'vitest'
import {
  atomIndex,
  constantIndex,
  loopVar,
  scaleIndex,
  shiftIndex,
} from '../../../src/codegen/index-expression.js'
import {
  type BinaryOp,
  type ComputeType,
  type Expr,
  ExprBuilder,
  type Kernel,
  type Stmt,
  type UnaryOp,
} from '../../../src/codegen/loop-ir.js'
import {
  buffer,
  checkMap,
  compare,
  dtypeOf,
  lanesOfType,
  mapKernel,
  values,
  widths,
} from './compare-kernel.js'

describe('unary operations', () => {
  const cases: Record<string, readonly ComputeType[]> = {
    neg: ['f32', 'f64', 'i32', 'i64'],
    abs: ['f32', 'f64', 'i32', 'i64'],
    sqrt: ['f32', 'f64'],
    floor: ['f32', 'f64'],
    ceil: ['f32', 'f64'],
    trunc: ['f32', 'f64'],
    nearest: ['f32', 'f64'],
    not: ['i32', 'i64', 'bool'],
    hostExp: ['f64'],
    hostLog: ['f64'],
    hostExpm1: ['f64'],
    hostLog1p: ['f64'],
    hostSin: ['f64'],
    hostCos: ['f64'],
    hostTan: ['f64'],
    hostAtan: ['f64'],
    hostTanh: ['f64'],
  }
  for (const [op, types] of Object.entries(cases)) {
    it(op, () => {
      for (const type of types) {
        for (const lanes of lanesOfType(type)) {
          checkMap(
            `${op} ${type}`,
            [dtypeOf[type]],
            dtypeOf[type],
            (b, [x]) => b.unary(op as UnaryOp, x),
            lanes,
          )
        }
      }
    })
  }
})

describe('binary operations', () => {
  const numbers: readonly ComputeType[] = ['f32', 'f64', 'i32', 'i64']
  const bits: readonly ComputeType[] = ['i32', 'i64', 'bool']
  const cases: Partial<Record<BinaryOp, readonly ComputeType[]>> = {
    add: numbers,
    sub: numbers,
    mul: numbers,
    min: numbers,
    max: numbers,
    and: bits,
    or: bits,
    xor: bits,
    eq: [...numbers, 'bool'],
    ne: [...numbers, 'bool'],
    lt: [...numbers, 'bool'],
    le: [...numbers, 'bool'],
    hostAtan2: ['f64'],
    hostMod: ['f64'],
  }
  for (const [name, types] of Object.entries(cases)) {
    const op = name as BinaryOp
    const compares = ['eq', 'ne', 'lt', 'le'].includes(op)
    it(op, () => {
      for (const type of types) {
        const output = compares ? 'bool' : dtypeOf[type]
        for (const lanes of lanesOfType(type)) {
          checkMap(
            `${op} ${type}`,
            [dtypeOf[type], dtypeOf[type]],
            output,
            (b, [x, y]) => b.binary(op, x, y),
            lanes,
          )
        }
      }
    })
  }
  it('div and rem: floats by IEEE, integers without traps', () => {
    checkMap('div f32', ['f32', 'f32'], 'f32', (b, [x, y]) => b.binary('div', x, y), 4)
    checkMap('div f32', ['f32', 'f32'], 'f32', (b, [x, y]) => b.binary('div', x, y), 1)
    checkMap('div f64', ['f64', 'f64'], 'f64', (b, [x, y]) => b.binary('div', x, y), 1)
    for (const type of ['i32', 'i64'] as const) {
      for (const op of ['div', 'rem'] as const) {
        checkMap(`${op} ${type}`, [type, type], type, (b, [x, y]) => b.binary(op, x, y), 1)
        for (const divisor of [0, -1, 3]) {
          const by = type === 'i64' ? BigInt(divisor) : divisor
          checkMap(
            `${op} ${type} ${divisor}`,
            [type],
            type,
            (b, [x]) => b.binary(op, x, b.const(by, type)),
            1,
          )
        }
      }
    }
  })
  it('shifts take their count modulo the width', () => {
    for (const op of ['shl', 'shrU', 'shrS'] as const) {
      checkMap(`${op} i32`, ['i32', 'i32'], 'i32', (b, [x, y]) => b.binary(op, x, y), 1)
      checkMap(`${op} i64`, ['i64', 'i64'], 'i64', (b, [x, y]) => b.binary(op, x, y), 1)
      for (const count of [0, 1, 31, 32, 37]) {
        checkMap(
          `${op} by ${count}`,
          ['i32'],
          'i32',
          (b, [x]) => b.binary(op, x, b.const(count, 'i32', x.lanes)),
          4,
        )
      }
      // A count that changes with the loop, and one that does not.
      checkMap(
        `${op} by i`,
        ['i32'],
        'i32',
        (b, [x], at) => b.binary(op, x, b.splat(b.index(at), x.lanes)),
        4,
      )
      const count = (b: ExprBuilder, n: number): Expr => b.splat(b.load(0, 'i32', constantIndex(5)), n)
      checkMap(`${op} by load`, ['i32'], 'i32', (b, [x]) => b.binary(op, x, count(b, x.lanes)), 4)
    }
  })
})

describe('other expressions', () => {
  it('constants, index, ramp, splat, vector, lane', () => {
    for (const lanes of [1, 4]) {
      checkMap('const', ['f32'], 'f32', (b, [x]) => b.binary('add', x, b.const(0.1, 'f32', x.lanes)), lanes)
      checkMap('-0', [], 'f32', (b) => b.select(b.const(1, 'bool'), b.const(-0, 'f32'), b.const(1, 'f32')), 1)
      checkMap(
        'ramp',
        ['i32'],
        'i32',
        (b, [x], at) => b.binary('sub', b.ramp(shiftIndex(at, 3), 5, x.lanes), x),
        lanes,
      )
      checkMap(
        'splat',
        ['f32'],
        'f32',
        (b, [x], at) => b.binary('mul', x, b.splat(b.load(0, 'f32', at), x.lanes)),
        lanes,
      )
      checkMap(
        'splat bool',
        ['bool'],
        'bool',
        (b, [x], at) => b.binary('xor', x, b.splat(b.load(0, 'bool', at), x.lanes)),
        lanes,
      )
      checkMap(
        'splat half',
        ['f16'],
        'f32',
        (b, [x], at) => b.binary('add', x, b.splat(b.load(0, 'f16', at), x.lanes)),
        lanes,
      )
    }
    const reverse = (b: ExprBuilder, x: Expr): Expr =>
      x.lanes === 1 ? x : b.vector(Array.from({ length: x.lanes }, (_, i) => b.lane(x, x.lanes - 1 - i)))
    for (const dtype of ['f32', 'i32', 'bool'] as const) {
      checkMap(`vector ${dtype}`, [dtype], dtype, (b, [x]) => reverse(b, x), 4)
    }
  })
  it('select by mask and by one condition', () => {
    for (const lanes of [1, 4]) {
      for (const type of ['f32', 'i32', 'bool'] as const) {
        checkMap(`select ${type}`, ['bool', type, type], type, (b, [c, x, y]) => b.select(c, x, y), lanes)
      }
    }
    for (const type of ['f64', 'i64'] as const) {
      checkMap(`select ${type}`, ['bool', type, type], type, (b, [c, x, y]) => b.select(c, x, y), 1)
    }
  })
  it('mulAdd', () => {
    for (const type of ['f32', 'f64', 'i32', 'i64'] as const) {
      for (const lanes of lanesOfType(type)) {
        checkMap(`mulAdd ${type}`, [type, type, type], type, (b, [x, y, z]) => b.mulAdd(x, y, z), lanes)
      }
    }
  })
  it('combine takes halves, then quarters', () => {
    for (const type of ['f32', 'i32'] as const) {
      for (const op of ['add', 'mul', 'min', 'max'] as const) {
        for (const lanes of widths) {
          const b = new ExprBuilder()
          const v = loopVar('i', 0, 19)
          const value = b.combine(op, b.load(0, type, scaleIndex(atomIndex(v), lanes), lanes))
          const store: Stmt = { kind: 'store', buffer: 1, index: atomIndex(v), stride: 1, value }
          const size = 20 * lanes
          const kernel: Kernel = {
            name: `combine ${op} ${type} x${lanes}`,
            buffers: [buffer('x', type, size), buffer('y', type, 20, 'write')],
            body: [{ kind: 'for', variable: v, step: 1, body: [store] }],
          }
          for (const turn of [0, 1, 2, 3])
            compare(kernel, [values(type, size, turn), values(type, 20)], lanes)
        }
      }
    }
  })
  it('guard evaluates only the chosen side', () => {
    const n = 21
    for (const dtype of ['f32', 'f64'] as const) {
      const kernel = mapKernel('guard', [], dtype, n, 1, (b, _, at) => {
        const source = shiftIndex(at, -3)
        const inside = atomIndex({ kind: 'bounded', of: source, low: 0, high: 9 })
        return b.guard([{ index: source, low: 0, high: 9 }], b.load(0, dtype, inside), b.const(-7, dtype))
      })
      const shifted: Kernel = { ...kernel, buffers: [buffer('x', dtype, 10), buffer('y', dtype, n, 'write')] }
      const move = (stmt: Stmt): Stmt =>
        stmt.kind === 'store'
          ? { ...stmt, buffer: 1 }
          : stmt.kind === 'for'
            ? { ...stmt, body: stmt.body.map(move) }
            : stmt
      compare({ ...shifted, body: kernel.body.map(move) }, [values(dtype, 10), values(dtype, n)])
    }
  })
})
