/** Condition codes of jumps, conditional moves and `setcc`, as the low four bits of their opcodes. */
export const conditionCodes = {
  o: 0x0,
  no: 0x1,
  b: 0x2,
  ae: 0x3,
  e: 0x4,
  ne: 0x5,
  be: 0x6,
  a: 0x7,
  s: 0x8,
  ns: 0x9,
  p: 0xa,
  np: 0xb,
  l: 0xc,
  ge: 0xd,
  le: 0xe,
  g: 0xf,
} as const

export type Condition = keyof typeof conditionCodes
