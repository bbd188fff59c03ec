/** Greatest common divisors and least common multiples of integers. No gradient. */
import { isInteger } from '../core/dtype.js'
import { DTypeError } from '../core/errors.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { like, type Operand, pair } from './operand.js'

function integers(operation: string, x: Operand, y: Operand): [Node, Node] {
  const [p, q] = pair(operation, x, y)
  if (!isInteger(p.dtype)) {
    throw new DTypeError(`${operation}: expected integers, got ${p.dtype}. Cast first with .to('i64').`)
  }
  return p.dtype === 'u8' ? [p, q] : [b.abs(p), b.abs(q)]
}

/** Euclid's algorithm on all elements at once, until every remainder is 0. */
function euclid(x: Node, y: Node): Node {
  const params = (): [Node<'placeholder'>, Node<'placeholder'>] => [
    b.placeholder(x.shape, x.dtype),
    b.placeholder(x.shape, x.dtype),
  ]
  const condition = params()
  const left = b.reduceSum(
    b.cast(b.cast(condition[1], 'bool'), 'i32'),
    x.shape.map((_, i) => i),
  )
  const [p, q] = params()
  const done = b.eq(q, like(q, 0))
  const remainder = b.mod(p, b.where(done, like(q, 1), q))
  const next = [b.where(done, p, q), b.where(done, like(q, 0), remainder)]
  return b.whileLoop(
    { params: condition, results: [b.cast(left, 'bool')] },
    { params: [p, q], results: next },
    [x, y],
    0,
  )[0]
}

/** The greatest integer that divides both; gcd(0, 0) = 0. */
export const gcd = (x: Operand, y: Operand): Node => euclid(...integers('gcd', x, y))

/** The least integer that both divide; 0 where one is 0. */
export function lcm(x: Operand, y: Operand): Node {
  const [p, q] = integers('lcm', x, y)
  const divisor = euclid(p, q)
  return b.mul(b.div(p, b.where(b.eq(divisor, like(p, 0)), like(p, 1), divisor)), q)
}
