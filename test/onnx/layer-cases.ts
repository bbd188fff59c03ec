/** Every layer with small inputs for it: a row is named after its layer, with what is special after a comma. */
import { functional, rand, randint, randn, sequential, type Tensor, tensor } from '../../src/index.js'
import * as nn from '../../src/nn/index.js'
import { type AnyModule, Calling } from './check-export.js'

const signal = (): Tensor[] => [randn([2, 4, 12])]
const image = (): Tensor[] => [randn([2, 4, 9, 10])]
const volume = (): Tensor[] => [randn([1, 2, 6, 7, 8])]
const rows = (): Tensor[] => [randn([3, 8])]
const steps = (): Tensor[] => [randn([5, 2, 4])]
const pairs = (): Tensor[] => [randn([3, 8]), randn([3, 8])]

export const layerCases: Readonly<Record<string, readonly [() => AnyModule, () => readonly Tensor[]]>> = {
  AdaptiveAvgPool1d: [() => new nn.AdaptiveAvgPool1d(5), signal],
  AdaptiveAvgPool2d: [() => new nn.AdaptiveAvgPool2d([3, 4]), image],
  AdaptiveAvgPool3d: [() => new nn.AdaptiveAvgPool3d(3), volume],
  AdaptiveMaxPool1d: [() => new nn.AdaptiveMaxPool1d(5), signal],
  AdaptiveMaxPool2d: [() => new nn.AdaptiveMaxPool2d([3, 4]), image],
  AdaptiveMaxPool3d: [() => new nn.AdaptiveMaxPool3d(3), volume],
  AlphaDropout: [() => new nn.AlphaDropout(0.5), rows],
  AvgPool1d: [() => new nn.AvgPool1d(3, { stride: 2, padding: 1 }), signal],
  'AvgPool1d, ceilMode': [() => new nn.AvgPool1d(3, { stride: 2, ceilMode: true }), signal],
  AvgPool2d: [() => new nn.AvgPool2d(3, { stride: 2, padding: 1, countIncludePad: false }), image],
  AvgPool3d: [() => new nn.AvgPool3d(2, { ceilMode: true }), volume],
  BatchNorm1d: [() => new nn.BatchNorm1d(4), signal],
  BatchNorm2d: [() => new nn.BatchNorm2d(4), image],
  'BatchNorm2d, not affine': [() => new nn.BatchNorm2d(4, { affine: false }), image],
  BatchNorm3d: [() => new nn.BatchNorm3d(2), volume],
  Bilinear: [() => new nn.Bilinear(8, 3, 4), () => [randn([3, 8]), randn([3, 3])]],
  CELU: [() => new nn.CELU(), rows],
  ChannelShuffle: [() => new nn.ChannelShuffle(2), image],
  CircularPad1d: [() => new nn.CircularPad1d([1, 2]), signal],
  CircularPad2d: [() => new nn.CircularPad2d(2), image],
  CircularPad3d: [() => new nn.CircularPad3d(1), volume],
  ConstantPad1d: [() => new nn.ConstantPad1d([2, 1], 0.5), signal],
  'ConstantPad1d, cutting': [() => new nn.ConstantPad1d([-2, 1], 0.5), signal],
  ConstantPad2d: [() => new nn.ConstantPad2d(2, 3), image],
  ConstantPad3d: [() => new nn.ConstantPad3d([0, 1, 2, 0, 1, 1], -1), volume],
  Conv1d: [() => new nn.Conv1d(4, 6, 3, { stride: 2, padding: 1, dilation: 2 }), signal],
  Conv2d: [() => new nn.Conv2d(4, 6, 3, { stride: 2, padding: 1, groups: 2 }), image],
  Conv3d: [() => new nn.Conv3d(2, 3, 2), volume],
  ConvTranspose1d: [
    () => new nn.ConvTranspose1d(4, 6, 3, { stride: 2, padding: 1, outputPadding: 1 }),
    signal,
  ],
  ConvTranspose2d: [() => new nn.ConvTranspose2d(4, 6, 3, { stride: 2, dilation: 2, groups: 2 }), image],
  ConvTranspose3d: [() => new nn.ConvTranspose3d(2, 3, 2, { stride: 3, outputPadding: 2 }), volume],
  CosineSimilarity: [() => new nn.CosineSimilarity(), pairs],
  Dropout: [() => new nn.Dropout(0.5), rows],
  Dropout1d: [() => new nn.Dropout1d(0.5), signal],
  Dropout2d: [() => new nn.Dropout2d(0.5), image],
  Dropout3d: [() => new nn.Dropout3d(0.5), volume],
  ELU: [() => new nn.ELU(), rows],
  Embedding: [() => new nn.Embedding(10, 4), () => [randint(0, 10, [3, 5])]],
  EmbeddingBag: [() => new nn.EmbeddingBag(10, 4), () => [randint(0, 10, [3, 5])]],
  'EmbeddingBag, max with padding': [
    () => new nn.EmbeddingBag(6, 4, { mode: 'max', paddingIdx: 2 }),
    () => [randint(0, 6, [3, 5])],
  ],
  'EmbeddingBag, sum with offsets and weights': [
    () => new nn.EmbeddingBag(10, 4, { mode: 'sum' }),
    () => [randint(0, 10, [7]), tensor([0, 2, 2, 5], { dtype: 'i64' }), randn([7])],
  ],
  FeatureAlphaDropout: [() => new nn.FeatureAlphaDropout(0.5), image],
  Flatten: [() => new nn.Flatten(), image],
  Fold: [() => new nn.Fold([5, 6], 2), () => [randn([2, 12, 20])]],
  'Fold, with steps and padding': [
    () => new nn.Fold([6, 7], [3, 2], { stride: 2, padding: 1, dilation: [1, 2] }),
    () => [randn([1, 12, 12])],
  ],
  GELU: [() => new nn.GELU(), rows],
  'GELU, tanh': [() => new nn.GELU({ approximate: 'tanh' }), rows],
  GLU: [() => new nn.GLU(), rows],
  GroupNorm: [() => new nn.GroupNorm(2, 4), image],
  GRU: [() => new nn.GRU(4, 3), steps],
  GRUCell: [() => new nn.GRUCell(8, 3), () => [randn([2, 8]), randn([2, 3])]],
  Hardshrink: [() => new nn.Hardshrink(), rows],
  Hardsigmoid: [() => new nn.Hardsigmoid(), rows],
  Hardswish: [() => new nn.Hardswish(), rows],
  Hardtanh: [() => new nn.Hardtanh(), rows],
  Identity: [() => new nn.Identity(), rows],
  InstanceNorm1d: [() => new nn.InstanceNorm1d(4), signal],
  'InstanceNorm1d, affine': [() => new nn.InstanceNorm1d(4, { affine: true }), signal],
  InstanceNorm2d: [() => new nn.InstanceNorm2d(4, { affine: true }), image],
  'InstanceNorm2d, running statistics': [() => new nn.InstanceNorm2d(4, { trackRunningStats: true }), image],
  InstanceNorm3d: [() => new nn.InstanceNorm3d(2, { affine: true }), volume],
  LayerNorm: [() => new nn.LayerNorm(8), rows],
  LeakyReLU: [() => new nn.LeakyReLU(), rows],
  Linear: [() => new nn.Linear(8, 5), rows],
  LocalResponseNorm: [() => new nn.LocalResponseNorm(3), image],
  'LocalResponseNorm, even size': [() => new nn.LocalResponseNorm(2, { alpha: 0.1, k: 2 }), signal],
  LogSigmoid: [() => new nn.LogSigmoid(), rows],
  LogSoftmax: [() => new nn.LogSoftmax(), rows],
  LPPool1d: [() => new nn.LPPool1d(2, 3, { stride: 2 }), signal],
  LPPool2d: [() => new nn.LPPool2d(2, 2), image],
  LPPool3d: [() => new nn.LPPool3d(3, 2), () => [rand([1, 2, 6, 7, 8])]],
  LSTM: [() => new nn.LSTM(4, 3, { bidirectional: true }), steps],
  LSTMCell: [
    () => {
      const cell = new nn.LSTMCell(8, 3)
      return new Calling((x, h, c) => cell.forward(x, [h, c]), { cell })
    },
    () => [randn([2, 8]), randn([2, 3]), randn([2, 3])],
  ],
  MaxPool1d: [() => new nn.MaxPool1d(3, { stride: 2, padding: 1 }), signal],
  MaxPool2d: [() => new nn.MaxPool2d(2, { ceilMode: true }), image],
  MaxPool3d: [() => new nn.MaxPool3d(2, { dilation: 2 }), volume],
  MaxUnpool1d: [
    () => new nn.MaxUnpool1d(2),
    () => functional.maxPool1d(signal()[0], 2, { returnIndices: true }),
  ],
  MaxUnpool2d: [
    () => new nn.MaxUnpool2d(2),
    () => functional.maxPool2d(image()[0], 2, { returnIndices: true }),
  ],
  MaxUnpool3d: [
    () => new nn.MaxUnpool3d(2),
    () => functional.maxPool3d(randn([1, 2, 6, 4, 8]), 2, { returnIndices: true }),
  ],
  Mish: [() => new nn.Mish(), rows],
  ModuleDict: [
    () => {
      const parts = new nn.ModuleDict<nn.Linear>({ wide: new nn.Linear(8, 12), narrow: new nn.Linear(12, 3) })
      return new Calling((x) => parts.get('narrow')!.forward(parts.get('wide')!.forward(x)), { parts })
    },
    rows,
  ],
  ModuleList: [
    () => {
      const parts = new nn.ModuleList([new nn.Linear(8, 12), new nn.Linear(12, 3)])
      return new Calling((x) => [...parts].reduce((y, part) => part.forward(y), x), { parts })
    },
    rows,
  ],
  MultiheadAttention: [
    () => new nn.MultiheadAttention(8, 2, { batchFirst: true }),
    () => [0, 1, 2].map(() => randn([2, 5, 8])),
  ],
  PairwiseDistance: [() => new nn.PairwiseDistance(), pairs],
  'PairwiseDistance, p 3': [() => new nn.PairwiseDistance({ p: 3, keepdim: true }), pairs],
  ParameterDict: [
    () => {
      const parts = new nn.ParameterDict({ scale: randn([8]), shift: randn([8]) })
      return new Calling((x) => x.mul(parts.get('scale')!).add(parts.get('shift')!), { parts })
    },
    rows,
  ],
  ParameterList: [
    () => {
      const parts = new nn.ParameterList([randn([8]), randn([8])])
      return new Calling((x) => [...parts].reduce((y, part) => y.mul(part), x), { parts })
    },
    rows,
  ],
  PixelShuffle: [() => new nn.PixelShuffle(2), image],
  PixelUnshuffle: [() => new nn.PixelUnshuffle(2), () => [randn([2, 3, 4, 6])]],
  PReLU: [() => new nn.PReLU(4), image],
  ReflectionPad1d: [() => new nn.ReflectionPad1d([1, 2]), signal],
  ReflectionPad2d: [() => new nn.ReflectionPad2d(2), image],
  ReflectionPad3d: [() => new nn.ReflectionPad3d(1), volume],
  ReLU: [() => new nn.ReLU(), rows],
  ReLU6: [() => new nn.ReLU6(), rows],
  ReplicationPad1d: [() => new nn.ReplicationPad1d([1, 2]), signal],
  ReplicationPad2d: [() => new nn.ReplicationPad2d([1, 0, 2, 1]), image],
  ReplicationPad3d: [() => new nn.ReplicationPad3d(1), volume],
  RMSNorm: [() => new nn.RMSNorm(8), rows],
  RNN: [() => new nn.RNN(4, 3), steps],
  RNNCell: [() => new nn.RNNCell(8, 3, { nonlinearity: 'relu' }), () => [randn([2, 8]), randn([2, 3])]],
  RReLU: [() => new nn.RReLU(), rows],
  SELU: [() => new nn.SELU(), rows],
  Sequential: [() => sequential(new nn.Linear(8, 3), new nn.ReLU()), rows],
  Sigmoid: [() => new nn.Sigmoid(), rows],
  SiLU: [() => new nn.SiLU(), rows],
  Softmax: [() => new nn.Softmax(), rows],
  Softmax2d: [() => new nn.Softmax2d(), image],
  Softmin: [() => new nn.Softmin(1), rows],
  Softplus: [() => new nn.Softplus(), rows],
  Softshrink: [() => new nn.Softshrink(), rows],
  Softsign: [() => new nn.Softsign(), rows],
  Tanh: [() => new nn.Tanh(), rows],
  Tanhshrink: [() => new nn.Tanhshrink(), rows],
  Threshold: [() => new nn.Threshold(0.1, 2), rows],
  Transformer: [
    () =>
      new nn.Transformer({
        dModel: 8,
        nhead: 2,
        numEncoderLayers: 1,
        numDecoderLayers: 1,
        dimFeedforward: 12,
      }),
    () => [randn([5, 2, 8]), randn([4, 2, 8])],
  ],
  TransformerDecoder: [
    () => new nn.TransformerDecoder(new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 12 }), 2),
    () => [randn([5, 2, 8]), randn([4, 2, 8])],
  ],
  TransformerDecoderLayer: [
    () => {
      const layer = new nn.TransformerDecoderLayer(8, 2, {
        dimFeedforward: 12,
        normFirst: true,
        activation: 'gelu',
      })
      return new Calling((x, memory) => layer.forward(x, memory, { tgtCausal: true }), { layer })
    },
    () => [randn([5, 2, 8]), randn([4, 2, 8])],
  ],
  TransformerEncoder: [
    () => new nn.TransformerEncoder(new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 12 }), 1),
    () => [randn([5, 2, 8])],
  ],
  TransformerEncoderLayer: [
    () => new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 12 }),
    () => [randn([5, 2, 8])],
  ],
  Unflatten: [() => new nn.Unflatten(1, [2, 4]), rows],
  Unfold: [() => new nn.Unfold(2), image],
  Upsample: [() => new nn.Upsample({ scaleFactor: 2 }), signal],
  'Upsample, area': [() => new nn.Upsample({ size: [4, 7], mode: 'area' }), image],
  'Upsample, bicubic': [() => new nn.Upsample({ scaleFactor: [1.5, 0.8], mode: 'bicubic' }), image],
  'Upsample, bilinear with corners': [
    () => new nn.Upsample({ size: [13, 6], mode: 'bilinear', alignCorners: true }),
    image,
  ],
  'Upsample, linear': [() => new nn.Upsample({ scaleFactor: 1.7, mode: 'linear' }), signal],
  'Upsample, nearest-exact': [() => new nn.Upsample({ size: [5, 13], mode: 'nearest-exact' }), image],
  'Upsample, trilinear': [() => new nn.Upsample({ size: [3, 9, 8], mode: 'trilinear' }), volume],
  UpsamplingBilinear2d: [() => new nn.UpsamplingBilinear2d({ scaleFactor: 2 }), image],
  UpsamplingNearest2d: [() => new nn.UpsamplingNearest2d({ scaleFactor: 2 }), image],
  ZeroPad1d: [() => new nn.ZeroPad1d([3, 0]), signal],
  ZeroPad2d: [() => new nn.ZeroPad2d(1), image],
  ZeroPad3d: [() => new nn.ZeroPad3d(1), volume],
}
