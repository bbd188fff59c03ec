/**
 * What batch normalization computes of a batch, with derivatives of its own: they need two sums a channel, which give
 * the input's gradient and the parameters', where those derived from the formula's steps would need five.
 */
import * as b from '../ir/build.js'
import type { CustomGradient, Node } from '../ir/node.js'
import { addLiteral, divLiteral, like, stretch } from './operand.js'
import { keptShape, moments } from './reductions.js'

export interface NormalizedBatch {
  readonly output: Node
  /** Mean over the axes, which stay with size 1; without a gradient. */
  readonly mean: Node
  /** Σ(x − mean)² likewise. */
  readonly squares: Node
}

/**
 * y = (x − μ)·r·weight + bias with r = 1/√(σ² + ε) and the statistics over `axes` of n elements. `weight` and `bias`
 * have x's rank and size 1 on these axes; null leaves them out.
 *
 * With g = ∂L/∂y, S₀ = Σg and S₁ = Σg·(x − μ): ∂L/∂bias = S₀, ∂L/∂weight = S₁·r and
 * ∂L/∂x = (g − S₀/n − (x − μ)·r²·S₁/n)·r·weight (Ioffe & Szegedy 2015, §3).
 */
export function normalizeBatch(
  x: Node,
  axes: readonly number[],
  weight: Node | null,
  bias: Node | null,
  eps: number,
): NormalizedBatch {
  const still = b.stopGradient(x)
  const { mean, squares, count } = moments(still, axes)
  const variance = divLiteral(squares, count)
  const root = b.div(like(variance, 1), b.sqrt(addLiteral(variance, eps)))
  const own = (p: Node): Node => stretch(b.stopGradient(p), x.shape)
  const normal = b.mul(centre(still, mean), stretch(root, x.shape))
  const scaled = weight ? b.mul(normal, own(weight)) : normal
  const output = bias ? b.add(scaled, own(bias)) : scaled
  const parameters = [weight, bias].filter((p) => p !== null)
  const results = [output, mean, root]
  const [y] = b.barrier(
    [...results, x, ...parameters],
    gradientOf({ axes, count, weighted: weight !== null, biased: bias !== null }),
  )
  return { output: y, mean, squares }
}

interface Layout {
  readonly axes: readonly number[]
  readonly count: number
  readonly weighted: boolean
  readonly biased: boolean
}

/** Derivatives of (x, weight, bias) → (y, μ, r); those of μ and r count where a derivative is derived again. */
function gradientOf({ axes, count, weighted, biased }: Layout): CustomGradient {
  const total = (z: Node): Node => b.reshape(b.reduceSum(z, axes), keptShape(z.shape, axes))
  const average = (z: Node): Node => divLiteral(total(z), count)
  const cube = (r: Node): Node => b.mul(r, b.mul(r, r))
  return {
    vjp: (inputs, [, mean, root], [gy, gMean, gRoot]) => {
      const [x] = inputs.slice(3)
      const weight = weighted ? inputs[4] : null
      const wide = (p: Node): Node => stretch(p, x.shape)
      const centred = centre(x, mean)
      const parts: Node[] = []
      const ofParameters: (Node | null)[] = []
      if (gy) {
        const sum = total(gy)
        const along = total(b.mul(gy, centred))
        const share = divLiteral(b.mul(b.mul(root, root), along), count)
        const inner = b.sub(b.sub(gy, wide(divLiteral(sum, count))), b.mul(centred, wide(share)))
        parts.push(b.mul(inner, wide(weight ? b.mul(root, weight) : root)))
        if (weighted) ofParameters.push(b.mul(along, root))
        if (biased) ofParameters.push(sum)
      } else ofParameters.push(...inputs.slice(4).map(() => null))
      if (gMean) parts.push(wide(divLiteral(gMean, count)))
      if (gRoot) parts.push(b.mul(centred, wide(divLiteral(b.mul(b.neg(gRoot), cube(root)), count))))
      const gx = parts.length === 0 ? null : parts.reduce(b.add)
      return [null, null, null, gx, ...ofParameters]
    },
    jvp: (inputs, [, mean, root], tangents) => {
      const [x] = inputs.slice(3)
      const [tx, ...others] = tangents.slice(3)
      const weight = weighted ? inputs[4] : null
      const tWeight = weighted ? others[0] : null
      const tBias = biased ? others[weighted ? 1 : 0] : null
      const wide = (p: Node): Node => stretch(p, x.shape)
      const scaled = (z: Node): Node => (weight ? b.mul(z, wide(weight)) : z)
      const centred = centre(x, mean)
      const parts: Node[] = []
      let tMean: Node | null = null
      let tRoot: Node | null = null
      if (tx) {
        tMean = average(tx)
        tRoot = b.mul(b.neg(cube(root)), average(b.mul(centred, tx)))
        const inner = b.add(b.mul(b.sub(tx, wide(tMean)), wide(root)), b.mul(centred, wide(tRoot)))
        parts.push(scaled(inner))
      }
      if (tWeight) parts.push(b.mul(b.mul(centred, wide(root)), wide(tWeight)))
      if (tBias) parts.push(wide(tBias))
      const ty = parts.length === 0 ? null : parts.reduce(b.add)
      return [ty, tMean, tRoot, ...inputs.slice(3).map(() => null)]
    },
  }
}

const centre = (x: Node, mean: Node): Node => b.sub(x, stretch(mean, x.shape))
