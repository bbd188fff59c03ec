/**
 * Kernels that take a row at a time (schedule/rows.ts): in each row, what is reduced becomes a register, and what is
 * computed element by element is a loop over the columns. Later steps read what earlier ones stored, from the cache.
 */
import { InternalError } from '../../core/errors.js'
import { sizeOf } from '../../core/shape.js'
import { type Node, topologicalOrder } from '../../ir/node.js'
import { isReduction, type Rows } from '../../schedule/rows.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  type Index,
  loopVar,
  scaleIndex,
} from '../index-expression.js'
import type { Expr, Kernel } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import { Inliner, type Plug } from './inline.js'
import { KernelBuilder } from './kernel-builder.js'
import { atLane, type Lanes, lanesFor, oneLane } from './lanes.js'

export interface RowKernelSpec extends Rows {
  readonly name: string
  readonly outputs: readonly Node[]
  readonly inputs: readonly Node[]
}

/** Functions that are not computed twice for a row. */
const dear = new Set<Node['op']>([
  'exp',
  'log',
  'expm1',
  'log1p',
  'tanh',
  'sigmoid',
  'erf',
  'sin',
  'cos',
  'pow',
  'randomBits',
])

/** Buffers stand in the order: inputs, outputs. */
export function lowerRows(spec: RowKernelSpec, target: Target): Kernel {
  const k = new KernelBuilder()
  const { rows, columns } = spec
  const width = Math.min(lanesOf(target), columns)
  const stored = new Map<Node, number>()
  for (const node of spec.inputs) stored.set(node, k.buffer('in', node.dtype, sizeOf(node.shape), 'read'))
  const outputs = new Map<Node, number>()
  for (const node of spec.outputs)
    outputs.set(node, k.buffer('out', node.dtype, sizeOf(node.shape), 'readwrite'))
  const plugs = new Map<Node, Plug>()
  const inliner = new Inliner(k, target, (node) => stored.get(node) ?? null, plugs)

  const inputs = new Set(spec.inputs)
  const nodes = topologicalOrder(spec.outputs, (n) => (inputs.has(n) ? [] : n.inputs)).filter(
    (n) => !inputs.has(n),
  )
  const isFull = (n: Node): boolean => sizeOf(n.shape) === rows * columns && n.shape.at(-1) === columns
  const sinks = new Set(nodes.filter((n) => isReduction(n) || outputs.has(n)))
  // What several of them would compute again is kept for the row.
  const kept = new Map<Node, number>()
  for (const node of nodes) {
    if (!dear.has(node.op) || sinks.has(node) || !isFull(node) || node.dtype !== 'f32') continue
    const readers = [...sinks].filter((s) =>
      topologicalOrder(s.inputs, (n) => (inputs.has(n) || sinks.has(n) ? [] : n.inputs)).includes(node),
    )
    if (readers.length > 1) kept.set(node, k.buffer('row', 'f32', columns, 'readwrite', 'scratch'))
  }

  const row = loopVar('row', 0, rows - 1)
  /** Loops over the columns: vectors, then the rest masked or one by one. */
  const overColumns = (write: (column: Index, lanes: Lanes) => void): void => {
    const vectors = Math.floor(columns / width)
    const rest = columns - vectors * width
    const lanes = lanesFor(width)
    const v = loopVar('c', 0, vectors - 1)
    const at = (from: Index, l: Lanes): Index =>
      l.variable === null ? from : addIndex(from, atomIndex(l.variable))
    k.loop(v, 1, () => write(at(atomIndex(v, width), lanes), lanes))
    if (rest === 0) return
    if (rest > 1 && target.tail === 'mask') {
      const some = lanesFor(width, rest)
      write(at(constantIndex(vectors * width), some), some)
      return
    }
    const one = loopVar('c', vectors * width, columns - 1)
    k.loop(one, 1, () => write(atomIndex(one), oneLane))
  }
  const valueAt = (node: Node, column: Index, lanes: Lanes): Expr =>
    inliner.value(node, delinearize(addIndex(atomIndex(row, columns), column), node.shape), lanes)

  let group: Node[] = []
  const flush = (): void => {
    if (group.length === 0) return
    const wanted = group
    group = []
    overColumns((column, lanes) => {
      const values = wanted.map((node) => k.e.register(k.define('v', valueAt(node, column, lanes))))
      values.forEach((value, i) => {
        const out = outputs.get(wanted[i])
        const first = atLane(column, lanes, 0)
        if (out === undefined) k.store(kept.get(wanted[i])!, first, value, 1, lanes.active)
        else k.store(out, addIndex(atomIndex(row, columns), first), value, 1, lanes.active)
      })
    })
    for (const node of wanted) {
      const out = outputs.get(node)
      if (out !== undefined) stored.set(node, out)
      else {
        const buffer = kept.get(node)!
        plugs.set(node, (index, lanes) => inliner.load(buffer, 'f32', index[index.length - 1], lanes))
      }
    }
  }
  const work = nodes.reduce((sum, n) => sum + (dear.has(n.op) ? 12 : 1), 0) * rows * columns
  k.loop(
    row,
    1,
    () => {
      for (const node of nodes) {
        if (!sinks.has(node) && !kept.has(node)) continue
        if (isFull(node)) {
          group.push(node)
          continue
        }
        if (sizeOf(node.shape) !== rows) throw new InternalError(`Lowering: ${node.op} is no part of a row.`)
        flush()
        const value = inliner.value(node, delinearize(atomIndex(row), node.shape), oneLane)
        const out = outputs.get(node)
        if (out !== undefined) k.store(out, scaleIndex(atomIndex(row), 1), value)
      }
      flush()
    },
    work >= target.serialWork ? 'parallel' : 'for',
  )
  return k.build(spec.name)
}
