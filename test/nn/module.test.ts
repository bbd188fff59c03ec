/**
 * What Module finds, names, saves, loads, prints and hooks.
 */
import { describe, expect, it } from 'vitest'
import { ShapeError, ValueError } from '../../src/core/errors.js'
import type { Shape } from '../../src/core/shape.js'
import * as nn from '../../src/nn/index.js'
import { tensor, zeros } from '../../src/tensor/creation.js'
import { Buffer, Parameter } from '../../src/tensor/parameter.js'
import type { Tensor } from '../../src/tensor/tensor.js'

class Block extends nn.Module {
  scale = new Parameter(tensor([2]))
  runningTotal = new Buffer(tensor([0]))
  layers = [new nn.Linear(3, 3), new nn.Linear(3, 3)]
  byName = { first: new nn.Linear(3, 2, { bias: false }) }
  plainNumbers = [1, 2, 3]
  override forward(x: Tensor): Tensor {
    return this.byName.first.forward(this.layers.reduce((y, l) => l.forward(y), x).mul(this.scale))
  }
}

class Net extends nn.Module {
  innerBlock = new Block()
  head = new nn.Linear(2, 1)
  dropout = new nn.Dropout(0.5)
  override forward(x: Tensor): Tensor {
    return this.dropout.forward(this.head.forward(this.innerBlock.forward(x)))
  }
}

const keys = [
  'inner_block.scale',
  'inner_block.running_total',
  'inner_block.layers.0.weight',
  'inner_block.layers.0.bias',
  'inner_block.layers.1.weight',
  'inner_block.layers.1.bias',
  'inner_block.by_name.first.weight',
  'head.weight',
  'head.bias',
]

describe('Module', () => {
  it('finds parameters, buffers and modules in properties, arrays and objects', () => {
    const net = new Net()
    expect(Object.keys(net.stateDict())).toEqual(keys)
    expect(net.namedParameters().map(([name]) => name)).toEqual(
      keys.filter((k) => !k.endsWith('running_total')),
    )
    expect(net.namedBuffers().map(([name]) => name)).toEqual(['inner_block.running_total'])
    expect(net.namedModules().map(([name]) => name)).toEqual([
      '',
      'inner_block',
      'inner_block.layers.0',
      'inner_block.layers.1',
      'inner_block.by_name.first',
      'head',
      'dropout',
    ])
    expect(net.children().length).toBe(3)
  })

  it('counts tied weights once as parameters and twice in the state dict', () => {
    const net = new Net()
    net.innerBlock.layers[1].weight = net.innerBlock.layers[0].weight
    expect(net.parameters().length).toBe(7)
    expect(Object.keys(net.stateDict()).length).toBe(9)
  })

  it('sets the mode everywhere', () => {
    const net = new Net()
    expect(net.training).toBe(true)
    net.eval()
    expect(net.modules().map((m) => m.training)).toEqual(net.modules().map(() => false))
    net.train()
    expect(net.dropout.training).toBe(true)
  })

  it('round-trips its state', () => {
    const [a, b] = [new Net(), new Net()]
    b.loadStateDict(a.stateDict())
    for (const [key, value] of Object.entries(a.stateDict())) {
      expect([...b.stateDict()[key].dataSync()]).toEqual([...value.dataSync()])
    }
  })

  it('a state dict is a snapshot', () => {
    const net = new nn.Linear(1, 1)
    const before = net.stateDict()
    const value = before.weight.itemSync()
    net.weight.assign(net.weight.detach().add(1))
    expect(before.weight.itemSync()).toBe(value)
    expect(net.weight.itemSync()).toBeCloseTo(value + 1, 6)
  })

  it('names missing and unexpected keys and loads nothing', () => {
    const net = new nn.Linear(2, 1)
    const before = [...net.weight.dataSync()]
    const dict = { weight: zeros([1, 2]), other: zeros([1]) }
    expect(() => net.loadStateDict(dict)).toThrow(ValueError)
    expect(() => net.loadStateDict(dict)).toThrow(
      /missing keys: bias; unexpected keys: other.*Nothing was loaded/,
    )
    expect([...net.weight.dataSync()]).toEqual(before)
    expect(net.loadStateDict(dict, { strict: false })).toEqual({
      missingKeys: ['bias'],
      unexpectedKeys: ['other'],
    })
    expect([...net.weight.dataSync()]).toEqual([0, 0])
  })

  it('names shapes that differ, also when not strict', () => {
    const net = new nn.Linear(2, 1)
    const dict = { weight: zeros([3, 2]), bias: zeros([1]) }
    expect(() => net.loadStateDict(dict, { strict: false })).toThrow(ShapeError)
    expect(() => net.loadStateDict(dict)).toThrow(/weight \(expected \[1, 2\], got \[3, 2\]\)/)
  })

  it('forgets gradients and freezes', () => {
    const net = new nn.Linear(2, 1)
    net
      .forward(tensor([[1, 2]]))
      .sum()
      .backward()
    expect([...net.weight.grad!.dataSync()]).toEqual([1, 2])
    net.zeroGrad()
    expect(net.weight.grad).toBeNull()
    net.requiresGrad_(false)
    expect(net.forward(tensor([[1, 2]])).requiresGrad).toBe(false)
    net.requiresGrad_(true)
    expect(net.forward(tensor([[1, 2]])).requiresGrad).toBe(true)
  })

  it('applies a function to children first', () => {
    const seen: string[] = []
    nn.sequential(new nn.Linear(1, 1), new nn.ReLU()).apply((m) => seen.push(m.constructor.name))
    expect(seen).toEqual(['Linear', 'ReLU', 'Sequential'])
  })

  it('runs forward hooks, which may replace the output, until they are removed', () => {
    const net = nn.sequential(new nn.Identity(), new nn.Identity())
    const shapes: unknown[] = []
    const first = net.at(0)!.registerForwardHook((_, [x], y) => {
      shapes.push([(x as Tensor).shape, (y as Tensor).shape])
    })
    const second = net.at(1)!.registerForwardHook((_, __, y) => (y as Tensor).mul(10))
    expect([...net.forward(tensor([1, 2])).dataSync()]).toEqual([10, 20])
    first.remove()
    second.remove()
    second.remove()
    expect([...net.forward(tensor([1, 2])).dataSync()]).toEqual([1, 2])
    expect(shapes).toEqual([[[2], [2]]])
    expect(Object.keys(net.at(0)!)).toEqual([])
  })

  it('prints as a tree', () => {
    const net = nn.sequential(
      new nn.Conv2d(1, 6, 5, { padding: 2 }),
      nn.sequential(new nn.Linear(2, 3), new nn.ReLU()),
    )
    expect(net.toString()).toBe(
      [
        'Sequential(',
        '  (0): Conv2d(1, 6, kernelSize=(5, 5), stride=(1, 1), padding=(2, 2))',
        '  (1): Sequential(',
        '    (0): Linear(inFeatures=2, outFeatures=3, bias=true)',
        '    (1): ReLU()',
        '  )',
        ')',
      ].join('\n'),
    )
  })

  it('summarises shapes and parameters without changing mode or statistics', () => {
    const net = nn.sequential(
      new nn.Conv2d(1, 6, 5),
      new nn.BatchNorm2d(6),
      new nn.Flatten(),
      new nn.Linear(96, 10),
    )
    net.at(1)!.eval()
    const table = net.summary([2, 1, 8, 8])
    expect(table).toMatch(/0: Conv2d +\[2, 6, 4, 4\] +156/)
    expect(table).toMatch(/3: Linear +\[2, 10\] +970/)
    expect(table).toMatch(/Parameters: 1,138 \(trainable: 1,138\)/)
    expect(net.training).toBe(true)
    expect(net.at(1)!.training).toBe(false)
    expect(Object.hasOwn(net, 'forward')).toBe(false)
  })

  it('names of properties become the names of checkpoints', () => {
    const pairs = {
      conv1: 'conv1',
      inProjWeight: 'in_proj_weight',
      weightIhL0Reverse: 'weight_ih_l0_reverse',
      W: 'W',
    }
    for (const [from, to] of Object.entries(pairs)) expect(nn.stateName(from)).toBe(to)
    expect(nn.stateName('LayerNorm')).toBe('LayerNorm')
    expect(nn.stateName('queryKV')).toBe('query_kv')
  })
})

/** A tensor whose shape the compiler does not know: it would refuse what is tried here. */
const input = (shape: Shape): Tensor => zeros(shape)

describe('errors of layers', () => {
  const cases: [string, () => unknown, RegExp][] = [
    ['Linear', () => new nn.Linear(4, 2).forward(input([3, 5])), /Linear: expected .*\(…, 4\), got \[3, 5\]/],
    [
      'Conv2d',
      () => new nn.Conv2d(3, 2, 3).forward(input([1, 8, 8, 3])),
      /Conv2d: expected .*\(N, 3, H, W\), got \[1, 8, 8, 3\]/,
    ],
    ['Conv2d without a batch', () => new nn.Conv2d(3, 2, 3).forward(input([3, 8, 8])), /unsqueeze/],
    ['groups', () => new nn.Conv2d(3, 4, 3, { groups: 2 }), /groups 2/],
    ['MaxPool2d', () => new nn.MaxPool2d(4).forward(input([1, 1, 3, 8])), /MaxPool2d: .*got \[1, 1, 3, 8\]/],
    ['pool padding', () => new nn.MaxPool2d(2, { padding: 2 }), /at most half/],
    [
      'BatchNorm2d',
      () => new nn.BatchNorm2d(4).forward(input([1, 3, 2, 2])),
      /BatchNorm2d: .*\(N, 4, H, W\)/,
    ],
    [
      'BatchNorm of one value',
      () => new nn.BatchNorm1d(3).forward(zeros([1, 3])),
      /BatchNorm1d: expected more than one value/,
    ],
    ['LayerNorm', () => new nn.LayerNorm([3, 4]).forward(input([2, 4, 3])), /LayerNorm: .*\(…, 3, 4\)/],
    ['Embedding', () => new nn.Embedding(4, 2).forward(zeros([2])), /integer indices/],
    ['LSTM', () => new nn.LSTM(3, 4).forward(input([5, 2, 4])), /LSTM: expected .*got \[5, 2, 4\]/],
    [
      'GRU state',
      () => new nn.GRU(3, 4).forward(zeros([5, 2, 3]), zeros([1, 3, 4])),
      /GRU: expected an initial state/,
    ],
    ['attention', () => new nn.MultiheadAttention(6, 4), /multiple of numHeads/],
    ['Dropout', () => new nn.Dropout(1.5), /probability/],
    ['Sequential', () => new nn.Sequential({ forward: new nn.ReLU() }), /a name that is free/],
  ]
  for (const [name, run, message] of cases) it(name, () => expect(run).toThrow(message))
})
