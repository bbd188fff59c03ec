/** Which stores go past the caches, and that values are the same there. */
import { describe, expect, it } from 'vitest'
import { shiftIndex } from '../../src/codegen/index-expression.js'
import type { Kernel, Stmt } from '../../src/codegen/loop-ir.js'
import { lowerGraph } from '../../src/codegen/lower.js'
import { printKernel } from '../../src/codegen/print.js'
import { streamStores } from '../../src/codegen/stream-stores.js'
import { verify } from '../../src/codegen/verify.js'
import { walkStmts, withBodies } from '../../src/codegen/walk.js'
import { alignedFrom, Storage } from '../../src/core/storage.js'
import * as b from '../../src/ir/build.js'
import type { Graph } from '../../src/ir/graph.js'
import type { Node } from '../../src/ir/node.js'
import { compiledBackends } from '../helpers/compiled-backends.js'
import { numbersOf, runGraph, storageFrom } from '../helpers/run-graph.js'
import { expectClose } from '../helpers/tolerance.js'

const size = 20_003
const x = b.placeholder([size], 'f32')
const twice = b.add(b.mul(x, b.literal(x, 2)), b.literal(x, 1))
const values = Array.from({ length: size }, (_, i) => Math.sin(i))

const graph = (outputs: readonly Node[], donations: Graph['donations'] = new Map()): Graph => ({
  inputs: [x],
  outputs,
  donations,
})

const streaming = (kernel: Kernel): number => {
  let count = 0
  walkStmts(kernel.body, (s) => {
    if (s.kind === 'store' && s.streams === true) count++
  })
  return count
}

describe.each((await compiledBackends()).filter(({ name }) => name !== 'wasm'))(
  'on $name',
  ({ make, absent }) => {
    const counts = async (g: Graph, streamFrom: number): Promise<number[]> => {
      const { target } = await make({ threads: 1, target: { streamFrom } })
      return streamStores(lowerGraph(g, target), target).kernels.map(streaming)
    }

    it.skipIf(absent !== null)(
      'whole vectors of a large result do, and its last elements do not',
      async () => {
        const { target } = await make({ threads: 1, target: { streamFrom: 4096 } })
        const lowered = lowerGraph(graph([twice]), target)
        const [kernel] = streamStores(lowered, target).kernels
        const lines = (k: Kernel): string[] => printKernel(k).split('\n')
        const changed = lines(kernel).filter((line, i) => line !== lines(lowered.kernels[0])[i])
        expect(changed.length).toBeGreaterThan(0)
        for (const line of changed) expect(line).toMatch(/^ *out0\[.* :(8|16)] := /)
        // The rest of 20,003 is no whole vector.
        expect(printKernel(kernel)).toMatch(/out0\[.* of .*\] = /)
        verify(kernel)
      },
    )

    it.skipIf(absent !== null)('not of a small one, nor what overwrites what the kernel reads', async () => {
      expect(await counts(graph([twice]), 4 * size + 4)).toEqual([0])
      expect(await counts(graph([twice], new Map([[0, 0]])), 4096)).toEqual([0])
      expect(await counts(graph([twice]), 4 * size)).not.toEqual([0])
      // Only results from `alignedFrom` bytes on begin at lines, whatever the target asks for.
      const few = b.slice(twice, [0], [alignedFrom / 4 - 16])
      expect(await counts(graph([few]), 64)).toEqual([0])
    })

    it.skipIf(absent !== null)('lines that are stored past the caches are not asked for', async () => {
      const left = b.placeholder([600, 300], 'f32')
      const right = b.placeholder([300, 608], 'f32')
      const product = b.contract(left, right, {
        batch: [[], []],
        contracting: [[1], [0]],
        accumulate: 'f32',
      })
      const { target } = await make({ threads: 1, target: { streamFrom: 4096 } })
      const lowered = lowerGraph(
        { inputs: [left, right], outputs: [b.add(product, product)], donations: new Map() },
        target,
      )
      const asked = (kernels: readonly Kernel[]): number => {
        let count = 0
        for (const { body } of kernels)
          walkStmts(body, (s) => {
            if (s.kind === 'prefetch' && s.write) count++
          })
        return count
      }
      const changed = streamStores(lowered, target).kernels
      expect(changed.map(streaming).some((n) => n > 0)).toBe(true)
      expect(asked(lowered.kernels)).toBeGreaterThan(asked(changed))
    })

    it.skipIf(absent !== null)('not steps of a loop that begin within a line', async () => {
      const steps = (rows: number): Graph => {
        const a = b.placeholder([4, rows], 'f32')
        const carry = b.placeholder([rows], 'f32')
        const item = b.placeholder([rows], 'f32')
        const next = b.add(carry, item)
        const body = { params: [carry, item], results: [next, b.mul(next, item)] }
        const start = b.expand(b.literal(carry, 0), [rows])
        const [, stacked] = b.scan(body, { consts: [], carry: [start], xs: [a] }, { length: 4 })
        return { inputs: [a], outputs: [stacked], donations: new Map() }
      }
      const total = (counted: number[]): number => counted.reduce((a, c) => a + c, 0)
      // What the steps stack begins at a line only where a step is made of lines; what they carry always does.
      const [lines, others] = [
        await counts(steps(2 ** 14 + 16), 4096),
        await counts(steps(2 ** 14 + 8), 4096),
      ]
      expect(total(others)).toBeLessThan(total(lines))
    })

    it.skipIf(absent !== null).each([1, 2])('the values are the same, with %i threads', async (threads) => {
      const chain = [twice, b.exp(b.reduceSum(b.reshape(b.slice(twice, [0], [20_000]), [200, 100]), [1]))]
      const past = await make({ threads, target: { streamFrom: 64, serialWork: 64 } })
      const through = await make({ threads, target: { serialWork: 64 } })
      for (let round = 0; round < 20; round++)
        expect(runGraph(chain, [x], [values], past)).toEqual(runGraph(chain, [x], [values], through))
    })

    it.skipIf(absent !== null)('results may overwrite arguments that lie anywhere', async () => {
      const backend = await make({ threads: 1, target: { streamFrom: 64 } })
      const executable = backend.compile(graph([twice], new Map([[0, 0]])))
      const state = storageFrom('f32', values)
      executable.run([state], [state])
      executable.run([state], [state])
      const expected = values.map((v) => 4 * v + 3)
      expectClose(numbersOf(state), expected, { relative: 0, absolute: 5e-6 }, 'state')
      const other = new Storage('f32', size)
      backend.compile(graph([twice])).run([state], [other])
      expect(numbersOf(other)[5]).toBeCloseTo(8 * values[5] + 7, 5)
    })
  },
)

const avx2 = (await compiledBackends()).find(({ name }) => name === 'native avx2')!
it.skipIf(avx2.absent !== null)('a store that may begin within a vector is refused', async () => {
  const { make } = avx2
  const { target } = await make({ threads: 1, target: { streamFrom: 4096 } })
  const [kernel] = streamStores(lowerGraph(graph([twice]), target), target).kernels
  const shifted = (body: readonly Stmt[]): readonly Stmt[] =>
    body.map((s): Stmt => {
      if (s.kind !== 'store') return withBodies(s, shifted)
      return s.streams === true ? { ...s, index: shiftIndex(s.index, 1) } : s
    })
  expect(() => verify({ ...kernel, body: shifted(kernel.body) })).toThrow(/it may begin within a vector/)
})
