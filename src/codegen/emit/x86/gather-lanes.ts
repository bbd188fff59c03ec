/** Vectors whose 32-bit lanes come from different places: quarters are filled by inserts and then joined. */
import type { KernelContext } from './kernel-context.js'
import { inView, type MemoryOperand, type VirtualRegister } from './machine-code.js'

/** A word in memory, the lowest lane of a vector register, or a general register. */
export type LaneSource =
  | { readonly memory: MemoryOperand }
  | { readonly vector: VirtualRegister }
  | { readonly general: VirtualRegister }

/** A vector of these 32-bit lanes; what follows the last is zero. No store stands between lanes and vector: a load that
 * covers several stores would wait for them. */
export function gatherLanes(c: KernelContext, sources: readonly LaneSource[]): VirtualRegister {
  const { f } = c
  const quarters: VirtualRegister[] = []
  for (let from = 0; from < sources.length; from += 4)
    quarters.push(quarterOf(c, sources.slice(from, from + 4)))
  const halves: VirtualRegister[] = []
  for (let i = 0; i < quarters.length; i += 2) {
    const [low, high] = quarters.slice(i, i + 2)
    if (high === undefined) {
      halves.push(low)
      continue
    }
    const half = f.register('vec')
    const insert = c.options.avx512 ? 'vinsertf32x4' : 'vinsertf128'
    f.plain('define', insert, [inView(half, 'ymm'), inView(low, 'ymm'), inView(high, 'xmm'), 1])
    halves.push(half)
  }
  const [low, high] = halves
  if (high === undefined) return low
  const whole = f.register('vec')
  f.plain('define', 'vinsertf64x4', [inView(whole, 'zmm'), inView(low, 'zmm'), inView(high, 'ymm'), 1])
  return whole
}

function quarterOf(c: KernelContext, sources: readonly LaneSource[]): VirtualRegister {
  const { f } = c
  let quarter = f.register('vec')
  sources.forEach((source, lane) => {
    const next = lane === 0 ? quarter : f.register('vec')
    const [out, before] = [inView(next, 'xmm'), inView(quarter, 'xmm')]
    if ('general' in source) {
      const word = inView(source.general, 'r32')
      if (lane === 0) f.plain('define', 'vmovd', [out, word])
      else f.plain('define', 'vpinsrd', [out, before, word, lane])
    } else if ('memory' in source) {
      if (lane === 0) f.plain('define', 'vmovss', [out, source.memory])
      else f.plain('define', 'vinsertps', [out, before, source.memory, lane << 4])
    } else {
      const value = inView(source.vector, 'xmm')
      // The first one clears the other lanes.
      if (lane === 0) f.plain('define', 'vinsertps', [out, value, value, 0b1110])
      else f.plain('define', 'vinsertps', [out, before, value, lane << 4])
    }
    quarter = next
  })
  return quarter
}
