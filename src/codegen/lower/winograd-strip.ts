/**
 * Rows of an image in scratch, channels last: what tiles are cut from. Borders and rows beyond the image are zeros, and
 * so are channels beyond the last.
 */
import type { Node } from '../../ir/node.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  type Index,
  linearize,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import { lanesOf, type Target } from '../target.js'
import type { Inliner } from './inline.js'
import { type KernelBuilder, times, whereInside } from './kernel-builder.js'
import { lanesFor, oneLane } from './lanes.js'
import { transposeRows } from './transpose.js'

/**
 * Elements from one point's matrix to the next, for matrices of `size`: an odd number of cache lines, so that the 36
 * values of a tile lie in different sets of the cache.
 */
export function pointPitch(size: number): number {
  const line = 16
  const lines = Math.ceil(size / line)
  return line * (lines + 1 - (lines % 2))
}

export interface Strip {
  /** Scratch: (rows, width, pitch). */
  readonly buffer: number
  readonly rows: number
  readonly width: number
  readonly pitch: number
  /** Zeros left of the image. */
  readonly left: number
  /** Vectors of channels. */
  readonly vectors: number
}

/** Copies rows `y`, `y` + 1, … of image `n` of x (N, C, H, W), from vector of channels `first` on. */
export function copyStrip(
  k: KernelBuilder,
  target: Target,
  inliner: Inliner,
  x: Node,
  strip: Strip,
  n: Index,
  y: Index,
  first: Index,
): void {
  const { e } = k
  const [, channels, height, width] = x.shape
  const { buffer, rows, pitch, left, vectors } = strip
  const lanes = lanesOf(target)
  const place = (row: Index, column: Index, c: Index): Index =>
    linearize([row, column, c], [strip.width * pitch, pitch, lanes])

  const clear = (row: Index, from: number, to: number): void => {
    times(k, 'x', to - from, (i) => {
      times(k, 'c', vectors, (c) => {
        k.store(buffer, place(row, shiftIndex(i, from), c), e.const(0, 'f32', lanes))
      })
    })
  }

  /** `active` pixels of vector `c` of the strip's channels, which is `vector` of x; `existing` of its channels exist. */
  const square = (
    c: Index,
    vector: Index,
    existing: number,
    row: Index,
    inside: Index,
    from: Index,
    active: number,
  ): void => {
    const channel = (u: number): Index => shiftIndex(scaleIndex(vector, lanes), u)
    const zero = e.const(0, 'f32')
    const to = (j: number): Index => place(row, shiftIndex(from, left + j), c)
    if (active < lanes && target.tail !== 'mask') {
      for (let j = 0; j < active; j++) {
        const values = Array.from({ length: lanes }, (_, u) =>
          u < existing ? inliner.value(x, [n, channel(u), inside, shiftIndex(from, j)], oneLane) : zero,
        )
        k.store(buffer, to(j), e.vector(values))
      }
      return
    }
    const l = lanesFor(lanes, active)
    const pixel = l.variable === null ? from : addIndex(from, atomIndex(l.variable))
    const read = Array.from({ length: lanes }, (_, u) =>
      u < existing ? inliner.value(x, [n, channel(u), inside, pixel], l) : e.splat(zero, lanes),
    )
    transposeRows(k, read)
      .slice(0, active)
      .forEach((r, j) => {
        k.store(buffer, to(j), e.register(r))
      })
  }

  const copyRow = (row: Index, inside: Index): void => {
    const whole = Math.floor(width / lanes)
    const rest = width - whole * lanes
    const full = Math.floor(channels / lanes)
    times(k, 'c', vectors, (c) => {
      const across = (vector: Index, existing: number): void => {
        times(k, 'x', whole, (i) => square(c, vector, existing, row, inside, scaleIndex(i, lanes), lanes))
        if (rest > 0) square(c, vector, existing, row, inside, constantIndex(whole * lanes), rest)
      }
      whereInside(k, addIndex(first, c), 0, full - 1, (vector, complete) => {
        if (complete) across(vector, lanes)
        else {
          whereInside(k, vector, full, full, (last, short) => {
            across(last, short ? channels - full * lanes : 0)
          })
        }
      })
    })
  }

  times(k, 'row', rows, (row) => {
    clear(row, 0, left)
    clear(row, left + width, strip.width)
    whereInside(k, addIndex(y, row), 0, height - 1, (inside, exists) => {
      if (exists) copyRow(row, inside)
      else clear(row, left, left + width)
    })
  })
}
