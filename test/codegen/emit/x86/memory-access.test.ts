/** What only machine code has: vectors of which some lanes are read, from memory that ends with the last of them. */
import { expect, it } from 'vitest'
import { constantIndex } from '../../../../src/codegen/index-expression.js'
import { ExprBuilder, type Kernel } from '../../../../src/codegen/loop-ir.js'
import { interpretKernel } from '../../interpret-kernel.js'
import { buffer, expectSame, values } from '../compare-kernel.js'
import { instructionSets, runNativeKernel } from './run-native-kernel.js'

it.each(instructionSets)('%s reads some lanes of strided vectors and nothing beside them', (set) => {
  const widths = set === 'avx512' ? [4, 8, 16] : [4, 8]
  const cases = (['f32', 'i32', 'f16', 'u8'] as const).flatMap((dtype) =>
    [2, 3, -1, -2].flatMap((by) => widths.map((n) => [dtype, by, n] as const)),
  )
  for (const [dtype, stride, lanes] of cases) {
    for (let active = 2; active < lanes; active++) {
      const e = new ExprBuilder()
      const n = (active - 1) * Math.abs(stride) + 1
      const value = e.load(0, dtype, constantIndex(stride < 0 ? n - 1 : 0), lanes, stride, active)
      // All lanes are stored: those that were not read are zero.
      const kernel: Kernel = {
        name: `load ${active} of ${lanes} ${dtype} by ${stride}`,
        buffers: [buffer('x', dtype, n), buffer('y', dtype, lanes, 'write')],
        body: [{ kind: 'store', buffer: 1, index: constantIndex(0), stride: 1, value }],
      }
      const x = values(dtype, n, 2)
      const wanted = values(dtype, lanes, 1)
      interpretKernel(kernel, [x, wanted])
      expect([...wanted.subarray(active)].every((v) => v === 0)).toBe(true)
      for (const flush of ['start', 'end'] as const) {
        const got = values(dtype, lanes, 1)
        runNativeKernel(kernel, [x, got], set, { flush })
        expectSame(got, wanted, kernel.name)
      }
    }
  }
})

it.each(instructionSets)('%s reads and writes some lanes of every dtype, and nothing beside them', (set) => {
  const widths = set === 'avx512' ? [4, 8, 16] : [4, 8]
  for (const dtype of ['f32', 'i32', 'f16', 'bf16', 'u8', 'bool'] as const) {
    for (const lanes of widths) {
      for (let active = 1; active <= lanes; active++) {
        const e = new ExprBuilder()
        const at = constantIndex(0)
        const kernel: Kernel = {
          name: `copy ${active} of ${lanes} ${dtype}`,
          buffers: [buffer('x', dtype, active), buffer('y', dtype, active, 'write')],
          body: [
            {
              kind: 'store',
              buffer: 1,
              index: at,
              stride: 1,
              value: e.load(0, dtype, at, lanes, 1, active),
              active,
            },
          ],
        }
        const x = values(dtype, active, 2)
        for (const flush of ['start', 'end'] as const) {
          const got = values(dtype, active, 5)
          runNativeKernel(kernel, [x, got], set, { flush })
          expectSame(got, x, kernel.name)
        }
      }
    }
  }
})
