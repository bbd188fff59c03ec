/** The partial inverse of max pooling: every value goes back to where it came from, and all else is zero. */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, sameShape, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { type PerAxis, perAxis, withBatch } from './convolution.js'

export interface MaxUnpoolOptions {
  /** The stride of the pooling. Default: the kernel size. */
  readonly stride?: PerAxis
  /** The padding of the pooling. Default 0. */
  readonly padding?: PerAxis
  /** Sizes of the spatial axes of the result (or the whole shape), where several inputs pool to one shape. */
  readonly outputSize?: readonly number[]
}

function outputSizes(
  operation: string,
  x: Node,
  spatial: number,
  kernelSize: PerAxis,
  options: MaxUnpoolOptions,
): number[] {
  const kernel = perAxis(operation, 'kernelSize', kernelSize, spatial, 1)
  const stride = perAxis(operation, 'stride', options.stride ?? kernel, spatial, 1)
  const padding = perAxis(operation, 'padding', options.padding ?? 0, spatial, 0)
  const lead = x.shape.length - spatial
  const usual = kernel.map((k, i) => (x.shape[lead + i] - 1) * stride[i] - 2 * padding[i] + k)
  if (options.outputSize === undefined) return usual
  const given = options.outputSize.slice(-spatial)
  if (
    given.length !== spatial ||
    !given.every((n, i) => Number.isInteger(n) && Math.abs(n - usual[i]) < stride[i])
  ) {
    throw new ValueError(
      `${operation}: expected an outputSize less than one stride away from ${formatShape(usual)}, got ${formatShape(options.outputSize)}.`,
    )
  }
  return given
}

function maxUnpool(
  spatial: number,
  x: Node,
  indices: Node,
  kernelSize: PerAxis,
  options: MaxUnpoolOptions,
): Node {
  const operation = `maxUnpool${spatial}d`
  if (!sameShape(x.shape, indices.shape)) {
    throw new ShapeError(
      `${operation}: expected indices of the input's shape ${formatShape(x.shape)}, got ${formatShape(indices.shape)}.`,
    )
  }
  return withBatch(operation, x, spatial, (input) => {
    const sizes = outputSizes(operation, input, spatial, kernelSize, options)
    const [n, c, ...windows] = input.shape
    const flat = (y: Node): Node => b.reshape(y, [n, c, sizeOf(windows)])
    const zeros = b.full([n, c, sizeOf(sizes)], 0, x.dtype)
    const y = b.scatter(zeros, flat(indices), flat(input), 2, 'set')
    return b.reshape(y, [n, c, ...sizes])
  })
}

/**
 * Values of maxPool1d (…, L) back at `indices` in zeros of length (L − 1)·stride − 2·padding + kernelSize. Where windows
 * overlapped and an index comes twice, the last value is taken and only it gets a gradient.
 */
export const maxUnpool1d = (
  x: Node,
  indices: Node,
  kernelSize: PerAxis,
  options: MaxUnpoolOptions = {},
): Node => maxUnpool(1, x, indices, kernelSize, options)
/** Values of maxPool2d back at `indices`; see maxUnpool1d. */
export const maxUnpool2d = (
  x: Node,
  indices: Node,
  kernelSize: PerAxis,
  options: MaxUnpoolOptions = {},
): Node => maxUnpool(2, x, indices, kernelSize, options)
/** Values of maxPool3d back at `indices`; see maxUnpool1d. */
export const maxUnpool3d = (
  x: Node,
  indices: Node,
  kernelSize: PerAxis,
  options: MaxUnpoolOptions = {},
): Node => maxUnpool(3, x, indices, kernelSize, options)
