/** Kernels run as WebAssembly and as machine code, and compared with the interpreter of loop IR; values to run them on. */
import { expect } from 'vitest'
import {
  atomIndex,
  constantIndex,
  type Index,
  loopVar,
  scaleIndex,
} from '../../../src/codegen/index-expression.js'
import {
  type BufferParam,
  type ComputeType,
  type Expr,
  ExprBuilder,
  type Kernel,
  type Stmt,
} from '../../../src/codegen/loop-ir.js'
import { optimise } from '../../../src/codegen/optimise.js'
import { verify } from '../../../src/codegen/verify.js'
import { parallelLoop } from '../../../src/codegen/walk.js'
import { byteSize, type DType, type TypedArray, viewAs, writeElement } from '../../../src/core/dtype.js'
import { interpretKernel } from '../interpret-kernel.js'
import { runWasmKernel } from './wasm/run-wasm-kernel.js'
import { instructionSets, runNativeKernel } from './x86/run-native-kernel.js'

export const buffer = (
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
export function values(dtype: DType, size: number, turn = 0): TypedArray {
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
export function expectSame(got: TypedArray, wanted: TypedArray, what: string, last = 0): void {
  for (let i = 0; i < wanted.length; i++) {
    if (!Object.is(got[i], wanted[i]) && !near(got[i], wanted[i], last)) {
      expect.fail(`${what}: element ${i} is ${got[i]}, expected ${wanted[i]}`)
    }
  }
}

/** Lanes of the vectors that tests use: WebAssembly has 4, AVX2 up to 8, AVX-512 up to 16. */
export const widths = [4, 8, 16]
const widest = { wasm: 4, avx2: 8, avx512: 16 } as const

interface Engine {
  readonly name: string
  readonly widest: number
  run(kernel: Kernel, args: readonly TypedArray[], threads: number): { readonly status: number }
}

export const engines: readonly Engine[] = [
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
export function compare(kernel: Kernel, args: readonly TypedArray[], lanes = 4): void {
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

export const dtypeOf: Record<ComputeType, DType> = {
  f32: 'f32',
  f64: 'f64',
  i32: 'i32',
  i64: 'i64',
  bool: 'bool',
}

/** out[i] = f(in0[i], in1[i], …), `lanes` at a time and the rest one by one. */
export function mapKernel(
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

export function checkMap(
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

export const lanesOfType = (...types: ComputeType[]): number[] =>
  types.every((t) => t === 'f32' || t === 'i32' || t === 'bool') ? [1, 4] : [1]
