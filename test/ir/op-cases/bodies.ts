/** Bodies of loops and branches for tests, and the recurrent net that many of them use. */
import type { DType } from '../../../src/core/dtype.js'
import type { Shape } from '../../../src/core/shape.js'
import type { Node, Subgraph } from '../../../src/ir/node.js'
import type { Builder } from '../../../src/ir/rule.js'

export const matmul = (b: Builder, x: Node, y: Node): Node =>
  b.contract(x, y, { batch: [[], []], contracting: [[x.shape.length - 1], [0]], accumulate: x.dtype })

/** A body from a function of its parameters. */
export function body(
  b: Builder,
  params: readonly (readonly [Shape, DType])[],
  fn: (params: Node[]) => Node[],
): Subgraph {
  const formals = params.map(([shape, dtype]) => b.placeholder(shape, dtype))
  return { params: formals, results: fn(formals) }
}

/** h ← tanh(x_t·W + h·U), emitting h and h². */
export function elman(
  b: Builder,
  [w, u, h0, xs]: readonly Node[],
  length: number,
  options: { reverse?: boolean; checkpoint?: number } = {},
): Node[] {
  const d = w.dtype
  const step = body(
    b,
    [
      [w.shape, d],
      [u.shape, d],
      [h0.shape, d],
      [xs.shape.slice(1), d],
    ],
    ([pw, pu, h, x]) => {
      const next = b.tanh(b.add(matmul(b, x, pw), matmul(b, h, pu)))
      return [next, b.mul(next, next)]
    },
  )
  return b.scan(step, { consts: [w, u], carry: [h0], xs: [xs] }, { length, ...options })
}
