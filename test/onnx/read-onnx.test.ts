/** Models that are read: their parameters, training and compiled steps, inputs and outputs by name, and what is refused. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  BatchNorm1d,
  compile,
  Linear,
  Module,
  manualSeed,
  mseLoss,
  Parameter,
  ReLU,
  randn,
  SGD,
  scan,
  sequential,
  Tanh,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js'
import { exportOnnx } from '../../src/onnx/export-onnx.js'
import { decodeMessage, encodeMessage } from '../../src/onnx/protobuf.js'
import { openOnnx, readOnnx } from '../../src/onnx/read-onnx.js'
import type { ModelProto } from '../../src/onnx/schema.js'

const network = () => sequential(new Linear(3, 8), new Tanh(), new Linear(8, 2))

/** The file of a module after a change of its content. */
function changed(bytes: Uint8Array, change: (model: ModelProto) => void): Uint8Array {
  const model = decodeMessage('Model', bytes, 'a model')
  change(model)
  return encodeMessage('Model', model)
}

describe('a model as a module', () => {
  it('trains as the module it was written from, eagerly and compiled', async () => {
    manualSeed(5)
    const original = network()
    const bytes = exportOnnx(original, zeros([4, 3]))
    const [x, y] = [randn([4, 3]), randn([4, 2])]
    const losses = async (
      model: Module & { forward(x: Tensor): Tensor },
      compiled: boolean,
    ): Promise<number[]> => {
      const optimizer = new SGD(model.parameters(), { lr: 0.1 })
      const run = (): Tensor => {
        const loss = mseLoss(model.forward(x), y)
        optimizer.zeroGrad()
        loss.backward()
        optimizer.step()
        return loss
      }
      const step = compiled ? compile(run) : run
      const list: number[] = []
      for (let i = 0; i < 6; i++) list.push(await step().item())
      return list
    }
    const imported = await losses(readOnnx(bytes), false)
    const again = await losses(readOnnx(bytes), true)
    const own = await losses(original, false)
    expect(again).toEqual(imported)
    expect(imported[5]).toBeLessThan(imported[0])
    own.forEach((loss, i) => {
      expect(imported[i]).toBeCloseTo(loss, 5)
    })
  })

  it('has its float initializers as parameters, and statistics as buffers', () => {
    const model = readOnnx(exportOnnx(network(), zeros([1, 3])))
    expect(model.namedParameters().map(([name, p]) => [name, p.shape])).toEqual([
      ['weights.0.weight', [8, 3]],
      ['weights.0.bias', [8]],
      ['weights.2.weight', [2, 8]],
      ['weights.2.bias', [2]],
    ])
    const frozen = readOnnx(exportOnnx(network(), zeros([1, 3])), {
      trainable: (name) => name.startsWith('2'),
    })
    expect(frozen.namedParameters().map(([name]) => name)).toEqual(['weights.2.weight', 'weights.2.bias'])
    expect(frozen.namedBuffers().map(([name]) => name)).toEqual(['weights.0.weight', 'weights.0.bias'])
    expect(readOnnx(exportOnnx(network(), zeros([1, 3])), { trainable: false }).parameters()).toEqual([])
  })

  it('is part of other modules, and its state dict loads', async () => {
    manualSeed(6)
    const bytes = exportOnnx(network(), zeros([1, 3]))
    const [a, b] = [readOnnx(bytes), readOnnx(bytes)]
    for (const p of a.parameters()) p.assign(p.mul(2))
    b.loadStateDict(a.stateDict())
    const x = randn([1, 3])
    expect(await b.forward(x).toArray()).toEqual(await a.forward(x).toArray())
    expect(
      sequential(a, new ReLU())
        .parameters()
        .every((p) => p instanceof Parameter),
    ).toBe(true)
  })

  it('keeps dynamic sizes that are computed from the input', async () => {
    class Halves extends Module {
      norm = new BatchNorm1d(4)
      forward(x: Tensor): Tensor {
        const y = this.norm.forward(x).reshape([x.shape[0] * 2, 2])
        return y.sub(y.mean(0)).matmul(y.transpose(0, 1))
      }
    }
    const module = new Halves()
    const bytes = exportOnnx(module, zeros([3, 4]), { dynamicAxes: { input: { 0: 'n' } } })
    const model = readOnnx(bytes)
    expect(model.inputs()[0].shape).toEqual(['n', 4])
    module.eval()
    for (const n of [1, 2, 7]) {
      const x = randn([n, 4])
      const [ours, theirs] = [await module.forward(x).data(), await model.forward(x).data()]
      expect(theirs.length).toBe(4 * n * n)
      theirs.forEach((v, i) => {
        expect(v).toBeCloseTo(Number(ours[i]), 5)
      })
      const compiled = compile((z: Tensor) => model.forward(z))
      expect(await compiled(x).toArray()).toEqual(await model.forward(x).toArray())
    }
  })

  it('gradients flow through loops', async () => {
    class Running extends Module {
      w = new Parameter(tensor([0.5, -0.25]))
      forward(x: Tensor): Tensor {
        const body = (carry: Tensor, row: Tensor): [Tensor, Tensor] => [carry.mul(this.w).add(row), carry]
        return scan(body, zeros([2]), x)[0].sum()
      }
    }
    const own = new Running()
    const x = randn([12, 2])
    const model = readOnnx(exportOnnx(own, x))
    own.forward(x).backward()
    model.forward(x).backward()
    const [a, b] = [await own.w.grad!.data(), await model.parameters()[0].grad!.data()]
    a.forEach((v, i) => {
      expect(Number(b[i])).toBeCloseTo(Number(v), 4)
    })
  })
})

describe('inputs and outputs', () => {
  const model = readOnnx(
    exportOnnx(network(), zeros([4, 3]), { inputNames: ['image'], outputNames: ['scores'] }),
  )

  it('are known by name, type and shape', () => {
    expect(model.inputs()).toEqual([{ name: 'image', kind: 'tensor', type: 'float', shape: [4, 3] }])
    expect(model.outputs()).toEqual([{ name: 'scores', kind: 'tensor', type: 'float', shape: [4, 2] }])
    expect(String(model)).toContain('image: float[4, 3] → scores: float[4, 2]')
    expect(Object.keys(model.run({ image: zeros([4, 3]) }))).toEqual(['scores'])
  })

  it('that do not fit are errors that say what was expected', () => {
    expect(() => model.forward(zeros([4, 5]))).toThrow(/'image': expected shape \[4, 3\], got \[4, 5\]/)
    expect(() => model.forward(zeros([4, 3], { dtype: 'f64' }))).toThrow(
      /expected f32 \(ONNX's float\), got f64/,
    )
    expect(() => model.forward()).toThrow(/'image' is missing/)
    expect(() => model.run({ picture: zeros([4, 3]) })).toThrow(/expected the inputs 'image', got 'picture'/)
    expect(() => model.forward(zeros([4, 3]), zeros([1]))).toThrow(/expected 1 inputs/)
    expect(() => model.forward('x' as unknown as Tensor)).toThrow(/expected a tensor/)
  })
})

describe('files', () => {
  it('of a newer operator set are refused', () => {
    const bytes = exportOnnx(network(), zeros([1, 3]))
    const newer = changed(bytes, (m) => {
      m.opsetImport[0].version = 99
    })
    expect(() => readOnnx(newer)).toThrow(/operator set 99; the newest that is known here is/)
  })

  it('with tensors in other files are opened from their folder only', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'onnx-'))
    try {
      const module = network()
      const bytes = exportOnnx(module, zeros([1, 3]))
      const pieces: Uint8Array[] = []
      const outside = (location: string): Uint8Array =>
        changed(bytes, (m) => {
          let offset = 0
          for (const t of m.graph!.initializer.filter((i) => i.rawData !== undefined && i.dataType === 1)) {
            const raw = t.rawData!
            pieces.push(raw)
            t.rawData = undefined
            t.dataLocation = 1
            t.externalData = Object.entries({ location, offset: `${offset}`, length: `${raw.length}` }).map(
              ([key, value]) => ({ key, value }),
            )
            offset += raw.length
          }
        })
      const path = join(folder, 'model.onnx')
      writeFileSync(path, outside('weights.bin'))
      writeFileSync(join(folder, 'weights.bin'), Buffer.concat(pieces))
      const x = randn([1, 3])
      expect(await openOnnx(path).forward(x).toArray()).toEqual(await readOnnx(bytes).forward(x).toArray())
      for (const location of ['../weights.bin', '/etc/passwd', 'a/../../weights.bin']) {
        writeFileSync(path, outside(location))
        expect(() => openOnnx(path)).toThrow(/outside the model's folder/)
      }
      symlinkSync('/etc/hostname', join(folder, 'link.bin'))
      writeFileSync(path, outside('link.bin'))
      expect(() => openOnnx(path)).toThrow(/outside the model's folder/)
      writeFileSync(path, outside('absent.bin'))
      expect(() => openOnnx(path)).toThrow(/absent\.bin/)
      writeFileSync(path, outside('weights.bin'))
      writeFileSync(join(folder, 'weights.bin'), new Uint8Array(8))
      expect(() => openOnnx(path)).toThrow(/'weights\.bin', which has 8/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
