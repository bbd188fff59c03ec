/**
 * The taps of a convolution at the points of F(4×4, 3×3), with output channels in lanes:
 * (panels of output channels, 36, channels, panel).
 *
 *   for each vector of output channels, each block of channels (shared by threads)
 *     copy the taps into scratch, output channels side by side
 *     for each channel: six points of three, along both axes
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
  loopVar,
  remainderIndex,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import type { Expr, Kernel } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import { Inliner } from './inline.js'
import { KernelBuilder, whereInside } from './kernel-builder.js'
import { lanesFor, oneLane } from './lanes.js'
import { tapTransform, transformSquare } from './winograd-transform.js'

/** Channels whose taps stand in scratch together. */
const blockChannels = 16

export function lowerWinogradTaps(spec: WinogradTapsSpec, target: Target): Kernel {
  const k = new KernelBuilder()
  const { e } = k
  const { taps } = spec
  const [outChannels, channels] = taps.shape
  const lanes = lanesOf(target)
  const [panels, , , panel] = spec.outputs[0].shape
  const vectors = panel / lanes
  const block = Math.min(blockChannels, channels)

  const numbers = new Map<Node, number>()
  for (const node of spec.inputs) numbers.set(node, k.buffer('in', node.dtype, sizeOf(node.shape), 'read'))
  const out = k.buffer('out', 'f32', sizeOf(spec.outputs[0].shape), 'write')
  const square = tileTaps ** 2
  const scratch = k.buffer('taps', 'f32', block * square * lanes, 'readwrite', 'scratch')
  const inliner = new Inliner(k, target, (node) => numbers.get(node) ?? null)
  const flat = b.withGradMode(false, () => b.reshape(taps, [outChannels, channels * square]))

  const value = (first: Index, active: number, at: Index): Expr => {
    if (active <= 0) return e.const(0, 'f32', lanes)
    if (active < lanes && target.tail !== 'mask') {
      const some = Array.from({ length: lanes }, (_, l) =>
        l < active ? inliner.value(flat, [shiftIndex(first, l), at], oneLane) : e.const(0, 'f32'),
      )
      return e.vector(some)
    }
    const l = lanesFor(lanes, active)
    return inliner.value(flat, [addIndex(first, atomIndex(l.variable!)), at], l)
  }

  /** One vector of output channels, `active` of which exist, and one block of channels. */
  const write = (vector: Index, active: number, channel: Index, count: number): void => {
    const first = scaleIndex(vector, lanes)
    const q = loopVar('q', 0, count * square - 1)
    k.loop(q, 1, () => {
      const at = addIndex(scaleIndex(channel, square), atomIndex(q))
      k.store(scratch, atomIndex(q, lanes), value(first, active, at))
    })
    const c = loopVar('c', 0, count - 1)
    k.loop(c, 1, () => {
      const points = transformSquare(
        k,
        tapTransform,
        (i, j) =>
          e.load(scratch, 'f32', shiftIndex(atomIndex(c, square * lanes), (i * tileTaps + j) * lanes), lanes),
        tileTaps,
      )
      // (panel, point, channel, lane)
      const at = addIndex(
        scaleIndex(divideIndex(vector, vectors), tileProducts * channels * panel),
        scaleIndex(remainderIndex(vector, vectors), lanes),
        scaleIndex(addIndex(channel, atomIndex(c)), panel),
      )
      points.forEach((row, i) => {
        row.forEach((x, j) => {
          k.store(out, shiftIndex(at, (i * tileInputs + j) * channels * panel), x)
        })
      })
    })
  }

  const groups = panels * vectors
  const blocks = Math.ceil(channels / block)
  const p = loopVar('block', 0, groups * blocks - 1)
  const full = Math.floor(outChannels / lanes)
  k.loop(
    p,
    1,
    () => {
      const [vector, at] = delinearize(atomIndex(p), [groups, blocks])
      const vectorsAt = (first: Index, count: number): void => {
        whereInside(k, vector, 0, full - 1, (v, complete) => {
          if (complete) write(v, lanes, first, count)
          else {
            // At most one vector is short; those behind it hold zeros.
            whereInside(k, vector, full, full, (last, short) => {
              write(last, short ? outChannels - full * lanes : 0, first, count)
            })
          }
        })
      }
      const fullBlocks = Math.floor(channels / block)
      whereInside(k, at, 0, fullBlocks - 1, (c, whole) => {
        if (whole) vectorsAt(scaleIndex(c, block), block)
        else vectorsAt(constantIndex(fullBlocks * block), channels % block)
      })
    },
    'parallel',
  )
  return k.build(`winograd_taps_${outChannels}x${channels}`)
}
