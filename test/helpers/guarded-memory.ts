/**
 * Memory between inaccessible pages, for code that must stay inside its buffers: each block touches a guard page with
 * its last byte or with its first one, and an access beyond ends the process. Linux only, through koffi.
 */
import koffi from 'koffi'

const pageBytes = 4096
const readWrite = 3

const c = koffi.load(null)
const mmap = c.func('intptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)')
const mprotect = c.func('int mprotect(uintptr_t, size_t, int)')
const copyOut = c.func('void* memcpy(_Out_ uint8_t*, uintptr_t, size_t)')
const copyIn = c.func('void* memcpy(uintptr_t, const uint8_t*, size_t)')
const fill = c.func('void* memset(uintptr_t, int, size_t)')

/** Which end of a block touches the guard page. */
export type Flush = 'start' | 'end'

/** Blocks of at most `maximum` bytes that are used over and over: mapping is slow. */
export class GuardedMemory {
  private readonly places: { readonly low: number; readonly high: number }[] = []
  private used = 0
  private readonly pages: number

  constructor(maximum: number) {
    this.pages = Math.ceil(maximum / pageBytes)
  }

  /** All blocks are free again. */
  reset(): void {
    this.used = 0
  }

  /** The address of a block. Its bytes, and those between it and the far guard page, are `poison`. */
  take(bytes: number, flush: Flush, poison: number): number {
    if (bytes > this.pages * pageBytes) throw new Error(`A block of ${bytes} bytes is larger than planned.`)
    const place = this.places[this.used] ?? this.map()
    this.used++
    fill(place.low, poison, place.high - place.low)
    return flush === 'start' ? place.low : place.high - bytes
  }

  private map(): { low: number; high: number } {
    const inner = this.pages * pageBytes
    const address = Number(mmap(0, inner + 2 * pageBytes, 0, 0x22, -1, 0))
    if (address <= 0) throw new Error('No memory for guarded blocks.')
    const place = { low: address + pageBytes, high: address + pageBytes + inner }
    if (mprotect(place.low, inner, readWrite) !== 0)
      throw new Error('Guarded blocks cannot be made accessible.')
    this.places.push(place)
    return place
  }

  write(address: number, from: Uint8Array): void {
    if (from.length > 0) copyIn(address, from, from.length)
  }

  read(address: number, bytes: number): Uint8Array {
    const into = new Uint8Array(bytes)
    if (bytes > 0) copyOut(into, address, bytes)
    return into
  }
}
