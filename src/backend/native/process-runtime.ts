/**
 * What a process has once, whatever number of isolates use it: the runtime's code, the pool's control block and its
 * threads. They are never unmapped, because a thread may be touching them.
 */
import { estateRecordBytes, poolOffsets, recordOffsets } from '../../codegen/emit/x86/runtime-layout.js'
import { writeRuntime } from '../../codegen/emit/x86/write-runtime.js'
import { DeviceError } from '../../core/errors.js'
import type { Address, OperatingSystem } from './os/os.js'

export const maximumThreads = 64
/** Isolates that are alive at once and can leave their memory to later ones. */
export const maximumEstates = 1024

const estatesOffset = poolOffsets.records + maximumThreads * recordOffsets.bytes
const controlBytes = estatesOffset + maximumEstates * estateRecordBytes
/** Words of the head that stands before the control block: offsets of the entry points, and their address. */
const headBytes = 64
/** How long an isolate waits for another one's change before it goes on without its own. */
const patience = 2000

export interface ProcessRuntime {
  readonly pool: Address
  /** Table of what isolates own (see `Estate`): `maximumEstates` records. */
  readonly estates: Address
  /** Runs the program of a context on the pool's threads and the caller. */
  launch(context: Address): void
  /** Makes the pool hold at least this many threads beside the caller's; returns how many it has. */
  ensureWorkers(count: number): number
  /**
   * Calls `change` while no other isolate changes the process's tables. Returns null where another one keeps them for
   * seconds: it was terminated in the middle.
   */
  exclusively<T>(change: () => T): T | null
}

export function processRuntime(os: OperatingSystem): ProcessRuntime {
  const name = `CHAINRULE_NATIVE_${os.identity}`
  const head = os.shared(name) ?? create(os, name)
  const words = new Float64Array(3)
  os.read(head, new Uint8Array(words.buffer))
  const [launch, worker, tryLock] = words
  const pool = head + headBytes
  const lock = os.callable(tryLock)

  const exclusively = <T>(change: () => T): T | null => {
    const at = pool + poolOffsets.changes
    const request = new Uint32Array(new ArrayBuffer(16))
    request.set([at >>> 0, Math.floor(at / 2 ** 32), 0, 0])
    const address = os.addressOf(request.buffer)
    const end = Date.now() + patience
    while (true) {
      lock(address)
      if (request[2] === 1) break
      if (Date.now() > end) return null
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
    try {
      return change()
    } finally {
      os.write(at, new Uint8Array(4))
    }
  }
  const workers = (): number => {
    const word = new Uint32Array(1)
    os.read(pool + poolOffsets.workers, new Uint8Array(word.buffer))
    return word[0]
  }

  return {
    pool,
    estates: pool + estatesOffset,
    launch: os.callable(launch),
    exclusively,
    ensureWorkers(count) {
      const wanted = Math.min(count, maximumThreads - 1)
      if (workers() >= wanted) return workers()
      // A run that is under way does not look beyond the threads that it was given.
      exclusively(() => {
        let made = workers()
        while (made < wanted && startWorker(os, pool, worker, made + 1)) made++
        os.write(pool + poolOffsets.workers, new Uint8Array(Uint32Array.of(made).buffer))
      })
      return workers()
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
