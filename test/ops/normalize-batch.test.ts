/** Batch norm's own derivatives against those that follow from its formula, of first and second order, in both modes. */
import { describe, expect, it } from 'vitest'
import { sizeOf } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import { pullback, pushforward } from '../../src/ir/gradients.js'
import type { Node } from '../../src/ir/node.js'
import { normalizeBatch } from '../../src/ops/normalize-batch.js'
import { addLiteral, divLiteral, like, stretch } from '../../src/ops/operand.js'
import { moments } from '../../src/ops/reductions.js'
import { runGraph } from '../helpers/run-graph.js'
import { expectClose } from '../helpers/tolerance.js'

const axes = [0, 2, 3]
const eps = 1e-3

function byFormula(x: Node, weight: Node | null, bias: Node | null): Node {
  const { mean, squares, count } = moments(x, axes)
  const variance = divLiteral(squares, count)
  const root = b.div(like(variance, 1), b.sqrt(addLiteral(variance, eps)))
  const normal = b.mul(b.sub(x, stretch(mean, x.shape)), stretch(root, x.shape))
  const scaled = weight ? b.mul(normal, stretch(weight, x.shape)) : normal
  return bias ? b.add(scaled, stretch(bias, x.shape)) : scaled
}

const own = (x: Node, weight: Node | null, bias: Node | null): Node =>
  normalizeBatch(x, axes, weight, bias, eps).output

const present = (nodes: readonly (Node | null)[]): Node[] => nodes.filter((n) => n !== null)

/** What is compared: the value, gradients and tangents, and the gradients of what gradients and tangents add up to. */
function derivatives(normalize: typeof own, inputs: readonly Node[], weighted: boolean, biased: boolean) {
  const [x, seed, tx, weight, bias, tWeight, tBias] = inputs
  const of = [x, ...(weighted ? [weight] : []), ...(biased ? [bias] : [])]
  const along = [tx, ...(weighted ? [tWeight] : []), ...(biased ? [tBias] : [])]
  const y = normalize(x, weighted ? weight : null, biased ? bias : null)
  const gradients = present(pullback(b, [y], [seed], of))
  const tangents = present(pushforward(b, [y], of, along))
  const again = [...gradients, ...tangents].flatMap((g) =>
    present(pullback(b, [g], [b.cos(g)], [x, seed, ...(weighted ? [weight] : [])])),
  )
  const forwardOverReverse = present(pushforward(b, gradients, of, along))
  return [y, ...gradients, ...tangents, ...again, ...forwardOverReverse]
}

describe('normalizeBatch', () => {
  const cases = [true, false].flatMap((weighted) => [true, false].map((biased) => ({ weighted, biased })))
  it.each(cases)('weight $weighted, bias $biased', ({ weighted, biased }) => {
    const shape = [3, 2, 2, 3]
    const perChannel = [1, 2, 1, 1]
    const shapes = [shape, shape, shape, perChannel, perChannel, perChannel, perChannel]
    const inputs = shapes.map((s) => b.placeholder(s, 'f64'))
    const values = shapes.map((s, j) =>
      Array.from({ length: sizeOf(s) }, (_, i) => Math.sin(1.7 * i + j) + (i % 5) / 4),
    )
    const expected = runGraph(derivatives(byFormula, inputs, weighted, biased), inputs, values)
    const got = runGraph(derivatives(own, inputs, weighted, biased), inputs, values)
    expect(got.length).toBe(expected.length)
    expect(got.length).toBeGreaterThan(6)
    got.forEach((g, i) => {
      expectClose(g, expected[i], { relative: 1e-9, absolute: 1e-10 }, `result ${i}`)
    })
  })
})
