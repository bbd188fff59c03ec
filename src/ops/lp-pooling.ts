/** Power-average pooling: the p-norm of each window. */
import { ValueError } from '../core/errors.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { type PerAxis, perAxis } from './convolution.js'
import { inAccumulationType, like, mulLiteral, requireFloat } from './operand.js'
import { avgPool1d, avgPool2d, avgPool3d } from './pooling.js'

export interface LpPoolOptions {
  /** Step between windows. Default: the kernel size. */
  readonly stride?: PerAxis
  /** Keeps a last window that is only partly inside. Default false. */
  readonly ceilMode?: boolean
}

const averages = [avgPool1d, avgPool2d, avgPool3d]

/** xᵖ, by multiplication where p is a small integer (a power of a negative number is then defined). */
function power(x: Node, p: number): Node {
  if (p === 1) return x
  if (p === 2) return b.mul(x, x)
  return b.pow(x, like(x, p))
}

function lpPool(
  spatial: number,
  x: Node,
  normType: number,
  kernelSize: PerAxis,
  options: LpPoolOptions,
): Node {
  const operation = `lpPool${spatial}d`
  requireFloat(operation, x)
  if (!(normType > 0) || normType === Number.POSITIVE_INFINITY) {
    throw new ValueError(
      `${operation}: expected a norm above 0, got ${normType}. Use maxPool${spatial}d for infinity.`,
    )
  }
  const area = perAxis(operation, 'kernelSize', kernelSize, spatial, 1).reduce((n, k) => n * k, 1)
  return inAccumulationType(x, (y) => {
    const mean = averages[spatial - 1](power(y, normType), kernelSize, options)
    const total = mulLiteral(mean, area)
    // The root has no derivative at 0, where the gradient is 0; sums of odd powers below 0 count as 0.
    const positive = b.lt(like(total, 0), total)
    const root = b.pow(b.where(positive, total, like(total, 1)), like(total, 1 / normType))
    return b.where(positive, root, like(total, 0))
  })
}

/** (Σ xᵖ)^(1/p) over each window; a last window that is partly inside (ceilMode) is scaled to the full size. */
export const lpPool1d = (x: Node, normType: number, kernelSize: PerAxis, options: LpPoolOptions = {}): Node =>
  lpPool(1, x, normType, kernelSize, options)
/** (Σ xᵖ)^(1/p) over each window; see lpPool1d. */
export const lpPool2d = (x: Node, normType: number, kernelSize: PerAxis, options: LpPoolOptions = {}): Node =>
  lpPool(2, x, normType, kernelSize, options)
/** (Σ xᵖ)^(1/p) over each window; see lpPool1d. */
export const lpPool3d = (x: Node, normType: number, kernelSize: PerAxis, options: LpPoolOptions = {}): Node =>
  lpPool(3, x, normType, kernelSize, options)
