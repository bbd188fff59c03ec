/** Functionals on tensors: what goldens of the node level do not reach: options, random forms, errors. */
import { describe, expect, it } from 'vitest'
import { ShapeError, ValueError } from '../../src/core/errors.js'
import * as F from '../../src/functional.js'
import { full, ones, tensor, zeros } from '../../src/tensor/creation.js'
import { Generator } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { forEachDevice } from '../helpers/devices.js'

const image = (): Tensor =>
  tensor([
    [
      [
        [1, 5, 2, 0],
        [3, 4, 1, 9],
        [0, 0, 7, 1],
        [2, 6, 1, 8],
      ],
    ],
  ])

forEachDevice('functionals', () => {
  // Direct, images in lanes, by tiles, depthwise.
  it.each([
    [2, 4, 8, 1],
    [16, 4, 8, 1],
    [2, 32, 32, 1],
    [2, 8, 8, 8],
  ])(
    'a NaN in a tap reaches every output whose window has it inside: %i × %i → %i, %i groups',
    async (...sizes) => {
      const [images, channels, outputs, groups] = sizes
      const taps = new Float32Array((outputs * channels * 9) / groups).fill(1)
      taps[0] = Number.NaN // tap (0, 0) of the first output channel
      const w = tensor(taps, { shape: [outputs, channels / groups, 3, 3] })
      const y = F.conv2d(ones([images, channels, 8, 8]), w, null, { padding: 1, groups })
      const values = await y.data()
      for (let n = 0; n < images; n++)
        for (let row = 1; row < 8; row++)
          for (let column = 1; column < 8; column++)
            expect(values[n * outputs * 64 + row * 8 + column]).toBeNaN()
    },
  )

  it('max pooling returns indices that unpooling takes', async () => {
    const [values, indices] = F.maxPool2d(image(), 2, { returnIndices: true })
    expect(await values.toArray()).toEqual([
      [
        [
          [5, 9],
          [6, 8],
        ],
      ],
    ])
    expect(indices.dtype).toBe('i64')
    expect(await indices.to('i32').toArray()).toEqual([
      [
        [
          [1, 7],
          [13, 15],
        ],
      ],
    ])
    const back = F.maxUnpool2d(values, indices, 2)
    expect(await back.toArray()).toEqual([
      [
        [
          [0, 5, 0, 0],
          [0, 0, 0, 9],
          [0, 0, 0, 0],
          [0, 6, 0, 8],
        ],
      ],
    ])
    const [most, where] = F.adaptiveMaxPool2d(image(), 1, { returnIndices: true })
    expect([await most.item(), await where.item()]).toEqual([9, 7])
    expect(F.adaptiveMaxPool2d(image(), 1).shape).toEqual([1, 1, 1, 1])
  })

  it('dropout drops elements, channels, and moves to the limit of SELU', async () => {
    const generator = new Generator(3)
    const x = ones([4, 50, 10])
    const elements = [...(await F.dropout(x, 0.3, true, generator).data())].map(Number)
    const kept = elements.filter((v) => v !== 0)
    expect(kept.every((v) => Math.abs(v - 1 / 0.7) < 1e-6)).toBe(true)
    expect(Math.abs(kept.length / elements.length - 0.7)).toBeLessThan(0.04)
    const channels = (await F.dropout1d(x, 0.5, true, generator).sum(-1).data()) as Float32Array
    expect([...channels].every((v) => v === 0 || v === 20)).toBe(true)
    expect(new Set(channels).size).toBe(2)
    expect(
      await F.dropout2d(ones([3, 2, 2]), 1, true, generator)
        .sum()
        .item(),
    ).toBe(0)
    expect(F.dropout3d(x.unsqueeze(-1), 0.5, false)).toBeDefined()
    const normal = zeros([20000])
    const alpha = await F.alphaDropout(normal, 0.2, true, generator).data()
    const distinct = [...new Set([...alpha].map((v) => Number(v).toFixed(5)))]
    // a·0 + c for the kept, a·(−λα) + c for the dropped: mean 0 by construction of a and c for inputs of variance 1.
    expect(distinct).toHaveLength(2)
    expect(() => F.dropout(x, -0.1)).toThrow(ValueError)
    expect(() => F.dropout2d(ones([2, 3]))).toThrow(ShapeError)
  })

  it('alpha dropout keeps mean 0 and variance 1', async () => {
    const generator = new Generator(11)
    const x = tensor(Float32Array.from({ length: 40000 }, (_, i) => (i % 2 === 0 ? 1 : -1)))
    const y = F.alphaDropout(x, 0.3, true, generator)
    expect(Math.abs(await y.mean().item())).toBeLessThan(0.03)
    expect(Math.abs((await y.std().item()) - 1)).toBeLessThan(0.03)
  })

  it('rrelu draws slopes between its bounds in training', async () => {
    const y = [...(await F.rrelu(full([1000], -1), { training: true, generator: new Generator(1) }).data())]
    expect(Math.min(...y.map(Number))).toBeGreaterThanOrEqual(-1 / 3)
    expect(Math.max(...y.map(Number))).toBeLessThanOrEqual(-1 / 8)
    expect(new Set(y).size).toBeGreaterThan(900)
    expect(await F.rrelu(tensor([-24, 24])).toArray()).toEqual([-5.5, 24])
  })

  it('gumbelSoftmax samples the categories of its logits, with gradients also when hard', async () => {
    const generator = new Generator(5)
    const logits = tensor([Math.log(0.1), Math.log(0.2), Math.log(0.7)]).expand([20000, 3])
    const hard = F.gumbelSoftmax(logits, { hard: true, generator })
    const shares = [...(await hard.mean(0).data())].map(Number)
    for (const [i, p] of [0.1, 0.2, 0.7].entries()) expect(Math.abs(shares[i] - p)).toBeLessThan(0.015)
    const leaf = tensor([[0.1, 0.5, -0.2]], { requiresGrad: true })
    F.gumbelSoftmax(leaf, { hard: true, generator })
      .mul(tensor([1, 2, 3]))
      .sum()
      .backward()
    const g = [...(await leaf.grad!.data())].map(Number)
    expect(g.some((v) => v !== 0)).toBe(true)
    expect(Math.abs(g[0] + g[1] + g[2])).toBeLessThan(1e-5)
    const soft = F.gumbelSoftmax(leaf, { tau: 0.5, generator })
    expect(await soft.sum().item()).toBeCloseTo(1, 5)
  })

  it('ctcLoss takes concatenated targets and single examples', async () => {
    const lp = F.logSoftmax(
      tensor(
        Array.from({ length: 4 }, (_, t) => [
          [t, 1, 0],
          [0, t, 2],
        ]),
      ),
      2,
    )
    const rows = tensor(
      [
        [1, 2],
        [2, 0],
      ],
      { dtype: 'i64' },
    )
    const both = F.ctcLoss(lp, rows, [4, 4], [2, 1], { reduction: 'none' })
    const joined = F.ctcLoss(lp, tensor([1, 2, 2], { dtype: 'i64' }), [4, 4], [2, 1], { reduction: 'none' })
    expect(await joined.toArray()).toEqual(await both.toArray())
    const single = F.ctcLoss(lp.select(1, 0), tensor([1, 2], { dtype: 'i64' }), 4, 2, { reduction: 'none' })
    expect(single.shape).toEqual([])
    expect(await single.item()).toBe(await both.select(0, 0).item())
    expect(() =>
      F.ctcLoss(lp, tensor([1, 2, 2], { dtype: 'i64' }), [4, 4], tensor([2, 1], { dtype: 'i64' })),
    ).toThrow(/array of numbers/)
  })
})

describe('bad input of functionals', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['sizes', () => F.interpolate(image(), {}), /either size or scaleFactor, got neither/],
    ['mode', () => F.interpolate(image(), { size: 2, mode: 'cubic' as never }), /expected mode nearest/],
    ['rank', () => F.interpolate(image(), { size: 2, mode: 'linear' }), /'linear' takes an input of rank 3/],
    [
      'corners',
      () => F.interpolate(image(), { size: 2, alignCorners: true }),
      /alignCorners goes with linear/,
    ],
    [
      'grid',
      () => F.gridSample(image(), zeros([1, 2, 2, 3])),
      /gridSample: expected an input \(N, C, H, W\)/,
    ],
    [
      'volume',
      () => F.gridSample(zeros([1, 1, 2, 2, 2]), zeros([1, 1, 1, 1, 3]), { mode: 'bicubic' }),
      /bicubic/,
    ],
    ['theta', () => F.affineGrid(zeros([1, 3, 3]), [1, 1, 2, 2]), /needs theta of shape \[1, 2, 3\]/],
    ['columns', () => F.fold(zeros([1, 5, 4]), 3, 2), /fold: an output of \[3, 3\]/],
    ['shuffle', () => F.pixelShuffle(zeros([1, 3, 2, 2]), 2), /3 channels/],
    ['groups', () => F.channelShuffle(zeros([1, 3, 2]), 2), /do not divide into 2/],
    ['unpool', () => F.maxUnpool2d(zeros([1, 1, 2, 2]), zeros([1, 1, 2]), 2), /indices of the input's shape/],
    ['norm', () => F.lpPool2d(image(), 0, 2), /expected a norm above 0/],
    ['bags', () => F.embeddingBag(tensor([1], { dtype: 'i64' }), zeros([2, 2])), /offsets/],
    [
      'weights',
      () =>
        F.embeddingBag(tensor([[1]], { dtype: 'i64' }), zeros([2, 2]), null, {
          perSampleWeights: ones([1, 1]),
        }),
      /'sum'/,
    ],
    [
      'blank',
      () => F.ctcLoss(zeros([2, 1, 3]), tensor([[1]], { dtype: 'i64' }), [2], [1], { blank: 3 }),
      /blank/,
    ],
    [
      'margin',
      () => F.multiMarginLoss(zeros([2, 3]), tensor([0], { dtype: 'i64' })),
      /class indices of shape \[2\]/,
    ],
    ['variance', () => F.gaussianNllLoss(zeros([2, 3]), zeros([2, 3]), zeros([3])), /variance of shape/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})
