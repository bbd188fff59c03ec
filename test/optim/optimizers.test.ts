/**
 * Optimizers, clipping and schedules against PyTorch.
 */

import { describe, expect, it } from 'vitest'
import * as optim from '../../src/optim/index.js'
import { compile } from '../../src/tensor/compile.js'
import { tensor } from '../../src/tensor/creation.js'
import { Parameter } from '../../src/tensor/parameter.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { forEachDevice } from '../helpers/devices.js'
import { expectTensor, type Packed, readGolden, unpack, valuesOf } from '../helpers/goldens.js'
import { toleranceOf } from '../helpers/tolerance.js'

interface Case {
  readonly name: 'SGD' | 'Adam' | 'AdamW' | 'RMSprop'
  readonly options: Record<string, unknown>
  readonly groups: boolean
  readonly after: Packed[][]
  readonly state: Record<string, Record<string, Packed | number>>
}

interface Goldens {
  readonly start: Packed[]
  readonly gradients: (Packed | null)[][]
  readonly cases: Case[]
  readonly schedules: { name: string; options: Record<string, unknown>; lr: number; lrs: number[] }[]
  readonly clips: { normType: number | 'inf'; maxNorm: number; norm: Packed; after: Packed[] }[]
}

const goldens = readGolden<Goldens>('optimizers')
const tolerance = toleranceOf('f32', 'sum')
const fresh = (): Parameter[] => goldens.start.map((p) => new Parameter(unpack(p)))

const byName: Record<string, unknown> = { ...optim }

type Build = new (params: unknown, options: object) => optim.Optimizer

function build({ name, options, groups }: Case, ps: Parameter[]): optim.Optimizer {
  const params = groups
    ? [{ params: ps.slice(0, 1), lr: 0.5, weightDecay: 0.2 }, { params: ps.slice(1) }]
    : ps
  return new (byName[name] as Build)(params, options)
}

const give = (ps: readonly Parameter[], gradients: readonly (Packed | null)[]): void => {
  ps.forEach((p, i) => {
    const g = gradients[i]
    p.grad = g === null ? null : unpack(g)
  })
}

forEachDevice('optimizers follow PyTorch', () => {
  for (const golden of goldens.cases) {
    const title = `${golden.name} ${JSON.stringify(golden.options)}${golden.groups ? ' in groups' : ''}`
    it(title, () => {
      const ps = fresh()
      const optimizer = build(golden, ps)
      goldens.gradients.forEach((gradients, t) => {
        give(ps, gradients)
        optimizer.step()
        ps.forEach((p, i) => {
          expectTensor(p, golden.after[t][i], tolerance, `step ${t} parameter ${i}`)
        })
      })
      const { state } = optimizer.stateDict()
      for (const [number, entries] of Object.entries(golden.state)) {
        for (const [key, expected] of Object.entries(entries)) {
          if (key === 'step' && state[number].step === undefined) continue
          if (typeof expected === 'number') expect(state[number][key].itemSync()).toBe(expected)
          else expectTensor(state[number][key], expected, tolerance, `state ${number} ${key}`)
        }
      }
    })

    it(`${title}: compiled, the same bits`, () => {
      const [a, b] = [fresh(), fresh()]
      const [eager, traced] = [build(golden, a), build(golden, b)]
      const step = compile((gradients: (Tensor | null)[]): void => {
        b.forEach((p, i) => {
          p.grad = gradients[i]
        })
        traced.step()
      })
      goldens.gradients.forEach((gradients, t) => {
        eager.lr = 0.01 * (t + 1)
        traced.lr = 0.01 * (t + 1)
        give(a, gradients)
        eager.step()
        step(gradients.map((g) => (g === null ? null : unpack(g))))
        expect(b.map(valuesOf)).toEqual(a.map(valuesOf))
      })
      // One signature with all gradients, one where the second parameter has none.
      expect(step.stats.compilations).toBe(2)
    })

    it(`${title}: goes on from a state dict`, () => {
      const [a, b] = [fresh(), fresh()]
      const first = build(golden, a)
      goldens.gradients.slice(0, 3).forEach((gradients) => {
        give(a, gradients)
        first.step()
      })
      const second = build(golden, b)
      a.forEach((p, i) => {
        b[i].assign(p.detach())
      })
      second.loadStateDict(first.stateDict())
      goldens.gradients.slice(3).forEach((gradients) => {
        give(b, gradients)
        second.step()
      })
      b.forEach((p, i) => {
        expectTensor(p, golden.after.at(-1)![i], tolerance, `parameter ${i}`)
      })
    })
  }
})

describe('optimizer options', () => {
  it('are numbers to read and set, for one group or all', () => {
    const ps = fresh()
    const optimizer = new optim.AdamW([{ params: [ps[0]], lr: 0.5 }, { params: ps.slice(1) }], { lr: 0.1 })
    expect(optimizer.lr).toBe(0.5)
    expect(optimizer.paramGroups.map((g) => g.lr)).toEqual([0.5, 0.1])
    optimizer.lr = 3e-4
    expect(optimizer.paramGroups.map((g) => g.lr)).toEqual([3e-4, 3e-4])
    optimizer.paramGroups[1].weightDecay = 0.25
    expect(optimizer.paramGroups.map((g) => g.weightDecay)).toEqual([0.01, 0.25])
  })

  it('take effect at the next step', () => {
    const p = new Parameter(tensor([1]))
    const optimizer = new optim.SGD([p], { lr: 0.5 })
    p.grad = tensor([1])
    optimizer.step()
    optimizer.lr = 0.25
    optimizer.step()
    expect(valuesOf(p)).toEqual([0.25])
  })

  it('are checked', () => {
    const ps = fresh()
    expect(() => new optim.SGD(ps, { lr: -1 })).toThrow(/lr to be at least 0, got -1/)
    expect(() => new optim.Adam(ps, { betas: [0.9, 1] })).toThrow(/beta2/)
    expect(() => new optim.SGD(ps, { nesterov: true })).toThrow(/nesterov/)
    expect(() => new optim.SGD([])).toThrow(/at least one parameter/)
    expect(() => new optim.SGD([ps[0], ps[0]])).toThrow(/twice/)
    expect(() => {
      new optim.SGD(ps).lr = Number.NaN
    }).toThrow(/lr/)
  })

  it('zeroGrad forgets gradients and step skips parameters without one', () => {
    const [p, q] = [new Parameter(tensor([1])), new Parameter(tensor([1]))]
    const optimizer = new optim.Adam([p, q], { lr: 0.5, weightDecay: 0.1 })
    p.grad = tensor([1])
    optimizer.step()
    expect(valuesOf(q)).toEqual([1])
    optimizer.zeroGrad()
    expect(p.grad).toBeNull()
    const before = valuesOf(p)
    optimizer.step()
    expect(valuesOf(p)).toEqual(before)
  })

  it('half precision keeps f32 state, double precision f64', () => {
    for (const [dtype, state] of [
      ['bf16', 'f32'],
      ['f16', 'f32'],
      ['f64', 'f64'],
    ] as const) {
      const p = new Parameter(tensor([1, -2, 0.5], { dtype }))
      const optimizer = new optim.AdamW([p], { lr: 0.125, weightDecay: 0, betas: [0.9, 0.999] })
      for (let i = 0; i < 3; i++) {
        p.grad = tensor([1, -1, 0.5], { dtype })
        optimizer.step()
      }
      // A constant gradient moves every element by lr a step, exactly representable here.
      expect(valuesOf(p).map((v) => Math.round(v * 1e5) / 1e5)).toEqual([0.625, -1.625, 0.125])
      expect(p.dtype).toBe(dtype)
      const { exp_avg: expAvg, exp_avg_sq: expAvgSq } = optimizer.stateDict().state[0]
      expect([expAvg.dtype, expAvgSq.dtype]).toEqual([state, state])
      expect(expAvg.dataSync()[0]).toBeCloseTo(1 - 0.9 ** 3, 6)
    }
  })

  it('a state dict of other parameters is refused', () => {
    const optimizer = new optim.Adam(fresh())
    const other = new optim.Adam(fresh().slice(0, 2))
    expect(() => optimizer.loadStateDict(other.stateDict())).toThrow(/groups of \[3\] parameters, got \[2\]/)
  })
})

describe('schedules follow PyTorch', () => {
  for (const { name, options, lr, lrs } of goldens.schedules) {
    it(`${name} ${JSON.stringify(options)}`, () => {
      const optimizer = new optim.SGD([new Parameter(tensor([0]))], { lr })
      const { stepSize, tMax, maxLr, ...rest } = options
      const first = stepSize ?? tMax ?? maxLr
      const Schedule = byName[name] as new (...args: unknown[]) => optim.LRScheduler
      const scheduler =
        first === undefined ? new Schedule(optimizer, rest) : new Schedule(optimizer, first, rest)
      for (const expected of lrs) {
        expect(optimizer.lr).toBeCloseTo(expected, 12)
        scheduler.step()
      }
    })
  }

  it('LinearWarmup rises to the base and falls to zero', () => {
    const optimizer = new optim.SGD([new Parameter(tensor([0]))], { lr: 1 })
    const scheduler = new optim.LinearWarmup(optimizer, 4, { totalSteps: 8 })
    const seen: number[] = []
    for (let i = 0; i < 10; i++) {
      seen.push(optimizer.lr)
      scheduler.step()
    }
    expect(seen).toEqual([0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0, 0])
  })
})

forEachDevice('gradient clipping', () => {
  for (const { normType, maxNorm, norm, after } of goldens.clips) {
    it(`norm ${normType} to ${maxNorm} as PyTorch`, () => {
      const ps = fresh()
      give(ps, goldens.gradients[0])
      const total = optim.clipGradNorm(ps, maxNorm, {
        normType: normType === 'inf' ? Number.POSITIVE_INFINITY : normType,
      })
      expectTensor(total, norm, tolerance, 'norm')
      ps.forEach((p, i) => {
        expectTensor(p.grad, after[i], tolerance, `gradient ${i}`)
      })
    })
  }

  it('by value', () => {
    const p = new Parameter(tensor([0, 0, 0]))
    p.grad = tensor([-3, 0.5, 2])
    optim.clipGradValue([p], 1)
    expect(valuesOf(p.grad!)).toEqual([-1, 0.5, 1])
  })
})
