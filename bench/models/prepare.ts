// A benchmark model of ours with its weights loaded and its step compiled, for whoever runs it.

import type { Module } from '../../src/nn/module.js'
import { SGD } from '../../src/optim/sgd.js'
import type { StepOptions } from '../../src/runtime/compiled-step.js'
import { type Compiled, compile } from '../../src/tensor/compile.js'
import { tensor } from '../../src/tensor/creation.js'
import { noGrad } from '../../src/tensor/grad-mode.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import type { ModelArrays } from '../data/array-file.js'
import type { NamedArrays } from '../data/named-array.js'
import type { BuildModel } from './model.js'

export interface PreparedModel {
  readonly step: Compiled<[Tensor, Tensor], Tensor>
  readonly x: Tensor
  readonly y: Tensor
}

export interface StepSettings {
  readonly model: string
  readonly learningRate: number
  readonly momentum: number
  /** Only the forward pass, in evaluation mode. */
  readonly inference?: boolean
}

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

/** The step of a model: its loss, after an update with SGD with momentum unless it is inference. */
export async function prepareModel(
  { model, learningRate, momentum, inference = false }: StepSettings,
  arrays: ModelArrays,
  options: StepOptions = {},
): Promise<PreparedModel> {
  const { build } = (await import(`./${model}.js`)) as { build: BuildModel }
  const { x, y, ...others } = tensors(arrays.inputs)
  const { module, loss: lossOf } = build(others)
  loadParameters(module, arrays.parameters)
  if (inference) {
    module.eval()
    const step = compile((batch: Tensor, targets: Tensor) => noGrad(() => lossOf(batch, targets)), options)
    return { step, x, y }
  }
  module.train()
  const optimizer = new SGD(module.parameters(), { lr: learningRate, momentum })
  const step = compile((batch: Tensor, targets: Tensor) => {
    const loss = lossOf(batch, targets)
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    return loss
  }, options)
  return { step, x, y }
}
