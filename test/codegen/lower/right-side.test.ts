/** Products whose tile reads the right side where it lies: a small one, or few tiles of rows; and a short rest of columns. */
import { describe, expect, it } from 'vitest'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { closing } from '../../helpers/closing.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { normals } from '../../helpers/random.js'
import { runGraph } from '../../helpers/run-graph.js'

/** Batch, rows, columns, inner. */
const sizes: readonly (readonly [number, number, number, number])[] = [
  [1, 65, 65, 65],
  [2, 15, 24, 7],
  [3, 29, 33, 40],
  [1, 64, 64, 64],
  [1, 40, 300, 20],
  [1, 20, 136, 130],
  [1, 16, 1001, 300],
  [2, 24, 600, 144],
  [5, 3, 40, 200],
  [1, 8, 100, 8],
]

/** With `split`, inner dimension and columns are two axes each where they are even. */
function graphOf([batch, m, n, k]: (typeof sizes)[number], right: 'k n' | 'n k', split = false) {
  if (split) {
    const axes = (size: number): number[] => (size % 2 === 0 ? [2, size / 2] : [1, size])
    const x = b.placeholder([batch, m, ...axes(k)], 'f32')
    const y = b.placeholder([batch, ...axes(k), ...axes(n)], 'f32')
    const contracting = [
      [2, 3],
      [1, 2],
    ] as const
    const product = b.contract(x, y, { batch: [[0], [0]], contracting, accumulate: 'f32' })
    return { inputs: [x, y] as Node[], outputs: [product] }
  }
  const x = b.placeholder([batch, m, k], 'f32')
  const y = b.placeholder(right === 'k n' ? [batch, k, n] : [batch, n, k], 'f32')
  const over = right === 'k n' ? 1 : 2
  const product = b.contract(x, y, { batch: [[0], [0]], contracting: [[2], [over]], accumulate: 'f32' })
  return { inputs: [x, y] as Node[], outputs: [product] }
}

const backends = await compiledBackends()

describe.each(backends)('products that read their right side on $name', ({ make, absent }) => {
  const open = closing(make)

  it.skipIf(absent !== null).each(sizes)('%i × (%i × %i, inner %i)', async (...size) => {
    const backend = await open({ threads: 1 })
    const [batch, m, n, k] = size
    const values = [normals(1, batch * m * k), normals(2, batch * k * n)]
    const across = new Float32Array(values[1].length)
    for (let g = 0; g < batch; g++) {
      for (let i = 0; i < k; i++) {
        for (let j = 0; j < n; j++) across[(g * n + j) * k + i] = values[1][(g * k + i) * n + j]
      }
    }
    const straight = graphOf(size, 'k n')
    const [expected] = runGraph(straight.outputs, straight.inputs, values)
    const [got] = runGraph(straight.outputs, straight.inputs, values, backend)
    const most = Math.max(...got.map((v, i) => Math.abs(v - expected[i])))
    expect(most).toBeLessThan(3e-6 * Math.sqrt(k))
    // Axes that lie in memory as one are one.
    const shared = await open({ threads: 4 })
    const split = graphOf(size, 'k n', true)
    for (const one of [backend, shared])
      expect(runGraph(split.outputs, split.inputs, values, one)[0]).toEqual(got)
    // A right side that is copied gives the same bits, and a short rest of columns those of whole vectors.
    const other = graphOf(size, 'n k')
    expect(runGraph(other.outputs, other.inputs, [values[0], across], backend)[0]).toEqual(got)
    const columns = 32 * Math.ceil(n / 32)
    const wider = graphOf([batch, m, columns, k], 'k n')
    const padded = new Float32Array(batch * k * columns)
    for (let row = 0; row < batch * k; row++) {
      padded.set(values[1].subarray(row * n, (row + 1) * n), row * columns)
    }
    const [wide] = runGraph(wider.outputs, wider.inputs, [values[0], padded], backend)
    expect(wide.filter((_, i) => i % columns < n)).toEqual(got)
  })

  it.skipIf(absent !== null)('rows that are looked up', async () => {
    const backend = await open({ threads: 1 })
    const [m, n, k, rows] = [16, 64, 40, 9]
    const x = b.placeholder([m, k], 'f32')
    const table = b.placeholder([rows, n], 'f32')
    const index = b.placeholder([k, n], 'i32')
    const product = b.contract(x, b.gather(table, index, 0), {
      batch: [[], []],
      contracting: [[1], [0]],
      accumulate: 'f32',
    })
    const rowOf = (i: number): number => (5 * i + 3) % rows
    const values = [
      normals(1, m * k),
      normals(2, rows * n),
      Int32Array.from({ length: k * n }, (_, i) => rowOf(Math.floor(i / n))),
    ]
    const [expected] = runGraph([product], [x, table, index], values)
    const [got] = runGraph([product], [x, table, index], values, backend)
    expect(Math.max(...got.map((v, i) => Math.abs(v - expected[i])))).toBeLessThan(3e-6 * Math.sqrt(k))
  })
})
