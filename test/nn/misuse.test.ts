/** Mistakes that would pass in silence: a tensor in a parameter's place, options that do not exist; names in summaries. */
import { describe, expect, it } from 'vitest'
import * as nn from '../../src/nn/index.js'
import * as optim from '../../src/optim/index.js'
import { ones, zeros } from '../../src/tensor/creation.js'
import { Buffer, Parameter } from '../../src/tensor/parameter.js'
import type { Tensor } from '../../src/tensor/tensor.js'

/** A value that the types forbid. */
const wrong = (value: unknown): never => value as never

describe('a plain tensor in the place of state', () => {
  it('is refused by every layer from the start', () => {
    const layers: [nn.Module, string][] = [
      [new nn.Linear(2, 3), 'weight'],
      [new nn.Linear(2, 3), 'bias'],
      [new nn.Conv2d(1, 2, 3), 'weight'],
      [new nn.ConvTranspose1d(1, 2, 3), 'bias'],
      [new nn.BatchNorm2d(3), 'weight'],
      [new nn.BatchNorm1d(3), 'runningMean'],
      [new nn.LayerNorm(3), 'bias'],
      [new nn.RMSNorm(3), 'weight'],
      [new nn.GroupNorm(1, 3), 'weight'],
      [new nn.InstanceNorm2d(3, { affine: true }), 'weight'],
      [new nn.Embedding(3, 2), 'weight'],
      [new nn.PReLU(), 'weight'],
      [new nn.LSTM(2, 3), 'weightHhL0'],
      [new nn.MultiheadAttention(4, 2), 'inProjWeight'],
    ]
    for (const [layer, key] of layers) {
      const set = (value: unknown) => () => Reflect.set(layer, key, value)
      const kind = key.startsWith('running') ? 'Buffer' : 'Parameter'
      expect(set(ones([3]))).toThrow(
        new RegExp(
          `${layer.constructor.name}\\.${key}: expected a ${kind} or null, got a plain tensor.*assign`,
        ),
      )
      expect(set([1, 2])).toThrow(/expected a/)
    }
  })

  it('is refused by a module of the user once its parameters were asked for', () => {
    class Scale extends nn.Module {
      scale = new Parameter(ones([2]))
      mean = new Buffer(zeros([2]))
      override forward(x: Tensor): Tensor {
        return x.mul(this.scale)
      }
    }
    const module = new Scale()
    new optim.SGD(module.parameters())
    expect(() => {
      module.scale = wrong(ones([2]))
    }).toThrow(/Scale\.scale: expected a Parameter or null, got a plain tensor/)
    expect(() => {
      module.mean = wrong(ones([2]))
    }).toThrow(/Scale\.mean: expected a Buffer/)
    const fresh = new Parameter(ones([2]).mul(3))
    module.scale = fresh
    expect(module.parameters()).toEqual([fresh])
    expect(module.scale).toBe(fresh)
    expect(Object.keys(module.stateDict())).toEqual(['scale', 'mean'])
    expect([...module.forward(ones([2])).dataSync()]).toEqual([3, 3])
  })

  it('layers take other parameters, and null', () => {
    const layer = new nn.Linear(2, 3)
    const tied = new Parameter(ones([3, 2]))
    layer.weight = tied
    layer.bias = null
    expect(layer.parameters()).toEqual([tied])
    expect([...layer.forward(ones([1, 2])).dataSync()]).toEqual([2, 2, 2])
    layer.bias = new Parameter(ones([3]))
    expect(Object.keys(layer.stateDict())).toEqual(['weight', 'bias'])
  })
})

describe('options that do not exist', () => {
  const parameters = () => [new Parameter(ones([1]))]
  it.each([
    [
      'Linear',
      () => new nn.Linear(2, 3, wrong({ bais: false })),
      /Linear: expected options among bias; got 'bais'/,
    ],
    [
      'Conv2d',
      () => new nn.Conv2d(1, 2, 3, wrong({ paddingMode: 'zeros' })),
      /Conv2d: .*groups, bias; got 'paddingMode'/,
    ],
    [
      'ConvTranspose2d',
      () => new nn.ConvTranspose2d(1, 2, 3, wrong({ pad: 1 })),
      /ConvTranspose2d: .*got 'pad'/,
    ],
    [
      'MaxPool2d',
      () => new nn.MaxPool2d(2, wrong({ countIncludePad: true })),
      /MaxPool2d: .*got 'countIncludePad'/,
    ],
    ['AvgPool1d', () => new nn.AvgPool1d(2, wrong({ dilation: 2 })), /AvgPool1d: .*got 'dilation'/],
    [
      'BatchNorm2d',
      () => new nn.BatchNorm2d(2, wrong({ track_running_stats: false })),
      /BatchNorm2d: .*trackRunningStats/,
    ],
    ['LayerNorm', () => new nn.LayerNorm(2, wrong({ affine: false })), /LayerNorm: .*elementwiseAffine/],
    ['LSTM', () => new nn.LSTM(2, 3, wrong({ num_layers: 2 })), /LSTM: .*numLayers.*got 'num_layers'/],
    ['GRU', () => new nn.GRU(2, 3, wrong({ nonlinearity: 'relu' })), /GRU: .*got 'nonlinearity'/],
    [
      'MultiheadAttention',
      () => new nn.MultiheadAttention(4, 2, wrong({ heads: 2 })),
      /MultiheadAttention: .*got 'heads'/,
    ],
    [
      'LPPool2d',
      () => new nn.LPPool2d(2, 2, wrong({ padding: 1 })),
      /LPPool2d: .*stride, ceilMode; got 'padding'/,
    ],
    [
      'MaxUnpool2d',
      () => new nn.MaxUnpool2d(2, wrong({ outputSize: [4, 4] })),
      /MaxUnpool2d: .*got 'outputSize'/,
    ],
    [
      'AdaptiveMaxPool1d',
      () => new nn.AdaptiveMaxPool1d(2, wrong({ indices: true })),
      /AdaptiveMaxPool1d: .*got 'indices'/,
    ],
    ['Unfold', () => new nn.Unfold(2, wrong({ strides: 1 })), /Unfold: .*got 'strides'/],
    ['Fold', () => new nn.Fold(4, 2, wrong({ pad: 1 })), /Fold: .*got 'pad'/],
    [
      'CosineSimilarity',
      () => new nn.CosineSimilarity(wrong({ dim: 0 })),
      /CosineSimilarity: .*axis, eps; got 'dim'/,
    ],
    ['PairwiseDistance', () => new nn.PairwiseDistance(wrong({ norm: 1 })), /PairwiseDistance: .*got 'norm'/],
    ['Bilinear', () => new nn.Bilinear(2, 3, 4, wrong({ biases: false })), /Bilinear: .*got 'biases'/],
    [
      'UpsamplingNearest2d',
      () => new nn.UpsamplingNearest2d(wrong({ scale: 2 })),
      /UpsamplingNearest2d: .*got 'scale'/,
    ],
    [
      'TransformerDecoderLayer',
      () => new nn.TransformerDecoderLayer(4, 2, wrong({ heads: 2 })),
      /TransformerDecoderLayer: .*got 'heads'/,
    ],
    [
      'TransformerDecoder',
      () => new nn.TransformerDecoder(new nn.TransformerDecoderLayer(4, 2), 1, wrong({ layerNorm: true })),
      /TransformerDecoder: .*got 'layerNorm'/,
    ],
    ['Transformer', () => new nn.Transformer(wrong({ heads: 2 })), /Transformer: .*got 'heads'/],
    [
      'an option without braces',
      () => new nn.Linear(2, 3, wrong(false)),
      /object of options, such as \{ bias: … \}, got false/,
    ],
    ['SGD', () => new optim.SGD(parameters(), wrong({ learningRate: 1 })), /SGD: .*lr.*got 'learningRate'/],
    ['AdamW', () => new optim.AdamW(parameters(), wrong({ beta1: 0.9 })), /AdamW: .*betas.*got 'beta1'/],
    ['RMSprop', () => new optim.RMSprop(parameters(), wrong({ rho: 0.9 })), /RMSprop: .*alpha.*got 'rho'/],
    [
      'a parameter group',
      () => new optim.Adam(wrong([{ params: parameters(), learning_rate: 1 }])),
      /Adam: a parameter group: .*lr.*got 'learning_rate'/,
    ],
    [
      'StepLR',
      () => new optim.StepLR(new optim.SGD(parameters()), 2, wrong({ decay: 0.5 })),
      /StepLR: expected options among gamma; got 'decay'/,
    ],
  ])('%s', (_, call, message) => expect(call).toThrow(message))
})

describe('summary', () => {
  it('names members of arrays and objects by both', () => {
    class Net extends nn.Module {
      blocks = [new nn.Linear(2, 3), new nn.Linear(3, 3)]
      heads = { left: nn.sequential(new nn.Linear(3, 1)) }
      override forward(x: Tensor): Tensor {
        return this.heads.left.forward(this.blocks.reduce((y: Tensor, l) => l.forward(y), x))
      }
    }
    const lines = new Net().summary([4, 2]).split('\n')
    const labels = lines.slice(2, -2).map((line) => line.replace(/ {2,}\[.*/, ''))
    expect(labels).toEqual([
      'Net',
      '  blocks.0: Linear',
      '  blocks.1: Linear',
      '  heads.left: Sequential',
      '    0: Linear',
    ])
  })
})
