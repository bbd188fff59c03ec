/**
 * Tensors by name to and from safetensors files: weights from PyTorch and Hugging Face, and checkpoints. Node only;
 * `stateDictFromBytes` and `stateDictToBytes` work everywhere.
 */
import type { Tensor } from '../tensor/tensor.js'
import {
  encodeSafetensors,
  iterateSafetensors,
  type SafetensorsEntry,
  safetensorsHeader,
} from './safetensors.js'
import { openSafetensors, writeSafetensorsFile } from './safetensors-file.js'
import { arrayOfTensor, computeAll, tensorOfArray } from './tensor-arrays.js'

/** Tensors by name, as `module.stateDict()` gives and `module.loadStateDict()` takes them. */
export type NamedTensors = Record<string, Tensor>

function entriesOf(tensors: Readonly<NamedTensors>): SafetensorsEntry[] {
  computeAll(Object.values(tensors))
  return Object.entries(tensors).map(([name, t]) => ({
    name,
    dtype: t.dtype,
    shape: t.shape,
    data: () => arrayOfTensor(t).data,
  }))
}

/** Keys that JavaScript treats specially stay plain keys. */
function named(pairs: Iterable<readonly [string, Tensor]>): NamedTensors {
  const tensors: NamedTensors = {}
  for (const [name, value] of pairs) {
    Object.defineProperty(tensors, name, { value, enumerable: true, writable: true, configurable: true })
  }
  return tensors
}

/**
 * Writes tensors to a safetensors file, replacing the old file only when the new one is complete. `metadata` are strings
 * by name; `{ format: 'pt' }`, which Hugging Face's loaders ask for, is the default.
 */
export function saveSafetensors(
  path: string,
  tensors: Readonly<NamedTensors>,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): void {
  writeSafetensorsFile(path, entriesOf(tensors), metadata)
}

/** Reads all tensors of a safetensors file. Use `openSafetensors` to read some of them, or its metadata. */
export function loadSafetensors(path: string): NamedTensors {
  const file = openSafetensors(path)
  try {
    return named([...file].map(([name, value]) => [name, tensorOfArray(value)] as const))
  } finally {
    file.close()
  }
}

/** The bytes of a safetensors file. */
export const stateDictToBytes = (
  tensors: Readonly<NamedTensors>,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Uint8Array<ArrayBuffer> => encodeSafetensors(entriesOf(tensors), metadata)

/** The tensors and metadata of a safetensors file in memory. */
export function stateDictFromBytes(bytes: Uint8Array): {
  tensors: NamedTensors
  metadata: Record<string, string>
} {
  const { metadata } = safetensorsHeader(bytes)
  const pairs = [...iterateSafetensors(bytes)].map(([name, value]) => [name, tensorOfArray(value)] as const)
  return { tensors: named(pairs), metadata }
}
