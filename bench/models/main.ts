// One measurement of one model in Chainrule: the whole training step is one compiled step. The device and its threads
// come from CHAINRULE_DEVICE and CHAINRULE_THREADS, which the caller sets.
import { readFileSync } from 'node:fs'
import type { Module } from '../../src/nn/module.js'
import { SGD } from '../../src/optim/sgd.js'
import { currentDevice } from '../../src/runtime/devices.js'
import { compile } from '../../src/tensor/compile.js'
import { tensor } from '../../src/tensor/creation.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import type { NamedArrays } from '../data/named-array.js'
import { serve } from '../measure.js'
import type { BuildModel } from './model.js'

function tensors(arrays: NamedArrays): Record<string, Tensor> {
  const entries = Object.entries(arrays)
  return Object.fromEntries(entries.map(([name, { shape, data }]) => [name, tensor(data, { shape })]))
}

/** Loads every parameter; only what PyTorch counts as buffers may keep its initial value. */
function loadParameters(module: Module, arrays: NamedArrays): void {
  const { missingKeys, unexpectedKeys } = module.loadStateDict(tensors(arrays), { strict: false })
  const parameters = new Set(module.namedParameters().map(([name]) => name))
  const problems = [...missingKeys.filter((key) => parameters.has(key)), ...unexpectedKeys]
  if (problems.length > 0)
    throw new Error(`Parameters differ from the benchmark's arrays: ${problems.join(', ')}`)
}

await serve(async () => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { name, threads } = currentDevice()
  return {
    version: (JSON.parse(manifest) as { version: string }).version,
    config: `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    // A model that the library cannot train is a failure here, not a reason.
    reasonOf: () => null,
    prepare: async (request, arrays) => {
      const { build } = (await import(`./${request.model}.js`)) as { build: BuildModel }
      const { x, y, ...others } = tensors(arrays.inputs)
      const { module, loss: lossOf } = build(others)
      loadParameters(module, arrays.parameters)
      module.train()
      const optimizer = new SGD(module.parameters(), { lr: request.learningRate, momentum: request.momentum })
      const step = compile((batch: Tensor, targets: Tensor) => {
        const loss = lossOf(batch, targets)
        optimizer.zeroGrad()
        loss.backward()
        optimizer.step()
        return loss
      })
      return () => step(x, y).item()
    },
  }
})
