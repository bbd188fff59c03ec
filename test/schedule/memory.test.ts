/** The memory plan: values that live at the same time never overlap, the others share bytes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planMemory, type Slot } from '../../src/schedule/memory.js'

const slot = (bytes: number, start: number, end: number): Slot => ({ bytes, start, end, offset: -1 })

const slots = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 5000 }), fc.nat(40), fc.nat(12))
    .map(([bytes, start, length]) => slot(bytes, start, start + length)),
  { maxLength: 60 },
)

describe('memory plan', () => {
  it('keeps apart what lives together, aligned, within the arena', () => {
    fc.assert(
      fc.property(slots, (list) => {
        const size = planMemory(list)
        list.forEach((a, i) => {
          expect(a.offset % 64).toBe(0)
          expect(a.offset).toBeGreaterThanOrEqual(0)
          expect(a.offset + a.bytes).toBeLessThanOrEqual(size)
          for (const c of list.slice(i + 1)) {
            const together = a.start <= c.end && c.start <= a.end
            if (together) expect(a.offset + a.bytes <= c.offset || c.offset + c.bytes <= a.offset).toBe(true)
          }
        })
        const padded = (s: Slot): number => Math.ceil(s.bytes / 64) * 64
        expect(size).toBeLessThanOrEqual(list.reduce((n, s) => n + padded(s), 0))
      }),
      { seed: 3, numRuns: 300 },
    )
  })
  it('a chain needs room for two values, not for all', () => {
    const chain = Array.from({ length: 20 }, (_, t) => slot(1000, t, t + 1))
    expect(planMemory(chain)).toBe(2 * 1024)
    expect(planMemory([slot(64, 0, 0), slot(64, 1, 1)])).toBe(64)
    expect(planMemory([])).toBe(0)
  })
  it('small values fill the gaps that large ones leave', () => {
    const list = [slot(1024, 0, 1), slot(4096, 2, 3), slot(512, 2, 3), slot(512, 0, 3)]
    expect(planMemory(list)).toBe(4096 + 1024)
  })
})
