/** Files with damage: cut off, or with some bytes changed. Seeded, so that a failure can be repeated. */
import { seeded } from './random.js'

/** `count` files cut off and `count` with one to four bytes changed, each with what was done to it. */
export function* damaged(bytes: Uint8Array, count: number, seed: number): Generator<[string, Uint8Array]> {
  const random = seeded(seed)
  const below = (n: number): number => random.integer(0, n)
  for (let i = 0; i < count; i++) {
    // The beginning of a file says most about it: half of the cuts are there.
    const length = below(i % 2 === 0 ? Math.min(bytes.length, 400) : bytes.length)
    yield [`cut to ${length} bytes`, bytes.slice(0, length)]
  }
  for (let i = 0; i < count; i++) {
    const bad = bytes.slice()
    const changes: string[] = []
    for (let k = 0; k <= i % 4; k++) {
      const at = below(bytes.length)
      bad[at] = below(2) === 0 ? below(256) : bad[at] ^ (1 << below(8))
      changes.push(`byte ${at} is ${bad[at]}`)
    }
    yield [changes.join(', '), bad]
  }
}
