/** Which left sides of contractions are read where they lie. */
import { expect, it } from 'vitest'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { leftView } from '../../src/schedule/left-view.js'

const f32 = (...shape: number[]): Node => b.placeholder(shape, 'f32')

const contraction = (x: Node, y: Node, left: number[], right: number[], batch: number[] = []): Node =>
  b.contract(x, y, { batch: [batch, batch], contracting: [left, right], accumulate: 'f32' })

const view = (node: Node, stored: readonly Node[] = [], mayStore = true) => {
  const found = leftView(
    node as Node<'contract'>,
    (n) => n.op === 'placeholder' || stored.includes(n),
    mayStore,
  )
  return found === null ? null : [found.base, found.rowStride]
}

it('rows of a matrix', () => {
  const x = f32(8, 16)
  expect(view(contraction(x, f32(16, 4), [1], [0]))).toEqual([x, 16])
})

it('columns of a matrix are packed', () => {
  expect(view(contraction(f32(16, 8), f32(16, 4), [0], [0]))).toBeNull()
})

it('several axes that are one matrix', () => {
  const x = f32(2, 4, 3, 5)
  expect(view(contraction(x, f32(3, 5, 7), [2, 3], [0, 1]))).toEqual([x, 15])
  expect(view(contraction(x, f32(5, 3, 7), [3, 2], [0, 1]))).toBeNull()
})

it('heads of a projection: slices, permutations and reshapes are read through', () => {
  const x = f32(2, 6, 3 * 4 * 8)
  const heads = b.permute(b.reshape(x, [2, 6, 3, 4, 8]), [2, 0, 3, 1, 4])
  const q = b.reshape(b.slice(heads, [1, 0, 0, 0, 0], [2, 2, 4, 6, 8], [1, 1, 1, 1, 1]), [2, 4, 6, 8])
  expect(view(contraction(q, f32(2, 4, 6, 8), [3], [3], [0, 1]))).toEqual([x, 96])
})

it('a stored value on the way is where the view begins', () => {
  const x = f32(16, 8)
  const turned = b.permute(x, [1, 0])
  const node = contraction(turned, f32(16, 4), [1], [0])
  expect(view(node, [], false)).toBeNull()
  expect(view(node, [turned], false)).toEqual([turned, 16])
  // Columns that lie beside each other are packed.
  expect(view(node)).toBeNull()
})

it('what no strides describe is stored as it is read', () => {
  const heads = f32(2, 4, 6, 8)
  const joined = b.reshape(b.permute(heads, [0, 2, 1, 3]), [2, 6, 32])
  expect(view(contraction(joined, f32(32, 4), [2], [0]))).toEqual([joined, 32])
})

it('what repeats or pads is not stored for it', () => {
  expect(view(contraction(b.expand(f32(1, 16), [8, 16]), f32(16, 4), [1], [0]))).toBeNull()
  expect(view(contraction(b.pad(f32(8, 14), [0, 1], [0, 1], [0, 0], 0), f32(16, 4), [1], [0]))).toBeNull()
})

/** The gradient of a 1 × 1 convolution's weights: rows of dy (N, O, P) over images and places. */
const overImages = (images: number, places: number, dy = f32(images, 12, places)): Node =>
  contraction(dy, f32(images, 5, places), [0, 2], [0, 2])

it('rows of one image after the other are rows in pieces', () => {
  const dy = f32(4, 12, 256)
  const node = overImages(4, 256, dy) as Node<'contract'>
  expect(leftView(node, (n) => n.op === 'placeholder', true)).toEqual({
    base: dy,
    rowStride: 256,
    inPieces: true,
  })
  const whole = contraction(f32(12, 256), f32(256, 5), [1], [0]) as Node<'contract'>
  expect(leftView(whole, (n) => n.op === 'placeholder', true)!.inPieces).toBe(false)
})

it('short pieces are packed', () => {
  expect(view(overImages(4, 128))).toBeNull()
})

it('pieces are found behind an axis that was cut', () => {
  const dy = f32(32, 12, 16, 16)
  const pieces = b.reshape(b.permute(dy, [1, 0, 2, 3]), [12, 8, 4, 16, 16])
  const turned = b.permute(pieces, [1, 0, 2, 3, 4]) // (8, 12, 4, 16, 16)
  const node = contraction(turned, f32(8, 4, 16, 16, 5), [2, 3, 4], [1, 2, 3], [0])
  const found = leftView(node as Node<'contract'>, (n) => n.op === 'placeholder', true)
  expect(found).toEqual({ base: dy, rowStride: 256, inPieces: true })
})
