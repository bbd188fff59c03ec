/** Cases of scalar maths, comparison, logic, bits, `where` and casts. */
import type { DType } from '../../../src/core/dtype.js'
import { domains, elementwiseShapes, input, type OpCase, opCase, type Values } from './case.js'

type Unary =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'exp'
  | 'log'
  | 'expm1'
  | 'log1p'
  | 'sqrt'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'atan'
  | 'tanh'
  | 'sigmoid'
  | 'erf'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'trunc'
type Binary =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'mod'
  | 'pow'
  | 'maximum'
  | 'minimum'
  | 'atan2'
  | 'eq'
  | 'lt'
  | 'le'

const unaryDomains: Record<Unary, Values> = {
  neg: domains.normal,
  abs: domains.nonzero,
  sign: domains.nonzero,
  exp: domains.normal,
  log: domains.positive,
  expm1: domains.normal,
  log1p: domains.positive,
  sqrt: domains.positive,
  sin: domains.wide,
  cos: domains.wide,
  tan: domains.unit,
  atan: domains.wide,
  tanh: domains.normal,
  sigmoid: domains.normal,
  erf: domains.normal,
  floor: domains.wide,
  ceil: domains.wide,
  round: domains.wide,
  trunc: domains.wide,
}
const exactUnary: readonly Unary[] = ['neg', 'abs', 'sign', 'sqrt', 'floor', 'ceil', 'round', 'trunc']
const steps: readonly Unary[] = ['sign', 'floor', 'ceil', 'round', 'trunc']

const unary = (Object.keys(unaryDomains) as Unary[]).flatMap((op): OpCase[] => {
  const tolerance = exactUnary.includes(op) ? 'exact' : 'elementwise'
  const smooth = steps.includes(op) ? 'none' : 'both'
  return [
    ...elementwiseShapes.map((shape) =>
      opCase(op, `[${shape}]`, [input(shape, unaryDomains[op])], (b, [x]) => b[op](x), { tolerance, smooth }),
    ),
    opCase(op, 'NaN, infinities, zeros', [input([12], domains.special)], (b, [x]) => b[op](x), {
      tolerance,
      smooth: 'none',
    }),
    ...(['f16', 'bf16'] as const).map((dtype) =>
      opCase(op, `${dtype} [17]`, [input([17], unaryDomains[op], dtype)], (b, [x]) => b[op](x), {
        tolerance,
        smooth: 'none',
      }),
    ),
  ]
})

const binaryDomains: Record<Binary, readonly [Values, Values]> = {
  add: [domains.normal, domains.normal],
  sub: [domains.normal, domains.normal],
  mul: [domains.normal, domains.normal],
  div: [domains.normal, domains.nonzero],
  mod: [domains.wide, domains.positive],
  pow: [domains.positive, domains.normal],
  maximum: [domains.normal, domains.normal],
  minimum: [domains.normal, domains.normal],
  atan2: [domains.nonzero, domains.nonzero],
  eq: [domains.ties, domains.ties],
  lt: [domains.ties, domains.ties],
  le: [domains.ties, domains.ties],
}
const reversed: Values = (r, n) => domains.special(r, n).reverse()

const binary = (Object.keys(binaryDomains) as Binary[]).flatMap((op): OpCase[] => {
  const [left, right] = binaryDomains[op]
  const tolerance = op === 'pow' || op === 'atan2' || op === 'mod' ? 'elementwise' : 'exact'
  const smooth = op === 'eq' || op === 'lt' || op === 'le' ? 'none' : 'both'
  return [
    ...elementwiseShapes.map((shape) =>
      opCase(op, `[${shape}]`, [input(shape, left), input(shape, right)], (b, [x, y]) => b[op](x, y), {
        tolerance,
        smooth,
      }),
    ),
    opCase(
      op,
      'NaN, infinities, zeros',
      [input([12], domains.special), input([12], reversed)],
      (b, [x, y]) => b[op](x, y),
      { tolerance, smooth: 'none' },
    ),
    opCase(op, 'NaN on the right', [input([12]), input([12], domains.special)], (b, [x, y]) => b[op](x, y), {
      tolerance,
      smooth: 'none',
    }),
    opCase(op, 'one input twice', [input([5], left)], (b, [x]) => b[op](x, x), {
      tolerance,
      smooth: op === 'mod' || op === 'maximum' || op === 'minimum' || op === 'pow' ? 'none' : smooth,
    }),
  ]
})

const integers: readonly (readonly [DType, Values])[] = [
  ['i32', domains.i32],
  ['i32', domains.small],
  ['i64', domains.i32],
  ['i64', domains.small],
  ['u8', domains.bytes],
]
const integerMaths = integers.flatMap(([dtype, values], k): OpCase[] => [
  ...(['add', 'sub', 'mul', 'div', 'mod', 'maximum', 'minimum', 'eq', 'lt', 'le'] as const).map((op) =>
    opCase(op, `${dtype} ${k}`, [input([33], values, dtype), input([33], values, dtype)], (b, [x, y]) =>
      b[op](x, y),
    ),
  ),
  ...(['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'trunc'] as const).map((op) =>
    opCase(op, `${dtype} ${k}`, [input([33], values, dtype)], (b, [x]) => b[op](x)),
  ),
  ...(['and', 'or', 'xor'] as const).map((op) =>
    opCase(op, `${dtype} ${k}`, [input([17], values, dtype), input([17], values, dtype)], (b, [x, y]) =>
      b[op](x, y),
    ),
  ),
  ...(['shiftLeft', 'shiftRight'] as const).map((op) =>
    opCase(
      op,
      `${dtype} ${k}`,
      [
        input([17], values, dtype),
        input([17], (r, n) => Array.from({ length: n }, () => r.integer(0, dtype === 'u8' ? 8 : 32)), dtype),
      ],
      (b, [x, y]) => b[op](x, y),
    ),
  ),
  opCase('bitNot', `${dtype} ${k}`, [input([17], values, dtype)], (b, [x]) => b.bitNot(x)),
])

const logic = [
  ...(['and', 'or', 'xor', 'eq', 'lt', 'le'] as const).map((op) =>
    opCase(
      op,
      'bool',
      [input([3, 5], domains.bool, 'bool'), input([3, 5], domains.bool, 'bool')],
      (b, [x, y]) => b[op](x, y),
    ),
  ),
  ...(['logicalNot', 'bitNot'] as const).map((op) =>
    opCase(op, 'bool', [input([7], domains.bool, 'bool')], (b, [x]) => b[op](x)),
  ),
  ...elementwiseShapes.map((shape) =>
    opCase(
      'where',
      `[${shape}]`,
      [input(shape, domains.bool, 'bool'), input(shape), input(shape)],
      (b, [c, x, y]) => b.where(c, x, y),
    ),
  ),
  opCase(
    'where',
    'i64',
    [input([7], domains.bool, 'bool'), input([7], domains.i32, 'i64'), input([7], domains.small, 'i64')],
    (b, [c, x, y]) => b.where(c, x, y),
  ),
  // The branch not taken may be NaN and must not leak.
  opCase(
    'where',
    'NaN in the other branch',
    [input([12], domains.special), input([12])],
    (b, [x, y]) => b.where(b.eq(x, x), x, y),
    { smooth: 'none' },
  ),
]

const castValues: Partial<Record<DType, Values>> = {
  f32: domains.wide,
  f64: domains.wide,
  f16: domains.wide,
  bf16: domains.wide,
  i32: domains.i32,
  i64: domains.i32,
  u8: domains.bytes,
  bool: domains.bool,
}
const all = Object.keys(castValues) as DType[]
const casts = [
  ...all.flatMap((from) =>
    all
      .filter((to) => to !== from)
      .map((to) =>
        opCase(
          'cast',
          `${from} to ${to}`,
          [input([17], castValues[from]!, from)],
          (b, [x]) => b.cast(x, to),
          { smooth: 'none' },
        ),
      ),
  ),
  ...(['i32', 'i64', 'u8', 'bool'] as const).map((to) =>
    opCase('cast', `special f32 to ${to}`, [input([12], domains.special)], (b, [x]) => b.cast(x, to), {
      smooth: 'none',
    }),
  ),
  opCase('cast', 'to a float and on', [input([5])], (b, [x]) => b.mul(b.cast(x, 'f64'), b.cast(x, 'f64')), {
    smooth: 'none',
  }),
  opCase(
    'bitcast',
    'f32 to i32',
    [input([12], domains.wide, 'f32')],
    (b, [x]) => (x.dtype === 'f32' ? b.bitcast(x, 'i32') : b.bitcast(x, 'i64')),
    { smooth: 'none' },
  ),
  opCase(
    'bitcast',
    'i32 to f32',
    [input([9], (r, n) => Array.from({ length: n }, () => r.integer(0x3f000000, 0x40000000)), 'i32')],
    (b, [x]) => b.bitcast(x, 'f32'),
  ),
  opCase('bitcast', 'i64 to f64', [input([9], domains.i32, 'i64')], (b, [x]) => b.bitcast(x, 'f64')),
  opCase('alias', '[3, 5]', [input([3, 5])], (b, [x]) => b.alias(x)),
  opCase('stopGradient', '[3, 5]', [input([3, 5])], (b, [x]) => b.stopGradient(x), { smooth: 'none' }),
]

export const scalarCases: readonly OpCase[] = [...unary, ...binary, ...integerMaths, ...logic, ...casts]
