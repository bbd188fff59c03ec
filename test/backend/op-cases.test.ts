/** Every row of the shared table on every compiled backend, against the reference; one and two threads give the same bits. */
import { describe, expect, test } from 'vitest'
import { parallelExtent } from '../../src/codegen/loop-ir.js'
import { lowerGraph } from '../../src/codegen/lower.js'
import { sizeOf } from '../../src/core/shape.js'
import type { Storage } from '../../src/core/storage.js'
import { onOneAndTwoThreads } from '../helpers/closing.js'
import { compiledBackends } from '../helpers/compiled-backends.js'
import { numbersOf, run, runGraph, storageFrom } from '../helpers/run-graph.js'
import { expectClose, toleranceOf } from '../helpers/tolerance.js'
import { allOpCases, instantiate } from '../ir/op-cases.js'

const byPrimitive = new Map<string, (typeof allOpCases)[number][]>()
for (const c of allOpCases) byPrimitive.set(c.op, [...(byPrimitive.get(c.op) ?? []), c])

for (const entry of await compiledBackends()) {
  const { name, absent } = entry
  describe.skipIf(absent !== null)(`${name}${absent === null ? '' : ` (${absent})`}`, async () => {
    if (absent !== null) return
    // The cases are small: two threads are made to share all work all the same.
    const [single, double] = await onOneAndTwoThreads(entry)

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
        const on = (backend: typeof single): Storage[] =>
          run(
            backend,
            inputs,
            inputs.map((n, k) => storageFrom(n.dtype, values[k])),
            outputs,
          )
        const got = on(single)
        for (const [i, o] of outputs.entries()) {
          expectClose(numbersOf(got[i]), expected[i], toleranceOf(o.dtype, row.tolerance), row.name)
        }
        const bytes = (list: readonly Storage[]): Uint8Array[] => list.map((s) => s.bytes())
        expect(bytes(on(double)), row.name).toEqual(bytes(got))
      }
    })
  })
}
