// One measurement of one model in jax-js on its WebAssembly backend. In Node that backend runs on one thread: it
// starts its pool only where a global `Worker` exists. The whole training step is one `jit` function.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { defaultDevice, init, jit, numpy as np, tree, valueAndGrad } from '@jax-js/jax'
import type { NamedArray } from '../../data/named-array.js'
import { serve } from '../../measure.js'
import type { Arrays, JaxModel } from './model.js'

function arrayOf({ shape, data }: NamedArray): np.Array {
  return np.array(data as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>).reshape([...shape])
}

function mapValues<V, W>(record: Record<string, V>, map: (value: V, key: string) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]))
}

function packageVersion(): string {
  const entry = createRequire(import.meta.url).resolve('@jax-js/jax')
  const manifest = readFileSync(new URL('../package.json', `file://${entry}`), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

await serve(async () => {
  await init('wasm')
  defaultDevice('wasm')
  return {
    version: packageVersion(),
    models: ['mlp', 'lenet5', 'resnet18-cifar', 'lstm', 'transformer-encoder', 'gcn'],
    config: `wasm, jit, ${typeof Worker === 'undefined' ? '1 thread' : 'threads'}`,
    reasonOf: (error) => {
      const message = error instanceof Error ? error.message : String(error)
      return /not implemented|not supported|unsupported/i.test(message) ? message.split('\n')[0] : null
    },
    prepare: async (request, arrays) => {
      const { model } = (await import(`./${request.model}.ts`)) as { model: JaxModel }
      const inputs = model.inputs(arrays.inputs, mapValues(arrays.inputs, arrayOf))
      let parameters = mapValues(arrays.parameters, arrayOf)
      let velocity = mapValues(arrays.parameters, ({ shape }) => np.zeros([...shape]))
      const lossAndGradient = valueAndGrad((given: Arrays, batch: Arrays) => {
        const loss = model.loss(given, batch)
        tree.dispose(given)
        return loss
      })
      const step = jit((given: Arrays, speed: Arrays, batch: Arrays): [np.Array, Arrays, Arrays] => {
        const [loss, gradient] = lossAndGradient(tree.ref(given), batch)
        const nextSpeed = mapValues(speed, (value, name) => value.mul(request.momentum).add(gradient[name]))
        const next = mapValues(given, (value, name) =>
          value.sub(nextSpeed[name].ref.mul(request.learningRate)),
        )
        return [loss, next, nextSpeed]
      })
      return async () => {
        const [loss, next, nextVelocity] = step(parameters, velocity, tree.ref(inputs))
        parameters = next
        velocity = nextVelocity
        return (await loss.data())[0]
      }
    },
  }
})
