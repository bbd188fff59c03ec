/**
 * The dtypes of results against PyTorch's: every pair of dtypes, with axes and 0-d, and JavaScript numbers; and
 * operations that return another dtype than their operands' common one.
 */
import { describe, expect, it } from 'vitest'
import type { DType } from '../../src/core/dtype.js'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import * as elementwise from '../../src/ops/elementwise.js'
import { add, mul } from '../../src/ops/elementwise.js'
import { type Operand, resultType } from '../../src/ops/operand.js'
import * as reductions from '../../src/ops/reductions.js'
import { readGolden } from '../helpers/goldens.js'

const { pairs, operations, unary } = readGolden<{
  pairs: [string, string, DType][]
  operations: [string, string, string, DType][]
  unary: [string, DType, DType][]
}>('promotion')

const numbers: Readonly<Record<string, number | boolean>> = { '2': 2, '2.5': 2.5, true: true }
const operand = (name: string): Operand =>
  numbers[name] ??
  (name.endsWith('[]') ? b.placeholder([], name.slice(0, -2) as DType) : b.placeholder([1], name as DType))

/** PyTorch keeps u8 here for programs older than its bool. */
const known = new Set(['all u8'])

describe('promotion against PyTorch', () => {
  it('has every pair', () => expect(pairs.length).toBe(16 * 19))

  it('resultType, add and mul, in both orders', () => {
    for (const [a, c, expected] of pairs) {
      const [x, y] = [operand(a), operand(c)]
      const got = [resultType(x, y), resultType(y, x), add(x, y).dtype, mul(y, x).dtype]
      expect(got, `${a} with ${c}`).toEqual([expected, expected, expected, expected])
    }
  })

  const binary: Readonly<Record<string, (x: Node, y: Node) => Node>> = {
    div: (x, y) => elementwise.div(x, y),
    eq: elementwise.eq,
    pow: elementwise.pow,
    maximum: elementwise.maximum,
    remainder: elementwise.remainder,
    where: (x, y) => elementwise.where(b.placeholder([1], 'bool'), x, y),
    atan2: elementwise.atan2,
  }
  for (const [op, fn] of Object.entries(binary)) {
    it(op, () => {
      const rows = operations.filter(([name]) => name === op)
      expect(rows.length).toBeGreaterThan(100)
      for (const [, a, c, expected] of rows) {
        expect(fn(operand(a) as Node, operand(c) as Node).dtype, `${op} of ${a} and ${c}`).toBe(expected)
      }
    })
  }

  const single: Readonly<Record<string, (x: Node) => Node>> = {
    sum: (x) => reductions.sum(x),
    prod: (x) => reductions.prod(x),
    cumsum: (x) => reductions.cumsum(x, 0),
    mean: (x) => reductions.mean(x),
    argmax: (x) => reductions.argmax(x),
    amax: (x) => reductions.amax(x),
    all: (x) => reductions.all(x),
    exp: elementwise.exp,
    sqrt: elementwise.sqrt,
    abs: elementwise.abs,
    floor: elementwise.floor,
    square: elementwise.square,
    reciprocal: elementwise.reciprocal,
  }
  it('functions of one tensor', () => {
    let count = 0
    for (const [op, a, expected] of unary) {
      if (single[op] === undefined || known.has(`${op} ${a}`)) continue
      count++
      expect(single[op](operand(a) as Node).dtype, `${op} of ${a}`).toBe(expected)
    }
    expect(count).toBeGreaterThan(80)
  })
})
