/**
 * Initialisers by their distributions: bounds, mean, standard deviation; and each layer's default.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import * as init from '../../src/init/index.js'
import * as nn from '../../src/nn/index.js'
import { zeros } from '../../src/tensor/creation.js'
import { Generator, manualSeed } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { valuesOf } from '../helpers/goldens.js'

beforeEach(() => {
  manualSeed(7)
})

function statistics(t: Tensor): { mean: number; std: number; min: number; max: number } {
  const values = valuesOf(t)
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length)
  return { mean, std, min: Math.min(...values), max: Math.max(...values) }
}

/** Samples of U(-bound, bound): inside, nearly touching both ends, with the right spread. */
function expectUniform(t: Tensor, bound: number): void {
  const { mean, std, min, max } = statistics(t)
  expect(min).toBeGreaterThanOrEqual(-bound * (1 + 1e-6))
  expect(max).toBeLessThanOrEqual(bound * (1 + 1e-6))
  expect(max - min).toBeGreaterThan(1.9 * bound)
  expect(Math.abs(mean)).toBeLessThan((5 * bound) / Math.sqrt(3 * t.size))
  expect(std / (bound / Math.sqrt(3))).toBeGreaterThan(0.93)
  expect(std / (bound / Math.sqrt(3))).toBeLessThan(1.07)
}

function expectNormal(t: Tensor, mean: number, std: number): void {
  const got = statistics(t)
  expect(Math.abs(got.mean - mean)).toBeLessThan((5 * std) / Math.sqrt(t.size))
  expect(Math.abs(got.std / std - 1)).toBeLessThan(5 / Math.sqrt(2 * t.size))
}

describe('initialisers', () => {
  it('uniform, normal, constant, zeros, ones', () => {
    const t = zeros([40, 50])
    expectUniform(init.uniform(t, -3, 3), 3)
    expectNormal(init.normal(t, 2, 0.5), 2, 0.5)
    expect(new Set(valuesOf(init.constant(t, 4)))).toEqual(new Set([4]))
    expect(new Set(valuesOf(init.zeros(t)))).toEqual(new Set([0]))
    expect(new Set(valuesOf(init.ones(t)))).toEqual(new Set([1]))
  })

  it('Kaiming and Xavier', () => {
    const t = zeros([20, 10, 3, 3])
    expect(init.calculateFan(t.shape)).toEqual({ fanIn: 90, fanOut: 180 })
    expectUniform(init.kaimingUniform(t), Math.sqrt(6 / 90))
    expectUniform(
      init.kaimingUniform(t, { mode: 'fanOut', nonlinearity: 'tanh' }),
      (5 / 3) * Math.sqrt(3 / 180),
    )
    expectNormal(init.kaimingNormal(t, { a: 1 }), 0, Math.sqrt(1 / 90))
    expectUniform(init.xavierUniform(t, 2), 2 * Math.sqrt(6 / 270))
    expectNormal(init.xavierNormal(t), 0, Math.sqrt(2 / 270))
    expect(() => init.kaimingUniform(zeros([3]))).toThrow(/two or more axes/)
  })

  it('truncated normal stays inside and keeps its shape', () => {
    const t = init.truncNormal(zeros([4000]), 1, 2, -1, 3)
    const { mean, std, min, max } = statistics(t)
    expect(min).toBeGreaterThanOrEqual(-1)
    expect(max).toBeLessThanOrEqual(3)
    expect(Math.abs(mean - 1)).toBeLessThan(0.1)
    // A normal cut at one deviation has 0.5396 of its deviation left.
    expect(Math.abs(std / (2 * 0.5396) - 1)).toBeLessThan(0.06)
    const tails = statistics(init.truncNormal(zeros([4000]), 0, 1, -4, 4))
    expect(Math.abs(tails.std - 1)).toBeLessThan(0.06)
  })

  it('gains', () => {
    expect(init.calculateGain('relu')).toBeCloseTo(Math.SQRT2)
    expect(init.calculateGain('leakyRelu', 1)).toBeCloseTo(1)
    expect(init.calculateGain('tanh')).toBeCloseTo(5 / 3)
  })

  it('a generator gives the same values again', () => {
    const draw = (): number[] => valuesOf(init.normal(zeros([5]), 0, 1, { generator: new Generator(3) }))
    expect(draw()).toEqual(draw())
    expect(valuesOf(init.normal(zeros([5])))).not.toEqual(valuesOf(init.normal(zeros([5]))))
  })
})

describe('default initial values', () => {
  it('Linear and convolutions: U(-1/√fanIn, 1/√fanIn)', () => {
    const linear = new nn.Linear(100, 400)
    expectUniform(linear.weight, 0.1)
    expectUniform(linear.bias!, 0.1)
    const conv = new nn.Conv2d(16, 400, 3, { groups: 4 })
    expectUniform(conv.weight, 1 / 6)
    expectUniform(conv.bias!, 1 / 6)
  })

  it('Embedding: N(0, 1) with a blank padding row', () => {
    const layer = new nn.Embedding(300, 10, { paddingIdx: -1 })
    expectNormal(layer.weight.narrow(0, 0, 299), 0, 1)
    expect(valuesOf(layer.weight.select(0, 299))).toEqual(new Array(10).fill(0))
  })

  it('recurrent layers: U(-1/√H, 1/√H) in all weights', () => {
    const lstm = new nn.LSTM(30, 25)
    for (const [, p] of lstm.namedParameters()) if (p.size > 500) expectUniform(p, 0.2)
  })

  it('attention: Xavier uniform, zero biases', () => {
    const attention = new nn.MultiheadAttention(32, 4)
    expectUniform(attention.inProjWeight!, Math.sqrt(6 / 128))
    expectUniform(attention.outProj.weight, 1 / Math.sqrt(32))
    expect(new Set(valuesOf(attention.inProjBias!))).toEqual(new Set([0]))
    expect(new Set(valuesOf(attention.outProj.bias!))).toEqual(new Set([0]))
  })

  it('norms: ones and zeros', () => {
    const norm = new nn.BatchNorm2d(3)
    expect(valuesOf(norm.weight!)).toEqual([1, 1, 1])
    expect(valuesOf(norm.bias!)).toEqual([0, 0, 0])
    expect(valuesOf(norm.runningVar!)).toEqual([1, 1, 1])
  })

  it('dropout drops the right share in training and nothing in evaluation', () => {
    const layer = new nn.Dropout(0.25)
    const x = zeros([4000]).add(1)
    const values = valuesOf(layer.forward(x))
    const kept = values.filter((v) => v !== 0)
    expect(Math.abs(kept.length / 4000 - 0.75)).toBeLessThan(0.035)
    for (const v of kept) expect(v).toBeCloseTo(4 / 3, 5)
    expect(valuesOf(layer.forward(x))).not.toEqual(values)
    layer.eval()
    expect(new Set(valuesOf(layer.forward(x)))).toEqual(new Set([1]))
  })
})
