/** Every kind of expression and statement as WebAssembly and as machine code, against the interpreter of loop IR. */
import { describe, expect, it } from 'vitest'
import {
  addIndex,
  atomIndex,
  constantIndex,
  divideIndex,
  type Index,
  loopVar,
  remainderIndex,
  scaleIndex,
  shiftIndex,
} from '../../../src/codegen/index-expression.js'
import {
  type BinaryOp,
  type BufferParam,
  type ComputeType,
  type Expr,
  ExprBuilder,
  type Kernel,
  register,
  type Stmt,
  type UnaryOp,
} from '../../../src/codegen/loop-ir.js'
import { optimise } from '../../../src/codegen/optimise.js'
import { verify } from '../../../src/codegen/verify.js'
import { parallelLoop } from '../../../src/codegen/walk.js'
import { byteSize, type DType, type TypedArray, viewAs, writeElement } from '../../../src/core/dtype.js'
import { interpretKernel } from '../interpret-kernel.js'
import { runWasmKernel } from './wasm/run-wasm-kernel.js'
import { instructionSets, runNativeKernel } from './x86/run-native-kernel.js'

const buffer = (
  name: string,
  dtype: DType,
  size: number,
  access: BufferParam['access'] = 'read',
): BufferParam => ({
  name,
  dtype,
  size,
  access,
  kind: 'argument',
})

/** Interesting values of each dtype, repeated to `size`. */
function values(dtype: DType, size: number, turn = 0): TypedArray {
  const floats = [
    0,
    -0,
    1,
    -1,
    0.5,
    -2.5,
    1.5,
    3.7,
    -1e10,
    1e10,
    1e-3,
    Infinity,
    -Infinity,
    NaN,
    7,
    -8.25,
    65519,
    65520,
    6e-8,
    1e-40,
  ]
  const integers = [0, 1, -1, 2, -2, 7, 100, -100, 2147483647, -2147483648, 33, 12345, 31, 32]
  const array = viewAs(dtype, new ArrayBuffer(size * byteSize(dtype)))
  for (let i = 0; i < size; i++) {
    if (dtype === 'bool') array[i] = (i * 5 + turn) % 3 === 0 ? 1 : 0
    else if (dtype === 'i64') {
      const wide = [0n, 1n, -1n, 5n, -7n, 2n ** 62n, -(2n ** 63n), 2n ** 63n - 1n, 63n, 64n, 4294967297n]
      array[i] = wide[(i * (turn + 1) + turn) % wide.length]
    } else if (dtype === 'i32') array[i] = integers[(i * (turn + 1) + turn) % integers.length]
    else if (dtype === 'u8') array[i] = (i * 37 + turn * 11) % 256
    else writeElement(dtype, array, i, floats[(i * (turn + 1) + turn * 3) % floats.length])
  }
  return array
}

const copyOf = (array: TypedArray): TypedArray => array.slice()

/** The C library's functions on doubles are not V8's: both are right to a unit in the last place or two. */
const near = (got: number | bigint, wanted: number | bigint, last: number): boolean =>
  last > 0 && Math.abs(Number(got) - Number(wanted)) <= last * 2 ** -52 * Math.abs(Number(wanted))

/** Same bits, or `last` units in the last place apart; NaNs are equal whatever their payload. */
function expectSame(got: TypedArray, wanted: TypedArray, what: string, last = 0): void {
  for (let i = 0; i < wanted.length; i++) {
    if (!Object.is(got[i], wanted[i]) && !near(got[i], wanted[i], last)) {
      expect.fail(`${what}: element ${i} is ${got[i]}, expected ${wanted[i]}`)
    }
  }
}

/** Lanes of the vectors that tests use: WebAssembly has 4, AVX2 up to 8, AVX-512 up to 16. */
const widths = [4, 8, 16]
const widest = { wasm: 4, avx2: 8, avx512: 16 } as const

interface Engine {
  readonly name: string
  readonly widest: number
  run(kernel: Kernel, args: readonly TypedArray[], threads: number): { readonly status: number }
}

const engines: readonly Engine[] = [
  {
    name: 'wasm',
    widest: widest.wasm,
    run: (kernel, args, threads) => runWasmKernel(kernel, args, { threads }),
  },
  ...instructionSets.flatMap((set) =>
    (['start', 'end'] as const).map((flush) => ({
      name: `${set}, flush at the ${flush}`,
      widest: widest[set],
      run: (kernel: Kernel, args: readonly TypedArray[], threads: number) =>
        runNativeKernel(kernel, args, set, { threads, flush }),
    })),
  ),
]

/** Runs the kernel as it is, optimised and on every engine with several thread counts, and compares all outputs. */
function compare(kernel: Kernel, args: readonly TypedArray[], lanes = 4): void {
  verify(kernel)
  verify(optimise(kernel))
  const wanted = args.map(copyOf)
  const reference = interpretKernel(kernel, wanted)
  const optimised = args.map(copyOf)
  interpretKernel(optimise(kernel), optimised)
  for (const [i, array] of wanted.entries())
    expectSame(optimised[i], array, `${kernel.name} optimised, argument ${i}`)
  for (const engine of engines) {
    if (lanes > engine.widest) continue
    for (const threads of parallelLoop(kernel) === null ? [1] : [1, 3]) {
      const got = args.map(copyOf)
      const { status } = engine.run(kernel, got, threads)
      expect(status !== 0).toBe(reference.badIndex)
      const last = engine.name !== 'wasm' && kernel.name.startsWith('host') ? 2 : 0
      for (const [i, array] of wanted.entries())
        expectSame(got[i], array, `${kernel.name} on ${engine.name}, ${threads} threads, argument ${i}`, last)
    }
  }
}

const dtypeOf: Record<ComputeType, DType> = { f32: 'f32', f64: 'f64', i32: 'i32', i64: 'i64', bool: 'bool' }

/** out[i] = f(in0[i], in1[i], …), `lanes` at a time and the rest one by one. */
function mapKernel(
  name: string,
  inputs: readonly DType[],
  output: DType,
  size: number,
  lanes: number,
  f: (b: ExprBuilder, operands: readonly Expr[], at: Index) => Expr,
): Kernel {
  const b = new ExprBuilder()
  const body: Stmt[] = []
  const emit = (at: Index, n: number): Stmt => ({
    kind: 'store',
    buffer: inputs.length,
    index: at,
    stride: 1,
    value: f(
      b,
      inputs.map((dtype, i) => b.load(i, dtype, at, n)),
      at,
    ),
  })
  const rounds = Math.floor(size / lanes)
  if (rounds > 0) {
    const v = loopVar('i', 0, rounds - 1)
    body.push({ kind: 'for', variable: v, step: 1, body: [emit(scaleIndex(atomIndex(v), lanes), lanes)] })
  }
  for (let i = rounds * lanes; i < size; i++) body.push(emit(constantIndex(i), 1))
  return {
    name,
    buffers: [
      ...inputs.map((dtype, i) => buffer(`in${i}`, dtype, size)),
      buffer('out', output, size, 'write'),
    ],
    body,
  }
}

function checkMap(
  name: string,
  inputs: readonly DType[],
  output: DType,
  f: (b: ExprBuilder, operands: readonly Expr[], at: Index) => Expr,
  lanes: number,
): void {
  const size = 83
  for (const width of lanes === 1 ? [1] : widths) {
    const kernel = mapKernel(`${name} x${width}`, inputs, output, size, width, f)
    for (const turn of [0, 1, 2]) {
      const given = inputs.map((dtype, i) => values(dtype, size, turn + i * 2))
      compare(kernel, [...given, values(output, size)], width)
    }
  }
}

const lanesOfType = (...types: ComputeType[]): number[] =>
  types.every((t) => t === 'f32' || t === 'i32' || t === 'bool') ? [1, 4] : [1]

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

describe('conversions', () => {
  const types: readonly ComputeType[] = ['f32', 'f64', 'i32', 'i64', 'bool']
  for (const from of types) {
    it(`from ${from}`, () => {
      for (const to of types) {
        if (from === to) continue
        for (const lanes of lanesOfType(from, to)) {
          checkMap(`${from} to ${to}`, [dtypeOf[from]], dtypeOf[to], (b, [x]) => b.convert(x, to), lanes)
        }
      }
    })
  }
  it('bitcasts', () => {
    for (const lanes of [1, 4]) {
      checkMap(
        'f32 bits',
        ['f32'],
        'i32',
        (b, [x]) => b.binary('xor', b.bitcast(x, 'i32'), b.const(1 << 20, 'i32', x.lanes)),
        lanes,
      )
      checkMap('i32 bits', ['i32'], 'f32', (b, [x]) => b.unary('abs', b.bitcast(x, 'f32')), lanes)
    }
    checkMap('f64 bits', ['f64'], 'i64', (b, [x]) => b.bitcast(x, 'i64'), 1)
    checkMap('i64 bits', ['i64'], 'f64', (b, [x]) => b.bitcast(x, 'f64'), 1)
  })
  it('storage dtypes convert at loads and stores', () => {
    for (const lanes of [1, 4]) {
      for (const dtype of ['f16', 'bf16'] as const) {
        checkMap(`${dtype} load`, [dtype], 'f32', (_, [x]) => x, lanes)
        checkMap(`${dtype} store`, ['f32'], dtype, (_, [x]) => x, lanes)
      }
      checkMap('u8 load', ['u8'], 'i32', (_, [x]) => x, lanes)
      checkMap('u8 store', ['i32'], 'u8', (_, [x]) => x, lanes)
      checkMap('bool', ['bool'], 'bool', (b, [x]) => b.unary('not', x), lanes)
    }
  })
  it('every half and many floats convert exactly', () => {
    const size = 65536
    const halves = new Uint16Array(size).map((_, i) => i)
    const wanted = new Float32Array(size)
    const kernel = mapKernel('halves', ['f16'], 'f32', size, 4, (_, [x]) => x)
    interpretKernel(kernel, [halves, wanted])
    for (const { run, name } of engines) {
      const got = new Float32Array(size)
      run(kernel, [halves, got], 1)
      expectSame(got, wanted, `from half on ${name}`)
    }
    for (const dtype of ['f16', 'bf16'] as const) {
      // Floats all over: around each half, its neighbours and the ties between.
      const floats = new Float32Array(size)
      const bits = new Uint32Array(floats.buffer)
      for (let i = 0; i < size; i++) {
        floats[i] = i % 4 === 0 ? wanted[i] : (wanted[i] + wanted[(i + 1) % size]) / 2
        if (i % 4 === 2) bits[i] += 1
        if (i % 4 === 3) bits[i] -= 1
      }
      for (const lanes of [1, ...widths]) {
        const expected = new Uint16Array(size)
        const store = mapKernel(`to ${dtype}`, ['f32'], dtype, size, lanes, (_, [x]) => x)
        interpretKernel(store, [floats, expected])
        for (const { run, name, widest: most } of engines) {
          if (lanes > most) continue
          const out = new Uint16Array(size)
          run(store, [floats, out], 1)
          for (let i = 0; i < size; i++) {
            if (Number.isNaN(floats[i])) {
              if ((out[i] & 0x7fff) <= (dtype === 'f16' ? 0x7c00 : 0x7f80))
                expect.fail(`NaN to ${dtype} on ${name}: ${out[i]}`)
            } else if (out[i] !== expected[i])
              expect.fail(`${floats[i]} to ${dtype} on ${name}: ${out[i]}, expected ${expected[i]}`)
          }
        }
      }
    }
  })
})

describe('other expressions', () => {
  it('constants, index, ramp, splat, vector, lane', () => {
    for (const lanes of [1, 4]) {
      checkMap('const', ['f32'], 'f32', (b, [x]) => b.binary('add', x, b.const(0.1, 'f32', x.lanes)), lanes)
      checkMap(
        '-0',
        [],
        'f32',
        (b, _, at) =>
          b.select(
            b.const(1, 'bool', lanesAt(at)),
            b.const(-0, 'f32', lanesAt(at)),
            b.const(1, 'f32', lanesAt(at)),
          ),
        1,
      )
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
      const b = new ExprBuilder()
      const move = (stmt: Stmt): Stmt =>
        stmt.kind === 'store'
          ? { ...stmt, buffer: 1 }
          : stmt.kind === 'for'
            ? { ...stmt, body: stmt.body.map(move) }
            : stmt
      void b
      compare({ ...shifted, body: kernel.body.map(move) }, [values(dtype, 10), values(dtype, n)])
    }
  })
})

/** Maps without inputs run with one lane. */
const lanesAt = (_: Index): number => 1

describe('memory', () => {
  it('strided and backward vectors, of every dtype', () => {
    for (const dtype of ['f32', 'i32', 'f16', 'bf16', 'u8', 'bool'] as const) {
      for (const [stride, lanes] of [2, 3, -1, -2].flatMap((by) => widths.map((n) => [by, n] as const))) {
        const b = new ExprBuilder()
        const v = loopVar('i', 0, 4)
        const n = 5 * lanes * Math.abs(stride)
        const start = scaleIndex(atomIndex(v), lanes * stride)
        const at = stride < 0 ? shiftIndex(start, n - 1) : start
        const load: Kernel = {
          name: `load ${dtype} by ${stride}`,
          buffers: [buffer('x', dtype, n), buffer('y', dtype, 5 * lanes, 'write')],
          body: [
            {
              kind: 'for',
              variable: v,
              step: 1,
              body: [
                {
                  kind: 'store',
                  buffer: 1,
                  index: scaleIndex(atomIndex(v), lanes),
                  stride: 1,
                  value: b.load(0, dtype, at, lanes, stride),
                },
              ],
            },
          ],
        }
        compare(load, [values(dtype, n, 1), values(dtype, 5 * lanes)], lanes)
        const store: Kernel = {
          name: `store ${dtype} by ${stride}`,
          buffers: [buffer('x', dtype, 5 * lanes), buffer('y', dtype, n, 'write')],
          body: [
            {
              kind: 'for',
              variable: v,
              step: 1,
              body: [
                {
                  kind: 'store',
                  buffer: 1,
                  index: at,
                  stride,
                  value: b.load(0, dtype, scaleIndex(atomIndex(v), lanes), lanes),
                },
              ],
            },
          ],
        }
        compare(store, [values(dtype, 5 * lanes, 1), values(dtype, n)], lanes)
      }
    }
  })

  it('addresses: quotients, remainders, guards, large offsets, reversed axes', () => {
    const b = new ExprBuilder()
    const i = loopVar('i', 0, 5)
    const j = loopVar('j', 1, 7)
    const k = loopVar('k', 0, 2)
    const flat = addIndex(
      scaleIndex(atomIndex(i), 21),
      scaleIndex(shiftIndex(atomIndex(j), -1), 3),
      atomIndex(k),
    )
    const turned = addIndex(divideIndex(flat, 7), scaleIndex(remainderIndex(flat, 7), 18))
    const reversed = addIndex(constantIndex(125), scaleIndex(flat, -1))
    const far = shiftIndex(flat, 40_000)
    const near = addIndex(atomIndex(i), scaleIndex(atomIndex(k), -1), constantIndex(-1))
    const inside = atomIndex({ kind: 'bounded', of: near, low: 0, high: 3 })
    const sum = [
      b.load(0, 'f32', turned),
      b.load(0, 'f32', reversed),
      b.load(1, 'f32', far),
      b.guard([{ index: near, low: 0, high: 3 }], b.load(0, 'f32', inside), b.const(0.25, 'f32')),
    ].reduce((x, y) => b.binary('add', x, y))
    const store: Stmt = { kind: 'store', buffer: 2, index: flat, stride: 1, value: sum }
    const kernel: Kernel = {
      name: 'addresses',
      buffers: [buffer('x', 'f32', 126), buffer('far', 'f32', 40_126), buffer('y', 'f32', 126, 'write')],
      body: [
        {
          kind: 'parallel',
          variable: i,
          body: [
            {
              kind: 'for',
              variable: j,
              step: 1,
              body: [{ kind: 'for', variable: k, step: 1, body: [store] }],
            },
          ],
        },
      ],
    }
    const numbers = (n: number): Float32Array =>
      Float32Array.from({ length: n }, (_, x) => ((x * 37) % 101) / 8)
    compare(kernel, [numbers(126), numbers(40_126), numbers(126)])
  })

  it('checked run-time indices: good ones gather, bad ones set the status and read the lowest', () => {
    const b = new ExprBuilder()
    const row = register('row', 'i32', 1)
    const i = loopVar('i', 0, 5)
    const j = loopVar('j', 0, 2)
    const at = atomIndex({ kind: 'dynamic', value: b.register(row), low: 0, high: 3 })
    const store: Stmt = {
      kind: 'store',
      buffer: 2,
      index: addIndex(scaleIndex(atomIndex(i), 3), atomIndex(j)),
      stride: 1,
      value: b.load(1, 'f32', addIndex(scaleIndex(at, 3), atomIndex(j))),
    }
    const kernel: Kernel = {
      name: 'gather',
      buffers: [buffer('index', 'i32', 6), buffer('table', 'f32', 12), buffer('y', 'f32', 18, 'write')],
      body: [
        {
          kind: 'parallel',
          variable: i,
          body: [
            { kind: 'check', register: row, value: b.load(0, 'i32', atomIndex(i)), low: 0, high: 3 },
            { kind: 'for', variable: j, step: 1, body: [store] },
          ],
        },
      ],
    }
    const table = Float32Array.from({ length: 12 }, (_, x) => x)
    compare(kernel, [Int32Array.of(3, 0, 1, 2, 1, 3), table, new Float32Array(18)])
    compare(kernel, [Int32Array.of(3, 0, 4, 2, -1, 3), table, new Float32Array(18)])
  })
})

describe('statements', () => {
  it('loops with a condition, when, if and registers', () => {
    // y[i] = number of halvings until x[i] < 1, by a loop; sign by when.
    const b = new ExprBuilder()
    const i = loopVar('i', 0, 12)
    const x = register('x', 'f32', 1)
    const n = register('n', 'i32', 1)
    const one = b.const(1, 'f32')
    const kernel: Kernel = {
      name: 'halvings',
      buffers: [buffer('x', 'f32', 13), buffer('y', 'i32', 13, 'write')],
      body: [
        {
          kind: 'parallel',
          variable: i,
          body: [
            { kind: 'set', register: x, value: b.load(0, 'f32', atomIndex(i)) },
            { kind: 'set', register: n, value: b.const(0, 'i32') },
            {
              kind: 'loop',
              condition: b.binary('le', one, b.register(x)),
              body: [
                { kind: 'set', register: x, value: b.binary('mul', b.register(x), b.const(0.5, 'f32')) },
                { kind: 'set', register: n, value: b.binary('add', b.register(n), b.const(1, 'i32')) },
              ],
            },
            {
              kind: 'when',
              condition: b.binary('lt', b.register(x), b.const(0, 'f32')),
              then: [{ kind: 'set', register: n, value: b.const(-1, 'i32') }],
              otherwise: [],
            },
            {
              kind: 'if',
              ranges: [{ index: atomIndex(i), low: 2, high: 9 }],
              then: [{ kind: 'store', buffer: 1, index: atomIndex(i), stride: 1, value: b.register(n) }],
              otherwise: [
                { kind: 'store', buffer: 1, index: atomIndex(i), stride: 1, value: b.const(77, 'i32') },
              ],
            },
          ],
        },
      ],
    }
    compare(kernel, [
      Float32Array.from({ length: 13 }, (_, k) => (k % 4 === 3 ? -k : k * k * 7)),
      new Int32Array(13),
    ])
  })

  it('loads after a store to the same buffer see the new value', () => {
    // In-place running sum: x[i] += x[i - 1].
    const b = new ExprBuilder()
    const i = loopVar('i', 1, 30)
    const here = atomIndex(i)
    const sum = b.binary('add', b.load(0, 'f32', here), b.load(0, 'f32', shiftIndex(here, -1)))
    const twice = b.binary('add', b.load(0, 'f32', here), b.load(0, 'f32', here))
    const kernel: Kernel = {
      name: 'running sum',
      buffers: [buffer('x', 'f32', 31, 'readwrite'), buffer('y', 'f32', 31, 'write')],
      body: [
        {
          kind: 'for',
          variable: i,
          step: 1,
          body: [
            { kind: 'store', buffer: 1, index: here, stride: 1, value: twice },
            { kind: 'store', buffer: 0, index: here, stride: 1, value: sum },
            { kind: 'store', buffer: 1, index: here, stride: 1, value: b.binary('mul', twice, sum) },
          ],
        },
      ],
    }
    compare(kernel, [Float32Array.from({ length: 31 }, (_, k) => k / 8), new Float32Array(31)])
  })

  it('steps and rests of loops, one-round loops, threads beyond the rounds', () => {
    for (const [low, high, step] of [
      [0, 9, 4],
      [3, 3, 1],
      [2, 10, 3],
      [0, 1, 5],
    ] as const) {
      const b = new ExprBuilder()
      const i = loopVar('i', 0, 1)
      const j = loopVar('j', low, high)
      const index = addIndex(scaleIndex(atomIndex(i), 16), atomIndex(j))
      const store: Stmt = { kind: 'store', buffer: 0, index, stride: 1, value: b.index(index) }
      const kernel: Kernel = {
        name: `steps ${low} ${high} ${step}`,
        buffers: [buffer('y', 'i32', 32, 'write')],
        body: [{ kind: 'parallel', variable: i, body: [{ kind: 'for', variable: j, step, body: [store] }] }],
      }
      compare(kernel, [new Int32Array(32)])
    }
  })

  it('a scratch buffer and a register tile', () => {
    const b = new ExprBuilder()
    const scratch: BufferParam = { ...buffer('tmp', 'f32', 8, 'readwrite'), kind: 'scratch' }
    const i = loopVar('i', 0, 7)
    const k = loopVar('k', 0, 15)
    const tile = Array.from({ length: 8 }, (_, r) => register(`acc${r}`, 'f32', 4))
    const body: Stmt[] = [
      ...tile.map((r): Stmt => ({ kind: 'set', register: r, value: b.const(0, 'f32', 4) })),
      {
        kind: 'for',
        variable: k,
        step: 1,
        body: tile.map((r, n): Stmt => {
          const left = b.splat(
            b.load(1, 'f32', addIndex(scaleIndex(atomIndex(k), 4), constantIndex(n >> 1))),
            4,
          )
          const right = b.load(2, 'f32', addIndex(scaleIndex(atomIndex(k), 8), constantIndex((n & 1) * 4)), 4)
          return { kind: 'set', register: r, value: b.mulAdd(left, right, b.register(r)) }
        }),
      },
      ...tile.map(
        (r, n): Stmt => ({
          kind: 'store',
          buffer: 3,
          index: constantIndex(n * 4),
          stride: 1,
          value: b.register(r),
        }),
      ),
      {
        kind: 'for',
        variable: i,
        step: 1,
        body: [
          { kind: 'store', buffer: 0, index: atomIndex(i), stride: 1, value: b.load(3, 'f32', atomIndex(i)) },
        ],
      },
      {
        kind: 'store',
        buffer: 3,
        index: constantIndex(31),
        stride: 1,
        value: b.load(0, 'f32', constantIndex(7)),
      },
    ]
    const kernel: Kernel = {
      name: 'tile',
      buffers: [
        scratch,
        buffer('a', 'f32', 64),
        buffer('b', 'f32', 128),
        buffer('c', 'f32', 32, 'readwrite'),
      ],
      body,
    }
    const numbers = (n: number): Float32Array =>
      Float32Array.from({ length: n }, (_, x) => ((x * 29) % 31) / 4 - 3)
    const wanted = [numbers(64), numbers(128), numbers(32)]
    interpretKernel(kernel, wanted)
    for (const { run, name } of engines) {
      const got = [numbers(64), numbers(128), numbers(32)]
      run(kernel, got, 1)
      expectSame(got[2], wanted[2], `tile on ${name}`)
    }
  })

  it('asks for memory anywhere, in a buffer and behind it, and reads none', () => {
    const b = new ExprBuilder()
    const i = loopVar('i', 0, 31)
    const ahead = (buffer: number, write: boolean): Stmt => ({
      kind: 'prefetch',
      buffer,
      index: shiftIndex(scaleIndex(atomIndex(i), 4096), -5),
      write,
    })
    const store: Stmt = {
      kind: 'store',
      buffer: 1,
      index: atomIndex(i),
      stride: 1,
      value: b.load(0, 'f32', atomIndex(i)),
    }
    const kernel: Kernel = {
      name: 'ahead',
      buffers: [buffer('in', 'f32', 32), buffer('out', 'f32', 32, 'write')],
      body: [{ kind: 'for', variable: i, step: 1, body: [ahead(0, false), ahead(1, true), store] }],
    }
    verify(kernel)
    const input = Float32Array.from({ length: 32 }, (_, n) => n / 8)
    for (const { run, name } of engines) {
      const got = [input.slice(), new Float32Array(32)]
      run(optimise(kernel), got, 1)
      expectSame(got[1], input, `ahead on ${name}`)
    }
  })
})
