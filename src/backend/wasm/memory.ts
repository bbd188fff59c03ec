/** The one linear memory of a WebAssembly backend: grows on demand and hands out fresh views after it grew. */
import { DeviceError } from '../../core/errors.js'

const pageBytes = 65536

export class LinearMemory {
  readonly memory: WebAssembly.Memory
  readonly shared: boolean
  readonly maximumBytes: number
  private seen: ArrayBufferLike
  private byteView: Uint8Array
  private wordView: Int32Array

  /** Reserves up to 4 GB of addresses, or less where the engine refuses. */
  constructor(shared: boolean) {
    this.shared = shared
    const { memory, maximum } = reserve(shared)
    this.memory = memory
    this.maximumBytes = maximum * pageBytes
    this.seen = memory.buffer
    this.byteView = new Uint8Array(this.seen)
    this.wordView = new Int32Array(this.seen)
  }

  private refresh(): void {
    const { buffer } = this.memory
    if (buffer === this.seen && buffer.byteLength === this.byteView.byteLength) return
    this.seen = buffer
    this.byteView = new Uint8Array(buffer)
    this.wordView = new Int32Array(buffer)
  }

  /** All bytes. Ask again after anything that may grow the memory. */
  get bytes(): Uint8Array {
    this.refresh()
    return this.byteView
  }

  /** All 32-bit words. Ask again after anything that may grow the memory. */
  get words(): Int32Array {
    this.refresh()
    return this.wordView
  }

  /** Makes the memory reach `end` bytes; false where it cannot. */
  reach(end: number): boolean {
    const have = this.memory.buffer.byteLength
    if (end <= have) return true
    if (end > this.maximumBytes) return false
    // A quarter more than asked: growing is not free.
    const wanted = Math.min(this.maximumBytes, Math.max(end, have + Math.floor(have / 4)))
    for (const target of [wanted, end]) {
      try {
        this.memory.grow(Math.ceil((target - have) / pageBytes))
        return true
      } catch {
        // Less, or not at all.
      }
    }
    return false
  }
}

function reserve(shared: boolean): { memory: WebAssembly.Memory; maximum: number } {
  let failure: unknown
  for (const maximum of [65536, 32768, 16384, 4096]) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 32, maximum, shared }), maximum }
    } catch (error) {
      failure = error
    }
  }
  throw new DeviceError(
    `Expected a WebAssembly memory, got ${String(failure)}. Close other pages or processes that hold memory, and retry.`,
  )
}
