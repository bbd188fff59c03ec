/** ONNX Runtime (npm's onnxruntime-web on WebAssembly) as the peer that settles what a model's outputs are. */
import * as ort from 'onnxruntime-web'
import { type Tensor, tensor } from '../../src/index.js'

ort.env.wasm.numThreads = 1
ort.env.logLevel = 'error'

export interface Peer {
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>
}

const types = {
  f32: 'float32',
  i64: 'int64',
  i32: 'int32',
  u8: 'uint8',
  bool: 'bool',
  f64: 'float64',
} as const

/** Opens a model there. */
export async function openInRuntime(bytes: Uint8Array): Promise<Peer> {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] })
  return {
    async run(inputs) {
      const feeds: Record<string, ort.Tensor> = {}
      for (const [name, x] of Object.entries(inputs)) {
        const type = types[x.dtype as keyof typeof types]
        feeds[name] = new ort.Tensor(type as 'float32', (await x.data()) as Float32Array, x.shape)
      }
      const results = await session.run(feeds)
      return Object.fromEntries(
        Object.entries(results).map(([name, value]) => [
          name,
          tensor(value.data as Float32Array, { shape: value.dims }),
        ]),
      )
    },
  }
}

/** The largest absolute difference of two tensors of one shape. */
export async function largestDifference(a: Tensor, b: Tensor): Promise<number> {
  if (a.shape.join() !== b.shape.join()) throw new Error(`shapes [${a.shape}] and [${b.shape}] differ`)
  const [x, y] = [await a.data(), await b.data()]
  let most = 0
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(Number(x[i]) - Number(y[i])))
  return Number.isNaN(most) ? Number.POSITIVE_INFINITY : most
}
