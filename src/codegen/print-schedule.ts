/**
 * A schedule as text for people: `DEBUG=schedule` prints which nodes each kernel computes, where its results go, and
 * how values share the arena.
 */

import { type Node, topologicalOrder } from '../ir/node.js'
import { printNode } from '../ir/print.js'
import { isTiled, type KernelSpec, tileOperands } from '../schedule/kernel-spec.js'
import type { Slot } from '../schedule/memory.js'
import { bytesOf } from '../schedule/node-cost.js'
import { listedOperands } from '../schedule/operands.js'
import { filledWith } from '../schedule/simplify.js'
import { printPlace } from './print.js'
import type { Place, Program } from './program.js'

interface ListedKernel {
  readonly spec: KernelSpec
  readonly name: string
  readonly time: number
  readonly depth: number
  /** Where each output goes; offsets are known once memory is planned. */
  readonly places: readonly Place[]
}

/** Collects what the lowering decides and prints it at the end, when every offset is known. */
export class ScheduleListing {
  private readonly kernels: ListedKernel[] = []
  private readonly slots: { readonly node: Node; readonly slot: Slot }[] = []
  private readonly names = new Map<Node, string>()
  private numbered = 0

  /** Inputs of the graph are called by their number. */
  inputs(nodes: readonly Node[]): void {
    nodes.forEach((node, i) => {
      if (!this.names.has(node)) this.names.set(node, `input${i}`)
    })
  }

  /** The kernel that runs at a time; `depth` counts the loops and branches around it. */
  kernel(spec: KernelSpec, name: string, time: number, depth: number, places: readonly Place[]): void {
    this.kernels.push({ spec, name, time, depth, places })
  }

  /** A value that lies in the arena. */
  slot(node: Node, slot: Slot): void {
    this.slots.push({ node, slot })
  }

  /** Kernels in node terms, then the arena: each value's bytes and the times between which it lives. */
  text(program: Program): string {
    const out = [`schedule of ${this.kernels.length} kernels`]
    for (const kernel of this.kernels) this.print(kernel, out)
    out.push(`arena of ${program.arenaBytes} bytes`)
    for (const { node, slot } of this.slots) {
      const last = slot.offset + slot.bytes - 1
      out.push(`  bytes ${slot.offset} to ${last}: ${this.nameOf(node)} from ${slot.start} to ${slot.end}`)
    }
    return out.join('\n')
  }

  private nameOf(node: Node): string {
    let name = this.names.get(node)
    if (name === undefined) {
      name = `%${this.numbered++}`
      this.names.set(node, name)
    }
    return name
  }

  private print({ spec, name, time, depth, places }: ListedKernel, out: string[]): void {
    const indent = '  '.repeat(depth)
    // A literal that is repeated everywhere stands for itself.
    const operand = (node: Node): string => {
      const literal = filledWith(node)
      return literal === null ? this.nameOf(node) : Object.is(literal, -0) ? '-0' : String(literal)
    }
    const stop = new Set(spec.inputs)
    const root = spec.kind === 'structured' ? spec.node : null
    const own = root === null ? null : listedOperands(root)
    const operands = (node: Node): readonly Node[] => {
      if (own !== null && node !== root && !spec.outputs.includes(node) && !own.computed.has(node)) return []
      if (stop.has(node)) return []
      if (own !== null && node === root) return own.operands
      return isTiled(spec) && node === spec.node ? tileOperands(spec) : node.inputs
    }
    const lines: string[] = []
    for (const node of topologicalOrder(spec.outputs, operands)) {
      if (stop.has(node) || (filledWith(node) !== null && !spec.outputs.includes(node))) continue
      const read = operands(node)
      if (spec.kind === 'structured' && read.length === 0 && node !== spec.node) continue
      lines.push(`${indent}    ${printNode(node, this.nameOf(node), read.map(operand))}`)
    }
    const reads = spec.inputs.map((x) => this.nameOf(x)).join(', ')
    const writes = spec.outputs.map(
      (x, i) => `${this.nameOf(x)} at ${printPlace(places[i])} (${bytesOf(x)} bytes)`,
    )
    out.push(`${indent}  ${time}: ${spec.kind} ${name}(${reads}) -> ${writes.join(', ')}`, ...lines)
  }
}
