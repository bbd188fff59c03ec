/**
 * Places blocks in a growing address range: free blocks stand in lists by size class (powers of two in quarters) and
 * join their free neighbours, so that allocating and freeing take constant time.
 */
import { InternalError } from '../../core/errors.js'

interface Block {
  address: number
  size: number
  free: boolean
  before: Block | null
  after: Block | null
  /** Neighbours in the list of its size class. */
  previousFree: Block | null
  nextFree: Block | null
}

const alignment = 64

/** Class of sizes: four a power of two. Every block of a class is at least as large as the class's first size. */
function classOf(size: number): number {
  const lines = size / alignment
  const log = 31 - Math.clz32(lines)
  const quarter = log >= 2 ? (lines >>> (log - 2)) & 3 : 0
  return log * 4 + quarter
}

export class Allocator {
  private readonly lists: (Block | null)[] = new Array<Block | null>(128).fill(null)
  private readonly taken = new Map<number, Block>()
  private last: Block | null = null
  private end: number
  private readonly grow: (end: number) => boolean
  /** Bytes in blocks that are taken. */
  used = 0

  /** `grow(end)` makes the range reach `end`; false where it cannot. */
  constructor(start: number, grow: (end: number) => boolean) {
    this.end = start
    this.grow = grow
  }

  /** Address of a new block, a multiple of 64, or null where there is no room. */
  allocate(bytes: number): number | null {
    const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment)
    const block = this.find(size) ?? this.extend(size)
    if (block === null) return null
    if (block.size - size >= alignment) {
      const rest = this.blockOf(block.address + size, block.size - size, block, block.after)
      if (block.after !== null) block.after.before = rest
      else this.last = rest
      block.after = rest
      block.size = size
      this.list(rest)
    }
    block.free = false
    this.taken.set(block.address, block)
    this.used += block.size
    return block.address
  }

  release(address: number): void {
    const block = this.taken.get(address)
    if (block === undefined) throw new InternalError(`wasm memory: ${address} is not a taken block.`)
    this.taken.delete(address)
    this.used -= block.size
    let merged = block
    const { before, after } = block
    if (after?.free) {
      this.unlist(after)
      this.absorb(block, after)
    }
    if (before?.free) {
      this.unlist(before)
      this.absorb(before, block)
      merged = before
    }
    this.list(merged)
  }

  private blockOf(address: number, size: number, before: Block | null, after: Block | null): Block {
    return { address, size, free: true, before, after, previousFree: null, nextFree: null }
  }

  private absorb(block: Block, next: Block): void {
    block.size += next.size
    block.after = next.after
    if (next.after !== null) next.after.before = block
    else this.last = block
  }

  private list(block: Block): void {
    block.free = true
    const c = classOf(block.size)
    block.previousFree = null
    block.nextFree = this.lists[c]
    if (block.nextFree !== null) block.nextFree.previousFree = block
    this.lists[c] = block
  }

  private unlist(block: Block): void {
    if (block.previousFree !== null) block.previousFree.nextFree = block.nextFree
    else this.lists[classOf(block.size)] = block.nextFree
    if (block.nextFree !== null) block.nextFree.previousFree = block.previousFree
  }

  private find(size: number): Block | null {
    // Blocks of the size's own class may be too small: look at a few; any of a higher class fits.
    let candidate = this.lists[classOf(size)]
    for (let tries = 0; candidate !== null && tries < 8; tries++, candidate = candidate.nextFree) {
      if (candidate.size >= size) {
        this.unlist(candidate)
        return candidate
      }
    }
    for (let c = classOf(size) + 1; c < this.lists.length; c++) {
      const block = this.lists[c]
      if (block !== null) {
        this.unlist(block)
        return block
      }
    }
    return null
  }

  private extend(size: number): Block | null {
    const tail = this.last?.free ? this.last : null
    const missing = size - (tail?.size ?? 0)
    if (!this.grow(this.end + missing)) return null
    if (tail !== null) {
      this.unlist(tail)
      tail.size += missing
      this.end += missing
      return tail
    }
    const block = this.blockOf(this.end, size, this.last, null)
    if (this.last !== null) this.last.after = block
    this.last = block
    this.end += size
    return block
  }
}
