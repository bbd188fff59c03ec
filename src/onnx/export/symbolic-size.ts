/**
 * Sizes that depend on dynamic axes. A module is traced several times with other sizes of those axes; a number that
 * changes with them is a polynomial of a simple kind, k·Πd + c, whose terms are found from the traces.
 */
import { ValueError } from '../../core/errors.js'
import { type Attributes, type Node, type Subgraph, topologicalOrder } from '../../ir/node.js'

/** A number that is known, or factor·(product of the axes' sizes) + offset. */
export interface Size {
  readonly factor: number
  /** Which dynamic axes, by position. */
  readonly axes: readonly number[]
  readonly offset: number
}

/** The sizes of the dynamic axes in each trace; the first trace is the one that is written. */
export type Samples = readonly (readonly number[])[]

/**
 * Sizes for the traces: primes, so that no size of the module is met by chance; each axis varies by itself, and in the
 * last trace all do, to check what was found.
 */
export function samplesFor(count: number, attempt: number): number[][] {
  if (count === 0) return [[]]
  const primes = [11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71]
  if (count > 4) throw new ValueError(`exportOnnx: expected at most 4 dynamic axes, got ${count}.`)
  const base = Array.from({ length: count }, (_, i) => primes[i + attempt * 4])
  const each = base.map((n, i) => base.with(i, n + 2))
  // The last are even, and far enough that a count of windows with long steps changes too.
  return [base, ...each, base.map((n, i) => n + 9 + 2 * i)]
}

/** The formula behind the values that a number has in the traces. */
export function sizeOfSamples(values: readonly number[], samples: Samples): Size {
  const [value] = values
  if (values.every((v) => v === value || (Number.isNaN(v) && Number.isNaN(value)))) {
    return { factor: 0, axes: [], offset: value }
  }
  const [base] = samples
  const axes = base.map((_, i) => i).filter((i) => values[1 + i] !== value)
  const product = (sizes: readonly number[]): number => axes.reduce((p, i) => p * sizes[i], 1)
  // From two points: what changes with the first of the axes.
  const other = 1 + (axes[0] ?? 0)
  const factor = (values[other] - value) / (product(samples[other]) - product(base))
  const size: Size = { factor, axes, offset: value - factor * product(base) }
  const fits = samples.every(
    (s, i) => Math.abs(factor * product(s) + size.offset - values[i]) < 1e-9 * Math.abs(values[i]),
  )
  if (axes.length === 0 || !fits || !Number.isInteger(factor) || !Number.isInteger(size.offset)) {
    throw new ValueError(
      `exportOnnx: a number of the graph depends on the dynamic axes in a way that ONNX has no simple form for (it is ` +
        `${values.join(', ')} for sizes ${samples.map((s) => s.join('×')).join(', ')}). Make fewer axes dynamic.`,
    )
  }
  return size
}

export const isConstant = (size: Size): boolean => size.axes.length === 0

const subgraphsOf = (node: Node): Subgraph[] => {
  const { body, cond, branches } = node.attrs as Partial<Attributes['while'] & Attributes['cond']>
  return [...(body === undefined ? [] : [body]), ...(cond === undefined ? [] : [cond]), ...(branches ?? [])]
}

/** For each node of the first trace, the same node in all traces. Null where the traces are not the same graph. */
export function alignTraces(traces: readonly (readonly Node[])[]): Map<Node, Node[]> | null {
  const aligned = new Map<Node, Node[]>()
  const align = (roots: readonly (readonly Node[])[]): boolean => {
    const orders = roots.map((list) => topologicalOrder(list))
    const [first] = orders
    if (orders.some((order) => order.length !== first.length)) return false
    return first.every((node, i) => {
      const all = orders.map((order) => order[i])
      if (all.some((other) => other.op !== node.op || other.shape.length !== node.shape.length)) return false
      if (aligned.has(node)) return true
      aligned.set(node, all)
      const graphs = all.map(subgraphsOf)
      return graphs[0].every((graph, k) => {
        const own = graphs.map((list) => list[k])
        graph.params.forEach((param, p) => {
          aligned.set(
            param,
            own.map((g) => g.params[p]),
          )
        })
        return align(own.map((g) => g.results))
      })
    })
  }
  return align(traces) ? aligned : null
}
