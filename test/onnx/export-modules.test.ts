/** Operations that layers do not use, written as ONNX files: ONNX Runtime computes the same. */
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
  type Tensor,
  tensor,
  useDevice,
  where,
  whileLoop,
} from '../../src/index.js'
import * as nn from '../../src/nn/index.js'
import { exportOnnx } from '../../src/onnx/export-onnx.js'
import { Calling, checkExport } from './check-export.js'

// Small inputs, many graphs: what compiles nothing is fastest.
await useDevice('reference')

/** Operations that no layer of layer-cases.ts has. */
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

describe('functions', () => {
  for (const [name, [fn, inputs]] of Object.entries(functions)) {
    it(name, async () => {
      manualSeed(8)
      await checkExport(new Calling(fn), inputs())
    })
  }
})

describe('dynamic axes that windows run along', () => {
  const open = { dynamicAxes: { input: { 2: 'height' } } }
  const layers = {
    AvgPool2d: () => new nn.AvgPool2d(3, { stride: 1, padding: 1 }),
    LPPool2d: () => new nn.LPPool2d(2, 3, { stride: 1 }),
    'Unfold with dilation': () => new nn.Unfold([2, 3], { dilation: 2 }),
  }
  for (const [name, make] of Object.entries(layers)) {
    it(name, async () => {
      manualSeed(9)
      await checkExport(make(), [randn([2, 3, 6, 7])], open, [[randn([2, 3, 9, 7])]])
    })
  }

  it.each([2, 3, 5, 7])('are refused where windows are %i apart: their number is rounded', (stride) => {
    const pool = new nn.AvgPool2d([3, 1], { stride: [stride, 1] })
    expect(() => exportOnnx(pool, randn([1, 2, 15, 6]), open)).toThrow(/Make fewer axes dynamic/)
  })

  it('are refused where the windows are added up', () => {
    class Spread extends Module {
      forward(x: Tensor): Tensor {
        return functional.fold(functional.unfold(x, 2), [x.shape[2], x.shape[3]], 2)
      }
    }
    expect(() => exportOnnx(new Spread(), randn([1, 2, 5, 6]), open)).toThrow(
      /a sum of windows of dynamic size has no ONNX form. Make fewer axes dynamic/,
    )
  })
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
