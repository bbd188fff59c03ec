/**
 * What differs between Node and browsers: how a worker starts and how many threads a process may use. Node's own
 * modules are reached through `process.getBuiltinModule`, so that no bundle for browsers contains them.
 */

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

function builtin<T>(name: string): T | null {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return null
  return (process.getBuiltinModule(name) as T | undefined) ?? null
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

/** Processors that the process's control group grants, or infinity. */
function cgroupLimit(): number {
  const fs = builtin<{ readFileSync(path: string, encoding: string): string }>('node:fs')
  if (fs === null) return Number.POSITIVE_INFINITY
  const read = (path: string): string => {
    try {
      return fs.readFileSync(path, 'utf8').trim()
    } catch {
      return ''
    }
  }
  const [quota, period] = read('/sys/fs/cgroup/cpu.max').split(' ')
  if (Number(quota) > 0 && Number(period) > 0) return Math.max(1, Math.ceil(Number(quota) / Number(period)))
  const oldQuota = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'))
  const oldPeriod = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_period_us'))
  if (oldQuota > 0 && oldPeriod > 0) return Math.max(1, Math.ceil(oldQuota / oldPeriod))
  return Number.POSITIVE_INFINITY
}

/** Threads to use unless told otherwise: what the process may use, 4 at most. */
export function defaultThreads(): number {
  const os = builtin<{ availableParallelism(): number }>('node:os')
  const processors = os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1
  return Math.max(1, Math.min(4, processors, cgroupLimit()))
}

/** One line for people, where the platform has a place for it. */
export const warn = (line: string): void => console.warn(`chainrule: ${line}`)
