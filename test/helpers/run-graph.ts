/** Evaluates nodes on a backend: values in as plain numbers, values out as plain numbers. */

import type { Backend } from '../../src/backend/backend.js'
import { createReferenceBackend } from '../../src/backend/reference/reference.js'
import { type DType, readElement, writeElement } from '../../src/core/dtype.js'
import { sizeOf } from '../../src/core/shape.js'
import { Storage } from '../../src/core/storage.js'
import type { Node } from '../../src/ir/node.js'

export const reference: Backend = createReferenceBackend()

/** A storage that holds the numbers (i64 given as numbers, too). */
export function storageFrom(dtype: DType, values: ArrayLike<number>): Storage {
  const storage = new Storage(dtype, values.length)
  const array = storage.write()
  for (let i = 0; i < values.length; i++) writeElement(dtype, array, i, values[i])
  return storage
}

export const numbersOf = (storage: Storage): number[] => {
  const array = storage.array()
  return Array.from({ length: storage.size }, (_, i) => readElement(storage.dtype, array, i))
}

/** Runs one program: its outputs, from the values of its inputs. */
export function run(
  backend: Backend,
  inputs: readonly Node[],
  given: readonly Storage[],
  outputs: readonly Node[],
): Storage[] {
  const written = outputs.map((o) => new Storage(o.dtype, sizeOf(o.shape)))
  backend.compile({ inputs, outputs, donations: new Map() }).run(given, written)
  return written
}

/** The values of `outputs` when the input nodes have the given values. */
export function runGraph(
  outputs: readonly Node[],
  inputs: readonly Node[],
  values: readonly ArrayLike<number>[],
  backend: Backend = reference,
): number[][] {
  const given = inputs.map((node, i) => {
    if (values[i].length !== sizeOf(node.shape)) {
      throw new Error(`runGraph: input ${i} of shape [${node.shape}] was given ${values[i].length} values.`)
    }
    return storageFrom(node.dtype, values[i])
  })
  return run(backend, inputs, given, outputs).map(numbersOf)
}
