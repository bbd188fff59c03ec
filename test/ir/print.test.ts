/** The listing of a graph. */
import { expect, it } from 'vitest'
import * as b from '../../src/ir/build.js'
import { pullback } from '../../src/ir/gradients.js'
import { printGraph } from '../../src/ir/print.js'
import { storageFrom } from '../helpers/run-graph.js'
import { body } from './op-cases/bodies.js'
import { allOpCases, instantiate } from './op-cases.js'

it('shows one line a node', () => {
  const x = b.placeholder([64, 784], 'f32')
  const w = b.buffer(storageFrom('f32', new Float32Array(784 * 10)), [784, 10])
  const y = b.contract(x, w, { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' })
  const scaled = b.mul(y, b.full([64, 10], -0.5, 'f32'))
  expect(printGraph([b.reduceSum(scaled, [1]), y])).toBe(
    [
      '%0 = placeholder : f32[64, 784]',
      '%1 = buffer : f32[784, 10]',
      '%2 = contract %0 %1 {batch: [[], []], contracting: [[1], [0]], accumulate: f32} : f32[64, 10]',
      '%3 = const {value: -0.5} : f32[]',
      '%4 = reshape %3 : f32[1, 1]',
      '%5 = expand %4 : f32[64, 10]',
      '%6 = mul %2 %5 : f32[64, 10]',
      '%7 = reduceSum %6 {axes: [1]} : f32[64]',
      'return %7, %2',
    ].join('\n'),
  )
})

it('indents the body of a scan and the branches of a cond', () => {
  const [x, p] = [b.placeholder([3], 'f32'), b.placeholder([], 'bool')]
  const step = body(b, [[[3], 'f32']], ([c]) => [b.sin(c), c])
  const [last, ys] = b.withGradMode(false, () =>
    b.scan(step, { consts: [], carry: [x], xs: [] }, { length: 4, reverse: true }),
  )
  const branch = (fn: (v: typeof x) => typeof last) => body(b, [[[3], 'f32']], ([v]) => [fn(v as typeof x)])
  const [z] = b.withGradMode(false, () => b.cond(p, [branch((v) => b.neg(v)), branch((v) => v)], [last]))
  expect(printGraph([ys, z])).toBe(
    [
      '%0 = placeholder : f32[3]',
      '%1 = scan %0 {length: 4, consts: 0, carry: 1, reverse: true, checkpoint: 0} : f32[3], f32[4, 3]',
      '  body (%2: f32[3])',
      '    %3 = sin %2 : f32[3]',
      '    return %3, %2',
      '%4 = output %1 {index: 1} : f32[4, 3]',
      '%5 = placeholder : bool[]',
      '%6 = output %1 {index: 0} : f32[3]',
      '%7 = cond %5 %6 : f32[3]',
      '  true (%8: f32[3])',
      '    %9 = neg %8 : f32[3]',
      '    return %9',
      '  false (%10: f32[3])',
      '    return %10',
      '%11 = output %7 {index: 0} : f32[3]',
      'return %4, %11',
    ].join('\n'),
  )
})

it('prints every case of the table and its gradient, the same twice', () => {
  for (const row of allOpCases) {
    const [first, second] = [0, 1].map(() => {
      const { inputs, outputs } = instantiate(row)
      const live = outputs.filter((y) => y.dtype === 'f32')
      const gs =
        row.smooth === 'both'
          ? pullback(
              b,
              live,
              live.map((y) => b.literal(y, 1)),
              inputs,
            ).filter((g) => g !== null)
          : []
      const text = printGraph([...outputs, ...gs])
      expect(text).not.toMatch(/undefined|\[object/)
      return text
    })
    expect(second).toBe(first)
  }
})

it('does not go below computed nodes, and handles long chains', () => {
  const x = b.placeholder([1], 'f32')
  const y = b.exp(x)
  y.storage = storageFrom('f32', [1])
  let z = b.neg(y)
  expect(printGraph([z])).toBe('%0 = exp (computed) : f32[1]\n%1 = neg %0 : f32[1]\nreturn %1')
  for (let i = 0; i < 50_000; i++) z = b.neg(z)
  expect(printGraph([z]).split('\n').length).toBe(50_003)
})
