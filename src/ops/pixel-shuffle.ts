/** Rearrangements between channels and pixels. */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { requireRank } from './operand.js'

function requireFactor(operation: string, factor: number): void {
  if (!Number.isInteger(factor) || factor < 1) {
    throw new ValueError(`${operation}: expected an integer factor of at least 1, got ${factor}.`)
  }
}

/** (…, C·r², H, W) to (…, C, H·r, W·r) (Shi et al. 2016). */
export function pixelShuffle(x: Node, upscaleFactor: number): Node {
  requireFactor('pixelShuffle', upscaleFactor)
  requireRank('pixelShuffle', x, 3, Number.POSITIVE_INFINITY, '(…, C, H, W)')
  const r = upscaleFactor
  const [c, h, w] = x.shape.slice(-3)
  if (c % (r * r) !== 0) {
    throw new ShapeError(
      `pixelShuffle: the ${c} channels of ${formatShape(x.shape)} do not divide by ${r}² = ${r * r}.`,
    )
  }
  const lead = x.shape.slice(0, -3)
  const n = lead.length
  const split = b.reshape(x, [...lead, c / (r * r), r, r, h, w])
  const moved = b.permute(split, [...range(n), n, n + 3, n + 1, n + 4, n + 2])
  return b.reshape(moved, [...lead, c / (r * r), h * r, w * r])
}

/** (…, C, H·r, W·r) to (…, C·r², H, W): the inverse of pixelShuffle. */
export function pixelUnshuffle(x: Node, downscaleFactor: number): Node {
  requireFactor('pixelUnshuffle', downscaleFactor)
  requireRank('pixelUnshuffle', x, 3, Number.POSITIVE_INFINITY, '(…, C, H, W)')
  const r = downscaleFactor
  const [c, h, w] = x.shape.slice(-3)
  if (h % r !== 0 || w % r !== 0) {
    throw new ShapeError(`pixelUnshuffle: the image of ${formatShape(x.shape)} does not divide by ${r}.`)
  }
  const lead = x.shape.slice(0, -3)
  const n = lead.length
  const split = b.reshape(x, [...lead, c, h / r, r, w / r, r])
  const moved = b.permute(split, [...range(n), n, n + 2, n + 4, n + 1, n + 3])
  return b.reshape(moved, [...lead, c * r * r, h / r, w / r])
}

/** Channels of (N, C, …) read across `groups`: channel j of group i becomes channel j·groups + i (Zhang et al. 2018). */
export function channelShuffle(x: Node, groups: number): Node {
  requireFactor('channelShuffle', groups)
  requireRank('channelShuffle', x, 3, Number.POSITIVE_INFINITY, '(N, C, …)')
  const [n, c, ...spatial] = x.shape
  if (c % groups !== 0) {
    throw new ShapeError(
      `channelShuffle: the ${c} channels of ${formatShape(x.shape)} do not divide into ${groups} groups.`,
    )
  }
  const split = b.reshape(x, [n, groups, c / groups, ...spatial])
  return b.reshape(b.permute(split, [0, 2, 1, ...range(spatial.length).map((i) => i + 3)]), x.shape)
}
