/** Division by a constant as a multiplication and a shift: exact wherever it is claimed to be. */
import { describe, expect, it } from 'vitest'
import { exactReciprocal } from '../../../../src/codegen/emit/x86/kernel-context.js'

/** floor(x·multiplier / 2^shift), as the machine computes it: in 63 bits. */
function apply(x: number, { multiplier, shift }: { multiplier: number; shift: number }): number {
  const product = BigInt(x) * BigInt(multiplier)
  if (product >= 2n ** 63n) throw new Error(`${x} · ${multiplier} overflows.`)
  return Number(product >> BigInt(shift))
}

describe('exactReciprocal', () => {
  it('is exact for every dividend of small ranges', () => {
    for (let by = 2; by <= 70; by++) {
      for (const high of [0, 1, by - 1, by, by + 1, 1000]) {
        const found = exactReciprocal(high, by)
        expect(found, `${high} / ${by}`).not.toBeNull()
        for (let x = 0; x <= high; x++)
          if (apply(x, found!) !== Math.floor(x / by)) expect.fail(`${x} / ${by} up to ${high}`)
      }
    }
  })

  it('is exact around the multiples of the divisor, up to the edges of large ranges', () => {
    const edges = [1, 2, 8, 15, 16, 20, 24, 30, 31, 32, 36, 40, 48, 52].flatMap((e) => [
      2 ** e - 1,
      2 ** e,
      2 ** e + 1,
    ])
    const divisors = [3, 5, 6, 7, 9, 11, 13, 100, 127, 641, 1000, 65535, 65537, 999_999_937, 2 ** 31 - 1]
    let exact = 0
    for (const high of edges) {
      for (const by of divisors) {
        const found = exactReciprocal(high, by)
        if (found === null) continue
        exact++
        expect(found.multiplier).toBeLessThan(2 ** 31)
        const top = Math.floor(high / by)
        for (const q of [0, 1, 2, 3, Math.floor(top / 3), Math.floor(top / 2), top - 1, top, top + 1]) {
          for (const x of [q * by - 1, q * by, q * by + 1]) {
            if (x < 0 || x > high) continue
            if (apply(x, found) !== Math.floor(x / by)) expect.fail(`${x} / ${by} up to ${high}`)
          }
        }
        if (apply(high, found) !== Math.floor(high / by)) expect.fail(`${high} / ${by}`)
      }
    }
    // Indices of what fits in memory never divide.
    expect(exact).toBeGreaterThan(300)
    for (const by of divisors) expect(exactReciprocal(2 ** 28, by), `by ${by}`).not.toBeNull()
  })
})
