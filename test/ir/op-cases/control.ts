/** Cases of loops, branches, barriers, host calls and the selection of results. */
import type { DType } from '../../../src/core/dtype.js'
import type { Shape } from '../../../src/core/shape.js'
import type { HostKernel, Node, Subgraph } from '../../../src/ir/node.js'
import type { Builder } from '../../../src/ir/rule.js'
import { cycle, domains, input, type OpCase, opCase } from './case.js'

const matmul = (b: Builder, x: Node, y: Node): Node =>
  b.contract(x, y, { batch: [[], []], contracting: [[x.shape.length - 1], [0]], accumulate: x.dtype })

/** A body from a function of its parameters. */
export function body(b: Builder, params: readonly (readonly [Shape, DType])[], fn: (params: Node[]) => Node[]): Subgraph {
  const formals = params.map(([shape, dtype]) => b.placeholder(shape, dtype))
  return { params: formals, results: fn(formals) }
}

/** h ← tanh(x_t·W + h·U), emitting h and h². */
export function elman(b: Builder, [w, u, h0, xs]: readonly Node[], length: number, options: { reverse?: boolean; checkpoint?: number } = {}): Node[] {
  const d = w.dtype
  const step = body(b, [[w.shape, d], [u.shape, d], [h0.shape, d], [xs.shape.slice(1), d]], ([pw, pu, h, x]) => {
    const next = b.tanh(b.add(matmul(b, x, pw), matmul(b, h, pu)))
    return [next, b.mul(next, next)]
  })
  return b.scan(step, { consts: [w, u], carry: [h0], xs: [xs] }, { length, ...options })
}

const elmanInputs = (length: number) => [input([3, 2]), input([2, 2]), input([4, 2]), input([length, 4, 3])]

const scans: readonly OpCase[] = [
  ...[0, 1, 5].flatMap((length) =>
    [false, true].map((reverse) =>
      opCase('scan', `recurrent net of ${length}${reverse ? ' reverse' : ''}`, elmanInputs(length), (b, xs) => elman(b, xs, length, { reverse }), { tolerance: 'iterated' }),
    ),
  ),
  ...[1, 2, 3, 5, 8].flatMap((checkpoint) =>
    [false, true].map((reverse) =>
      opCase('scan', `checkpoint ${checkpoint}${reverse ? ' reverse' : ''}`, elmanInputs(5), (b, xs) => elman(b, xs, 5, { reverse, checkpoint }), { tolerance: 'iterated' }),
    ),
  ),
  opCase('scan', 'running sum without inputs', [input([3])], (b, [x]) => {
    const step = body(b, [[[3], x.dtype]], ([c]) => [b.mul(c, c), c])
    return b.scan(step, { consts: [], carry: [b.mul(x, b.literal(x, 0.5))], xs: [] }, { length: 3 })
  }, { tolerance: 'iterated' }),
  opCase('scan', 'map without a carry', [input([7, 3]), input([3])], (b, [xs, w]) => {
    const step = body(b, [[[3], w.dtype], [[3], xs.dtype]], ([c, x]) => [b.mul(b.sin(x), c)])
    return b.scan(step, { consts: [w], carry: [], xs: [xs] }, { length: 7 })
  }, { tolerance: 'iterated' }),
  opCase('scan', 'a weight used twice in a step', [input([3, 3]), input([3])], (b, [w, h]) => {
    const step = body(b, [[[3, 3], w.dtype], [[3], h.dtype]], ([pw, c]) => [b.tanh(matmul(b, b.tanh(matmul(b, c, pw)), pw)), b.reduceSum(c, [0])])
    return b.scan(step, { consts: [w], carry: [h], xs: [] }, { length: 3 })
  }, { tolerance: 'iterated' }),
  opCase('scan', 'a weight on the left, and as a term', [input([3, 3]), input([3])], (b, [w, h]) => {
    const step = body(b, [[[3, 3], w.dtype], [[3], h.dtype]], ([pw, c]) => [
      b.tanh(b.add(b.contract(pw, c, { batch: [[], []], contracting: [[1], [0]], accumulate: c.dtype }), b.reduceSum(pw, [1]))),
    ])
    return b.scan(step, { consts: [w], carry: [h], xs: [] }, { length: 3 })
  }, { tolerance: 'iterated' }),
  opCase('scan', 'a contraction of two constants', [input([3, 3]), input([3, 3]), input([3])], (b, [w, v, h]) => {
    const step = body(b, [[[3, 3], w.dtype], [[3, 3], w.dtype], [[3], h.dtype]], ([pw, pv, c]) => [b.tanh(matmul(b, c, matmul(b, pw, pv)))])
    return b.scan(step, { consts: [w, v], carry: [h], xs: [] }, { length: 3 })
  }, { tolerance: 'iterated' }),
  opCase('scan', 'a batched weight', [input([2, 3, 3]), input([2, 3]), input([4, 2, 3])], (b, [w, h, xs]) => {
    const d = w.dtype
    const step = body(b, [[[2, 3, 3], d], [[2, 3], d], [[2, 3], d]], ([pw, c, x]) => [
      b.tanh(b.add(x, b.contract(c, pw, { batch: [[0], [0]], contracting: [[1], [2]], accumulate: d }))),
    ])
    return b.scan(step, { consts: [w], carry: [h], xs: [xs] }, { length: 4 })
  }, { tolerance: 'iterated' }),
  opCase('scan', 'a convolution in the body', [input([2, 2, 3]), input([1, 2, 5])], (b, [w, h]) => {
    const d = w.dtype
    const step = body(b, [[[2, 2, 3], d], [[1, 2, 5], d]], ([pw, c]) => [
      b.tanh(b.conv(c, pw, { stride: [1], padding: [[1, 1]], dilation: [1], inputDilation: [1], groups: 1 })),
    ])
    return b.scan(step, { consts: [w], carry: [h], xs: [] }, { length: 2 })
  }, { tolerance: 'iterated' }),
  opCase('scan', 'an integer counter beside', [input([]), input([5])], (b, [x, xs]) => {
    const d = x.dtype
    const step = body(b, [[[], 'i32'], [[], d], [[], d]], ([t, c, y]) => [
      b.add(t, b.constant(1, 'i32')),
      b.add(b.mul(c, y), b.cast(t, d)),
      b.mul(c, c),
      t,
    ])
    return b.scan(step, { consts: [], carry: [b.constant(0, 'i32'), x], xs: [xs] }, { length: 5 })
  }, { tolerance: 'iterated' }),
  opCase('scan', 'two carries that swap', [input([2]), input([2])], (b, [x, y]) => {
    const step = body(b, [[[2], x.dtype], [[2], x.dtype]], ([p, q]) => [b.sin(q), p, p])
    return b.scan(step, { consts: [], carry: [x, y], xs: [] }, { length: 5 })
  }, { tolerance: 'iterated' }),
  opCase('scan', 'one of two carries never moves', [input([2]), input([2])], (b, [x, y]) => {
    const step = body(b, [[[2], x.dtype], [[2], x.dtype]], ([p, q]) => [b.mul(p, q), q])
    return b.scan(step, { consts: [], carry: [x, y], xs: [] }, { length: 3 })
  }, { tolerance: 'iterated' }),
  opCase('scan', 'a result that is an input', [input([3, 2]), input([2])], (b, [xs, c0]) => {
    const step = body(b, [[[2], xs.dtype], [[2], xs.dtype]], ([c, x]) => [b.add(c, b.mul(x, c)), x, c])
    return b.scan(step, { consts: [], carry: [c0], xs: [xs] }, { length: 3 })
  }, { tolerance: 'iterated' }),
  opCase('scan', 'inside a scan', [input([2, 2]), input([2]), input([3, 2])], (b, [w, h, xs]) => {
    const d = w.dtype
    const inner = body(b, [[[2, 2], d], [[2], d]], ([pw, c]) => [b.tanh(matmul(b, c, pw))])
    const step = body(b, [[[2, 2], d], [[2], d], [[2], d]], ([pw, c, x]) =>
      b.scan(inner, { consts: [pw], carry: [b.add(c, x)], xs: [] }, { length: 2 }),
    )
    return b.scan(step, { consts: [w], carry: [h], xs: [xs] }, { length: 3 })
  }, { tolerance: 'iterated' }),
  opCase('scan', 'expensive steps of many kinds', [input([5], domains.distinct), input([3, 5])], (b, [c0, xs]) => {
    const d = c0.dtype
    const step = body(b, [[[5], d], [[5], d]], ([c, x]) => {
      const [sorted] = b.sort([b.add(c, x)], 0, false)
      const total = b.cumSum(b.mul(sorted, b.literal(sorted, 0.2)), 0, false)
      return [total, b.reduceMax(b.add(total, c), [0])]
    })
    return b.scan(step, { consts: [], carry: [c0], xs: [xs] }, { length: 3 })
  }, { tolerance: 'iterated' }),
]

const loops: readonly OpCase[] = [
  opCase('while', 'doubles until 100', [input([3], domains.positive), input([3], domains.positive)], (b, [x, scale]) => {
    const d = x.dtype
    const params = [[[3], d], [[3], d], [[], 'i32']] as const
    const test = body(b, params, ([, c]) => [b.lt(b.reduceSum(c, [0]), b.constant(100, d))])
    const step = body(b, params, ([s, c, n]) => [b.add(b.mul(c, b.literal(c, 2)), s), b.add(n, b.constant(1, 'i32'))])
    return b.whileLoop(test, step, [scale, x, b.constant(0, 'i32')], 1)
  }, { tolerance: 'iterated', smooth: 'forward' }),
  opCase('while', 'counts down an integer', [input([], cycle(5), 'i32')], (b, [n]) => {
    const test = body(b, [[[], 'i32']], ([c]) => [b.lt(b.constant(0, 'i32'), c)])
    const step = body(b, [[[], 'i32']], ([c]) => [b.sub(c, b.constant(2, 'i32'))])
    return b.whileLoop(test, step, [n], 0)
  }),
  opCase('while', 'never runs', [input([2])], (b, [x]) => {
    const test = body(b, [[[2], x.dtype]], ([c]) => [b.lt(b.reduceSum(b.mul(c, c), [0]), b.constant(-1, c.dtype))])
    const step = body(b, [[[2], x.dtype]], ([c]) => [b.mul(c, c)])
    return b.whileLoop(test, step, [x], 0)
  }, { smooth: 'forward' }),
]

const branches: readonly OpCase[] = [0, 1].flatMap((taken) => [
  opCase('cond', `takes branch ${1 - taken}`, [input([], cycle(taken), 'bool'), input([3], domains.positive), input([3])], (b, [p, x, y]) => {
    const params = [[[3], x.dtype], [[3], x.dtype]] as const
    const yes = body(b, params, ([u, v]) => [b.mul(b.sin(u), v), b.reduceSum(u, [0])])
    const no = body(b, params, ([u, v]) => [b.add(u, v), b.reduceSum(b.mul(v, v), [0])])
    return b.cond(p, [yes, no], [x, y])
  }, { tolerance: 'sum' }),
])

/** y = x³ and the number of elements, on the host. */
const cube: HostKernel = {
  name: 'cube',
  run: ([x], [y, n]) => {
    for (let i = 0; i < x.data.length; i++) y.data[i] = Number(x.data[i]) ** 3
    n.data[0] = x.data.length
  },
}

const others: readonly OpCase[] = [
  ...branches,
  opCase('barrier', 'of two', [input([3]), input([2, 2])], (b, xs) => b.barrier(xs)),
  opCase('barrier', 'between', [input([5])], (b, [x]) => b.sin(b.barrier([b.mul(x, x)])[0])),
  opCase('output', 'second result of a sort', [input([7], domains.distinct), input([7])], (b, xs) => b.mul(b.sort(xs, 0, false)[1], b.sort(xs, 0, true)[0])),
  opCase('call', 'cube with a gradient', [input([5])], (b, [x]) =>
    b.call([x], {
      kernel: cube,
      outputs: [{ shape: [5], dtype: x.dtype }, { shape: [], dtype: 'i32' }],
      vjp: ([v], _outputs, [g]) => [g && b.mul(g, b.mul(b.literal(v, 3), b.mul(v, v)))],
    }), { tolerance: 'elementwise' },
  ),
  opCase('call', 'cube without a gradient', [input([5])], (b, [x]) =>
    b.call([x], { kernel: cube, outputs: [{ shape: [5], dtype: x.dtype }, { shape: [], dtype: 'i32' }], vjp: null }), { tolerance: 'elementwise', smooth: 'none' },
  ),
]

export const controlCases: readonly OpCase[] = [...scans, ...loops, ...others]
