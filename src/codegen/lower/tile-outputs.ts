/**
 * The element-wise rest of a tiled kernel: while the outputs are written, the value of the kernel's own node is what
 * stands in a register of its tile, or of the tiles of each part of its columns.
 */
import { InternalError } from '../../core/errors.js'
import { sizeOf, stridesOf } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import {
  addIndex,
  atomIndex,
  delinearize,
  type Index,
  indexKey,
  type LoopVar,
  linearize,
  shiftIndex,
} from '../index-expression.js'
import type { Expr } from '../loop-ir.js'
import type { Target } from '../target.js'
import type { Inliner, Plug } from './inline.js'
import type { KernelBuilder } from './kernel-builder.js'
import { atLane, type Lanes, lanesFor, oneLane } from './lanes.js'
import { type OutputElement, prefetchOutputs } from './prefetch.js'
import { roundTo } from './round.js'

export class TileOutputs {
  private readonly k: KernelBuilder
  private readonly target: Target
  private readonly node: Node
  private readonly nodes: readonly Node[]
  private readonly buffers: readonly number[]
  private readonly known = new Map<string, Lanes>()
  private current: Plug | null = null
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
    this.node = node
    this.nodes = nodes
    this.buffers = buffers
    this.plug = (index, lanes) => {
      if (this.current === null) throw new InternalError('Lowering: a tile was read outside its kernel.')
      return roundTo(k.e, node.dtype, this.current(index, lanes))
    }
  }

  /** Stores the first `valid` lanes of `value`, elements `position`, `position` + 1, … of the tile's node. */
  write(inliner: Inliner, position: Index, value: Expr, valid: number): void {
    this.writeLanes(value.lanes, valid, (lanes, lane) => {
      const elements = this.elementsAt(alongLanes(shiftIndex(position, lane ?? 0), lanes))
      this.standingFor(
        (_, { count }) => this.lanesOf(value, lane, count),
        () => this.store(inliner, elements, lanes),
      )
    })
  }

  /**
   * The same of each part of the node's columns: values[p] has the elements `position`, … of part p, and outputs are whole
   * or the size of a part.
   */
  writeParts(inliner: Inliner, position: Index, values: readonly Expr[], valid: number): void {
    this.writeLanes(values[0].lanes, valid, (lanes, lane) => {
      const at = alongLanes(shiftIndex(position, lane ?? 0), lanes)
      this.standingFor(
        (index, { count }) => this.lanesOf(values[this.partOf(index, at, values.length)], lane, count),
        () => this.store(inliner, this.elementsOfParts(at, values.length), lanes),
      )
    })
  }

  /** Asks for what a whole vector at `position` (of each of `parts`), in row `row` of the tile, reads and writes. */
  prefetch(inliner: Inliner, position: Index, count: number, row: LoopVar, parts = 1): void {
    const lanes = this.lanesFor(count, count)
    const at = alongLanes(position, lanes)
    const elements = parts === 1 ? this.elementsAt(at) : this.elementsOfParts(at, parts)
    this.standingFor(
      // No choice between this and something else is simplified away.
      (_, l) => this.k.e.const(Number.NaN, 'f32', l.count),
      () => prefetchOutputs(inliner, elements, lanes, row),
    )
  }

  /** Calls `write` for the first `valid` of so many lanes: at once, or for each lane by itself. */
  private writeLanes(count: number, valid: number, write: (lanes: Lanes, lane: number | null) => void): void {
    if (valid === count || (this.target.tail === 'mask' && valid > 1))
      write(this.lanesFor(count, valid), null)
    else for (let l = 0; l < valid; l++) write(oneLane, l)
  }

  private lanesOf(value: Expr, lane: number | null, count: number): Expr {
    if (lane !== null) return this.k.e.lane(value, lane)
    if (count !== value.lanes) throw new InternalError('Lowering: one lane of a tile was asked for.')
    return value
  }

  /** One variable for all vectors of a width, so that what they share is found. */
  private lanesFor(count: number, valid: number): Lanes {
    const key = `${count}/${valid}`
    const lanes = this.known.get(key) ?? lanesFor(count, valid)
    this.known.set(key, lanes)
    return lanes
  }

  private elementsAt(position: Index): OutputElement[] {
    return this.nodes.map((node, i) => ({
      node,
      buffer: this.buffers[i],
      index: delinearize(position, node.shape),
      position,
    }))
  }

  private elementsOfParts(position: Index, parts: number): OutputElement[] {
    const [columns, ofPart] = this.partIndex(position, parts)
    return this.nodes.flatMap((node, i) => {
      const buffer = this.buffers[i]
      if (sizeOf(node.shape) < sizeOf(this.node.shape)) return [{ node, buffer, index: ofPart, position }]
      return Array.from({ length: parts }, (_, part) => {
        const inWhole = ofPart.with(-1, shiftIndex(ofPart.at(-1)!, part * columns))
        const position = linearize(inWhole, stridesOf(this.node.shape))
        return { node, buffer, index: delinearize(position, node.shape), position }
      })
    })
  }

  /** Columns of a part, and the index of an element of one. */
  private partIndex(position: Index, parts: number): [number, Index[]] {
    const { shape } = this.node
    const columns = shape[shape.length - 1] / parts
    return [columns, delinearize(position, shape.with(-1, columns))]
  }

  /** The part that `index` of the node lies in, `position` being its place there. */
  private partOf(index: readonly Index[], position: Index, parts: number): number {
    const [columns, ofPart] = this.partIndex(position, parts)
    const [at, first] = [index.at(-1)!, ofPart.at(-1)!]
    const part = (at.offset - first.offset) / columns
    if (indexKey(shiftIndex(at, -part * columns)) !== indexKey(first))
      throw new InternalError('Lowering: a part of a tile was read in another place than its own.')
    return part
  }

  private standingFor(value: Plug, write: () => void): void {
    this.current = value
    write()
    this.current = null
  }

  /** All values first: an output may overwrite an input that another output reads. */
  private store(inliner: Inliner, elements: readonly OutputElement[], lanes: Lanes): void {
    const { k } = this
    const values = elements.map(({ node, index }) => {
      const value = inliner.value(node, index, lanes)
      return elements.length === 1 ? value : k.e.register(k.define('v', value))
    })
    values.forEach((value, i) => {
      const { buffer, position } = elements[i]
      k.store(buffer, atLane(position, lanes, 0), value, 1, lanes.active)
    })
  }
}

const alongLanes = (position: Index, { variable }: Lanes): Index =>
  variable === null ? position : addIndex(position, atomIndex(variable))
