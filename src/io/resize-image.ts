/**
 * Antialiased resizing of pictures with a triangle filter whose support grows with the reduction. Equal, bit for bit, to
 * Pillow's `resize(size, BILINEAR)`, which torchvision uses, so that a ported pipeline sees the same pixels.
 */
import { ValueError } from '../core/errors.js'
import type { Image } from './image.js'

/** Fraction bits of the fixed-point weights: 32 minus 8 for the sample minus 2 for overshoot. */
const precision = 22

interface Weights {
  /** First input position of each output position. */
  start: Int32Array
  /** Number of weights of each output position. */
  count: Int32Array
  /** `stride` weights for each output position. */
  weights: Int32Array
  stride: number
}

function triangleWeights(from: number, to: number): Weights {
  const scale = from / to
  const support = Math.max(scale, 1)
  const stride = Math.ceil(support) * 2 + 1
  const start = new Int32Array(to)
  const count = new Int32Array(to)
  const weights = new Int32Array(to * stride)
  const row = new Float64Array(stride)
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale
    const first = Math.max(0, Math.trunc(center - support + 0.5))
    const last = Math.min(from, Math.trunc(center + support + 0.5))
    let sum = 0
    for (let x = first; x < last; x++) {
      row[x - first] = Math.max(0, 1 - Math.abs((x - center + 0.5) / support))
      sum += row[x - first]
    }
    start[i] = first
    count[i] = last - first
    for (let x = 0; x < last - first; x++) {
      weights[i * stride + x] = Math.trunc(0.5 + (row[x] / sum) * 2 ** precision)
    }
  }
  return { start, count, weights, stride }
}

/** Resizes to `width × height`. Alpha is filtered like a colour. */
export function resizeImage(image: Image, width: number, height: number): Image {
  for (const size of [width, height]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new ValueError(`resizeImage: expected a positive whole width and height, got ${width}×${height}.`)
    }
  }
  const { channels } = image
  let { data } = image
  if (width !== image.width) {
    data = resample(
      data,
      image.height,
      channels,
      image.width * channels,
      channels,
      width,
      triangleWeights(image.width, width),
    )
  }
  if (height !== image.height) {
    const rowBytes = width * channels
    data = resample(data, 1, rowBytes, 0, rowBytes, height, triangleWeights(image.height, height))
  }
  return { width, height, channels, data: data === image.data ? data.slice() : data }
}

/** Filters along one axis: `lines` lines of `to` positions, each of `inner` neighbouring bytes. */
function resample(
  data: Uint8Array,
  lines: number,
  inner: number,
  lineStride: number,
  step: number,
  to: number,
  { start, count, weights, stride }: Weights,
): Uint8Array {
  const out = new Uint8Array(lines * to * inner)
  let at = 0
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < to; i++) {
      const base = line * lineStride + start[i] * step
      for (let c = 0; c < inner; c++) {
        let sum = 1 << (precision - 1)
        for (let k = 0; k < count[i]; k++) sum += data[base + k * step + c] * weights[i * stride + k]
        out[at++] = Math.min(sum >> precision, 255)
      }
    }
  }
  return out
}
