/** Cases of scans: recurrent nets, checkpoints, hoisted weights, and bodies of many kinds. */
import type { Node } from '../../../src/ir/node.js'
import { body, elman, matmul } from './bodies.js'
import { domains, input, type OpCase, opCase, positions } from './case.js'

const elmanInputs = (length: number) => [input([3, 2]), input([2, 2]), input([4, 2]), input([length, 4, 3])]

export const scanCases: readonly OpCase[] = [
  ...[0, 1, 5].flatMap((length) =>
    [false, true].map((reverse) =>
      opCase(
        'scan',
        `recurrent net of ${length}${reverse ? ' reverse' : ''}`,
        elmanInputs(length),
        (b, xs) => elman(b, xs, length, { reverse }),
        { tolerance: 'iterated' },
      ),
    ),
  ),
  ...[1, 2, 3, 5, 8].flatMap((checkpoint) =>
    [false, true].map((reverse) =>
      opCase(
        'scan',
        `checkpoint ${checkpoint}${reverse ? ' reverse' : ''}`,
        elmanInputs(5),
        (b, xs) => elman(b, xs, 5, { reverse, checkpoint }),
        { tolerance: 'iterated' },
      ),
    ),
  ),
  opCase(
    'scan',
    'running sum without inputs',
    [input([3])],
    (b, [x]) => {
      const step = body(b, [[[3], x.dtype]], ([c]) => [b.mul(c, c), c])
      return b.scan(step, { consts: [], carry: [b.mul(x, b.literal(x, 0.5))], xs: [] }, { length: 3 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'map without a carry',
    [input([7, 3]), input([3])],
    (b, [xs, w]) => {
      const step = body(
        b,
        [
          [[3], w.dtype],
          [[3], xs.dtype],
        ],
        ([c, x]) => [b.mul(b.sin(x), c)],
      )
      return b.scan(step, { consts: [w], carry: [], xs: [xs] }, { length: 7 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'a weight used twice in a step',
    [input([3, 3]), input([3])],
    (b, [w, h]) => {
      const step = body(
        b,
        [
          [[3, 3], w.dtype],
          [[3], h.dtype],
        ],
        ([pw, c]) => [b.tanh(matmul(b, b.tanh(matmul(b, c, pw)), pw)), b.reduceSum(c, [0])],
      )
      return b.scan(step, { consts: [w], carry: [h], xs: [] }, { length: 3 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'a weight on the left, and as a term',
    [input([3, 3]), input([3])],
    (b, [w, h]) => {
      const step = body(
        b,
        [
          [[3, 3], w.dtype],
          [[3], h.dtype],
        ],
        ([pw, c]) => [
          b.tanh(
            b.add(
              b.contract(pw, c, { batch: [[], []], contracting: [[1], [0]], accumulate: c.dtype }),
              b.reduceSum(pw, [1]),
            ),
          ),
        ],
      )
      return b.scan(step, { consts: [w], carry: [h], xs: [] }, { length: 3 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'a contraction of two constants',
    [input([3, 3]), input([3, 3]), input([3])],
    (b, [w, v, h]) => {
      const step = body(
        b,
        [
          [[3, 3], w.dtype],
          [[3, 3], w.dtype],
          [[3], h.dtype],
        ],
        ([pw, pv, c]) => [b.tanh(matmul(b, c, matmul(b, pw, pv)))],
      )
      return b.scan(step, { consts: [w, v], carry: [h], xs: [] }, { length: 3 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'a batched weight',
    [input([2, 3, 3]), input([2, 3]), input([4, 2, 3])],
    (b, [w, h, xs]) => {
      const d = w.dtype
      const step = body(
        b,
        [
          [[2, 3, 3], d],
          [[2, 3], d],
          [[2, 3], d],
        ],
        ([pw, c, x]) => [
          b.tanh(b.add(x, b.contract(c, pw, { batch: [[0], [0]], contracting: [[1], [2]], accumulate: d }))),
        ],
      )
      return b.scan(step, { consts: [w], carry: [h], xs: [xs] }, { length: 4 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'a convolution in the body',
    [input([2, 2, 3]), input([1, 2, 5])],
    (b, [w, h]) => {
      const d = w.dtype
      const step = body(
        b,
        [
          [[2, 2, 3], d],
          [[1, 2, 5], d],
        ],
        ([pw, c]) => [
          b.tanh(
            b.conv(c, pw, { stride: [1], padding: [[1, 1]], dilation: [1], inputDilation: [1], groups: 1 }),
          ),
        ],
      )
      return b.scan(step, { consts: [w], carry: [h], xs: [] }, { length: 2 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'an integer counter beside',
    [input([]), input([5])],
    (b, [x, xs]) => {
      const d = x.dtype
      const step = body(
        b,
        [
          [[], 'i32'],
          [[], d],
          [[], d],
        ],
        ([t, c, y]) => [b.add(t, b.constant(1, 'i32')), b.add(b.mul(c, y), b.cast(t, d)), b.mul(c, c), t],
      )
      return b.scan(step, { consts: [], carry: [b.constant(0, 'i32'), x], xs: [xs] }, { length: 5 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'two carries that swap',
    [input([2]), input([2])],
    (b, [x, y]) => {
      const step = body(
        b,
        [
          [[2], x.dtype],
          [[2], x.dtype],
        ],
        ([p, q]) => [b.sin(q), p, p],
      )
      return b.scan(step, { consts: [], carry: [x, y], xs: [] }, { length: 5 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'one of two carries never moves',
    [input([2]), input([2])],
    (b, [x, y]) => {
      const step = body(
        b,
        [
          [[2], x.dtype],
          [[2], x.dtype],
        ],
        ([p, q]) => [b.mul(p, q), q],
      )
      return b.scan(step, { consts: [], carry: [x, y], xs: [] }, { length: 3 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'a result that is an input',
    [input([3, 2]), input([2])],
    (b, [xs, c0]) => {
      const step = body(
        b,
        [
          [[2], xs.dtype],
          [[2], xs.dtype],
        ],
        ([c, x]) => [b.add(c, b.mul(x, c)), x, c],
      )
      return b.scan(step, { consts: [], carry: [c0], xs: [xs] }, { length: 3 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'inside a scan',
    [input([2, 2]), input([2]), input([3, 2])],
    (b, [w, h, xs]) => {
      const d = w.dtype
      const inner = body(
        b,
        [
          [[2, 2], d],
          [[2], d],
        ],
        ([pw, c]) => [b.tanh(matmul(b, c, pw))],
      )
      const step = body(
        b,
        [
          [[2, 2], d],
          [[2], d],
          [[2], d],
        ],
        ([pw, c, x]) => b.scan(inner, { consts: [pw], carry: [b.add(c, x)], xs: [] }, { length: 2 }),
      )
      return b.scan(step, { consts: [w], carry: [h], xs: [xs] }, { length: 3 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'expensive steps of many kinds',
    [input([5], domains.distinct), input([3, 5])],
    (b, [c0, xs]) => {
      const d = c0.dtype
      const step = body(
        b,
        [
          [[5], d],
          [[5], d],
        ],
        ([c, x]) => {
          const [sorted] = b.sort([b.add(c, x)], 0, false)
          const total = b.cumSum(b.mul(sorted, b.literal(sorted, 0.2)), 0, false)
          return [total, b.reduceMax(b.add(total, c), [0])]
        },
      )
      return b.scan(step, { consts: [], carry: [c0], xs: [xs] }, { length: 3 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'a max-pool whose index nobody reads',
    [input([6], domains.distinct), input([3, 6])],
    (b, [c0, xs]) => {
      const d = c0.dtype
      const attrs = { size: [2], stride: [1], dilation: [1], padding: [[0, 1]], kind: 'max' } as const
      const step = body(
        b,
        [
          [[6], d],
          [[6], d],
        ],
        ([c, x]) => [b.windowReduce(b.add(c, b.mul(x, b.literal(x, 0.01))), attrs)[0], b.mul(c, c)],
      )
      return b.scan(step, { consts: [], carry: [c0], xs: [xs] }, { length: 3 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'a branch in each step',
    [input([2], domains.positive), input([4, 2], domains.positive)],
    (b, [c0, xs]) => {
      const d = c0.dtype
      const yes = body(
        b,
        [
          [[2], d],
          [[2], d],
        ],
        ([c, x]) => [b.mul(b.sin(c), x)],
      )
      const no = body(
        b,
        [
          [[2], d],
          [[2], d],
        ],
        ([c, x]) => [b.add(c, b.mul(x, x))],
      )
      const step = body(
        b,
        [
          [[2], d],
          [[2], d],
        ],
        ([c, x]) => {
          const small = b.lt(b.reduceSum(c, [0]), b.constant(1, d))
          const [next] = b.cond(small, [no, yes], [c, x])
          return [next, c]
        },
      )
      return b.scan(step, { consts: [], carry: [c0], xs: [xs] }, { length: 4 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'rows chosen by integer inputs',
    [input([5, 2]), input([2]), input([4, 1, 2], positions(5), 'i32')],
    (b, [table, c0, ids]) => {
      const d = table.dtype
      const step = body(
        b,
        [
          [[5, 2], d],
          [[2], d],
          [[1, 2], 'i32'],
        ],
        ([e, c, i]) => [b.tanh(b.add(c, b.reshape(b.gather(e, i, 0), [2])))],
      )
      return b.scan(step, { consts: [table], carry: [c0], xs: [ids] }, { length: 4 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'noise from a counter in the carry',
    [input([3])],
    (b, [c0]) => {
      const d = c0.dtype
      const step = body(
        b,
        [
          [[], 'i32'],
          [[3], d],
        ],
        ([t, c]) => {
          const key = b.concat([b.iota([2], 0, 'i32'), b.reshape(t, [1])], 0)
          const bits = b.cast(b.shiftRight(b.randomBits(key, [3]), b.full([3], 8, 'i32')), d)
          const noise = b.mul(bits, b.literal(bits, 2 ** -24))
          return [b.add(t, b.constant(1, 'i32')), b.tanh(b.mul(c, noise)), b.sin(c)]
        },
      )
      return b.scan(step, { consts: [], carry: [b.constant(0, 'i32'), c0], xs: [] }, { length: 3 }).slice(1)
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'checkpointed inside a checkpointed one',
    [input([2, 2]), input([2]), input([5, 2])],
    (b, [w, h, xs]) => {
      const d = w.dtype
      const inner = body(
        b,
        [
          [[2, 2], d],
          [[2], d],
        ],
        ([pw, c]) => [b.tanh(matmul(b, c, pw)), b.reduceSum(c, [0])],
      )
      const step = body(
        b,
        [
          [[2, 2], d],
          [[2], d],
          [[2], d],
        ],
        ([pw, c, x]) =>
          b.scan(inner, { consts: [pw], carry: [b.add(c, x)], xs: [] }, { length: 3, checkpoint: 2 }),
      )
      return b.scan(step, { consts: [w], carry: [h], xs: [xs] }, { length: 5, checkpoint: 2, reverse: true })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'a weight that is also carried',
    [input([2, 2])],
    (b, [w]) => {
      const d = w.dtype
      const step = body(
        b,
        [
          [[2, 2], d],
          [[2, 2], d],
        ],
        ([pw, c]) => [b.tanh(matmul(b, c, pw))],
      )
      return b.scan(step, { consts: [w], carry: [w], xs: [] }, { length: 3 })
    },
    { tolerance: 'iterated' },
  ),
  opCase(
    'scan',
    'layer norm and attention in a step',
    [input([3, 4]), input([2, 3, 4])],
    (b, [c0, xs]) => {
      const d = c0.dtype
      const spread = (v: Node): Node => b.expand(b.reshape(v, [3, 1]), [3, 4])
      const step = body(
        b,
        [
          [[3, 4], d],
          [[3, 4], d],
        ],
        ([c, x]) => {
          const centred = b.sub(c, spread(b.mul(b.reduceSum(c, [1]), b.full([3], 0.25, d))))
          const scaled = b.div(
            centred,
            spread(b.sqrt(b.add(b.reduceSum(b.mul(centred, centred), [1]), b.full([3], 0.1, d)))),
          )
          const scores = b.exp(
            b.contract(scaled, x, { batch: [[], []], contracting: [[1], [1]], accumulate: d }),
          )
          const weights = b.div(scores, b.expand(b.reshape(b.reduceSum(scores, [1]), [3, 1]), [3, 3]))
          return [b.add(c, matmul(b, weights, x))]
        },
      )
      return b.scan(step, { consts: [], carry: [c0], xs: [xs] }, { length: 2 })
    },
    { tolerance: 'iterated' },
  ),
]
