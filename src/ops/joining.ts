/** Several tensors as one: along an axis, along a new axis, as rows, as columns, as blocks of a diagonal. */
import { ShapeError } from '../core/errors.js'
import { formatShape, normalizeAxis, sameShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { requireRank, resultType } from './operand.js'
import { atleast1d, atleast2d, atleast3d, unsqueeze } from './shape.js'

/** Joins tensors along an axis; dtypes promote; 1-d empty tensors are skipped, as in PyTorch. */
export function cat(xs: readonly Node[], axis = 0): Node {
  if (xs.length === 0) throw new ShapeError('cat: expected at least one tensor, got none.')
  const dtype = resultType(...xs)
  const whole = xs.filter((x) => x.shape.length !== 1 || x.shape[0] !== 0)
  if (whole.length === 0) return b.cast(xs[0], dtype)
  const rank = whole[0].shape.length
  if (rank === 0) throw new ShapeError('cat: a 0-d tensor has no axis to join along. Use stack.')
  const a = normalizeAxis(axis, rank, 'cat')
  for (const x of whole) {
    if (x.shape.length !== rank || x.shape.some((n, i) => i !== a && n !== whole[0].shape[i])) {
      throw new ShapeError(
        `cat: shapes ${formatShape(whole[0].shape)} and ${formatShape(x.shape)} differ outside axis ${axis}.`,
      )
    }
  }
  return b.concat(
    whole.map((x) => b.cast(x, dtype)),
    a,
  )
}

/** As `cat`. */
export const concat = cat

/** Joins tensors of one shape along a new axis. */
export function stack(xs: readonly Node[], axis = 0): Node {
  if (xs.length === 0) throw new ShapeError('stack: expected at least one tensor, got none.')
  for (const x of xs) {
    if (!sameShape(x.shape, xs[0].shape)) {
      throw new ShapeError(`stack: shapes ${formatShape(xs[0].shape)} and ${formatShape(x.shape)} differ.`)
    }
  }
  const a = normalizeAxis(axis, xs[0].shape.length + 1, 'stack')
  const dtype = resultType(...xs)
  return b.concat(
    xs.map((x) => unsqueeze(b.cast(x, dtype), a)),
    a,
  )
}

function requireSome(operation: string, xs: readonly Node[]): void {
  if (xs.length === 0) throw new ShapeError(`${operation}: expected at least one tensor, got none.`)
}

/** Joins along axis 1, vectors along axis 0. */
export function hstack(xs: readonly Node[]): Node {
  requireSome('hstack', xs)
  const list = xs.map(atleast1d)
  return cat(list, list[0].shape.length === 1 ? 0 : 1)
}

/** Joins along axis 0; vectors are rows. */
export function vstack(xs: readonly Node[]): Node {
  requireSome('vstack', xs)
  return cat(xs.map(atleast2d), 0)
}

/** Joins along axis 2; vectors [n] count as [1, n, 1], matrices as [m, n, 1]. */
export function dstack(xs: readonly Node[]): Node {
  requireSome('dstack', xs)
  return cat(xs.map(atleast3d), 2)
}

/** Joins along axis 1; vectors and 0-d tensors are columns. */
export function columnStack(xs: readonly Node[]): Node {
  requireSome('columnStack', xs)
  return cat(
    xs.map((x) => (x.shape.length < 2 ? b.reshape(x, [x.shape[0] ?? 1, 1]) : x)),
    1,
  )
}

/** A matrix with the given ones on its diagonal, one after the other, and 0 elsewhere; vectors are rows. */
export function blockDiag(...xs: readonly Node[]): Node {
  requireSome('blockDiag', xs)
  for (const x of xs) requireRank('blockDiag', x, 0, 2)
  const dtype = resultType(...xs)
  const blocks = xs.map((x) => b.cast(atleast2d(x), dtype))
  const width = blocks.reduce((n, { shape }) => n + shape[1], 0)
  let at = 0
  const rows = blocks.map((block) => {
    const [, n] = block.shape
    at += n
    return b.pad(block, [0, at - n], [0, width - at], [0, 0], 0)
  })
  return b.concat(rows, 0)
}
