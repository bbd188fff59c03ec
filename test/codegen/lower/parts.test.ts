/** Concatenations of equal parts, which one kernel writes part by part. */
import { describe, expect, it } from 'vitest'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { cutIntoKernels } from '../../../src/schedule/fuse.js'
import { closing } from '../../helpers/closing.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { seeded } from '../../helpers/random.js'
import { runGraph } from '../../helpers/run-graph.js'
import { expectClose } from '../../helpers/tolerance.js'

/** Shape of the parts, axis along which they are joined. */
const cases: readonly { shape: readonly number[]; axis: number }[] = [
  { shape: [6, 256], axis: 1 },
  { shape: [7, 37], axis: 1 },
  { shape: [5, 3, 30], axis: 0 },
  { shape: [5, 3, 30], axis: 1 },
  { shape: [3, 4, 4, 5], axis: 1 },
  { shape: [40, 1, 17], axis: 1 },
  { shape: [300, 640], axis: 1 },
  // Runs too short for it.
  { shape: [40, 3], axis: 1 },
]

/** Three parts with a value in common that is stored too, and one that has moved. */
function graphOf(shape: readonly number[], axis: number): { inputs: Node[]; outputs: Node[] } {
  const x = b.placeholder(shape, 'f32')
  const y = b.placeholder(shape, 'f32')
  const common = b.sin(b.mul(x, y))
  const turned = b.flip(y, [shape.length - 1])
  const joined = b.concat([b.add(common, x), b.mul(common, common), b.sub(turned, common)], axis)
  return { inputs: [x, y], outputs: [common, joined] }
}

const backends = await compiledBackends()

describe.each(backends)('parts on $name', ({ make, absent }) => {
  const open = closing(make)

  it.skipIf(absent !== null).each(cases)('of shape $shape along axis $axis', async ({ shape, axis }) => {
    const backend = await open({ threads: 2 })
    const size = shape.reduce((p, n) => p * n, 1)
    const random = seeded(shape[0])
    const values = [0, 1].map(() => Float32Array.from({ length: size }, () => random.normal()))
    const { inputs, outputs } = graphOf(shape, axis)
    const expected = runGraph(outputs, inputs, values)
    const got = runGraph(outputs, inputs, values, backend)
    got.forEach((list, i) => {
      expectClose(list, expected[i], { relative: 0, absolute: 1e-5 }, `output ${i}`)
    })
    const { kernels } = cutIntoKernels(outputs, (n) => inputs.includes(n), backend.target)
    if (size / shape[0] >= 16) expect(kernels.map(({ outputs }) => outputs.length)).toEqual([2])
  })
})
