/** Gradients at ties, kinks and zeros, as PyTorch defines them. */
import { describe, expect, it } from 'vitest'
import * as b from '../../src/ir/build.js'
import { pullback } from '../../src/ir/gradients.js'
import type { Node } from '../../src/ir/node.js'
import { runGraph } from '../helpers/run-graph.js'

/** Gradient of the sum of y with respect to each input. */
function gradients(y: Node, inputs: readonly Node[], values: readonly number[][]): number[][] {
  const gs = pullback(b, [y], [b.literal(y, 1)], inputs)
  return runGraph(
    gs.map((g, i) => g ?? b.literal(inputs[i], 0)),
    inputs,
    values,
  )
}

const f64 = (...shape: number[]) => b.placeholder(shape, 'f64')

describe('ties', () => {
  it('maximum and minimum split', () => {
    const [x, y] = [f64(3), f64(3)]
    expect(
      gradients(
        b.maximum(x, y),
        [x, y],
        [
          [1, 2, 3],
          [1, 3, 2],
        ],
      ),
    ).toEqual([
      [0.5, 0, 1],
      [0.5, 1, 0],
    ])
    expect(
      gradients(
        b.minimum(x, y),
        [x, y],
        [
          [1, 2, 3],
          [1, 3, 2],
        ],
      ),
    ).toEqual([
      [0.5, 1, 0],
      [0.5, 0, 1],
    ])
  })
  it('relu as a choice has slope 0 at 0', () => {
    const x = f64(3)
    const zero = b.literal(x, 0)
    expect(gradients(b.where(b.lt(zero, x), x, zero), [x], [[-1, 0, 2]])).toEqual([[0, 0, 1]])
  })
  it('abs has slope 0 at 0', () => {
    const x = f64(3)
    expect(gradients(b.abs(x), [x], [[-2, 0, 2]])).toEqual([[-1, 0, 1]])
  })
  it.each(['reduceMax', 'reduceMin'] as const)('%s shares evenly', (op) => {
    const x = f64(2, 3)
    const values = op === 'reduceMax' ? [5, 5, 1, 0, 2, 1] : [-5, -5, 1, 0, -2, 1]
    expect(gradients(b[op](x, [1]), [x], [values])).toEqual([[0.5, 0.5, 0, 0, 1, 0]])
  })
  it('max-pool takes the first', () => {
    const x = f64(1, 4)
    const [y] = b.windowReduce(x, { size: [2], stride: [2], dilation: [1], padding: [[0, 0]], kind: 'max' })
    expect(gradients(y, [x], [[3, 3, 1, 2]])).toEqual([[1, 0, 0, 1]])
  })
  it('overlapping max-pool adds what each window gives', () => {
    const x = f64(3)
    const [y] = b.windowReduce(x, { size: [2], stride: [1], dilation: [1], padding: [[0, 0]], kind: 'max' })
    expect(gradients(y, [x], [[1, 2, 2]])).toEqual([[0, 2, 0]])
  })
  it('cumMax gives to the latest of equals, in its direction', () => {
    const x = f64(5)
    expect(gradients(b.cumMax(x, 0, false), [x], [[1, 3, 2, 3, 0]])).toEqual([[1, 2, 0, 2, 0]])
    expect(gradients(b.cumMax(x, 0, true), [x], [[1, 3, 2, 3, 0]])).toEqual([[0, 2, 0, 2, 1]])
  })
  it('argMax and argMin find the first', () => {
    const x = f64(5)
    expect(runGraph([b.argMax(x, 0), b.argMin(x, 0)], [x], [[1, 3, 0, 3, 0]])).toEqual([[1], [2]])
  })
  it('a stable sort sends gradients back where values came from', () => {
    const x = f64(4)
    const [s] = b.sort([x], 0, true)
    const w = f64(4)
    const [g] = pullback(b, [s], [w], [x])
    expect(
      runGraph(
        [g!],
        [x, w],
        [
          [2, 1, 2, 3],
          [10, 20, 30, 40],
        ],
      )[0],
    ).toEqual([20, 40, 30, 10])
  })
})

describe('scatter', () => {
  const [x, u] = [f64(3), f64(4)]
  const index = b.placeholder([4], 'i64')
  const at = [0, 2, 2, 0]
  const grads = (mode: 'set' | 'add' | 'mul' | 'max' | 'min', xs: number[], us: number[]) => {
    const y = b.scatter(x, index, u, 0, mode)
    const gs = pullback(b, [y], [b.literal(y, 1)], [x, u])
    return runGraph(
      gs.map((g) => g!),
      [x, index, u],
      [xs, at, us],
    )
  }
  it('set: the last write wins', () => {
    expect(grads('set', [1, 2, 3], [4, 5, 6, 7])).toEqual([
      [0, 1, 0],
      [0, 0, 1, 1],
    ])
  })
  it('add: everyone', () => {
    expect(grads('add', [1, 2, 3], [4, 5, 6, 7])).toEqual([
      [1, 1, 1],
      [1, 1, 1, 1],
    ])
  })
  it('mul: the product of the others, with zeros', () => {
    expect(grads('mul', [2, 5, 0], [3, 4, 5, 0])).toEqual([
      [0, 1, 20],
      [0, 0, 0, 6],
    ])
  })
  it('max: equals share', () => {
    expect(grads('max', [9, 2, 3], [4, 7, 7, 9])).toEqual([
      [0.5, 1, 0],
      [0, 0.5, 0.5, 0.5],
    ])
  })
})

describe('zeros', () => {
  it('products pass gradients around one zero and none around two', () => {
    const x = f64(2, 3)
    expect(gradients(b.reduceProd(x, [1]), [x], [[2, 0, 3, 0, 0, 5]])).toEqual([[0, 6, 0, 0, 0, 0]])
  })
  it('x to the power 0 has slope 0, and 0 to a power has no slope in it', () => {
    const [x, y] = [f64(3), f64(3)]
    expect(
      gradients(
        b.pow(x, y),
        [x, y],
        [
          [0, 0, 2],
          [0, 2, 0],
        ],
      ),
    ).toEqual([
      [0, 0, 0],
      [0, 0, Math.log(2)],
    ])
  })
  it('a NaN slope of the branch not taken comes through, as in PyTorch; choosing before the root avoids it', () => {
    const x = f64(2)
    const zero = b.literal(x, 0)
    const positive = b.lt(zero, x)
    expect(gradients(b.where(positive, b.sqrt(x), zero), [x], [[4, -1]])).toEqual([[0.25, Number.NaN]])
    const safe = b.where(positive, b.sqrt(b.where(positive, x, b.literal(x, 1))), zero)
    expect(gradients(safe, [x], [[4, -1]])).toEqual([[0.25, 0]])
  })
})
