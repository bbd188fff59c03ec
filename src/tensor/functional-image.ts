/** Functions of images on tensors: thin wrappers over the node-level functions in `ops/`. */
import type { Node } from '../ir/node.js'
import * as grid from '../ops/grid-sample.js'
import * as resampling from '../ops/interpolate.js'
import * as shuffling from '../ops/pixel-shuffle.js'
import * as blocks from '../ops/unfold.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import type { Tensor } from './tensor.js'

/** A node-level function of one tensor, on tensors. */
const lift =
  <A extends unknown[]>(fn: (x: Node, ...args: A) => Node) =>
  (x: TensorBase, ...args: A): Tensor =>
    wrap(fn(nodeOf(x), ...args))

/**
 * (N, C, …) at another size: `{ size }` or `{ scaleFactor }`, mode 'nearest' (default), 'nearest-exact', 'linear',
 * 'bilinear', 'bicubic', 'trilinear' or 'area', both corner conventions, antialiasing.
 */
export const interpolate = lift(resampling.interpolate)
/** `interpolate` under its other name. */
export const upsample = interpolate
/** x (N, C, H, W) at the positions of a grid (N, OH, OW, 2) from -1 to 1; volumes too. */
export const gridSample = (x: TensorBase, positions: TensorBase, options?: grid.GridSampleOptions): Tensor =>
  wrap(grid.gridSample(nodeOf(x), nodeOf(positions), options))
/** The sampling grid of affine maps theta (N, 2, 3) for images of `size` (N, C, H, W); volumes too. */
export const affineGrid = lift(grid.affineGrid)
/** Blocks of (N, C, H, W) as columns (N, C·KH·KW, L). */
export const unfold = lift(blocks.im2col)
/** Columns (N, C·KH·KW, L) back to images of `outputSize`; overlapping elements add up. */
export const fold = lift(blocks.col2im)
/** (…, C·r², H, W) to (…, C, H·r, W·r). */
export const pixelShuffle = lift(shuffling.pixelShuffle)
/** (…, C, H·r, W·r) to (…, C·r², H, W). */
export const pixelUnshuffle = lift(shuffling.pixelUnshuffle)
/** Channels of (N, C, …) read across groups. */
export const channelShuffle = lift(shuffling.channelShuffle)
