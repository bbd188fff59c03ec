/**
 * The sum of the cotangents of one value. Those that are pieces of it in zeros and lie beside each other, as those of
 * slices are (`chunk`, `split`, `unbind`), are concatenated: nothing is added.
 */
import { isOp, type Node } from './node.js'
import type { Builder } from './rule.js'

/** A piece of a value from `low` on along one axis; the rest is zero. */
interface Piece {
  /** The padded value, and what was padded. */
  readonly whole: Node
  readonly node: Node
  readonly axis: number
  readonly low: number
  readonly size: number
}

function pieceOf(node: Node): Piece | null {
  // What is computed already may have dropped its inputs.
  if (!isOp(node, 'pad') || node.storage !== null) return null
  const { low, high, interior, value } = node.attrs
  const axes = low.flatMap((_, axis) => (low[axis] !== 0 || high[axis] !== 0 ? [axis] : []))
  if (value !== 0 || axes.length !== 1 || interior.some((n) => n !== 0)) return null
  const [axis] = axes
  if (low[axis] < 0 || high[axis] < 0) return null
  const [x] = node.inputs
  return { whole: node, node: x, axis, low: low[axis], size: x.shape[axis] }
}

/** Runs of pieces, each beginning where the one before it ends. */
function runsOf(pieces: readonly Piece[]): Piece[][] {
  const runs: Piece[][] = []
  for (const piece of [...pieces].sort((p, q) => p.axis - q.axis || p.low - q.low)) {
    const run = runs.find((pieces) => {
      const last = pieces[pieces.length - 1]
      return last.axis === piece.axis && last.low + last.size === piece.low
    })
    if (run === undefined) runs.push([piece])
    else run.push(piece)
  }
  return runs
}

function joined(b: Builder, run: readonly Piece[], { shape }: Node): Node {
  const [{ whole, axis, low }] = run
  if (run.length === 1) return whole
  const together = b.concat(
    run.map(({ node }) => node),
    axis,
  )
  const after = shape[axis] - low - together.shape[axis]
  if (low === 0 && after === 0) return together
  const along = (n: number): number[] => shape.map((_, i) => (i === axis ? n : 0))
  return b.pad(together, along(low), along(after), along(0), 0)
}

/** The others are added in their order, then the pieces. Null where there is nothing. */
export function sumCotangents(b: Builder, cotangents: readonly Node[]): Node | null {
  if (cotangents.length < 2) return cotangents[0] ?? null
  const pieces = cotangents.map(pieceOf)
  const others = cotangents.filter((_, i) => pieces[i] === null)
  const runs = runsOf(pieces.filter((p) => p !== null)).map((run) => joined(b, run, cotangents[0]))
  return [...others, ...runs].reduce((sum, g) => b.add(sum, g))
}
