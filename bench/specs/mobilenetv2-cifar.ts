// MobileNetV2 (Sandler et al., 2018) with the CIFAR stem (stride 1, and stride 1 in the second stage), on a batch of 32
// images 3×32×32.
import { conv2d, labels, linear, type NamedArrays, normal, normalization } from '../data/named-array.js'
import type { ModelSpec } from './spec.js'

/** One inverted residual: 1×1 to `hidden`, 3×3 depthwise, 1×1 to `outputs`; added to its input where shapes agree. */
export interface InvertedResidual {
  readonly inputs: number
  readonly hidden: number
  readonly outputs: number
  readonly stride: number
}

/** Expansion, outputs, blocks, stride of each stage. */
const stages: readonly (readonly [number, number, number, number])[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 1],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
]

function blocksOf(): InvertedResidual[] {
  let inputs = 32
  return stages.flatMap(([expansion, outputs, count, first]) =>
    Array.from({ length: count }, (_, i) => {
      const block = { inputs, hidden: inputs * expansion, outputs, stride: i === 0 ? first : 1 }
      inputs = outputs
      return block
    }),
  )
}

export const invertedResiduals: readonly InvertedResidual[] = blocksOf()

export const mobilenetv2Cifar: ModelSpec = {
  name: 'mobilenetv2-cifar',
  description: 'MobileNetV2 with the CIFAR stem on 3×32×32, batch 32',
  // Small, because errors of rounding grow through its 52 normalisations: at 1e-4 PyTorch in f32 and in f64 differ by
  // 3e-4 after five steps.
  learningRate: 0.00001,
  arrays: (random) => {
    const parameters: NamedArrays = {}
    const add = (name: string, inputs: number, outputs: number, kernel: number): void => {
      Object.assign(parameters, conv2d(random, `${name}.conv`, inputs, outputs, kernel, false))
      Object.assign(parameters, normalization(`${name}.norm`, outputs))
    }
    add('stem', 3, 32, 3)
    invertedResiduals.forEach(({ inputs, hidden, outputs }, i) => {
      if (hidden !== inputs) add(`blocks.${i}.expand`, inputs, hidden, 1)
      add(`blocks.${i}.depthwise`, 1, hidden, 3)
      add(`blocks.${i}.project`, hidden, outputs, 1)
    })
    add('head', 320, 1280, 1)
    Object.assign(parameters, linear(random, 'fc', 1280, 10))
    return { parameters, inputs: { x: normal(random, [32, 3, 32, 32]), y: labels(random, 32, 10) } }
  },
}
