/**
 * The contents of Storages that live in the linear memory. The pool holds them strongly in the order of use; when they
 * pass a budget, the longest unused ones move out into ArrayBuffers (`storage.evict()`), so that no value is ever lost
 * and the garbage collector frees what nobody holds.
 */
import { DeviceError } from '../../core/errors.js'
import type { Resident, Storage } from '../../core/storage.js'
import type { Allocator } from './allocator.js'
import type { LinearMemory } from './memory.js'

/** What a handle costs beside its bytes, so that very many small ones are bounded too. */
const handleBytes = 1024

/** One Storage's block of memory, and its neighbours in the order of use. */
export class PoolBlock implements Resident {
  readonly owner: object
  readonly address: number
  readonly storage: Storage
  private readonly pool: Pool
  older: PoolBlock | null = null
  newer: PoolBlock | null = null
  /** Number of the run that used it last: the blocks of the current run stay. */
  run = 0

  constructor(pool: Pool, storage: Storage, address: number) {
    this.owner = pool
    this.pool = pool
    this.storage = storage
    this.address = address
  }

  download(into: Uint8Array): void {
    into.set(this.pool.memory.bytes.subarray(this.address, this.address + into.length))
  }

  release(): void {
    this.pool.drop(this)
  }
}

export class Pool {
  readonly memory: LinearMemory
  private readonly allocator: Allocator
  private readonly budget: number
  private oldest: PoolBlock | null = null
  private newest: PoolBlock | null = null
  private run = 0
  /** Bytes charged for the blocks held. */
  private charged = 0
  /** Number of blocks held. */
  count = 0
  /** How many blocks had to move out so far. */
  evictions = 0

  constructor(memory: LinearMemory, allocator: Allocator, budget: number) {
    this.memory = memory
    this.allocator = allocator
    this.budget = budget
  }

  /** Bytes of the blocks held, with what their handles cost. */
  get bytes(): number {
    return this.charged
  }

  /** Blocks used before this call may move out from now on, those used after it may not. */
  beginRun(): void {
    this.run++
  }

  /** The storage's block, if it lives here; counts as used. */
  find(storage: Storage): PoolBlock | null {
    const block = storage.resident
    if (block === null || block.owner !== this) return null
    const own = block as PoolBlock
    this.unlink(own)
    this.link(own)
    return own
  }

  /** The address of the storage's current bytes, uploaded if need be. */
  upload(storage: Storage): number {
    const known = this.find(storage)
    if (known !== null) return known.address
    const block = this.place(storage)
    this.memory.bytes.set(storage.bytes(), block.address)
    storage.resident?.release()
    storage.resident = block
    return block.address
  }

  /** A block with undefined content for the storage; not yet the storage's own. */
  place(storage: Storage): PoolBlock {
    const block = new PoolBlock(this, storage, this.allocate(storage.byteLength))
    this.link(block)
    this.count++
    this.charged += storage.byteLength + handleBytes
    if (this.charged > this.budget) this.shrink(this.budget)
    return block
  }

  /** Memory beside the blocks: the arena. */
  allocate(bytes: number): number {
    let address = this.allocator.allocate(bytes)
    while (address === null && this.evictOldest()) address = this.allocator.allocate(bytes)
    if (address === null) {
      throw new DeviceError(
        `wasm: expected room for ${bytes} more bytes, but the memory holds ${this.allocator.used} bytes of at most ` +
          `${this.memory.maximumBytes}, all in use by the running program. Use smaller batches, or the native device.`,
      )
    }
    return address
  }

  free(address: number): void {
    this.allocator.release(address)
  }

  /** Forgets a block without keeping its content. */
  drop(block: PoolBlock): void {
    this.unlink(block)
    this.count--
    this.charged -= block.storage.byteLength + handleBytes
    this.allocator.release(block.address)
  }

  /** Moves the longest unused blocks out until `bytes` remain or only those of the current run do. */
  shrink(bytes: number): void {
    while (this.charged > bytes && this.evictOldest()) {
      // Evicted one.
    }
  }

  private evictOldest(): boolean {
    const block = this.oldest
    if (block === null || block.run === this.run) return false
    if (block.storage.resident === block) block.storage.evict()
    this.evictions++
    this.drop(block)
    return true
  }

  private link(block: PoolBlock): void {
    block.run = this.run
    block.older = this.newest
    block.newer = null
    if (this.newest !== null) this.newest.newer = block
    else this.oldest = block
    this.newest = block
  }

  private unlink(block: PoolBlock): void {
    if (block.older !== null) block.older.newer = block.newer
    else this.oldest = block.newer
    if (block.newer !== null) block.newer.older = block.older
    else this.newest = block.older
    block.older = null
    block.newer = null
  }
}
