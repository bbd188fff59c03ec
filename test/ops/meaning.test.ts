/**
 * What the goldens do not show: errors as sentences, indices checked when the program runs, half types rounded once,
 * higher derivatives, and the number of nodes that must not be built.
 */
import { describe, expect, it } from 'vitest'
import * as b from '../../src/ir/build.js'
import { pullback } from '../../src/ir/gradients.js'
import { type Node, topologicalOrder } from '../../src/ir/node.js'
import { relu, sigmoid } from '../../src/ops/activation.js'
import { crossEntropy, nllLoss } from '../../src/ops/classification-loss.js'
import { conv2d } from '../../src/ops/convolution.js'
import { einsum } from '../../src/ops/einsum.js'
import { add, pow, sub, where } from '../../src/ops/elementwise.js'
import { embedding, gather, oneHot } from '../../src/ops/indexing.js'
import { cat } from '../../src/ops/joining.js'
import { linear, matmul } from '../../src/ops/linear-algebra.js'
import { batchNorm, layerNorm } from '../../src/ops/normalization.js'
import { pad } from '../../src/ops/padding.js'
import { maxPool2d } from '../../src/ops/pooling.js'
import { mean, sum, variance } from '../../src/ops/reductions.js'
import { reshape } from '../../src/ops/shape.js'
import { softmax } from '../../src/ops/softmax.js'
import { topk } from '../../src/ops/sorting.js'
import { runGraph } from '../helpers/run-graph.js'

const f32 = (...shape: number[]): Node => b.placeholder(shape, 'f32')
const f64 = (...shape: number[]): Node => b.placeholder(shape, 'f64')
const i64 = (...shape: number[]): Node => b.placeholder(shape, 'i64')
const countOf = (root: Node, op: string): number => topologicalOrder([root]).filter((n) => n.op === op).length

describe('errors say what came and what to try', () => {
  const cases: [string, () => unknown, RegExp][] = [
    ['add', () => add(f32(2, 3), f32(4, 3)), /add: shapes \[2, 3\] and \[4, 3\] do not broadcast/],
    ['sub of bools', () => sub(b.placeholder([1], 'bool'), true), /sub: .*logicalXor/],
    ['pow', () => pow(b.placeholder([1], 'i32'), -1), /exponent ≥ 0 for i32, got -1/],
    ['where', () => where(f32(2), 1, 2), /where: expected a bool condition, got f32/],
    ['matmul', () => matmul(f32(2, 3), f32(4, 5)), /matmul: .*inner sizes 3 and 4 differ/],
    [
      'matmul dtypes',
      () => matmul(f32(2, 3), f64(3, 5)),
      /expected equal dtypes, got f32 and f64.*\.to\('f64'\)/,
    ],
    ['matmul 0-d', () => matmul(f32(), f32(3)), /matmul: expected a tensor of rank at least 1/],
    ['linear', () => linear(f32(2, 3), f32(5, 4)), /linear: .*has 3 features.*takes 4/],
    ['einsum sizes', () => einsum('ij,jk->ik', f32(2, 3), f32(4, 5)), /'j' has size 3 in one operand and 4/],
    ['einsum result', () => einsum('ij->ik', f32(2, 3)), /result's 'k' is in no operand/],
    ['einsum rank', () => einsum('ijk->i', f32(2, 3)), /'ijk' does not fit operand 0/],
    ['reshape', () => reshape(f32(2, 3), [4, -1]), /6 elements/],
    ['cat', () => cat([f32(2, 3), f32(3, 3)], 1), /cat: shapes \[2, 3\] and \[3, 3\] differ outside axis 1/],
    [
      'pad',
      () => pad(f32(1, 2, 3), [3, 0], { mode: 'reflect' }),
      /'reflect' padding of 3 and 0 does not fit/,
    ],
    ['axis', () => sum(f32(2, 3), 2), /sum: expected an axis \(from -2 to 1\), got 2/],
    ['mean', () => mean(i64(2)), /mean: expected float elements, got i64/],
    ['conv2d', () => conv2d(f32(1, 3, 4, 4), f32(2, 4, 3, 3)), /3 channels/],
    [
      'conv2d same',
      () => conv2d(f32(1, 3, 4, 4), f32(2, 3, 3, 3), null, { stride: 2, padding: 'same' }),
      /'same' needs stride 1/,
    ],
    [
      'maxPool2d',
      () => maxPool2d(f32(1, 1, 4, 4), 2, { padding: 2 }),
      /at most half the kernel size 2, got 2/,
    ],
    [
      'batchNorm',
      () => batchNorm(f32(1, 3), null, null, null, null, { training: true }),
      /more than 1 value per channel/,
    ],
    ['layerNorm', () => layerNorm(f32(2, 3), [4]), /last axes are \[4\], got \[2, 3\]/],
    ['crossEntropy', () => crossEntropy(f32(2, 3), i64(3)), /needs class indices of shape \[2\], got \[3\]/],
    ['crossEntropy floats', () => crossEntropy(f32(2, 3), f32(2)), /Class indices need an integer dtype/],
    ['topk', () => topk(f32(3), 4), /k from 0 to 3.* got 4/],
  ]
  for (const [name, fn, message] of cases) it(name, () => expect(fn).toThrow(message))
})

describe('indices out of range are errors when the program runs', () => {
  const run = (node: Node, inputs: Node[], values: number[][]) => () => runGraph([node], inputs, values)
  it('crossEntropy and nllLoss', () => {
    const x = f32(2, 3)
    const t = i64(2)
    for (const loss of [crossEntropy(x, t), nllLoss(x, t)]) {
      expect(
        run(
          loss,
          [x, t],
          [
            [1, 2, 3, 4, 5, 6],
            [0, 2],
          ],
        ),
      ).not.toThrow()
      expect(
        run(
          loss,
          [x, t],
          [
            [1, 2, 3, 4, 5, 6],
            [0, -100],
          ],
        ),
      ).not.toThrow()
      expect(
        run(
          loss,
          [x, t],
          [
            [1, 2, 3, 4, 5, 6],
            [0, 3],
          ],
        ),
      ).toThrow()
      expect(
        run(
          loss,
          [x, t],
          [
            [1, 2, 3, 4, 5, 6],
            [-1, 0],
          ],
        ),
      ).toThrow()
    }
  })
  it('oneHot, gather and embedding', () => {
    const t = i64(2)
    expect(run(oneHot(t, 3), [t], [[0, 3]])).toThrow()
    const x = f32(2)
    expect(
      run(
        gather(x, 0, t),
        [x, t],
        [
          [1, 2],
          [0, 2],
        ],
      ),
    ).toThrow()
    const w = f32(3, 2)
    expect(
      run(
        embedding(t, w),
        [w, t],
        [
          [1, 2, 3, 4, 5, 6],
          [0, 5],
        ],
      ),
    ).toThrow()
  })
})

describe('higher derivatives', () => {
  /** The gradient of Σ c·∂f/∂x by x against central differences of the gradient. */
  function secondOrder(f: (x: Node) => Node, values: number[], shape: number[]): void {
    const x = f64(...shape)
    const [g] = pullback(b, [f(x)], [b.full([], 1, 'f64')], [x])
    const weights = values.map((_, i) => Math.sin(i + 1))
    const c = f64(...shape)
    const [h] = pullback(b, [sum(b.mul(g!, c))], [b.full([], 1, 'f64')], [x])
    const [got] = runGraph([h!], [x, c], [values, weights])
    const gradient = (v: number[]): number => {
      const [list] = runGraph([g!], [x], [v])
      return list.reduce((s, gi, i) => s + gi * weights[i], 0)
    }
    const step = 1e-5
    values.forEach((_, i) => {
      const moved = (by: number) => values.map((v, k) => (k === i ? v + by : v))
      const expected = (gradient(moved(step)) - gradient(moved(-step))) / (2 * step)
      expect(Math.abs(got[i] - expected)).toBeLessThan(1e-6 * (1 + Math.abs(expected)))
    })
  }
  const values = Array.from({ length: 8 }, (_, i) => Math.cos(3 * i) + 0.1 * i)
  it('variance', () => secondOrder((x) => sum(pow(variance(x, 1), 2)), values, [2, 4]))
  it('layerNorm', () => secondOrder((x) => sum(pow(layerNorm(x, 4), 3)), values, [2, 4]))
  it('batchNorm', () => secondOrder((x) => sum(pow(batchNorm(x, null, null).output, 3)), values, [4, 2]))
  it('softmax', () => secondOrder((x) => sum(pow(softmax(x), 2)), values, [2, 4]))
  it('sigmoid', () => secondOrder((x) => sum(pow(sigmoid(x), 2)), values, [8]))
})

describe('half types', () => {
  it('sums accumulate in f32: 4096 halves of 1 and a mean that would overflow', () => {
    const x = b.placeholder([4096], 'f16')
    const ones = new Array<number>(4096).fill(1)
    expect(runGraph([sum(x)], [x], [ones])[0]).toEqual([4096])
    const large = new Array<number>(4096).fill(1000)
    expect(runGraph([mean(x)], [x], [large])[0]).toEqual([1000])
    expect(mean(x).dtype).toBe('f16')
  })
  it('layerNorm and crossEntropy keep the dtype', () => {
    const x = b.placeholder([2, 4], 'bf16')
    expect(layerNorm(x, 4).dtype).toBe('bf16')
    expect(crossEntropy(x, i64(2)).dtype).toBe('bf16')
  })
})

describe('what is not built', () => {
  it('matmul with broadcast batches expands nothing', () => {
    for (const [p, q] of [
      [
        [5, 2, 3],
        [3, 4],
      ],
      [
        [2, 3],
        [5, 3, 4],
      ],
      [
        [5, 1, 2, 3],
        [4, 3, 2],
      ],
    ]) {
      const y = matmul(f32(...p), f32(...q))
      expect(countOf(y, 'expand')).toBe(0)
      expect(countOf(y, 'contract')).toBe(1)
    }
  })
  it('linear is one contract without a transpose', () => {
    const y = linear(f32(2, 3), f32(4, 3))
    expect(topologicalOrder([y]).map((n) => n.op)).toEqual(['placeholder', 'placeholder', 'contract'])
  })
  it('einsum of attention scores is one contract in order', () => {
    const y = einsum('bhqd,bhkd->bhqk', f32(2, 3, 4, 5), f32(2, 3, 6, 5))
    expect(y.op).toBe('contract')
  })
  it('the gradient of batchNorm takes two reductions over the batch beside those of the forward pass', () => {
    const x = f32(8, 4, 5, 5)
    const y = batchNorm(x, null, null, f32(4), f32(4), { training: true }).output
    const [g] = pullback(b, [y], [b.placeholder(y.shape, 'f32')], [x])
    // Forward: Σx and Σ(x − c)². Backward: Σg and Σg·x̂ only.
    expect(countOf(g!, 'reduceSum')).toBe(4)
  })
  it('relu of NaN is NaN and its gradient at 0 is 0', () => {
    const x = f32(3)
    const y = relu(x)
    const [g] = pullback(b, [y], [b.literal(y, 1)], [x])
    expect(runGraph([y, g!], [x], [[Number.NaN, 0, -1]])).toEqual([
      [Number.NaN, 0, 0],
      [1, 0, 0],
    ])
  })
})
