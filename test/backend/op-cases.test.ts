/** Every row of the shared table on every compiled backend, against the reference; one and two threads give the same bits. */
import { afterAll, describe, expect, test } from 'vitest'
import { parallelExtent } from '../../src/codegen/loop-ir.js'
import { lowerGraph } from '../../src/codegen/lower.js'
import { sizeOf } from '../../src/core/shape.js'
import { Storage } from '../../src/core/storage.js'
import type { Node } from '../../src/ir/node.js'
import { compiledBackends } from '../helpers/compiled-backends.js'
import { runGraph, storageFrom } from '../helpers/run-graph.js'
import { expectClose, toleranceOf } from '../helpers/tolerance.js'
import { allOpCases, instantiate } from '../ir/op-cases.js'

const byPrimitive = new Map<string, (typeof allOpCases)[number][]>()
for (const c of allOpCases) byPrimitive.set(c.op, [...(byPrimitive.get(c.op) ?? []), c])

for (const { name, make, absent } of await compiledBackends()) {
  describe.skipIf(absent !== null)(`${name}${absent === null ? '' : ` (${absent})`}`, async () => {
    if (absent !== null) return
    const single = await make({ threads: 1 })
    // The cases are small: threads are made to share all work all the same.
    const double = await make({ threads: 2, target: { serialWork: 1 } })
    afterAll(() => {
      single.close()
      double.close()
    })

    const bytesOn = (
      backend: typeof single,
      outputs: readonly Node[],
      inputs: readonly Node[],
      values: readonly number[][],
    ): Uint8Array[] => {
      const executable = backend.compile({ inputs, outputs, donations: new Map() })
      const written = outputs.map((o) => new Storage(o.dtype, sizeOf(o.shape)))
      executable.run(
        inputs.map((n, i) => storageFrom(n.dtype, values[i])),
        written,
      )
      return written.map((s) => s.bytes().slice())
    }

    test('two threads take part, and share the kernels', () => {
      expect(double.activeThreads).toBe(2)
      const row = allOpCases.find((c) => c.name.startsWith('add') && sizeOf(c.inputs[0].shape) > 20)!
      const { outputs, inputs } = instantiate(row, 1)
      const { kernels } = lowerGraph({ inputs, outputs, donations: new Map() }, double.target)
      expect(kernels.map(parallelExtent).every((n) => n > 1)).toBe(true)
    })

    test.each([...byPrimitive])('%s', (_, rows) => {
      for (const row of rows) {
        const { outputs, inputs, values } = instantiate(row, 1)
        const expected = runGraph(outputs, inputs, values)
        const got = runGraph(outputs, inputs, values, single)
        for (const [i, o] of outputs.entries()) {
          expectClose(got[i], expected[i], toleranceOf(o.dtype, row.tolerance), row.name)
        }
        expect(bytesOn(double, outputs, inputs, values), row.name).toEqual(
          bytesOn(single, outputs, inputs, values),
        )
      }
    })
  })
}
