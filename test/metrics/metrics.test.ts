/**
 * Metrics on tensors and arrays, against counts by hand.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Accuracy, accuracy } from '../../src/metrics/accuracy.js'
import { ConfusionMatrix } from '../../src/metrics/confusion-matrix.js'
import { Mean } from '../../src/metrics/mean.js'
import { tensor } from '../../src/tensor/creation.js'

describe('Mean', () => {
  it('weighs numbers, arrays and tensors', async () => {
    const mean = new Mean()
    expect(await mean.compute()).toBeNaN()
    mean.update(2, 3)
    mean.update(tensor(5), 2)
    mean.update(tensor([1, 2, 3]))
    mean.update([4, 6])
    expect(await mean.compute()).toBe((6 + 10 + 6 + 10) / (3 + 2 + 3 + 2))
    mean.update(1)
    expect(await mean.compute()).toBe(33 / 11)
    mean.reset()
    expect(await mean.compute()).toBeNaN()
    expect(() => mean.update(1, -1)).toThrow(/weight of 0 or more, got -1/)
  })

  it('sums in f64', async () => {
    const mean = new Mean()
    mean.update(tensor([2 ** 24, 1, 1, 1]))
    expect(await mean.compute()).toBe((2 ** 24 + 3) / 4)
  })
})

const scores = [
  [0.1, 0.7, 0.2],
  [0.5, 0.3, 0.2],
  [0.2, 0.3, 0.5],
  [0.6, 0.3, 0.1],
]

describe('Accuracy', () => {
  it('counts scores, indices and arrays over batches', async () => {
    const metric = new Accuracy()
    expect(await metric.compute()).toBeNaN()
    metric.update(tensor(scores), tensor(BigInt64Array.of(1n, 0n, 1n, 2n)))
    expect(await metric.compute()).toBe(0.5)
    metric.update(tensor(Int32Array.of(1, 2)), tensor(Int32Array.of(1, 2)))
    expect(await metric.compute()).toBe(4 / 6)
    metric.update([1, 2, 3, 4], BigInt64Array.of(1n, 0n, 0n, 0n))
    expect(await metric.compute()).toBe(5 / 10)
    metric.reset()
    metric.update(tensor(scores), tensor(Int32Array.of(1, 0, 2, 0)))
    expect(await metric.compute()).toBe(1)
    expect(await accuracy(tensor(scores), tensor(Int32Array.of(1, 0, 2, 1))).item()).toBe(0.75)
  })

  it('counts the best k', async () => {
    const targets = tensor(Int32Array.of(0, 1, 1, 1))
    for (const [topK, expected] of [
      [1, 0],
      [2, 0.75],
      [3, 1],
    ]) {
      const metric = new Accuracy({ topK })
      metric.update(tensor(scores), targets)
      expect(await metric.compute()).toBe(expected)
    }
  })

  it('refuses shapes that do not fit', () => {
    const metric = new Accuracy()
    expect(() => metric.update(tensor(scores), tensor(Int32Array.of(1)))).toThrow(/got \[4, 3\] and \[1\]/)
    expect(() => metric.update(tensor(scores), [1, 2, 3, 4])).toThrow(/two tensors or two arrays/)
    expect(() => metric.update([1], [1, 2])).toThrow(/one length, got 1 and 2/)
    expect(() => new Accuracy({ topK: 0 })).toThrow(/at least 1, got 0/)
  })
})

describe('ConfusionMatrix', () => {
  it('counts, scores and prints', async () => {
    const matrix = new ConfusionMatrix(3)
    await matrix.update(tensor(scores), tensor(Int32Array.of(1, 0, 1, 2)))
    await matrix.update([1, 1], [1, 1])
    expect(await matrix.compute()).toEqual([
      [1, 0, 0],
      [0, 3, 1],
      [1, 0, 0],
    ])
    const [a, b, c] = await matrix.scores()
    expect(a).toEqual({ precision: 0.5, recall: 1, f1: 2 / 3, support: 1 })
    expect(b).toEqual({ precision: 1, recall: 0.75, f1: 6 / 7, support: 4 })
    expect(c).toEqual({ precision: 0, recall: 0, f1: 0, support: 1 })
    expect(await matrix.format(['cat', 'dog', 'owl'])).toBe(
      ['     cat  dog  owl', 'cat    1    0    0', 'dog    0    3    1', 'owl    1    0    0'].join('\n'),
    )
    matrix.reset()
    expect((await matrix.compute()).flat()).toEqual(new Array(9).fill(0))
  })

  it('agrees with counting pairs, over many batches', async () => {
    const pairs = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 300 })
    await fc.assert(
      fc.asyncProperty(pairs, async (list) => {
        const matrix = new ConfusionMatrix(4)
        const expected = Array.from({ length: 4 }, () => [0, 0, 0, 0])
        for (const [target, prediction] of list) {
          expected[target][prediction] += 1
          await matrix.update(tensor(Int32Array.of(prediction)), tensor(Int32Array.of(target)))
        }
        expect(await matrix.compute()).toEqual(expected)
      }),
      { numRuns: 10, seed: 1 },
    )
  })

  it('refuses classes it does not have', async () => {
    const matrix = new ConfusionMatrix(2)
    await expect(matrix.update([0, 2], [0, 1])).rejects.toThrow(/from 0 to 1, got 2 at 1/)
    await expect(matrix.update(tensor(scores), tensor(Int32Array.of(0, 0, 0, 0)))).rejects.toThrow(
      /scores \[n, 2\]/,
    )
    expect((await matrix.compute()).flat()).toEqual([0, 0, 0, 0])
  })
})
