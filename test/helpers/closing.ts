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
