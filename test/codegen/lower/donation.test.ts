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
