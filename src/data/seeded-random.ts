/**
 * Random numbers on the host for shuffling and augmentation: a stream that depends on its keys only, so that an order or
 * a crop can be computed again from (seed, epoch, index) without replaying what came before.
 */

/** MurmurHash3's finaliser: every input bit changes about half of the output bits. */
function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) | 0
}

/** The small fast counting generator sfc32 (Doty-Humphrey, PractRand), keyed by any list of numbers. */
export class SeededRandom {
  private a = 0x9e3779b9 | 0
  private b = 0x243f6a88
  private c = 0xb7e15162 | 0
  private counter = 1

  /** The same keys give the same stream; 53 bits of each count. */
  constructor(...keys: readonly number[]) {
    for (const key of keys) {
      this.a = mix(this.a ^ key)
      this.b = mix(this.b + Math.floor(key / 2 ** 32) + this.a)
      this.c = mix(this.c ^ this.b)
    }
    for (let i = 0; i < 8; i++) this.bits()
  }

  /** 32 random bits as an unsigned number. */
  bits(): number {
    const sum = (this.a + this.b + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** Uniform in [0, 1) with 32 bits. */
  uniform(): number {
    return this.bits() / 2 ** 32
  }

  /** A whole number from 0 to n - 1, each equally likely; n up to 2^32. */
  integer(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n)
    for (;;) {
      const bits = this.bits()
      if (bits < limit) return bits % n
    }
  }
}
