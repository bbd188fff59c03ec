/** What the tests of structured lowerings share: targets of several widths, running kernels, seeded arrays. */
import type { Kernel } from '../../../src/codegen/loop-ir.js'
import { optimise } from '../../../src/codegen/optimise.js'
import type { Target } from '../../../src/codegen/target.js'
import { verify } from '../../../src/codegen/verify.js'
import { byteSize, type DType, type TypedArray, viewAs, writeElement } from '../../../src/core/dtype.js'
import type { Random } from '../../helpers/random.js'
import { interpretKernel } from '../interpret-kernel.js'

const target = (name: string, vectorBytes: number, threads: number): Target => ({
  name,
  vectorBytes,
  tail: 'scalar',
  tile: { rows: 4, vectors: 2, unroll: 1 },
  l1: 32768,
  l2: 1 << 20,
  threads,
  serialWork: 8, // nearly everything is shared where there are threads
})

export const targets: readonly Target[] = [
  target('scalar', 4, 1),
  target('four lanes', 16, 2),
  target('sixteen lanes', 64, 4),
]

/**
 * Verifies each kernel, then runs them one after the other on the same arguments; and once more optimised, which must
 * be as safe and give the same.
 */
export function runKernels(kernels: readonly Kernel[], args: readonly TypedArray[]): { badIndex: boolean } {
  const again = copies(args)
  let badIndex = false
  for (const kernel of kernels) {
    verify(kernel)
    if (interpretKernel(kernel, args).badIndex) badIndex = true
    const optimised = optimise(kernel)
    verify(optimised)
    if (interpretKernel(optimised, again).badIndex !== badIndex)
      throw new Error(`${kernel.name}: optimised checks differ.`)
  }
  args.forEach((array, i) => {
    if (!array.every((v, at) => Object.is(v, again[i][at])))
      throw new Error(`Argument ${i} differs after optimising.`)
  })
  return { badIndex }
}

/** Arguments that are one array stay one. */
function copies(args: readonly TypedArray[]): TypedArray[] {
  const made = new Map(args.map((array) => [array, array.slice() as TypedArray]))
  return args.map((array) => made.get(array)!)
}

export const makeArray = (dtype: DType, size: number): TypedArray =>
  viewAs(dtype, new ArrayBuffer(size * byteSize(dtype)))

/** Small whole numbers with many ties; some NaN and infinities among floats where asked for. */
export function fill(random: Random, dtype: DType, size: number, nan = false): TypedArray {
  const array = makeArray(dtype, size)
  for (let i = 0; i < size; i++) {
    const float = dtype.startsWith('f') || dtype === 'bf16'
    let value = random.integer(dtype === 'u8' ? 0 : -4, 5)
    if (nan && float) value = random.pick([value, value, value, NaN, -Infinity, Infinity])
    writeElement(dtype, array, i, dtype === 'bool' ? value & 1 : value)
  }
  return array
}

/** Every (outer, inner) pair's line along an axis, as flat positions. */
export function lines(shape: readonly number[], axis: number): number[][] {
  const n = shape[axis]
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1)
  const all: number[][] = []
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) all.push(Array.from({ length: n }, (_, i) => (o * n + i) * inner + j))
  }
  return all
}
