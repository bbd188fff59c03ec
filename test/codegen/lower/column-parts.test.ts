/** Products whose columns are read in equal parts: what is made of the parts has the bits that it has by itself. */
import { describe, expect, it } from 'vitest'
import { lowerGraph } from '../../../src/codegen/lower.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { closing } from '../../helpers/closing.js'
import { type CompiledBackend, compiledBackends } from '../../helpers/compiled-backends.js'
import { normals } from '../../helpers/random.js'
import { runGraph } from '../../helpers/run-graph.js'

/** Rows, columns of a part, inner, parts, threads. */
const sizes: readonly (readonly [number, number, number, number, number])[] = [
  [32, 64, 40, 4, 1],
  [32, 256, 130, 4, 2],
  [5, 16, 8, 4, 1],
  [17, 33, 65, 2, 3],
  [29, 20, 7, 3, 2],
  [3, 100, 1, 2, 1],
  [61, 48, 2100, 3, 2],
  [600, 17, 33, 4, 2],
  [45, 129, 300, 8, 3],
]

/** Part `part` of so many equal ones of the last axis. */
const partOf = (x: Node, part: number, parts: number): Node => {
  const last = x.shape.length - 1
  const columns = x.shape[last] / parts
  return b.sliceAxis(x, last, part * columns, (part + 1) * columns)
}

/** Like the gates of a recurrent cell: each part through a function of its own, all of them and a state together. */
function gates(product: Node, projected: Node, bias: Node, state: Node, parts: number): Node[] {
  const sum = b.add(b.add(projected, product), b.expand(b.reshape(bias, [1, bias.shape[0]]), product.shape))
  const functions = [b.sigmoid, b.tanh, b.exp, b.abs]
  const values = Array.from({ length: parts }, (_, i) => functions[i % 4](partOf(sum, i, parts)))
  const next = b.add(b.mul(values[0], state), values.slice(1).reduce(b.mul))
  return [next, b.mul(values[parts - 1], b.tanh(next))]
}

const matrices = { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' } as const
const graph = (outputs: Node[], inputs: Node[]) => ({ inputs, outputs, donations: new Map<number, number>() })
const backends = await compiledBackends()

describe.each(backends)('parts of a product on $name', ({ make, absent }) => {
  const open = closing(make)
  const on = (threads: number): Promise<CompiledBackend> => open({ threads })
  it.skipIf(absent !== null).each(sizes)(
    '%i rows, %i columns, inner %i, %i parts, %i threads',
    async (m, columns, k, parts, threads) => {
      const backend = await on(threads)
      const n = columns * parts
      const shapes = [[m, k], [k, n], [m, n], [n], [m, columns]]
      const inputs = shapes.map((shape) => b.placeholder(shape, 'f32'))
      const [x, w, projected, bias, state] = inputs
      const values = shapes.map((shape, i) =>
        normals(
          i + 1,
          shape.reduce((p, s) => p * s, 1),
        ).map((v) => v / 8),
      )
      const product = b.contract(x, w, matrices)
      const results = gates(product, projected, bias, state, parts)
      // What is made of the parts stands in the kernel that multiplies.
      const { kernels } = lowerGraph(graph(results, inputs), backend.target)
      const multiplying = kernels.filter(({ name }) => name.startsWith('contract'))
      expect(multiplying).toHaveLength(1)
      expect(kernels.filter(({ name }) => !/^(contract|permute)/.test(name))).toEqual([])

      const [only] = runGraph([product], [x, w], [values[0], values[1]], backend)
      const given = b.placeholder(product.shape, 'f32')
      const apart = runGraph(
        gates(given, projected, bias, state, parts),
        [given, projected, bias, state],
        [only, ...values.slice(2)],
        backend,
      )
      // So has what is made of whole columns, in any shape.
      const whole = [product, b.neg(product), b.reshape(b.abs(product), [m * n])]
      const together = runGraph([...results, ...whole], inputs, values, backend)
      expect(together).toEqual([...apart, only, only.map((v) => -v), only.map(Math.abs)])
      expect(runGraph(results, inputs, values, backend)).toEqual(apart)
    },
  )

  it.skipIf(absent !== null)(
    'axes before the columns, other dtypes, a state that is overwritten',
    async () => {
      const backend = await on(2)
      const [batch, time, k, columns] = [3, 11, 24, 24]
      const x = b.placeholder([batch, time, k], 'f32')
      const w = b.placeholder([2 * columns, k], 'f32')
      const state = b.placeholder([batch, time, columns], 'f32')
      const product = b.contract(x, w, { batch: [[], []], contracting: [[2], [1]], accumulate: 'f32' })
      const glu = (p: Node): Node => b.mul(partOf(p, 0, 2), b.sigmoid(partOf(p, 1, 2)))
      const half = (p: Node): Node => b.cast(glu(p), 'f16')
      const values = [x, w, state].map(({ shape }, i) =>
        normals(
          i + 7,
          shape.reduce((p, s) => p * s, 1),
        ),
      )
      const [only] = runGraph([product], [x, w], values.slice(0, 2), backend)
      const given = b.placeholder(product.shape, 'f32')
      const outputs = (p: Node): Node[] => [b.add(glu(p), state), half(p)]
      const apart = runGraph(outputs(given), [given, state], [only, values[2]], backend)
      expect(runGraph(outputs(product), [x, w, state], values, backend)).toEqual(apart)
      const donating = { inputs: [x, w, state], outputs: outputs(product), donations: new Map([[0, 2]]) }
      const program = lowerGraph(donating, backend.target)
      expect(program.kernels.map(({ name }) => name.split('_')[0])).toEqual(['contract'])
    },
  )

  it.skipIf(absent !== null)('of bf16, two steps at once', async () => {
    const backend = await on(2)
    const [m, k, n] = [21, 35, 96]
    const x = b.placeholder([m, k], 'bf16')
    const w = b.placeholder([k, n], 'bf16')
    const wide = (v: Node): Node => b.cast(v, 'f32')
    const product = b.contract(wide(x), wide(w), matrices)
    const values = [normals(1, m * k), normals(2, k * n)]
    const [only] = runGraph([product], [x, w], values, backend)
    const given = b.placeholder(product.shape, 'f32')
    const outputs = (p: Node): Node[] => [
      b.mul(partOf(p, 0, 3), b.tanh(b.add(partOf(p, 1, 3), partOf(p, 2, 3)))),
    ]
    expect(runGraph(outputs(product), [x, w], values, backend)).toEqual(
      runGraph(outputs(given), [given], [only], backend),
    )
  })
})
