/**
 * Reductions of many elements to a few as two, so that threads share the first: a long axis is cut into equal runs, each
 * is reduced by itself, and then their results. Whether and where it is cut depends on shape and axes only, and so does
 * the order in which elements are added.
 */
import { sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'
import { reduceReshaped } from './reduce-reshaped.js'

/** Results of which a kernel has enough to share. */
const enough = 8
/** Elements of a result from which a second kernel is worth its launch. */
const many = 131_072
/** Runs at least and at most. */
const [fewestRuns, mostRuns] = [8, 64]
/** Elements that lie behind each other in a run, at least: each is still summed by whole vectors. */
const shortestRun = 1024

/** The most runs of equal length, 1 where there are none. */
function runsOf(n: number): number {
  for (let runs = mostRuns; runs >= fewestRuns; runs--) if (n % runs === 0) return runs
  return 1
}

export function splitReduced(node: Node): Node | null {
  if (!isOp(node, 'reduceSum') && !isOp(node, 'reduceMax') && !isOp(node, 'reduceMin')) return null
  const [x] = node.inputs
  const { shape } = x
  // Sums that are rounded on the way would be other sums.
  if (isOp(node, 'reduceSum') && (node.dtype === 'f16' || node.dtype === 'bf16')) return null
  const results = sizeOf(node.shape)
  if (results === 0 || results >= enough || sizeOf(shape) / results < many) return null
  const { axes } = node.attrs
  const lengthOf = (a: number): number => sizeOf(shape.slice(a)) / runsOf(shape[a])
  const fits = (a: number): boolean => runsOf(shape[a]) > 1 && lengthOf(a) >= shortestRun
  const axis = [...axes].sort((a, b) => a - b).find(fits)
  if (axis === undefined) return null
  const runs = runsOf(shape[axis])
  const cut = [...shape.slice(0, axis), runs, shape[axis] / runs, ...shape.slice(axis + 1)]
  // The runs' axis stays; those behind it, the runs' elements among them, have moved by one.
  const inner = [...axes.filter((a) => a < axis), axis + 1, ...axes.filter((a) => a > axis).map((a) => a + 1)]
  const last = axis - axes.filter((a) => a < axis).length
  const ofRuns = reduceReshaped(node, cut, inner)
  return b.make(node.op, [ofRuns], { axes: [last] })
}
