/**
 * Damaged ONNX files: cut off anywhere, with bytes changed, or made to be wrong. Reading and running one either works
 * or throws an error of Chainrule's; it never hangs, crashes or takes memory without bound.
 */
import { describe, expect, it } from 'vitest'
import {
  ChainruleError,
  Conv2d,
  cond,
  Flatten,
  Linear,
  LSTM,
  Module,
  manualSeed,
  ReLU,
  randn,
  sequential,
  type Tensor,
  useDevice,
  zeros,
} from '../../src/index.js'
import { exportOnnx } from '../../src/onnx/export-onnx.js'
import { readOnnx } from '../../src/onnx/read-onnx.js'
import { damaged } from '../helpers/damaged.js'
import { attributeOf, fileOf, graphOf, int64s, node } from './build-model.js'

await useDevice('reference')
manualSeed(11)

class Branch extends Module {
  forward(x: Tensor): Tensor {
    return cond(
      x.sum().gt(0),
      (y: Tensor) => y.relu().reshape([6]),
      (y: Tensor) => y.neg().flatten(),
      x,
    )
  }
}

const convolution = sequential(new Conv2d(1, 2, 3), new ReLU(), new Flatten(), new Linear(18, 3))

const ints = (name: string, values: number[]) => attributeOf(name, { ints: values, type: 7 })
const int = (name: string, i: number) => attributeOf(name, { i, type: 2 })
const text = (name: string, value: string) =>
  attributeOf(name, { s: new TextEncoder().encode(value), type: 3 })

/** Operators whose attributes and constants say how much is to be made. */
const settings = fileOf(
  graphOf({
    initializer: [
      int64s('sizes', [1, 2, 7, 5]),
      int64s('pads', [0, 0, 1, 2, 0, 0, 1, 1]),
      int64s('repeats', [1, 1, 2, 1]),
      int64s('shape', [2, 2]),
      int64s('two', [2]),
      { ...int64s('none', []), dims: [], int64Data: [3n] },
    ],
    node: [
      node(
        'AveragePool',
        ['x'],
        ['a'],
        [ints('kernel_shape', [3, 2]), ints('pads', [1, 1, 1, 1]), ints('strides', [1, 2])],
      ),
      node(
        'MaxPool',
        ['x'],
        ['b', 'bi'],
        [ints('kernel_shape', [2, 2]), ints('dilations', [1, 2]), int('ceil_mode', 1)],
      ),
      node('LRN', ['x'], ['c'], [int('size', 3)]),
      node('Resize', ['x', '', '', 'sizes'], ['d'], [text('mode', 'cubic')]),
      node('Pad', ['x', 'pads'], ['e'], [text('mode', 'reflect')]),
      node('Tile', ['x', 'repeats'], ['f']),
      node('ConstantOfShape', ['shape'], ['g']),
      node('Split', ['x'], ['h1', 'h2'], [int('axis', 1)]),
      node('SplitToSequence', ['x'], ['i'], [int('axis', 2)]),
      node('TopK', ['x', 'two'], ['j', 'ji'], [int('axis', 3)]),
      node('HannWindow', ['none'], ['k'], [int('periodic', 1)]),
      node('DepthToSpace', ['f'], ['l'], [int('blocksize', 1)]),
    ],
    output: ['a', 'b', 'bi', 'c', 'd', 'e', 'f', 'g', 'h1', 'j', 'k', 'l'].map((name) => ({ name })),
  }),
)

/** Small files with the main kinds of content: weights, attributes, graphs inside graphs. */
const files: Record<string, { bytes: Uint8Array; shape: number[] }> = {
  convolution: { bytes: exportOnnx(convolution, zeros([1, 1, 5, 5])), shape: [1, 1, 5, 5] },
  recurrence: { bytes: exportOnnx(new LSTM(2, 2), zeros([3, 1, 2])), shape: [3, 1, 2] },
  branch: { bytes: exportOnnx(new Branch(), zeros([2, 3])), shape: [2, 3] },
  settings: { bytes: settings, shape: [1, 2, 4, 5] },
}

/** Reads and runs; anything but success or an error of Chainrule's fails the test. */
function attempt(bytes: Uint8Array, input: Tensor): 'worked' | 'refused' {
  try {
    // As a server would: what a damaged size asks for is refused before it costs anything.
    const model = readOnnx(bytes, { maxElements: 2 ** 20 })
    const named = Object.fromEntries(model.inputs().map(({ name }) => [name, input]))
    for (const value of Object.values(model.run(named))) {
      if (value !== null && !Array.isArray(value) && (value as Tensor).size < 10_000)
        (value as Tensor).toArraySync()
    }
    return 'worked'
  } catch (error) {
    if (error instanceof ChainruleError) return 'refused'
    throw error
  }
}

describe('damaged files', () => {
  for (const [name, { bytes, shape }] of Object.entries(files)) {
    it(name, () => {
      const input = randn(shape)
      const counts = { worked: 0, refused: 0 }
      const before = process.memoryUsage().rss
      for (const [what, bad] of damaged(bytes, name === 'settings' ? 500 : 150, 5)) {
        const start = performance.now()
        try {
          counts[attempt(bad, input)]++
        } catch (error) {
          throw new Error(`${name}, ${what}`, { cause: error })
        }
        expect(performance.now() - start, what).toBeLessThan(2000)
      }
      expect(counts.refused).toBeGreaterThan(60)
      expect(process.memoryUsage().rss - before).toBeLessThan(700 * 2 ** 20)
      expect(attempt(bytes, input)).toBe('worked')
    })
  }
})

// ---------------------------------------------------------------- files made to be wrong

const run = (bytes: Uint8Array): unknown => readOnnx(bytes).run({ x: zeros([2, 3]) })

describe('files made to be wrong', () => {
  it('are no models', () => {
    expect(() => readOnnx(new Uint8Array())).toThrow(/Expected an ONNX model/)
    expect(() => readOnnx(new TextEncoder().encode('<html><body>404</body></html>'))).toThrow(ChainruleError)
    expect(() => readOnnx(new Uint8Array(1000).fill(255))).toThrow(/cut off or damaged/)
  })

  it('a cycle, a name from nowhere, a name made twice, an unknown operator', () => {
    const cycle = graphOf({ node: [node('Relu', ['y'], ['a']), node('Relu', ['a'], ['y'])] })
    expect(() => run(fileOf(cycle))).toThrow(/without cycles/)
    expect(() => run(fileOf(graphOf({ node: [node('Relu', ['z'], ['y'])] })))).toThrow(
      /reads 'z', which nothing makes/,
    )
    const twice = graphOf({ node: [node('Relu', ['x'], ['y']), node('Relu', ['x'], ['y'])] })
    expect(() => run(fileOf(twice))).toThrow(/'y' is made twice/)
    expect(() => run(fileOf(graphOf({ node: [node('Frobnicate', ['x'], ['y'])] })))).toThrow(
      /does not have: Frobnicate/,
    )
    expect(() => run(fileOf(graphOf({ node: [node('__proto__', ['x'], ['y'])] })))).toThrow(ChainruleError)
  })

  it('nodes out of order are put in order', () => {
    const swapped = graphOf({ node: [node('Relu', ['a'], ['y']), node('Neg', ['x'], ['a'])] })
    expect(() => run(fileOf(swapped))).not.toThrow()
  })

  it('functions that call each other', () => {
    const f = (name: string, calls: string) => ({
      name,
      domain: 'f',
      input: ['a'],
      output: ['b'],
      attribute: [],
      attributeProto: [],
      opsetImport: [],
      node: [{ ...node(calls, ['a'], ['b']), domain: 'f' }],
    })
    const graph = graphOf({ node: [{ ...node('P', ['x'], ['y']), domain: 'f' }] })
    expect(() => run(fileOf(graph, { functions: [f('P', 'Q'), f('Q', 'P')] }))).toThrow(
      /do not call themselves/,
    )
  })

  it('graphs nested without end', () => {
    let graph = graphOf({ input: [], node: [node('Relu', ['x'], ['y'])] })
    for (let i = 0; i < 60; i++) {
      const branch = attributeOf('then_branch', { g: graph, type: 5 })
      graph = graphOf({ input: [], node: [node('If', ['x'], ['y'], [branch])] })
    }
    expect(() => run(fileOf({ ...graph, input: graphOf({}).input }))).toThrow(/nested messages|graphs inside/)
  })

  it('tensors larger than memory are never allocated', () => {
    const huge = (op: string, sizes: number[], inputs = ['s']): Uint8Array =>
      fileOf(graphOf({ initializer: [int64s('s', sizes)], node: [node(op, inputs, ['y'])] }))
    expect(() => run(huge('ConstantOfShape', [2 ** 30, 2 ** 30]))).toThrow(/more than/)
    expect(() => run(huge('Expand', [2 ** 20, 2 ** 20, 2, 3], ['x', 's']))).toThrow(/more than/)
    expect(() => run(huge('Tile', [2 ** 30, 2 ** 20], ['x', 's']))).toThrow(/more than/)
    expect(() => run(huge('Pad', [0, 0, 2 ** 40, 0], ['x', 's']))).toThrow(ChainruleError)
    const dims = { ...int64s('w', []), dims: [2 ** 40, 2 ** 40] }
    const weights = graphOf({ initializer: [dims], node: [node('Mul', ['x', 'w'], ['y'])] })
    expect(() => run(fileOf(weights))).toThrow(/too large/)
    const short = { ...int64s('w', [1]), dims: [1000] }
    expect(() =>
      run(
        fileOf(
          graphOf({
            initializer: [short],
            node: [node('Cast', ['w'], ['y'], [attributeOf('to', { i: 1 })])],
          }),
        ),
      ),
    ).toThrow(/expected 1000 values for its shape, got 1/)
  })

  it('more than the caller allows is refused before it is computed', () => {
    const bytes = fileOf(
      graphOf({ initializer: [int64s('s', [500, 3])], node: [node('Tile', ['x', 's'], ['y'])] }),
    )
    expect(() => run(bytes)).not.toThrow()
    expect(() => readOnnx(bytes, { maxElements: 5000 }).run({ x: zeros([2, 3]) })).toThrow(
      /more than 5000 elements/,
    )
    const many = Array.from({ length: 70 }, (_, i) =>
      node('Neg', [i === 0 ? 'x' : `n${i - 1}`], [i === 69 ? 'y' : `n${i}`]),
    )
    const chain = readOnnx(fileOf(graphOf({ node: many })), { maxElements: 6 })
    expect(() => chain.run({ x: zeros([2, 3]) })).toThrow(/more than 384 elements in all/)
  })

  it('a loop without end', () => {
    const body = graphOf({
      input: [{ name: 'i' }, { name: 'again' }, { name: 'v' }],
      node: [node('Identity', ['again'], ['more']), node('Neg', ['v'], ['w'])],
      output: [{ name: 'more' }, { name: 'w' }],
    })
    const forever = graphOf({
      node: [node('Loop', ['', '', 'x'], ['y'], [attributeOf('body', { g: body, type: 5 })])],
    })
    expect(() => run(fileOf(forever))).toThrow(/at most \d+ (iterations|operations)/)
  }, 60_000)

  it('external data outside of the folder, or missing', () => {
    const external = (location: string) => ({
      ...int64s('w', []),
      dims: [3],
      dataType: 1,
      dataLocation: 1,
      externalData: [{ key: 'location', value: location }],
    })
    const file = (location: string): Uint8Array =>
      fileOf(graphOf({ initializer: [external(location)], node: [node('Mul', ['x', 'w'], ['y'])] }))
    expect(() => run(file('w.bin'))).toThrow(/openOnnx\(path\), or pass \{ externalData \}/)
    const bytes = new Uint8Array(Float32Array.of(1, 2, 3).buffer)
    const model = readOnnx(file('w.bin'), { externalData: { 'w.bin': bytes } })
    expect((model.run({ x: zeros([2, 3]) }).y as Tensor).shape).toEqual([2, 3])
    expect(() => readOnnx(file('w.bin'), { externalData: { 'w.bin': bytes.subarray(4) } })).toThrow(
      /expected 12 bytes/,
    )
    expect(() => readOnnx(file('toString'), { externalData: {} })).toThrow(/Expected the bytes of 'toString'/)
  })
})
