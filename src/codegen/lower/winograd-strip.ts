/**
 * Rows of an image in scratch, channels last: what tiles are cut from. Borders and rows beyond the image are zeros, and
 * so are channels beyond the last.
 */
import { largestDivisor, sizeOf } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import { tileOutputs } from '../../schedule/winograd.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  type Index,
  linearize,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import { lanesOf, type Target } from '../target.js'
import { walkExprs } from '../walk.js'
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
  /** Vectors of channels that it holds at a time. */
  readonly vectors: number
}

/** The part of the L1 cache that a strip takes: tiles are cut from it right after it was written. */
const stripShare = 0.5

/** A strip of as many vectors of channels as the L1 cache holds; their number divides `all`. */
export function makeStrip(
  k: KernelBuilder,
  target: Target,
  name: string,
  {
    all,
    ...size
  }: { readonly all: number; readonly rows: number; readonly width: number; readonly left: number },
): Strip {
  const lanes = lanesOf(target)
  const { rows, width } = size
  const vectors = largestDivisor(all, Math.max(1, (stripShare * target.l1) / 4 / (rows * width * lanes)))
  // Pixels are kept apart by one vector more: at powers of two they would share the sets of the cache.
  const pitch = (vectors === 1 ? 1 : vectors + 1) * lanes
  return {
    ...size,
    vectors,
    pitch,
    buffer: k.buffer(name, 'f32', rows * width * pitch, 'readwrite', 'scratch'),
  }
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

  const clear = (c: Index, row: Index, from: number, to: number): void => {
    times(k, 'x', to - from, (i) => {
      k.store(buffer, place(row, shiftIndex(i, from), c), e.const(0, 'f32', lanes))
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

  const copyRow = (c: Index, vector: Index, existing: number, row: Index, inside: Index): void => {
    const whole = Math.floor(width / lanes)
    const rest = width - whole * lanes
    times(k, 'x', whole, (i) => square(c, vector, existing, row, inside, scaleIndex(i, lanes), lanes))
    if (rest > 0) square(c, vector, existing, row, inside, constantIndex(whole * lanes), rest)
  }

  /** A channel's rows lie side by side: they are read one after the other. */
  const copyRows = (c: Index, vector: Index, existing: number): void => {
    times(k, 'row', rows, (row) => {
      clear(c, row, 0, left)
      clear(c, row, left + width, strip.width)
      whereInside(k, addIndex(y, row), 0, height - 1, (inside, exists) => {
        if (exists && existing > 0) copyRow(c, vector, existing, row, inside)
        else clear(c, row, left, left + width)
      })
    })
  }

  const full = Math.floor(channels / lanes)
  times(k, 'c', vectors, (c) => {
    whereInside(k, addIndex(first, c), 0, full - 1, (vector, complete) => {
      if (complete) copyRows(c, vector, lanes)
      else {
        whereInside(k, vector, full, full, (last, short) => {
          copyRows(c, last, short ? channels - full * lanes : 0)
        })
      }
    })
  })
}

/** Strips from `firstStrip` of all images' on, of `channels` from `firstChannel` on. */
export interface StripRun {
  readonly images: number
  readonly rowsOfTiles: number
  readonly firstStrip: Index
  readonly strips: number
  readonly firstChannel: Index
  readonly channels: number
}

/** One of `rounds` equal parts of some work. */
export interface Share {
  readonly round: Index
  readonly rounds: number
}

/**
 * Asks for a share of what lies at some strips of a tensor of shape (N, C, H, W), while something else is computed: a strip's
 * rows are too few for the processor to guess the next ones. `ask` is given the first element of a channel's strip and
 * how many cache lines of 16 elements it has.
 */
export function askForStrips(
  k: KernelBuilder,
  [, channels, , width]: readonly number[],
  run: StripRun,
  { round, rounds }: Share,
  ask: (index: readonly Index[], lines: number) => void,
): void {
  const { strips } = run
  // Each round's are of one strip, so that one place is computed for all of them.
  let share = Math.min(run.channels, Math.ceil((strips * run.channels) / rounds))
  while (run.channels % share !== 0) share++
  const groups = run.channels / share
  whereInside(k, round, 0, strips * groups - 1, (at, exists) => {
    if (!exists) return
    const [strip, group] = delinearize(at, [strips, groups])
    const [n, row] = delinearize(addIndex(run.firstStrip, strip), [run.images, run.rowsOfTiles])
    const first = addIndex(run.firstChannel, scaleIndex(group, share))
    whereInside(k, first, 0, channels - share, (channel, inside) => {
      if (!inside) return
      for (let c = 0; c < share; c++) {
        const index = [n, shiftIndex(channel, c), scaleIndex(row, tileOutputs), constantIndex(0)]
        ask(index, Math.ceil((tileOutputs * width) / 16))
      }
    })
  })
}

/** What `askForStrips` asks for where `x` is to be read. */
export function askToRead(inliner: Inliner, x: Node): (index: readonly Index[], lines: number) => void {
  const { k } = inliner
  return (index, lines) => {
    walkExprs([inliner.value(x, index, oneLane)], (e) => {
      // What is read for a channel or for all is there already.
      if (e.kind !== 'load' || k.sizeOf(e.buffer) < sizeOf(x.shape)) return
      for (let line = 0; line < lines; line++)
        k.emit({ kind: 'prefetch', buffer: e.buffer, index: shiftIndex(e.index, 16 * line), write: false })
    })
  }
}
