/**
 * What differs between Node and browsers: how a worker starts and how many threads a process may use. Node's own
 * modules are reached through `process.getBuiltinModule`, so that no bundle for browsers contains them.
 */

import { builtin } from '../builtin.js'

export interface WorkerHandle {
  terminate(): void
}

interface NodeWorker {
  on(event: string, listener: (value: unknown) => void): void
  unref(): void
  terminate(): unknown
}

interface WorkerThreads {
  readonly Worker: new (source: string, options: object) => NodeWorker
}

/**
 * Starts a worker that runs `source` (plain JavaScript; it receives `data`) and never keeps the process alive. Returns
 * null where workers cannot start. `failed` is called at most once, when the worker stops by itself.
 */
export function startWorker(
  source: string,
  data: object,
  failed: (reason: string) => void,
): WorkerHandle | null {
  const threads = builtin<WorkerThreads>('node:worker_threads')
  if (threads !== null) {
    let stopped = false
    const worker = new threads.Worker(source, {
      eval: true,
      workerData: data,
      execArgv: [],
      name: 'chainrule',
    })
    const report = (reason: string): void => {
      if (!stopped) failed(reason)
      stopped = true
    }
    worker.on('error', (error) => report(String(error)))
    worker.on('exit', () => report('it ended'))
    worker.unref()
    return {
      terminate() {
        stopped = true
        worker.terminate()
      },
    }
  }
  if (typeof Worker === 'undefined' || typeof Blob === 'undefined') return null
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  const worker = new Worker(url)
  worker.onerror = (event) => failed(event.message)
  worker.postMessage(data)
  return { terminate: () => worker.terminate() }
}

/** May this thread sleep in `Atomics.wait`? Main threads of browsers may not. */
export function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0)
    return true
  } catch {
    return false
  }
}

/** One line for people, where the platform has a place for it. */
export const warn = (line: string): void => console.warn(`chainrule: ${line}`)
