/**
 * How a packed contraction is cut: columns into blocks whose right side fits the L2 cache, inner steps into slices whose
 * tile of rows fits the L1 cache, and what threads share. The slices depend on the shape only: they order the sums.
 */
import { sizeOf } from '../../core/shape.js'
import { pairedSteps, pairsOn } from '../../schedule/bf16-products.js'
import { columnPartsOf } from '../../schedule/column-parts.js'
import { contractShape, matrixSizes } from '../../schedule/contract-shape.js'
import type { ContractSpec } from '../../schedule/kernel-spec.js'
import { leftViewOf } from '../../schedule/left-view.js'
import { sharedBatchAxes, tileRows } from '../../schedule/pack.js'
import { constantIndex, type Index, scaleIndex } from '../index-expression.js'
import { lanesOf, type Target } from '../target.js'

/** Inner steps of a slice, at most about; with few rows long runs of columns matter more: copying is half the work. */
const sliceTarget = 1024
const shortSlice = 128
const fewRows = 56
/** The part of the L2 cache that the right side's block takes. */
const blockShare = 0.5

export interface Blocking {
  /** Batches, rows, columns, inner steps. */
  readonly batch: number
  readonly m: number
  readonly n: number
  readonly k: number
  /** Equal parts of the columns that a block has side by side (see column-parts.ts), and columns of a part. */
  readonly parts: number
  readonly partColumns: number
  /** The last free axis of the right side, and how often it repeats. */
  readonly rowLength: number
  /** Columns of a block, in each part: a range of one row, or whole rows. */
  readonly columns: number
  /** Batches done together (their left side is the same). */
  readonly together: number
  /** Steps of the outermost contracting axis in a slice, and steps below it. */
  readonly outerSlice: number
  readonly innerSteps: number
  /** Parts of the rows that threads share, where blocks of columns would leave some of them waiting. */
  readonly rowParts: number
}

/** Columns of a block, at most `most` and not much fewer, such that threads get about the same number of them. */
function evenColumns(n: number, most: number, panel: number, threads: number): number {
  let best = Math.min(n, most)
  let least = Number.POSITIVE_INFINITY
  for (let columns = most; columns >= Math.max(panel, most / 2); columns -= panel) {
    const blocks = Math.ceil(n / columns)
    // The first threads get one block more, and the last block may be short.
    const share = Math.min(n, Math.ceil(blocks / threads) * columns)
    if (share < least) {
      least = share
      best = Math.min(n, columns)
    }
  }
  return best
}

/** Blocks of columns that a thread has where there are enough, and columns that a block has at least. */
const blocksOfThread = 4
const leastColumns = 64

/** Threads have about the same number of columns above this share of the most that one has. */
const wellShared = 0.9
/**
 * Rows that a thread has at least where rows are shared, and that a part has where a thread has several: each part copies
 * the right side for itself.
 */
const leastRows = 56
const rowsOfPart = 112

/** Parts of m rows for the threads, several a thread so that they can take them in turn; 1 where they are too few. */
function rowPartsFor(m: number, { threads, tile }: Target): number {
  const rows = Math.floor(m / tileRows(m, tile.rows) / threads) * tile.rows
  if (rows < leastRows) return 1
  return threads * Math.min(blocksOfThread, Math.max(1, Math.floor(rows / rowsOfPart)))
}

/** Steps along the contracting axes. */
export function stepsOf(spec: ContractSpec, target: Target): readonly number[] {
  const pairs = pairsOn(target, spec.node)
  return contractShape(spec.node).inner.map((n, axis) => (axis === pairs ? pairedSteps(n) : n))
}

export function blockingOf(spec: ContractSpec, target: Target): Blocking {
  const s = contractShape(spec.node)
  const [m, n, k] = matrixSizes(s)
  const batch = sizeOf(s.batch)
  const parts = columnPartsOf(spec.node, spec.outputs)
  const partColumns = n / parts
  const lanes = lanesOf(target)
  const panel = target.tile.vectors * lanes
  const inner = stepsOf(spec, target)
  const innerSteps = inner.length === 0 ? 1 : sizeOf(inner.slice(1))
  const outer = inner[0] ?? 1
  const long = m <= fewRows ? shortSlice : sliceTarget
  // Rows in pieces hold what belongs to one index of the outermost axis.
  const inPieces = pairsOn(target, spec.node) === null && leftViewOf(spec)?.inPieces === true
  const slices = Math.ceil(outer / (inPieces ? 1 : Math.max(1, Math.floor(long / innerSteps))))
  const outerSlice = Math.ceil(outer / slices)
  const steps = outerSlice * innerSteps
  const wanted = Math.max(panel, Math.floor((blockShare * target.l2) / 4 / steps / parts / panel) * panel)
  const rowLength = s.columns.length === 0 ? 1 : s.columns[s.columns.length - 1] / parts
  const rows = partColumns / rowLength
  let columns: number
  // Each block reads the whole left side: some a thread, so that threads can take them in turn, but no short ones.
  const shareOf = (blocks: number): number =>
    Math.ceil(partColumns / Math.ceil((target.threads * blocks) / batch) / panel) * panel
  const fine =
    target.threads === 1
      ? partColumns
      : Math.max(shareOf(blocksOfThread), Math.ceil(leastColumns / parts), Math.ceil(2 / parts) * panel)
  const most = Math.max(panel, Math.min(wanted, shareOf(1), fine))
  if (rows === 1)
    columns =
      batch === 1 ? evenColumns(partColumns, most, panel, target.threads) : Math.min(partColumns, most)
  else columns = Math.min(partColumns, Math.max(1, Math.floor(most / rowLength)) * rowLength)
  let together = 1
  if (
    columns === n &&
    sharedBatchAxes(spec.node).length > 0 &&
    s.batch.every((b, i) => b === 1 || sharedBatchAxes(spec.node).includes(i))
  ) {
    const limit = Math.min(Math.floor(wanted / n), Math.floor(batch / (2 * target.threads)))
    for (let t = 1; t <= limit; t++) if (batch % t === 0) together = t
  }
  const share = Math.ceil((batch * Math.ceil(partColumns / columns)) / target.threads) * columns
  const rowParts =
    batch === 1 && partColumns / target.threads < wellShared * share ? rowPartsFor(m, target) : 1
  if (rowParts > 1) columns = Math.min(partColumns, Math.max(1, Math.floor(wanted / rowLength)) * rowLength)
  return {
    batch,
    m,
    n,
    k,
    parts,
    partColumns,
    rowLength,
    columns,
    together,
    outerSlice,
    innerSteps,
    rowParts,
  }
}

/** What layer t of a block is: the batch after its first one, or how far a part lies from the first part. */
export const layerOf = (plan: Blocking, t: Index): { batch: Index; shift: Index } =>
  plan.parts === 1
    ? { batch: t, shift: constantIndex(0) }
    : { batch: constantIndex(0), shift: scaleIndex(t, plan.partColumns) }
