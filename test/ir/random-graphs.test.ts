/** Random graphs of many primitives: gradients against differences, batching against a loop, gradients of batches. */
import { describe, expect, it } from 'vitest'
import { type Shape, sameShape, sizeOf } from '../../src/core/shape.js'
import { batchNodes } from '../../src/ir/batching.js'
import * as b from '../../src/ir/build.js'
import { pullback, pushforward } from '../../src/ir/gradients.js'
import type { Node } from '../../src/ir/node.js'
import { type Random, seeded } from '../helpers/random.js'
import { runGraph } from '../helpers/run-graph.js'
import { expectClose } from '../helpers/tolerance.js'
import { body } from './op-cases/bodies.js'

const sizes = [1, 2, 3, 5]
const at = (r: Random, x: Node): number => r.integer(0, x.shape.length)
const ranked = (pool: readonly Node[]): Node[] => pool.filter((x) => x.shape.length > 0)
/** Keeps values in the unit range, so that long graphs neither explode nor hit kinks of exp and pow. */
const bounded = (x: Node): Node => b.tanh(x)

type Step = (r: Random, x: Node, pool: readonly Node[]) => Node

const matches = (r: Random, x: Node, pool: readonly Node[]): Node =>
  r.pick(pool.filter((y) => sameShape(y.shape, x.shape)))

/** Smooth almost everywhere; random real values stay off the kinks. */
const steps: readonly Step[] = [
  (_, x) => b.sin(x),
  (_, x) => b.exp(b.neg(b.mul(x, x))),
  (_, x) => b.erf(x),
  (_, x) => b.log1p(b.mul(x, x)),
  (_, x) => b.sqrt(b.add(b.mul(x, x), b.literal(x, 0.5))),
  (r, x, pool) => b.add(x, matches(r, x, pool)),
  (r, x, pool) => b.mul(x, matches(r, x, pool)),
  (r, x, pool) => b.sub(matches(r, x, pool), x),
  (r, x, pool) => {
    const y = matches(r, x, pool)
    return b.div(x, b.add(b.mul(y, y), b.literal(y, 1)))
  },
  (r, x, pool) => b.where(b.lt(b.literal(x, 0), x), matches(r, x, pool), b.neg(x)),
  (r, x) => b.permute(x, r.shuffle(x.shape.map((_, i) => i))),
  (_, x) => b.reshape(x, [sizeOf(x.shape)]),
  (r, x) => b.flip(x, [at(r, x)]),
  (r, x) => b.reduceSum(x, [at(r, x)]),
  (r, x) => b.reduceMax(x, [at(r, x)]),
  (r, x) => b.reduceProd(x, [at(r, x)]),
  (r, x) => b.cumSum(x, at(r, x), r.next() < 0.5),
  (r, x) => b.cumProd(x, at(r, x), r.next() < 0.5),
  (r, x) => b.expand(b.reshape(x, [1, ...x.shape]), [r.pick(sizes), ...x.shape]),
  (r, x) => {
    const draw = () => x.shape.map((n) => r.integer(n > 1 ? -1 : 0, 2))
    const [low, high] = [draw(), draw()].map((list) =>
      list.map((n, i) => (x.shape[i] < 3 ? Math.max(0, n) : n)),
    )
    return b.pad(
      x,
      low,
      high,
      x.shape.map(() => r.integer(0, 2)),
      0.3,
    )
  },
  (r, x) => {
    const starts = x.shape.map((n) => r.integer(0, n))
    return b.slice(
      x,
      starts,
      x.shape.map((n, i) => r.integer(starts[i] + 1, n + 1)),
      x.shape.map(() => r.integer(1, 3)),
    )
  },
  (r, x) => b.concat([x, b.sin(x)], at(r, x)),
  (r, x) => b.sort([x], at(r, x), r.next() < 0.5)[0],
  (r, x) => {
    const axis = at(r, x)
    const shape = x.shape.map((n, i) => (i === axis ? r.pick(sizes) : n))
    const bits = b.randomBits(b.iota([3], 0, 'i32'), shape)
    const index = b.mod(bits, b.full(shape, x.shape[axis], 'i32'))
    return r.next() < 0.5
      ? b.gather(x, index, axis)
      : b.scatter(x, index, b.cast(b.sin(b.cast(bits, 'f64')), 'f64'), axis, r.pick(['add', 'set']))
  },
  (r, x) =>
    b.window(x, {
      size: [r.integer(1, x.shape[x.shape.length - 1] + 1)],
      stride: [r.integer(1, 3)],
      dilation: [1],
    }),
  (r, x) =>
    b.windowReduce(x, {
      size: [r.integer(1, x.shape[x.shape.length - 1] + 1)],
      stride: [r.integer(1, 3)],
      dilation: [1],
      padding: [[0, 0]],
      kind: 'max',
    })[0],
  (r, x, pool) => {
    const axis = at(r, x)
    const partners = ranked(pool).flatMap((y) =>
      y.shape.flatMap((n, i) => (n === x.shape[axis] ? [[y, i] as const] : [])),
    )
    const [y, other] = r.pick(partners)
    return b.contract(x, y, { batch: [[], []], contracting: [[axis], [other]], accumulate: 'f64' })
  },
  (r, x) => {
    const step = body(
      b,
      [
        [x.shape.slice(1), 'f64'],
        [x.shape.slice(1), 'f64'],
      ],
      ([c, row]) => {
        const next = b.tanh(b.add(b.mul(c, row), b.sin(row)))
        return [next, b.mul(next, c)]
      },
    )
    const options = { length: x.shape[0], reverse: r.next() < 0.5, checkpoint: r.integer(0, 3) }
    return b.scan(step, { consts: [], carry: [b.reduceSum(x, [0])], xs: [x] }, options)[r.integer(0, 2)]
  },
]

function randomGraph(seed: number): { inputs: Node[]; output: Node; names: string } {
  const r = seeded(seed)
  const shapes: Shape[] = Array.from({ length: 2 }, () =>
    Array.from({ length: r.integer(1, 4) }, () => r.pick(sizes)),
  )
  const inputs: Node[] = shapes.map((s) => b.placeholder(s, 'f64'))
  const pool: Node[] = [...inputs]
  for (let i = 0; i < 10; i++) {
    const x = r.pick(ranked(pool).slice(-3))
    const y = bounded(r.pick(steps)(r, x, pool))
    if (sizeOf(y.shape) <= 400 && sizeOf(y.shape) > 0 && y.shape.length <= 5) pool.push(y)
  }
  const sums = pool.slice(2).map((y) =>
    b.reduceSum(
      b.mul(y, y),
      y.shape.map((_, i) => i),
    ),
  )
  return {
    inputs,
    output: sums.reduce((x, y) => b.add(x, y), b.constant(0, 'f64')),
    names: pool.map((y) => y.inputs[0]?.op).join(' '),
  }
}

const valuesFor = (inputs: readonly Node[], seed: number): number[][] => {
  const r = seeded(seed)
  return inputs.map((x) => Array.from({ length: sizeOf(x.shape) }, () => r.normal()))
}

describe('random graphs', () => {
  it.each(Array.from({ length: 150 }, (_, i) => i + 1))('number %i', (seed) => {
    const { inputs, output, names } = randomGraph(seed)
    const values = valuesFor(inputs, seed + 1000)
    const direction = valuesFor(inputs, seed + 2000)
    const gs = pullback(b, [output], [b.constant(1, 'f64')], inputs).map(
      (g, i) => g ?? b.literal(inputs[i], 0),
    )
    const [t] = pushforward(
      b,
      [output],
      inputs,
      direction.map((_, i) => b.placeholder(inputs[i].shape, 'f64')),
    )
    const eps = 1e-6
    const move = (by: number) => values.map((v, i) => v.map((x, k) => x + by * direction[i][k]))
    const f = (by: number) => runGraph([output], inputs, move(by))[0][0]
    const slope = (f(eps) - f(-eps)) / (2 * eps)
    const close = { relative: 1e-5, absolute: 1e-6 }
    const got = runGraph(gs, inputs, values)
    const along = got.reduce((sum, g, i) => sum + g.reduce((s, x, k) => s + x * direction[i][k], 0), 0)
    expectClose([along], [slope], close, `gradient of ${names}`)

    // Forward over the same direction agrees with reverse to rounding.
    const tangents = inputs.map((x) => b.placeholder(x.shape, 'f64'))
    const [forward] = pushforward(b, [output], inputs, tangents)
    expect(t).not.toBeNull()
    expectClose(
      runGraph([forward!], [...inputs, ...tangents], [...values, ...direction])[0],
      [along],
      { relative: 1e-9, absolute: 1e-9 },
      `tangent of ${names}`,
    )

    // Forward over reverse: the Hessian times the direction.
    const pushed = pushforward(b, gs, inputs, tangents).map((h, i) => h ?? b.literal(inputs[i], 0))
    const hessian = runGraph(pushed, [...inputs, ...tangents], [...values, ...direction])
    const [up, down] = [eps, -eps].map((by) => runGraph(gs, inputs, move(by)))
    hessian.forEach((h, i) => {
      expectClose(
        h,
        up[i].map((u, k) => (u - down[i][k]) / (2 * eps)),
        { relative: 1e-4, absolute: 1e-5 },
        `Hessian of ${names}`,
      )
    })

    // A batch of gradients is the loop over the examples.
    const wide = inputs.map((x) => b.placeholder([2, ...x.shape], 'f64'))
    const { results, batched } = batchNodes(
      b,
      [output, ...gs],
      new Map(inputs.map((x, i) => [x, wide[i]])),
      2,
    )
    const examples = [values, direction]
    const together = runGraph(
      results,
      wide,
      inputs.map((_, i) => examples.flatMap((e) => e[i])),
    )
    const rows = examples.map((e) => runGraph([output, ...gs], inputs, e))
    together.forEach((y, i) => {
      const expected = batched[i] ? rows.flatMap((row) => row[i]) : rows[0][i]
      expectClose(y, expected, { relative: 1e-10, absolute: 1e-10 }, `batch of ${names}`)
    })
  })
})
