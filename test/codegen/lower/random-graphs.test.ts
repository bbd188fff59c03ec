/**
 * Random graphs through the scheduler, the lowering and every compiled backend: whole numbers must come out as the reference has them;
 * and real numbers have the same bits however a graph is cut into programs and kernels, and on any number of threads.
 * Every kernel is verified when it is compiled.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sameShape, sizeOf } from '../../../src/core/shape.js'
import { Storage } from '../../../src/core/storage.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { onOneAndTwoThreads } from '../../helpers/closing.js'
import { compiledBackends } from '../../helpers/compiled-backends.js'
import { bitsOf, nodeByNode } from '../../helpers/node-by-node.js'
import { type Gene, growGraph, type RandomGraph } from '../../helpers/random-graph.js'
import { numbersOf, run, runGraph, storageFrom } from '../../helpers/run-graph.js'

const genes: fc.Arbitrary<Gene[]> = fc.array(fc.tuple(fc.nat(199), fc.nat(3), fc.nat(1 << 30)), {
  minLength: 4,
  maxLength: 16,
})
/** Machine code shares the scheduler and the lowering with wasm: fewer graphs suffice. */
const runsOn = (name: string): number =>
  Number(process.env.CHAINRULE_TEST_RUNS ?? (name === 'wasm' ? 150 : 40))

/** Nothing reads these: what a program is asked for. */
function ends({ nodes }: RandomGraph): Node[] {
  const read = new Set<Node>()
  const stack = [...nodes]
  while (stack.length > 0) {
    for (const x of stack.pop()!.inputs) {
      if (read.has(x)) continue
      read.add(x)
      stack.push(x)
    }
  }
  return nodes.filter((n) => !read.has(n))
}

const storagesOf = ({ inputs, values }: RandomGraph): Storage[] =>
  inputs.map((n, i) => storageFrom(n.dtype, values[i]))

const backward = (x: Node): number[] => x.shape.map((_, i) => x.shape.length - 1 - i)

const names = (g: RandomGraph): string => g.nodes.map((n) => `${n.op}[${n.shape}]`).join(' ')

for (const entry of await compiledBackends()) {
  const { name, absent } = entry
  describe.skipIf(absent !== null)(`${name}${absent === null ? '' : ` (${absent})`}`, async () => {
    const runs = runsOn(name)
    const options = {
      numRuns: runs,
      seed: Number(process.env.CHAINRULE_TEST_SEED ?? 7),
      endOnFailure: false,
    }
    const [single, double] = await onOneAndTwoThreads(entry)

    it('of whole numbers are what the reference says, fused and with every value asked for', () => {
      fc.assert(
        fc.property(genes, (list) => {
          const graph = growGraph(list, true)
          if (graph.nodes.length === 0) return
          const expected = runGraph(graph.nodes, graph.inputs, graph.values)
          const plain = (v: number[][]): number[][] => v.map((l) => l.map((x) => x + 0))
          const all = run(single, graph.inputs, storagesOf(graph), graph.nodes).map(numbersOf)
          expect(plain(all), names(graph)).toEqual(plain(expected))
          const last = ends(graph)
          const fused = run(single, graph.inputs, storagesOf(graph), last).map(numbersOf)
          expect(plain(fused), names(graph)).toEqual(plain(last.map((n) => expected[graph.nodes.indexOf(n)])))
        }),
        options,
      )
    }, 120_000)

    it('may overwrite their inputs: donations change no bit', () => {
      let donated = 0
      fc.assert(
        fc.property(genes, fc.nat(), (list, choice) => {
          const graph = growGraph(list, false)
          const { inputs } = graph
          // Every input is overwritten by something of its kind, made from it or from any other value.
          const outputs = [...ends(graph)]
          const donations = new Map<number, number>()
          inputs.forEach((x, i) => {
            const like = [...inputs, ...graph.nodes].filter(
              (n) => sameShape(n.shape, x.shape) && n.dtype === x.dtype,
            )
            const [one, other] = [like[choice % like.length], like[(choice >> 3) % like.length]]
            const next = b.alias(
              [one, b.add(one, other), b.permute(b.permute(one, backward(one)), backward(one))][choice % 3],
            )
            donations.set(outputs.length, i)
            outputs.push(next)
            donated++
          })
          const expected = run(single, inputs, storagesOf(graph), outputs).map(bitsOf)
          for (const backend of [single, double]) {
            const given = storagesOf(graph)
            const written = outputs.map((o, i) =>
              donations.has(i) ? given[donations.get(i)!] : new Storage(o.dtype, sizeOf(o.shape)),
            )
            backend.compile({ inputs, outputs, donations }).run(given, written)
            expect(written.map(bitsOf), names(graph)).toEqual(expected)
          }
        }),
        options,
      )
      expect(donated).toBeGreaterThan(runs)
    }, 120_000)

    it('of real numbers have the same bits fused, unfused, node by node, and on two threads', () => {
      expect(double.activeThreads).toBe(2)
      fc.assert(
        fc.property(genes, (list) => {
          const graph = growGraph(list, false)
          if (graph.nodes.length === 0) return
          const last = ends(graph)
          const fused = run(single, graph.inputs, storagesOf(graph), last).map(bitsOf)
          const all = run(single, graph.inputs, storagesOf(graph), graph.nodes).map(bitsOf)
          expect(
            last.map((n) => all[graph.nodes.indexOf(n)]),
            `all asked for: ${names(graph)}`,
          ).toEqual(fused)
          expect(
            run(double, graph.inputs, storagesOf(graph), last).map(bitsOf),
            `two threads: ${names(graph)}`,
          ).toEqual(fused)
          expect(
            nodeByNode(single, graph.inputs, storagesOf(graph), last).map(bitsOf),
            `node by node: ${names(graph)}`,
          ).toEqual(fused)
        }),
        options,
      )
    }, 120_000)
  })
}
