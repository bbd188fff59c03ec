/** A scan's carry lies where its stacked values do: rounds copy nothing. */
import { afterAll, expect, it } from 'vitest'
import { createWasmBackend } from '../../../src/backend/wasm/wasm.js'
import { lowerGraph } from '../../../src/codegen/lower.js'
import type { Command } from '../../../src/codegen/program.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { runGraph } from '../../helpers/run-graph.js'
import { body } from '../../ir/op-cases/bodies.js'

const backend = createWasmBackend({ threads: 1 })
afterAll(() => backend.close())

const T = 5
const start = b.placeholder([3], 'f32')
const other = b.placeholder([3], 'f32')
const xs = b.placeholder([T, 3], 'f32')
const values = [[1, -2, 0.5], [0.25, 3, -1], Array.from({ length: 3 * T }, (_, i) => Math.sin(i))]
const f = [[3], 'f32'] as const

const copiesIn = (commands: readonly Command[]): number =>
  commands.reduce((n, c) => n + (c.kind === 'copy' ? 1 : 0) + (c.kind === 'loop' ? copiesIn(c.body) : 0), 0)

/** Outputs on wasm are the reference's; returns the copies of one round. */
function roundCopies(outputs: readonly Node[]): number {
  const inputs = [start, other, xs]
  const expected = runGraph(outputs, inputs, values)
  const got = runGraph(outputs, inputs, values, backend)
  got.forEach((row, i) => {
    row.forEach((v, j) => {
      expect(v).toBeCloseTo(expected[i][j], 5)
    })
  })
  const { commands } = lowerGraph({ inputs, outputs, donations: new Map() }, backend.target)
  const loops = commands.filter((c) => c.kind === 'loop')
  expect(loops).toHaveLength(1)
  return copiesIn(loops[0].body)
}

const sum = (x: Node): Node => b.reduceSum(x, [0])

for (const reverse of [false, true]) {
  const scan = (step: (p: readonly Node[]) => Node[], carry: readonly Node[]): Node[] =>
    b.scan(
      body(b, [...carry.map(() => [[...f[0]], f[1]] as [number[], 'f32']), [[3], 'f32']], step),
      { consts: [], carry: [...carry], xs: [xs] },
      { length: T, reverse },
    )

  it(`stacks of the carry before and after each step are its memory${reverse ? ', in reverse' : ''}`, () => {
    const [last, after, before] = scan(
      ([c, x]) => {
        const next = b.add(b.mul(c, x), x)
        return [next, next, c]
      },
      [start],
    )
    expect(roundCopies([last, b.neg(after), b.neg(before)])).toBe(0)
    expect(roundCopies([b.neg(after)])).toBe(0)
    expect(roundCopies([b.neg(before), last])).toBe(0)
    // Delivered to the caller, whose memory has no room for a step more.
    expect(roundCopies([after, before, last])).toBe(2)
  })

  it(`a carry that nobody stacks is changed where it lies${reverse ? ', in reverse' : ''}`, () => {
    const [last, ys] = scan(([c, x]) => [b.add(c, x), b.exp(x)], [start])
    expect(roundCopies([last, ys])).toBe(0)
    // The old value is read after the new one is made.
    const [a, c] = scan(
      ([p, q, x]) => [b.mul(b.flip(p, [0]), b.expand(b.reshape(sum(q), [1]), [3])), b.mul(q, b.add(p, x))],
      [start, other],
    )
    expect(roundCopies([a, c])).toBeGreaterThanOrEqual(1)
  })

  it(`carries that swap, stay, and meet${reverse ? ', in reverse' : ''}`, () => {
    const [a, c, ys] = scan(([p, q, x]) => [q, p, b.add(p, x)], [start, other])
    expect(roundCopies([a, c, ys])).toBeGreaterThanOrEqual(2)
    const [d, e, zs] = scan(([p, q, x]) => [b.add(p, x), q, b.mul(q, x)], [start, other])
    expect(roundCopies([d, e, zs])).toBe(0)
    const [g, h, us, vs] = scan(
      ([p, q, x]) => {
        const next = b.add(b.mul(p, q), x)
        return [next, next, next, q]
      },
      [start, other],
    )
    expect(roundCopies([g, h, b.neg(us), b.neg(vs)])).toBeGreaterThanOrEqual(1)
  })

  it(`stacked inputs and results that stand twice are not stacked again${reverse ? ', in reverse' : ''}`, () => {
    const [, ys, zs, same] = scan(([p, x]) => [b.add(p, x), b.mul(p, x), b.mul(p, x), x], [start])
    expect(roundCopies([b.neg(ys), b.exp(zs), b.neg(same)])).toBe(0)
    expect(roundCopies([ys, zs, same])).toBe(0)
  })
}
