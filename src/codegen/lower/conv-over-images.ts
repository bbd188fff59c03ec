/**
 * A convolution of small images with images in lanes (see schedule/image-lanes.ts):
 *
 *   for each vector of images, each part of the output channels, each part of the rows        (shared by threads)
 *     turn the images to lanes
 *     for each tile of output channels
 *       for each row of places, each run of them: the sums stay in registers
 *         for each channel, each tap: one splat of the weight for a run of places
 *       turn the tile back; the outputs' element-wise rest on vectors of places
 *
 * Sums run over channels and taps in their order, without the taps that meet padding; tiles and threads change no bit.
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
import { type Kernel, type Register, register } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import { Inliner } from './inline.js'
import { KernelBuilder, times, whereInside } from './kernel-builder.js'
import { oneLane } from './lanes.js'
import { TileOutputs } from './tile-outputs.js'
import { transposeRows } from './transpose.js'
import { atImages, elementsOf, type ImageVectors, runsOf, turnToLanes } from './turn-images.js'

interface Tile {
  /** Output channels. */
  readonly rows: number
  /** Places of a row, at most. */
  readonly places: number
}

/** The tile with the fewest reads for its multiply-adds, within the registers of the contraction's tile. */
function tileOf(outChannels: number, width: number, target: Target): Tile {
  const registers = (target.tile.rows + 1) * target.tile.vectors
  let best: Tile = { rows: 1, places: 1 }
  let least = Number.POSITIVE_INFINITY
  for (let most = 1; most <= Math.min(outChannels, 8); most++) {
    const rows = tileRows(outChannels, most)
    const places = Math.floor(registers / (rows + 1))
    if (places < 1) continue
    const runs = Math.ceil(width / places)
    const tiles = Math.ceil(outChannels / rows)
    const cost = tiles * (width * rows + 0.5 * (runs * rows + width))
    if (cost < least) {
      least = cost
      best = { rows, places }
    }
  }
  return best
}

export function lowerConvOverImages(spec: ImageLanesSpec, target: Target): Kernel {
  const k = new KernelBuilder()
  const { e } = k
  const { node } = spec
  const [x, w] = node.inputs
  const [images, channels, height, width] = x.shape
  const [, outChannels, outHeight, outWidth] = node.shape
  const [tapRows, tapColumns] = w.shape.slice(2)
  const { stride, dilation, padding } = node.attrs
  const [[top], [left]] = padding
  const lanes = lanesOf(target)
  const places = outHeight * outWidth

  const numbers = new Map<Node, number>()
  for (const n of spec.inputs) numbers.set(n, k.buffer('in', n.dtype, sizeOf(n.shape), 'read'))
  const outputs = spec.outputs.map((n) => k.buffer('out', n.dtype, sizeOf(n.shape), 'write'))
  const scratch = (name: string, size: number): number => k.buffer(name, 'f32', size, 'readwrite', 'scratch')
  const own = new TileOutputs(k, target, node, spec.outputs, outputs)
  const inliner = new Inliner(k, target, (n) => numbers.get(n) ?? null, new Map([[node as Node, own.plug]]))

  const tile = tileOf(outChannels, outWidth, target)
  const vectors: ImageVectors = {
    buffer: scratch('images', channels * height * width * lanes),
    channels,
    height,
    width,
    top: 0,
    left: 0,
  }
  const blocks = Math.ceil(images / lanes)
  const tiles = Math.ceil(outChannels / tile.rows)
  const parts = partsOf(blocks, tiles, outHeight, target)
  /** Places of a part in one channel. */
  const partPlaces = parts.rows * outWidth
  const results = scratch('results', tile.rows * partPlaces * lanes)

  /**
   * One run of places in row `y`, the part's row `partRow`, for output channels `first` …; `column` is the run's first place.
   */
  const run = (
    first: Index,
    rows: number,
    [y, partRow]: readonly [Index, Index],
    column: Index,
    length: number,
  ): void => {
    const sums: Register[][] = Array.from({ length: rows }, (_, r) =>
      Array.from({ length }, (__, p) => {
        const sum = register(`s${r}${p}`, 'f32', lanes)
        k.set(sum, e.const(0, 'f32', lanes))
        return sum
      }),
    )
    const step = (c: Index, ky: Index, kx: number, inside: Index): void => {
      const met: number[] = []
      for (let p = 0; p < length; p++) {
        const at = (column.offset + p) * stride[1] + kx * dilation[1] - left
        if (column.terms.length > 0 || (at >= 0 && at < width)) met.push(p)
      }
      if (met.length === 0) return
      const values = met.map((p) => {
        const at = shiftIndex(scaleIndex(shiftIndex(column, p), stride[1]), kx * dilation[1] - left)
        const from = linearize([c, inside, at], [elementsOf(vectors) * lanes, width * lanes, lanes])
        return e.load(vectors.buffer, 'f32', from, lanes)
      })
      for (let r = 0; r < rows; r++) {
        const weight = inliner.value(w, [shiftIndex(first, r), c, ky, constantIndex(kx)], oneLane)
        const a = e.splat(weight, lanes)
        met.forEach((p, i) => {
          k.set(sums[r][p], e.mulAdd(a, values[i], e.register(sums[r][p])))
        })
      }
    }
    times(k, 'c', channels, (c) => {
      times(k, 'ky', tapRows, (ky) => {
        const row = shiftIndex(addIndex(scaleIndex(y, stride[0]), scaleIndex(ky, dilation[0])), -top)
        whereInside(k, row, 0, height - 1, (inside, exists) => {
          if (!exists) return
          for (let kx = 0; kx < tapColumns; kx++) step(c, ky, kx, inside)
        })
      })
    })
    for (let r = 0; r < rows; r++) {
      for (let p = 0; p < length; p++) {
        const to = linearize([partRow, shiftIndex(column, p)], [outWidth * lanes, lanes])
        k.store(results, shiftIndex(to, r * partPlaces * lanes), e.register(sums[r][p]))
      }
    }
  }

  const runs = runsOf(outWidth, tile.places)
  /** Where every place meets all taps of a row, runs of one length share their code. */
  const alike =
    left === 0 && (outWidth - 1) * stride[1] + (tapColumns - 1) * dilation[1] < width && runs.length > 1
  const row = (first: Index, rows: number, y: readonly [Index, Index]): void => {
    if (!alike) {
      for (const [from, length] of runs) run(first, rows, y, constantIndex(from), length)
      return
    }
    for (const length of new Set(runs.map(([, n]) => n))) {
      const same = runs.filter(([, n]) => n === length)
      const [[start]] = same
      times(k, 'run', same.length, (i) =>
        run(first, rows, y, shiftIndex(scaleIndex(i, length), start), length),
      )
    }
  }

  /** Output channel `channel` of the images, whose results are those of row `r` of the tile. */
  const turnBack = (image: Index, existing: number, channel: Index, start: Index, r: Index): void => {
    const square = (from: Index, active: number): void => {
      const read = Array.from({ length: lanes }, (_, j) =>
        j < active
          ? e.load(
              results,
              'f32',
              shiftIndex(linearize([r, from], [partPlaces * lanes, lanes]), j * lanes),
              lanes,
            )
          : e.const(0, 'f32', lanes),
      )
      const turned = transposeRows(k, read).slice(0, existing)
      turned.forEach((values, u) => {
        const at = [shiftIndex(image, u), channel, addIndex(start, from)]
        const position = linearize(at, [outChannels * places, places, 1])
        own.write(inliner, position, e.register(values), active)
      })
    }
    const whole = Math.floor(partPlaces / lanes)
    times(k, 'v', whole, (v) => square(scaleIndex(v, lanes), lanes))
    if (whole * lanes < partPlaces) square(constantIndex(whole * lanes), partPlaces - whole * lanes)
  }

  /** One tile of output channels in the part whose rows begin with `y`. */
  const tileAt = (block: Index, y: Index, first: Index, rows: number): void => {
    times(k, 'y', parts.rows, (i) => row(first, rows, [addIndex(y, i), i]))
    atImages(k, target, images, block, (image, existing) => {
      times(k, 'r', rows, (r) => turnBack(image, existing, addIndex(first, r), scaleIndex(y, outWidth), r))
    })
  }

  const whole = Math.floor(outChannels / tile.rows)
  const counts = [blocks, Math.ceil(tiles / parts.tiles), outHeight / parts.rows]
  const p = loopVar('block', 0, sizeOf(counts) - 1)
  k.loop(
    p,
    1,
    () => {
      const [block, part, rowPart] = delinearize(atomIndex(p), counts)
      const y = scaleIndex(rowPart, parts.rows)
      turnToLanes(inliner, target, x, 0, block, constantIndex(0), vectors)
      times(k, 'tile', parts.tiles, (i) => {
        whereInside(k, addIndex(scaleIndex(part, parts.tiles), i), 0, whole - 1, (at, complete) => {
          if (complete) {
            tileAt(block, y, scaleIndex(at, tile.rows), tile.rows)
            return
          }
          if (whole === tiles) return
          whereInside(k, at, whole, whole, (_, exists) => {
            if (exists) tileAt(block, y, constantIndex(whole * tile.rows), outChannels - whole * tile.rows)
          })
        })
      })
    },
    sizeOf(counts) > 1 && 2 * sizeOf(node.shape) * sizeOf(w.shape.slice(1)) >= target.serialWork
      ? 'parallel'
      : 'for',
  )
  return k.build(`conv_${node.shape.join('x')}x${channels}`)
}

interface Parts {
  /** Tiles of output channels of a part, and rows of places. */
  readonly tiles: number
  readonly rows: number
}

/** Parts of the output channels and of the rows, where vectors of images are too few for the threads. */
function partsOf(blocks: number, tiles: number, height: number, target: Target): Parts {
  let best: Parts = { tiles, rows: height }
  let least = Number.POSITIVE_INFINITY
  for (let rows = height; rows >= 1; rows--) {
    if (height % rows !== 0) continue
    for (let share = tiles; share >= 1; share--) {
      const count = blocks * Math.ceil(tiles / share) * (height / rows)
      // A part turns all its images: about a tenth of the work.
      const cost = Math.ceil(count / target.threads) * ((share / tiles) * (rows / height) + 0.1)
      if (cost < least - 1e-9) {
        least = cost
        best = { tiles: share, rows }
      }
    }
  }
  return best
}
