/**
 * Node's built-in modules without an import statement: a browser bundle that contains this file has nothing to resolve,
 * and outside Node the functions say so.
 */
import { DataError } from '../core/errors.js'

interface Builtins {
  fs: typeof import('node:fs')
  path: typeof import('node:path')
  os: typeof import('node:os')
  crypto: typeof import('node:crypto')
  module: typeof import('node:module')
}

interface ProcessLike {
  getBuiltinModule?: (name: string) => unknown
  versions?: { node?: string }
}

const processLike = (): ProcessLike | undefined => (globalThis as { process?: ProcessLike }).process

/** True in Node (and in Deno or Bun where they offer Node's modules). */
export const hasNodeBuiltins = (): boolean => typeof processLike()?.getBuiltinModule === 'function'

/** The built-in module `name`. Throws `DataError` where there is none, naming `purpose`. */
export function nodeBuiltin<K extends keyof Builtins>(name: K, purpose: string): Builtins[K] {
  const module = processLike()?.getBuiltinModule?.(name)
  if (module === undefined) {
    const node = processLike()?.versions?.node
    const came = node === undefined ? 'a browser' : `Node ${node}`
    throw new DataError(
      `${purpose} needs the file system of Node 20.16 or newer, and this is ${came}. ` +
        'Work on bytes instead (fetch them, or read a File), or run it in a newer Node.',
    )
  }
  return module as Builtins[K]
}
