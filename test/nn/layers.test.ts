/**
 * Every layer against PyTorch: outputs, gradients of inputs and parameters, running statistics, in both modes.
 */

import { describe, expect, it } from 'vitest'
import * as nn from '../../src/nn/index.js'
import { ones, tensor } from '../../src/tensor/creation.js'
import { noGrad } from '../../src/tensor/grad-mode.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { forEachDevice } from '../helpers/devices.js'
import { expectTensor, type Packed, readGolden, unpack } from '../helpers/goldens.js'
import { toleranceOf } from '../helpers/tolerance.js'

interface Phase {
  readonly training: boolean
  readonly inputs: Packed[]
  readonly outputs: Packed[]
  readonly cotangents: Packed[]
  readonly inputGradients: (Packed | null)[]
  readonly gradients: Record<string, Packed>
  readonly buffers: Record<string, Packed>
}

interface Case {
  readonly name: string
  readonly state: Record<string, Packed>
  readonly phases: Phase[]
}

type Run<M> = (module: M, inputs: Tensor[]) => unknown
interface Entry {
  readonly make: () => nn.Module
  readonly run: (module: nn.Module, inputs: Tensor[]) => unknown
}

const plain: Run<nn.TensorModule> = (module, [x]) => module.forward(x)
const layer = (make: () => nn.TensorModule): Entry => ({ make, run: plain as Entry['run'] })
const entry = <M extends nn.Module>(make: () => M, run: Run<M>): Entry => ({ make, run: run as Entry['run'] })

const lstm: Run<nn.LSTM> = (m, [x, h, c]) => (h ? m.forward(x, [h, c]) : m.forward(x))
const gated: Run<nn.GRU | nn.RNN> = (m, [x, h]) => m.forward(x, h)
const attention: Run<nn.MultiheadAttention> = (m, [q, k, v]) => m.forward(q, k, v)
const causalMask = (): Tensor =>
  tensor(Array.from({ length: 4 }, (_, i) => Array.from({ length: 4 }, (_, j) => j > i)))
const encoderLayer = (options: nn.TransformerEncoderLayerOptions = {}): nn.TransformerEncoderLayer =>
  new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 12, dropout: 0, batchFirst: true, ...options })
const batchFirst = { batchFirst: true }

const two = (m: nn.Module, [x, y]: Tensor[]): unknown =>
  (m as unknown as { forward(x: Tensor, y: Tensor): unknown }).forward(x, y)
const decoderLayer = (options: nn.TransformerEncoderLayerOptions = {}): nn.TransformerDecoderLayer =>
  new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 12, dropout: 0, batchFirst: true, ...options })
const transformer = (): nn.Transformer =>
  new nn.Transformer({
    dModel: 8,
    nhead: 2,
    numEncoderLayers: 1,
    numDecoderLayers: 1,
    dimFeedforward: 12,
    dropout: 0,
  })

const halved = { stride: 2, padding: 1 }
const floats = ([values, indices]: readonly Tensor[]): Tensor[] => [values, indices.to('f32')]
/** Values, indices as floats, and the values back at their places. */
const unpooled = (
  [values, indices]: readonly Tensor[],
  x: Tensor,
  unpool: nn.MaxUnpool1d | nn.MaxUnpool2d | nn.MaxUnpool3d,
): Tensor[] => {
  const layer: { forward(x: Tensor, indices: Tensor, size: readonly number[]): Tensor } = unpool
  return [values, indices.to('f32'), layer.forward(values, indices, x.shape)]
}

class Lists extends nn.Module {
  layers = new nn.ModuleList([new nn.Linear(3, 3), new nn.Linear(3, 2)])
  heads = new nn.ModuleDict({ left: new nn.Linear(2, 1), right: new nn.Linear(2, 2) })
  scales = new nn.ParameterList([ones([2]), ones([1])])

  override forward(x: Tensor): Tensor[] {
    let y = x
    for (const each of this.layers) y = (each.forward(y) as Tensor).tanh()
    const left = this.heads.get('left')!.forward(y.mul(this.scales.at(0)!)) as Tensor
    return [left, (this.heads.get('right')!.forward(y) as Tensor).mul(this.scales.at(1)!)]
  }
}

const entries: Record<string, Entry> = {
  linear: layer(() => new nn.Linear(5, 3)),
  linearNoBias: layer(() => new nn.Linear(5, 3, { bias: false })),
  linearVector: layer(() => new nn.Linear(5, 3)),
  conv1d: layer(() => new nn.Conv1d(3, 4, 3)),
  conv1dDilated: layer(() => new nn.Conv1d(4, 6, 3, { stride: 2, padding: 2, dilation: 2, groups: 2 })),
  conv2d: layer(() => new nn.Conv2d(1, 6, 5, { padding: 2 })),
  conv2dStride: layer(() => new nn.Conv2d(3, 4, 3, { stride: 2, padding: 1 })),
  conv2dGroups: layer(
    () => new nn.Conv2d(4, 8, [3, 2], { stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 4 }),
  ),
  conv2dSame: layer(() => new nn.Conv2d(2, 3, [4, 3], { padding: 'same' })),
  conv2dNoBias: layer(() => new nn.Conv2d(2, 3, 1, { bias: false })),
  conv3d: layer(() => new nn.Conv3d(2, 3, [2, 3, 3], { stride: [1, 2, 1], padding: 1 })),
  maxPool1d: layer(() => new nn.MaxPool1d(3, { stride: 2, padding: 1 })),
  maxPool2d: layer(() => new nn.MaxPool2d(2)),
  maxPool2dOverlap: layer(() => new nn.MaxPool2d([3, 2], { stride: [2, 1], padding: 1 })),
  maxPool2dTies: layer(() => new nn.MaxPool2d(2)),
  maxPool3d: layer(() => new nn.MaxPool3d(2, { stride: 1 })),
  avgPool1d: layer(() => new nn.AvgPool1d(3, { stride: 2, padding: 1 })),
  avgPool2d: layer(() => new nn.AvgPool2d(2)),
  avgPool2dPad: layer(() => new nn.AvgPool2d(3, { stride: 2, padding: 1, countIncludePad: false })),
  maxPool2dCeil: layer(() => new nn.MaxPool2d(3, { stride: 2, ceilMode: true })),
  avgPool2dCeil: layer(() => new nn.AvgPool2d(3, { stride: 2, padding: 1, ceilMode: true })),
  avgPool3d: layer(() => new nn.AvgPool3d(2)),
  adaptiveAvgPool2d: layer(() => new nn.AdaptiveAvgPool2d([3, 2])),
  adaptiveAvgPool2dOne: layer(() => new nn.AdaptiveAvgPool2d(1)),
  batchNorm1d: layer(() => new nn.BatchNorm1d(4)),
  batchNorm1dSequence: layer(() => new nn.BatchNorm1d(3)),
  batchNorm2d: layer(() => new nn.BatchNorm2d(3)),
  batchNorm2dMomentum: layer(() => new nn.BatchNorm2d(2, { eps: 1e-3, momentum: 0.3 })),
  batchNorm2dCumulative: layer(() => new nn.BatchNorm2d(2, { momentum: null })),
  batchNorm2dNoAffine: layer(() => new nn.BatchNorm2d(2, { affine: false })),
  batchNorm2dNoStatistics: layer(() => new nn.BatchNorm2d(2, { trackRunningStats: false })),
  layerNorm: layer(() => new nn.LayerNorm(6)),
  layerNorm2: layer(() => new nn.LayerNorm([3, 4], { eps: 1e-3 })),
  layerNormNoAffine: layer(() => new nn.LayerNorm(5, { elementwiseAffine: false })),
  embedding: layer(() => new nn.Embedding(5, 3)),
  embeddingPadding: layer(() => new nn.Embedding(5, 3, { paddingIdx: 1 })),
  relu: layer(() => new nn.ReLU()),
  leakyRelu: layer(() => new nn.LeakyReLU(0.2)),
  tanh: layer(() => new nn.Tanh()),
  sigmoid: layer(() => new nn.Sigmoid()),
  gelu: layer(() => new nn.GELU()),
  geluTanh: layer(() => new nn.GELU({ approximate: 'tanh' })),
  silu: layer(() => new nn.SiLU()),
  softmax: layer(() => new nn.Softmax(1)),
  logSoftmax: layer(() => new nn.LogSoftmax(-1)),
  flatten: layer(() => new nn.Flatten()),
  unflatten: layer(() => new nn.Unflatten(1, [2, 3])),
  dropoutEval: layer(() => new nn.Dropout(0.5)),
  identity: layer(() => new nn.Identity()),
  lstm: entry(() => new nn.LSTM(3, 4), lstm),
  lstmState: entry(() => new nn.LSTM(3, 4, batchFirst), lstm),
  lstmDeep: entry(() => new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true }), lstm),
  lstmNoBias: entry(() => new nn.LSTM(3, 2, { bias: false }), lstm),
  gru: entry(() => new nn.GRU(3, 4), gated),
  gruDeep: entry(() => new nn.GRU(3, 4, { numLayers: 2, bidirectional: true, batchFirst: true }), gated),
  rnn: entry(() => new nn.RNN(3, 4), gated),
  rnnRelu: entry(() => new nn.RNN(3, 4, { nonlinearity: 'relu', bidirectional: true }), gated),
  attention: entry(() => new nn.MultiheadAttention(8, 2), attention),
  attentionBatchFirst: entry(
    () => new nn.MultiheadAttention(8, 4, { batchFirst: true, bias: false }),
    attention,
  ),
  attentionOtherSizes: entry(
    () => new nn.MultiheadAttention(8, 2, { batchFirst: true, kdim: 6, vdim: 5 }),
    attention,
  ),
  attentionPadding: entry(
    () => new nn.MultiheadAttention(8, 2, batchFirst),
    (m, [x, keyPaddingMask]) => m.forward(x, x, x, { keyPaddingMask }),
  ),
  attentionCausal: entry(
    () => new nn.MultiheadAttention(8, 2, batchFirst),
    (m, [x]) => m.forward(x, x, x, { attnMask: causalMask() }),
  ),
  attentionBias: entry(
    () => new nn.MultiheadAttention(8, 2, batchFirst),
    (m, [x, attnMask]) => m.forward(x, x, x, { attnMask }),
  ),
  encoderLayer: layer(encoderLayer),
  encoderLayerNormFirst: layer(() => encoderLayer({ normFirst: true, activation: 'gelu' })),
  encoderLayerPadding: entry(encoderLayer, (m, [x, keyPaddingMask]) => m.forward(x, { keyPaddingMask })),
  encoder: layer(() => new nn.TransformerEncoder(encoderLayer(), 2, { norm: new nn.LayerNorm(8) })),
  convTranspose1d: layer(() => new nn.ConvTranspose1d(3, 4, 3, { stride: 2 })),
  convTranspose2d: layer(
    () => new nn.ConvTranspose2d(4, 6, [3, 2], { stride: 2, padding: 1, outputPadding: 1, groups: 2 }),
  ),
  convTranspose3d: layer(() => new nn.ConvTranspose3d(2, 3, 2, { dilation: 2, bias: false })),
  batchNorm3d: layer(() => new nn.BatchNorm3d(2)),
  groupNorm: layer(() => new nn.GroupNorm(2, 6)),
  instanceNorm2d: layer(() => new nn.InstanceNorm2d(3)),
  instanceNorm2dAffine: layer(() => new nn.InstanceNorm2d(3, { affine: true, eps: 1e-3 })),
  rmsNorm: layer(() => new nn.RMSNorm(5, { eps: 1e-4 })),
  prelu: layer(() => new nn.PReLU()),
  preluChannels: layer(() => new nn.PReLU(3)),
  elu: layer(() => new nn.ELU(0.7)),
  selu: layer(() => new nn.SELU()),
  relu6: layer(() => new nn.ReLU6()),
  mish: layer(() => new nn.Mish()),
  hardswish: layer(() => new nn.Hardswish()),
  hardsigmoid: layer(() => new nn.Hardsigmoid()),
  hardtanh: layer(() => new nn.Hardtanh(-0.5, 2)),
  logSigmoid: layer(() => new nn.LogSigmoid()),
  softsign: layer(() => new nn.Softsign()),
  softplus: layer(() => new nn.Softplus({ beta: 2 })),
  glu: layer(() => new nn.GLU()),
  adaptiveAvgPool1d: layer(() => new nn.AdaptiveAvgPool1d(3)),
  adaptiveAvgPool3d: layer(() => new nn.AdaptiveAvgPool3d([1, 2, 2])),
  adaptiveMaxPool2d: layer(() => new nn.AdaptiveMaxPool2d([3, 2])),
  dropout2dEval: layer(() => new nn.Dropout2d(0.5)),
  celu: layer(() => new nn.CELU(0.7)),
  hardshrink: layer(() => new nn.Hardshrink(0.3)),
  softshrink: layer(() => new nn.Softshrink(0.3)),
  tanhshrink: layer(() => new nn.Tanhshrink()),
  threshold: layer(() => new nn.Threshold(0.1, 5)),
  rreluEval: layer(() => new nn.RReLU(0.1, 0.4)),
  softmin: layer(() => new nn.Softmin(1)),
  dropout1dEval: layer(() => new nn.Dropout1d(0.5)),
  dropout3dEval: layer(() => new nn.Dropout3d(0.5)),
  alphaDropoutEval: layer(() => new nn.AlphaDropout(0.5)),
  featureAlphaDropoutEval: layer(() => new nn.FeatureAlphaDropout(0.5)),
  localResponseNorm: layer(() => new nn.LocalResponseNorm(3, { alpha: 0.5, beta: 0.6, k: 2 })),
  instanceNorm1d: layer(() => new nn.InstanceNorm1d(3, { affine: true })),
  instanceNorm1dTracked: layer(
    () => new nn.InstanceNorm1d(3, { affine: true, trackRunningStats: true, momentum: 0.3 }),
  ),
  instanceNorm3d: layer(() => new nn.InstanceNorm3d(2)),
  channelShuffle: layer(() => new nn.ChannelShuffle(3)),
  pixelShuffle: layer(() => new nn.PixelShuffle(2)),
  pixelUnshuffle: layer(() => new nn.PixelUnshuffle(2)),
  upsample: layer(() => new nn.Upsample({ scaleFactor: 2 })),
  upsampleBilinear: layer(() => new nn.Upsample({ size: [5, 4], mode: 'bilinear', alignCorners: true })),
  unfold: layer(() => new nn.Unfold(2, { padding: 1 })),
  fold: layer(() => new nn.Fold([4, 5], 2, { stride: [2, 1] })),
  lpPool1d: layer(() => new nn.LPPool1d(2, 3, { stride: 2 })),
  lpPool2d: layer(() => new nn.LPPool2d(2, 2)),
  adaptiveMaxPool1d: layer(() => new nn.AdaptiveMaxPool1d(3)),
  adaptiveMaxPool3d: layer(() => new nn.AdaptiveMaxPool3d([2, 1, 3])),
  maxUnpool1d: entry(() => new nn.MaxUnpool1d(2), two),
  zeroPad1d: layer(() => new nn.ZeroPad1d([1, 2])),
  constantPad1d: layer(() => new nn.ConstantPad1d(1, 3.5)),
  reflectionPad1d: layer(() => new nn.ReflectionPad1d([1, 2])),
  replicationPad1d: layer(() => new nn.ReplicationPad1d([1, 2])),
  circularPad1d: layer(() => new nn.CircularPad1d([1, 2])),
  maxUnpool2d: entry(() => new nn.MaxUnpool2d(2), two),
  zeroPad2d: layer(() => new nn.ZeroPad2d([1, 2, 1, 2])),
  constantPad2d: layer(() => new nn.ConstantPad2d(1, 3.5)),
  reflectionPad2d: layer(() => new nn.ReflectionPad2d([1, 2, 1, 2])),
  replicationPad2d: layer(() => new nn.ReplicationPad2d([1, 2, 1, 2])),
  circularPad2d: layer(() => new nn.CircularPad2d([1, 2, 1, 2])),
  maxUnpool3d: entry(() => new nn.MaxUnpool3d(2), two),
  zeroPad3d: layer(() => new nn.ZeroPad3d([1, 2, 1, 2, 1, 2])),
  constantPad3d: layer(() => new nn.ConstantPad3d(1, 3.5)),
  reflectionPad3d: layer(() => new nn.ReflectionPad3d([1, 2, 1, 2, 1, 2])),
  replicationPad3d: layer(() => new nn.ReplicationPad3d([1, 2, 1, 2, 1, 2])),
  circularPad3d: layer(() => new nn.CircularPad3d([1, 2, 1, 2, 1, 2])),
  cosineSimilarity: entry(() => new nn.CosineSimilarity(), two),
  pairwiseDistance: entry(() => new nn.PairwiseDistance(), two),
  bilinear: entry(() => new nn.Bilinear(3, 4, 2), two),
  embeddingBag: layer(() => new nn.EmbeddingBag(5, 3)),
  embeddingBagOffsets: entry(() => new nn.EmbeddingBag(5, 3, { mode: 'sum', paddingIdx: 1 }), two),
  rnnCell: entry(() => new nn.RNNCell(3, 4), two),
  rnnCellRelu: layer(() => new nn.RNNCell(3, 4, { nonlinearity: 'relu', bias: false })),
  lstmCell: entry(
    () => new nn.LSTMCell(3, 4),
    (m, [x, h, c]) => m.forward(x, [h, c]),
  ),
  lstmCellZeros: entry(
    () => new nn.LSTMCell(3, 4),
    (m, [x]) => m.forward(x),
  ),
  gruCell: entry(() => new nn.GRUCell(3, 4), two),
  decoderLayer: entry(decoderLayer, two),
  decoderLayerMasked: entry(
    () => decoderLayer({ normFirst: true, activation: 'gelu' }),
    (m, [x, memory, memoryKeyPaddingMask]) => m.forward(x, memory, { tgtCausal: true, memoryKeyPaddingMask }),
  ),
  decoder: entry(() => new nn.TransformerDecoder(decoderLayer(), 2, { norm: new nn.LayerNorm(8) }), two),
  transformer: entry(transformer, (m, [src, tgt]) =>
    m.forward(src, tgt, { tgtMask: nn.Transformer.generateSquareSubsequentMask(3) }),
  ),
  maxPool1dIndices: entry(
    () => new nn.MaxPool1d(2, { ...halved, returnIndices: true }),
    (m, [x]) => unpooled(m.forward(x), x, new nn.MaxUnpool1d(2, halved)),
  ),
  maxPool2dIndices: entry(
    () => new nn.MaxPool2d(2, { ...halved, returnIndices: true }),
    (m, [x]) => unpooled(m.forward(x), x, new nn.MaxUnpool2d(2, halved)),
  ),
  maxPool3dIndices: entry(
    () => new nn.MaxPool3d(2, { ...halved, returnIndices: true }),
    (m, [x]) => unpooled(m.forward(x), x, new nn.MaxUnpool3d(2, halved)),
  ),
  maxPool2dIndicesDilated: entry(
    () => new nn.MaxPool2d(2, { stride: 1, dilation: 2, returnIndices: true }),
    (m, [x]) => floats(m.forward(x)),
  ),
  adaptiveMaxPool1dIndices: entry(
    () => new nn.AdaptiveMaxPool1d(2, { returnIndices: true }),
    (m, [x]) => floats(m.forward(x)),
  ),
  adaptiveMaxPool2dIndices: entry(
    () => new nn.AdaptiveMaxPool2d(2, { returnIndices: true }),
    (m, [x]) => floats(m.forward(x)),
  ),
  adaptiveMaxPool3dIndices: entry(
    () => new nn.AdaptiveMaxPool3d(2, { returnIndices: true }),
    (m, [x]) => floats(m.forward(x)),
  ),
  containers: entry(
    () => new Lists(),
    (m, [x]) => m.forward(x),
  ),
  sequential: layer(() =>
    nn.sequential(
      new nn.Conv2d(1, 2, 3),
      new nn.BatchNorm2d(2),
      new nn.ReLU(),
      new nn.Flatten(),
      new nn.Linear(8, 3),
    ),
  ),
}

const flat = (out: unknown): Tensor[] =>
  Array.isArray(out) ? out.flatMap(flat) : out === null || out === undefined ? [] : [out as Tensor]

const cases = readGolden<Case[]>('layers')
const tolerance = toleranceOf('f32', 'sum')

function check(module: nn.Module, run: Entry['run'], phases: readonly Phase[]): void {
  phases.forEach((phase, number) => {
    module.train(phase.training)
    module.zeroGrad()
    const inputs = phase.inputs.map((x) => unpack(x, { requiresGrad: x.dtype === 'f32' }))
    const outputs = flat(run(module, inputs))
    expect(outputs.length).toBe(phase.outputs.length)
    const sums = outputs.map((out, i) => out.mul(unpack(phase.cotangents[i])).sum())
    const total = sums.reduce((a, b) => a.add(b))
    if (total.requiresGrad) total.backward()
    const at = `phase ${number}`
    outputs.forEach((out, i) => {
      expectTensor(out, phase.outputs[i], tolerance, `${at} output ${i}`)
    })
    inputs.forEach((x, i) => {
      const expected = phase.inputGradients[i]
      if (expected) expectTensor(x.grad, expected, tolerance, `${at} gradient of input ${i}`)
    })
    const parameters = new Map(module.namedParameters())
    for (const [name, expected] of Object.entries(phase.gradients)) {
      expectTensor(parameters.get(name)!.grad, expected, tolerance, `${at} gradient of ${name}`)
    }
    const buffers = new Map(module.namedBuffers())
    expect([...buffers.keys()]).toEqual(Object.keys(phase.buffers))
    for (const [name, expected] of Object.entries(phase.buffers)) {
      expectTensor(buffers.get(name)!, expected, tolerance, `${at} ${name}`)
    }
  })
}

forEachDevice('layers agree with PyTorch', () => {
  it('covers every golden', () => {
    expect(Object.keys(entries).sort()).toEqual(cases.map((c) => c.name).sort())
  })

  for (const { name, state, phases } of cases) {
    it(name, () => {
      const subject = entries[name]
      const module = subject.make()
      const load = Object.fromEntries(Object.entries(state).map(([key, value]) => [key, unpack(value)]))
      module.loadStateDict(load)
      check(module, subject.run, phases)
    })
  }
})

describe('state dicts', () => {
  const nets: Record<string, () => nn.Module> = {
    sequential: () =>
      nn.sequential(new nn.Conv2d(1, 2, 3), new nn.BatchNorm2d(2), nn.sequential(new nn.Linear(2, 3))),
    lstm: () => new nn.LSTM(2, 3, { numLayers: 2, bidirectional: true }),
    encoder: () => new nn.TransformerEncoder(encoderLayer(), 2),
    attentionOtherSizes: () => new nn.MultiheadAttention(8, 2, { kdim: 6, vdim: 5 }),
    transformer,
    lstmCell: () => new nn.LSTMCell(2, 3),
    containers: () => new Lists(),
  }
  for (const [name, keys] of Object.entries(
    readGolden<Record<string, [string, number[]][]>>('state-dicts'),
  )) {
    it(`of ${name} have PyTorch's keys, shapes and order`, () => {
      const dict = nets[name]().stateDict()
      expect(Object.entries(dict).map(([key, t]) => [key, [...t.shape]])).toEqual(keys)
    })
  }

  it('copies of an encoder layer start equal and train apart', () => {
    const encoder = new nn.TransformerEncoder(encoderLayer(), 2)
    const [a, b] = encoder.layers
    expect([...a.linear1.weight.dataSync()]).toEqual([...b.linear1.weight.dataSync()])
    noGrad(() => a.linear1.weight.assign(a.linear1.weight.add(1)))
    expect(a.linear1.weight.dataSync()[0]).not.toBe(b.linear1.weight.dataSync()[0])
  })
})
