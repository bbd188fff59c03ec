/** Cases of reductions and cumulative forms. */
import type { DType } from '../../../src/core/dtype.js'
import type { Shape } from '../../../src/core/shape.js'
import { cycle, domains, input, type OpCase, opCase, type Values } from './case.js'

const axesOf: readonly (readonly [Shape, readonly number[]])[] = [
  [[1], [0]],
  [[7], [0]],
  [[3, 5], [0]],
  [[3, 5], [1]],
  [
    [3, 5],
    [0, 1],
  ],
  [[2, 3, 5], [1]],
  [
    [2, 3, 5],
    [0, 2],
  ],
  [[33], [0]],
  [
    [2, 17, 3],
    [1, 2],
  ],
]
const domainOf = {
  reduceSum: domains.normal,
  reduceProd: domains.nonzero,
  reduceMax: domains.distinct,
  reduceMin: domains.distinct,
}

const reductions = (Object.keys(domainOf) as (keyof typeof domainOf)[]).flatMap((op): OpCase[] => {
  const tolerance = op === 'reduceSum' || op === 'reduceProd' ? 'sum' : 'exact'
  return [
    ...axesOf.map(([shape, axes]) =>
      opCase(op, `[${shape}] over [${axes}]`, [input(shape, domainOf[op])], (b, [x]) => b[op](x, axes), {
        tolerance,
      }),
    ),
    opCase(op, 'a transpose', [input([3, 5], domainOf[op])], (b, [x]) => b[op](b.permute(x, [1, 0]), [0]), {
      tolerance,
    }),
    opCase(op, 'NaN', [input([3, 4], domains.special)], (b, [x]) => b[op](x, [1]), {
      tolerance,
      smooth: 'none',
    }),
    opCase(op, 'ties', [input([3, 7], domains.ties)], (b, [x]) => b[op](x, [1]), {
      tolerance,
      smooth: 'none',
    }),
    opCase(op, 'no rows', [input([0, 3], domainOf[op])], (b, [x]) => b[op](x, [1]), { tolerance }),
    ...(['i32', 'i64', 'u8'] as const).map((dtype) =>
      opCase(
        op,
        dtype,
        [input([3, 7], dtype === 'u8' ? domains.bytes : domains.small, dtype)],
        (b, [x]) => b[op](x, [1]),
        { tolerance },
      ),
    ),
    opCase(op, 'f16', [input([5, 7], domainOf[op], 'f16')], (b, [x]) => b[op](x, [1]), {
      tolerance,
      smooth: 'none',
    }),
  ]
})

/** Two zeros in a line: a gradient that divides by the elements would be NaN. */
const zeros: Values = cycle(2, 0, 3, -1, 0, 1.5, 4)

const edges: readonly OpCase[] = [
  opCase('reduceSum', 'an empty axis', [input([3, 0])], (b, [x]) => b.reduceSum(x, [1]), {
    tolerance: 'sum',
  }),
  opCase('reduceProd', 'an empty axis', [input([3, 0])], (b, [x]) => b.reduceProd(x, [1]), {
    tolerance: 'sum',
  }),
  opCase('reduceProd', 'with zeros', [input([2, 5], zeros)], (b, [x]) => b.reduceProd(x, [1]), {
    tolerance: 'sum',
  }),
  opCase('cumProd', 'with zeros', [input([7], zeros)], (b, [x]) => b.cumProd(x, 0, false), {
    tolerance: 'sum',
  }),
  opCase('cumProd', 'with zeros, reverse', [input([7], zeros)], (b, [x]) => b.cumProd(x, 0, true), {
    tolerance: 'sum',
  }),
  opCase(
    'reduceSum',
    'of a product',
    [input([3, 5]), input([3, 5])],
    (b, [x, y]) => b.reduceSum(b.mul(x, y), [1]),
    { tolerance: 'sum' },
  ),
]

const argShapes: readonly (readonly [Shape, number])[] = [
  [[1], 0],
  [[7], 0],
  [[3, 5], 1],
  [[3, 5], 0],
  [[2, 17, 3], 1],
]
const argDomains: readonly (readonly [string, Values, DType])[] = [
  ['', domains.normal, 'f32'],
  ['ties', domains.ties, 'f32'],
  ['special', domains.special, 'f32'],
  ['i32', domains.i32, 'i32'],
  ['u8', domains.bytes, 'u8'],
  ['i64', domains.small, 'i64'],
]
const args = (['argMax', 'argMin'] as const).flatMap((op) =>
  argShapes.flatMap(([shape, axis]) =>
    argDomains.map(([label, values, dtype]) =>
      opCase(
        op,
        `[${shape}] on ${axis} ${label}`,
        [input(shape, values, dtype)],
        (b, [x]) => b[op](x, axis),
        { smooth: 'none' },
      ),
    ),
  ),
)

const cumShapes: readonly (readonly [Shape, number])[] = [
  [[1], 0],
  [[5], 0],
  [[3, 5], 1],
  [[3, 5], 0],
  [[2, 7, 2], 1],
  [[0, 3], 0],
  [[3, 0], 0],
]
const cumDomain = { cumSum: domains.normal, cumProd: domains.nonzero, cumMax: domains.distinct }
const cumulative = (Object.keys(cumDomain) as (keyof typeof cumDomain)[]).flatMap((op) =>
  [false, true].flatMap((reverse): OpCase[] => [
    ...cumShapes.map(([shape, axis]) =>
      opCase(
        op,
        `[${shape}] on ${axis}${reverse ? ' reverse' : ''}`,
        [input(shape, cumDomain[op])],
        (b, [x]) => b[op](x, axis, reverse),
        {
          tolerance: op === 'cumMax' ? 'exact' : 'sum',
        },
      ),
    ),
    opCase(
      op,
      `special${reverse ? ' reverse' : ''}`,
      [input([12], domains.special)],
      (b, [x]) => b[op](x, 0, reverse),
      { tolerance: 'sum', smooth: 'none' },
    ),
    opCase(op, `i32${reverse ? ' reverse' : ''}`, [input([3, 7], domains.small, 'i32')], (b, [x]) =>
      b[op](x, 1, reverse),
    ),
    opCase(op, `i64${reverse ? ' reverse' : ''}`, [input([3, 7], domains.small, 'i64')], (b, [x]) =>
      b[op](x, 1, reverse),
    ),
  ]),
)

export const reduceCases: readonly OpCase[] = [...reductions, ...edges, ...args, ...cumulative]
