/** Lists and dictionaries of modules and parameters, and bad input of the newer layers. */
import { describe, expect, it } from 'vitest'
import * as nn from '../../src/nn/index.js'
import { ones, tensor, zeros } from '../../src/tensor/creation.js'
import { Parameter } from '../../src/tensor/parameter.js'
import type { Tensor } from '../../src/tensor/tensor.js'

const linear = (n: number): nn.Linear => new nn.Linear(n, n, { bias: false })

describe('containers', () => {
  it('lists keep order, take insertions, and name their modules by position', () => {
    const list = new nn.ModuleList([linear(1), linear(3)]).insert(1, linear(2)).append(linear(4))
    expect([...list].map((m) => m.inFeatures)).toEqual([1, 2, 3, 4])
    expect([list.length, list.at(-1)?.inFeatures, list.at(9)]).toEqual([4, 4, undefined])
    expect(Object.keys(list.stateDict())).toEqual(['0.weight', '1.weight', '2.weight', '3.weight'])
    expect(list.parameters()).toHaveLength(4)
    expect(() => list.insert(9, linear(1))).toThrow(/position from -4 to 4/)
    expect(() => list.append(3 as never)).toThrow(/expected a Module/)
    expect(() => list.forward()).toThrow(/expected forward\(\) of its modules/)
  })

  it('dictionaries name their modules', () => {
    const dict = new nn.ModuleDict({ left: linear(1) }).set('right', linear(2))
    expect([dict.size, dict.keys(), dict.has('left'), dict.get('up')]).toEqual([
      2,
      ['left', 'right'],
      true,
      undefined,
    ])
    expect(dict.entries().map(([name, m]) => [name, m.inFeatures])).toEqual([
      ['left', 1],
      ['right', 2],
    ])
    dict.set('left', linear(5))
    expect(dict.values().map((m) => m.inFeatures)).toEqual([5, 2])
    expect([dict.delete('left'), dict.delete('left'), dict.size]).toEqual([true, false, 1])
    expect(() => dict.set('forward', linear(1))).toThrow(/name that is free/)
    expect(() => dict.set('a.b', linear(1))).toThrow(/has no dot/)
  })

  it('parameters in lists and dictionaries train', () => {
    const list = new nn.ParameterList([ones([2]), new Parameter(zeros([1]))])
    expect([...list].every((p) => p instanceof Parameter)).toBe(true)
    expect(list.namedParameters().map(([name]) => name)).toEqual(['0', '1'])
    const dict = new nn.ParameterDict({ a: ones([2]) }).set('b', ones([1]))
    expect(Object.keys(dict.stateDict())).toEqual(['a', 'b'])
    dict.get('a')!.sum().backward()
    expect([...dict.get('a')!.grad!.dataSync()]).toEqual([1, 1])
    expect(() => new nn.ParameterList([1 as never])).toThrow(/a Parameter or a tensor/)
    expect(() => dict.set('a', ones([1]))).toThrow(/name that is free/)
  })

  it('older names of resampling and channel softmax', () => {
    const x = tensor([
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ])
    expect(new nn.UpsamplingNearest2d({ scaleFactor: 2 }).forward(x).shape).toEqual([1, 1, 4, 4])
    expect([...new nn.UpsamplingBilinear2d({ size: 3 }).forward(x).dataSync()]).toEqual([
      1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4,
    ])
    expect([...new nn.Softmax2d().forward(zeros([2, 1, 1])).dataSync()]).toEqual([0.5, 0.5])
  })
})

describe('max pooling with indices', () => {
  it('gives a pair that unpooling takes, and refuses to stand in a chain', () => {
    const x = tensor([1, 5, 2, 4, 3, 0], { shape: [1, 1, 6] })
    const [values, indices] = new nn.MaxPool1d(2, { returnIndices: true }).forward(x)
    expect([...values.dataSync()]).toEqual([5, 4, 3])
    expect(indices.dtype).toBe('i64')
    expect([...indices.dataSync()]).toEqual([1n, 3n, 4n])
    expect([...new nn.MaxUnpool1d(2).forward(values, indices).dataSync()]).toEqual([0, 5, 0, 4, 3, 0])
    expect(new nn.MaxPool1d(2, { returnIndices: false }).forward(x).shape).toEqual([1, 1, 3])
    const chain = nn.sequential(new nn.MaxPool1d(2, { returnIndices: true }) as never, new nn.ReLU())
    expect(() => chain.forward(x)).toThrow()
  })
})

describe('bad input of layers', () => {
  const wrong = zeros([7]) as Tensor
  it.each<[string, () => unknown, RegExp]>([
    [
      'RNNCell',
      () => new nn.RNNCell(3, 4).forward(wrong),
      /RNNCell: expected .*\(N, 3\) or \(3\), got \[7\]/,
    ],
    [
      'LSTMCell',
      () => new nn.LSTMCell(7, 4).forward(wrong, [zeros([2]), zeros([2])]),
      /state of shape \[4\]/,
    ],
    [
      'Bilinear',
      () => new nn.Bilinear(3, 4, 2).forward(zeros([2, 3]), zeros([3, 4]) as Tensor),
      /Bilinear: expected .*\(2, 4\)/,
    ],
    ['ReflectionPad2d', () => new nn.ReflectionPad2d([1, 2]), /4 of them/],
    ['ReflectionPad1d', () => new nn.ReflectionPad1d(1).forward(wrong), /\(N, C, L\) or \(C, L\)/],
    ['EmbeddingBag', () => new nn.EmbeddingBag(3, 2, { paddingIdx: 3 }), /paddingIdx from -3 to 2/],
    [
      'EmbeddingBag mode',
      () => new nn.EmbeddingBag(3, 2, { mode: 'min' as never }),
      /'mean', 'sum' or 'max'/,
    ],
    ['Upsample', () => new nn.Upsample({ scale: 2 } as never), /options among size, scaleFactor/],
    [
      'TransformerDecoderLayer',
      () => new nn.TransformerDecoderLayer(8, 2, { activation: 'tanh' as never }),
      /'relu' or 'gelu'/,
    ],
    [
      'TransformerDecoder',
      () => new nn.TransformerDecoder(linear(2) as never, 1),
      /TransformerDecoderLayer to copy/,
    ],
    [
      'Transformer',
      () =>
        new nn.Transformer({ dModel: 8, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1 }).forward(
          zeros([2, 1, 8]),
          zeros([2, 2, 8]),
        ),
      /same batch and features/,
    ],
    ['LPPool1d norm', () => new nn.LPPool1d(0, 2), /LPPool1d: expected a normType above 0, got 0/],
    ['LPPool2d window', () => new nn.LPPool2d(2, [2, 2, 2]), /LPPool2d kernelSize: expected one number or 2/],
    [
      'LPPool3d stride',
      () => new nn.LPPool3d(2, 2, { stride: 0 }),
      /LPPool3d stride: expected integers of at least 1/,
    ],
    [
      'MaxUnpool1d stride',
      () => new nn.MaxUnpool1d(2, { stride: [1, 2] }),
      /MaxUnpool1d stride: expected one number or 1/,
    ],
    [
      'MaxUnpool3d padding',
      () => new nn.MaxUnpool3d(2, { padding: -1 }),
      /MaxUnpool3d padding: expected integers of at least 0/,
    ],
    [
      'MaxPool2d dilation',
      () => new nn.MaxPool2d(2, { dilation: 0 }),
      /MaxPool2d dilation: expected integers/,
    ],
    ['Unfold', () => new nn.Unfold(2, { dilation: 0.5 }), /Unfold dilation: expected integers of at least 1/],
    ['Fold', () => new nn.Fold([4, 0], 2), /Fold outputSize: expected integers of at least 1/],
    ['GLU', () => new nn.GLU(0.5), /GLU: expected axis to be an integer, got 0.5/],
    ['Unflatten', () => new nn.Unflatten(1, [2, 1.5]), /Unflatten sizes: expected integers/],
    [
      'CosineSimilarity',
      () => new nn.CosineSimilarity({ axis: Number.NaN }),
      /axis to be an integer, got NaN/,
    ],
    ['RReLU', () => new nn.RReLU(0.5, 0.1), /lower ≤ upper/],
    ['Softshrink', () => new nn.Softshrink(-1), /at least 0/],
    ['AlphaDropout', () => new nn.AlphaDropout(2), /between 0 and 1/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})
