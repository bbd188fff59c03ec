/**
 * Networks inside compiled steps: the same numbers as eager training, for recurrent nets and attention too.
 */

import { describe, expect, it } from 'vitest'
import { crossEntropy } from '../../src/losses/cross-entropy.js'
import * as nn from '../../src/nn/index.js'
import { Adam } from '../../src/optim/adam.js'
import { clipGradNorm } from '../../src/optim/clip-grad-norm.js'
import { compile } from '../../src/tensor/compile.js'
import { tensor } from '../../src/tensor/creation.js'
import { Parameter } from '../../src/tensor/parameter.js'
import { manualSeed } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { forEachDevice } from '../helpers/devices.js'
import { valuesOf } from '../helpers/goldens.js'
import { seeded } from '../helpers/random.js'

class Tagger extends nn.Module {
  table = new nn.Embedding(7, 6, { paddingIdx: 0 })
  lstm = new nn.LSTM(6, 5, { numLayers: 2, bidirectional: true, batchFirst: true, dropout: 0.2 })
  head = new nn.Linear(10, 3)
  override forward(words: Tensor): Tensor {
    const [output] = this.lstm.forward(this.table.forward(words))
    return this.head.forward(output.mean(1))
  }
}

class Classifier extends nn.Module {
  table = new nn.Embedding(7, 8)
  encoder = new nn.TransformerEncoder(
    new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true, normFirst: true }),
    2,
  )
  head = new nn.Linear(8, 3)
  override forward(words: Tensor): Tensor {
    return this.head.forward(this.encoder.forward(this.table.forward(words), { causal: true }).mean(1))
  }
}

function train(
  make: () => nn.TensorModule,
  compiled: boolean,
): { losses: number[]; norms: number[]; weights: number[] } {
  manualSeed(3)
  const random = seeded(4)
  const model = make()
  const optimizer = new Adam(model.parameters(), { lr: 0.02 })
  const step = (words: Tensor, labels: Tensor): [Tensor, Tensor] => {
    const loss = crossEntropy(model.forward(words), labels)
    optimizer.zeroGrad()
    loss.backward()
    const norm = clipGradNorm(model.parameters(), 1)
    optimizer.step()
    return [loss, norm]
  }
  const run = compiled ? compile(step) : step
  const words = tensor(
    Int32Array.from({ length: 24 }, () => random.integer(0, 7)),
    { shape: [4, 6] },
  )
  const labels = tensor([0, 1, 2, 1], { dtype: 'i32' })
  const results = Array.from({ length: 12 }, () => run(words, labels))
  return {
    losses: results.map(([loss]) => loss.itemSync()),
    norms: results.map(([, norm]) => norm.itemSync()),
    weights: model.parameters().flatMap(valuesOf),
  }
}

forEachDevice('compiled training equals eager training bit for bit', () => {
  for (const [name, make] of Object.entries({
    LSTM: () => new Tagger(),
    transformer: () => new Classifier(),
  })) {
    it(name, () => {
      const eager = train(make, false)
      expect(train(make, true)).toEqual(eager)
      expect(eager.losses[11]).toBeLessThan(eager.losses[0] * 0.9)
    })
  }
})

forEachDevice('labels of 64 bits', () => {
  it('are compared and counted in vectors of 32-bit results', () => {
    const random = seeded(9)
    const scores = Float32Array.from({ length: 640 }, () => random.normal())
    const labels = BigInt64Array.from({ length: 64 }, () => BigInt(random.integer(0, 10)))
    const best = Array.from({ length: 64 }, (_, i) => {
      const row = scores.subarray(10 * i, 10 * i + 10)
      return row.indexOf(Math.max(...row))
    })
    const right = best.filter((b, i) => BigInt(b) === labels[i]).length
    const hits = tensor(scores, { shape: [64, 10] })
      .argmax(1)
      .eq(tensor(labels))
    expect(hits.to('f32').sum().itemSync()).toBe(right)
    expect(hits.to('i64').sum().itemSync()).toBe(right)
  })
})

describe('what a compiled step notices', () => {
  it('the mode of a module', () => {
    manualSeed(5)
    const model = new nn.Dropout(0.5)
    const run = compile((x: Tensor): Tensor => model.forward(x))
    const x = tensor(new Array<number>(64).fill(1))
    expect(new Set(valuesOf(run(x)))).toEqual(new Set([0, 2]))
    model.eval()
    expect(new Set(valuesOf(run(x)))).toEqual(new Set([1]))
    model.train()
    expect(valuesOf(run(x))).not.toEqual(valuesOf(run(x)))
    expect(run.stats.compilations).toBe(2)
  })

  it('a parameter group added later', () => {
    const [p, q] = [new Parameter(tensor([1])), new Parameter(tensor([1]))]
    const optimizer = new Adam([p], { lr: 0.5 })
    const step = compile((): void => {
      optimizer.zeroGrad()
      p.mul(q).sum().backward()
      optimizer.step()
    })
    step()
    expect(valuesOf(q)).toEqual([1])
    optimizer.addParamGroup({ params: [q] })
    step()
    expect(valuesOf(q)[0]).toBeCloseTo(0.5, 5)
  })
})
