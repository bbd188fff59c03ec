/**
 * Scalar maths on every element: unary, binary, comparison, logic, bits, `where`, casts. Inputs have equal shapes
 * (broadcasting is an explicit `expand`) and, for binary ones, equal dtypes.
 */
import { byteSize, type DType, isFloat } from '../../core/dtype.js'
import { DTypeError, ShapeError } from '../../core/errors.js'
import { formatShape, sameShape } from '../../core/shape.js'
import type { Aval, Node, Primitive } from '../node.js'
import type { BatchContext, Builder, PrimitiveTable, Rule } from '../rule.js'
import type { BinaryPrimitive, UnaryPrimitive } from '../scalar-primitives.js'

type Domain = 'float' | 'number' | 'integer' | 'bits' | 'bool' | 'any'

const accepts: Record<Domain, (dtype: DType) => boolean> = {
  float: isFloat,
  number: (d) => d !== 'bool',
  integer: (d) => d !== 'bool' && !isFloat(d),
  bits: (d) => !isFloat(d),
  bool: (d) => d === 'bool',
  any: () => true,
}

function check(op: string, inputs: readonly Aval[], domain: Domain): void {
  const [first] = inputs
  for (const x of inputs) {
    if (!accepts[domain](x.dtype)) {
      throw new DTypeError(
        `${op}: expected ${domain} elements, got ${x.dtype}. Cast first, for example with .to('f32').`,
      )
    }
    if (x.dtype !== first.dtype) {
      throw new DTypeError(`${op}: expected equal dtypes, got ${first.dtype} and ${x.dtype}.`)
    }
    if (!sameShape(x.shape, first.shape)) {
      throw new ShapeError(`${op}: shapes ${formatShape(first.shape)} and ${formatShape(x.shape)} differ.`)
    }
  }
}

/** Element-wise primitives batch by giving every input the batch axis. */
export const batchElementwise = (
  b: Builder,
  { node, inputs, batched, size }: BatchContext<Primitive>,
): Node[] => [
  b.rebuild(
    node,
    inputs.map((x, i) => (batched[i] ? x : b.expandBatch(x, size))),
  ),
]

/** `derivative` gets the input, the output and the cotangent and returns the input's cotangent. */
const unary = <P extends UnaryPrimitive>(
  op: P,
  domain: Domain,
  derivative: ((b: Builder, x: Node, y: Node, g: Node) => Node) | 'none',
): Rule<P> => ({
  infer: (inputs) => {
    check(op, inputs, domain)
    return { shape: inputs[0].shape, dtype: inputs[0].dtype }
  },
  vjp: derivative === 'none' ? 'none' : (b, { inputs: [x], outputs: [y], g }) => [derivative(b, x, y, g)],
  jvp:
    derivative === 'none'
      ? 'none'
      : (b, { inputs: [x], outputs: [y], tangents: [t] }) => [derivative(b, x, y, t!)],
  batch: batchElementwise,
})

type Partial2 = (b: Builder, x: Node, y: Node, out: Node, g: Node) => Node

/** `partials` give the cotangent of each input; both are linear in g and element-wise, so jvp is their sum. */
const binary = <P extends BinaryPrimitive>(
  op: P,
  domain: Domain,
  partials: readonly [Partial2, Partial2] | 'none',
  result?: DType,
): Rule<P> => ({
  infer: (inputs) => {
    check(op, inputs, domain)
    return { shape: inputs[0].shape, dtype: result ?? inputs[0].dtype }
  },
  vjp:
    partials === 'none'
      ? 'none'
      : (b, { inputs: [x, y], outputs: [out], g, needs }) => [
          needs[0] ? partials[0](b, x, y, out, g) : null,
          needs[1] ? partials[1](b, x, y, out, g) : null,
        ],
  jvp:
    partials === 'none'
      ? 'none'
      : (b, { inputs: [x, y], outputs: [out], tangents: [tx, ty] }) => [
          b.addMaybe(tx && partials[0](b, x, y, out, tx), ty && partials[1](b, x, y, out, ty)),
        ],
  batch: batchElementwise,
})

/** 1 where a wins, ½ where a and b tie, 0 elsewhere: `maximum` splits the gradient of ties, as PyTorch does. */
const share = (b: Builder, wins: Node, ties: Node, g: Node): Node =>
  b.where(wins, g, b.where(ties, b.mul(g, b.literal(g, 0.5)), b.literal(g, 0)))

const square = (b: Builder, x: Node): Node => b.mul(x, x)
const timesConst = (b: Builder, x: Node, c: number): Node => b.mul(x, b.literal(x, c))
const onePlus = (b: Builder, x: Node): Node => b.add(b.literal(x, 1), x)
const oneMinus = (b: Builder, x: Node): Node => b.sub(b.literal(x, 1), x)

export const scalar: Pick<
  PrimitiveTable,
  UnaryPrimitive | BinaryPrimitive | 'where' | 'cast' | 'bitcast' | 'alias' | 'stopGradient'
> = {
  neg: unary('neg', 'number', (b, _x, _y, g) => b.neg(g)),
  abs: unary('abs', 'number', (b, x, _y, g) => b.mul(g, b.sign(x))),
  sign: unary('sign', 'number', 'none'),
  exp: unary('exp', 'float', (b, _x, y, g) => b.mul(g, y)),
  log: unary('log', 'float', (b, x, _y, g) => b.div(g, x)),
  expm1: unary('expm1', 'float', (b, _x, y, g) => b.mul(g, onePlus(b, y))),
  log1p: unary('log1p', 'float', (b, x, _y, g) => b.div(g, onePlus(b, x))),
  sqrt: unary('sqrt', 'float', (b, _x, y, g) => b.div(g, timesConst(b, y, 2))),
  sin: unary('sin', 'float', (b, x, _y, g) => b.mul(g, b.cos(x))),
  cos: unary('cos', 'float', (b, x, _y, g) => b.neg(b.mul(g, b.sin(x)))),
  tan: unary('tan', 'float', (b, _x, y, g) => b.mul(g, onePlus(b, square(b, y)))),
  atan: unary('atan', 'float', (b, x, _y, g) => b.div(g, onePlus(b, square(b, x)))),
  tanh: unary('tanh', 'float', (b, _x, y, g) => b.mul(g, oneMinus(b, square(b, y)))),
  sigmoid: unary('sigmoid', 'float', (b, _x, y, g) => b.mul(g, b.mul(y, oneMinus(b, y)))),
  // erf′(x) = 2/√π · exp(-x²)
  erf: unary('erf', 'float', (b, x, _y, g) =>
    b.mul(g, timesConst(b, b.exp(b.neg(square(b, x))), 2 / Math.sqrt(Math.PI))),
  ),
  floor: unary('floor', 'number', 'none'),
  ceil: unary('ceil', 'number', 'none'),
  round: unary('round', 'number', 'none'),
  trunc: unary('trunc', 'number', 'none'),
  logicalNot: unary('logicalNot', 'bool', 'none'),
  bitNot: unary('bitNot', 'bits', 'none'),

  add: binary('add', 'number', [(_b, _x, _y, _o, g) => g, (_b, _x, _y, _o, g) => g]),
  sub: binary('sub', 'number', [(_b, _x, _y, _o, g) => g, (b, _x, _y, _o, g) => b.neg(g)]),
  mul: binary('mul', 'number', [(b, _x, y, _o, g) => b.mul(g, y), (b, x, _y, _o, g) => b.mul(g, x)]),
  div: binary('div', 'number', [
    (b, _x, y, _o, g) => b.div(g, y),
    (b, _x, y, o, g) => b.neg(b.div(b.mul(g, o), y)),
  ]),
  // x mod y = x - floor(x/y)·y
  mod: binary('mod', 'number', [
    (_b, _x, _y, _o, g) => g,
    (b, x, y, _o, g) => b.neg(b.mul(g, b.floor(b.div(x, y)))),
  ]),
  // d/dx = y·x^(y-1), 0 where y = 0; d/dy = x^y·ln x, 0 where x = 0 and y ≥ 0 (as PyTorch)
  pow: binary('pow', 'float', [
    (b, x, y, _o, g) => {
      const zero = b.literal(y, 0)
      const slope = b.mul(y, b.pow(x, b.sub(y, b.literal(y, 1))))
      return b.mul(g, b.where(b.eq(y, zero), zero, slope))
    },
    (b, x, y, o, g) => {
      const zero = b.literal(x, 0)
      const flat = b.and(b.eq(x, zero), b.le(zero, y))
      return b.mul(g, b.where(flat, zero, b.mul(o, b.log(b.where(flat, b.literal(x, 1), x)))))
    },
  ]),
  maximum: binary('maximum', 'number', [
    (b, x, y, _o, g) => share(b, b.lt(y, x), b.eq(x, y), g),
    (b, x, y, _o, g) => share(b, b.lt(x, y), b.eq(x, y), g),
  ]),
  minimum: binary('minimum', 'number', [
    (b, x, y, _o, g) => share(b, b.lt(x, y), b.eq(x, y), g),
    (b, x, y, _o, g) => share(b, b.lt(y, x), b.eq(x, y), g),
  ]),
  // atan2(x, y): angle of the point (y, x)
  atan2: binary('atan2', 'float', [
    (b, x, y, _o, g) => b.mul(g, b.div(y, b.add(square(b, x), square(b, y)))),
    (b, x, y, _o, g) => b.neg(b.mul(g, b.div(x, b.add(square(b, x), square(b, y))))),
  ]),
  eq: binary('eq', 'any', 'none', 'bool'),
  lt: binary('lt', 'any', 'none', 'bool'),
  le: binary('le', 'any', 'none', 'bool'),
  and: binary('and', 'bits', 'none'),
  or: binary('or', 'bits', 'none'),
  xor: binary('xor', 'bits', 'none'),
  shiftLeft: binary('shiftLeft', 'integer', 'none'),
  shiftRight: binary('shiftRight', 'integer', 'none'),

  where: {
    infer: ([condition, x, y]) => {
      check('where', [condition], 'bool')
      check('where', [x, y], 'any')
      if (!sameShape(condition.shape, x.shape)) {
        throw new ShapeError(
          `where: shapes ${formatShape(condition.shape)} and ${formatShape(x.shape)} differ.`,
        )
      }
      return { shape: x.shape, dtype: x.dtype }
    },
    vjp: (b, { inputs: [condition], g }) => {
      const zero = b.literal(g, 0)
      return [null, b.where(condition, g, zero), b.where(condition, zero, g)]
    },
    jvp: (b, { inputs: [condition], tangents: [, tx, ty] }) => {
      const zero = b.literal((tx ?? ty)!, 0)
      return [b.where(condition, tx ?? zero, ty ?? zero)]
    },
    batch: batchElementwise,
  },

  cast: {
    infer: ([x], { dtype }) => ({ shape: x.shape, dtype }),
    vjp: (b, { inputs: [x], g }) => [isFloat(x.dtype) && isFloat(g.dtype) ? b.cast(g, x.dtype) : null],
    jvp: (b, { node, tangents: [t] }) => [isFloat(node.dtype) ? b.cast(t!, node.dtype) : null],
    batch: batchElementwise,
  },
  bitcast: {
    infer: ([x], { dtype }) => {
      if (byteSize(x.dtype) !== byteSize(dtype)) {
        throw new DTypeError(`bitcast: expected dtypes of equal size, got ${x.dtype} and ${dtype}.`)
      }
      return { shape: x.shape, dtype }
    },
    vjp: 'none',
    jvp: 'none',
    batch: batchElementwise,
  },
  alias: {
    infer: ([x]) => x,
    vjp: (_b, { g }) => [g],
    jvp: (_b, { tangents: [t] }) => [t],
    batch: batchElementwise,
  },
  stopGradient: { infer: ([x]) => x, vjp: 'none', jvp: 'none', batch: batchElementwise },
}
