/**
 * Bounds the length of the gradient.
 */
import { ValueError } from '../core/errors.js'
import { tensor } from '../tensor/creation.js'
import { noGrad } from '../tensor/grad-mode.js'
import type { Parameter } from '../tensor/parameter.js'
import type { Tensor } from '../tensor/tensor.js'
import { stack } from '../tensor/tensor-functions.js'

export interface ClipGradNormOptions {
  /** The norm's exponent (default 2); Infinity: the largest absolute value. */
  readonly normType?: number
}

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)), where norm is that of all of them as one vector, and
 * returns norm (0-d). Parameters without a gradient do not count. Pascanu et al. (2013).
 */
export function clipGradNorm(
  parameters: Iterable<Parameter>,
  maxNorm: number,
  { normType = 2 }: ClipGradNormOptions = {},
): Tensor {
  if (!(maxNorm > 0) || !(normType > 0)) {
    throw new ValueError(
      `clipGradNorm: expected maxNorm and normType above 0, got ${maxNorm} and ${normType}.`,
    )
  }
  const withGradient = [...parameters].filter((p) => p.grad !== null)
  if (withGradient.length === 0) return tensor(0)
  return noGrad(() => {
    const norms = withGradient.map((p) => vectorNorm(p.grad!.flatten(), normType))
    const total = vectorNorm(stack(norms), normType)
    const factor = total.add(1e-6).reciprocal().mul(maxNorm).clamp(undefined, 1)
    for (const p of withGradient) p.grad = p.grad!.mul(factor.to(p.dtype))
    return total
  })
}

/** Norm of a vector; half precision sums in f32. */
function vectorNorm(vector: Tensor, normType: number): Tensor {
  const x = vector.dtype === 'f64' ? vector : vector.to('f32')
  if (normType === Number.POSITIVE_INFINITY) return x.abs().max()
  if (normType === 2) return x.mul(x).sum().sqrt()
  if (normType === 1) return x.abs().sum()
  return x
    .abs()
    .pow(normType)
    .sum()
    .pow(1 / normType)
}
