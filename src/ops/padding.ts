/** Padding around a tensor: with a value, with mirrored or edge elements, or with those of the opposite side. */
import { ValueError } from '../core/errors.js'
import { checkList, formatShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'

const padModes = ['constant', 'reflect', 'replicate', 'circular'] as const

export type PadMode = (typeof padModes)[number]

/**
 * Padding as `torch.nn.functional.pad`: pairs (before, after) from the last axis backwards. Negative amounts crop.
 * Modes other than 'constant' fill with mirrored ('reflect', without the edge), edge ('replicate') or opposite
 * ('circular') elements. Default: constant zeros.
 */
export function pad(
  x: Node,
  pads: readonly number[],
  { mode = 'constant', value = 0 }: { mode?: PadMode; value?: number } = {},
): Node {
  checkList(pads, 'pad')
  const rank = x.shape.length
  if (!padModes.includes(mode)) {
    throw new ValueError(`pad: expected mode ${padModes.join(', ')}, got '${mode}'.`)
  }
  if (pads.length % 2 !== 0 || pads.length / 2 > rank || !pads.every(Number.isInteger)) {
    throw new ValueError(
      `pad: expected up to ${rank} pairs of integers from the last axis backwards for shape ${formatShape(x.shape)}, got ${formatShape(pads)}.`,
    )
  }
  const low = new Array<number>(rank).fill(0)
  const high = new Array<number>(rank).fill(0)
  for (let i = 0; i < pads.length / 2; i++) {
    low[rank - 1 - i] = pads[2 * i]
    high[rank - 1 - i] = pads[2 * i + 1]
  }
  if (mode === 'constant')
    return b.pad(
      x,
      low,
      high,
      low.map(() => 0),
      value,
    )
  let y = x
  for (let a = 0; a < rank; a++) if (low[a] !== 0 || high[a] !== 0) y = padAxis(y, a, low[a], high[a], mode)
  return y
}

function padAxis(x: Node, axis: number, low: number, high: number, mode: Exclude<PadMode, 'constant'>): Node {
  const n = x.shape[axis]
  const most = mode === 'reflect' ? n - 1 : mode === 'circular' ? n : n === 0 ? 0 : Number.POSITIVE_INFINITY
  if (low > most || high > most) {
    throw new ValueError(
      `pad: '${mode}' padding of ${low} and ${high} does not fit axis ${axis} of ${formatShape(x.shape)} (at most ${most}).`,
    )
  }
  const piece = (from: number, to: number): Node => b.sliceAxis(x, axis, from, to)
  const edge = (at: number, count: number): Node =>
    b.expand(
      piece(at, at + 1),
      x.shape.map((m, i) => (i === axis ? count : m)),
    )
  const before =
    low <= 0
      ? []
      : [
          mode === 'reflect'
            ? b.flip(piece(1, low + 1), [axis])
            : mode === 'circular'
              ? piece(n - low, n)
              : edge(0, low),
        ]
  const after =
    high <= 0
      ? []
      : [
          mode === 'reflect'
            ? b.flip(piece(n - 1 - high, n - 1), [axis])
            : mode === 'circular'
              ? piece(0, high)
              : edge(n - 1, high),
        ]
  const middle = piece(Math.max(0, -low), n - Math.max(0, -high))
  return b.concat([...before, middle, ...after], axis)
}
