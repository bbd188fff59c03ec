/** Products whose columns are too few to share evenly: threads share the rows, and no bit changes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sizeOf } from '../../../src/core/shape.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { type CompiledBackend, compiledBackends } from '../../helpers/compiled-backends.js'
import { runGraph } from '../../helpers/run-graph.js'
import { expectClose } from '../../helpers/tolerance.js'

const numbers = (shape: readonly number[]): number[] =>
  Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7919) % 1000) / 500 - 1)

/** m, n, k: whole tiles and a rest of rows, one block of columns, a rest of columns, sums in several slices. */
const sizes = [
  [336, 32, 70],
  [341, 96, 40],
  [352, 45, 600],
  [1031, 7, 33],
]

/** x·y + bias, with the sum of it all read by a second kernel. */
function graphOf([m, n, k]: readonly number[]) {
  const inputs = [[m, k], [k, n], [n]].map((shape) => b.placeholder(shape, 'f32'))
  const [x, y, bias] = inputs as Node[]
  const product = b.contract(x, y, { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' })
  const sum = b.add(product, b.expand(b.reshape(bias, [1, n]), [m, n]))
  return { inputs, outputs: [sum, b.reduceSum(sum, [0])], values: inputs.map((i) => numbers(i.shape)) }
}

describe.each(await compiledBackends())('products with few columns on $name', ({ make, absent }) => {
  const backends: CompiledBackend[] = []
  beforeAll(async () => {
    if (absent !== null) return
    for (const threads of [1, 2, 3]) backends.push(await make({ threads, target: { serialWork: 1 } }))
  })
  afterAll(() => {
    for (const backend of backends) backend.close()
  })

  it.skipIf(absent !== null).each(sizes.map((size) => ({ size })))('$size', ({ size }) => {
    const { inputs, outputs, values } = graphOf(size)
    const expected = runGraph(outputs, inputs, values)
    const [alone, ...shared] = backends.map((backend) => runGraph(outputs, inputs, values, backend))
    alone.forEach((got, i) => {
      expectClose(got, expected[i], { relative: 1e-4, absolute: 1e-3 }, `result ${i}`)
    })
    for (const got of shared) expect(got).toEqual(alone)
  })
})
