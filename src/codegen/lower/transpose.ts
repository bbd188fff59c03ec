/**
 * Square tiles that are read across: L vectors along one axis of the input become L vectors along another. A map whose
 * lanes would fetch elements far apart reads neighbours instead and turns the tile in registers.
 */
import { type Index, indexKey, shiftIndex } from '../index-expression.js'
import type { Expr, Register } from '../loop-ir.js'
import type { KernelBuilder } from './kernel-builder.js'
import { atLane, type Lanes } from './lanes.js'

/**
 * The transpose of a square matrix given as rows: blocks are exchanged across the diagonal, halves first. An element may
 * be `run` lanes beside each other.
 */
export function transposeRows(k: KernelBuilder, rows: readonly Expr[], run = 1): Register[] {
  const { e } = k
  const size = rows.length
  let current = rows.map((row) => k.define('row', row))
  for (let d = size / 2; d >= 1; d /= 2) {
    const next = [...current]
    for (let i = 0; i < size; i++) {
      if ((i & d) !== 0) continue
      const [a, b] = [e.register(current[i]), e.register(current[i + d])]
      const far = d * run
      const width = size * run
      const lanes = Array.from({ length: width }, (_, l) => l)
      const upper = lanes.map((l) => ((l & far) === 0 ? l : width + (l ^ far)))
      const lower = lanes.map((l) => ((l & far) === 0 ? l ^ far : width + l))
      next[i] = k.define('row', e.shuffle(a, b, upper))
      next[i + d] = k.define('row', e.shuffle(a, b, lower))
    }
    current = next
  }
  return current
}

/**
 * The tiles of one block of the axis `across`, of which `active` values are computed one after the other: value u of a
 * tile's input lies u times `step` elements further.
 */
export class TransposedTiles {
  private readonly k: KernelBuilder
  /** Inputs whose lanes lie far apart and whose elements along the axis are `step` apart. */
  private readonly buffers: ReadonlySet<number>
  private readonly active: number
  private readonly step: number
  private readonly tiles = new Map<string, readonly Register[]>()
  /** Which of the block's values is being computed. */
  current = 0

  constructor(k: KernelBuilder, buffers: ReadonlySet<number>, active: number, step = 1) {
    this.k = k
    this.step = step
    this.buffers = buffers
    this.active = active
  }

  /** The value of a load, or null where the buffer is none of the tiles'. */
  load(buffer: number, type: 'f32' | 'i32', at: Index, lanes: Lanes): Expr | null {
    if (!this.buffers.has(buffer)) return null
    const { e } = this.k
    const origin = shiftIndex(at, -this.current * this.step)
    const key = `${buffer} ${indexKey(origin)}`
    let columns = this.tiles.get(key)
    if (columns === undefined) {
      const rows = Array.from({ length: lanes.count }, (_, l) =>
        l < lanes.active
          ? e.load(buffer, type, atLane(origin, lanes, l), lanes.count, this.step, this.active)
          : e.const(0, type, lanes.count),
      )
      columns = transposeRows(this.k, rows)
      this.tiles.set(key, columns)
    }
    return e.register(columns[this.current])
  }
}
