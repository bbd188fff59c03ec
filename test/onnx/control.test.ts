/** Control flow, eager and compiled: what is known decides while the graph is built, what is not stays in it. */
import { describe, expect, it } from 'vitest'
import { compile, ones, type Tensor, tensor, useDevice, zeros } from '../../src/index.js'
import { readOnnx } from '../../src/onnx/read-onnx.js'
import type { GraphProto } from '../../src/onnx/schema.js'
import { attributeOf, fileOf, graphOf, int64s, node } from './build-model.js'

await useDevice('reference')

const subgraph = (name: string, g: GraphProto) => attributeOf(name, { g, type: 5 })
const int = (name: string, i: number) => attributeOf(name, { i, type: 2 })
const branch = (op: string): GraphProto =>
  graphOf({ input: [], node: [node(op, ['x'], ['b'])], output: [{ name: 'b' }] })
const positive = [node('ReduceSum', ['x'], ['s'], [int('keepdims', 0)]), node('Less', ['zero', 's'], ['c'])]
const zero = { ...int64s('zero', []), dims: [], dataType: 1, floatData: [0] }

describe('If', () => {
  const file = fileOf(
    graphOf({
      initializer: [zero],
      node: [
        ...positive,
        node(
          'If',
          ['c'],
          ['y'],
          [subgraph('then_branch', branch('Exp')), subgraph('else_branch', branch('Neg'))],
        ),
      ],
    }),
  )

  it('on data runs one branch, eagerly and compiled', async () => {
    const model = readOnnx(file)
    const step = compile((x: Tensor) => model.forward(x))
    for (const [x, expected] of [
      [1, Math.E],
      [-2, 2],
      [1, Math.E],
    ]) {
      expect(await model.forward(tensor([x])).item()).toBeCloseTo(expected, 5)
      expect(await step(tensor([x])).item()).toBeCloseTo(expected, 5)
    }
  })

  it('with branches of other shapes works eagerly, and is an error in a compiled step', async () => {
    const flatten = { ...branch('Flatten'), node: [node('Flatten', ['x'], ['b'], [int('axis', 0)])] }
    const model = readOnnx(
      fileOf(
        graphOf({
          initializer: [zero],
          node: [
            ...positive,
            node(
              'If',
              ['c'],
              ['y'],
              [subgraph('then_branch', flatten), subgraph('else_branch', branch('Neg'))],
            ),
          ],
        }),
      ),
    )
    expect(model.forward(ones([2, 3])).shape).toEqual([1, 6])
    expect(model.forward(ones([2, 3]).neg()).shape).toEqual([2, 3])
    expect(() => compile((x: Tensor) => model.forward(x))(ones([2, 3]))).toThrow(/cond: .*branch/)
  })
})

describe('Loop', () => {
  /** v doubles while its sum is below `limit`; every v is an output of its own. */
  const body = (scanned: boolean): GraphProto =>
    graphOf({
      input: [{ name: 'i' }, { name: 'again' }, { name: 'v' }],
      node: [
        node('Add', ['v', 'v'], ['w']),
        node('ReduceSum', ['w'], ['s'], [int('keepdims', 0)]),
        node('Less', ['s', 'limit'], ['more']),
        node('Identity', ['v'], ['each']),
      ],
      output: [{ name: 'more' }, { name: 'w' }, ...(scanned ? [{ name: 'each' }] : [])],
    })
  const limit = { ...int64s('limit', []), dims: [], dataType: 1, floatData: [20] }
  const file = (scanned: boolean, count: string): Uint8Array =>
    fileOf(
      graphOf({
        initializer: [limit, int64s('five', [5])],
        node: [
          node('Loop', [count, '', 'x'], scanned ? ['y', 'all'] : ['y'], [subgraph('body', body(scanned))]),
        ],
        output: [{ name: 'y' }, ...(scanned ? [{ name: 'all' }] : [])],
      }),
    )

  it('that ends by the data stacks as many steps as it ran', async () => {
    const model = readOnnx(file(true, 'five'))
    const short = model.run({ x: tensor([4]) }) as Record<string, Tensor>
    expect(await short.y.toArray()).toEqual([32])
    expect(await short.all.toArray()).toEqual([[4], [8], [16]])
    const long = model.run({ x: tensor([0.5]) }) as Record<string, Tensor>
    expect(await long.all.toArray()).toEqual([[0.5], [1], [2], [4], [8]])
  })

  it('that ends by the data stays a loop in a compiled step, where it must not stack', async () => {
    const model = readOnnx(file(false, ''))
    const step = compile((x: Tensor) => model.forward(x))
    expect(await step(tensor([4])).toArray()).toEqual([32])
    expect(await step(tensor([0.25])).toArray()).toEqual([32])
    const stacking = readOnnx(file(true, 'five'))
    expect(() => compile((x: Tensor) => stacking.run({ x }).y as Tensor)(tensor([4]))).toThrow(
      /Run the model eagerly/,
    )
  })
})

describe('Scan', () => {
  const body = graphOf({
    input: [{ name: 'sum' }, { name: 'row' }],
    node: [node('Add', ['sum', 'row'], ['next']), node('Identity', ['next'], ['each'])],
    output: [{ name: 'next' }, { name: 'each' }],
  })
  const model = readOnnx(
    fileOf(
      graphOf({
        input: [{ name: 'x', type: { tensorType: { elemType: 1 } } }],
        initializer: [{ ...int64s('start', []), dims: [2], dataType: 1, floatData: [0, 0] }],
        node: [
          node('Scan', ['start', 'x'], ['y', 'all'], [subgraph('body', body), int('num_scan_inputs', 1)]),
        ],
        output: [{ name: 'y' }, { name: 'all' }],
      }),
    ),
    { trainable: false },
  )

  for (const steps of [3, 40]) {
    it(`of ${steps} steps sums rows, with gradients to them`, async () => {
      const x = ones([steps, 2], { requiresGrad: true })
      const { y, all } = model.run({ x }) as Record<string, Tensor>
      expect(await y.toArray()).toEqual([steps, steps])
      expect(all.shape).toEqual([steps, 2])
      all.sum().backward()
      const gradient = (await x.grad!.toArray()) as number[][]
      expect(gradient.map((row) => row[0])).toEqual(Array.from({ length: steps }, (_, t) => steps - t))
    })
  }
})

describe('values that only the data knows', () => {
  it('are read in eager mode and refused while a step is traced', async () => {
    const model = readOnnx(
      fileOf(graphOf({ node: [node('NonZero', ['x'], ['y'])], output: [{ name: 'y' }] })),
    )
    expect(await model.forward(tensor([0, 3, 0, 5])).toArray()).toEqual([[1, 3]])
    expect(() => compile((x: Tensor) => model.forward(x))(zeros([2]))).toThrow(
      /NonZero depends on the values of the model's inputs.*Run the\s+model eagerly/s,
    )
  })
})
