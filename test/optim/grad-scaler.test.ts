/** Automatic mixed precision: what runs in which type, and trainings in f16 with loss scaling. */
import { describe, expect, it } from 'vitest'
import { ValueError } from '../../src/core/errors.js'
import { bceWithLogits } from '../../src/losses/bce-with-logits.js'
import { binaryCrossEntropy } from '../../src/losses/binary-cross-entropy.js'
import { crossEntropy } from '../../src/losses/cross-entropy.js'
import { mseLoss } from '../../src/losses/mse-loss.js'
import * as nn from '../../src/nn/index.js'
import { AdamW, clipGradNorm, GradScaler, SGD } from '../../src/optim/index.js'
import { autocast, getAutocastDtype, isAutocastEnabled } from '../../src/tensor/autocast.js'
import { compile } from '../../src/tensor/compile.js'
import { ones, tensor, zeros } from '../../src/tensor/creation.js'
import * as F from '../../src/tensor/functional.js'
import { Parameter } from '../../src/tensor/parameter.js'
import { Generator, manualSeed } from '../../src/tensor/random.js'
import { rand } from '../../src/tensor/random-tensors.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { einsum } from '../../src/tensor/tensor-functions.js'
import { forEachDevice } from '../helpers/devices.js'

describe('autocast', () => {
  it("follows PyTorch's lists", () => {
    const x = ones([2, 3])
    const h = x.to('f16')
    const image = ones([1, 2, 4, 4])
    const kernel = ones([3, 2, 2, 2])
    for (const dtype of ['f16', 'bf16'] as const) {
      const low: Record<string, Tensor> = autocast({ dtype }, () => ({
        matmul: x.matmul(x.transpose(0, 1)),
        mixed: x.matmul(h.transpose(0, 1)),
        linear: F.linear(x, ones([4, 3]), ones([4])),
        conv2d: F.conv2d(image, kernel, ones([3])),
        convTranspose2d: F.convTranspose2d(image, ones([2, 3, 2, 2])),
        einsum: einsum('ij,kj->ik', x, x),
        attention: F.scaledDotProductAttention(image, image, image),
        prelu: F.prelu(x, ones([1])),
      }))
      for (const [name, t] of Object.entries(low)) expect(t.dtype, name).toBe(dtype)
    }
    const full: Record<string, Tensor> = autocast({}, () => ({
      softmax: h.softmax(-1),
      logSoftmax: h.logSoftmax(-1),
      sum: h.sum(),
      prod: h.prod(),
      cumsum: h.cumsum(0),
      exp: h.exp(),
      log: h.log(),
      pow: h.pow(2),
      rsqrt: h.rsqrt(),
      norm: h.norm(),
      layerNorm: F.layerNorm(h, 3),
      groupNorm: F.groupNorm(image.to('f16'), 2),
      normalize: F.normalize(h),
      softplus: F.softplus(h),
      mse: mseLoss(h, h),
      crossEntropy: crossEntropy(h, tensor([0, 1], { dtype: 'i64' })),
      bceWithLogits: bceWithLogits(h, h),
      promoted: h.add(x),
    }))
    for (const [name, t] of Object.entries(full)) expect(t.dtype, name).toBe('f32')
    const kept = autocast({}, () => [h.relu(), h.add(h), h.mul(2), F.maxPool2d(image.to('f16'), 2)])
    for (const t of kept) expect(t.dtype).toBe('f16')
    const wide = x.to('f64')
    expect(autocast({}, () => wide.matmul(wide.transpose(0, 1))).dtype).toBe('f64')
    expect(x.matmul(x.transpose(0, 1)).dtype).toBe('f32')
  })

  it('is a state that ends with the function, and can be switched off inside', () => {
    expect([isAutocastEnabled(), getAutocastDtype()]).toEqual([false, null])
    autocast({ dtype: 'bf16' }, () => {
      expect([isAutocastEnabled(), getAutocastDtype()]).toEqual([true, 'bf16'])
      autocast({ enabled: false }, () => expect(isAutocastEnabled()).toBe(false))
      expect(() =>
        autocast({}, () => {
          throw new Error('inside')
        }),
      ).toThrow('inside')
      expect(getAutocastDtype()).toBe('bf16')
    })
    expect(isAutocastEnabled()).toBe(false)
    expect(() => autocast({ dtype: 'f32' as never }, () => 1)).toThrow(/'f16' or 'bf16', got 'f32'/)
    expect(() => autocast({}, undefined as never)).toThrow(/expected a function/)
    expect(() => autocast({}, () => binaryCrossEntropy(ones([1]), ones([1])))).toThrow(/bceWithLogits/)
  })

  it('is part of the signature of a compiled step', () => {
    const step = compile((x: Tensor) => x.matmul(x))
    const x = ones([2, 2])
    const dtypes = [
      step(x),
      autocast({}, () => step(x)),
      autocast({ dtype: 'bf16' }, () => step(x)),
      step(x),
      autocast({}, () => step(x)),
    ].map((t) => t.dtype)
    expect(dtypes).toEqual(['f32', 'f16', 'bf16', 'f32', 'f16'])
    expect(step.stats.compilations).toBe(3)
  })
})

/** Losses of a small classifier over its steps. */
async function train(precision: 'f32' | 'f16' | 'bf16', compiled: boolean, steps = 30): Promise<number[]> {
  manualSeed(4)
  const generator = new Generator(9)
  const inputs = rand([32, 2], { generator }).mul(2).sub(1)
  const labels = inputs.select(1, 0).mul(inputs.select(1, 1)).gt(0).to('i64')
  const model = nn.sequential(new nn.Linear(2, 12), new nn.Tanh(), new nn.Linear(12, 2))
  const optimizer = new AdamW(model.parameters(), { lr: 5e-2 })
  const scaler = new GradScaler({ enabled: precision === 'f16', growthInterval: 10 })
  const step = (x: Tensor, y: Tensor): Tensor => {
    const loss =
      precision === 'f32'
        ? crossEntropy(model.forward(x), y)
        : autocast({ dtype: precision }, () => crossEntropy(model.forward(x), y))
    optimizer.zeroGrad()
    scaler.scale(loss).backward()
    scaler.unscale(optimizer)
    clipGradNorm(model.parameters(), 5)
    scaler.step(optimizer)
    scaler.update()
    return loss
  }
  const run = compiled ? compile(step) : step
  const losses: number[] = []
  for (let i = 0; i < steps; i++) losses.push(await run(inputs, labels).item())
  expect(model.parameters().every((p) => p.dtype === 'f32' && p.grad?.dtype === 'f32')).toBe(true)
  return losses
}

forEachDevice('training in mixed precision', () => {
  it('converges as in f32, eagerly and compiled', async () => {
    const f32 = await train('f32', true)
    const f16 = await train('f16', true)
    const bf16 = await train('bf16', true)
    expect(f32[29]).toBeLessThan(f32[0] / 2)
    for (const [i, loss] of f32.entries()) {
      expect(Math.abs(f16[i] - loss)).toBeLessThan(0.03)
      expect(Math.abs(bf16[i] - loss)).toBeLessThan(0.15)
    }
    expect(bf16[29]).toBeLessThan(bf16[0] / 2)
    // The half type was used: the losses are near, not equal.
    expect(f16).not.toEqual(f32)
    expect(await train('f16', false, 4)).toEqual(f16.slice(0, 4))
  })

  it('skips steps with infinite gradients and adapts the factor, in one program', async () => {
    const w = new Parameter(tensor([1, 2]))
    const optimizer = new AdamW([w], { lr: 0.1 })
    const scaler = new GradScaler({ initScale: 8, growthInterval: 2 })
    const step = compile((x: Tensor) => {
      optimizer.zeroGrad()
      scaler.scale(w.mul(x).sum()).backward()
      scaler.step(optimizer)
      scaler.update()
      return scaler.getScale()
    })
    const good = ones([2])
    const scales: number[] = []
    const moved: boolean[] = []
    for (const x of [
      good,
      tensor([1, Number.POSITIVE_INFINITY]),
      tensor([Number.NaN, 1]),
      good,
      good,
      good,
      good,
    ]) {
      const before = await w.toArray()
      scales.push(await step(x).item())
      moved.push(JSON.stringify(before) !== JSON.stringify(await w.toArray()))
    }
    expect(scales).toEqual([8, 4, 2, 2, 4, 4, 8])
    expect(moved).toEqual([true, false, false, true, true, true, true])
    expect(step.stats.compilations).toBe(1)
    const { state } = optimizer.stateDict()
    // Adam counted the five steps that it took.
    expect(await state[0].step.item()).toBe(5)
    expect((await state[0].exp_avg.data()).every(Number.isFinite)).toBe(true)
    const dict = scaler.stateDict()
    expect(Object.keys(dict)).toEqual([
      'scale',
      'growth_factor',
      'backoff_factor',
      'growth_interval',
      '_growth_tracker',
    ])
    const other = new GradScaler({ growthInterval: 2 })
    other.loadStateDict(dict)
    expect(await other.getScale().item()).toBe(8)
    expect(() => new GradScaler().loadStateDict(dict)).toThrow(/growth_interval/)
  })

  it('keeps gradients that f16 would lose', async () => {
    const w = new Parameter(tensor([[0.5]]))
    // d loss / d (w·x) = 1e-8, which f16 rounds to 0.
    const loss = (): Tensor =>
      autocast({}, () => F.linear(ones([1, 1]), w))
        .to('f32')
        .sum()
        .mul(1e-8)
    loss().backward()
    expect(await w.grad!.item()).toBe(0)
    w.grad = null
    const optimizer = new SGD([w], { lr: 1 })
    const scaler = new GradScaler()
    scaler.scale(loss()).backward()
    scaler.unscale(optimizer)
    expect(Math.abs((await w.grad!.item()) / 1e-8 - 1)).toBeLessThan(1e-2)
  })
})

describe('GradScaler refuses', () => {
  it('settings and orders that make no sense', () => {
    expect(() => new GradScaler({ growthFactor: 1 })).toThrow(ValueError)
    expect(() => new GradScaler({ backoffFactor: 1 })).toThrow(/between 0 and 1/)
    expect(() => new GradScaler({ initScale: 0 })).toThrow(/above 0/)
    expect(() => new GradScaler({ growthInterval: 0.5 })).toThrow(/integer/)
    const w = new Parameter(zeros([1]))
    const optimizer = new SGD([w], { lr: 1 })
    const scaler = new GradScaler()
    expect(() => scaler.step(optimizer)).toThrow(/scale\(loss\)\.backward\(\) first/)
    expect(() => scaler.update()).toThrow(/before update/)
    scaler.scale(w.sum()).backward()
    scaler.unscale(optimizer)
    expect(() => scaler.unscale(optimizer)).toThrow(/twice/)
  })
})
