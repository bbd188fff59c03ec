import { describe, expect, it } from 'vitest'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { isWinograd, tapRows, transformedTaps } from '../../src/schedule/winograd.js'
import { seeded } from '../helpers/random.js'
import { runGraph } from '../helpers/run-graph.js'

const attributes = {
  stride: [1, 1],
  padding: [
    [1, 1],
    [1, 1],
  ] as [number, number][],
  dilation: [1, 1],
  inputDilation: [1, 1],
  groups: 1,
}

const conv = (
  image: number[],
  taps: number[],
  other: Partial<Parameters<typeof b.conv>[2]> = {},
  dtype: 'f32' | 'f64' = 'f32',
): Node => b.conv(b.placeholder(image, dtype), b.placeholder(taps, dtype), { ...attributes, ...other })

describe('isWinograd', () => {
  it('takes the layers of ResNet-18 that have stride 1', () => {
    for (const [channels, size] of [
      [64, 32],
      [128, 16],
      [256, 8],
      [512, 4],
    ]) {
      expect(isWinograd(conv([32, channels, size, size], [channels, channels, 3, 3]))).toBe(true)
    }
  })

  it('takes nothing else, and not where the transforms would cost more than they save', () => {
    const [image, taps] = [
      [8, 32, 32, 32],
      [32, 32, 3, 3],
    ]
    expect(isWinograd(conv(image, taps))).toBe(true)
    expect(isWinograd(conv(image, [32, 32, 5, 5]))).toBe(false)
    expect(isWinograd(conv(image, taps, { stride: [2, 2] }))).toBe(false)
    expect(isWinograd(conv(image, taps, { dilation: [2, 2] }))).toBe(false)
    expect(isWinograd(conv(image, taps, { inputDilation: [1, 2] }))).toBe(false)
    expect(isWinograd(conv(image, [32, 16, 3, 3], { groups: 2 }))).toBe(false)
    expect(isWinograd(conv(image, taps, {}, 'f64'))).toBe(false)
    const negative: [number, number][] = [
      [-1, 1],
      [1, 1],
    ]
    expect(isWinograd(conv(image, taps, { padding: negative }))).toBe(false)
    expect(isWinograd(conv([8, 8, 32, 32], [32, 8, 3, 3]))).toBe(false)
    // One tile and a quarter of a million pairs of channels: the taps' transform is all the work.
    expect(isWinograd(conv([1, 512, 4, 4], [512, 512, 3, 3]))).toBe(false)
  })
})

it('transforms taps to G g Gᵀ, in panels of output channels', () => {
  const [outChannels, channels, panel] = [5, 3, 4]
  const random = seeded(1)
  const values = Array.from({ length: outChannels * channels * 9 }, () => random.uniform(-1, 1))
  const w = b.placeholder([outChannels, channels, 3, 3], 'f64')
  const [got] = runGraph([transformedTaps(w, panel)], [w], [values])
  expect(got.length).toBe(2 * 36 * channels * panel)
  for (let o = 0; o < 8; o++) {
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < 6; i++) {
        for (let j = 0; j < 6; j++) {
          let expected = 0
          for (let p = 0; p < 3; p++) {
            for (let q = 0; q < 3; q++) {
              const g = o < outChannels ? values[((o * channels + c) * 3 + p) * 3 + q] : 0
              expected += tapRows[i][p] * g * tapRows[j][q]
            }
          }
          const at = ((Math.floor(o / panel) * 36 + i * 6 + j) * channels + c) * panel + (o % panel)
          expect(got[at]).toBeCloseTo(expected, 12)
        }
      }
    }
  }
})
