/** What the two convolutions with images in lanes share: images turned to lanes, and blocks of them. */
import type { Node } from '../../ir/node.js'
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
import type { Expr } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import type { Inliner } from './inline.js'
import { type KernelBuilder, times, whereInside } from './kernel-builder.js'
import { lanesFor, oneLane } from './lanes.js'
import { transposeRows } from './transpose.js'

/** Scratch that holds a vector of images: (channels, height, width, lanes), with `top` and `left` zeros around. */
export interface ImageVectors {
  readonly buffer: number
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly top: number
  readonly left: number
}

/** Elements of one channel in a vector of images. */
export const elementsOf = ({ height, width }: Pick<ImageVectors, 'height' | 'width'>): number =>
  height * width

/** Fills the zeros around the images; nothing else is written there. */
export function clearBorders(k: KernelBuilder, target: Target, images: ImageVectors, x: Node): void {
  const lanes = lanesOf(target)
  const [, , height, width] = x.shape
  const { buffer, channels, top, left } = images
  const clear = (firstRow: number, rows: number, first: number, count: number): void => {
    if (count === 0) return
    times(k, 'c', channels, (c) => {
      times(k, 'row', rows, (row) => {
        times(k, 'column', count, (column) => {
          const at = [c, shiftIndex(row, firstRow), shiftIndex(column, first)]
          const to = linearize(at, [elementsOf(images) * lanes, images.width * lanes, lanes])
          k.store(buffer, to, k.e.const(0, 'f32', lanes))
        })
      })
    })
  }
  clear(0, top, 0, images.width)
  clear(top, height, 0, left)
  clear(top, height, left + width, images.width - left - width)
  clear(top + height, images.height - top - height, 0, images.width)
}

/** `write` for vector `vector` of `images`: its first image, and how many of its lanes exist. */
export function atImages(
  k: KernelBuilder,
  target: Target,
  images: number,
  vector: Index,
  write: (image: Index, existing: number) => void,
): void {
  const lanes = lanesOf(target)
  const whole = Math.floor(images / lanes)
  whereInside(k, vector, 0, whole - 1, (at, complete) => {
    if (complete) write(scaleIndex(at, lanes), lanes)
    else write(constantIndex(whole * lanes), images - whole * lanes)
  })
}

/**
 * Copies channels `first`, `first` + 1, … of a vector of x's images to lanes; those that do not exist are zeros. The
 * images are axis `axis` of x (0 or 1), the channels the other one.
 */
export function turnToLanes(
  inliner: Inliner,
  target: Target,
  x: Node,
  axis: 0 | 1,
  vector: Index,
  first: Index,
  images: ImageVectors,
): void {
  atImages(inliner.k, target, x.shape[axis], vector, (image, existing) => {
    turnSome(inliner, target, x, axis, image, existing, first, images)
  })
}

function turnSome(
  inliner: Inliner,
  target: Target,
  x: Node,
  axis: 0 | 1,
  image: Index,
  existing: number,
  first: Index,
  images: ImageVectors,
): void {
  const { k } = inliner
  const { e } = k
  const lanes = lanesOf(target)
  const [height, width] = x.shape.slice(2)
  const { buffer, channels, top, left } = images
  // Without a border rows follow each other, and vectors run across their ends.
  const dense = images.width === width
  const [rows, length] = dense ? [1, height * width] : [height, width]

  const read = (u: number, channel: Index, row: Index, column: Index, count: number, active: number) => {
    const l = count === 1 ? oneLane : lanesFor(count, active)
    const at = l.variable === null ? column : addIndex(column, atomIndex(l.variable))
    const place = dense ? delinearize(at, [height, width]) : [row, at]
    const n = shiftIndex(image, u)
    return inliner.value(x, [...(axis === 0 ? [n, channel] : [channel, n]), ...place], l)
  }
  const square = (c: Index, row: Index, column: Index, active: number): void => {
    const channel = addIndex(first, c)
    const to = (j: number): Index =>
      linearize(
        [c, shiftIndex(row, top), shiftIndex(column, left + j)],
        [elementsOf(images) * lanes, images.width * lanes, lanes],
      )
    const each = (count: number, at: Index): Expr[] =>
      Array.from({ length: lanes }, (_, u) =>
        u < existing ? read(u, channel, row, at, count, Math.min(count, active)) : e.const(0, 'f32', count),
      )
    if (active < lanes && (target.tail !== 'mask' || active === 1)) {
      for (let j = 0; j < active; j++) k.store(buffer, to(j), e.vector(each(1, shiftIndex(column, j))))
      return
    }
    transposeRows(k, each(lanes, column))
      .slice(0, active)
      .forEach((r, j) => {
        k.store(buffer, to(j), e.register(r))
      })
  }
  const whole = Math.floor(length / lanes)
  const rest = length - whole * lanes
  times(k, 'c', channels, (c) => {
    times(k, 'row', rows, (row) => {
      times(k, 'column', whole, (v) => square(c, row, scaleIndex(v, lanes), lanes))
      if (rest > 0) square(c, row, constantIndex(whole * lanes), rest)
    })
  })
}

/** `count` places in runs of equal length, as few as there can be with `most` in each: [first, length]. */
export function runsOf(count: number, most: number): [number, number][] {
  const runs = Math.ceil(count / most)
  const short = Math.floor(count / runs)
  const longer = count - short * runs
  return Array.from({ length: runs }, (_, i) => {
    const first = i * short + Math.min(i, longer)
    return [first, i < longer ? short + 1 : short]
  })
}
