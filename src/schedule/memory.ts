/**
 * The memory plan: which bytes of the arena each intermediate value takes. A value lives from the kernel that writes
 * it to the last that reads it; values whose lives do not meet share bytes.
 */

/** One value in the arena. Times count kernels; `offset` is set by `planMemory`. */
export interface Slot {
  readonly bytes: number
  readonly start: number
  end: number
  offset: number
}

/** Cache lines, and vector loads that never straddle them. */
const alignment = 64

const align = (n: number): number => Math.ceil(n / alignment) * alignment

/**
 * Sets every slot's offset and returns the arena's size. Large values are placed first, each at the lowest offset at
 * which nothing that lives at the same time stands.
 */
export function planMemory(slots: readonly Slot[]): number {
  const placed: Slot[] = []
  let size = 0
  for (const slot of [...slots].sort((a, b) => b.bytes - a.bytes || a.start - b.start)) {
    const neighbours = placed
      .filter((s) => s.start <= slot.end && slot.start <= s.end)
      .sort((a, b) => a.offset - b.offset)
    let offset = 0
    for (const s of neighbours) {
      if (offset + slot.bytes <= s.offset) break
      offset = Math.max(offset, align(s.offset + s.bytes))
    }
    slot.offset = offset
    placed.push(slot)
    size = Math.max(size, align(offset + slot.bytes))
  }
  return size
}
