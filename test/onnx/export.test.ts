/** Modules written as ONNX files give ONNX Runtime's outputs, and ours again when they are read back. */
import { describe, expect, it } from 'vitest'
import {
  BatchNorm2d,
  Conv2d,
  GRU,
  Linear,
  LSTM,
  MaxPool2d,
  Module,
  manualSeed,
  type Parameter,
  ReLU,
  rand,
  randn,
  sequential,
  type Tensor,
  TransformerEncoder,
  TransformerEncoderLayer,
  useDevice,
} from '../../src/index.js'
import { LeNet5 } from '../../src/models/index.js'
import { type ExportOnnxOptions, exportOnnx } from '../../src/onnx/export-onnx.js'
import { readOnnx } from '../../src/onnx/read-onnx.js'
import { largestDifference, openInRuntime } from './onnx-runtime.js'

// A file holds the same on every device; here most of the time was their compilers'.
await useDevice('reference')

/** A residual block of two 3×3 convolutions (He et al. 2016). */
class Block extends Module {
  conv1: Conv2d
  bn1: BatchNorm2d
  conv2: Conv2d
  bn2: BatchNorm2d
  downsample: Module | null = null

  constructor(inner: number, outer: number, stride: number) {
    super()
    this.conv1 = new Conv2d(inner, outer, 3, { stride, padding: 1, bias: false })
    this.bn1 = new BatchNorm2d(outer)
    this.conv2 = new Conv2d(outer, outer, 3, { padding: 1, bias: false })
    this.bn2 = new BatchNorm2d(outer)
    if (stride !== 1 || inner !== outer) {
      this.downsample = sequential(
        new Conv2d(inner, outer, 1, { stride, bias: false }),
        new BatchNorm2d(outer),
      )
    }
  }

  forward(x: Tensor): Tensor {
    const inner = this.bn1.forward(this.conv1.forward(x)).relu()
    const short =
      this.downsample === null ? x : (this.downsample as Module & { forward(x: Tensor): Tensor }).forward(x)
    return this.bn2.forward(this.conv2.forward(inner)).add(short).relu()
  }
}

/** ResNet-18's plan with an eighth of its channels. */
class ResNet18 extends Module {
  stem = sequential(
    new Conv2d(3, 8, 7, { stride: 2, padding: 3, bias: false }),
    new BatchNorm2d(8),
    new ReLU(),
    new MaxPool2d(3, { stride: 2, padding: 1 }),
  )
  blocks = [8, 16, 32, 64].flatMap((width, i) => [
    new Block(i === 0 ? 8 : width / 2, width, i === 0 ? 1 : 2),
    new Block(width, width, 1),
  ])
  fc = new Linear(64, 10)

  forward(x: Tensor): Tensor {
    let y = this.stem.forward(x)
    for (const block of this.blocks) y = block.forward(y)
    return this.fc.forward(y.mean([2, 3]))
  }
}

/** Running statistics as after a training: not 0 and 1. */
function shake(module: Module): void {
  for (const [name, buffer] of module.namedBuffers()) {
    if (name.endsWith('running_mean')) buffer.assign(randn(buffer.shape).mul(0.1))
    if (name.endsWith('running_var')) buffer.assign(rand(buffer.shape).add(0.5))
  }
}

type Forward = Module & { forward(...inputs: Tensor[]): unknown }

/** The module's outputs, ONNX Runtime's and those of the file read back are the same. */
async function check(
  module: Forward,
  example: readonly Tensor[],
  options: ExportOnnxOptions = {},
  others: readonly (readonly Tensor[])[] = [],
): Promise<void> {
  shake(module)
  const bytes = exportOnnx(module, example, options)
  const peer = await openInRuntime(bytes)
  const back = readOnnx(bytes)
  module.eval()
  for (const inputs of [example, ...others]) {
    const ours = flat(module.forward(...inputs))
    const named = Object.fromEntries(back.inputs().map(({ name }, i) => [name, inputs[i]]))
    const theirs = await peer.run(named)
    // Read back once: other sizes are ONNX Runtime's to show.
    const again = inputs === example ? (back.run(named) as Record<string, Tensor>) : theirs
    for (const [i, { name }] of back.outputs().entries()) {
      expect(await largestDifference(theirs[name], ours[i])).toBeLessThan(1e-5)
      expect(await largestDifference(again[name], ours[i])).toBeLessThan(1e-5)
    }
  }
}

/** The tensors of a result in order. */
function flat(value: unknown): Tensor[] {
  if (Array.isArray(value)) return value.flatMap(flat)
  return typeof value === 'object' && value !== null && !('dtype' in value)
    ? Object.values(value).flatMap(flat)
    : [value as Tensor]
}

describe('exported modules', () => {
  it('LeNet-5, for any batch', async () => {
    manualSeed(1)
    const dynamicAxes = { input: { 0: 'batch' } }
    await check(new LeNet5(), [rand([2, 1, 28, 28])], { dynamicAxes }, [[rand([5, 1, 28, 28])]])
  })

  it('ResNet-18 (narrow), for any batch', async () => {
    manualSeed(2)
    const dynamicAxes = { input: { 0: 'batch' } }
    await check(new ResNet18(), [randn([1, 3, 32, 32])], { dynamicAxes }, [[randn([3, 3, 32, 32])]])
  })

  it('LSTM and GRU: two layers, both directions, all results', async () => {
    manualSeed(3)
    const options = { numLayers: 2, bidirectional: true }
    await check(new LSTM(5, 6, options) as unknown as Forward, [randn([7, 3, 5])])
    await check(new GRU(5, 6, options) as unknown as Forward, [randn([7, 3, 5])])
  })

  it('Transformer encoder, for any batch', async () => {
    manualSeed(4)
    const layer = new TransformerEncoderLayer(16, 4, { dimFeedforward: 32, batchFirst: true })
    const encoder = new TransformerEncoder(layer, 2) as unknown as Forward
    await check(encoder, [randn([2, 6, 16])], { dynamicAxes: { input: { 0: 'batch' } } }, [
      [randn([4, 6, 16])],
    ])
  })

  it('keep the names of parameters and the mode of the module', () => {
    const model = new LeNet5()
    model.train()
    const back = readOnnx(exportOnnx(model, rand([1, 1, 28, 28])))
    expect(model.training).toBe(true)
    const names = (list: [string, Parameter][]): string[] =>
      list.map(([name]) => name.replace(/^weights\./, ''))
    expect(names(back.namedParameters()).sort()).toEqual(names(model.namedParameters()).sort())
  })
})
