/** Products of matrices, sums over labels, determinants. */
import { formatShape } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import { det } from '../../ops/determinant.js'
import { einsum } from '../../ops/einsum.js'
import { matmul } from '../../ops/linear-algebra.js'
import { mulLiteral, stretch } from '../../ops/operand.js'
import type { Rule, Rules } from '../context.js'

/** α·A·B + β·C, A and B transposed where asked. */
const gemm: Rule = (c) => {
  c.expectRank(0, 2)
  c.expectRank(1, 2)
  const turn = (i: number, name: string) => (c.int(name, 0) !== 0 ? b.permute(c.x(i), [1, 0]) : c.x(i))
  const [alpha, beta] = [c.float('alpha', 1), c.float('beta', 1)]
  const product = matmul(turn(0, 'transA'), turn(1, 'transB'))
  const y = alpha === 1 ? product : mulLiteral(product, alpha)
  const bias = c.maybe(2)
  if (bias === null || beta === 0) return c.like(y)
  return c.like(b.add(y, stretch(beta === 1 ? bias : mulLiteral(bias, beta), y.shape)))
}

const determinant: Rule = (c) => {
  const { shape } = c.x(0)
  const [rows, columns] = shape.slice(-2)
  if (shape.length < 2 || rows !== columns) c.fail(`expected square matrices, got ${formatShape(shape)}.`)
  return c.like(det(c.x(0)))
}

export const linearAlgebra: Rules = {
  MatMul: (c) => c.keep(matmul(c.x(0), c.x(1))),
  Gemm: gemm,
  Einsum: (c) => c.keep(einsum(c.string('equation').replaceAll(' ', ''), ...c.tensors().map((t) => t.node))),
  Det: determinant,
}
