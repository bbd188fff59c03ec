/**
 * Turns a picture of any size into one like those of MNIST (prepareDigit) or Fashion-MNIST (preparePicture): grey, light
 * on black, 28 × 28.
 */
import { DataError } from '../core/errors.js'
import { type Image, toGray } from '../io/image.js'
import { resizeImage } from '../io/resize-image.js'

/** 28 × 28 grey bytes of a picture. */
export type Preparation = (image: Image) => Uint8Array

const side = 28
/** MNIST's digits fit into this square. */
const box = 20
/** Below this share of the contrast a pixel counts as background (paper, noise of JPEG). */
const inkShare = 0.2
/** A picture whose brightest and darkest pixels differ by less shows nothing. */
const leastContrast = 24

/** Over white, as a viewer shows it: strokes on a transparent ground would else be black on black. */
function flatten(image: Image): Image {
  const { width, height, channels, data } = image
  if (channels !== 2 && channels !== 4) return image
  const colours = channels - 1
  const out = new Uint8Array(width * height * colours)
  for (let i = 0; i < width * height; i++) {
    const alpha = data[i * channels + colours] / 255
    for (let c = 0; c < colours; c++) {
      out[i * colours + c] = Math.round(alpha * data[i * channels + c] + (1 - alpha) * 255)
    }
  }
  return { width, height, channels: colours, data: out }
}

/** The median of the pixels along the four edges: the background, also where strokes touch the edge. */
function borderLevel({ width, height, data }: Image): number {
  const edge: number[] = []
  for (let x = 0; x < width; x++) edge.push(data[x], data[(height - 1) * width + x])
  for (let y = 0; y < height; y++) edge.push(data[y * width], data[y * width + width - 1])
  edge.sort((a, b) => a - b)
  return edge[edge.length >> 1]
}

/** Grey, with a dark background: a picture whose border is bright (median of 128 or more) is inverted. */
function lightOnDark(image: Image): Image {
  const gray = toGray(flatten(image))
  return borderLevel(gray) < 128 ? gray : { ...gray, data: gray.data.map((v) => 255 - v) }
}

/** Background to 0 and the brightest pixel to 255. */
function stretch(image: Image): Image {
  const ground = borderLevel(image)
  const brightest = image.data.reduce((a, b) => Math.max(a, b), 0)
  const range = brightest - ground
  if (range < leastContrast) {
    throw new DataError(
      `Expected a picture with something on it, got one of ${image.width}×${image.height} pixels whose brightness differs ` +
        `from that of its border by ${range} of 255 at most. Take one with more contrast.`,
    )
  }
  return { ...image, data: image.data.map((v) => Math.max(0, Math.round(((v - ground) * 255) / range))) }
}

function crop({ width, data }: Image, left: number, top: number, right: number, bottom: number): Image {
  const out = new Uint8Array((right - left) * (bottom - top))
  for (let y = top; y < bottom; y++) {
    out.set(data.subarray(y * width + left, y * width + right), (y - top) * (right - left))
  }
  return { width: right - left, height: bottom - top, channels: 1, data: out }
}

/** The smallest rectangle around the ink. */
function inkBox(image: Image): Image {
  const { width, height, data } = image
  let [left, top, right, bottom] = [width, height, 0, 0]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] < 255 * inkShare) continue
      left = Math.min(left, x)
      right = Math.max(right, x + 1)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y + 1)
    }
  }
  return crop(image, left, top, right, bottom)
}

/** Scaled with its proportions so that the longer side is `size`. */
function fitInto(image: Image, size: number): Image {
  const scale = size / Math.max(image.width, image.height)
  const length = (n: number): number => Math.max(1, Math.round(n * scale))
  return resizeImage(image, length(image.width), length(image.height))
}

/** Onto a black square of 28 pixels with the upper left corner at (left, top), which is moved inside. */
function place({ width, height, data }: Image, left: number, top: number): Uint8Array {
  const out = new Uint8Array(side * side)
  const x = Math.min(Math.max(left, 0), side - width)
  const y = Math.min(Math.max(top, 0), side - height)
  for (let row = 0; row < height; row++) {
    out.set(data.subarray(row * width, (row + 1) * width), (y + row) * side + x)
  }
  return out
}

/** The centre of the brightness, in pixels from the upper left corner. */
function centreOfMass({ width, height, data }: Image): [number, number] {
  let [sum, sumX, sumY] = [0, 0, 0]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const v = data[y * width + x]
      sum += v
      sumX += v * (x + 0.5)
      sumY += v * (y + 0.5)
    }
  }
  return [sumX / sum, sumY / sum]
}

/**
 * A digit as MNIST's makers prepared theirs: the ink's rectangle scaled into 20 × 20 with its proportions kept, its centre
 * of mass at the centre of 28 × 28. Dark ink on a bright ground is inverted (a bright border tells), the background
 * becomes 0 and the strongest ink 255. A 28 × 28 picture with a black border is taken as it is.
 */
export const prepareDigit: Preparation = (image) => {
  const dark = lightOnDark(image)
  const stretched = stretch(dark)
  if (image.width === side && image.height === side && borderLevel(dark) === 0) return dark.data
  const digit = fitInto(inkBox(stretched), box)
  const [x, y] = centreOfMass(digit)
  return place(digit, Math.round(side / 2 - x), Math.round(side / 2 - y))
}

/** The whole picture scaled into 28 × 28 and centred; inverted where its border is bright. */
export const preparePicture: Preparation = (image) => {
  const dark = lightOnDark(image)
  if (image.width === side && image.height === side) return dark.data
  const picture = fitInto(stretch(dark), side)
  return place(picture, (side - picture.width) >> 1, (side - picture.height) >> 1)
}
