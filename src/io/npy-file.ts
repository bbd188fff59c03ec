/**
 * Tensors to and from NumPy's files. Node only; `readNpy`, `readNpz` and their writers work on bytes everywhere.
 */
import type { Tensor } from '../tensor/tensor.js'
import { atomicWrite } from './atomic-write.js'
import { encodeNpy, readNpy } from './npy.js'
import { encodeNpz, iterateNpz } from './npz.js'
import { readFile } from './read-file.js'
import type { NamedTensors } from './state-dict-file.js'
import { arrayOfTensor, computeAll, tensorOfArray } from './tensor-arrays.js'

/** Reads a .npy file, as `numpy.load`. */
export const loadNpy = (path: string): Tensor => tensorOfArray(readNpy(readFile(path), `'${path}'`))

/** Writes a .npy file, as `numpy.save`. */
export const saveNpy = (path: string, t: Tensor): void =>
  atomicWrite(path, encodeNpy(arrayOfTensor(t), `'${path}'`))

/** Reads a .npz file, as `numpy.load`. */
export function loadNpz(path: string): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>()
  for (const [name, value] of iterateNpz(readFile(path), `'${path}'`)) tensors.set(name, tensorOfArray(value))
  return tensors
}

/** Writes a .npz file, as `numpy.savez`, or `numpy.savez_compressed` where `compress`. */
export function saveNpz(
  path: string,
  tensors: Readonly<NamedTensors>,
  options: { compress?: boolean } = {},
): void {
  computeAll(Object.values(tensors))
  const arrays = Object.entries(tensors).map(([name, t]) => [name, arrayOfTensor(t)] as const)
  atomicWrite(path, encodeNpz(arrays, options))
}
