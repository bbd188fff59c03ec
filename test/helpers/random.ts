/** Seeded random numbers for tests: the same seed gives the same numbers on every machine. */

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform in [low, high). */
  uniform(low: number, high: number): number
  /** Uniform integer in [low, high). */
  integer(low: number, high: number): number
  normal(): number
  pick<T>(items: readonly T[]): T
  shuffle<T>(items: readonly T[]): T[]
}

/** The mulberry32 generator. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (low: number, high: number): number => low + Math.floor(next() * (high - low))
  return {
    next,
    uniform: (low, high) => low + next() * (high - low),
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (items) => items[integer(0, items.length)],
    shuffle: (items) => {
      const list = [...items]
      for (let i = list.length - 1; i > 0; i--) {
        const j = integer(0, i + 1)
        ;[list[i], list[j]] = [list[j], list[i]]
      }
      return list
    },
  }
}

/** n standard normal numbers. */
export function normals(seed: number, n: number): Float32Array {
  const random = seeded(seed)
  return Float32Array.from({ length: n }, () => random.normal())
}
