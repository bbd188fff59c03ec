import { afterAll } from 'vitest'
import type { CompiledBackend, CompiledBackendEntry } from './compiled-backends.js'

/** An entry's `make`; what it made is closed after the suite that this is called in. */
export function closing(make: CompiledBackendEntry['make']): CompiledBackendEntry['make'] {
  const made: CompiledBackend[] = []
  afterAll(() => {
    for (const backend of made) backend.close()
  })
  return async (options) => {
    const backend = await make(options)
    made.push(backend)
    return backend
  }
}

/** One backend with a thread, and one with two that share all work; none where the entry cannot run here. */
export async function onOneAndTwoThreads({ make, absent }: CompiledBackendEntry): Promise<CompiledBackend[]> {
  const open = closing(make)
  if (absent !== null) return []
  return [await open({ threads: 1 }), await open({ threads: 2, target: { serialWork: 1 } })]
}
