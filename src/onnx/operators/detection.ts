/** Boxes and sampling at positions: NonMaxSuppression, RoiAlign, GridSample, AffineGrid, Col2Im. */
import { range, sizeOf } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import { affineGrid, type GridSampleOptions, gridSample } from '../../ops/grid-sample.js'
import { checkedIndex } from '../../ops/indexing.js'
import { divLiteral } from '../../ops/operand.js'
import type { Context, Rule, Rules } from '../context.js'
import { typeOfDType } from '../element-type.js'
import { checkElements, checkHostElements } from '../limits.js'
import { int64Tensor } from '../value.js'
import { numbersTensor } from './creation.js'
import { selectIndices } from './select-indices.js'

/** [y1, x1, y2, x2], corners in order. */
type Box = readonly [number, number, number, number]

const overlap = (p: Box, q: Box): number => {
  const height = Math.max(0, Math.min(p[2], q[2]) - Math.max(p[0], q[0]))
  const width = Math.max(0, Math.min(p[3], q[3]) - Math.max(p[1], q[1]))
  const shared = height * width
  const area = (r: Box): number => (r[2] - r[0]) * (r[3] - r[1])
  const union = area(p) + area(q) - shared
  return union <= 0 ? 0 : shared / union
}

/** Greedy choice of boxes by score (host): how many are chosen depends on the data. */
const nonMaxSuppression: Rule = (c) => {
  c.expectRank(0, 3)
  c.expectRank(1, 3)
  const [batches, classes, count] = c.shape(1)
  if (c.shape(0)[0] !== batches || c.shape(0)[1] !== count || c.shape(0)[2] !== 4) {
    c.fail(`expected boxes [${batches}, ${count}, 4], got [${c.shape(0).join(', ')}].`)
  }
  const [boxes, scores] = [c.numbers(0), c.numbers(1)]
  const most = c.has(2) ? c.number(2) : 0
  const threshold = c.has(3) ? c.number(3) : 0
  const least = c.has(4) ? c.number(4) : Number.NEGATIVE_INFINITY
  const centred = c.int('center_point_box', 0) !== 0
  const boxAt = (n: number, i: number): Box => {
    const [p, q, r, s] = boxes.slice((n * count + i) * 4, (n * count + i) * 4 + 4)
    if (centred) return [q - s / 2, p - r / 2, q + s / 2, p + r / 2]
    return [Math.min(p, r), Math.min(q, s), Math.max(p, r), Math.max(q, s)]
  }
  const chosen: number[] = []
  for (let n = 0; n < batches; n++) {
    const list = range(count).map((i) => boxAt(n, i))
    for (let k = 0; k < classes; k++) {
      const score = (i: number): number => scores[(n * classes + k) * count + i]
      const order = range(count)
        .filter((i) => score(i) > least)
        .sort((i, j) => score(j) - score(i) || i - j)
      const kept: number[] = []
      for (const i of order) {
        if (kept.length >= most) break
        if (kept.every((j) => overlap(list[i], list[j]) <= threshold)) kept.push(i)
      }
      for (const i of kept) chosen.push(n, k, i)
    }
  }
  return int64Tensor(chosen, [chosen.length / 3, 3])
}

/** Four neighbours of a point and their weights; nothing beyond one pixel outside. */
function neighbours(y: number, x: number, height: number, width: number): [at: number, weight: number][] {
  if (!(y >= -1 && y <= height && x >= -1 && x <= width)) return range(4).map(() => [0, 0])
  const [cy, cx] = [Math.max(y, 0), Math.max(x, 0)]
  const top = Math.min(Math.floor(cy), height - 1)
  const left = Math.min(Math.floor(cx), width - 1)
  const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)]
  const ly = top >= height - 1 ? 0 : cy - top
  const lx = left >= width - 1 ? 0 : cx - left
  return [
    [top * width + left, (1 - ly) * (1 - lx)],
    [top * width + right, (1 - ly) * lx],
    [bottom * width + left, ly * (1 - lx)],
    [bottom * width + right, ly * lx],
  ]
}

/** Bilinear samples in a grid over each box, averaged or their largest (He et al. 2017). Boxes are read on the host. */
const roiAlign: Rule = (c) => {
  c.expectRank(0, 4)
  const x = c.x(0)
  const [images, channels, height, width] = x.shape
  const [rois, batch] = [c.numbers(1), c.numbers(2)]
  const count = batch.length
  if (rois.length !== 4 * count) c.fail(`expected ${count} boxes, got ${rois.length / 4}.`)
  if (batch.some((n) => !(n >= 0 && n < images))) c.fail(`expected images from 0 to ${images - 1}.`)
  const [rows, columns] = [c.int('output_height', 1), c.int('output_width', 1)]
  const ratio = c.int('sampling_ratio', 0)
  const scale = c.float('spatial_scale', 1)
  const half = c.version >= 16 && c.string('coordinate_transformation_mode', 'half_pixel') === 'half_pixel'
  const offset = half ? 0.5 : 0
  const largest = c.string('mode', 'avg') === 'max'
  const type = typeOfDType[x.dtype]
  /** (images·H·W, C). */
  const pixels = b.reshape(b.permute(x, [0, 2, 3, 1]), [images * height * width, channels])
  let total = 0
  const pooled = range(count).map((r): Node => {
    const [x1, y1, x2, y2] = rois.slice(4 * r, 4 * r + 4).map((v) => v * scale - offset)
    const atLeast = (n: number): number => (half ? n : Math.max(n, 1))
    const [binHeight, binWidth] = [atLeast(y2 - y1) / rows, atLeast(x2 - x1) / columns]
    const gridRows = Math.max(1, ratio > 0 ? ratio : Math.ceil(binHeight))
    const gridColumns = Math.max(1, ratio > 0 ? ratio : Math.ceil(binWidth))
    total += rows * columns * gridRows * gridColumns * 4
    checkHostElements(total)
    checkElements([total, channels])
    const taps = range(rows).flatMap((i) =>
      range(columns).flatMap((j) =>
        range(gridRows).flatMap((k) =>
          range(gridColumns).flatMap((l) => {
            const y = y1 + i * binHeight + ((k + 0.5) * binHeight) / gridRows
            const z = x1 + j * binWidth + ((l + 0.5) * binWidth) / gridColumns
            return neighbours(y, z, height, width)
          }),
        ),
      ),
    )
    const first = batch[r] * height * width
    const values = selectIndices(
      pixels,
      0,
      taps.map(([at]) => first + at),
    )
    const weights = numbersTensor(
      type,
      taps.map(([, w]) => w),
      [taps.length, 1],
    ).node
    const samples = gridRows * gridColumns
    const weighted = b.reshape(b.mul(values, b.expand(weights, values.shape)), [
      rows * columns,
      samples * 4,
      channels,
    ])
    const bins = largest ? b.reduceMax(weighted, [1]) : divLiteral(b.reduceSum(weighted, [1]), samples)
    return b.permute(b.reshape(bins, [1, rows, columns, channels]), [0, 3, 1, 2])
  })
  if (pooled.length === 0) return c.like(b.full([0, channels, rows, columns], 0, x.dtype))
  return c.like(b.concat(pooled, 0))
}

const sampleModes: Readonly<Record<string, GridSampleOptions['mode']>> = {
  bilinear: 'bilinear',
  linear: 'bilinear',
  nearest: 'nearest',
  bicubic: 'bicubic',
  cubic: 'bicubic',
}

const gridSampleRule: Rule = (c) => {
  const name = c.string('mode', c.version >= 20 ? 'linear' : 'bilinear')
  const mode = Object.hasOwn(sampleModes, name) ? sampleModes[name] : c.fail(`'${name}' is not a known mode.`)
  const paddingMode = c.string('padding_mode', 'zeros') as GridSampleOptions['paddingMode']
  const grid = b.cast(c.x(1), c.x(0).dtype)
  return c.like(
    gridSample(c.x(0), grid, { mode, paddingMode, alignCorners: c.int('align_corners', 0) !== 0 }),
  )
}

/** Blocks of columns added up into images: the adjoint of taking windows. */
const col2im: Rule = (c) => {
  c.expectRank(0, 3)
  const x = c.x(0)
  const [image, block] = [c.numbers(1), c.numbers(2)]
  const rank = image.length
  const stride = c.ints('strides') ?? image.map(() => 1)
  const dilation = c.ints('dilations') ?? image.map(() => 1)
  const pads = c.ints('pads') ?? range(2 * rank).map(() => 0)
  const padded = image.map((n, i) => n + pads[i] + pads[i + rank])
  checkElements([...x.shape.slice(0, 2), ...padded])
  const counts = padded.map((n, i) => Math.floor((n - dilation[i] * (block[i] - 1) - 1) / stride[i]) + 1)
  const [n, rows, blocks] = x.shape
  const channels = rows / sizeOf(block)
  if (!Number.isInteger(channels) || sizeOf(counts) !== blocks) {
    c.fail(
      `expected ${sizeOf(counts)} blocks of a multiple of ${sizeOf(block)} rows, got [${x.shape.join(', ')}].`,
    )
  }
  const split = b.reshape(x, [n, channels, ...block, ...counts])
  const axes = [0, 1, ...range(rank).map((i) => 2 + rank + i), ...range(rank).map((i) => 2 + i)]
  const folded = b.fold(b.permute(split, axes), { size: block, stride, dilation, spatial: padded })
  const low = [0, 0, ...range(rank).map((i) => pads[i])]
  const high = [n, channels, ...image.map((m, i) => m + pads[i])]
  return c.like(b.slice(folded, low, high))
}

/** Rows of a cache (batch, …, sequence, …) replaced from a position of each example on. */
const tensorScatter: Rule = (c) => {
  const [cache, update] = [c.x(0), c.x(1)]
  const axis = c.axis(c.int('axis', -2), cache.shape.length)
  const shape = update.shape
  const length = cache.shape[axis]
  const start = c.maybe(2)
  const step = b.iota(shape, axis, 'i64')
  const from =
    start === null
      ? b.full(shape, 0, 'i64')
      : b.expand(
          b.reshape(
            b.cast(start, 'i64'),
            shape.map((n, i) => (i === 0 ? n : 1)),
          ),
          shape,
        )
  const places = b.add(step, from)
  const circular = c.string('mode', 'linear') === 'circular'
  const index = circular ? b.mod(places, b.literal(places, length)) : checkedIndex(places, length)
  return c.like(b.scatter(cache, index, update, axis, 'set'))
}

const affine = (c: Context): Node =>
  affineGrid(c.x(0), c.numbers(1), { alignCorners: c.int('align_corners', 0) !== 0 })

export const detection: Rules = {
  NonMaxSuppression: nonMaxSuppression,
  RoiAlign: roiAlign,
  GridSample: gridSampleRule,
  AffineGrid: (c) => c.like(affine(c)),
  Col2Im: col2im,
  TensorScatter: tensorScatter,
}
