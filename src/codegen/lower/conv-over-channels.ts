/**
 * A convolution whose channels are images (the gradient of a small convolution's taps), with them in lanes (see
 * schedule/image-lanes.ts):
 *
 *   for each part of the batch × part of the output channels        (shared by threads)
 *     for each vector of images
 *       turn both sides to lanes
 *       for each of the batch, each tile of output channels, each row of taps: the sums stay in registers
 *         for each place: a multiply-add of two vectors for each output channel and tap
 *     add up lanes; the outputs' element-wise rest on vectors of results
 *
 * Every sum runs over the places of a vector of images, then over these, and lanes are added at the end: parts and
 * threads change no bit.
 */
import { sizeOf } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import type { ImageLanesSpec } from '../../schedule/kernel-spec.js'
import { tileRows } from '../../schedule/pack.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  type Index,
  linearize,
  loopVar,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import { type Expr, type Kernel, type Register, register } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import { Inliner } from './inline.js'
import { KernelBuilder, times } from './kernel-builder.js'
import { TileOutputs } from './tile-outputs.js'
import { transposeRows } from './transpose.js'
import { clearBorders, elementsOf, type ImageVectors, turnToLanes } from './turn-images.js'

/** Places of a row that are written out. */
const mostUnrolled = 4

export function lowerConvOverChannels(spec: ImageLanesSpec, target: Target): Kernel {
  const k = new KernelBuilder()
  const { e } = k
  const { node } = spec
  const [x, w] = node.inputs
  const [batch, images, height, width] = x.shape
  const [outChannels, , placeRows, placeColumns] = w.shape
  const taps = node.shape.slice(2)
  const { stride, dilation, padding } = node.attrs
  const [[top, bottom], [left, right]] = padding
  const lanes = lanesOf(target)
  const { partBatch, partOut } = partsOf(node, target)

  const numbers = new Map<Node, number>()
  for (const n of spec.inputs) numbers.set(n, k.buffer('in', n.dtype, sizeOf(n.shape), 'read'))
  const outputs = spec.outputs.map((n) => k.buffer('out', n.dtype, sizeOf(n.shape), 'write'))
  const own = new TileOutputs(k, target, node, spec.outputs, outputs)
  const inliner = new Inliner(k, target, (n) => numbers.get(n) ?? null, new Map([[node as Node, own.plug]]))

  const side = (name: string, sizes: Omit<ImageVectors, 'buffer'>): ImageVectors => {
    const size = sizes.channels * elementsOf(sizes) * lanes
    return { ...sizes, buffer: k.buffer(name, 'f32', size, 'readwrite', 'scratch') }
  }
  const image = side('images', {
    channels: partBatch,
    height: height + top + bottom,
    width: width + left + right,
    top,
    left,
  })
  const gradient = side('gradients', {
    channels: partOut,
    height: placeRows,
    width: placeColumns,
    top: 0,
    left: 0,
  })
  const results = partOut * sizeOf(taps)
  const sums = k.buffer('sums', 'f32', partBatch * results * lanes, 'readwrite', 'scratch')

  const registers = target.tile.rows * target.tile.vectors
  const tile = tileRows(partOut, Math.max(1, Math.floor(registers / taps[1])))

  /** All places of a vector of images, for `rows` output channels from `first` and one row of taps. */
  const accumulate = (n: Index, first: Index, rows: number, tap: Index): void => {
    const at = (r: number, t: number): Index =>
      linearize(
        [n, shiftIndex(first, r), tap, constantIndex(t)],
        [results * lanes, sizeOf(taps) * lanes, taps[1] * lanes, lanes],
      )
    const acc: Register[][] = Array.from({ length: rows }, (_, r) =>
      Array.from({ length: taps[1] }, (__, t) => {
        const sum = register(`s${r}${t}`, 'f32', lanes)
        k.set(sum, e.load(sums, 'f32', at(r, t), lanes))
        return sum
      }),
    )
    const step = (y: Index, place: Index): void => {
      const row = addIndex(scaleIndex(y, dilation[0]), scaleIndex(tap, stride[0]))
      const values = Array.from({ length: taps[1] }, (_, t) => {
        const column = shiftIndex(scaleIndex(place, dilation[1]), t * stride[1])
        return e.load(
          image.buffer,
          'f32',
          linearize([n, row, column], [elementsOf(image) * lanes, image.width * lanes, lanes]),
          lanes,
        )
      })
      for (let r = 0; r < rows; r++) {
        const from = linearize(
          [shiftIndex(first, r), y, place],
          [elementsOf(gradient) * lanes, placeColumns * lanes, lanes],
        )
        const a = e.load(gradient.buffer, 'f32', from, lanes)
        for (let t = 0; t < taps[1]; t++) k.set(acc[r][t], e.mulAdd(a, values[t], e.register(acc[r][t])))
      }
    }
    times(k, 'y', placeRows, (y) => {
      const whole = Math.floor(placeColumns / mostUnrolled)
      times(k, 'x', whole, (v) => {
        for (let u = 0; u < mostUnrolled; u++) step(y, shiftIndex(scaleIndex(v, mostUnrolled), u))
      })
      for (let u = whole * mostUnrolled; u < placeColumns; u++) step(y, constantIndex(u))
    })
    for (let r = 0; r < rows; r++) {
      for (let t = 0; t < taps[1]; t++) k.store(sums, at(r, t), e.register(acc[r][t]))
    }
  }

  /** The results of one of the batch, whose first output channel is `firstOut`. */
  const finish = (n: Index, of: Index, firstOut: Index): void => {
    const some = (from: Index, active: number): void => {
      const rows: Expr[] = Array.from({ length: lanes }, (_, j) =>
        j < active
          ? e.load(sums, 'f32', shiftIndex(linearize([n, from], [results * lanes, lanes]), j * lanes), lanes)
          : e.const(0, 'f32', lanes),
      )
      let parts: Expr[] = transposeRows(k, rows).map((r) => e.register(r))
      // Halves, then quarters, …: as the lanes of one vector are combined elsewhere.
      while (parts.length > 1) {
        const half = parts.length / 2
        const before = parts
        parts = before.slice(0, half).map((p, i) => {
          return e.register(k.define('sum', e.binary('add', p, before[i + half])))
        })
      }
      const position = linearize([of, firstOut, from], [outChannels * sizeOf(taps), sizeOf(taps), 1])
      own.write(inliner, position, parts[0], active)
    }
    const whole = Math.floor(results / lanes)
    times(k, 'v', whole, (v) => some(scaleIndex(v, lanes), lanes))
    if (whole * lanes < results) some(constantIndex(whole * lanes), results - whole * lanes)
  }

  const [batchParts, outParts] = [batch / partBatch, outChannels / partOut]
  const p = loopVar('part', 0, batchParts * outParts - 1)
  k.loop(
    p,
    1,
    () => {
      const [batchPart, outPart] = delinearize(atomIndex(p), [batchParts, outParts])
      const [first, firstOut] = [scaleIndex(batchPart, partBatch), scaleIndex(outPart, partOut)]
      clearBorders(k, target, image, x)
      times(k, 'clear', partBatch * results, (i) => {
        k.store(sums, scaleIndex(i, lanes), e.const(0, 'f32', lanes))
      })
      times(k, 'block', Math.ceil(images / lanes), (block) => {
        turnToLanes(inliner, target, x, 1, block, first, image)
        turnToLanes(inliner, target, w, 1, block, firstOut, gradient)
        times(k, 'n', partBatch, (at) => {
          const full = Math.floor(partOut / tile)
          times(k, 'tile', full, (t) => {
            times(k, 'tap', taps[0], (tap) => accumulate(at, scaleIndex(t, tile), tile, tap))
          })
          if (full * tile < partOut) {
            const rest = constantIndex(full * tile)
            times(k, 'tap', taps[0], (tap) => accumulate(at, rest, partOut - full * tile, tap))
          }
        })
      })
      times(k, 'n', partBatch, (at) => finish(at, addIndex(first, at), firstOut))
    },
    batchParts * outParts > 1 ? 'parallel' : 'for',
  )
  return k.build(`conv_gradient_${node.shape.join('x')}x${images}`)
}

/** Equal parts for the threads; each turns its images and gradients anew. */
function partsOf(node: Node<'conv'>, target: Target): { partBatch: number; partOut: number } {
  const [x, w] = node.inputs
  const [batch, , ...size] = x.shape
  const [outChannels, , ...places] = w.shape
  const taps = sizeOf(node.shape.slice(2))
  const divisors = (n: number): number[] =>
    Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0)
  let best = { partBatch: batch, partOut: outChannels }
  let least = Number.POSITIVE_INFINITY
  for (const partBatch of divisors(batch)) {
    for (const partOut of divisors(outChannels)) {
      const parts = (batch / partBatch) * (outChannels / partOut)
      const rounds = Math.ceil(parts / target.threads)
      // Below four output channels a tile reads more than it multiplies.
      const products = partBatch * Math.max(partOut, partOut < 4 ? partOut + 0.5 : 0) * sizeOf(places) * taps
      const cost = rounds * (products + 8 * (partBatch * sizeOf(size) + partOut * sizeOf(places)))
      if (cost < least) {
        least = cost
        best = { partBatch, partOut }
      }
    }
  }
  return best
}
