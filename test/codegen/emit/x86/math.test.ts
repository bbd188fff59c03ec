/** The functions of f32 as machine code over the whole range of f32, in steps, against f64: at most 2 units in the last place. */
import { describe, expect, it } from 'vitest'
import { erf } from '../../../../src/backend/reference/scalar.js'
import { atomIndex, loopVar, scaleIndex } from '../../../../src/codegen/index-expression.js'
import { ExprBuilder, type Kernel } from '../../../../src/codegen/loop-ir.js'
import { expandUnary } from '../../../../src/codegen/math.js'
import type { UnaryPrimitive } from '../../../../src/ir/scalar-primitives.js'
import { instructionSets, runNativeKernel } from './run-native-kernel.js'

const size = 2 ** 16
/** Bit patterns between two that are tried: every `step`-th of the 2^32, from another start each time. */
const step = Number(process.env.STEP ?? 30011)

function mapKernel(op: UnaryPrimitive, lanes: number): Kernel {
  const b = new ExprBuilder()
  const v = loopVar('i', 0, size / lanes - 1)
  const at = scaleIndex(atomIndex(v), lanes)
  const value = expandUnary(b, op, b.load(0, 'f32', at, lanes))
  return {
    name: op,
    buffers: [
      { name: 'x', dtype: 'f32', size, access: 'read', kind: 'argument' },
      { name: 'y', dtype: 'f32', size, access: 'write', kind: 'argument' },
    ],
    body: [
      {
        kind: 'for',
        variable: v,
        step: 1,
        body: [{ kind: 'store', buffer: 1, index: at, stride: 1, value }],
      },
    ],
  }
}

/** Distance in units of the last place of the true value rounded to f32. */
function ulps(got: number, truth: number): number {
  if (Number.isNaN(truth)) return Number.isNaN(got) ? 0 : Number.POSITIVE_INFINITY
  const rounded = Math.fround(truth)
  if (got === rounded) return 0
  // Next to overflow the neighbour of the largest f32 counts as 2^128.
  const g = Number.isFinite(got) ? got : Math.sign(got) * 2 ** 128
  if (Number.isNaN(got) || !Number.isFinite(truth)) return Number.POSITIVE_INFINITY
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(truth))), -126)
  return Math.abs(g - truth) / 2 ** (Math.min(exponent, 127) - 23)
}

const functions: readonly [UnaryPrimitive, (x: number) => number][] = [
  ['exp', Math.exp],
  ['log', Math.log],
  ['tanh', Math.tanh],
  ['sigmoid', (x) => 1 / (1 + Math.exp(-x))],
  ['erf', erf],
  ['sin', Math.sin],
  ['cos', Math.cos],
  ['expm1', Math.expm1],
  ['log1p', Math.log1p],
  ['atan', Math.atan],
  ['tan', Math.tan],
]

for (const [set, fusedMultiplyAdd] of instructionSets.flatMap((s) => [
  [s, true] as const,
  [s, false] as const,
])) {
  describe(fusedMultiplyAdd ? `${set} with fused multiply-add` : set, () => {
    it.each(functions)('%s', (op, truth) => {
      const kernel = mapKernel(op, set === 'avx512' ? 16 : 8)
      const x = new Float32Array(size)
      const bits = new Uint32Array(x.buffer)
      const y = new Float32Array(size)
      let worst = 0
      let pattern = op.length * 97
      while (pattern < 2 ** 32) {
        for (let i = 0; i < size; i++, pattern += step) bits[i] = Math.min(pattern, 2 ** 32 - 1)
        runNativeKernel(kernel, [x, y], set, { fusedMultiplyAdd })
        for (let i = 0; i < size; i++) {
          const far = ulps(y[i], truth(x[i]))
          if (!(far <= 2)) expect.fail(`${op}(${x[i]}) = ${y[i]}, expected ${truth(x[i])}: ${far} ulp`)
          worst = Math.max(worst, far)
        }
      }
      if (process.env.SHOW) console.log(set, op, worst)
      expect(worst).toBeGreaterThan(0)
    })
  })
}
