/** Real models from elsewhere: Silero's voice detectors, with branches on the sampling rate and an LSTM with state. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  compile,
  currentDevice,
  manualSeed,
  rand,
  type Tensor,
  tensor,
  useDevice,
  zeros,
} from '../../src/index.js'
import { readOnnx } from '../../src/onnx/read-onnx.js'
import { largestDifference, openInRuntime } from './onnx-runtime.js'

const folder = new URL('../../node_modules/@ricky0123/vad-web/dist/', import.meta.url)
const fileOf = (name: string): URL => new URL(`${name}.onnx`, folder)
const missing = !existsSync(fileOf('silero_vad_v5'))

// Time goes to compilers: the oldest version, with graphs of its own, is on the portable device, where they are quick.
const best = currentDevice().name

/** Names and shapes of the state that each version carries from step to step. */
const versions = [
  { name: 'silero_vad_legacy', states: { h: 'hn', c: 'cn' }, shape: [2, 1, 64], samples: 1536 },
  { name: 'silero_vad_v5', states: { state: 'stateN' }, shape: [2, 1, 128], samples: 512 },
  { name: 'silero_vad_v6', states: { state: 'stateN' }, shape: [2, 1, 128], samples: 512 },
] as const

describe.skipIf(missing)('Silero voice detection (skipped where @ricky0123/vad-web is not installed)', () => {
  for (const { name, states, shape, samples } of versions) {
    it(`${name} agrees with ONNX Runtime over three steps`, async () => {
      await useDevice(name === 'silero_vad_legacy' ? 'wasm' : best)
      const bytes = readFileSync(fileOf(name))
      const model = readOnnx(bytes)
      const peer = await openInRuntime(bytes)
      manualSeed(3)
      const rate = tensor(BigInt64Array.of(16000n), { shape: [] })
      let ours: Record<string, Tensor> = {}
      let theirs: Record<string, Tensor> = {}
      for (const input of Object.keys(states)) ours[input] = theirs[input] = zeros(shape)
      for (let step = 0; step < 3; step++) {
        const x = rand([1, samples])
          .sub(0.5)
          .mul(step + 1)
        const a = model.run({ input: x, sr: rate, ...ours }) as Record<string, Tensor>
        const b = await peer.run({ input: x, sr: rate, ...theirs })
        expect(await largestDifference(a.output, b.output)).toBeLessThan(1e-4)
        ours = {}
        theirs = {}
        for (const [input, output] of Object.entries(states)) {
          expect(await largestDifference(a[output], b[output])).toBeLessThan(1e-4)
          ours[input] = a[output]
          theirs[input] = b[output]
        }
      }
    })
  }

  it('compiles, with the sampling rate as a constant of the step', async () => {
    await useDevice(best)
    const model = readOnnx(readFileSync(fileOf('silero_vad_v5')))
    const run = (input: Tensor, state: Tensor) =>
      model.run({ input, sr: 16000, state }) as Record<string, Tensor>
    const step = compile((input: Tensor, state: Tensor) => {
      const { output, stateN } = run(input, state)
      return [output, stateN]
    })
    manualSeed(4)
    let state: Tensor = zeros([2, 1, 128])
    for (let i = 0; i < 2; i++) {
      const x = rand([1, 512])
      const eager = run(x, state)
      const [output, next] = step(x, state)
      expect(await output.item()).toBe(await eager.output.item())
      state = next
    }
  })
})
