/** Each rewrite of the graph, before and after. */
import { describe, expect, it } from 'vitest'
import * as b from '../../src/ir/build.js'
import { type Node, topologicalOrder } from '../../src/ir/node.js'
import { printGraph } from '../../src/ir/print.js'
import { simplify } from '../../src/schedule/simplify.js'
import { body } from '../ir/op-cases/bodies.js'

const x = b.placeholder([2, 3], 'f32')
const y = b.placeholder([2, 3], 'f32')

const simplified = (...outputs: Node[]): Node[] => [
  ...simplify({ inputs: [x, y], outputs, donations: new Map() }).outputs,
]
const text = (...outputs: Node[]): string => printGraph(simplified(...outputs))
const count = (roots: readonly Node[]): number => topologicalOrder(roots).length

describe('simplify', () => {
  it('drops markers', () => {
    expect(simplified(b.add(b.alias(x), b.stopGradient(y)))[0].inputs).toEqual([x, y])
  })

  it('joins movement, and drops what cancels', () => {
    expect(simplified(b.permute(b.permute(x, [1, 0]), [1, 0]))).toEqual([x])
    expect(simplified(b.reshape(b.reshape(x, [6]), [2, 3]))).toEqual([x])
    expect(
      text(b.expand(b.expand(b.reshape(x, [1, 2, 3, 1]), [5, 2, 3, 1]), [5, 2, 3, 4])),
    ).toMatchInlineSnapshot(`
      "%0 = placeholder : f32[2, 3]
      %1 = reshape %0 : f32[1, 2, 3, 1]
      %2 = expand %1 : f32[5, 2, 3, 4]
      return %2"
    `)
    expect(text(b.permute(b.permute(b.reshape(x, [1, 2, 3]), [1, 2, 0]), [1, 2, 0]))).toMatchInlineSnapshot(`
      "%0 = placeholder : f32[2, 3]
      %1 = reshape %0 : f32[1, 2, 3]
      %2 = permute %1 {axes: [2, 0, 1]} : f32[3, 1, 2]
      return %2"
    `)
  })

  it('drops multiplication and division by one, and nothing else', () => {
    const one = b.literal(x, 1)
    expect(simplified(b.mul(x, one), b.mul(one, x), b.div(x, one))).toEqual([x, x, x])
    // x + 0 turns -0 into 0, x · 0 keeps NaN: neither may go.
    const kept = [b.add(x, b.literal(x, 0)), b.mul(x, b.literal(x, 0)), b.div(one, x)]
    expect(simplified(...kept).map((n) => n.op)).toEqual(['add', 'mul', 'div'])
  })

  it('fixes scalars that are no inputs', () => {
    const scalar = b.make('scalar', [], { value: 2.5, dtype: 'f32' })
    const [fixed] = simplified(scalar)
    expect(printGraph([fixed])).toMatchInlineSnapshot(`
      "%0 = const {value: 2.5} : f32[]
      return %0"
    `)
    expect(simplify({ inputs: [scalar], outputs: [scalar], donations: new Map() }).outputs).toEqual([scalar])
  })

  it('merges equal nodes, but no attributes that differ, and not across a barrier', () => {
    const twice = simplified(b.mul(b.exp(x), b.exp(x)))
    expect(twice[0].inputs[0]).toBe(twice[0].inputs[1])
    const differ = simplified(b.reduceSum(x, [0]), b.reduceSum(x, [1]), b.literal(x, 0), b.literal(x, -0))
    expect(new Set(differ).size).toBe(4)
    const [one, other] = [b.barrier([x])[0], b.barrier([x])[0]]
    const [p, q] = simplified(b.exp(one), b.exp(other))
    expect(p).not.toBe(q)
    expect(count([p, q])).toBe(7)
  })

  it('leaves out padding that no window reaches', () => {
    const windows = (size: number, stride: number, high: readonly number[]): string => {
      const image = b.placeholder([2, 8, 8], 'f32')
      const padded = b.pad(image, [0, 1, 1], [0, ...high], [0, 0, 0], 0)
      const node = b.window(padded, { size: [size, size], stride: [stride, stride], dilation: [1, 1] })
      return printGraph(simplify({ inputs: [image], outputs: [node], donations: new Map() }).outputs)
    }
    expect(windows(3, 2, [1, 2])).toMatchInlineSnapshot(`
      "%0 = placeholder : f32[2, 8, 8]
      %1 = pad %0 {low: [0, 1, 1], high: [0, 0, 2], interior: [0, 0, 0], value: 0} : f32[2, 9, 11]
      %2 = window %1 {size: [3, 3], stride: [2, 2], dilation: [1, 1]} : f32[2, 4, 5, 3, 3]
      return %2"
    `)
    // All is reached, nothing above is padded, and cropping is left alone.
    for (const high of [
      [0, 0],
      [0, -1],
    ])
      expect(windows(3, 2, high)).toContain(`high: [0, ${high.join(', ')}]`)
    expect(windows(3, 1, [1, 1])).toContain('high: [0, 1, 1]')
  })

  it('pads before the other axes are reshaped, unless nothing is there to tell them by', () => {
    const padded = (from: readonly number[], to: readonly number[]): string => {
      const image = b.placeholder(from, 'f32')
      const borders = to.map((_, axis) => (axis === to.length - 1 ? 1 : 0))
      const zeros = to.map(() => 0)
      const node = b.pad(b.reshape(image, to), borders, borders, zeros, 0)
      return printGraph(simplify({ inputs: [image], outputs: [node], donations: new Map() }).outputs)
    }
    expect(padded([6, 5], [2, 3, 5])).toMatchInlineSnapshot(`
      "%0 = placeholder : f32[6, 5]
      %1 = pad %0 {low: [0, 1], high: [0, 1], interior: [0, 0], value: 0} : f32[6, 7]
      %2 = reshape %1 : f32[2, 3, 7]
      return %2"
    `)
    expect(padded([65, 2, 0], [0])).toMatchInlineSnapshot(`
      "%0 = placeholder : f32[65, 2, 0]
      %1 = reshape %0 : f32[0]
      %2 = pad %1 {low: [1], high: [1], interior: [0], value: 0} : f32[2]
      return %2"
    `)
  })

  it('makes a convolution a contraction with windows', () => {
    const [image, weights] = [b.placeholder([1, 4, 6], 'f32'), b.placeholder([4, 4, 3], 'f32')]
    const conv = b.conv(image, weights, {
      stride: [1],
      padding: [[1, 1]],
      dilation: [1],
      inputDilation: [1],
      groups: 1,
    })
    const [result] = simplify({ inputs: [image, weights], outputs: [conv], donations: new Map() }).outputs
    expect(printGraph([result])).toMatchInlineSnapshot(`
      "%0 = placeholder : f32[4, 4, 3]
      %1 = reshape %0 : f32[1, 1, 4, 4, 3]
      %2 = placeholder : f32[1, 4, 6]
      %3 = pad %2 {low: [0, 0, 1], high: [0, 0, 1], interior: [0, 0, 0], value: 0} : f32[1, 4, 8]
      %4 = window %3 {size: [3], stride: [1], dilation: [1], ofConv: true} : f32[1, 4, 6, 3]
      %5 = reshape %4 : f32[1, 1, 4, 6, 3]
      %6 = permute %5 {axes: [0, 1, 2, 4, 3]} : f32[1, 1, 4, 3, 6]
      %7 = contract %1 %6 {batch: [[0, 1], [0, 1]], contracting: [[3, 4], [2, 3]], accumulate: f32} : f32[1, 1, 4, 6]
      %8 = reshape %7 : f32[1, 4, 6]
      return %8"
    `)
  })

  it('makes a thin contraction a sum of products, and an empty one zeros', () => {
    const product = (l: Node, r: Node): Node =>
      b.contract(l, r, { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' })
    expect(text(product(x, b.permute(b.slice(y, [0, 0], [1, 3]), [1, 0])))).toMatchInlineSnapshot(`
      "%0 = placeholder : f32[2, 3]
      %1 = reshape %0 : f32[1, 2, 1, 3]
      %2 = placeholder : f32[2, 3]
      %3 = slice %2 {starts: [0, 0], stops: [1, 3], steps: [1, 1]} : f32[1, 3]
      %4 = permute %3 {axes: [1, 0]} : f32[3, 1]
      %5 = reshape %4 : f32[1, 3, 1]
      %6 = permute %5 {axes: [0, 2, 1]} : f32[1, 1, 3]
      %7 = reshape %6 : f32[1, 1, 1, 3]
      %8 = expand %7 : f32[1, 2, 1, 3]
      %9 = mul %1 %8 : f32[1, 2, 1, 3]
      %10 = reduceSum %9 {axes: [3], products: true} : f32[1, 2, 1]
      %11 = reshape %10 : f32[2, 1]
      return %11"
    `)
    const empty = product(b.placeholder([4, 0], 'f32'), b.placeholder([0, 5], 'f32'))
    expect(text(empty)).toMatchInlineSnapshot(`
      "%0 = const {value: 0} : f32[]
      %1 = reshape %0 : f32[1, 1]
      %2 = expand %1 : f32[4, 5]
      return %2"
    `)
    const wide = product(b.placeholder([4, 8], 'f32'), b.placeholder([8, 5], 'f32'))
    expect(simplified(wide)[0].op).toBe('contract')
  })

  it('turns the weights of a loop that its products read across once, before it', () => {
    const [h, w] = [b.placeholder([4, 8], 'f32'), b.placeholder([8, 8], 'f32')]
    const product = (v: Node, weights: Node): Node =>
      b.contract(v, weights, { batch: [[], []], contracting: [[1], [1]], accumulate: 'f32' })
    const round = body(
      b,
      [
        [[8, 8], 'f32'],
        [[4, 8], 'f32'],
      ],
      ([weights, v]) => [product(v, weights)],
    )
    const [last] = b.scan(round, { consts: [w], carry: [h], xs: [] }, { length: 3 })
    expect(text(last)).toMatchInlineSnapshot(`
      "%0 = placeholder : f32[8, 8]
      %1 = permute %0 {axes: [1, 0]} : f32[8, 8]
      %2 = placeholder : f32[4, 8]
      %3 = scan %0 %1 %2 {length: 3, consts: 2, carry: 1, reverse: false, checkpoint: 0} : f32[4, 8]
        body (%4: f32[8, 8], %5: f32[8, 8], %6: f32[4, 8])
          %7 = contract %6 %5 {batch: [[], []], contracting: [[1], [0]], accumulate: f32} : f32[4, 8]
          return %7
      %8 = output %3 {index: 0} : f32[4, 8]
      return %8"
    `)
    const [once] = b.scan(round, { consts: [w], carry: [h], xs: [] }, { length: 1 })
    expect(text(once)).not.toContain('permute')
    // One product of another: each is computed once.
    const two = body(
      b,
      [
        [[8, 8], 'f32'],
        [[8, 8], 'f32'],
        [[4, 8], 'f32'],
      ],
      ([first, second, v]) => {
        const hidden = product(v, first)
        return [product(b.tanh(hidden), second), hidden]
      },
    )
    const others = b.scan(two, { consts: [w, b.neg(w)], carry: [h], xs: [] }, { length: 3 })
    expect(text(others[0], others[1]).match(/contract %.*/g)).toHaveLength(2)
    expect(text(others[0], others[1]).match(/contracting: \[\[1\], \[0\]\]/g)).toHaveLength(2)
  })

  it('drops stacked results of loops that nobody reads', () => {
    const round = body(
      b,
      [
        [[3], 'f32'],
        [[3], 'f32'],
      ],
      ([c, row]) => [b.add(c, row), b.mul(c, row), b.exp(row)],
    )
    const results = b.scan(round, { consts: [], carry: [b.reduceSum(y, [0])], xs: [x] }, { length: 2 })
    expect(text(results[0], results[2])).toMatchInlineSnapshot(`
      "%0 = placeholder : f32[2, 3]
      %1 = reduceSum %0 {axes: [0]} : f32[3]
      %2 = placeholder : f32[2, 3]
      %3 = scan %1 %2 {length: 2, consts: 0, carry: 1, reverse: false, checkpoint: 0} : f32[3], f32[2, 3]
        body (%4: f32[3], %5: f32[3])
          %6 = add %4 %5 : f32[3]
          %7 = exp %5 : f32[3]
          return %6, %7
      %8 = output %3 {index: 0} : f32[3]
      %9 = output %3 {index: 1} : f32[2, 3]
      return %8, %9"
    `)
  })

  it('lays tall narrow products down unless their rows can be read', () => {
    const product = (columns: number, turned = false, rows = 1024): Node => {
      const left = b.placeholder(turned ? [7, rows] : [rows, 7], 'f32')
      const right = b.placeholder([columns, 7], 'f32')
      const contracting = [[turned ? 0 : 1], [1]] as const
      const node = b.contract(left, right, { batch: [[], []], contracting, accumulate: 'f32' })
      const { outputs } = simplify({ inputs: [left, right], outputs: [node], donations: new Map() })
      return outputs[0]
    }
    expect(printGraph([product(16, true)])).toMatchInlineSnapshot(`
      "%0 = placeholder : f32[16, 7]
      %1 = placeholder : f32[7, 1024]
      %2 = contract %0 %1 {batch: [[], []], contracting: [[1], [0]], accumulate: f32} : f32[16, 1024]
      %3 = permute %2 {axes: [1, 0]} : f32[1024, 16]
      return %3"
    `)
    for (const columns of [5, 16, 30]) expect(product(columns).op).toBe('contract')
    expect(product(5, false, 1023).op).toBe('contract')
    const [columnByColumn, right] = [b.placeholder([7, 1024], 'f32'), b.placeholder([16, 7], 'f32')]
    const [moved] = simplify({
      inputs: [columnByColumn, right],
      outputs: [
        b.contract(b.permute(columnByColumn, [1, 0]), right, {
          batch: [[], []],
          contracting: [[1], [1]],
          accumulate: 'f32',
        }),
      ],
      donations: new Map(),
    }).outputs
    expect(moved.op).toBe('permute')
  })

  it('reduces short trailing axes as one', () => {
    const image = b.placeholder([4, 3, 5, 6], 'f32')
    const only = (node: Node): Node =>
      simplify({ inputs: [image], outputs: [node], donations: new Map() }).outputs[0]
    const mean = b.expand(b.reshape(b.reduceSum(image, [0, 2, 3]), [1, 3, 1, 1]), [4, 3, 5, 6])
    expect(printGraph([only(b.reduceSum(b.mul(image, mean), [0, 2, 3]))])).toMatchInlineSnapshot(`
      "%0 = placeholder : f32[4, 3, 5, 6]
      %1 = reshape %0 : f32[4, 3, 30]
      %2 = reduceSum %1 {axes: [0, 2]} : f32[3]
      %3 = reshape %2 : f32[1, 3, 1, 1]
      %4 = expand %3 : f32[4, 3, 5, 6]
      %5 = mul %0 %4 : f32[4, 3, 5, 6]
      %6 = reshape %5 : f32[4, 3, 30]
      %7 = reduceSum %6 {axes: [0, 2]} : f32[3]
      return %7"
    `)
    expect(only(b.reduceMax(image, [2, 3])).inputs[0].shape).toEqual([4, 3, 30])
    for (const kept of [
      b.reduceSum(image, [3]),
      b.reduceSum(image, [0, 2]),
      b.reduceSum(b.reshape(image, [24, 5, 3]), [1, 2]),
      b.reduceSum(b.reshape(image, [2, 2, 90]), [1, 2]),
      b.reduceProd(image, [2, 3]),
    ])
      expect(only(kept)).toBe(kept)
  })

  it('leaves inputs as they are, however often they stand', () => {
    expect(simplified(x, b.alias(x), y)).toEqual([x, x, y])
  })
})
