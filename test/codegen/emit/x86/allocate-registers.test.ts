/** Register allocation and spilling: random functions executed against what they mean, values of every class in the frame. */
import { describe, expect, it } from 'vitest'
import { Assembler } from '../../../../src/codegen/emit/x86/assembler.js'
import { encodeFunction } from '../../../../src/codegen/emit/x86/encode-function.js'
import { GuardedMemory } from '../../../helpers/guarded-memory.js'
import { seeded } from '../../../helpers/random.js'
import { randomFunction } from './random-machine-code.js'
import { instructionSets, os, writeEntry } from './run-native-kernel.js'

const memory = new GuardedMemory(4096)
const floor = os.symbol('floor')!
/** More with `CASES=5000`. */
const count = Number(process.env.CASES ?? 150)

for (const set of instructionSets) {
  describe(set, () => {
    it('gives every value a place of its own for its whole life', () => {
      for (let seed = 1; seed <= count; seed++) {
        const random = seeded(seed)
        const a = new Assembler({ avx512: set === 'avx512' })
        const entry = a.label()
        writeEntry(a, entry)
        a.align(64)
        a.bind(entry)
        const made = randomFunction(random, a, set === 'avx512', floor)
        encodeFunction(made.function, a, set === 'avx512')
        const code = os.mapCode(a.finish())
        const start = Uint8Array.from({ length: made.memoryBytes }, () => random.integer(0, 256))
        const wanted = start.slice()
        const parameters = [
          BigInt(random.integer(-1000, 1000)),
          BigInt(random.integer(0, 2 ** 31)) << 20n,
        ] as const
        made.interpret(new DataView(wanted.buffer), parameters)
        memory.reset()
        const at = memory.take(start.length, 'end', 0)
        memory.write(at, start)
        const request = BigInt64Array.of(BigInt(at), ...parameters)
        os.callable(code.address)(os.addressOf(request.buffer))
        const got = memory.read(at, start.length)
        os.release(code.address, code.bytes)
        const bad = wanted.findIndex((byte, i) => got[i] !== byte && !isNaNAt(wanted, got, i))
        if (bad >= 0) expect.fail(`seed ${seed}: byte ${bad} is ${got[bad]}, expected ${wanted[bad]}`)
      }
    })
  })
}

/** NaNs of doubles are equal whatever their bits. */
function isNaNAt(wanted: Uint8Array, got: Uint8Array, i: number): boolean {
  const word = i - (i % 8)
  const read = (bytes: Uint8Array): number =>
    new DataView(bytes.buffer, bytes.byteOffset).getFloat64(word, true)
  return Number.isNaN(read(wanted)) && Number.isNaN(read(got))
}
