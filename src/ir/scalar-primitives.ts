/** The names of the primitives that compute an element from the same element of one value or of two. */

export const unaryPrimitives = [
  'neg',
  'abs',
  'sign',
  'exp',
  'log',
  'expm1',
  'log1p',
  'sqrt',
  'sin',
  'cos',
  'tan',
  'atan',
  'tanh',
  'sigmoid',
  'erf',
  'floor',
  'ceil',
  'round',
  'trunc',
  'logicalNot',
  'bitNot',
] as const

export const binaryPrimitives = [
  'add',
  'sub',
  'mul',
  'div',
  'mod',
  'pow',
  'maximum',
  'minimum',
  'atan2',
  'eq',
  'lt',
  'le',
  'and',
  'or',
  'xor',
  'shiftLeft',
  'shiftRight',
] as const

export type UnaryPrimitive = (typeof unaryPrimitives)[number]
export type BinaryPrimitive = (typeof binaryPrimitives)[number]
