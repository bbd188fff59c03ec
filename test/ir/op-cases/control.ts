/** Cases of while loops, branches, barriers, host calls and the selection of results. */
import type { CallGradient, HostKernel } from '../../../src/ir/node.js'
import type { Builder } from '../../../src/ir/rule.js'
import { body } from './bodies.js'
import { cycle, domains, input, type OpCase, opCase } from './case.js'

const loops: readonly OpCase[] = [
  opCase(
    'while',
    'doubles until 100',
    [input([3], domains.positive), input([3], domains.positive)],
    (b, [x, scale]) => {
      const d = x.dtype
      const params = [
        [[3], d],
        [[3], d],
        [[], 'i32'],
      ] as const
      const test = body(b, params, ([, c]) => [b.lt(b.reduceSum(c, [0]), b.constant(100, d))])
      const step = body(b, params, ([s, c, n]) => [
        b.add(b.mul(c, b.literal(c, 2)), s),
        b.add(n, b.constant(1, 'i32')),
      ])
      return b.whileLoop(test, step, [scale, x, b.constant(0, 'i32')], 1)
    },
    { tolerance: 'iterated', smooth: 'forward' },
  ),
  opCase('while', 'counts down an integer', [input([], cycle(5), 'i32')], (b, [n]) => {
    const test = body(b, [[[], 'i32']], ([c]) => [b.lt(b.constant(0, 'i32'), c)])
    const step = body(b, [[[], 'i32']], ([c]) => [b.sub(c, b.constant(2, 'i32'))])
    return b.whileLoop(test, step, [n], 0)
  }),
  opCase(
    'while',
    'never runs',
    [input([2])],
    (b, [x]) => {
      const test = body(b, [[[2], x.dtype]], ([c]) => [
        b.lt(b.reduceSum(b.mul(c, c), [0]), b.constant(-1, c.dtype)),
      ])
      const step = body(b, [[[2], x.dtype]], ([c]) => [b.mul(c, c)])
      return b.whileLoop(test, step, [x], 0)
    },
    { smooth: 'forward' },
  ),
]

const branches: readonly OpCase[] = [0, 1].flatMap((taken) => [
  opCase(
    'cond',
    `takes branch ${1 - taken}`,
    [input([], cycle(taken), 'bool'), input([3], domains.positive), input([3])],
    (b, [p, x, y]) => {
      const params = [
        [[3], x.dtype],
        [[3], x.dtype],
      ] as const
      const yes = body(b, params, ([u, v]) => [b.mul(b.sin(u), v), b.reduceSum(u, [0])])
      const no = body(b, params, ([u, v]) => [b.add(u, v), b.reduceSum(b.mul(v, v), [0])])
      return b.cond(p, [yes, no], [x, y])
    },
    { tolerance: 'sum' },
  ),
])

/** y = x³ and the number of elements, on the host. */
const cube: HostKernel = {
  name: 'cube',
  run: ([x], [y, n]) => {
    for (let i = 0; i < x.data.length; i++) y.data[i] = Number(x.data[i]) ** 3
    n.data[0] = x.data.length
  },
}

/** Sums along the last axis, whatever the axes before. */
const runningSums: HostKernel = {
  name: 'runningSums',
  batched: true,
  run: ([x], [y]) => {
    const width = x.shape[x.shape.length - 1]
    for (let i = 0; i < x.data.length; i++) {
      y.data[i] = Number(x.data[i]) + (i % width === 0 ? 0 : Number(y.data[i - 1]))
    }
  },
}

const sumsBack =
  (b: Builder): CallGradient =>
  (_inputs, _outputs, [g]) => [g && b.cumSum(g, g.shape.length - 1, true)]

const others: readonly OpCase[] = [
  ...branches,
  opCase('barrier', 'of two', [input([3]), input([2, 2])], (b, xs) => b.barrier(xs)),
  opCase('barrier', 'between', [input([5])], (b, [x]) => b.sin(b.barrier([b.mul(x, x)])[0])),
  opCase('output', 'second result of a sort', [input([7], domains.distinct), input([7])], (b, xs) =>
    b.mul(b.sort(xs, 0, false)[1], b.sort(xs, 0, true)[0]),
  ),
  opCase(
    'call',
    'cube with a gradient',
    [input([5])],
    (b, [x]) =>
      b.call([x], {
        kernel: cube,
        outputs: [
          { shape: [5], dtype: x.dtype },
          { shape: [], dtype: 'i32' },
        ],
        vjp: ([v], _outputs, [g]) => [g && b.mul(g, b.mul(b.literal(v, 3), b.mul(v, v)))],
      }),
    { tolerance: 'elementwise' },
  ),
  opCase(
    'call',
    'running sums of rows, one call for a batch',
    [input([2, 3])],
    (b, [x]) =>
      b.call([x], { kernel: runningSums, outputs: [{ shape: [2, 3], dtype: x.dtype }], vjp: sumsBack(b) }),
    { tolerance: 'elementwise' },
  ),
  opCase(
    'call',
    'cube without a gradient',
    [input([5])],
    (b, [x]) =>
      b.call([x], {
        kernel: cube,
        outputs: [
          { shape: [5], dtype: x.dtype },
          { shape: [], dtype: 'i32' },
        ],
        vjp: null,
      }),
    { tolerance: 'elementwise', smooth: 'none' },
  ),
]

export const controlCases: readonly OpCase[] = [...loops, ...others]
