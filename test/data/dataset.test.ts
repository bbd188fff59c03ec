/**
 * Batches: every sample once an epoch, an order that depends on seed and epoch only, resuming, the last batch, and a
 * loader that leaves the event loop its turns.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Batch } from '../../src/data/batches.js'
import { Dataset } from '../../src/data/dataset.js'
import { LazyDataset } from '../../src/data/lazy-dataset.js'
import { randomSampler, shardSampler, weightedSampler } from '../../src/data/sampler.js'
import { SeededRandom } from '../../src/data/seeded-random.js'
import { tensorDataset } from '../../src/data/tensor-dataset.js'
import { compose, normalize, randomCrop, randomHorizontalFlip, toTensor } from '../../src/data/transforms.js'
import { tensor } from '../../src/tensor/creation.js'

/** Samples whose input and target is their index. */
const counting = (n: number) =>
  new Dataset({
    inputs: Float32Array.from({ length: n }, (_, i) => i),
    targets: Int32Array.from({ length: n }, (_, i) => i),
  })

const indices = (batches: Iterable<Batch>): number[][] =>
  [...batches].map(([, y]) => Array.from(y.dataSync() as BigInt64Array, Number))

async function indicesAsync(batches: AsyncIterable<Batch>): Promise<number[][]> {
  const out: number[][] = []
  for await (const [, y] of batches) out.push(Array.from((await y.data()) as BigInt64Array, Number))
  return out
}

/** Pictures of random bytes. */
function pictures(n: number, [channels, height, width]: [number, number, number]): Dataset {
  const random = new SeededRandom(7)
  const inputs = Uint8Array.from({ length: n * channels * height * width }, () => random.integer(256))
  return new Dataset({ inputs, inputShape: [channels, height, width], targets: new Uint8Array(n) })
}

const x = (batch: Batch): Float32Array => batch[0].dataSync() as Float32Array
const first = (batches: Iterable<Batch>): Batch => [...batches][0]

describe('order', () => {
  it('visits every sample exactly once an epoch', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(70),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: -5, max: 2 ** 40 }),
        fc.nat(3),
        async (n, batchSize, shuffle, dropLast, seed, prefetch) => {
          const options = { shuffle, seed, dropLast, prefetch }
          const batches = counting(n).batches(batchSize, options)
          const lists = await indicesAsync(batches)
          const whole = Math.floor(n / batchSize)
          expect(lists.length).toBe(dropLast ? whole : Math.ceil(n / batchSize))
          expect(batches.length).toBe(lists.length)
          for (const list of lists.slice(0, whole)) expect(list.length).toBe(batchSize)
          const seen = lists.flat()
          expect(new Set(seen).size).toBe(seen.length)
          expect(seen.length).toBe(dropLast ? whole * batchSize : n)
          if (!shuffle) expect(seen).toEqual(seen.map((_, i) => i))
          // The synchronous loop has the same order.
          expect(indices(counting(n).batches(batchSize, options))).toEqual(lists)
        },
      ),
      { numRuns: 60, seed: 1 },
    )
  })

  it('depends on seed and epoch and nothing else', () => {
    const order = (seed: number, epoch: number) => [...randomSampler(100, seed, epoch)].join()
    const all = new Set<string>()
    for (const seed of [0, 1, 2, 2 ** 32, -1]) {
      for (const epoch of [0, 1, 2]) {
        expect(order(seed, epoch)).toBe(order(seed, epoch))
        all.add(order(seed, epoch))
      }
    }
    expect(all.size).toBe(15)
    expect(indices(counting(100).batches(100, { shuffle: true, seed: 3, epoch: 2 }))[0].join()).toBe(
      order(3, 2),
    )
  })

  it('stays what it is: recorded trainings are repeated bit for bit', () => {
    expect([...randomSampler(10, 1, 0)].join()).toMatchInlineSnapshot(`"3,8,9,6,0,1,7,2,4,5"`)
    expect([...randomSampler(10, 1, 1)].join()).toMatchInlineSnapshot(`"4,9,6,7,0,3,1,2,5,8"`)
  })

  it('is uniform: each of the 24 orders of 4 about equally often', () => {
    const counts = new Map<string, number>()
    for (let epoch = 0; epoch < 24_000; epoch++) {
      const key = randomSampler(4, 1, epoch).join()
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    // Chi-squared with 23 degrees of freedom: 49.7 is exceeded once in a thousand.
    let chi = 0
    for (const count of counts.values()) chi += (count - 1000) ** 2 / 1000
    expect(chi).toBeLessThan(49.7)
  })

  it('goes on to the next epoch when iterated again', () => {
    const batches = counting(20).batches(5, { shuffle: true, seed: 1, epoch: 3 })
    const epochs = [indices(batches), indices(batches)]
    expect(epochs[0]).not.toEqual(epochs[1])
    expect(epochs[1]).toEqual(indices(counting(20).batches(5, { shuffle: true, seed: 1, epoch: 4 })))
  })

  it('resumes in the middle of an epoch', async () => {
    const options = { shuffle: true, seed: 1, epoch: 2 }
    const whole = indices(counting(23).batches(4, options))
    for (const startBatch of [0, 1, 5, 6, 9]) {
      const resumed = counting(23).batches(4, { ...options, startBatch })
      expect(await indicesAsync(resumed)).toEqual(whole.slice(startBatch))
      expect((await indicesAsync(resumed)).length).toBe(6)
    }
  })

  it('can be weighted or sharded', () => {
    const weighted = [...weightedSampler([0, 1, 3], 40_000)(3, 1, 0)]
    expect(weighted.includes(0)).toBe(false)
    expect(weighted.filter((i) => i === 2).length / 40_000).toBeCloseTo(0.75, 1)
    const parts = [0, 1, 2].map((rank) => [...shardSampler(randomSampler, rank, 3)(10, 1, 0)])
    expect(parts.map((part) => part.length)).toEqual([4, 4, 4])
    expect([...new Set(parts.flat())].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
})

describe('parts of a data set', () => {
  it('takes, slices, picks and splits without overlap', () => {
    const data = counting(10)
    expect(indices(data.take(3).batches(9))).toEqual([[0, 1, 2]])
    expect(data.take(99).length).toBe(10)
    expect(indices(data.slice(-3).batches(9))).toEqual([[7, 8, 9]])
    expect(indices(data.subset([5, 5, 1]).take(2).batches(9))).toEqual([[5, 5]])
    const [a, b] = data.split([0.7, 0.3], { seed: 1 })
    expect([a.length, b.length]).toEqual([7, 3])
    expect([...indices(a.batches(9)), ...indices(b.batches(9))].flat().sort((p, q) => p - q)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ])
    expect(() => data.subset([10])).toThrow(/from 0 to 9, got 10/)
    expect(() => data.split([6, 6])).toThrow(/at most 10/)
    expect(() => data.batches(0)).toThrow(/at least 1, got 0/)
  })

  it('shuffles and augments a part as its own', () => {
    const part = counting(20).subset([3, 5, 7])
    expect(
      indices(part.batches(2, { shuffle: true, seed: 1 }))
        .flat()
        .sort(),
    ).toEqual([3, 5, 7])
  })

  it('keeps dtypes, and wraps tensors', async () => {
    const data = await tensorDataset(
      tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { dtype: 'i64' },
      ),
      tensor([[0.5], [1.5]]),
    )
    const [inputs, targets] = first(data.batches(2))
    expect([inputs.dtype, inputs.shape, targets.dtype, targets.shape]).toEqual(['i64', [2, 2], 'f32', [2, 1]])
    expect(await targets.data()).toEqual(Float32Array.of(0.5, 1.5))
    const bytes = await tensorDataset(tensor(Uint8Array.of(1, 2)), tensor([1, 2]))
    expect(first(bytes.batches(2))[0].dtype).toBe('u8')
    expect(() => new Dataset({ inputs: new Float32Array(3), targets: new Uint8Array(2) })).toThrow(
      /got 3 and 2/,
    )
  })

  it('gives negative labels as i64', () => {
    const data = new Dataset({ inputs: new Float32Array(2), targets: Int32Array.of(-100, 3) })
    expect(first(data.batches(2))[1].dataSync()).toEqual(BigInt64Array.of(-100n, 3n))
  })
})

describe('pixels and transforms', () => {
  it('normalises each channel, aligned or not', () => {
    for (const shape of [
      [3, 2, 2],
      [3, 3, 5],
    ] as [number, number, number][]) {
      const plain = pictures(4, shape)
      const normal = plain.withNormalization({ mean: [0.1, 0.2, 0.3], std: [0.5, 0.25, 2] })
      const plane = shape[1] * shape[2]
      const [a, b] = [x(first(plain.batches(4))), x(first(normal.batches(4)))]
      const raw = plain.fields.inputs as Uint8Array
      for (let i = 0; i < a.length; i++) {
        const c = Math.floor(i / plane) % 3
        expect(a[i]).toBe(Math.fround(raw[i] / 255))
        const centred = Math.fround(a[i] - Math.fround([0.1, 0.2, 0.3][c]))
        expect(b[i]).toBe(Math.fround(centred / Math.fround([0.5, 0.25, 2][c])))
      }
      const explicit = compose(toTensor(), normalize([0.1, 0.2, 0.3], [0.5, 0.25, 2]))
      expect(x(first(plain.batches(4, { transform: explicit })))).toEqual(b)
      // A transform that makes floats has taken over the data set's normalisation; one that does not has not.
      expect(x(first(normal.batches(4, { transform: explicit })))).toEqual(b)
      expect(x(first(normal.batches(4, { transform: randomHorizontalFlip(0) })))).toEqual(b)
    }
  })

  it('normalises float inputs', () => {
    const data = new Dataset({
      inputs: Float32Array.of(1, 2, 3, 4),
      inputShape: [2, 1, 1],
      targets: new Uint8Array(2),
      normalization: { mean: [1, 2], std: [1, 2] },
    })
    expect([...x(first(data.batches(2)))]).toEqual([0, 0, 2, 1])
    expect([...(data.fields.inputs as Float32Array)]).toEqual([1, 2, 3, 4])
  })

  it('crops a window of the padded picture', () => {
    const data = pictures(40, [2, 5, 6])
    const raw = data.fields.inputs as Uint8Array
    const out = x(first(data.batches(40, { transform: randomCrop([4, 6], { padding: 2 }), seed: 3 })))
    expect(out.length).toBe(40 * 2 * 4 * 6)
    const offsets = new Set<string>()
    for (let n = 0; n < 40; n++) {
      // Exactly one or more of the offsets explain the crop, the same for both channels.
      const fits: string[] = []
      for (let top = -2; top <= 3; top++) {
        for (let left = -2; left <= 2; left++) {
          let same = true
          for (let c = 0; c < 2 && same; c++) {
            for (let y = 0; y < 4 && same; y++) {
              for (let w = 0; w < 6 && same; w++) {
                const [sy, sx] = [y + top, w + left]
                const inside = sy >= 0 && sy < 5 && sx >= 0 && sx < 6
                const wanted = inside ? Math.fround(raw[((n * 2 + c) * 5 + sy) * 6 + sx] / 255) : 0
                same = out[((n * 2 + c) * 4 + y) * 6 + w] === wanted
              }
            }
          }
          if (same) fits.push(`${top},${left}`)
        }
      }
      expect(fits.length).toBeGreaterThan(0)
      offsets.add(fits[0])
    }
    expect(offsets.size).toBeGreaterThan(10)
  })

  it('flips about half', () => {
    const data = pictures(400, [1, 2, 3])
    const raw = data.fields.inputs as Uint8Array
    const out = x(first(data.batches(400, { transform: randomHorizontalFlip(), seed: 5 })))
    let flipped = 0
    for (let n = 0; n < 400; n++) {
      const picture = raw.subarray(n * 6, n * 6 + 6)
      const mirrored = [2, 1, 0, 5, 4, 3].map((i) => Math.fround(picture[i] / 255))
      const got = [...out.subarray(n * 6, n * 6 + 6)]
      if (String(got) === String(mirrored)) flipped += 1
      else expect(got).toEqual([...picture].map((byte) => Math.fround(byte / 255)))
    }
    expect(flipped).toBeGreaterThan(160)
    expect(flipped).toBeLessThan(240)
  })

  it('does the same to a sample whatever the batch size, order or start', () => {
    const data = pictures(12, [1, 8, 8])
    const transform = compose(randomCrop(8, { padding: 3 }), randomHorizontalFlip())
    const rows = (batches: Iterable<Batch>) => [...batches].flatMap((batch) => [...x(batch)])
    const whole = rows(data.batches(12, { transform, seed: 4 }))
    expect(rows(data.batches(5, { transform, seed: 4 }))).toEqual(whole)
    expect(rows(data.batches(5, { transform, seed: 4, startBatch: 1 }))).toEqual(whole.slice(5 * 64))
    expect(rows(data.batches(12, { transform, seed: 4, epoch: 1 }))).not.toEqual(whole)
  })

  it('refuses what does not fit', () => {
    const data = pictures(2, [1, 4, 4])
    expect(() => first(data.batches(2, { transform: randomCrop(9) }))).toThrow(
      /at least 9×9 with padding 0, got 4×4/,
    )
    expect(() => first(data.withNormalization({ mean: [0, 0], std: 1 }).batches(2))).toThrow(/each channel/)
    let calls = 0
    const ragged = data.batches(2, {
      transform: (s) => ({ data: s.data.subarray(0, ++calls), shape: [calls] }),
    })
    expect(() => first(ragged)).toThrow(/one shape, got \[2\]/)
  })
})

describe('the event loop', () => {
  // Tried again where the machine, not the loader, kept the process waiting.
  it('gets a turn at least every 10 ms', { retry: 3 }, async () => {
    let [last, longest] = [performance.now(), 0]
    const ticker = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 1)
    const busy = (ms: number) => {
      const end = performance.now() + ms
      while (performance.now() < end);
    }
    let turns = 0
    const immediate = () => {
      turns += 1
      handle = setImmediate(immediate)
    }
    let handle = setImmediate(immediate)
    for await (const _ of counting(100).batches(1)) busy(3)
    clearInterval(ticker)
    clearImmediate(handle)
    // 300 ms of work in steps of 3 ms: a turn after every fourth step at the latest.
    expect(turns).toBeGreaterThanOrEqual(24)
    expect(longest).toBeLessThan(100)
  })

  it('prepares ahead while the caller waits, and not further than asked', async () => {
    let prepared = 0
    const data = pictures(8, [1, 2, 2])
    const transform = (sample: Parameters<ReturnType<typeof toTensor>>[0]) => {
      prepared += 1
      return sample
    }
    for (const prefetch of [0, 1, 3]) {
      prepared = 0
      const iterator = data.batches(1, { transform, prefetch })[Symbol.asyncIterator]()
      await iterator.next()
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(prepared).toBe(1 + prefetch)
      await iterator.return?.()
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(prepared).toBe(1 + prefetch)
      expect((await iterator.next()).done).toBe(true)
    }
  })

  it('throws an error of a batch made ahead when its turn comes', async () => {
    let calls = 0
    const batches = pictures(3, [1, 2, 2]).batches(1, {
      transform: (sample) => {
        calls += 1
        if (calls === 2) throw new RangeError('second')
        return sample
      },
    })
    const iterator = batches[Symbol.asyncIterator]()
    expect((await iterator.next()).done).toBe(false)
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(calls).toBe(2)
    await expect(iterator.next()).rejects.toThrow('second')
    expect((await iterator.next()).done).toBe(true)
  })

  it('ends cleanly when the caller breaks off', async () => {
    for await (const [inputs] of counting(10).batches(2)) {
      expect(inputs.shape).toEqual([2])
      break
    }
  })
})

describe('a lazy data set', () => {
  it('loads once, at first use, and counts epochs', async () => {
    let loads = 0
    const lazy = new LazyDataset(async () => {
      loads += 1
      return counting(6)
    })
    const batches = lazy.batches(6, { shuffle: true, seed: 1 })
    expect(loads).toBe(0)
    const epochs = [await indicesAsync(batches), await indicesAsync(batches)]
    expect(loads).toBe(1)
    expect(epochs[0]).not.toEqual(epochs[1])
  })

  it('tries again after a failure', async () => {
    let loads = 0
    const lazy = new LazyDataset(async () => {
      loads += 1
      if (loads === 1) throw new Error('no network')
      return counting(1)
    })
    await expect(lazy.load()).rejects.toThrow('no network')
    expect((await lazy.load()).length).toBe(1)
  })
})
