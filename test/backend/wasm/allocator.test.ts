/** The allocator of the linear memory against a list of what is taken. */
import { describe, expect, it } from 'vitest'
import { Allocator } from '../../../src/backend/wasm/allocator.js'
import { seeded } from '../../helpers/random.js'

describe('Allocator', () => {
  it('gives blocks that never overlap, aligned, and joins what is freed', () => {
    const random = seeded(5)
    let end = 65536
    const allocator = new Allocator(65536, (to) => {
      end = Math.max(end, to)
      return true
    })
    const taken = new Map<number, number>()
    for (let round = 0; round < 20_000; round++) {
      if (taken.size > 0 && (random.next() < 0.5 || taken.size > 200)) {
        const address = random.pick([...taken.keys()])
        taken.delete(address)
        allocator.release(address)
      } else {
        const bytes = random.pick([1, 64, 100, 4096, 5000, 70_000, random.integer(1, 200_000)])
        const address = allocator.allocate(bytes)!
        expect(address % 64).toBe(0)
        taken.set(address, bytes)
      }
      if (round % 500 === 0) {
        const list = [...taken].sort(([a], [b]) => a - b)
        list.forEach(([address, bytes], i) => {
          expect(address + bytes).toBeLessThanOrEqual(list[i + 1]?.[0] ?? end)
        })
      }
    }
    // Fragmentation stays bounded: the range is no more than a few times what was ever taken at once.
    expect(end).toBeLessThan(4 * 200 * 100_000)
    for (const address of taken.keys()) allocator.release(address)
    expect(allocator.used).toBe(0)
    // All free blocks have joined: the whole range is one block again.
    const whole = end - 65536
    expect(allocator.allocate(whole)).toBe(65536)
    expect(end - 65536).toBe(whole)
  })
  it('says no where the range cannot grow', () => {
    const allocator = new Allocator(0, (end) => end <= 1024)
    expect(allocator.allocate(1000)).toBe(0)
    expect(allocator.allocate(64)).toBe(null)
    allocator.release(0)
    expect(allocator.allocate(1024)).toBe(0)
  })
})
