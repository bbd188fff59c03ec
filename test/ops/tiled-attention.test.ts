/**
 * Attention in tiles and in parts against the formula: derivatives of both modes and both orders, masks, and memory that
 * does not grow with the square of the length.
 */
import { describe, expect, it } from 'vitest'
import { createWasmBackend } from '../../src/backend/wasm/wasm.js'
import { lowerGraph } from '../../src/codegen/lower.js'
import { type Shape, sizeOf } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import { pullback, pushforward } from '../../src/ir/gradients.js'
import { type Node, topologicalOrder } from '../../src/ir/node.js'
import { type AttentionOptions, scaledDotProductAttention } from '../../src/ops/attention.js'
import { stretch } from '../../src/ops/operand.js'
import { rand, splitKey } from '../../src/ops/random.js'
import { softmax } from '../../src/ops/softmax.js'
import { tiledAttention } from '../../src/ops/tiled-attention.js'
import { compiledBackends } from '../helpers/compiled-backends.js'
import { seeded } from '../helpers/random.js'
import { runGraph } from '../helpers/run-graph.js'
import { expectClose, toleranceOf } from '../helpers/tolerance.js'

type Attend = (q: Node, k: Node, v: Node) => Node

/** softmax(q·kᵀ + mask)·v of (N, L, E), (N, S, E) and (N, S, V), with −∞ where a query may not attend. */
const byFormula =
  (allowed: Node | null, added: Node | null = null, factor: Node | null = null): Attend =>
  (q, k, v) => {
    const product = (x: Node, y: Node, [i, j]: readonly number[]): Node =>
      b.contract(x, y, { batch: [[0], [0]], contracting: [[i], [j]], accumulate: x.dtype })
    let s = product(q, k, [2, 2])
    if (allowed !== null) s = b.where(stretch(allowed, s.shape), s, b.literal(s, Number.NEGATIVE_INFINITY))
    if (added !== null) s = b.add(s, stretch(added, s.shape))
    const weights = softmax(s)
    return product(factor === null ? weights : b.mul(weights, factor), v, [2, 1])
  }

const tril = (length: number, keys: number, first = 0): Node =>
  b.le(
    b.iota([length, keys], 1, 'i32'),
    b.add(b.iota([length, keys], 0, 'i32'), b.full([length, keys], first, 'i32')),
  )

const present = (nodes: readonly (Node | null)[]): Node[] => nodes.filter((n) => n !== null)
/** Zeros where nothing flows. */
const each = (nodes: readonly (Node | null)[], of: readonly Node[]): Node[] =>
  nodes.map((n, i) => n ?? b.literal(of[i], 0))

/** The value, gradients, tangents, gradients of both, and tangents of gradients. */
function derivatives(attend: Attend, [q, k, v, seed, ...along]: readonly Node[]): Node[] {
  const of = [q, k, v]
  const y = attend(q, k, v)
  const gradients = each(pullback(b, [y], [seed], of), of)
  const tangents = each(pushforward(b, [y], of, along), [y])
  const wrt = [...of, seed]
  const again = [...gradients, ...tangents].flatMap((g) => each(pullback(b, [g], [b.cos(g)], wrt), wrt))
  return [y, ...gradients, ...tangents, ...again, ...each(pushforward(b, gradients, of, along), gradients)]
}

const normals = (count: number, seed: number): number[] => {
  const random = seeded(seed)
  return Array.from({ length: count }, () => random.normal())
}

/** Both on the same numbers in f64. */
function same(
  got: Attend,
  expected: Attend,
  shapes: readonly Shape[],
  of: (attend: Attend, inputs: readonly Node[]) => Node[],
): void {
  const inputs = shapes.map((s) => b.placeholder(s, 'f64'))
  const values = shapes.map((s, i) => normals(sizeOf(s), i + 1))
  const right = runGraph(of(expected, inputs), inputs, values)
  const found = runGraph(of(got, inputs), inputs, values)
  expect(found.length).toBe(right.length)
  found.forEach((x, i) => {
    expectClose(x, right[i], { relative: 1e-8, absolute: 1e-9 }, `result ${i}`)
  })
}

const sizes = (length: number, keys: number, e: number, v: number): Shape[] => {
  const three = [
    [2, length, e],
    [2, keys, e],
    [2, keys, v],
  ]
  return [...three, [2, length, v], ...three]
}

describe('tiledAttention', () => {
  const bias = (): Node => b.constant(0.7, 'f64')
  const added = (): Node =>
    b.mul(b.cast(b.iota([5, 4], 1, 'i32'), 'f64'), b.expand(b.reshape(bias(), [1, 1]), [5, 4]))
  const cases: [string, Attend, Attend][] = [
    ['plain', (q, k, v) => tiledAttention(q, k, v, { rows: 2 }), byFormula(null)],
    ['one block', (q, k, v) => tiledAttention(q, k, v, { rows: 9 }), byFormula(null)],
    ['causal', (q, k, v) => tiledAttention(q, k, v, { rows: 2, first: 1 }), byFormula(tril(5, 4, 1))],
    [
      'a bool mask',
      (q, k, v) => tiledAttention(q, k, v, { rows: 3, mask: tril(5, 4) }),
      byFormula(tril(5, 4)),
    ],
    [
      'a float mask',
      (q, k, v) => tiledAttention(q, k, v, { rows: 2, mask: added() }),
      byFormula(null, added()),
    ],
  ]
  it.each([1, 2])('dropout draws the same bits in the gradient, blocks: %i', (blocks) => {
    const rows = blocks === 1 ? 5 : 3
    const key = b.reshape(b.add(b.iota([3], 0, 'i32'), b.full([3], 5, 'i32')), [3])
    const keys = splitKey(key, blocks)
    const draws = Array.from({ length: blocks }, (_, i) =>
      rand(b.reshape(b.sliceAxis(keys, 0, i, i + 1), [3]), [2, rows, 4]),
    )
    const drawn = b.sliceAxis(b.concat(draws, 1), 1, 0, 5)
    const factor = b.where(
      b.le(b.literal(drawn, 0.4), drawn),
      b.full(drawn.shape, 1 / 0.6, 'f64'),
      b.full(drawn.shape, 0, 'f64'),
    )
    const dropout = { p: 0.4, key }
    same(
      (q, k, v) => tiledAttention(q, k, v, { rows, dropout, first: 1, mask: tril(5, 4, 2) }),
      byFormula(tril(5, 4, 1), null, factor),
      sizes(5, 4, 3, 2),
      derivatives,
    )
  })
  it.each(cases)('has the derivatives of the formula: %s', (_, tiled, formula) => {
    same(tiled, formula, sizes(5, 4, 3, 2), derivatives)
  })

  it('tells queries from keys where they are one', () => {
    const both = (attend: Attend) => (_attend: Attend, inputs: readonly Node[]) => {
      const [x, , v, seed, along] = inputs
      const y = attend(x, x, v)
      return [...present(pullback(b, [y], [seed], [x])), ...present(pushforward(b, [y], [x], [along]))]
    }
    const shapes = sizes(4, 4, 3, 2)
    const inputs = shapes.map((s) => b.placeholder(s, 'f64'))
    const values = shapes.map((s, i) => normals(sizeOf(s), i + 1))
    const run = (attend: Attend): number[][] => runGraph(both(attend)(attend, inputs), inputs, values)
    const right = run(byFormula(null))
    run((q, k, v) => tiledAttention(q, k, v, { rows: 2 })).forEach((x, i) => {
      expectClose(x, right[i], { relative: 1e-8, absolute: 1e-9 }, `result ${i}`)
    })
  })

  it('a tangent of the mask counts in forward mode', () => {
    const shapes = [...sizes(3, 4, 2, 2).slice(0, 3), [3, 4], [3, 4]]
    const inputs = shapes.map((s) => b.placeholder(s, 'f64'))
    const values = shapes.map((s, i) => normals(sizeOf(s), i + 1))
    const [q, k, v, mask, along] = inputs
    const tangent = (y: Node): Node => present(pushforward(b, [y], [mask], [along]))[0]
    const [got, right] = runGraph(
      [tangent(tiledAttention(q, k, v, { rows: 2, mask })), tangent(byFormula(null, mask)(q, k, v))],
      inputs,
      values,
    )
    expectClose(got, right, { relative: 1e-9, absolute: 1e-10 }, 'tangent')
    expect(Math.max(...got.map(Math.abs))).toBeGreaterThan(1e-3)
  })

  it('a query that may attend to nothing gives NaN, the others do not', () => {
    const [q, k, v] = sizes(3, 2, 2, 1).map((s) => b.placeholder(s, 'f64'))
    const mask = b.lt(b.iota([3, 2], 1, 'i32'), b.iota([3, 2], 0, 'i32'))
    const [got] = runGraph(
      [tiledAttention(q, k, v, { rows: 2, mask })],
      [q, k, v],
      [normals(12, 1), normals(8, 2), normals(4, 3)],
    )
    expect(got.map(Number.isNaN)).toEqual([true, false, false, true, false, false])
  })
})

describe('tiledAttention on every backend', async () => {
  for (const { name, absent, make } of await compiledBackends()) {
    it.skipIf(absent !== null)(name, async () => {
      const backend = await make({ threads: 2 })
      const shapes = sizes(37, 41, 8, 5)
      const inputs = shapes.map((s) => b.placeholder(s, 'f32'))
      const key = b.iota([3], 0, 'i32')
      const y = tiledAttention(inputs[0], inputs[1], inputs[2], {
        rows: 16,
        first: 4,
        mask: b.le(b.iota([37, 41], 1, 'i32'), b.full([37, 41], 30, 'i32')),
        dropout: { p: 0.2, key },
      })
      const outputs = [y, ...present(pullback(b, [y], [inputs[3]], inputs.slice(0, 3)))]
      const values = shapes.map((s, i) => normals(sizeOf(s), i + 1))
      const right = runGraph(outputs, inputs, values)
      runGraph(outputs, inputs, values, backend).forEach((x, i) => {
        expectClose(x, right[i], toleranceOf('f32', 'sum'), `result ${i}`)
      })
      backend.close()
    })
  }
})

describe('scaledDotProductAttention', () => {
  const first = (attend: Attend, [q, k, v, seed]: readonly Node[]): Node[] => {
    const y = attend(q, k, v)
    return [y, ...present(pullback(b, [y], [seed], [q, k, v]))]
  }
  it.each([
    [300, 257],
    [257, 300],
  ])('causal attention in parts, %i queries and %i keys', (length, keys) => {
    const causal: Attend = (q, k, v) => scaledDotProductAttention(q, k, v, { causal: true, scale: 1 })
    const [q, k, v] = sizes(length, keys, 2, 1).map((s) => b.placeholder(s, 'f64'))
    const products = topologicalOrder([causal(q, k, v)]).filter((n) => n.op === 'contract')
    expect(products.length).toBe(4)
    same(causal, byFormula(tril(length, keys)), sizes(length, keys, 2, 1), first)
  })

  /** Loss and gradients of attention with 16 · length² scores. */
  function training(length: number, options: AttentionOptions) {
    const shape = [16, length, 16]
    const inputs = [0, 1, 2, 3].map(() => b.placeholder(shape, 'f32'))
    const [q, k, v, seed] = inputs
    const y = scaledDotProductAttention(q, k, v, options)
    return { inputs, outputs: [y, ...present(pullback(b, [y], [seed], [q, k, v]))], donations: new Map() }
  }
  it.each([
    ['no mask', {}],
    ['causal', { causal: true }],
    ['dropout', { dropout: 0.1, key: b.iota([3], 0, 'i32') }],
    ['a mask of one row', { mask: b.full([1, 1], 1, 'bool') }],
  ] as [string, AttentionOptions][])('stores no matrix of scores: %s', (_, options) => {
    const { target } = createWasmBackend()
    const bytes = (length: number): number => lowerGraph(training(length, options), target).arenaBytes
    const [one, two] = [bytes(1024), bytes(2048)]
    const weights = 4 * 16 * 1024 ** 2
    // A block of 128 rows of scores for each leading index and its gradient, beside what is as large as the inputs.
    expect(one).toBeLessThan(0.6 * weights)
    expect(two / one).toBeLessThan(2.1)
  })

  it('keeps the weights where there are few, and where the mask is learned', () => {
    const scans = (shape: Shape, options: (length: number) => AttentionOptions): number => {
      const [q, k, v] = [0, 1, 2].map(() => b.placeholder(shape, 'f32'))
      const y = scaledDotProductAttention(q, k, v, options(shape[1]))
      return topologicalOrder([y]).filter((n) => n.op === 'scan').length
    }
    expect(scans([4, 512, 8], () => ({}))).toBe(0)
    expect(scans([64, 512, 8], () => ({}))).toBe(1)
    expect(scans([64, 512, 8], () => ({ causal: true }))).toBe(4)
    // A placeholder of floats requires a gradient.
    const mask = (length: number): AttentionOptions => ({ mask: b.placeholder([length, length], 'f32') })
    expect(scans([64, 512, 8], mask)).toBe(0)
    const key = b.placeholder([3], 'i32')
    expect(scans([64, 512, 8], () => ({ dropout: 0.1, key }))).toBe(1)
  })

  it('computes in f32 and answers in the inputs’ type', () => {
    const [q, k, v] = [0, 1, 2].map(() => b.placeholder([16, 1024, 2], 'bf16'))
    const y = scaledDotProductAttention(q, k, v)
    expect(y.dtype).toBe('bf16')
    const products = topologicalOrder([y]).flatMap((n) =>
      n.op === 'scan' ? topologicalOrder((n as Node<'scan'>).attrs.body.results) : [],
    )
    const dtypes = products.filter((n) => n.op === 'contract').map((n) => n.dtype)
    expect(dtypes).toEqual(['f32', 'f32'])
  })
})
