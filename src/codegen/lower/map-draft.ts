/** A map kernel's index expressions before its loops are chosen: a scalar version of it, for these expressions only. */
import { sizeOf, stridesOf } from '../../core/shape.js'
import { type Node, topologicalOrder } from '../../ir/node.js'
import { atomIndex, delinearize, type LoopVar, linearize, loopVar } from '../index-expression.js'
import type { Stmt } from '../loop-ir.js'
import type { Target } from '../target.js'
import { Inliner } from './inline.js'
import { KernelBuilder } from './kernel-builder.js'
import { oneLane } from './lanes.js'
import { resultsOf } from './map-results.js'

export interface MapKernelSpec {
  readonly name: string
  /** Nodes of equal size, each stored by this kernel. */
  readonly outputs: readonly Node[]
  /** Stored nodes that the kernel reads. */
  readonly inputs: readonly Node[]
}

/** Nodes the kernel computes in place: everything between its outputs and its inputs. */
export function inlined(spec: MapKernelSpec): Node[] {
  const stored = new Set(spec.inputs)
  return topologicalOrder(spec.outputs, (n) => (stored.has(n) ? [] : n.inputs)).filter((n) => !stored.has(n))
}

/** Its statements, and the loops around them, outermost first. */
export interface Draft {
  readonly body: readonly Stmt[]
  readonly vars: LoopVar[]
}

export function draft(spec: MapKernelSpec, dims: readonly number[], target: Target): Draft {
  const k = new KernelBuilder()
  const inliner = makeInliner(k, spec, target)
  const vars = dims.map((n) => loopVar('i', 0, n - 1))
  const position = linearize(
    vars.map((v) => atomIndex(v)),
    stridesOf(dims),
  )
  nest(k, vars, 0, () => {
    for (const { node, buffer, place } of resultsOf(spec.outputs, spec.inputs.length))
      k.store(buffer, place(position), inliner.value(node, delinearize(position, node.shape), oneLane))
  })
  return { body: k.build(spec.name).body, vars }
}

export function makeInliner(k: KernelBuilder, spec: MapKernelSpec, target: Target): Inliner {
  const numbers = new Map<Node, number>()
  spec.inputs.forEach((node, i) => {
    numbers.set(node, k.buffer(`in${i}`, node.dtype, sizeOf(node.shape), 'read'))
  })
  spec.outputs.forEach((node, i) => {
    k.buffer(`out${i}`, node.dtype, sizeOf(node.shape), 'write')
  })
  return new Inliner(k, target, (node) => numbers.get(node) ?? null)
}

function nest(k: KernelBuilder, vars: readonly LoopVar[], from: number, write: () => void): void {
  if (from === vars.length) write()
  else k.loop(vars[from], 1, () => nest(k, vars, from + 1, write))
}
