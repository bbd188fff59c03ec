/**
 * Sampling of images at positions that are data themselves, and the grids of affine maps (Jaderberg et al. 2015).
 * Positions run from −1 to 1 over the image, x (the last axis) first.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { checkList, formatShape, range, type Shape, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { contractionAccumulator } from './contraction.js'
import { cubicWeights } from './cubic-weights.js'
import { accumulationType, addLiteral, like, mulLiteral, requireFloat, requireSameDType } from './operand.js'

const sampleModes = ['bilinear', 'nearest', 'bicubic'] as const
const paddingModes = ['zeros', 'border', 'reflection'] as const

export interface GridSampleOptions {
  /** 'bilinear' (default; trilinear for volumes), 'nearest', or 'bicubic' (images only). */
  readonly mode?: (typeof sampleModes)[number]
  /** What lies outside: 'zeros' (default), the 'border', or the image mirrored ('reflection'). */
  readonly paddingMode?: (typeof paddingModes)[number]
  /** −1 and 1 are the centres of the corner pixels, and not the image's edges. Default false. */
  readonly alignCorners?: boolean
}

interface Sampler {
  /** (N, C, sizeOf(sizes)). */
  readonly pixels: Node
  readonly sizes: Shape
  readonly zeros: boolean
}

/** c within [0, n − 1], with derivative 0 at and beyond the ends. NaN becomes 0. */
function clip(c: Node, n: number): Node {
  const [low, high] = [like(c, 0), like(c, n - 1)]
  return b.where(b.lt(low, c), b.where(b.lt(c, high), c, high), low)
}

/** c mirrored at the ends of the image, as often as needed. */
function reflect(c: Node, n: number, alignCorners: boolean): Node {
  const [low, span] = alignCorners ? [0, n - 1] : [-0.5, n]
  if (span <= 0) return like(c, 0)
  const distance = b.abs(addLiteral(c, -low))
  const flips = b.stopGradient(b.floor(mulLiteral(distance, 1 / span)))
  const rest = b.sub(distance, mulLiteral(flips, span))
  const odd = b.lt(like(flips, 0), b.mod(flips, like(flips, 2)))
  return addLiteral(b.where(odd, b.sub(like(rest, span), rest), rest), low)
}

function padded(
  c: Node,
  n: number,
  { paddingMode = 'zeros', alignCorners = false }: GridSampleOptions,
): Node {
  if (paddingMode === 'zeros') return c
  return clip(paddingMode === 'border' ? c : reflect(c, n, alignCorners), n)
}

/** The pixels (N, C, P) at whole-numbered positions (one (N, P) an axis); outside of the image 0. */
function pixelsAt({ pixels, sizes, zeros }: Sampler, at: readonly Node[]): Node {
  const [n, c] = pixels.shape
  const count = at[0].shape[1]
  let flat: Node | null = null
  let inside: Node | null = null
  at.forEach((position, a) => {
    const size = sizes[a]
    const index = b.cast(b.stopGradient(clip(position, size)), 'i32')
    flat = flat === null ? index : b.add(b.mul(flat, like(flat, size)), index)
    if (!zeros) return
    const ok = b.and(b.le(like(position, 0), position), b.le(position, like(position, size - 1)))
    inside = inside === null ? ok : b.and(inside, ok)
  })
  const spread = (x: Node): Node => b.expand(b.reshape(x, [n, 1, count]), [n, c, count])
  const values = b.gather(pixels, spread(flat!), 2)
  return inside === null ? values : b.where(spread(inside), values, like(values, 0))
}

/** Σ weight · pixel over the choices of one neighbour an axis. */
function weighted(
  sampler: Sampler,
  neighbours: readonly (readonly { readonly at: Node; readonly weight: Node }[])[],
): Node {
  let choices: { at: Node[]; weight: Node }[] = neighbours[0].map(({ at, weight }) => ({ at: [at], weight }))
  for (const axis of neighbours.slice(1)) {
    choices = choices.flatMap((c) =>
      axis.map(({ at, weight }) => ({ at: [...c.at, at], weight: b.mul(c.weight, weight) })),
    )
  }
  const [n, c] = sampler.pixels.shape
  return choices
    .map(({ at, weight }) => {
      const count = weight.shape[1]
      const spread = b.expand(b.reshape(weight, [n, 1, count]), [n, c, count])
      return b.mul(pixelsAt(sampler, at), spread)
    })
    .reduce((sum, part) => b.add(sum, part))
}

/**
 * Samples x (N, C, H, W) at grid (N, OH, OW, 2), or (N, C, D, H, W) at (N, OD, OH, OW, 3), to (N, C, …O); as
 * `torch.nn.functional.grid_sample`. Differentiable in both.
 */
export function gridSample(x: Node, grid: Node, options: GridSampleOptions = {}): Node {
  const { mode = 'bilinear', paddingMode = 'zeros', alignCorners = false } = options
  requireFloat('gridSample', x)
  requireSameDType('gridSample', x, grid)
  if (!sampleModes.includes(mode) || !paddingModes.includes(paddingMode)) {
    throw new ValueError(
      `gridSample: expected mode ${sampleModes.join(', ')} and paddingMode ${paddingModes.join(', ')}, got '${mode}' and '${paddingMode}'.`,
    )
  }
  const [n, c, ...sizes] = x.shape
  const [gn, ...rest] = grid.shape
  const d = sizes.length
  const places = rest.slice(0, -1)
  if ((d !== 2 && d !== 3) || grid.shape.length !== d + 2 || rest[d] !== d || gn !== n) {
    throw new ShapeError(
      `gridSample: expected an input (N, C, H, W) with a grid (N, OH, OW, 2), or (N, C, D, H, W) with (N, OD, OH, OW, 3), ` +
        `got ${formatShape(x.shape)} and ${formatShape(grid.shape)}.`,
    )
  }
  if (mode === 'bicubic' && d !== 2) {
    throw new ValueError(`gridSample: 'bicubic' takes images (N, C, H, W), got ${formatShape(x.shape)}.`)
  }
  if (sizes.includes(0)) {
    throw new ShapeError(`gridSample: expected an image with pixels, got shape ${formatShape(x.shape)}.`)
  }
  const wide = accumulationType(x.dtype)
  const count = sizeOf(places)
  const positions = b.reshape(b.cast(grid, wide), [n, count, d])
  const sampler: Sampler = {
    pixels: b.reshape(b.cast(x, wide), [n, c, sizeOf(sizes)]),
    sizes,
    // Bicubic taps may lie outside of a border that the centre respects; they are moved one by one.
    zeros: paddingMode === 'zeros' || mode !== 'bicubic',
  }
  const raw = sizes.map((size, a) => {
    const g = b.reshape(b.sliceAxis(positions, 2, d - 1 - a, d - a), [n, count])
    const fromEdge = addLiteral(g, 1)
    return alignCorners
      ? mulLiteral(fromEdge, (size - 1) / 2)
      : mulLiteral(addLiteral(mulLiteral(fromEdge, size), -1), 0.5)
  })
  const finish = (y: Node): Node => b.cast(b.reshape(y, [n, c, ...places]), x.dtype)
  if (mode === 'bicubic') {
    const taps = raw.map((position, a) => {
      const below = b.stopGradient(b.floor(position))
      return cubicWeights(b.sub(position, below)).map((weight, k) => ({
        at: padded(addLiteral(below, k - 1), sizes[a], options),
        weight,
      }))
    })
    return finish(weighted(sampler, taps))
  }
  const centres = raw.map((position, a) => padded(position, sizes[a], options))
  if (mode === 'nearest') return finish(pixelsAt(sampler, centres.map(b.round)))
  const corners = centres.map((position) => {
    const below = b.stopGradient(b.floor(position))
    const share = b.sub(position, below)
    return [
      { at: below, weight: b.sub(like(share, 1), share) },
      { at: addLiteral(below, 1), weight: share },
    ]
  })
  return finish(weighted(sampler, corners))
}

/**
 * The grid of the affine maps theta (N, 2, 3) for images of `size` (N, C, H, W): (N, H, W, 2); or (N, 3, 4) and
 * (N, C, D, H, W) to (N, D, H, W, 3).
 */
export function affineGrid(
  theta: Node,
  size: Shape,
  { alignCorners = false }: { alignCorners?: boolean } = {},
): Node {
  requireFloat('affineGrid', theta)
  checkList(size, 'affineGrid')
  const [n, , ...sizes] = size
  const d = sizes.length
  const expected = [n, d, d + 1]
  if ((d !== 2 && d !== 3) || !size.every((m) => Number.isInteger(m) && m >= 1)) {
    throw new ShapeError(
      `affineGrid: expected a size (N, C, H, W) or (N, C, D, H, W), got ${formatShape(size)}.`,
    )
  }
  if (formatShape(theta.shape) !== formatShape(expected)) {
    throw new ShapeError(
      `affineGrid: a size ${formatShape(size)} needs theta of shape ${formatShape(expected)}, got ${formatShape(theta.shape)}.`,
    )
  }
  const { dtype } = theta
  const coordinates = range(d).map((k) => {
    const a = d - 1 - k
    const m = sizes[a]
    const i = b.iota([...sizes, 1], a, dtype)
    if (m === 1) return like(i, 0)
    return alignCorners
      ? addLiteral(mulLiteral(i, 2 / (m - 1)), -1)
      : addLiteral(mulLiteral(addLiteral(mulLiteral(i, 2), 1), 1 / m), -1)
  })
  const base = b.concat([...coordinates, b.full([...sizes, 1], 1, dtype)], d)
  const y = b.contract(theta, base, {
    batch: [[], []],
    contracting: [[2], [d]],
    accumulate: contractionAccumulator(dtype),
    exact: true,
  })
  return b.moveAxis(y, 1, d + 1)
}
