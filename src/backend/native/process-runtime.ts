/**
 * What a process has once, whatever number of isolates use it: the runtime's code, the pool's control block and its
 * threads. They are never unmapped, because a thread may be touching them.
 */
import { poolOffsets, recordOffsets } from '../../codegen/emit/x86/runtime-layout.js'
import { writeRuntime } from '../../codegen/emit/x86/write-runtime.js'
import { DeviceError } from '../../core/errors.js'
import type { Address, OperatingSystem } from './os/os.js'

export const maximumThreads = 64

const controlBytes = poolOffsets.records + maximumThreads * recordOffsets.bytes
/** Words of the head that stands before the control block: offsets of the entry points, and their address. */
const headBytes = 64

export interface ProcessRuntime {
  readonly pool: Address
  /** Runs the program of a context on the pool's threads and the caller. */
  launch(context: Address): void
  /** Makes the pool hold at least this many threads beside the caller's; returns how many it has. */
  ensureWorkers(count: number): number
}

export function processRuntime(os: OperatingSystem): ProcessRuntime {
  const name = `CHAINRULE_NATIVE_RUNTIME_${process.pid}`
  const head = os.shared(name) ?? create(os, name)
  const words = new Float64Array(3)
  os.read(head, new Uint8Array(words.buffer))
  const [launch, worker, tryLock] = words
  const pool = head + headBytes
  const lock = os.callable(tryLock)
  return {
    pool,
    launch: os.callable(launch),
    ensureWorkers(count) {
      const workers = (): number => {
        const word = new Uint32Array(1)
        os.read(pool + poolOffsets.workers, new Uint8Array(word.buffer))
        return word[0]
      }
      const wanted = Math.min(count, maximumThreads - 1)
      if (workers() >= wanted) return workers()
      // The lock that runs take: while it is held, other isolates run alone.
      const request = new Float64Array(2)
      const words = new Uint32Array(request.buffer)
      const at = os.addressOf(request.buffer)
      request[1] = 0
      words[0] = pool >>> 0
      words[1] = Math.floor(pool / 2 ** 32)
      for (let tries = 0; words[2] === 0; tries++) {
        lock(at)
        if (words[2] === 0 && tries > 1e7) throw new DeviceError('native: the pool of threads stays busy.')
      }
      let made = workers()
      while (made < wanted && startWorker(os, pool, worker, made + 1)) made++
      os.write(pool + poolOffsets.workers, new Uint8Array(Uint32Array.of(made).buffer))
      os.write(pool + poolOffsets.lock, new Uint8Array(4))
      return made
    },
  }
}

function startWorker(os: OperatingSystem, pool: Address, entry: Address, thread: number): boolean {
  const record = pool + poolOffsets.records + (thread - 1) * recordOffsets.bytes
  const words = new BigUint64Array(2)
  words[0] = BigInt(thread)
  words[1] = BigInt(pool)
  os.write(record + recordOffsets.thread, new Uint8Array(words.buffer))
  return os.startThread(entry, record)
}

function create(os: OperatingSystem, name: string): Address {
  const { code, launch, worker, tryLock } = writeRuntime()
  const mapped = os.mapCode(code)
  const head = os.reserve(headBytes + controlBytes)
  if (head === null) throw new DeviceError('native: expected memory for the pool of threads, got none.')
  const words = Float64Array.of(mapped.address + launch, mapped.address + worker, mapped.address + tryLock)
  os.write(head, new Uint8Array(words.buffer))
  const winner = os.share(name, head)
  if (winner !== head) {
    os.release(head, headBytes + controlBytes)
    os.release(mapped.address, mapped.bytes)
  }
  return winner
}
