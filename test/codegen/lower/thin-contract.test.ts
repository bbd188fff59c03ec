/** One or two rows times a matrix on every compiled backend, however the matrix lies. */
import { describe, expect, it } from 'vitest'
import { lowerGraph } from '../../../src/codegen/lower.js'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { closing } from '../../helpers/closing.js'
import { type CompiledBackend, compiledBackends } from '../../helpers/compiled-backends.js'
import { normals } from '../../helpers/random.js'
import { runGraph } from '../../helpers/run-graph.js'
import { expectClose } from '../../helpers/tolerance.js'

/** batch, rows, columns, inner. */
const sizes: readonly (readonly [number, number, number, number])[] = [
  [1, 1, 64, 64],
  [1, 1, 1000, 129],
  [1, 2, 37, 80],
  [3, 1, 50, 71],
  [1, 2, 600, 640],
]

type Right = 'k n' | 'n k'

/** relu(x · f(w) + c), with w as its layout says and f the identity, or a function of its elements. */
function graphOf(
  [batch, m, n, k]: (typeof sizes)[number],
  layout: Right,
  expression: boolean,
  turned = false,
) {
  const x = b.placeholder([batch, m, k], 'f32')
  const w = b.placeholder(layout === 'k n' ? [batch, k, n] : [batch, n, k], 'f32')
  const c = b.placeholder(turned ? [batch, n, m] : [batch, m, n], 'f32')
  const matrix = expression ? b.add(b.mul(w, w), b.literal(w, 1)) : w
  const over = layout === 'k n' ? 1 : 2
  const product = turned
    ? b.contract(matrix, x, { batch: [[0], [0]], contracting: [[over], [2]], accumulate: 'f32' })
    : b.contract(x, matrix, { batch: [[0], [0]], contracting: [[2], [over]], accumulate: 'f32' })
  const sum = b.add(product, c)
  return { inputs: [x, w, c] as Node[], outputs: [b.maximum(sum, b.literal(sum, 0))] }
}

const backends = await compiledBackends()

describe.each(backends)('thin contractions on $name', ({ make, absent }) => {
  const open = closing(make)
  const on = (threads: number): Promise<CompiledBackend> => open({ threads })

  it.skipIf(absent !== null).each(sizes)('%i × (%i × %i, inner %i)', async (...size) => {
    const [batch, m, n, k] = size
    const [one, two] = [await on(1), await on(2)]
    for (const expression of [false, true]) {
      const values = [batch * m * k, batch * k * n, batch * m * n].map((count, i) => normals(i + 1, count))
      const across = new Float32Array(values[1].length)
      for (let g = 0; g < batch; g++) {
        for (let i = 0; i < k; i++) {
          for (let j = 0; j < n; j++) across[(g * n + j) * k + i] = values[1][(g * k + i) * n + j]
        }
      }
      const straight = graphOf(size, 'k n', expression)
      const [expected] = runGraph(straight.outputs, straight.inputs, values)
      const [got] = runGraph(straight.outputs, straight.inputs, values, one)
      const scale = Math.sqrt(k) * (expression ? 3 : 1)
      expectClose(got, expected, { relative: 0, absolute: 3e-6 * scale }, 'product')
      // The same bits from a matrix that lies the other way, and on two threads.
      const other = graphOf(size, 'n k', expression)
      expect(runGraph(other.outputs, other.inputs, [values[0], across, values[2]], one)[0]).toEqual(got)
      expect(runGraph(straight.outputs, straight.inputs, values, two)[0]).toEqual(got)
    }
  })

  it.skipIf(absent !== null)('a matrix times a vector is turned', async () => {
    const backend = await on(1)
    const size = [2, 1, 40, 64] as const
    const graph = graphOf(size, 'n k', false, true)
    const program = lowerGraph({ ...graph, donations: new Map() }, backend.target)
    expect(program.kernels.map((kernel) => kernel.name)).toContain('contract_2x1x40x64')
    const values = graph.inputs.map((node, i) => normals(i, sizeOf(node.shape)))
    const [expected] = runGraph(graph.outputs, graph.inputs, values)
    const [got] = runGraph(graph.outputs, graph.inputs, values, backend)
    expectClose(got, expected, { relative: 0, absolute: 5e-5 }, 'product')
  })
})
