/** Layers, and operations that layers do not use, written as ONNX files: ONNX Runtime computes the same. */
import { describe, expect, it } from 'vitest'
import {
  cat,
  cond,
  functional,
  Module,
  manualSeed,
  rand,
  randint,
  randn,
  scan,
  sequential,
  type Tensor,
  tensor,
  useDevice,
  where,
  whileLoop,
} from '../../src/index.js'
import * as nn from '../../src/nn/index.js'
import { exportOnnx } from '../../src/onnx/export-onnx.js'
import { readOnnx } from '../../src/onnx/read-onnx.js'
import { largestDifference, openInRuntime } from './onnx-runtime.js'

// Small inputs, many graphs: what compiles nothing is fastest.
await useDevice('reference')

type AnyModule = Module & { forward(...inputs: never[]): unknown }

const signal = (): Tensor[] => [randn([2, 4, 12])]
const image = (): Tensor[] => [randn([2, 4, 9, 10])]
const volume = (): Tensor[] => [randn([1, 2, 6, 7, 8])]
const rows = (): Tensor[] => [randn([3, 8])]
const steps = (): Tensor[] => [randn([5, 2, 4])]

/** Layers with inputs for them. */
const layers: Record<string, [() => AnyModule, () => Tensor[]]> = {
  AdaptiveAvgPool1d: [() => new nn.AdaptiveAvgPool1d(5), signal],
  AdaptiveAvgPool2d: [() => new nn.AdaptiveAvgPool2d([3, 4]), image],
  AdaptiveAvgPool3d: [() => new nn.AdaptiveAvgPool3d(3), volume],
  AdaptiveMaxPool2d: [() => new nn.AdaptiveMaxPool2d([3, 4]), image],
  AvgPool1d: [() => new nn.AvgPool1d(3, { stride: 2, padding: 1 }), signal],
  AvgPool2d: [() => new nn.AvgPool2d(3, { stride: 2, padding: 1, countIncludePad: false }), image],
  AvgPool3d: [() => new nn.AvgPool3d(2, { ceilMode: true }), volume],
  BatchNorm1d: [() => new nn.BatchNorm1d(4), signal],
  BatchNorm2d: [() => new nn.BatchNorm2d(4), image],
  BatchNorm3d: [() => new nn.BatchNorm3d(2), volume],
  Conv1d: [() => new nn.Conv1d(4, 6, 3, { stride: 2, padding: 1, dilation: 2 }), signal],
  Conv2d: [() => new nn.Conv2d(4, 6, 3, { stride: 2, padding: 1, groups: 2 }), image],
  Conv3d: [() => new nn.Conv3d(2, 3, 2), volume],
  ConvTranspose1d: [
    () => new nn.ConvTranspose1d(4, 6, 3, { stride: 2, padding: 1, outputPadding: 1 }),
    signal,
  ],
  ConvTranspose2d: [() => new nn.ConvTranspose2d(4, 6, 3, { stride: 2, dilation: 2, groups: 2 }), image],
  ConvTranspose3d: [() => new nn.ConvTranspose3d(2, 3, 2, { stride: 3, outputPadding: 2 }), volume],
  Dropout: [() => new nn.Dropout(0.5), rows],
  Dropout2d: [() => new nn.Dropout2d(0.5), image],
  ELU: [() => new nn.ELU(), rows],
  Embedding: [() => new nn.Embedding(10, 4), () => [randint(0, 10, [3, 5])]],
  Flatten: [() => new nn.Flatten(), image],
  GELU: [() => new nn.GELU(), rows],
  GLU: [() => new nn.GLU(), rows],
  GroupNorm: [() => new nn.GroupNorm(2, 4), image],
  GRU: [() => new nn.GRU(4, 3), steps],
  Hardsigmoid: [() => new nn.Hardsigmoid(), rows],
  Hardswish: [() => new nn.Hardswish(), rows],
  Hardtanh: [() => new nn.Hardtanh(), rows],
  Identity: [() => new nn.Identity(), rows],
  InstanceNorm2d: [() => new nn.InstanceNorm2d(4, { affine: true }), image],
  LayerNorm: [() => new nn.LayerNorm(8), rows],
  LeakyReLU: [() => new nn.LeakyReLU(), rows],
  Linear: [() => new nn.Linear(8, 5), rows],
  LogSigmoid: [() => new nn.LogSigmoid(), rows],
  LogSoftmax: [() => new nn.LogSoftmax(), rows],
  LSTM: [() => new nn.LSTM(4, 3, { bidirectional: true }), steps],
  MaxPool1d: [() => new nn.MaxPool1d(3, { stride: 2, padding: 1 }), signal],
  MaxPool2d: [() => new nn.MaxPool2d(2, { ceilMode: true }), image],
  MaxPool3d: [() => new nn.MaxPool3d(2, { dilation: 2 }), volume],
  Mish: [() => new nn.Mish(), rows],
  MultiheadAttention: [
    () => new nn.MultiheadAttention(8, 2, { batchFirst: true }),
    () => [0, 1, 2].map(() => randn([2, 5, 8])),
  ],
  PReLU: [() => new nn.PReLU(4), image],
  ReLU: [() => new nn.ReLU(), rows],
  ReLU6: [() => new nn.ReLU6(), rows],
  RMSNorm: [() => new nn.RMSNorm(8), rows],
  RNN: [() => new nn.RNN(4, 3), steps],
  SELU: [() => new nn.SELU(), rows],
  Sequential: [() => sequential(new nn.Linear(8, 3), new nn.ReLU()), rows],
  Sigmoid: [() => new nn.Sigmoid(), rows],
  SiLU: [() => new nn.SiLU(), rows],
  Softmax: [() => new nn.Softmax(), rows],
  Softplus: [() => new nn.Softplus(), rows],
  Softsign: [() => new nn.Softsign(), rows],
  Tanh: [() => new nn.Tanh(), rows],
  TransformerEncoder: [
    () => new nn.TransformerEncoder(new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 12 }), 1),
    () => [randn([5, 2, 8])],
  ],
  TransformerEncoderLayer: [
    () => new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 12 }),
    () => [randn([5, 2, 8])],
  ],
  Unflatten: [() => new nn.Unflatten(1, [2, 4]), rows],
  AdaptiveMaxPool1d: [() => new nn.AdaptiveMaxPool1d(5), signal],
  AdaptiveMaxPool3d: [() => new nn.AdaptiveMaxPool3d(3), volume],
  AlphaDropout: [() => new nn.AlphaDropout(0.5), rows],
  CELU: [() => new nn.CELU(), rows],
  ChannelShuffle: [() => new nn.ChannelShuffle(2), image],
  CircularPad2d: [() => new nn.CircularPad2d(2), image],
  ConstantPad2d: [() => new nn.ConstantPad2d(2, 3), image],
  Dropout1d: [() => new nn.Dropout1d(0.5), signal],
  Hardshrink: [() => new nn.Hardshrink(), rows],
  InstanceNorm1d: [() => new nn.InstanceNorm1d(4), signal],
  LocalResponseNorm: [() => new nn.LocalResponseNorm(3), image],
  LPPool2d: [() => new nn.LPPool2d(2, 2), image],
  PixelShuffle: [() => new nn.PixelShuffle(2), image],
  ReflectionPad2d: [() => new nn.ReflectionPad2d(2), image],
  ReplicationPad3d: [() => new nn.ReplicationPad3d(1), volume],
  RReLU: [() => new nn.RReLU(), rows],
  Softmax2d: [() => new nn.Softmax2d(), image],
  Softmin: [() => new nn.Softmin(1), rows],
  Softshrink: [() => new nn.Softshrink(), rows],
  Tanhshrink: [() => new nn.Tanhshrink(), rows],
  Threshold: [() => new nn.Threshold(0.1, 2), rows],
  Unfold: [() => new nn.Unfold(2), image],
  UpsamplingBilinear2d: [() => new nn.UpsamplingBilinear2d({ scaleFactor: 2 }), image],
  UpsamplingNearest2d: [() => new nn.UpsamplingNearest2d({ scaleFactor: 2 }), image],
  ZeroPad2d: [() => new nn.ZeroPad2d(1), image],
}

/** A function as a module. */
class Lambda extends Module {
  #fn: (...inputs: Tensor[]) => unknown

  constructor(fn: (...inputs: Tensor[]) => unknown) {
    super()
    this.#fn = fn
  }

  forward(...inputs: Tensor[]): unknown {
    return this.#fn(...inputs)
  }
}

/** Operations that no layer above has. */
const functions: Record<string, [(...inputs: Tensor[]) => unknown, () => Tensor[]]> = {
  'expm1, log1p and atan2 near and far from 0': [
    (x) => [x.expm1(), x.abs().log1p(), x.atan2(x.sub(0.5))],
    () => [tensor([-5, -1, -1e-4, 0, 1e-4, 0.7, 3, 9])],
  ],
  'remainder, rounding and comparison': [
    (x, y) => [x.remainder(y), x.round(), x.trunc(), x.lt(y).logicalXor(x.ge(0))],
    () => [randn([3, 4]).mul(5), randn([3, 4])],
  ],
  'sort, topk, argmax and gather': [
    (x) => {
      const { values, indices } = x.sort({ descending: true })
      return [values, indices, x.topk(2).values, x.argmax(1), x.gather(1, indices)]
    },
    () => [randn([3, 6])],
  ],
  'cumsum, tril, flip, padding and slices with steps': [
    (x) => [x.cumsum(1), x.tril(), x.flip([0]), x.pad([1, 2, 0, 1], { value: 3 }), x.slice(1, 0, 4, 2)],
    () => [randn([4, 5])],
  ],
  'scatter and scatterAdd': [
    (x, i) => [x.scatter(1, i, x.mul(2)), x.scatterAdd(1, i, x)],
    () => [randn([3, 4]), randint(0, 4, [3, 4])],
  ],
  scan: [
    (x) =>
      scan(
        (carry: Tensor, row: Tensor): [Tensor, Tensor] => [carry.add(row).tanh(), carry.mul(row)],
        x.select(0, 0),
        x,
      ),
    () => [randn([4, 3])],
  ],
  'scan in reverse': [
    (x) =>
      scan(
        (carry: Tensor, row: Tensor): [Tensor, Tensor] => [carry.sub(row), carry.add(1)],
        x.select(0, 0),
        x,
        {
          reverse: true,
        },
      ),
    () => [randn([4, 3])],
  ],
  'whileLoop that depends on the data': [
    (x) =>
      whileLoop(
        (y: Tensor) => y.sum().lt(50),
        (y: Tensor) => y.mul(1.5).add(0.1),
        x,
      ),
    () => [rand([3])],
  ],
  'cond that depends on the data': [
    (x) =>
      cond(
        x.sum().gt(0),
        (y: Tensor) => y.exp(),
        (y: Tensor) => y.sub(1),
        x,
      ),
    () => [randn([3])],
  ],
  'where and cat': [(x, y) => cat([where(x.gt(y), x, y), x], 1), () => [randn([2, 3]), randn([2, 3])]],
}

const flat = (value: unknown): Tensor[] => {
  if (Array.isArray(value)) return value.flatMap(flat)
  if (typeof value === 'object' && value !== null && !('dtype' in value))
    return Object.values(value).flatMap(flat)
  return value === null || value === undefined ? [] : [value as Tensor]
}

async function check(module: AnyModule, inputs: readonly Tensor[]): Promise<void> {
  const bytes = exportOnnx(module, inputs)
  const peer = await openInRuntime(bytes)
  module.eval()
  const ours = flat((module.forward as (...args: Tensor[]) => unknown)(...inputs))
  const ports = readOnnx(bytes)
  const theirs = await peer.run(Object.fromEntries(ports.inputs().map(({ name }, i) => [name, inputs[i]])))
  expect(ports.outputs().length).toBe(ours.length)
  for (const [i, { name }] of ports.outputs().entries()) {
    expect(await largestDifference(theirs[name], ours[i])).toBeLessThan(1e-5)
  }
}

describe('layers', () => {
  it('of the table exists', () => {
    expect(Object.keys(layers).filter((name) => !Object.hasOwn(nn, name))).toEqual([])
  })

  for (const [name, [make, inputs]] of Object.entries(layers)) {
    it(name, async () => {
      manualSeed(7)
      await check(make(), inputs())
    })
  }
})

describe('functions', () => {
  for (const [name, [fn, inputs]] of Object.entries(functions)) {
    it(name, async () => {
      manualSeed(8)
      await check(new Lambda(fn), inputs())
    })
  }
})

describe('refused', () => {
  it('random numbers, with what to try', () => {
    class Noise extends Module {
      forward(x: Tensor): Tensor {
        return x.add(functional.dropout(x))
      }
    }
    expect(() => exportOnnx(new Noise(), randn([2, 3]))).toThrow(/random numbers: call eval/)
  })

  it('options that make no sense', () => {
    const model = new nn.Linear(2, 2)
    const x = randn([1, 2])
    expect(() => exportOnnx(model, x, { opset: 9 })).toThrow(/opset from 17 to 23, got 9/)
    expect(() => exportOnnx(model, x, { inputNames: ['a', 'b'] })).toThrow(/1 distinct input names/)
    expect(() => exportOnnx(model, x, { outputNames: [] })).toThrow(/1 output names, got 0/)
    expect(() => exportOnnx(model, x, { dynamicAxes: { y: { 0: 'n' } } })).toThrow(/the inputs are input/)
    expect(() => exportOnnx(model, x, { dynamicAxes: { input: { 3: 'n' } } })).toThrow(/no axis 3/)
  })
})
