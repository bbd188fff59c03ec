/**
 * Lanes of two vectors in a new order. AVX-512 has one instruction for every order; AVX2 has some for those that stay
 * within halves or move whole halves, and permutes and blends for the rest.
 */
import { indexKey, shiftIndex } from '../../index-expression.js'
import type { Expr } from '../../loop-ir.js'
import { type KernelContext, viewOf } from './kernel-context.js'
import { constantData, inView, type MemoryOperand, memory, type VirtualRegister } from './machine-code.js'
import { foldableLoad } from './memory-access.js'

type Shuffle = Extract<Expr, { kind: 'shuffle' }>

/** Lanes of 128 bits. */
const quarter = 4

export const patternBytes = (pattern: readonly number[]): Uint8Array =>
  new Uint8Array(Int32Array.from(pattern).buffer)

export function shuffle(c: KernelContext, e: Shuffle, result: VirtualRegister): VirtualRegister {
  const { f } = c
  const { lanes, pattern } = e
  const view = viewOf('f32', lanes)
  const runs = c.options.avx512 ? null : runsInMemory(c, e)
  if (runs !== null) return runs
  const left = c.value(e.left)
  const right = c.value(e.right)
  if (c.options.avx512) {
    const order = f.register('vec')
    f.plain('define', 'vmovups', [inView(order, view), constantData(patternBytes(pattern))])
    f.plain('modify', 'vpermi2ps', [inView(order, view), inView(left, view), inView(right, view)])
    return order
  }
  const out = inView(result, view)
  const [a, b] = [inView(left, view), inView(right, view)]
  const inHalves = withinQuarters(pattern, lanes)
  if (inHalves !== null) {
    const sides = inHalves.sides.map((side) => (side === 0 ? a : b))
    f.plain('define', 'vshufps', [out, ...sides, inHalves.order])
    return result
  }
  const halves = lanes === 2 * quarter ? wholeQuarters(pattern) : null
  if (halves !== null) {
    f.plain('define', 'vperm2f128', [out, a, b, halves])
    return result
  }
  const permuted = (side: 0 | 1): VirtualRegister => {
    const from = side === 0 ? left : right
    if (pattern.every((i, to) => sideOf(i, lanes) !== side || i % lanes === to)) return from
    // The permutation has eight lanes only; of narrower values the upper ones do not matter.
    const places = pattern.map((i) => i % lanes)
    while (places.length < 8) places.push(0)
    const order = f.register('vec')
    const moved = f.register('vec')
    f.plain('define', 'vmovups', [inView(order, 'ymm'), constantData(patternBytes(places))])
    f.plain('define', 'vpermps', [inView(moved, 'ymm'), inView(order, 'ymm'), inView(from, 'ymm')])
    return moved
  }
  const fromRight = pattern.reduce((bits, i, to) => bits | (sideOf(i, lanes) << to), 0)
  const [x, y] = [permuted(0), permuted(1)]
  f.plain('define', 'vblendps', [out, inView(x, view), inView(y, view), fromRight])
  return result
}

/** Where both sides lie behind each other in memory and each half is a run of it: two loads. Null for others. */
function runsInMemory(c: KernelContext, { lanes, pattern, left, right }: Shuffle): VirtualRegister | null {
  if (lanes !== 2 * quarter || left.kind !== 'load' || right.kind !== 'load') return null
  const follows = left.buffer === right.buffer && left.stride === 1 && right.stride === 1
  if (!follows || indexKey(shiftIndex(left.index, lanes)) !== indexKey(right.index)) return null
  if (pattern.some((i, to) => i !== pattern[to & ~3] + (to % quarter))) return null
  const isRead = (i: number): boolean => (i < lanes ? i < left.active : i - lanes < right.active)
  if (!pattern.every(isRead)) return null
  const from = foldableLoad(c, { ...left, active: lanes })
  if (from === null) return null
  const { f } = c
  const low = f.register('vec')
  const whole = f.register('vec')
  const at = (i: number): MemoryOperand => memory(from.base, from.displacement + 4 * i)
  f.plain('define', 'vmovups', [inView(low, 'xmm'), at(pattern[0])])
  f.plain('define', 'vinsertf128', [inView(whole, 'ymm'), inView(low, 'ymm'), at(pattern[quarter]), 1])
  return whole
}

/** Which of the two vectors lane `i` of a pattern comes from. */
const sideOf = (i: number, lanes: number): 0 | 1 => (i < lanes ? 0 : 1)

/** Two lanes of one side and two of the other in each 128 bits, the same ones in all: `vshufps`. Null for others. */
function withinQuarters(
  pattern: readonly number[],
  lanes: number,
): { readonly sides: readonly (0 | 1)[]; readonly order: number } | null {
  const sides = [sideOf(pattern[0], lanes), sideOf(pattern[2], lanes)]
  let order = 0
  for (let to = 0; to < lanes; to++) {
    const from = pattern[to]
    const first = from % lanes
    const place = first % quarter
    if (sideOf(from, lanes) !== sides[(to % quarter) >> 1]) return null
    if (first - place !== to - (to % quarter)) return null
    if (to < quarter) order |= place << (2 * to)
    else if (((order >> (2 * (to % quarter))) & 3) !== place) return null
  }
  return { sides, order }
}

/** Two of the four halves of both vectors, each in order: `vperm2f128`. Null for others. */
function wholeQuarters(pattern: readonly number[]): number | null {
  const starts = [pattern[0], pattern[quarter]]
  if (pattern.some((i, to) => i !== starts[to >> 2] + (to % quarter) || starts[to >> 2] % quarter !== 0))
    return null
  return (starts[0] / quarter) | ((starts[1] / quarter) << 4)
}
