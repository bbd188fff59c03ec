/** Random kernels as machine code between guard pages, against the interpreter of loop IR. */
import { describe, expect, it } from 'vitest'
import { printKernel } from '../../../../src/codegen/print.js'
import { verify } from '../../../../src/codegen/verify.js'
import { seeded } from '../../../helpers/random.js'
import { interpretKernel } from '../../interpret-kernel.js'
import { randomKernel } from '../../random-kernel.js'
import { instructionSets, runNativeKernel } from './run-native-kernel.js'

const widths = { avx512: [4, 8, 16], avx2: [4, 8] } as const
/** More with `CASES=1000`. */
const count = Number(process.env.CASES ?? 30)

for (const set of instructionSets) {
  for (const lanes of widths[set]) {
    describe(`${set}, ${lanes} lanes`, () => {
      it('gives the interpreter’s bits, flush at either end, whatever memory held', () => {
        for (let seed = 1; seed <= count; seed++) {
          const random = seeded(seed * 31 + lanes)
          const kernel = randomKernel(random, `random ${seed}`, lanes)
          verify(kernel)
          const args = kernel.buffers.map((b) =>
            Float32Array.from({ length: b.size }, () => random.integer(-8, 9) / 4),
          )
          const wanted = args.map((a) => a.slice())
          interpretKernel(kernel, wanted)
          for (const [flush, poison] of [
            ['end', 0xff],
            ['start', 0xaa],
          ] as const) {
            const got = args.map((a) => a.slice())
            runNativeKernel(kernel, got, set, { flush, poison })
            wanted.forEach((array, i) => {
              const bad = array.findIndex((x, k) => !Object.is(got[i][k], x))
              if (bad < 0) return
              expect.fail(
                `seed ${seed}: ${kernel.buffers[i].name}[${bad}] is ${got[i][bad]}, expected ${array[bad]}\n${printKernel(kernel)}`,
              )
            })
          }
        }
      })
    })
  }
}
