/**
 * Every loss against PyTorch: values for each reduction, and gradients.
 */

import { describe, expect, it } from 'vitest'
import * as losses from '../../src/losses/index.js'
import { tensor, zeros } from '../../src/tensor/creation.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { forEachDevice } from '../helpers/devices.js'
import { expectTensor, type Packed, readGolden, unpack } from '../helpers/goldens.js'
import { toleranceOf } from '../helpers/tolerance.js'

interface Case {
  readonly name: keyof typeof losses
  readonly options: Record<string, unknown>
  readonly inputs: Packed[]
  readonly tensorOptions: Record<string, Packed>
  readonly differentiable: number
  readonly output: Packed
  readonly cotangent: Packed
  readonly gradients: Packed[]
}

const byName: Record<string, unknown> = { ...losses }

type Loss = (prediction: Tensor, target: Tensor, options: object) => Tensor

forEachDevice('losses agree with PyTorch', () => {
  readGolden<Case[]>('losses').forEach((golden, number) => {
    const { name, options, differentiable } = golden
    it(`${name} ${JSON.stringify(options)} (${number})`, () => {
      const inputs = golden.inputs.map((x, i) => unpack(x, { requiresGrad: i < differentiable }))
      const all: Record<string, unknown> = { ...options }
      for (const [key, value] of Object.entries(golden.tensorOptions)) {
        all[key === 'pos_weight' ? 'posWeight' : key] = unpack(value)
      }
      const out = (byName[name] as Loss)(inputs[0], inputs[1], all)
      if (differentiable > 0) out.mul(unpack(golden.cotangent)).sum().backward()
      const tolerance = toleranceOf('f32', 'sum')
      expectTensor(out, golden.output, tolerance, 'value')
      golden.gradients.forEach((g, i) => {
        expectTensor(inputs[i].grad, g, tolerance, `gradient ${i}`)
      })
    })
  })

  it('refuses shapes that would broadcast', () => {
    expect(() => losses.mseLoss(zeros([4, 1]), zeros([4]))).toThrow(/mseLoss: .*\[4, 1\] and \[4\]/)
    expect(() => losses.bceWithLogits(zeros([4, 1]), zeros([4]))).toThrow(
      /bceWithLogits: .*\[4, 1\] and \[4\]/,
    )
  })
})

describe('losses as modules', () => {
  it('give what the functions give', () => {
    const [x, y] = [tensor([[0.5, -1]]), tensor([[1, 3]])]
    expect(new losses.MSELoss().forward(x, y).itemSync()).toBe(losses.mseLoss(x, y).itemSync())
    expect(new losses.L1Loss({ reduction: 'sum' }).forward(x, y).itemSync()).toBeCloseTo(4.5, 6)
    expect(new losses.HuberLoss({ delta: 0.5 }).forward(x, y).itemSync()).toBeCloseTo((0.125 + 1.875) / 2, 6)
    const labels = tensor([1], { dtype: 'i32' })
    const smooth = { labelSmoothing: 0.1 }
    const loss = new losses.CrossEntropyLoss(smooth)
    expect(loss.forward(x, labels).itemSync()).toBe(losses.crossEntropy(x, labels, smooth).itemSync())
    expect(Object.keys(new losses.CrossEntropyLoss({ weight: y }).stateDict())).toEqual([])
  })
})
