/**
 * Copies a block of a contraction's right side into scratch memory, where its panels of columns are read by one tile of
 * rows after the other: scratch[step, layer, column]. Layers are batches that are done together, or parts of the columns.
 */
import { stridesOf } from '../../core/shape.js'
import { contractShape } from '../../schedule/contract-shape.js'
import type { ContractSpec } from '../../schedule/kernel-spec.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  type Index,
  linearize,
  loopVar,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import type { Expr } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import { type Blocking, layerOf } from './contract-blocking.js'
import type { Inliner } from './inline.js'
import { times } from './kernel-builder.js'
import { atLane, type Lanes, lanesFor, oneLane } from './lanes.js'
import type { RightSide } from './right-side.js'
import { pairOfBf16 } from './round.js'
import { TransposedTiles } from './transpose.js'

/** Steps between a row of the right side that is copied and the one that is asked for. */
const stepsAhead = 16

/** Up to this many copies have no loop of their own. */
const unrolledCopies = 12

/** Where a block is copied to and what of. */
export interface RightCopy {
  readonly inliner: Inliner
  readonly target: Target
  readonly spec: ContractSpec
  readonly plan: Blocking
  readonly rightSide: RightSide
  /** Steps along the contracting axes. */
  readonly inner: readonly number[]
  /** The contracting axis whose halves stand side by side in 32 bits; null where there is none. */
  readonly pairs: number | null
  readonly scratch: number
  /** Elements of the scratch from a column to the same one of the next layer, and of the next step. */
  readonly pitch: number
  readonly width: number
  /** Rows further on are asked for. */
  readonly asksAhead: boolean
}

/** A layer, and a place in the inner dimension: outermost contracting axis within the slice, the others. */
interface Step {
  readonly t: Index
  readonly o: Index
  readonly rest: readonly Index[]
}

/**
 * Writes the copy of columns [start, start + count) of each part, or of the batches from g on, at `outer` steps of the outermost
 * contracting axis from `sliceStart`; `last`: these are its last ones.
 */
export function copyRightSide(
  copy: RightCopy,
  g: Index,
  start: Index,
  count: number,
  sliceStart: Index,
  outer: number,
  last: boolean,
): void {
  const { inliner, target, plan, rightSide, inner, pairs, scratch, pitch, width } = copy
  const { k, e } = inliner
  const lanes = lanesOf(target)
  const s = contractShape(copy.spec.node)

  const nest = (sizes: readonly number[], write: (i: Index[]) => void, done: Index[] = []): void => {
    if (done.length === sizes.length) write(done)
    else times(k, 'k', sizes[done.length], (i) => nest(sizes, write, [...done, i]))
  }

  /** What the scratch holds of a step: the right side's value, or the pair of it and the one half an axis further. */
  const stepValue = (
    g: Index,
    at: readonly Index[],
    column: readonly Index[],
    l: Lanes,
    alone: boolean,
  ): Expr => {
    const value = rightSide.value(g, at, column, l)
    if (pairs === null) return value
    const second = at.map((i, axis) => (axis === pairs ? shiftIndex(i, inner[pairs]) : i))
    return pairOfBf16(e, value, alone ? e.const(0, 'f32', l.count) : rightSide.value(g, second, column, l))
  }

  /** The steps of a slice that begin with step `first` of the paired axis; `alone`: with nothing beside them. */
  const copySteps = (innerSizes: readonly number[], first: number, alone: boolean): void => {
    const rowLength = Math.min(plan.rowLength, count)
    const rows = count / rowLength
    const masks = target.tail === 'mask' && lanes > 1 && rowLength > 1
    const scalar = lanes === 1 || (rowLength < lanes && !masks)
    const copies = scalar ? rowLength : Math.ceil(rowLength / lanes)
    const sizes = [plan.together * plan.parts, ...innerSizes]
    const stepAt = ([t, ...at]: readonly Index[]): Step => {
      const [o, ...rest] = at.map((i, axis) => (axis === pairs ? shiftIndex(i, first) : i))
      return { t, o, rest }
    }
    const axis = s.inner.length - 1
    const crossed = masks && s.inner.length > 0 ? rightSide.crossed(axis, inner[axis]) : null
    if (crossed !== null) {
      // The columns of a row lie far apart and its inner steps beside each other: tiles are turned in registers.
      nest(sizes.slice(0, -1), (done) => {
        const tiles = (from: Index, active: number): void => {
          times(k, 'k', rows, (row) => {
            copyRow((u) => stepAt([...done, shiftIndex(from, u)]), row, active)
          })
        }
        const size = sizes[sizes.length - 1]
        const whole = Math.floor(size / lanes)
        const v = loopVar('k', 0, whole - 1)
        if (whole > 0) k.loop(v, 1, () => tiles(atomIndex(v, lanes), lanes))
        if (whole * lanes < size) tiles(constantIndex(whole * lanes), size - whole * lanes)
      })
      return
    }
    nest(sizes, (at) => {
      const step = (): Step => stepAt(at)
      if (rows * copies <= unrolledCopies) {
        for (let r = 0; r < rows; r++) copyRow(step, constantIndex(r), 1)
      } else times(k, 'k', rows, (row) => copyRow(step, row, 1))
    })

    /** One row of columns at inner steps 0…count-1 of a run. */
    function copyRow(place: (u: number) => Step, row: Index, count: number): void {
      const write = (from: Index, l: Lanes): void => {
        if (crossed !== null)
          inliner.tiles = new TransposedTiles(k, new Set([crossed.buffer]), count, crossed.step)
        for (let u = 0; u < count; u++) {
          if (inliner.tiles !== null) inliner.tiles.current = u
          writeStep(place(u), from, l)
        }
        inliner.tiles = null
      }
      const writeStep = ({ t, o, rest }: Step, from: Index, l: Lanes): void => {
        const indices = s.inner.length === 0 ? [] : [addIndex(sliceStart, o), ...rest]
        const step = addIndex(
          scaleIndex(o, plan.innerSteps),
          rest.length === 0 ? constantIndex(0) : linearize(rest, stridesOf(inner.slice(1))),
        )
        const at = addIndex(scaleIndex(step, width), scaleIndex(t, pitch), scaleIndex(row, rowLength))
        const { batch, shift } = layerOf(plan, t)
        const column =
          s.columns.length === 0
            ? []
            : plan.partColumns === plan.rowLength
              ? [...s.columns.slice(0, -1).map(() => constantIndex(0)), addIndex(start, shift, from)]
              : [...delinearize(addIndex(rowOf(start, plan), row), s.columns.slice(0, -1)), from]
        const value = stepValue(addIndex(g, batch), indices, column, l, alone)
        k.store(scratch, atLane(addIndex(at, from), l, 0), value, 1, l.active)
        if (copy.asksAhead && value.kind === 'load' && indices.length === 1) {
          const later = stepValue(addIndex(g, batch), [shiftIndex(indices[0], stepsAhead)], column, l, alone)
          if (later.kind === 'load')
            k.emit({ kind: 'prefetch', buffer: later.buffer, index: later.index, write: false })
        }
      }
      const unrolled = copies <= unrolledCopies && count === 1
      if (scalar) {
        if (copies <= unrolledCopies) for (let v = 0; v < copies; v++) write(constantIndex(v), oneLane)
        else times(k, 'k', copies, (v) => write(v, oneLane))
        return
      }
      const l = lanesFor(lanes, Math.min(lanes, rowLength))
      const vector = (from: Index): void => write(addIndex(from, atomIndex(l.variable!)), l)
      const whole = Math.floor(rowLength / lanes)
      if (unrolled) for (let v = 0; v < whole; v++) vector(constantIndex(v * lanes))
      else times(k, 'k', whole, (v) => vector(scaleIndex(v, lanes)))
      // The rest of a row is copied by a vector that overlaps the one before.
      if (rowLength < lanes) vector(constantIndex(0))
      else if (whole * lanes < rowLength) vector(constantIndex(rowLength - lanes))
    }
  }

  const sizes = [outer, ...inner.slice(1)]
  if (pairs === null || s.inner[pairs] % 2 === 0 || (pairs === 0 && !last)) {
    copySteps(sizes, 0, false)
    return
  }
  // The last step of an odd axis has nothing beside it.
  const whole = sizes[pairs] - 1
  const some = (n: number): number[] => sizes.map((size, axis) => (axis === pairs ? n : size))
  if (whole > 0) copySteps(some(whole), 0, false)
  copySteps(some(1), whole, true)
}

/** The row of columns that a block begins with: blocks of whole rows start at multiples of a row. */
const rowOf = (start: Index, { rowLength }: Blocking): Index => ({
  terms: start.terms.map((t) => ({ atom: t.atom, coefficient: t.coefficient / rowLength })),
  offset: start.offset / rowLength,
})
