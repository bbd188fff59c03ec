// One measurement of one model in TensorFlow.js on its WebAssembly backend. In Node that backend runs SIMD code on
// one thread: TensorFlow.js disables its threaded build there.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import type { NamedArray } from '../../data/named-array.js'
import { serve } from '../../measure.js'
import type { Inputs, TfjsModel, Variables } from './model.js'

function tensorOf({ shape, data }: NamedArray): tf.Tensor {
  return tf.tensor(data, [...shape], data instanceof Float32Array ? 'float32' : 'int32')
}

/** PyTorch's matrices [outputs, inputs] become [inputs, outputs], its filters OIHW become HWIO. */
function tensorflowLayout(tensor: tf.Tensor): tf.Tensor {
  if (tensor.rank === 4) return tf.transpose(tensor, [2, 3, 1, 0])
  return tensor.rank === 2 ? tf.transpose(tensor) : tensor
}

await serve(async () => {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')
  setWasmPaths(`${dirname(entry)}/`)
  if (!(await tf.setBackend('wasm'))) throw new Error('TensorFlow.js could not start its wasm backend')
  const simd = (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'SIMD' : 'no SIMD'
  const threaded = (await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT')) as boolean
  return {
    version: tf.version_core,
    models: ['mlp', 'lenet5', 'resnet18-cifar', 'lstm', 'transformer-encoder', 'gcn'],
    config: `wasm, ${simd}, ${threaded ? 'threads' : '1 thread'}`,
    // What the engine says when a forward or gradient kernel, or a gradient function, is missing.
    reasonOf: (error) => {
      const message = error instanceof Error ? error.message : String(error)
      return /not registered for the backend|not registered for backend|gradient function not found/.test(
        message,
      )
        ? message.split('\n')[0]
        : null
    },
    prepare: async (request, arrays) => {
      const { model } = (await import(`./${request.model}.ts`)) as { model: TfjsModel }
      const variables: Variables = {}
      for (const [name, array] of Object.entries(arrays.parameters)) {
        const value = tf.tidy(() => tensorflowLayout(tensorOf(array)))
        variables[name] = tf.variable(value)
      }
      const tensors: Inputs = {}
      for (const [name, array] of Object.entries(arrays.inputs)) tensors[name] = tensorOf(array)
      const inputs = model.inputs(arrays.inputs, tensors)
      const optimizer = tf.train.momentum(request.learningRate, request.momentum)
      const list = Object.values(variables)
      return async () => {
        const loss = optimizer.minimize(() => model.loss(variables, inputs), true, list) as tf.Scalar
        const [value] = await loss.data()
        loss.dispose()
        return value
      }
    },
  }
})
