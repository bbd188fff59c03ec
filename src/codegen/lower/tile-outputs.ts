/**
 * The element-wise rest of a tiled kernel: while the outputs are written, the value of the kernel's own node is what
 * stands in a register of its tile.
 */
import { InternalError } from '../../core/errors.js'
import type { Node } from '../../ir/node.js'
import {
  addIndex,
  atomIndex,
  delinearize,
  type Index,
  type LoopVar,
  shiftIndex,
} from '../index-expression.js'
import type { Expr } from '../loop-ir.js'
import type { Target } from '../target.js'
import type { Inliner, Plug } from './inline.js'
import type { KernelBuilder } from './kernel-builder.js'
import { atLane, type Lanes, lanesFor, oneLane } from './lanes.js'
import { prefetchOutputs } from './prefetch.js'
import { roundTo } from './round.js'

export class TileOutputs {
  private readonly k: KernelBuilder
  private readonly target: Target
  private readonly nodes: readonly Node[]
  private readonly buffers: readonly number[]
  private readonly known = new Map<string, Lanes>()
  private current: ((lanes: Lanes) => Expr) | null = null
  /** What the inliner reads for the kernel's own node: the value that would be stored. */
  readonly plug: Plug

  /** `node` is what the tile computes; `nodes` are stored in `buffers`. */
  constructor(
    k: KernelBuilder,
    target: Target,
    node: Node,
    nodes: readonly Node[],
    buffers: readonly number[],
  ) {
    this.k = k
    this.target = target
    this.nodes = nodes
    this.buffers = buffers
    this.plug = (_, lanes) => {
      if (this.current === null) throw new InternalError('Lowering: a tile was read outside its kernel.')
      return roundTo(k.e, node.dtype, this.current(lanes))
    }
  }

  /** Stores the first `valid` lanes of `value`, elements `position`, `position` + 1, … of the tile's node. */
  write(inliner: Inliner, position: Index, value: Expr, valid: number): void {
    const { e } = this.k
    const whole = (lanes: Lanes): Expr => {
      if (lanes.count !== value.lanes) throw new InternalError('Lowering: one lane of a tile was asked for.')
      return value
    }
    if (valid === value.lanes || (this.target.tail === 'mask' && valid > 1)) {
      const lanes = this.lanesFor(value.lanes, valid)
      this.standingFor(whole, () => this.store(inliner, alongLanes(position, lanes), lanes))
      return
    }
    for (let l = 0; l < valid; l++) {
      this.standingFor(
        () => e.lane(value, l),
        () => this.store(inliner, shiftIndex(position, l), oneLane),
      )
    }
  }

  /** Asks for what a whole vector at `position`, in row `row` of the tile, reads and writes. */
  prefetch(inliner: Inliner, position: Index, count: number, row: LoopVar): void {
    const lanes = this.lanesFor(count, count)
    this.standingFor(
      // No choice between this and something else is simplified away.
      (l) => this.k.e.const(Number.NaN, 'f32', l.count),
      () => prefetchOutputs(inliner, this.nodes, this.buffers, alongLanes(position, lanes), lanes, row),
    )
  }

  /** One variable for all vectors of a width, so that what they share is found. */
  private lanesFor(count: number, valid: number): Lanes {
    const key = `${count}/${valid}`
    const lanes = this.known.get(key) ?? lanesFor(count, valid)
    this.known.set(key, lanes)
    return lanes
  }

  private standingFor(value: (lanes: Lanes) => Expr, write: () => void): void {
    this.current = value
    write()
    this.current = null
  }

  /** All values first: an output may overwrite an input that another output reads. */
  private store(inliner: Inliner, position: Index, lanes: Lanes): void {
    const { k } = this
    const values = this.nodes.map((node) => {
      const value = inliner.value(node, delinearize(position, node.shape), lanes)
      return this.nodes.length === 1 ? value : k.e.register(k.define('v', value))
    })
    values.forEach((value, i) => {
      k.store(this.buffers[i], atLane(position, lanes, 0), value, 1, lanes.active)
    })
  }
}

const alongLanes = (position: Index, { variable }: Lanes): Index =>
  variable === null ? position : addIndex(position, atomIndex(variable))
