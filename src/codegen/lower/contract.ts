/**
 * The packed contraction: out[g, m, n] = Σ_k a[g, m, k] · b[g, k, n] with a register tile of rows × vectors.
 *
 *   for each block of columns (shared by threads)            a block's right side fits the L2 cache
 *     for each slice of k                                    a slice's tile of rows fits the L1 cache
 *       copy b[slice, block] into scratch                    reads the right side's expression once
 *       for each tile of rows, for each panel of columns     the tile stays in registers
 *         tile += a[tile, slice] · b[slice, panel]           one splat and `vectors` multiply-adds a row and k
 *     the outputs' element-wise rest on the finished tile, or on those of all parts of the columns (column-parts.ts)
 *
 * Where the target multiplies bf16 and both sides hold nothing else, a step of k is a pair of steps: one from each half of
 * one contracting axis, in the 32 bits of a lane.
 *
 * k runs upward in slices whose size depends on the shape only, so blocking and threads change no bit. Buffers: the
 * kernel's inputs (the packed left side among them), then its outputs.
 */

import { sizeOf } from '../../core/shape.js'
import { pairsOn } from '../../schedule/bf16-products.js'
import { isDotContract } from '../../schedule/dot-contract.js'
import type { ContractSpec } from '../../schedule/kernel-spec.js'
import { tileRows } from '../../schedule/pack.js'
import { isThin } from '../../schedule/thin-contract.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  divideIndex,
  type Index,
  type LoopVar,
  loopVar,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import { type Kernel, type Register, register } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import { blockingOf, layerOf, stepsOf } from './contract-blocking.js'
import { beginContract } from './contract-kernel.js'
import { copyRightSide } from './copy-right-side.js'
import { lowerDotContract } from './dot-contract.js'
import { times, whereInside } from './kernel-builder.js'
import { type LeftReader, leftTiles } from './left-tiles.js'
import { pairedLeft } from './paired-left.js'
import { needsStatements } from './prefetch.js'
import { RightSide } from './right-side.js'
import { lowerThinContract } from './thin-contract.js'

/** A right side is read where it lies up to this part of the L1 cache, and by up to so many tiles of rows. */
const smallShare = 0.75
const fewTiles = 3

/** Steps of the inner dimension that are multiplied before the next ones are read. */
interface Slice {
  readonly from: Index
  readonly steps: number
  readonly first: boolean
  readonly last: boolean
}

export function lowerContract(spec: ContractSpec, target: Target): Kernel {
  if (isThin(spec.node)) return lowerThinContract(spec, target)
  if (isDotContract(spec.node)) return lowerDotContract(spec, target)
  const { k, numbers, own, inliner } = beginContract(spec, target)
  const { e } = k
  const plan = blockingOf(spec, target)
  const lanes = lanesOf(target)
  const { vectors, unroll } = target.tile
  const panel = vectors * lanes
  const tile = tileRows(plan.m, target.tile.rows)
  const tiles = Math.ceil(plan.m / tile)
  const pairs = pairsOn(target, spec.node)
  const inner = stepsOf(spec, target)
  const outerInner = inner[0] ?? 1
  const slices = Math.ceil(outerInner / plan.outerSlice)

  // Columns are rounded up to whole vectors; what lies beyond is computed and never stored.
  const pitch = Math.ceil(plan.columns / lanes) * lanes
  const layers = plan.together * plan.parts
  const width = pitch * layers
  const stepsMost = plan.outerSlice * plan.innerSteps
  const panelType = pairs === null ? 'f32' : 'i32'
  const small =
    slices === 1 && plan.columns === plan.partColumns && plan.k * width * 4 <= smallShare * target.l1

  // A large right side is read in short runs, whose beginnings the processor cannot guess.
  const asksAhead = target.prefetches === true && sizeOf(spec.node.inputs[1].shape) * 4 > target.l2
  const prefetches =
    target.prefetches === true &&
    lanes > 1 &&
    plan.batch * plan.m * plan.n * 4 * (spec.inputs.length + spec.outputs.length) > target.l2 &&
    !needsStatements(spec.outputs, (n) => numbers.has(n) || n === spec.node)
  // The left side may be large where the outputs are small: many rows and few columns.
  const asksLeft = target.prefetches === true && plan.batch * plan.m * plan.k * 4 > target.l2
  const tileSizes = { tile, steps: stepsMost }
  const left =
    pairs === null || spec.packed !== null
      ? leftTiles(inliner, spec, numbers, tileSizes, target)
      : pairedLeft(inliner, spec, pairs, numbers, tileSizes, target)
  const rightSide = new RightSide(inliner, target, spec, numbers)

  // The tile reads the right side where it lies: rows of a stored matrix that stay in the L1 cache from one tile to the
  // next, as the copy would, or that few tiles read.
  const columnsFit = plan.partColumns % lanes === 0 && plan.columns % lanes === 0
  const whole = target.tail === 'mask' ? plan.partColumns >= lanes : columnsFit
  const straight = whole && lanes > 1 && pairs === null && plan.together === 1
  const direct = straight && (small || tiles <= fewTiles) ? rightSide.rows() : null
  const asksNext = target.prefetches === true && !small
  // Other outputs than the product have whole vectors: not everything has halves of them.
  const halves = lanes === 16 && pairs === null && spec.outputs.length === 1 && spec.outputs[0] === spec.node
  const scratch =
    direct !== null ? -1 : k.buffer('block', panelType, stepsMost * width, 'readwrite', 'scratch')
  const copy = { inliner, target, spec, plan, rightSide, inner, pairs, scratch, pitch, width, asksAhead }
  const partial = slices > 1 ? k.buffer('partial', 'f32', tiles * tile * width, 'readwrite', 'scratch') : -1
  const parted =
    plan.parts > 1 ? k.buffer('parts', 'f32', plan.parts * tile * panel, 'readwrite', 'scratch') : -1
  const partedAt = (t: Index, row: Index, v: number): Index =>
    addIndex(scaleIndex(t, tile * panel), scaleIndex(row, panel), constantIndex(v * lanes))

  /** The place of an element in the output, or in one of its parts. */
  const positionAt = (g: Index, mTile: Index, row: Index, column: Index): Index =>
    addIndex(
      scaleIndex(g, plan.m * plan.partColumns),
      scaleIndex(addIndex(scaleIndex(mTile, tile), row), plan.partColumns),
      column,
    )

  /** One tile of `rows` rows and `count` columns (of `vecs` vectors) from `column` of the block. */
  const micro = (
    g: Index,
    start: Index,
    t: Index,
    column: Index,
    mTile: Index,
    rows: number,
    left: LeftReader,
    count: number,
    { from: sliceStart, steps, first, last }: Slice,
  ): void => {
    const { batch, shift } = layerOf(plan, t)
    const vecs = Math.ceil(count / lanes)
    const inBlock = addIndex(scaleIndex(t, pitch), column)
    const partialAt = (r: number, v: number): Index =>
      addIndex(scaleIndex(shiftIndex(scaleIndex(mTile, tile), r), width), shiftIndex(inBlock, v * lanes))
    // A short rest of columns is a vector half as wide, two of which are multiplied at a time.
    const ofVector = halves && count <= lanes / 2 ? lanes / 2 : lanes
    const acc: Register[][] = Array.from({ length: rows }, (_, r) =>
      Array.from({ length: vecs }, (__, v) => {
        const a = register(`c${r}${v}`, 'f32', ofVector)
        k.set(a, first ? e.const(0, 'f32', ofVector) : e.load(partial, 'f32', partialAt(r, v), ofVector))
        return a
      }),
    )
    const step = (kk: Index): void => {
      const bs = Array.from({ length: vecs }, (_, v) => {
        if (direct === null) {
          const from = shiftIndex(inBlock, v * lanes)
          return e.load(scratch, panelType, addIndex(scaleIndex(kk, width), from), ofVector)
        }
        const at = direct.at(
          g,
          addIndex(sliceStart, kk),
          addIndex(start, shift, column, constantIndex(v * lanes)),
        )
        if (asksNext)
          k.emit({
            kind: 'prefetch',
            buffer: direct.buffer,
            index: shiftIndex(at, plan.parts === 1 ? panel : plan.partColumns),
            write: false,
          })
        return e.load(direct.buffer, 'f32', at, ofVector, 1, Math.min(ofVector, count - v * lanes))
      })
      for (let r = 0; r < rows; r++) {
        for (let v = 0; v < vecs; v++) {
          const a = e.splat(left.element(r, kk), ofVector)
          const sum = e.register(acc[r][v])
          k.set(acc[r][v], pairs === null ? e.mulAdd(a, bs[v], sum) : e.dotPairs(a, bs[v], sum))
        }
      }
    }
    const positionOf = (row: Index, v: number): Index =>
      positionAt(addIndex(g, batch), mTile, row, addIndex(start, shiftIndex(column, v * lanes)))
    const ask = (row: Index, v: number, loop: LoopVar): void => {
      const write = (): void => own.prefetch(inliner, positionOf(row, v), lanes, loop, plan.parts)
      if (plan.parts === 1) write()
      // The first part's tile asks for all.
      else whereInside(k, t, 0, 0, (_, inside) => inside && write())
    }
    const whole = Math.floor(steps / unroll)
    const rounds = (from: Index, count: number, before: (round: LoopVar) => void = () => {}): void => {
      const v = loopVar('k', 0, count - 1)
      k.loop(v, 1, () => {
        before(v)
        for (let u = 0; u < unroll; u++) step(addIndex(from, atomIndex(v, unroll), constantIndex(u)))
      })
    }
    // While a row's share of the inner dimension is multiplied, what its outputs read and write is asked for, and the
    // same row of the next tile.
    const share = Math.floor(whole / rows)
    const asksOutputs = prefetches && last && count % lanes === 0
    const ahead = share > 0 && count % lanes === 0 && (prefetches || (asksLeft && left.next !== null))
    if (ahead) {
      const row = loopVar('row', 0, rows - 1)
      const lines = Math.ceil(steps / lanes / share)
      k.loop(row, 1, () => {
        if (asksOutputs) {
          for (let v = 0; v < vecs; v++) ask(atomIndex(row), v, row)
        }
        rounds(atomIndex(row, share * unroll), share, (round) => {
          for (let line = 0; line < lines; line++)
            left.next?.(atomIndex(row), shiftIndex(atomIndex(round, lines * lanes), line * lanes))
        })
      })
    }
    const done = ahead ? rows * share : 0
    // Where there are fewer rounds than rows, a round asks for what several rows' outputs read and write.
    const rowsOfRound = Math.ceil(rows / Math.max(1, whole))
    const asks = asksOutputs && !ahead
    const askForRows = (round: LoopVar): void => {
      for (let i = 0; i < rowsOfRound * vecs; i++) {
        const row = shiftIndex(atomIndex(round, rowsOfRound), Math.floor(i / vecs))
        ask(row, i % vecs, round)
      }
    }
    if (whole > done) rounds(constantIndex(done * unroll), whole - done, asks ? askForRows : undefined)
    for (let u = whole * unroll; u < steps; u++) step(constantIndex(u))

    for (let r = 0; r < rows; r++) {
      for (let v = 0; v < vecs; v++) {
        const value = e.register(acc[r][v])
        if (!last) k.store(partial, partialAt(r, v), value)
        else if (plan.parts > 1) k.store(parted, partedAt(t, constantIndex(r), v), value)
        else own.write(inliner, positionOf(constantIndex(r), v), value, Math.min(lanes, count - v * lanes))
      }
    }
  }

  /** What is made of the tiles of all parts: `rows` rows and `count` columns from `column` on. */
  const finishParts = (g: Index, mTile: Index, rows: number, column: Index, count: number): void => {
    times(k, 'row', rows, (row) => {
      for (let v = 0; v * lanes < count; v++) {
        const values = Array.from({ length: plan.parts }, (_, part) =>
          e.load(parted, 'f32', partedAt(constantIndex(part), row, v), lanes),
        )
        const position = positionAt(g, mTile, row, shiftIndex(column, v * lanes))
        own.writeParts(inliner, position, values, Math.min(lanes, count - v * lanes))
      }
    })
  }

  /** All tiles over one block's columns, for one slice. */
  const multiply = (g: Index, start: Index, count: number, slice: Slice, part: Index): void => {
    const panels = Math.floor(count / panel)
    const restColumns = count - panels * panel
    const full = Math.floor(plan.m / tile)
    const restRows = plan.m - full * tile
    // A tile's rows stay in the L1 cache while the block's panels come from L2.
    const over = (t: Index, mTile: Index, rows: number): void => {
      const reader = left(g, mTile, rows, slice.from, slice.steps)
      const one = (t: Index, column: Index, columns: number): void =>
        micro(g, start, t, column, mTile, rows, reader, columns, slice)
      const at = (column: Index, columns: number): void => {
        if (plan.parts === 1) {
          one(t, column, columns)
          return
        }
        times(k, 'part', plan.parts, (part) => one(part, column, columns))
        if (slice.last) finishParts(g, mTile, rows, addIndex(start, column), columns)
      }
      if (panels > 0) {
        const v = loopVar('n', 0, panels - 1)
        k.loop(v, 1, () => at(atomIndex(v, panel), panel))
      }
      if (restColumns > 0) at(constantIndex(panels * panel), restColumns)
    }
    const { rowParts } = plan
    times(k, 't', plan.together, (t) => {
      if (full > 0) {
        // Part i has the tiles from ⌊i · full / parts⌋ to the next one's first: some of them one more than others.
        const first = divideIndex(scaleIndex(part, full), rowParts)
        const each = Math.floor(full / rowParts)
        times(k, 'm', each, (v) => over(t, addIndex(first, v), tile))
        if (full % rowParts !== 0) {
          const end = scaleIndex(shiftIndex(part, 1), full)
          const behind = addIndex(end, scaleIndex(shiftIndex(first, each + 1), -rowParts))
          whereInside(k, behind, 0, full * rowParts, (_, isOwn) => {
            if (!isOwn) return
            whereInside(k, shiftIndex(first, each), 0, full - 1, (at, inside) => {
              if (inside) over(t, at, tile)
            })
          })
        }
      }
      if (restRows > 0) {
        whereInside(k, part, rowParts - 1, rowParts - 1, (_, inside) => {
          if (inside) over(t, constantIndex(full), restRows)
        })
      }
    })
  }

  const block = (g: Index, start: Index, count: number, part: Index): void => {
    const lastOuter = outerInner - (slices - 1) * plan.outerSlice
    const slice = (at: Index, outer: number, first: boolean, last: boolean): void => {
      if (direct === null) copyRightSide(copy, g, start, count, at, outer, last)
      const steps = outer * plan.innerSteps
      multiply(g, start, count, { from: scaleIndex(at, plan.innerSteps), steps, first, last }, part)
    }
    if (slices === 1) {
      slice(constantIndex(0), lastOuter, true, true)
      return
    }
    slice(constantIndex(0), plan.outerSlice, true, false)
    if (slices > 2) {
      const v = loopVar('slice', 1, slices - 2)
      k.loop(v, 1, () => slice(atomIndex(v, plan.outerSlice), plan.outerSlice, false, false))
    }
    slice(constantIndex((slices - 1) * plan.outerSlice), lastOuter, false, true)
  }

  const groups = plan.batch / plan.together
  const columnBlocks = Math.ceil(plan.partColumns / plan.columns)
  const lastColumns = plan.partColumns - (columnBlocks - 1) * plan.columns
  const total = groups * columnBlocks * plan.rowParts
  const share = 2 * plan.batch * plan.m * plan.n * plan.k >= target.serialWork && total > 1
  const p = loopVar('block', 0, total - 1)
  k.loop(
    p,
    1,
    () => {
      const [group, column, part] = delinearize(atomIndex(p), [groups, columnBlocks, plan.rowParts])
      const g = scaleIndex(group, plan.together)
      if (columnBlocks === 1 || lastColumns === plan.columns) {
        block(g, scaleIndex(column, plan.columns), plan.columns, part)
        return
      }
      const before = { index: column, low: 0, high: columnBlocks - 2 }
      const inside = atomIndex({ kind: 'bounded', of: column, low: 0, high: columnBlocks - 2 }, plan.columns)
      const then = k.block(() => block(g, inside, plan.columns, part))
      const otherwise = k.block(() =>
        block(g, constantIndex((columnBlocks - 1) * plan.columns), lastColumns, part),
      )
      k.emit({ kind: 'if', ranges: [before], then, otherwise })
    },
    share ? 'parallel' : 'for',
  )
  return k.build(`contract_${plan.batch}x${plan.m}x${plan.n}x${plan.k}`)
}
