/**
 * Small convolutions of many images: a vector holds the same element of as many images as it has lanes, so that rows of
 * any width fill it and taps that meet padding are left out. Images are turned to lanes and back in registers.
 *
 *   over images    out[n, o, q] = Σ_{c, k} w[o, c, k] · x[n, c, q·stride + k·dilation - padding], n in lanes
 *   over channels  the same where images are the channels (the gradient of taps): lanes are added up at the end
 */
import { range, sizeOf } from '../core/shape.js'
import { isOp, type Node } from '../ir/node.js'
import { holdsBf16 } from './holds-bf16.js'
import { leastInner } from './thin-contract.js'
import { isWinograd } from './winograd.js'

export type LaneForm = 'images' | 'channels'

/** Lanes that the costs are counted with; fewer images leave some of them idle. */
const vector = 16
/** Lanes that are computed for each image, on average. */
const lanesFor = (images: number): number => (Math.ceil(images / vector) * vector) / images
/** Elements of an image, and of its result, that stay in the L2 cache with 16 images beside each other. */
const mostElements = 6144
/** Weights that are read again for each row of places, and taps' gradients with a vector each: they stay there, too. */
const mostWeights = 6144
/** Taps along a row are written out, and so are the places of a row where padding differs. */
const mostTaps = 8
const mostPlaces = 32
/** With fewer images a vector stays half empty. */
const fewestImages = 12
/** With fewer results of a channel and few taps the convolution is a plain sum. */
const leastChannels = 3
/** Cycles that turn a vector's worth of elements, and that copy one of windows to where it is multiplied. */
const turning = 8
const copying = 7
/** How much cheaper it has to be. */
const margin = 0.87

/** How the convolution takes its lanes, or null where it has another form. Shape and dtype alone decide. */
export function laneForm(node: Node): LaneForm | null {
  if (!isOp(node, 'conv') || node.dtype !== 'f32' || node.shape.length !== 4 || node.shape.includes(0))
    return null
  const { padding, inputDilation, groups } = node.attrs
  const [x, w] = node.inputs
  if (groups !== 1 || inputDilation.some((d) => d !== 1) || sizeOf(w.shape) === 0) return null
  if (padding.some((pair) => pair.some((p) => p < 0)) || isWinograd(node)) return null
  if (holdsBf16(x) && holdsBf16(w)) return null
  if (isOverImages(node)) return 'images'
  return isOverChannels(node) ? 'channels' : null
}

/** Taps that meet the image, counted along one axis for every output. */
export function meetings(node: Node<'conv'>, axis: number): number {
  const { stride, padding, dilation } = node.attrs
  const [x, w] = node.inputs
  const size = x.shape[axis + 2]
  let count = 0
  for (let q = 0; q < node.shape[axis + 2]; q++) {
    for (let k = 0; k < w.shape[axis + 2]; k++) {
      const at = q * stride[axis] + k * dilation[axis] - padding[axis][0]
      if (at >= 0 && at < size) count++
    }
  }
  return count
}

/** Cycles an image with vectors of 16, roughly, against those of a contraction with windows. */
function isOverImages(node: Node<'conv'>): boolean {
  const [x, w] = node.inputs
  const [n, outChannels, height, width] = node.shape
  const [, channels, ...taps] = w.shape
  const image = sizeOf(x.shape.slice(1))
  const result = sizeOf(node.shape.slice(1))
  if (n < fewestImages || image > mostElements || result > mostElements) return false
  if (sizeOf(taps) === 1 || taps[1] > mostTaps || width > mostPlaces) return false
  if (outChannels < leastChannels && channels * sizeOf(taps) < leastInner) return false
  // More taps than places: a gradient of taps, whose images are channels.
  if (taps[0] > height || taps[1] > width || sizeOf(w.shape) > mostWeights) return false
  const pairs = outChannels * channels
  const products = pairs * meetings(node, 0) * meetings(node, 1)
  const own = (lanesFor(n) * (products + (image + result) * turning)) / vector
  const steps = channels * sizeOf(taps)
  const rows = height * Math.ceil(width / vector)
  const read = outChannels * steps * rows
  const copied = outChannels * steps * Math.ceil((height * width) / vector) + steps * rows * copying
  return own < margin * Math.min(read, copied)
}

function isOverChannels(node: Node<'conv'>): boolean {
  const [x, w] = node.inputs
  const [channels, images] = x.shape
  const [outChannels, , ...positions] = w.shape
  const taps = node.shape.slice(2)
  const image = channels * sizeOf(x.shape.slice(2))
  const result = outChannels * sizeOf(positions)
  if (images < fewestImages || image > mostElements || result > mostElements) return false
  if (outChannels < leastChannels || sizeOf(taps) === 1 || taps[1] > mostTaps) return false
  if (range(2).some((i) => positions[i] < taps[i]) || sizeOf(node.shape) > mostWeights) return false
  const pairs = outChannels * channels * sizeOf(positions)
  const own = (lanesFor(images) * (pairs * sizeOf(taps) + (image + result) * turning)) / vector
  const vectors = Math.ceil(sizeOf(taps) / vector)
  return own < margin * (pairs * vectors + channels * sizeOf(positions) * vectors * copying)
}
