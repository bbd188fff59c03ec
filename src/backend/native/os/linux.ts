/** Linux through its C library, which koffi calls. */
import { DeviceError } from '../../../core/errors.js'
import { builtin } from '../../builtin.js'
import type { Address, OperatingSystem } from './os.js'

/** The parts of koffi that are used: it is an optional dependency, so its types may be absent. */
export interface Koffi {
  load(path: null): { func(prototype: string): (...values: readonly unknown[]) => unknown }
  proto(prototype: string): object
  pointer(type: object): object
  decode(address: bigint, type: object): (...values: readonly unknown[]) => unknown
  register(f: (...values: never[]) => unknown, type: object): unknown
  address(value: unknown): bigint
}

const protection = { none: 0, read: 1, write: 2, execute: 4 } as const
/** MAP_PRIVATE | MAP_ANONYMOUS, and MAP_NORESERVE. */
const privateMemory = 0x22
const noReserve = 0x4000
const hugePages = 14
const pageBytes = 4096
const setMask = 2
/** Of the auxiliary vector: where the kernel put 16 random bytes for this program. */
const randomBytes = 25
const getThreadCall = 186

/** Names of koffi's prototypes must differ within a process, and this module may be loaded more than once. */
let prototypes = 0

export function createLinux(koffi: Koffi): OperatingSystem {
  const c = koffi.load(null)
  const mmap = c.func('intptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)')
  const munmap = c.func('int munmap(uintptr_t, size_t)')
  const mprotect = c.func('int mprotect(uintptr_t, size_t, int)')
  const madvise = c.func('int madvise(uintptr_t, size_t, int)')
  const copyOut = c.func('void* memcpy(_Out_ uint8_t*, uintptr_t, size_t)')
  const copyIn = c.func('void* memcpy(uintptr_t, const uint8_t*, size_t)')
  const dlsym = c.func('uintptr_t dlsym(uintptr_t, const char*)')
  const createThread = c.func('int pthread_create(_Out_ uint64_t*, uintptr_t, uintptr_t, uintptr_t)')
  const signalMask = c.func('int pthread_sigmask(int, const uint8_t*, _Out_ uint8_t*)')
  const getenv = c.func('const char* getenv(const char*)')
  const setenv = c.func('int setenv(const char*, const char*, int)')
  const auxiliary = c.func('uintptr_t getauxval(unsigned long)')
  const systemCall = c.func('long syscall(long)')
  const unique = `chainrule_${process.pid}_${Date.now()}_${prototypes++}_${Math.floor(Math.random() * 1e9)}`
  const launch = koffi.proto(`void ${unique}_launch(int64_t)`)
  const hostCall = koffi.proto(`void ${unique}_call(int32_t, int64_t)`)

  const map = (bytes: number, flags: number): Address | null => {
    const address = Number(mmap(0, bytes, protection.read | protection.write, flags, -1, 0))
    return address === -1 || address === 0 ? null : address
  }

  /** 2^22 is above every thread's number; the time of its start tells it from later threads of that number. */
  const threadNumber = (id: number): number | null => {
    try {
      const fs = builtin<{ readFileSync(path: string, encoding: string): string }>('node:fs')!
      const text = fs.readFileSync(`/proc/self/task/${id}/stat`, 'utf8')
      const start = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19])
      return (start % 2 ** 30) * 2 ** 22 + id
    } catch {
      return null
    }
  }

  return {
    name: 'Linux',
    identity: identityOf((into) => copyOut(into, auxiliary(randomBytes), into.length)),
    reserve(bytes) {
      const address = map(bytes, privateMemory | noReserve)
      if (address !== null && bytes >= 2 ** 24) madvise(address, bytes, hugePages)
      return address
    },
    preferHugePages(address, bytes) {
      const first = Math.ceil(address / pageBytes) * pageBytes
      const end = Math.floor((address + bytes) / pageBytes) * pageBytes
      if (end > first) madvise(first, end - first, hugePages)
    },
    release(address, bytes) {
      munmap(address, bytes)
    },
    mapCode(code) {
      const bytes = Math.max(pageBytes, Math.ceil(code.length / pageBytes) * pageBytes)
      const address = map(bytes, privateMemory)
      if (address === null)
        throw new DeviceError(`native: expected ${bytes} bytes for code, got none. Free memory.`)
      copyIn(address, code, code.length)
      if (mprotect(address, bytes, protection.read | protection.execute) !== 0) {
        munmap(address, bytes)
        throw new DeviceError('native: expected memory that may be executed, got a refusal by the system.')
      }
      return { address, bytes }
    },
    read(from, into) {
      copyOut(into, from, into.byteLength)
    },
    write(to, from) {
      copyIn(to, from, from.byteLength)
    },
    addressOf: (buffer) => Number(koffi.address(buffer)),
    symbol(name) {
      const address = Number(dlsym(0, name))
      return address === 0 ? null : address
    },
    callable(address) {
      return koffi.decode(BigInt(address), launch) as (argument: Address) => void
    },
    callback(f) {
      const handle = koffi.register(
        (number: number, pointer: number | bigint) => f(number, Number(pointer)),
        koffi.pointer(hostCall),
      )
      return Number(koffi.address(handle))
    },
    startThread(entry, argument) {
      // A new thread has the mask of the one that makes it.
      const all = new Uint8Array(128).fill(255)
      const before = new Uint8Array(128)
      signalMask(setMask, all, before)
      const handle = new BigUint64Array(1)
      const failed = createThread(handle, 0, entry, argument)
      signalMask(setMask, before, all)
      return failed === 0
    },
    thread() {
      const id = Number(systemCall(getThreadCall))
      return threadNumber(id) ?? id
    },
    threadRuns(thread) {
      const id = thread % 2 ** 22
      // Without /proc nobody can tell: everyone counts as alive.
      return thread === id || threadNumber(id) === thread
    },
    share(name, address) {
      setenv(name, String(address), 0)
      return Number(getenv(name))
    },
    shared(name) {
      const value = getenv(name)
      return typeof value === 'string' ? Number(value) : null
    },
  }
}

/**
 * The environment, where isolates find each other, outlives the program in its children, and process ids come again.
 * The kernel's random bytes do not; they also seed the C library's canaries, so they are shown only as a digest.
 */
function identityOf(read: (into: Uint8Array) => void): string {
  const bytes = new Uint8Array(16)
  read(bytes)
  const crypto = builtin<typeof import('node:crypto')>('node:crypto')!
  return `${process.pid}_${crypto.createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`
}
