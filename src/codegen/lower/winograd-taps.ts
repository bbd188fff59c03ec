/**
 * The taps of a convolution at the points of F(4×4, 3×3), with output channels in lanes:
 * (panels of output channels, 36, channels, panel). A kernel of its own, or where a convolution reads each once, part of
 * it.
 */
import { sizeOf } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import type { WinogradTapsSpec } from '../../schedule/kernel-spec.js'
import { tileInputs, tileProducts, tileTaps } from '../../schedule/winograd.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  divideIndex,
  type Index,
  linearize,
  loopVar,
  remainderIndex,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import type { Expr, Kernel } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import { Inliner } from './inline.js'
import { KernelBuilder, times, whereInside } from './kernel-builder.js'
import { lanesFor, oneLane } from './lanes.js'
import { transposeRows } from './transpose.js'
import { tapTransform, transformSquare } from './winograd-transform.js'

/** Channels that one thread does together. */
const blockChannels = 16

const square = tileTaps ** 2

/** Where points are written: (36, channels, panel), `pitch` elements from one point to the next. */
export interface TapsPlace {
  readonly buffer: number
  readonly panel: number
  readonly pitch: number
}

/** Writes points of taps (O, C, 3, 3) to a buffer, one vector of output channels at a time. */
export class TapsWriter {
  private readonly k: KernelBuilder
  private readonly target: Target
  private readonly inliner: Inliner
  private readonly taps: Node
  private readonly lanes: number

  constructor(k: KernelBuilder, target: Target, inliner: Inliner, taps: Node) {
    const [outChannels, channels] = taps.shape
    this.k = k
    this.target = target
    this.inliner = inliner
    this.taps = b.withGradMode(false, () => b.reshape(taps, [outChannels, channels, square]))
    this.lanes = lanesOf(target)
  }

  /** Points of channels `first` … `first` + `count` - 1 for a vector of output channels; channel 0 stands at `to`. */
  vector(vector: Index, first: Index, count: number, place: TapsPlace, to: Index): void {
    const { k, lanes } = this
    const [outChannels] = this.taps.shape
    const full = Math.floor(outChannels / lanes)
    whereInside(k, vector, 0, full - 1, (v, complete) => {
      if (complete) {
        times(k, 'c', count, (i) => this.channel(v, lanes, addIndex(first, i), place, to))
        return
      }
      // At most one vector is short; those behind it hold zeros.
      whereInside(k, v, full, full, (last, short) => {
        const existing = short ? outChannels - full * lanes : 0
        times(k, 'c', count, (i) => this.channel(last, existing, addIndex(first, i), place, to))
      })
    })
  }

  private channel(
    vector: Index,
    existing: number,
    c: Index,
    { buffer, panel, pitch }: TapsPlace,
    to: Index,
  ): void {
    const { k } = this
    const values = this.read(vector, existing, c)
    const at = addIndex(to, scaleIndex(c, panel))
    transformSquare(k, tapTransform, (i, j) => values[i * tileTaps + j], tileTaps).forEach((row, i) => {
      row.forEach((value, j) => {
        k.store(buffer, shiftIndex(at, (i * tileInputs + j) * pitch), value)
      })
    })
  }

  /** The nine taps of one channel, output channels in lanes: read along the taps and turned. */
  private read(vector: Index, existing: number, c: Index): Expr[] {
    const { k, target, inliner, taps, lanes } = this
    const { e } = k
    const zero = e.const(0, 'f32')
    const channel = (u: number): Index => shiftIndex(scaleIndex(vector, lanes), u)
    const values: Expr[] = []
    for (let first = 0; first < square; first += lanes) {
      const active = Math.min(lanes, square - first)
      if (active < lanes && target.tail !== 'mask') {
        for (let tap = first; tap < square; tap++) {
          const one = (u: number): Expr =>
            u < existing ? inliner.value(taps, [channel(u), c, constantIndex(tap)], oneLane) : zero
          values.push(e.vector(Array.from({ length: lanes }, (_, u) => one(u))))
        }
        break
      }
      const l = lanesFor(lanes, active)
      const tap = l.variable === null ? constantIndex(first) : shiftIndex(atomIndex(l.variable), first)
      const rows = Array.from({ length: lanes }, (_, u) =>
        u < existing ? inliner.value(taps, [channel(u), c, tap], l) : e.splat(zero, lanes),
      )
      for (const row of transposeRows(k, rows).slice(0, active)) values.push(e.register(row))
    }
    return values
  }
}

export function lowerWinogradTaps(spec: WinogradTapsSpec, target: Target): Kernel {
  const k = new KernelBuilder()
  const [outChannels, channels] = spec.taps.shape
  const [panels, , padded, panel] = spec.outputs[0].shape
  const vectors = panel / lanesOf(target)
  const block = Math.min(blockChannels, channels)

  const numbers = new Map<Node, number>()
  for (const node of spec.inputs) numbers.set(node, k.buffer('in', node.dtype, sizeOf(node.shape), 'read'))
  const out = k.buffer('out', 'f32', sizeOf(spec.outputs[0].shape), 'write')
  const inliner = new Inliner(k, target, (node) => numbers.get(node) ?? null)
  const writer = new TapsWriter(k, target, inliner, spec.taps)

  const place: TapsPlace = { buffer: out, panel, pitch: padded * panel }
  const groups = panels * vectors
  const blocks = Math.ceil(channels / block)
  const p = loopVar('block', 0, groups * blocks - 1)
  k.loop(
    p,
    1,
    () => {
      const [vector, at] = delinearize(atomIndex(p), [groups, blocks])
      const to = linearize(
        [divideIndex(vector, vectors), remainderIndex(vector, vectors)],
        [tileProducts * place.pitch, lanesOf(target)],
      )
      const whole = Math.floor(channels / block)
      whereInside(k, at, 0, whole - 1, (i, complete) => {
        const first = complete ? scaleIndex(i, block) : constantIndex(whole * block)
        writer.vector(vector, first, complete ? block : channels % block, place, to)
      })
    },
    'parallel',
  )
  return k.build(`winograd_taps_${outChannels}x${channels}`)
}
