/**
 * The value of a node at an index, as a loop-IR expression. Everything that is not stored is written in place:
 * element-wise primitives become arithmetic, movement becomes index arithmetic, reductions become loops that are
 * placed at the outermost level where their index is known. This is what fuses a graph into kernels.
 *
 * With more than one lane, indices contain a lane variable that runs over the lanes of one vector. It is a variable of
 * the lowering only: what is emitted has it replaced by 0 (a vector access, a ramp) or by each lane's number.
 */

import { type DType, isFloat } from '../../core/dtype.js'
import { InternalError } from '../../core/errors.js'
import { stridesOf } from '../../core/shape.js'
import { isOp, type Node } from '../../ir/node.js'
import { pairOperands } from '../../schedule/bf16-products.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  type Index,
  indexDeps,
  indexKey,
  type LoopVar,
  linearize,
  loopVar,
  scaleIndex,
  shiftIndex,
  stepOf,
  substituteIndex,
} from '../index-expression.js'
import { computeTypeOf, type Expr, type ExprBuilder } from '../loop-ir.js'
import { expandBinary, expandRandomBits, expandUnary } from '../math.js'
import { lanesOf, type Target } from '../target.js'
import { usesBounded } from '../walk.js'
import { concat, fold, pad } from './borders.js'
import type { SameVariables } from './jam.js'
import type { KernelBuilder } from './kernel-builder.js'
import { atLane, type Lanes, lanesFor, oneLane } from './lanes.js'
import { narrowIndex } from './operand.js'
import { lowerReduction, type ReduceNode } from './reduce.js'
import { castTo, constantOf, pairOfBf16, roundTo } from './round.js'
import type { TransposedTiles } from './transpose.js'

/** How far each active lane's index lies from the first one's, where that is fixed; else null. */
function lanePattern(index: Index, lanes: Lanes): number[] | null {
  const first = atLane(index, lanes, 0)
  const key = indexKey({ terms: first.terms, offset: 0 })
  const offsets: number[] = []
  for (let l = 0; l < lanes.active; l++) {
    const at = atLane(index, lanes, l)
    if (indexKey({ terms: at.terms, offset: 0 }) !== key) return null
    offsets.push(at.offset - first.offset)
  }
  return offsets
}

/** Thrown when a 64-bit value would need several lanes: the kernel is then lowered with one. */
export class ScalarOnly extends Error {}

/** Value of a node that the kernel computes itself (a contraction's accumulator). */
export type Plug = (index: readonly Index[], lanes: Lanes) => Expr

const keyOf = (node: Node, index: readonly Index[], lanes: Lanes): string =>
  `${node.id}@${index.map(indexKey).join(';')}x${lanes.count}/${lanes.active}`

export class Inliner {
  readonly k: KernelBuilder
  readonly e: ExprBuilder
  /** Buffer number of a stored node, or null when it is written in place. */
  private readonly bufferOf: (node: Node) => number | null
  private readonly plugs: ReadonlyMap<Node, Plug>
  /** Tests of indices around what is being written. */
  guards = 0
  /** Tiles that loads of far-apart lanes come from, while a map kernel works on one. */
  tiles: TransposedTiles | null = null
  /** Set while copies of an expression are written that are to be jammed. */
  variables: SameVariables<LoopVar> | null = null
  /** Reductions that share the loops of one; a map kernel names those it has. */
  siblings: (node: ReduceNode) => readonly ReduceNode[] = () => []
  /** Vector width that reductions over contiguous axes use. */
  readonly width: number
  /** The target can read some lanes of a vector only. */
  private readonly masks: boolean
  /** The target makes pairs of bf16 by an instruction. */
  private readonly pairs: boolean

  constructor(
    k: KernelBuilder,
    target: Target,
    bufferOf: (node: Node) => number | null,
    plugs: ReadonlyMap<Node, Plug> = new Map(),
  ) {
    this.k = k
    this.e = k.e
    this.width = lanesOf(target)
    this.masks = target.tail === 'mask'
    this.pairs = target.bf16Products === true
    this.bufferOf = bufferOf
    this.plugs = plugs
  }

  /** Whether the node is read from memory, or is its kernel's own contraction. */
  readonly isStored = (node: Node): boolean => this.bufferOf(node) !== null || this.plugs.has(node)

  /** The variable of a loop of n rounds. */
  variable(name: string, n: number): LoopVar {
    const make = (): LoopVar => loopVar(name, 0, n - 1)
    return this.variables === null ? make() : this.variables.take(make)
  }

  /** The node's value at `index`. */
  value(node: Node, index: readonly Index[], lanes: Lanes): Expr {
    if (lanes.count > 1 && !index.some((i) => moves(i, lanes))) {
      const scalar = this.value(node, index, oneLane)
      if (is64(node.dtype)) throw new ScalarOnly()
      return this.e.splat(scalar, lanes.count)
    }
    if (lanes.count > 1 && is64(node.dtype)) throw new ScalarOnly()
    const key = keyOf(node, index, lanes)
    if (lanes.count > 1 && narrows(node) && this.bufferOf(node) === null && !this.plugs.has(node)) {
      // 64-bit values have no lanes, what is made of them has: a comparison of i64 does not slow its kernel's sums down.
      return this.k.remember(key, () =>
        this.perLane(lanes, (l) =>
          this.value(
            node,
            index.map((i) => atLane(i, lanes, l)),
            oneLane,
          ),
        ),
      )
    }
    return this.k.remember(key, () => this.compute(node, index, lanes))
  }

  /** Keeps a value that was computed along with another one. */
  remember(node: Node, index: readonly Index[], value: () => Expr): void {
    this.k.remember(keyOf(node, index, oneLane), value)
  }

  private compute(node: Node, index: readonly Index[], lanes: Lanes): Expr {
    const plug = this.plugs.get(node)
    if (plug !== undefined) return plug(index, lanes)
    const stored = this.bufferOf(node)
    if (stored !== null) return this.load(stored, node.dtype, linearize(index, stridesOf(node.shape)), lanes)
    return this.inline(node, index, lanes)
  }

  /** Element(s) of a buffer at a linear index. */
  load(buffer: number, dtype: DType, at: Index, lanes: Lanes): Expr {
    if (lanes.count === 1) return this.e.load(buffer, dtype, at)
    if (this.tiles !== null && this.guards === 0 && (dtype === 'f32' || dtype === 'i32')) {
      const tile = this.tiles.load(buffer, dtype, at, lanes)
      if (tile !== null) return tile
    }
    const step = stepOf(at, lanes.variable!)
    if (step === null || step < 0) {
      return (
        this.permuted(buffer, dtype, at, lanes) ??
        this.perLane(lanes, (l) => this.e.load(buffer, dtype, atLane(at, lanes, l)))
      )
    }
    return this.e.load(buffer, dtype, atLane(at, lanes, 0), lanes.count, step, lanes.active)
  }

  /** Lanes that read neighbours in a fixed pattern (each element twice, rows of a border): vectors, and a permutation. */
  private permuted(buffer: number, dtype: DType, at: Index, lanes: Lanes): Expr | null {
    if (dtype === 'bool' || is64(dtype)) return null
    const pattern = lanePattern(at, lanes)
    if (pattern === null) return null
    const { count } = lanes
    const lowest = Math.min(...pattern)
    const span = Math.max(...pattern) - lowest + 1
    if (span > 2 * count || (span % count !== 0 && !this.masks)) return null
    const first = shiftIndex(atLane(at, lanes, 0), lowest)
    const order = Array.from({ length: count }, (_, l) => (pattern[l] ?? lowest) - lowest)
    const low = this.e.load(buffer, dtype, first, count, 1, Math.min(span, count))
    if (span <= count) return this.e.permute(low, order)
    return this.e.shuffle(
      low,
      this.e.load(buffer, dtype, shiftIndex(first, count), count, 1, span - count),
      order,
    )
  }

  /** Each lane by itself. */
  perLane(lanes: Lanes, one: (lane: number) => Expr): Expr {
    const values = Array.from({ length: lanes.active }, (_, l) => one(l))
    // What the other lanes hold does not matter: the first value is at hand.
    while (values.length < lanes.count) values.push(values[0])
    return this.e.vector(values)
  }

  /**
   * The node's value in lanes of which a test of `indices` may say different things: where every second lane meets the
   * same, two vectors that are interleaved, else each lane by itself. `part` makes the value of the lanes that `move`
   * takes an index to.
   */
  apart(
    { dtype }: Node,
    indices: readonly Index[],
    lanes: Lanes,
    part: (move: (index: Index) => Index, lanes: Lanes) => Expr,
  ): Expr {
    const { count, active, variable } = lanes
    const isEven = (index: Index, variable: LoopVar): boolean => stepOf(index, variable) !== null
    if (this.masks && variable !== null && active >= 4 && dtype !== 'bool') {
      const halves = [0, 1].map((first) => {
        const own = lanesFor(count, Math.ceil((active - first) / 2))
        const at = shiftIndex(atomIndex(own.variable!, 2), first)
        return { own, move: (index: Index) => substituteIndex(index, variable, at) }
      })
      const takeTurns =
        !indices.every((index) => isEven(index, variable)) &&
        halves.every(({ own, move }) => indices.every((index) => isEven(move(index), own.variable!)))
      if (takeTurns) {
        const [left, right] = halves.map(({ own, move }) => part(move, own))
        const order = Array.from({ length: count }, (_, l) => (l % 2) * count + Math.floor(l / 2))
        return this.e.shuffle(left, right, order)
      }
    }
    return this.perLane(lanes, (l) => part((index) => atLane(index, lanes, l), oneLane))
  }

  private inline(node: Node, index: readonly Index[], lanes: Lanes): Expr {
    const { e } = this
    const type = computeTypeOf(node.dtype)
    const at = (input: Node, i: readonly Index[] = index): Expr => this.value(input, i, lanes)
    const [x] = node.inputs

    if (isOp(node, 'const')) return e.const(constantOf(node.dtype, node.attrs.value), type, lanes.count)
    if (isOp(node, 'iota')) {
      return roundTo(e, node.dtype, e.convert(this.ramp(index[node.attrs.axis], lanes), type))
    }
    if (isOp(node, 'randomBits')) {
      const word = (i: number) => e.splat(this.value(x, [constantIndex(i)], oneLane), lanes.count)
      return expandRandomBits(
        e,
        word(0),
        word(1),
        word(2),
        this.ramp(linearize(index, stridesOf(node.shape)), lanes),
      )
    }
    if (isOp(node, 'alias') || isOp(node, 'stopGradient')) return at(x)
    if (isOp(node, 'output') && isOp(x, 'barrier')) return at(x.inputs[node.attrs.index])
    if (isOp(node, 'cast')) return castTo(e, at(x), x.dtype, node.dtype)
    if (isOp(node, 'bitcast')) return e.bitcast(at(x), type)
    if (isOp(node, 'where')) return e.select(at(x), at(node.inputs[1]), at(node.inputs[2]))

    if (isOp(node, 'reshape')) return at(x, delinearize(linearize(index, stridesOf(node.shape)), x.shape))
    if (isOp(node, 'permute')) {
      const source = new Array<Index>(index.length)
      node.attrs.axes.forEach((a, i) => {
        source[a] = index[i]
      })
      return at(x, source)
    }
    if (isOp(node, 'expand'))
      return at(
        x,
        index.map((i, a) => (x.shape[a] === node.shape[a] ? i : constantIndex(0))),
      )
    if (isOp(node, 'flip')) {
      return at(
        x,
        index.map((i, a) =>
          node.attrs.axes.includes(a) ? shiftIndex(scaleIndex(i, -1), node.shape[a] - 1) : i,
        ),
      )
    }
    if (isOp(node, 'slice')) {
      const { starts, steps } = node.attrs
      return at(
        x,
        index.map((i, a) => shiftIndex(scaleIndex(i, steps[a]), starts[a])),
      )
    }
    if (isOp(node, 'window')) {
      const { stride, dilation, size } = node.attrs
      const k = size.length
      const lead = index.length - 2 * k
      const spatial = size.map((_, i) =>
        addIndex(scaleIndex(index[lead + i], stride[i]), scaleIndex(index[lead + k + i], dilation[i])),
      )
      return at(x, [...index.slice(0, lead), ...spatial])
    }
    if (isOp(node, 'pad')) return pad(this, node, index, lanes)
    if (isOp(node, 'concat')) return concat(this, node, index, lanes)
    if (isOp(node, 'fold')) return fold(this, node, index, lanes)
    if (isOp(node, 'gather')) return this.gather(node, index, lanes)
    if (
      isOp(node, 'reduceSum') ||
      isOp(node, 'reduceProd') ||
      isOp(node, 'reduceMax') ||
      isOp(node, 'reduceMin')
    ) {
      if (this.guards > 0) throw new InternalError(`Lowering: ${node.op} inside a guard must be stored.`)
      return lowerReduction(this, node, index, lanes)
    }
    if (this.pairs && lanes.count > 1 && isOp(node, 'or')) {
      const halves = pairOperands(node)
      if (halves !== null) return pairOfBf16(e, at(halves.low), at(halves.high))
    }
    return this.arithmetic(
      node,
      node.inputs.map((input) => at(input)),
      lanes,
    )
  }

  private arithmetic(node: Node, args: readonly Expr[], lanes: Lanes): Expr {
    const { e } = this
    const integerDivision =
      (node.op === 'div' || node.op === 'mod' || node.op === 'pow') && !isFloat(node.dtype)
    if (integerDivision && lanes.count > 1) {
      return e.vector(
        Array.from({ length: lanes.count }, (_, l) =>
          this.arithmetic(
            node,
            args.map((a) => e.lane(a, l)),
            oneLane,
          ),
        ),
      )
    }
    const result =
      args.length === 1
        ? expandUnary(e, node.op as Parameters<typeof expandUnary>[1], args[0])
        : expandBinary(e, node.op as Parameters<typeof expandBinary>[1], args[0], args[1])
    return roundTo(e, node.dtype, result)
  }

  private ramp(index: Index, lanes: Lanes): Expr {
    if (lanes.count === 1) return this.e.index(index)
    const step = stepOf(index, lanes.variable!)
    const first = atLane(index, lanes, 0)
    if (step === null) {
      const pattern = lanePattern(index, lanes)
      if (pattern === null) return this.perLane(lanes, (l) => this.e.index(atLane(index, lanes, l)))
      const offsets = Array.from({ length: lanes.count }, (_, l) => this.e.const(pattern[l] ?? 0, 'i32'))
      const base = this.e.splat(this.e.index(first), lanes.count)
      return this.e.binary('add', base, this.e.vector(offsets))
    }
    return step === 0 ? this.e.splat(this.e.index(first), lanes.count) : this.e.ramp(first, step, lanes.count)
  }

  /** The indices of lane `l`. */
  lane(index: readonly Index[], lanes: Lanes, l: number): Index[] {
    return index.map((i) => atLane(i, lanes, l))
  }

  /** x at an index that data gives: checked, and read lane by lane where lanes differ. */
  private gather(node: Node<'gather'>, index: readonly Index[], lanes: Lanes): Expr {
    if (this.guards > 0) throw new InternalError('Lowering: gather inside a guard must be stored.')
    const { axis } = node.attrs
    const [x, positions] = node.inputs
    const n = x.shape[axis]
    const scalarIndex = lanes.count === 1 || !this.dependsOn(positions, index, lanes.variable!)
    if (!scalarIndex) {
      return this.perLane(lanes, (l) => this.gather(node, this.lane(index, lanes, l), oneLane))
    }
    const raw = narrowIndex(
      this.e,
      this.value(
        positions,
        index.map((i) => atLane(i, lanes, 0)),
        oneLane,
      ),
    )
    const at = this.checked(raw, n)
    return this.value(
      x,
      index.map((i, a) => (a === axis ? at : i)),
      lanes,
    )
  }

  /** A run-time index shown to lie in 0…n-1 by a check at the level where it is known. */
  checked(raw: Expr, n: number): Index {
    const value = this.k.remember(`check ${raw.id} ${n}`, () => {
      return this.e.register(
        this.k.place(raw.deps, usesBounded(raw), () => this.k.check('index', raw, 0, n - 1)),
      )
    })
    return atomIndex({ kind: 'dynamic', value, low: 0, high: n - 1 })
  }

  /** Whether a node's value at `index` changes with the lane variable. */
  private dependsOn(node: Node, index: readonly Index[], variable: LoopVar): boolean {
    const moving = index.map((i) => indexDeps(i).has(variable.id))
    if (isOp(node, 'expand')) {
      const [x] = node.inputs
      return this.dependsOn(
        x,
        index.map((i, a) => (x.shape[a] === node.shape[a] ? i : constantIndex(0))),
        variable,
      )
    }
    if (isOp(node, 'reshape') || isOp(node, 'cast')) {
      const [x] = node.inputs
      const source = isOp(node, 'reshape')
        ? delinearize(linearize(index, stridesOf(node.shape)), x.shape)
        : index
      return this.dependsOn(x, source, variable)
    }
    return moving.some(Boolean)
  }
}

const moves = (index: Index, lanes: Lanes): boolean => indexDeps(index).has(lanes.variable!.id)

/** Casts and comparisons that make 32 bits of 64. */
const narrows = (node: Node): boolean =>
  !is64(node.dtype) && !isOp(node, 'gather') && node.inputs.some((x) => is64(x.dtype))

const is64 = (dtype: DType): boolean => dtype === 'f64' || dtype === 'i64'
