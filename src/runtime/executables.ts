/** Compiled graphs by structure: a bounded cache a backend, so that the same work compiles once. */
import type { Backend, CompileOptions, Executable } from '../backend/backend.js'
import type { Graph } from '../ir/graph.js'
import { printGraph } from '../ir/print.js'
import { environment } from './environment.js'

const capacity = 256

/** DEBUG=graph (or a list with `graph` in it) prints each graph that is compiled. */
const debugGraphs = (environment('DEBUG') ?? '').split(',').includes('graph')

const caches = new WeakMap<Backend, Map<string, Executable>>()

/** How many graphs each call has compiled so far; for tests and `DEBUG`. */
export const compileStats = { compilations: 0 }

/** The executable of a graph, compiled by `build` where the cache has none. The least recently used one leaves. */
export function executableFor(backend: Backend, key: string, build: () => Graph): Executable {
  let cache = caches.get(backend)
  if (cache === undefined) {
    cache = new Map()
    caches.set(backend, cache)
  }
  let executable = cache.get(key)
  if (executable !== undefined) {
    cache.delete(key)
  } else {
    executable = compileGraph(backend, build())
    if (cache.size >= capacity) {
      const [oldest, victim] = cache.entries().next().value!
      cache.delete(oldest)
      disposeExecutable(victim)
    }
  }
  cache.set(key, executable)
  return executable
}

/** Compiles without the cache. */
export function compileGraph(backend: Backend, graph: Graph, options?: CompileOptions): Executable {
  compileStats.compilations++
  if (debugGraphs) console.error(`graph ${compileStats.compilations}\n${printGraph(graph.outputs)}`)
  return backend.compile(graph, options)
}

/** Gives back what an executable holds, where its backend cares. */
export function disposeExecutable(executable: Executable): void {
  if ('dispose' in executable && typeof executable.dispose === 'function') executable.dispose()
}

/** Number of executables held for a backend. */
export const cachedExecutables = (backend: Backend): number => caches.get(backend)?.size ?? 0
