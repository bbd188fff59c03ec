/** Outputs that overwrite inputs: whatever else reads the old value still gets it. */
import { afterAll, expect, test } from 'vitest'
import { createWasmBackend } from '../../../src/backend/wasm/wasm.js'
import { sizeOf } from '../../../src/core/shape.js'
import { Storage } from '../../../src/core/storage.js'
import * as b from '../../../src/ir/build.js'
import type { Node } from '../../../src/ir/node.js'
import { numbersOf, storageFrom } from '../../helpers/run-graph.js'

const backend = createWasmBackend({ threads: 1 })
afterAll(() => backend.close())

/** Runs with output `over` written into input 0's storage. */
function run(
  inputs: readonly Node[],
  values: readonly number[][],
  outputs: readonly Node[],
  over: number,
): number[][] {
  const executable = backend.compile({ inputs, outputs, donations: new Map([[over, 0]]) })
  const given = inputs.map((n, i) => storageFrom(n.dtype, values[i]))
  const written = outputs.map((o, i) => (i === over ? given[0] : new Storage(o.dtype, sizeOf(o.shape))))
  executable.run(given, written)
  return written.map(numbersOf)
}

const p = b.placeholder([6], 'f32')
const x = b.placeholder([6], 'f32')
const old = [1, 2, 3, 4, 5, 6]
const xs = [10, 20, 30, 40, 50, 60]

test('another output of the same kernel reads the old value', () => {
  const [next, sum] = run([p, x], [old, xs], [b.mul(x, b.literal(x, 2)), b.add(p, x)], 0)
  expect(next).toEqual(xs.map((v) => 2 * v))
  expect(sum).toEqual(old.map((v, i) => v + xs[i]))
})

test('a later kernel reads the old value in another order', () => {
  const [flipped, next] = run([p, x], [old, xs], [b.exp(b.flip(b.sub(p, x), [0])), b.add(p, x)], 1)
  expect(next).toEqual(old.map((v, i) => v + xs[i]))
  flipped.forEach((v, i) => {
    expect(v).toBeCloseTo(Math.exp(old[5 - i] - xs[5 - i]), 5)
  })
})

test('the new value is the old one in another order', () => {
  const [next] = run([p], [old], [b.flip(p, [0])], 0)
  expect(next).toEqual([...old].reverse())
})

test('the old value is an output too', () => {
  const [kept, next] = run([p, x], [old, xs], [b.alias(p), b.add(p, x)], 1)
  expect(kept).toEqual(old)
  expect(next).toEqual(old.map((v, i) => v + xs[i]))
})

test('a cache that is updated in place is not copied, unless its old value is still needed', () => {
  const update = b.placeholder([2], 'f32')
  const next = b.dynamicUpdate(p, update, [b.constant(3, 'i32')])
  const after = [1, 2, 3, 8, 9, 6]
  expect(run([p, update], [old, [8, 9]], [next], 0)).toEqual([after])
  const { kernels } = backend.compile({
    inputs: [p, update],
    outputs: [next],
    donations: new Map([[0, 0]]),
  }).info
  expect(kernels).toBe(2) // the start, and the update
  expect(run([p, update], [old, [8, 9]], [next, b.neg(p)], 0)).toEqual([after, old.map((v) => -v)])
  const fromItself = b.dynamicUpdate(p, p, [b.constant(0, 'i32')])
  expect(run([p], [old], [fromItself], 0)).toEqual([old])
})

test('a scatter changes a value in place that nobody else reads', () => {
  const index = b.placeholder([2], 'i32')
  const updates = b.placeholder([2], 'f32')
  const next = b.scatter(p, index, updates, 0, 'add')
  const after = [1, 12, 3, 4, 5, 6]
  expect(run([p, index, updates], [old, [1, 1], [3, 7]], [next], 0)).toEqual([after])
  expect(run([p, index, updates], [old, [1, 1], [3, 7]], [next, b.flip(p, [0])], 0)[1]).toEqual(
    [...old].reverse(),
  )
  // The intermediate value's memory is the result's; with another reader it is not.
  const middle = b.exp(p)
  const changed = b.scatter(middle, index, updates, 0, 'set')
  const exps = old.map((v) => Math.fround(Math.exp(v)))
  const [sum] = run([p, index, updates], [old, [5, 5], [3, 7]], [b.add(changed, b.flip(middle, [0]))], 1)
  const expected = exps.map((v, i) => (i === 5 ? 7 : v) + exps[5 - i])
  sum.forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i], 2)
  })
})
