/** Pooling to a given size over 1, 2 and 3 spatial axes of (N, C, …) or (C, …): means and maxima. */
import { ValueError } from '../core/errors.js'
import { range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node, PadPair } from '../ir/node.js'
import { withBatch } from './convolution.js'
import { divLiteral, inAccumulationType, requireFloat } from './operand.js'
import { withBatches } from './pooling.js'
import type { ValuesAndIndices } from './reductions.js'

/** Sizes of the result; null keeps the input's. */
export type AdaptiveSize = number | null | readonly (number | null)[]

function targetSizes(operation: string, x: Node, spatial: number, outputSize: AdaptiveSize): number[] {
  const list =
    outputSize === null || typeof outputSize === 'number' ? range(spatial).map(() => outputSize) : outputSize
  if (
    !Array.isArray(list) ||
    list.length !== spatial ||
    !list.every((n) => n === null || (Number.isInteger(n) && n >= 1))
  ) {
    throw new ValueError(
      `${operation}: expected an output size ≥ 1 or ${spatial} of them, got ${JSON.stringify(outputSize) ?? String(outputSize)}.`,
    )
  }
  return list.map((n, i) => n ?? x.shape[x.shape.length - spatial + i])
}

/** Window i of `count` adaptive ones over n elements: ⌊i·n/count⌋ to ⌈(i+1)·n/count⌉. */
const adaptiveWindow = (i: number, n: number, count: number): [number, number] => [
  Math.floor((i * n) / count),
  Math.ceil(((i + 1) * n) / count),
]

/** Reduces one axis to `count` elements by `reduce` over each adaptive window. */
function adaptiveAxis(x: Node, axis: number, count: number, reduce: (piece: Node) => Node): Node {
  const n = x.shape[axis]
  if (n === count) return x
  const pieces = range(count).map((i) => reduce(b.sliceAxis(x, axis, ...adaptiveWindow(i, n, count))))
  return b.concat(pieces, axis)
}

function adaptiveAvgPool(spatial: number, x: Node, outputSize: AdaptiveSize): Node {
  const operation = `adaptiveAvgPool${spatial}d`
  requireFloat(operation, x)
  const sizes = targetSizes(operation, x, spatial, outputSize)
  return withBatch(operation, x, spatial, (input) =>
    inAccumulationType(input, (y) => {
      const lead = y.shape.length - spatial
      // Where every size divides, the windows tile the input: one reshape and one mean.
      if (sizes.every((m, i) => y.shape[lead + i] % m === 0)) {
        const tiled = b.reshape(y, [
          ...y.shape.slice(0, lead),
          ...sizes.flatMap((m, i) => [m, y.shape[lead + i] / m]),
        ])
        const area = sizes.reduce((p, m, i) => p * (y.shape[lead + i] / m), 1)
        return divLiteral(
          b.reduceSum(
            tiled,
            range(spatial).map((i) => lead + 2 * i + 1),
          ),
          area,
        )
      }
      let z = y
      sizes.forEach((m, i) => {
        const axis = lead + i
        z = adaptiveAxis(z, axis, m, (piece) => {
          const mean = divLiteral(b.reduceSum(piece, [axis]), piece.shape[axis])
          return b.reshape(
            mean,
            piece.shape.map((n, k) => (k === axis ? 1 : n)),
          )
        })
      })
      return z
    }),
  )
}

/** Means over windows that cover the input in `outputSize` steps. */
export const adaptiveAvgPool1d = (x: Node, outputSize: AdaptiveSize): Node =>
  adaptiveAvgPool(1, x, outputSize)
/** Means over windows that cover the input in `outputSize` steps. */
export const adaptiveAvgPool2d = (x: Node, outputSize: AdaptiveSize): Node =>
  adaptiveAvgPool(2, x, outputSize)
/** Means over windows that cover the input in `outputSize` steps. */
export const adaptiveAvgPool3d = (x: Node, outputSize: AdaptiveSize): Node =>
  adaptiveAvgPool(3, x, outputSize)

/** Maxima and their positions (i64) in the flattened spatial axes. */
function adaptiveMaxPool(
  operation: string,
  spatial: number,
  x: Node,
  outputSize: AdaptiveSize,
): ValuesAndIndices {
  const sizes = targetSizes(operation, x, spatial, outputSize)
  return withBatches(operation, x, spatial, (input) => {
    let values = input
    const lead = input.shape.length - spatial
    let position = b.reshape(
      b.iota([input.shape.slice(lead).reduce((p, n) => p * n, 1)], 0, 'i32'),
      input.shape.map((n, i) => (i < lead ? 1 : n)),
    )
    position = b.expand(position, input.shape)
    // Last axis first, so that of equals the first in row-major order wins.
    for (let i = spatial - 1; i >= 0; i--) {
      const axis = lead + i
      const pieces = range(sizes[i]).map((k) => {
        const [from, to] = adaptiveWindow(k, input.shape[axis], sizes[i])
        const size = range(spatial).map((j) => (j === i ? to - from : 1))
        const ones = size.map(() => 1)
        const [value, at] = b.windowReduce(b.sliceAxis(values, axis, from, to), {
          size,
          stride: ones,
          dilation: ones,
          kind: 'max',
          padding: size.map((): PadPair => [0, 0]),
        })
        return { value, at: b.gather(b.sliceAxis(position, axis, from, to), at, axis) }
      })
      values = b.concat(
        pieces.map((p) => p.value),
        axis,
      )
      position = b.concat(
        pieces.map((p) => p.at),
        axis,
      )
    }
    return { values, indices: b.cast(position, 'i64') }
  })
}

/** Maxima over windows that cover the input in `outputSize` steps. */
export const adaptiveMaxPool1d = (x: Node, outputSize: AdaptiveSize): Node =>
  adaptiveMaxPool('adaptiveMaxPool1d', 1, x, outputSize).values
/** Maxima over windows that cover the input in `outputSize` steps. */
export const adaptiveMaxPool2d = (x: Node, outputSize: AdaptiveSize): Node =>
  adaptiveMaxPool('adaptiveMaxPool2d', 2, x, outputSize).values
/** Maxima over windows that cover the input in `outputSize` steps. */
export const adaptiveMaxPool3d = (x: Node, outputSize: AdaptiveSize): Node =>
  adaptiveMaxPool('adaptiveMaxPool3d', 3, x, outputSize).values
/** As adaptiveMaxPool1d, with the position (i64) of each maximum in the flattened spatial axes. */
export const adaptiveMaxPool1dWithIndices = (x: Node, outputSize: AdaptiveSize): ValuesAndIndices =>
  adaptiveMaxPool('adaptiveMaxPool1d', 1, x, outputSize)
/** As adaptiveMaxPool2d, with the position (i64) of each maximum in the flattened spatial axes. */
export const adaptiveMaxPool2dWithIndices = (x: Node, outputSize: AdaptiveSize): ValuesAndIndices =>
  adaptiveMaxPool('adaptiveMaxPool2d', 2, x, outputSize)
/** As adaptiveMaxPool3d, with the position (i64) of each maximum in the flattened spatial axes. */
export const adaptiveMaxPool3dWithIndices = (x: Node, outputSize: AdaptiveSize): ValuesAndIndices =>
  adaptiveMaxPool('adaptiveMaxPool3d', 3, x, outputSize)
