/**
 * A contraction as dot products: out[g, m, n] = Σ_k a[g, m, k] · b[g, k, n], both sides read in vectors along k.
 *
 *   for each batch, or part of the longer side (shared by threads)
 *     for each chunk of k                                    the shorter side's chunk stays in the L2 cache
 *       for each tile of the longer side, of the shorter     4 × 4 or 4 × 3 products
 *         each product's register sums k in lanes            neither side is copied
 *         the registers are turned, their lanes added: vectors of sums, added to what earlier chunks gave
 *     the outputs' element-wise rest on the finished part
 *
 * The chunks depend on the shape only, and so do the bits. Buffers: the kernel's inputs, its outputs, scratch.
 */
import { largestDivisor, sizeOf } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import { contractShape, matrixSizes } from '../../schedule/contract-shape.js'
import type { ContractSpec } from '../../schedule/kernel-spec.js'
import {
  addIndex,
  constantIndex,
  delinearize,
  divideIndex,
  type Index,
  remainderIndex,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import type { Expr, Kernel, Register } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import { addHalves } from './add-halves.js'
import { beginContract } from './contract-kernel.js'
import { times, whereInside } from './kernel-builder.js'
import { type Lanes, oneLane } from './lanes.js'
import { tasks } from './operand.js'
import { needsStatements } from './prefetch.js'
import { transposeRows } from './transpose.js'
import { zeroFilled } from './zero-filled.js'

/** Steps of a chunk, at most: four rows of it on either side fit the L1 cache. */
const chunkSteps = 1024
/** Products of a tile: their sums and what a step reads fill the registers. */
const tileRows = 4
const columnsOfTile = (lanes: number): number => (lanes >= 16 ? 4 : 3)

/** Vectors of a run that are written out. */
const unrolled = 4
/** Parts of the longer side that a thread gets where there are too few batches to share. */
const partsOfThread = 4

/** Where a chunk begins. */
interface Place {
  readonly batch: Index
  readonly run: Index
  readonly step: Index
}

interface Side {
  readonly node: Node
  /** Axis order (batch, free, inner). */
  readonly order: readonly number[]
  readonly free: readonly number[]
  /** Rows or columns, and how many of them a tile has. */
  readonly count: number
  readonly tile: number
}

export function lowerDotContract(spec: ContractSpec, target: Target): Kernel {
  const { k, numbers, own, inliner } = beginContract(spec, target)
  const { e } = k
  const { node } = spec
  const s = contractShape(node)
  const [m, n] = matrixSizes(s)
  const batch = sizeOf(s.batch)
  const lanes = lanesOf(target)

  const left: Side = { node: node.inputs[0], order: s.leftOrder, free: s.rows, count: m, tile: tileRows }
  // (batch, inner, columns) → (batch, columns, inner)
  const [g, inside] = [s.batch.length, s.inner.length]
  const rightOrder = [
    ...s.rightOrder.slice(0, g),
    ...s.rightOrder.slice(g + inside),
    ...s.rightOrder.slice(g, g + inside),
  ]
  const right: Side = {
    node: node.inputs[1],
    order: rightOrder,
    free: s.columns,
    count: n,
    tile: columnsOfTile(lanes),
  }
  const long = m >= n ? left : right
  const short = long === left ? right : left

  // A chunk is some runs, or a part of one.
  const runs = s.inner.slice(0, -1)
  const run = s.inner[s.inner.length - 1]
  const allRuns = sizeOf(runs)
  // Runs without a part of good length stay whole: reading from the L2 cache costs less than adding up lanes often.
  const part = run % lanes === 0 ? largestDivisor(run / lanes, chunkSteps / lanes) * lanes : run
  const cut = run > chunkSteps && part >= chunkSteps / 4
  const steps = cut ? part : run
  const runsOfChunk = cut ? 1 : largestDivisor(allRuns, chunkSteps / run)

  const read = (side: Side, batchAt: Index, free: Index, runAt: Index, step: Index, l: Lanes): Expr => {
    const index = new Array<Index>(side.node.shape.length)
    const parts = [
      ...delinearize(batchAt, s.batch),
      ...delinearize(free, side.free),
      ...delinearize(runAt, runs),
    ]
    ;[...parts, step].forEach((i, at) => {
      index[side.order[at]] = i
    })
    return inliner.value(side.node, index, l)
  }
  const asksAhead = target.prefetches === true && !needsStatements([long.node], (x) => numbers.has(x))
  const longTiles = Math.ceil(long.count / long.tile)
  const wanted = batch >= 2 * target.threads ? 1 : Math.min(longTiles, target.threads * partsOfThread)
  const tilesOfPart = Math.ceil(longTiles / wanted)
  const parts = Math.ceil(longTiles / tilesOfPart)
  const shortTiles = Math.ceil(short.count / short.tile)
  const groups = Math.ceil((left.tile * right.tile) / lanes)
  const tileSize = groups * lanes
  const sums = k.buffer('sums', 'f32', tilesOfPart * shortTiles * tileSize, 'readwrite', 'scratch')

  /** Where the sums of a tile begin. */
  const placeOf = (longTile: Index, shortTile: Index): Index =>
    scaleIndex(addIndex(scaleIndex(longTile, shortTiles), shortTile), tileSize)

  /** Adds the products of `rows` × `columns` over one chunk to the sums of a tile. */
  const tile = (
    from: Place,
    rowTile: Index,
    rows: number,
    columnTile: Index,
    columns: number,
    sumsAt: Index,
  ): void => {
    const acc: Register[][] = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => k.accumulator('d', 'f32', lanes, 0)),
    )
    const [longTile, shortTile] = long === left ? [rowTile, columnTile] : [columnTile, rowTile]
    // What the next tile of the longer side reads is asked for, a row for each tile of the shorter.
    const next = shiftIndex(
      addIndex(scaleIndex(longTile, long.tile), remainderIndex(shortTile, long.tile)),
      long.tile,
    )
    const step = (runAt: Index, at: Index, active: number): void => {
      const value = (side: Side, tile: Index, i: number): Register => {
        const free = shiftIndex(scaleIndex(tile, side.tile), i)
        return k.define(
          'x',
          zeroFilled(e, target, at, active, (step, l) => read(side, from.batch, free, runAt, step, l)),
        )
      }
      const bs = Array.from({ length: columns }, (_, c) => value(right, columnTile, c))
      for (let r = 0; r < rows; r++) {
        const a = value(left, rowTile, r)
        for (let c = 0; c < columns; c++)
          k.set(acc[r][c], e.mulAdd(e.register(a), e.register(bs[c]), e.register(acc[r][c])))
      }
      if (!asksAhead || active < lanes) return
      const ahead = read(long, from.batch, next, runAt, at, oneLane)
      if (ahead.kind === 'load')
        k.emit({ kind: 'prefetch', buffer: ahead.buffer, index: ahead.index, write: false })
    }
    times(k, 'run', runsOfChunk, (v) => {
      const runAt = addIndex(from.run, v)
      const whole = Math.floor(steps / lanes)
      const together = whole <= unrolled ? whole : 1
      times(k, 'k', whole / together, (j) => {
        for (let u = 0; u < together; u++)
          step(runAt, shiftIndex(addIndex(from.step, scaleIndex(j, together * lanes)), u * lanes), lanes)
      })
      if (whole * lanes < steps) step(runAt, shiftIndex(from.step, whole * lanes), steps - whole * lanes)
    })
    const zero = e.const(0, 'f32', lanes)
    const products = Array.from({ length: tileSize }, (_, i) => {
      const [r, c] = [Math.floor(i / right.tile), i % right.tile]
      return r < rows && c < columns ? e.register(acc[r][c]) : zero
    })
    for (let i = 0; i < tileSize; i += lanes) {
      const turned = transposeRows(k, products.slice(i, i + lanes)).map((x) => e.register(x))
      const at = shiftIndex(sumsAt, i)
      k.store(sums, at, e.binary('add', e.load(sums, 'f32', at, lanes), addHalves(k, turned)))
    }
  }

  /** The tiles of `count` rows or columns of a side, from tile `base`. */
  const tilesOf = (
    side: Side,
    base: Index,
    count: number,
    write: (at: Index, tile: Index, size: number) => void,
  ): void => {
    const full = Math.floor(count / side.tile)
    const rest = count - full * side.tile
    times(k, 't', full, (at) => write(at, addIndex(base, at), side.tile))
    if (rest > 0) write(constantIndex(full), shiftIndex(base, full), rest)
  }

  const chunk = (from: Place, part: Index, count: number): void =>
    tilesOf(long, scaleIndex(part, tilesOfPart), count, (at, longTile, longs) =>
      tilesOf(short, constantIndex(0), short.count, (_, shortTile, shorts) => {
        const sumsAt = placeOf(at, shortTile)
        if (long === left) tile(from, longTile, longs, shortTile, shorts, sumsAt)
        else tile(from, shortTile, shorts, longTile, longs, sumsAt)
      }),
    )

  /** The outputs of a part with `count` rows or columns of the longer side. */
  const finish = (batchAt: Index, part: Index, count: number): void => {
    const [rows, columns] = long === left ? [count, n] : [m, count]
    const start = scaleIndex(part, tilesOfPart * long.tile)
    const sumOf = (row: Index, column: Index): Expr => {
      const [rowTile, columnTile] = [divideIndex(row, left.tile), divideIndex(column, right.tile)]
      const place = long === left ? placeOf(rowTile, columnTile) : placeOf(columnTile, rowTile)
      const r = scaleIndex(remainderIndex(row, left.tile), right.tile)
      return e.load(sums, 'f32', addIndex(place, r, remainderIndex(column, right.tile)))
    }
    times(k, 'row', rows, (row) => {
      const write = (column: Index, active: number): void => {
        const value = e.vector(
          Array.from({ length: lanes }, (_, l) =>
            l < active ? sumOf(row, shiftIndex(column, l)) : e.const(0, 'f32'),
          ),
        )
        const origin = long === left ? scaleIndex(start, n) : start
        const position = addIndex(scaleIndex(batchAt, m * n), origin, scaleIndex(row, n), column)
        own.write(inliner, position, value, active)
      }
      const whole = Math.floor(columns / lanes)
      times(k, 'v', whole, (v) => write(scaleIndex(v, lanes), lanes))
      if (whole * lanes < columns) write(constantIndex(whole * lanes), columns - whole * lanes)
    })
  }

  const work = 2 * batch * m * n * sizeOf(s.inner)
  tasks(k, batch * parts, work >= target.serialWork, (task) => {
    const [batchAt, part] = delinearize(task, [batch, parts])
    const write = (part: Index, count: number): void => {
      times(k, 'tile', tilesOfPart * shortTiles * groups, (at) =>
        k.store(sums, scaleIndex(at, lanes), e.const(0, 'f32', lanes)),
      )
      times(k, 'runs', allRuns / runsOfChunk, (runs) =>
        times(k, 'piece', run / steps, (piece) => {
          const from = { batch: batchAt, run: scaleIndex(runs, runsOfChunk), step: scaleIndex(piece, steps) }
          chunk(from, part, count)
        }),
      )
      finish(batchAt, part, count)
    }
    const size = tilesOfPart * long.tile
    const last = long.count - (parts - 1) * size
    if (last === size) write(part, size)
    else
      whereInside(k, part, 0, parts - 2, (at, whole) =>
        write(whole ? at : constantIndex(parts - 1), whole ? size : last),
      )
  })
  return k.build(`contract_${batch}x${m}x${n}x${sizeOf(s.inner)}`)
}
