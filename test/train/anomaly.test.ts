/**
 * The search for the operation that made a NaN: forward, backward, and values that were bad before the step.
 */
import { describe, expect, it } from 'vitest'
import { Linear } from '../../src/nn/linear.js'
import { SGD } from '../../src/optim/sgd.js'
import { tensor } from '../../src/tensor/creation.js'
import { Parameter } from '../../src/tensor/parameter.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { where } from '../../src/tensor/tensor-functions.js'
import { findAnomaly } from '../../src/train/anomaly.js'
import { forEachDevice } from '../helpers/devices.js'

/** The line number of the caller. */
const lineHere = (): number => Number(/:(\d+):\d+\)?$/.exec(new Error().stack!.split('\n')[2])![1])

forEachDevice('findAnomaly', () => {
  it('names the operation, its shapes and the line', () => {
    const x = tensor([1, -1, 4])
    let line = 0
    const found = findAnomaly(
      (input: Tensor) => {
        line = lineHere() + 1
        const root = input.log()
        return root.mul(2).sum()
      },
      [x],
    )!
    expect(found).toMatchObject({ operation: 'log', shape: [3], nanCount: 1, infiniteCount: 0 })
    expect(found.inputs).toEqual([{ shape: [3], dtype: 'f32', name: 'argument 1' }])
    expect(found.line).toMatch(new RegExp(`anomaly\\.test\\.ts:${line}:`))
    expect(found.message).toContain('log of (argument 1 f32 [3])')
  })

  it('finds what only the gradient does, and leaves the state alone', () => {
    const w = new Parameter(tensor([0, 1]))
    const optimizer = new SGD([w], { lr: 0.1 })
    const step = (): Tensor => {
      const loss = w.sqrt().sum()
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      return loss
    }
    const found = findAnomaly(step, [])!
    expect(found.infiniteCount).toBe(1)
    expect(found.operation).toMatch(/div|pow/)
    expect([...w.dataSync()]).toEqual([0, 1])
    expect(w.grad).toBeNull()
  })

  it('takes an infinite value that is masked away for none', () => {
    const x = tensor([0, 2])
    const step = (input: Tensor): Tensor => where(input.gt(0), input.log(), 0).sum()
    expect(findAnomaly(step, [x])).toBeNull()
  })

  it('says so where an argument or a parameter was bad before', () => {
    const model = new Linear(2, 1)
    const step = (x: Tensor): Tensor => model.forward(x).sum()
    const bad = findAnomaly(step, [tensor([[1, Number.NaN]])])!
    expect(bad).toMatchObject({ operation: 'argument', nanCount: 1, line: null })
    expect(bad.message).toContain('argument 1')
    model.weight.assign(tensor([[Number.POSITIVE_INFINITY, 1]]))
    const named = findAnomaly(step, [tensor([[1, 1]])], (cell) => (cell === model.weight ? 'weight' : null))!
    expect(named).toMatchObject({ operation: 'state', infiniteCount: 1 })
    expect(named.message).toContain('weight')
  })
})

describe('findAnomaly', () => {
  it('finds nothing in a step that is well', () => {
    expect(findAnomaly((x: Tensor) => x.exp().sum(), [tensor([1, 2])])).toBeNull()
  })
})
