/** Scalar maths, comparison, logic and casts as ONNX operators. */
import { type DType, isFloat } from '../../core/dtype.js'
import { ValueError } from '../../core/errors.js'
import type { Node } from '../../ir/node.js'
import { elementTypes, typeOfDType } from '../element-type.js'
import type { GraphWriter } from './graph-writer.js'

/** Writes one node; returns the names of its results. */
export type Emit = (w: GraphWriter, node: Node, inputs: readonly string[]) => string | readonly string[]

const simple =
  (op: string): Emit =>
  (w, _node, inputs) =>
    w.emit(op, inputs)

export const cast = (w: GraphWriter, x: string, dtype: DType): string =>
  w.emit('Cast', [x], { to: elementTypes[typeOfDType[dtype]].code })

/** Integers stay as they are. */
const rounding =
  (op: string): Emit =>
  (w, node, [x]) =>
    isFloat(node.dtype) ? w.emit(op, [x]) : w.emit('Identity', [x])

/** Comparison of bool is comparison of 0 and 1. */
const comparison =
  (op: string): Emit =>
  (w, node, inputs) =>
    node.inputs[0].dtype === 'bool' && op !== 'Equal'
      ? w.emit(
          op,
          inputs.map((x) => cast(w, x, 'i32')),
        )
      : w.emit(op, inputs)

const bits =
  (onBool: string, onIntegers: string): Emit =>
  (w, node, inputs) => {
    if (node.dtype === 'bool') return w.emit(onBool, inputs)
    if (w.scope.opset < 18)
      throw new ValueError(`exportOnnx: operations on bits need opset 18, got ${w.scope.opset}.`)
    return w.emit(onIntegers, inputs)
  }

/** exp(x) − 1 without cancellation: 2t/(1 − t) with t = tanh(x/2) near 0. */
const expm1: Emit = (w, { dtype }, [x]) => {
  const one = w.scalar(dtype, 1)
  const t = w.emit('Tanh', [w.emit('Mul', [x, w.scalar(dtype, 0.5)])])
  const near = w.emit('Div', [w.emit('Add', [t, t]), w.emit('Sub', [one, t])])
  const far = w.emit('Sub', [w.emit('Exp', [x]), one])
  return w.emit('Where', [w.emit('Less', [w.emit('Abs', [x]), one]), near, far])
}

/** log(1 + x): with u = 1 + x as it is rounded, log(u)·x/(u − 1). */
const log1p: Emit = (w, { dtype }, [x]) => {
  const one = w.scalar(dtype, 1)
  const u = w.emit('Add', [x, one])
  const log = w.emit('Log', [u])
  const rest = w.emit('Sub', [u, one])
  const exact = w.emit('Mul', [log, w.emit('Div', [x, rest])])
  const small = w.emit('Where', [w.emit('Equal', [rest, w.scalar(dtype, 0)]), x, exact])
  return w.emit('Where', [w.emit('Less', [x, one]), small, log])
}

/** Floats have no flooring Mod in ONNX: x − ⌊x/y⌋·y. */
const mod: Emit = (w, { dtype }, [x, y]) => {
  if (!isFloat(dtype)) return w.emit('Mod', [x, y])
  const times = w.emit('Floor', [w.emit('Div', [x, y])])
  return w.emit('Sub', [x, w.emit('Mul', [times, y])])
}

/** The angle of (y, x), from the arctangent of their quotient. */
const atan2: Emit = (w, { dtype }, [x, y]) => {
  const zero = w.scalar(dtype, 0)
  const angle = w.emit('Atan', [w.emit('Div', [x, y])])
  const below = w.emit('Less', [x, zero])
  const pi = (sign: number): string => w.scalar(dtype, sign * Math.PI)
  const turn = w.emit('Where', [below, pi(-1), pi(1)])
  const left = w.emit('Where', [w.emit('Less', [y, zero]), w.emit('Add', [angle, turn]), angle])
  const upright = w.emit('Mul', [w.emit('Sign', [x]), pi(0.5)])
  return w.emit('Where', [w.emit('Equal', [y, zero]), upright, left])
}

const shift =
  (direction: string): Emit =>
  (w, node, inputs) => {
    if (node.dtype !== 'u8') {
      throw new ValueError(`exportOnnx: ONNX shifts the bits of unsigned integers only, got ${node.dtype}.`)
    }
    return w.emit('BitShift', inputs, { direction })
  }

export const scalarEmitters = {
  neg: simple('Neg'),
  abs: simple('Abs'),
  sign: simple('Sign'),
  exp: simple('Exp'),
  log: simple('Log'),
  expm1,
  log1p,
  sqrt: simple('Sqrt'),
  sin: simple('Sin'),
  cos: simple('Cos'),
  tan: simple('Tan'),
  atan: simple('Atan'),
  tanh: simple('Tanh'),
  sigmoid: simple('Sigmoid'),
  erf: simple('Erf'),
  floor: rounding('Floor'),
  ceil: rounding('Ceil'),
  round: rounding('Round'),
  trunc: (w, node, [x]) =>
    isFloat(node.dtype)
      ? w.emit('Mul', [w.emit('Sign', [x]), w.emit('Floor', [w.emit('Abs', [x])])])
      : w.emit('Identity', [x]),
  logicalNot: simple('Not'),
  bitNot: (w, { dtype }, [x]) => w.emit('Sub', [w.scalar(dtype, -1), x]),
  add: simple('Add'),
  sub: simple('Sub'),
  mul: simple('Mul'),
  div: simple('Div'),
  mod,
  pow: simple('Pow'),
  maximum: simple('Max'),
  minimum: simple('Min'),
  atan2,
  eq: comparison('Equal'),
  lt: comparison('Less'),
  le: comparison('LessOrEqual'),
  and: bits('And', 'BitwiseAnd'),
  or: bits('Or', 'BitwiseOr'),
  xor: bits('Xor', 'BitwiseXor'),
  shiftLeft: shift('LEFT'),
  shiftRight: shift('RIGHT'),
  where: simple('Where'),
  cast: (w, { dtype }, [x]) => cast(w, x, dtype),
  alias: (_w, _node, [x]) => x,
  stopGradient: (_w, _node, [x]) => x,
} satisfies Record<string, Emit>
