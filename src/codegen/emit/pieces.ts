/**
 * Into how many pieces a thread's share of a kernel is cut. Threads take their own pieces one after the other, then those
 * that others have not begun: where a processor is slower or has been taken away for a while, nobody waits for it long.
 */
import { kernelCost } from '../kernel-cost.js'
import { type Kernel, parallelExtent } from '../loop-ir.js'

const mostPieces = 8
/** What a piece takes at least, so that taking it is nothing beside it; rates are those of one thread, about. */
const leastSeconds = 4e-6
const flopsPerSecond = 5e10
const bytesPerSecond = 1e10

/** 1: each thread does its share in one piece. */
export function piecesOf(kernel: Kernel, threads: number): number {
  const rounds = parallelExtent(kernel)
  const most = Math.min(mostPieces, Math.floor(rounds / threads))
  if (threads === 1 || most < 2) return 1
  const { flops, bytesRead, bytesWritten } = kernelCost(kernel)
  const seconds = flops / flopsPerSecond + (bytesRead + bytesWritten) / bytesPerSecond
  return Math.max(1, Math.min(most, Math.floor(seconds / threads / leastSeconds)))
}
