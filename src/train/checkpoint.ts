/**
 * Checkpoints: one safetensors file with the tensors of model, optimizer and random generator, and everything else as
 * JSON in its metadata. One file, replaced atomically: whoever reads it sees one moment of the training.
 */
import { DataError } from '../core/errors.js'
import { type ArrayData, bytesOf } from '../io/array-data.js'
import { crc32 } from '../io/crc32.js'
import type { SafetensorsEntry } from '../io/safetensors.js'
import { openSafetensors, writeSafetensorsFile } from '../io/safetensors-file.js'
import { arrayOfTensor, computeAll, tensorOfArray } from '../io/tensor-arrays.js'
import type { Module } from '../nn/module.js'
import type { LRScheduler } from '../optim/lr-scheduler.js'
import type { OptimizerStateDict } from '../optim/optimizer.js'
import { defaultGenerator } from '../tensor/random.js'
import type { Tensor } from '../tensor/tensor.js'
import type { TrainingState } from './training-state.js'

/** What training needs of an optimizer; every `Optimizer` has it. */
export interface TrainingOptimizer {
  readonly paramGroups: readonly { lr: number }[]
  lr: number
  zeroGrad(): void
  step(): void
  stateDict(): OptimizerStateDict
  loadStateDict(dict: OptimizerStateDict): void
}

/** The objects whose state a checkpoint holds. The state of the default random generator always comes with them. */
export interface TrainingParts {
  readonly model: Module
  readonly optimizer?: TrainingOptimizer
  readonly scheduler?: LRScheduler
}

/** Plain values that JSON keeps exactly. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export interface Checkpoint {
  readonly path: string
  /** What the caller saved along: the settings of the run. */
  readonly config: Json
  readonly state: TrainingState
  readonly model: Record<string, Tensor>
  readonly optimizer: OptimizerStateDict | null
  readonly scheduler: { lastEpoch: number; baseLrs: number[] } | null
  readonly random: Tensor
}

interface Description {
  readonly version: 1
  readonly config: Json
  readonly state: TrainingState
  readonly paramGroups: Record<string, unknown>[] | null
  readonly scheduler: { lastEpoch: number; baseLrs: number[] } | null
}

const modelPrefix = 'model.'
const optimizerPrefix = 'optimizer.'
const randomName = 'random.default'

/** Every tensor of the training by its name in a checkpoint, as snapshots. */
export function trainingTensors({ model, optimizer }: TrainingParts): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = { [randomName]: defaultGenerator.getState() }
  for (const [key, value] of Object.entries(model.stateDict())) tensors[modelPrefix + key] = value
  if (optimizer) {
    for (const [index, entry] of Object.entries(optimizer.stateDict().state)) {
      for (const [key, value] of Object.entries(entry)) tensors[`${optimizerPrefix}${index}.${key}`] = value
    }
  }
  return tensors
}

/** The values of the tensors, computed in one go. */
export function trainingArrays(parts: TrainingParts): Map<string, ArrayData> {
  const tensors = trainingTensors(parts)
  computeAll(Object.values(tensors))
  return new Map(Object.entries(tensors).map(([name, t]) => [name, arrayOfTensor(t)]))
}

/** The name of the first tensor with an infinite value or NaN among f32 and f64 ones; null where there is none. */
export function firstNonFinite(arrays: ReadonlyMap<string, ArrayData>): string | null {
  for (const [name, { dtype, data }] of arrays) {
    if (dtype !== 'f32' && dtype !== 'f64') continue
    for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i] as number)) return name
  }
  return null
}

/** Covers what the format's own checks do not see: a changed value, a changed setting. */
function checksum(description: string, arrays: ReadonlyMap<string, ArrayData>): string {
  const encoder = new TextEncoder()
  let crc = crc32(encoder.encode(description))
  for (const name of [...arrays.keys()].sort()) {
    crc = crc32(bytesOf(arrays.get(name)!.data), crc32(encoder.encode(name), crc))
  }
  return crc.toString(16).padStart(8, '0')
}

/**
 * Writes a checkpoint, replacing the file only when the new one is complete and on the disk. `arrays` may be given when
 * `trainingArrays(parts)` was called already. Throws `DataError` where the disk is full or the folder is read-only; the
 * previous file is then untouched.
 */
export function saveCheckpoint(
  path: string,
  parts: TrainingParts,
  state: TrainingState,
  config: Json = null,
  arrays: ReadonlyMap<string, ArrayData> = trainingArrays(parts),
): void {
  const description: Description = {
    version: 1,
    config,
    state,
    paramGroups: parts.optimizer?.stateDict().param_groups ?? null,
    scheduler: parts.scheduler?.stateDict() ?? null,
  }
  const text = JSON.stringify(description)
  const entries: SafetensorsEntry[] = [...arrays].map(([name, { dtype, shape, data }]) => ({
    name,
    dtype,
    shape,
    data,
  }))
  writeSafetensorsFile(path, entries, {
    format: 'pt',
    chainrule: text,
    chainrule_checksum: checksum(text, arrays),
  })
}

/** Reads a checkpoint. Throws `DataError` for a missing, damaged or foreign file. */
export function readCheckpoint(path: string): Checkpoint {
  const file = openSafetensors(path)
  const arrays = new Map<string, ArrayData>()
  try {
    for (const [name, value] of file) arrays.set(name, value)
  } finally {
    file.close()
  }
  const { chainrule: text, chainrule_checksum: expected } = file.metadata
  if (text === undefined) {
    throw new DataError(
      `'${path}': expected a checkpoint of a training, got a safetensors file without one (its metadata has no entry ` +
        "'chainrule'). Load plain weights with loadSafetensors and model.loadStateDict.",
    )
  }
  const found = checksum(text, arrays)
  if (found !== expected) {
    throw new DataError(
      `'${path}': expected a checkpoint with checksum ${expected}, got ${found}. The file is damaged: use the other ` +
        'checkpoint of the run (best or last), or a copy.',
    )
  }
  const description = parse(path, text)
  const model: Record<string, Tensor> = {}
  const state: OptimizerStateDict['state'] = {}
  for (const [name, value] of arrays) {
    const t = tensorOfArray(value)
    if (name.startsWith(modelPrefix)) model[name.slice(modelPrefix.length)] = t
    else if (name.startsWith(optimizerPrefix)) {
      const [, index, key] = /^optimizer\.(\d+)\.(.+)$/.exec(name) ?? []
      state[index] ??= {}
      state[index][key] = t
    }
  }
  const random = arrays.get(randomName)
  if (random === undefined) {
    throw new DataError(`'${path}': expected a tensor '${randomName}', got none. The file is no checkpoint.`)
  }
  return {
    path,
    config: description.config,
    state: description.state,
    model,
    optimizer: description.paramGroups && { state, param_groups: description.paramGroups },
    scheduler: description.scheduler,
    random: tensorOfArray(random),
  }
}

function parse(path: string, text: string): Description {
  const value = JSON.parse(text) as Description
  if (value.version !== 1) {
    throw new DataError(
      `'${path}': expected a checkpoint of format 1, got ${String(value.version)}. It is from a newer version of ` +
        'Chainrule: update.',
    )
  }
  return value
}

/**
 * Puts model, optimizer, schedule and the default random generator where the checkpoint was taken, and returns a copy of
 * its training state.
 */
export function restoreCheckpoint(checkpoint: Checkpoint, parts: TrainingParts): TrainingState {
  const { optimizer, scheduler } = parts
  parts.model.loadStateDict(checkpoint.model)
  if ((optimizer && !checkpoint.optimizer) || (scheduler && !checkpoint.scheduler)) {
    throw new DataError(
      `'${checkpoint.path}': expected the state of an optimizer and a schedule, which it was saved without.`,
    )
  }
  if (scheduler) scheduler.loadStateDict(checkpoint.scheduler!)
  // After the schedule: the learning rate is the saved one, digit for digit.
  if (optimizer) optimizer.loadStateDict(checkpoint.optimizer!)
  defaultGenerator.setState(checkpoint.random)
  return structuredClone(checkpoint.state)
}
