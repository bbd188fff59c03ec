/**
 * Kernels that take a row at a time: reductions along the last axis and what is computed element by element before,
 * between and after them (softmax, layer norm and their gradients). A row stays in the cache from one to the next.
 */
import type { Target } from '../codegen/target.js'
import { sizeOf } from '../core/shape.js'
import { isOp, type Node, type Primitive, topologicalOrder } from '../ir/node.js'

export interface Rows {
  readonly rows: number
  readonly columns: number
}

/** What a kernel is made of, as far as rows are concerned. */
export interface RowPart {
  readonly outputs: readonly Node[]
  readonly inputs: ReadonlySet<Node>
  /** Set where it takes rows already. */
  readonly rows: Rows | null
}

type Reduction = Node<'reduceSum'> | Node<'reduceProd'> | Node<'reduceMax'> | Node<'reduceMin'>

export const isReduction = (node: Node): node is Reduction =>
  isOp(node, 'reduceSum') || isOp(node, 'reduceProd') || isOp(node, 'reduceMax') || isOp(node, 'reduceMin')

/** Fewer rows leave threads idle. */
const fewestRows = 16

/** Movement that rows do not survive. */
const moving: ReadonlySet<Primitive> = new Set<Primitive>([
  'permute',
  'slice',
  'pad',
  'flip',
  'concat',
  'window',
  'fold',
  'gather',
  'contract',
  'conv',
])

const expressionOf = (part: RowPart): Node[] =>
  topologicalOrder(part.outputs, (n) => (part.inputs.has(n) ? [] : n.inputs)).filter(
    (n) => !part.inputs.has(n),
  )

/** The rows that a reduction along the last axis has; null for any other. */
function rowsOf(node: Reduction): Rows | null {
  const { shape } = node.inputs[0]
  const last = shape.length - 1
  const { axes } = node.attrs
  return axes.length === 1 && axes[0] === last ? { rows: sizeOf(node.shape), columns: shape[last] } : null
}

function sameRows(node: Reduction, { rows, columns }: Rows): boolean {
  const own = rowsOf(node)
  return own !== null && own.rows === rows && own.columns === columns
}

/** The rows that a kernel's own reductions have; null where it has none, or others. */
function reducedRows(nodes: readonly Node[]): Rows | null {
  const [first, ...rest] = nodes.filter(isReduction)
  const found = first === undefined ? null : rowsOf(first)
  return found !== null && rest.every((node) => sameRows(node, found)) ? found : null
}

/** The rows that two kernels can be taken by together, where the later one reads the earlier one; else null. */
export function commonRows(early: RowPart, late: RowPart, target: Target): Rows | null {
  const [first, second] = [expressionOf(early), expressionOf(late)]
  const all = [...first, ...second]
  if (all.some((n) => moving.has(n.op) || n.dtype === 'i64' || n.dtype === 'f64')) return null
  const own = [early.rows ?? reducedRows(first), late.rows ?? reducedRows(second)]
  const found = own[0] ?? own[1]
  if (found === null || own.some((r) => r !== null && (r.rows !== found.rows || r.columns !== found.columns)))
    return null
  const { rows, columns } = found
  if (rows < fewestRows || columns < target.vectorBytes / 4 || columns < 2) return null
  const fits = (n: Node): boolean => {
    const size = sizeOf(n.shape)
    return size === rows || (size === rows * columns && n.shape[n.shape.length - 1] === columns)
  }
  const sound = (nodes: readonly Node[]): boolean => nodes.every((n) => !isReduction(n) || sameRows(n, found))
  if (![...early.outputs, ...late.outputs].every(fits) || !sound(all)) return null
  return late.outputs.every((o) => readsInRow(o, new Set(early.outputs), late.inputs, found)) ? found : null
}

/** Whether an output reads `sources` in its own row only. */
function readsInRow(
  output: Node,
  sources: ReadonlySet<Node>,
  inputs: ReadonlySet<Node>,
  { rows, columns }: Rows,
): boolean {
  const reaches = (node: Node): boolean =>
    topologicalOrder([node], (n) => (inputs.has(n) ? [] : n.inputs)).some((n) => sources.has(n))
  const sizes = { row: rows, full: rows * columns } as const
  const seen = new Set<string>()
  const inRow = (node: Node, kind: 'row' | 'full'): boolean => {
    const key = `${node.id}${kind}`
    if (seen.has(key)) return true
    seen.add(key)
    if (sources.has(node)) return sizeOf(node.shape) === sizes[kind]
    if (inputs.has(node)) return true
    const [x] = node.inputs
    if (isReduction(node)) return kind === 'row' ? inRow(x, 'full') : !reaches(x)
    if (isOp(node, 'expand')) {
      const last = node.shape.length - 1
      if (sizeOf(x.shape) === sizeOf(node.shape)) return inRow(x, kind)
      const along =
        kind === 'full' &&
        node.shape[last] === columns &&
        sizeOf(x.shape) === rows &&
        sizeOf(node.shape) === rows * columns &&
        x.shape[last] === 1
      return along ? inRow(x, 'row') : !reaches(x)
    }
    return node.inputs.every((y) => (sizeOf(y.shape) === sizes[kind] ? inRow(y, kind) : !reaches(y)))
  }
  return inRow(output, sizeOf(output.shape) === rows ? 'row' : 'full')
}
