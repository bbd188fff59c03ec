/**
 * The program of a worker thread, as plain JavaScript text: bundlers need not know it, and it starts the same way in
 * Node and in browsers. It waits for jobs in shared memory, so the main thread never needs its event loop to give work.
 */
import { barrierWords } from '../../codegen/emit/wasm/emit-wasm.js'
import { hostMathSource } from './host-math.js'

/** Byte addresses of the words through which the main thread gives work. Per-worker words follow each other. */
export const controlWords = {
  job: 256,
  sleepers: 260,
  kind: 264,
  program: 268,
  address: 272,
  length: 276,
  threads: 280,
  arena: 284,
  table: 288,
  /** Number of the job that the worker takes part in. */
  takesPart: 1024,
  thread: 2048,
  /** 0 not started, 1 ready, -1 failed. */
  state: 3072,
  /** Number of the last loading job that the worker has finished; negative: failed. */
  loaded: 4096,
} as const

export const maximumWorkers = 255

/** Kinds of jobs. */
export const jobKinds = { run: 0, load: 1 } as const

/** How long a worker looks for work before it sleeps, ms. */
const spinMilliseconds = 4

/**
 * A loading job's bytes: number of programs to forget, their ids (32-bit words), then the module.
 * The code has no `import`, and `__name` is a helper that some compilers call in functions turned to text.
 */
export const workerSource = `'use strict'
const __name = (f) => f
const words = ${JSON.stringify(controlWords)}
const host = ${hostMathSource}
function start({ memory, index }) {
  const control = new Int32Array(memory.buffer)
  const at = (address) => address >>> 2
  const JOB = at(words.job), SLEEPERS = at(words.sleepers), STATE = at(words.state) + index
  const TAKES = at(words.takesPart) + index, LOADED = at(words.loaded) + index
  const programs = new Map()
  let seen = Atomics.load(control, JOB)
  Atomics.store(control, STATE, 1)
  Atomics.notify(control, STATE)
  const load = (job) => {
    const address = control[at(words.address)] >>> 0
    const length = control[at(words.length)]
    const payload = new Uint8Array(memory.buffer, address, length).slice()
    const head = new Int32Array(payload.buffer, 0, length >>> 2)
    for (let i = 0; i < head[0]; i++) programs.delete(head[1 + i])
    const bytes = payload.slice(4 + 4 * head[0])
    const call = () => { throw new Error('a host call on a worker') }
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, call }, host })
    programs.set(control[at(words.program)], instance.exports.main)
  }
  for (;;) {
    const until = performance.now() + ${spinMilliseconds}
    for (let n = 1; Atomics.load(control, JOB) === seen; n++) {
      if (n % 256 === 0 && performance.now() > until) {
        Atomics.add(control, SLEEPERS, 1)
        Atomics.wait(control, JOB, seen)
        Atomics.sub(control, SLEEPERS, 1)
      }
    }
    seen = Atomics.load(control, JOB)
    if (Atomics.load(control, TAKES) !== seen) continue
    if (control[at(words.kind)] === ${jobKinds.load}) {
      let result = seen
      try { load(seen) } catch (error) { result = -seen }
      Atomics.store(control, LOADED, result)
      Atomics.notify(control, LOADED)
      continue
    }
    try {
      programs.get(control[at(words.program)])(
        control[at(words.thread) + index], control[at(words.threads)],
        control[at(words.arena)], control[at(words.table)],
      )
    } catch (error) {
      Atomics.store(control, STATE, -1)
      Atomics.store(control, ${barrierWords.abort >>> 2}, 1)
      Atomics.notify(control, ${barrierWords.generation >>> 2})
      throw error
    }
  }
}
if (typeof require === 'function') start(require('node:worker_threads').workerData)
else onmessage = (event) => start(event.data)
`
