/**
 * The right side of a contraction: its value anywhere, and whether it is a stored value that can be read otherwise than
 * element by element.
 */
import type { Node } from '../../ir/node.js'
import { contractShape } from '../../schedule/contract-shape.js'
import type { ContractSpec } from '../../schedule/kernel-spec.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  type Index,
  indexDeps,
  type LoopVar,
  loopVar,
  scaleIndex,
  stepOf,
} from '../index-expression.js'
import type { Expr } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import { Inliner } from './inline.js'
import { KernelBuilder } from './kernel-builder.js'
import { type Lanes, oneLane } from './lanes.js'
import { uniformStride } from './operand.js'
import { beforeBf16 } from './round.js'

type Load = Extract<Expr, { kind: 'load' }>

/** Rows of a stored matrix: a step's columns lie beside each other, steps equally far apart. */
export interface RightRows {
  readonly buffer: number
  /** Where column `column` of step `step` of batch g lies. */
  at(g: Index, step: Index, column: Index): Index
}

/** A buffer whose tiles are turned in registers, and elements from a step to the next. */
export interface Crossed {
  readonly buffer: number
  readonly step: number
}

export class RightSide {
  private readonly inliner: Inliner
  private readonly target: Target
  private readonly spec: ContractSpec
  private readonly numbers: ReadonlyMap<Node, number>
  private readonly node: Node

  /** `numbers` has the buffers of the kernel's inputs. */
  constructor(inliner: Inliner, target: Target, spec: ContractSpec, numbers: ReadonlyMap<Node, number>) {
    this.inliner = inliner
    this.target = target
    this.spec = spec
    this.numbers = numbers
    this.node = spec.node.inputs[1]
  }

  /** The value at batch g, inner indices and column. */
  value(g: Index, inner: readonly Index[], column: readonly Index[], lanes: Lanes): Expr {
    const { batch } = contractShape(this.spec.node)
    return this.inliner.value(this.node, this.ordered([...delinearize(g, batch), ...inner, ...column]), lanes)
  }

  /** The rows that the tile can read where they lie; null where there are none. */
  rows(): RightRows | null {
    const { batch, inner, columns } = contractShape(this.spec.node)
    if (inner.length === 0 || columns.length === 0) return null
    const sizes = [...batch, ...inner, ...columns]
    const vars = sizes.map((n) => loopVar('p', 0, n - 1))
    const read = this.probed(vars)
    // Values that are looked up (`gather`) say at every step anew what is read.
    const known = new Set(vars.map(({ id }) => id))
    if (read === null || [...indexDeps(read.index)].some((id) => !known.has(id))) return null
    const steps = vars.map((v) => stepOf(read.index, v))
    const strideOf = (from: number, axes: readonly number[]): number | null => {
      const found = steps.slice(from, from + axes.length)
      return found.includes(null) ? null : uniformStride(axes, found as number[])
    }
    const rowStride = strideOf(batch.length, inner)
    if (rowStride === null || strideOf(batch.length + inner.length, columns) !== 1) return null
    const start = (g: Index): Index => {
      const first = [...inner, ...columns].map(() => constantIndex(0))
      const value = this.inliner.value(this.node, this.ordered([...delinearize(g, batch), ...first]), oneLane)
      return (value as Load).index
    }
    return {
      buffer: read.buffer,
      at: (g, step, column) => addIndex(start(g), scaleIndex(step, rowStride), column),
    }
  }

  /**
   * The buffer that is read with lanes far apart and neighbours (or every second element) along inner axis `axis`, of
   * which a block has `steps` steps, where the right side is one buffer read straight; else null.
   */
  crossed(axis: number, steps: number): Crossed | null {
    const { batch, inner, columns } = contractShape(this.spec.node)
    if (this.node.dtype !== 'f32' || columns.length === 0 || steps < lanesOf(this.target)) return null
    const vars = [...batch, ...inner, ...columns].map((n) => loopVar('p', 0, n - 1))
    const read = this.probed(vars, true)
    if (read === null) return null
    const far = stepOf(read.index, vars[vars.length - 1])
    const near = stepOf(read.index, vars[batch.length + axis])
    if (far === null || far <= 2 || (near !== 1 && near !== 2)) return null
    return { buffer: read.buffer, step: near }
  }

  /**
   * The load of an f32 that the element at batch, inner and column `vars` is, or with `beforeRounding` the one that is
   * rounded to bf16. Null for anything else.
   */
  private probed(vars: readonly LoopVar[], beforeRounding = false): Load | null {
    const probe = new KernelBuilder()
    const reader = new Inliner(probe, this.target, (node) => this.numbers.get(node) ?? null)
    const index = this.ordered(vars.map((v) => atomIndex(v)))
    let value: Expr | null = null
    const nested = (depth: number): void => {
      if (depth === vars.length) value = reader.value(this.node, index, oneLane)
      else probe.loop(vars[depth], 1, () => nested(depth + 1))
    }
    nested(0)
    const read: Expr | null = value === null || !beforeRounding ? value : beforeBf16(value)
    return read?.kind === 'load' && this.spec.inputs[read.buffer].dtype === 'f32' ? read : null
  }

  /** Indices of batch, inner and columns in the order of the node's axes. */
  private ordered(indices: readonly Index[]): Index[] {
    const { rightOrder } = contractShape(this.spec.node)
    const index = new Array<Index>(indices.length)
    indices.forEach((i, at) => {
      index[rightOrder[at]] = i
    })
    return index
  }
}
