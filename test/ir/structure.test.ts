/** The size and shape of what the transforms build: node counts, hoisted weights, checkpoints, long chains, grad modes. */
import { describe, expect, it } from 'vitest'
import { sizeOf } from '../../src/core/shape.js'
import { batchNodes } from '../../src/ir/batching.js'
import * as b from '../../src/ir/build.js'
import { pullback, pushforward } from '../../src/ir/gradients.js'
import { isOp, type Node, type Primitive, topologicalOrder } from '../../src/ir/node.js'
import { runGraph } from '../helpers/run-graph.js'
import { expectClose } from '../helpers/tolerance.js'
import { body, elman } from './op-cases/bodies.js'
import { instantiate, opCases, withFloat } from './op-cases.js'

const everything = (roots: readonly Node[]): Node[] => topologicalOrder(roots, (n) => n.inputs)
const count = (roots: readonly Node[], op: Primitive): number =>
  everything(roots).filter((n) => n.op === op).length

/** Scans among the nodes, without those inside bodies. */
const scansOf = (roots: readonly Node[]): Node<'scan'>[] =>
  everything(roots).filter((n): n is Node<'scan'> => isOp(n, 'scan'))

function lossOf(ys: readonly Node[]): Node {
  const sums = ys.map((y) =>
    b.reduceSum(
      y,
      y.shape.map((_, i) => i),
    ),
  )
  return sums.reduce((x, y) => b.add(x, y))
}

const one = (x: Node): Node => b.literal(x, 1)

describe('a long chain', () => {
  it('of 50,000 is ordered, differentiated and evaluated without recursion', () => {
    const x = b.placeholder([2], 'f64')
    let y: Node = x
    for (let i = 0; i < 50_000; i++) y = i % 2 === 0 ? b.add(y, x) : b.neg(y)
    expect(topologicalOrder([y]).length).toBe(50_001)
    const [g] = pullback(b, [y], [one(y)], [x])
    expect(runGraph([g!], [x], [[1, 2]])[0]).toEqual([1, 1])
    const [t] = pushforward(b, [y], [x], [one(x)])
    expect(runGraph([t!], [x], [[1, 2]])[0]).toEqual([1, 1])
    const wide = b.placeholder([3, 2], 'f64')
    expect(batchNodes(b, [y], new Map([[x, wide]]), 3).results[0].shape).toEqual([3, 2])
    const z = b.placeholder([2], 'f64')
    expect(b.substitute([y], new Map([[x, z]]))[0].shape).toEqual([2])
  })

  it('of n has a pullback of O(n) nodes', () => {
    const sizes = [100, 200, 400].map((n) => {
      const x = b.placeholder([3], 'f32')
      let y: Node = x
      for (let i = 0; i < n; i++) y = b.tanh(b.mul(y, x))
      return everything([pullback(b, [y], [one(y)], [x])[0]!]).length
    })
    expect(sizes[1] - sizes[0]).toBeLessThan(100 * 12)
    // Twice the length, twice the nodes.
    expect(sizes[2] - sizes[1]).toBe(2 * (sizes[1] - sizes[0]))
  })

  it('of squares, whose value doubles, stays linear too', () => {
    const x = b.placeholder([], 'f32')
    let y: Node = x
    for (let i = 0; i < 100; i++) y = b.mul(y, y)
    expect(everything([pullback(b, [y], [one(y)], [x])[0]!]).length).toBeLessThan(500)
  })
})

describe('the gradient of matmul', () => {
  it('is one contraction an operand, and none that is not asked for', () => {
    const [x, w] = [b.placeholder([64, 784], 'f32'), b.placeholder([784, 128], 'f32')]
    const y = b.contract(x, w, { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' })
    const g = b.placeholder([64, 128], 'f32')
    expect(
      count(
        pullback(b, [y], [g], [w]).map((n) => n!),
        'contract',
      ),
    ).toBe(1)
    expect(
      count(
        pullback(b, [y], [g], [x, w]).map((n) => n!),
        'contract',
      ),
    ).toBe(2)
    // Nothing of size batch × inputs × outputs is built.
    for (const node of everything(pullback(b, [y], [g], [x, w]).map((n) => n!))) {
      expect(sizeOf(node.shape)).toBeLessThanOrEqual(784 * 128)
    }
  })
})

const recurrent = (length: number, checkpoint = 0) => {
  const inputs = [
    [3, 2],
    [2, 2],
    [4, 2],
    [length, 4, 3],
  ].map((s) => b.placeholder(s, 'f64'))
  return { inputs, ys: elman(b, inputs, length, { checkpoint }) }
}

describe('the gradient of a scan', () => {
  it('takes dW outside the loop: one contraction a weight over all steps', () => {
    const { inputs, ys } = recurrent(7)
    const grads = pullback(b, [lossOf(ys)], [b.constant(1, 'f64')], inputs.slice(0, 2)).map((g) => g!)
    const outside = everything(grads).filter((n) => n.op === 'contract')
    expect(outside.length).toBe(2)
    expect(outside.every((n) => (n as Node<'contract'>).attrs.contracting[0].includes(0))).toBe(true)
    expect(scansOf(grads).length).toBe(2)
    // In the reverse body: the step's two contractions are not repeated, one remains to reach the state before.
    const [, reverse] = scansOf(grads)
    expect(count(reverse.attrs.body.results.slice(0, 4), 'contract')).toBeLessThanOrEqual(2)
  })

  it('has as many nodes for 1,000 steps as for 10', () => {
    const sizes = [10, 1000].map((length) => {
      const { inputs, ys } = recurrent(length)
      return everything(pullback(b, [lossOf(ys)], [b.constant(1, 'f64')], inputs).map((g) => g!)).length
    })
    expect(sizes[1]).toBe(sizes[0])
  })

  it('does not show its residuals', () => {
    expect(recurrent(5).ys.map((y) => y.shape)).toEqual([
      [4, 2],
      [5, 4, 2],
    ])
    expect(recurrent(5, 2).ys.map((y) => y.shape)).toEqual([
      [4, 2],
      [5, 4, 2],
    ])
  })
})

describe('a checkpointed scan', () => {
  /** Elements that the forward loops hand to the backward ones, beside their results. */
  const kept = (length: number, checkpoint: number): number => {
    const { inputs, ys } = recurrent(length, checkpoint)
    const visible = new Set(everything(ys).flatMap((n) => (isOp(n, 'output') ? [n] : [])))
    const grads = pullback(b, [lossOf(ys)], [b.constant(1, 'f64')], inputs).map((g) => g!)
    const forwards = new Set<Node>(scansOf(ys))
    return everything(grads)
      .filter((n) => isOp(n, 'output') && forwards.has(n.inputs[0]) && !visible.has(n))
      .reduce((sum, n) => sum + sizeOf(n.shape), 0)
  }

  it('keeps one carry a chunk instead of residuals a step', () => {
    const carry = 4 * 2
    expect(kept(100, 10)).toBe(10 * carry)
    expect(kept(100, 25)).toBe(4 * carry)
    expect(kept(100, 0)).toBeGreaterThanOrEqual(100 * carry)
  })

  it.each([1, 2, 3, 5, 7, 10])('of every %i steps gives the gradients of the plain one', (checkpoint) => {
    const [plain, chunked] = [0, checkpoint].map((k) => {
      const { inputs, ys } = recurrent(7, k)
      const grads = pullback(b, [lossOf(ys)], [b.constant(1, 'f64')], inputs).map((g) => g!)
      const values = inputs.map((x, i) =>
        Array.from({ length: sizeOf(x.shape) }, (_, j) => Math.sin(i + 1.7 * j)),
      )
      return runGraph([...ys, ...grads], inputs, values)
    })
    chunked.forEach((g, i) => {
      expectClose(g, plain[i], { relative: 1e-12, absolute: 1e-12 }, `value ${i}`)
    })
  })
})

describe('grad mode', () => {
  const rows = opCases.filter(
    (r) => r.smooth === 'both' && ['scan', 'cond', 'reduceProd', 'cumProd', 'sort', 'call'].includes(r.op),
  )
  it.each(rows.map((r) => [r.name, r] as const))('off in the caller changes no derivative: %s', (_, row) => {
    const { inputs, outputs, values } = instantiate(withFloat(row, 'f64'))
    const floats = inputs.filter((x) => x.dtype === 'f64')
    const live = outputs.filter((y) => y.dtype === 'f64')
    const derivatives = (): Node[] => {
      const back = pullback(b, live, live.map(one), floats).map((g, i) => g ?? b.literal(floats[i], 0))
      const ahead = pushforward(
        b,
        live,
        inputs,
        inputs.map((x) => (x.dtype === 'f64' ? one(x) : null)),
      )
      return [...back, ...ahead.map((t, i) => t ?? b.literal(live[i], 0))]
    }
    const [on, off] = [true, false].map((mode) => runGraph(b.withGradMode(mode, derivatives), inputs, values))
    expect(off).toEqual(on)
  })

  it('off builds nodes that require no gradient', () => {
    const x = b.placeholder([2], 'f32')
    expect(b.withGradMode(false, () => b.sin(x)).requiresGrad).toBe(false)
    expect(b.sin(x).requiresGrad).toBe(true)
    expect(pullback(b, [b.sin(b.stopGradient(x))], [one(x)], [x])).toEqual([null])
  })
})

describe('gradient of a batch of gradients of a scan', () => {
  it('agrees with differences', () => {
    // f(w) = Σ over a batch of h0 of |d loss / d h0|²
    const w = b.placeholder([2, 2], 'f64')
    const h0 = b.placeholder([2], 'f64')
    const step = body(
      b,
      [
        [[2, 2], 'f64'],
        [[2], 'f64'],
      ],
      ([pw, h]) => [
        b.tanh(b.contract(h, pw, { batch: [[], []], contracting: [[0], [0]], accumulate: 'f64' })),
      ],
    )
    const [last] = b.scan(step, { consts: [w], carry: [h0], xs: [] }, { length: 4 })
    const [g] = pullback(b, [b.reduceSum(last, [0])], [b.constant(1, 'f64')], [h0])
    const batch = b.placeholder([3, 2], 'f64')
    const { results } = batchNodes(b, [g!], new Map([[h0, batch]]), 3)
    const f = lossOf([b.mul(results[0], results[0])])
    const [dw] = pullback(b, [f], [b.constant(1, 'f64')], [w])
    const wv = [0.3, -0.8, 0.5, 0.9]
    const hv = [0.1, 0.2, -0.5, 0.7, 0.9, -0.3]
    const got = runGraph([dw!], [w, batch], [wv, hv])[0]
    const eps = 1e-5
    const expected = wv.map((_, i) => {
      const at = (by: number) =>
        runGraph([f], [w, batch], [wv.map((v, k) => (k === i ? v + by : v)), hv])[0][0]
      return (at(eps) - at(-eps)) / (2 * eps)
    })
    expectClose(got, expected, { relative: 1e-7, absolute: 1e-8 }, 'dw')
  })
})
