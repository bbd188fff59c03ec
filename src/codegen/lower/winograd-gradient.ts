/**
 * The gradient of a 3 × 3 convolution with respect to its taps, by tiles (see schedule/winograd-gradient.ts). Input
 * channels stand in lanes:
 *
 *   for each part of the output channels × part of the input channels   (shared by threads)
 *     for each block of strips (rows of tiles)
 *       for each strip: Bᵀ d B of its tiles, and A dy Aᵀ, channels last
 *       36 products of matrices, added up: (output channels, tiles) · (tiles, channels)
 *     for each output channel, each vector of channels: Gᵀ m G, and the outputs' element-wise rest
 *
 * Every sum runs over the tiles in their order, so parts, blocks and threads change no bit.
 */

import { InternalError } from '../../core/errors.js'
import { sizeOf } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import type { WinogradGradientSpec } from '../../schedule/kernel-spec.js'
import { tileRows } from '../../schedule/pack.js'
import { tileInputs, tileOutputs, tileProducts, tileTaps } from '../../schedule/winograd.js'
import { tapsGradient } from '../../schedule/winograd-gradient.js'
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
import { needsStatements } from './prefetch.js'
import { TileOutputs } from './tile-outputs.js'
import { transposeRows } from './transpose.js'
import { askForStrips, askToRead, copyStrip, makeStrip, pointPitch, type Share } from './winograd-strip.js'
import {
  gradientTransform,
  inputTransform,
  tapGradientTransform,
  transformSquare,
} from './winograd-transform.js'

/** Tiles of a block, and vectors of channels of a part, at most. */
const mostTiles = 40
const mostVectors = 8

interface Parts {
  /** Vectors of a part, and how many parts there are. */
  readonly vectors: number
  readonly count: number
}

/** Parts of equal size; the last may reach beyond the end. */
const partsOf = (all: number, vectors: number): Parts => ({ vectors, count: Math.ceil(all / vectors) })

/**
 * Parts for the threads. In units of a vector's multiply-adds with one channel at 36 points: what is copied and
 * transformed of a tile is done again for each part, and sums that leave the L2 cache cost about a fifth.
 */
function partsFor(
  outVectors: number,
  vectors: number,
  { width, columns }: { readonly width: number; readonly columns: number },
  target: Target,
): [Parts, Parts] {
  const lanes = lanesOf(target)
  const transformed = 7.5 + (14 * Math.ceil(width / lanes)) / columns
  let best: [Parts, Parts] = [partsOf(outVectors, 1), partsOf(vectors, 1)]
  let least = Number.POSITIVE_INFINITY
  for (let o = 1; o <= Math.min(outVectors, mostVectors); o++) {
    for (let c = 1; c <= Math.min(vectors, mostVectors); c++) {
      const [out, part] = [partsOf(outVectors, o), partsOf(vectors, c)]
      const rounds = Math.ceil((out.count * part.count) / target.threads)
      const far = tileProducts * o * c * lanes ** 2 * 4 > target.l2
      const products = o * c * lanes * (c === 1 ? 1.3 : 1) * (far ? 1.2 : 1)
      const cost = rounds * (products + (o + c) * transformed)
      if (cost < least) {
        least = cost
        best = [out, part]
      }
    }
  }
  return best
}

export function lowerWinogradGradient(spec: WinogradGradientSpec, target: Target): Kernel {
  const k = new KernelBuilder()
  const { e } = k
  const { node } = spec
  const gradient = tapsGradient(node)
  if (gradient === null) throw new InternalError('Lowering: this contraction is no gradient of taps.')
  const { x, dy, padding } = gradient
  const [images, channels] = x.shape
  const [, outChannels, height, width] = dy.shape
  const [[top], [left]] = padding
  const lanes = lanesOf(target)
  const rowsOfTiles = Math.ceil(height / tileOutputs)
  const columns = Math.ceil(width / tileOutputs)
  const allStrips = images * rowsOfTiles
  const [outPart, part] = partsFor(
    Math.ceil(outChannels / lanes),
    Math.ceil(channels / lanes),
    { width, columns },
    target,
  )
  let strips = 1
  for (let r = 2; r * columns <= mostTiles; r++) if (allStrips % r === 0) strips = r
  const tiles = strips * columns

  const numbers = new Map<Node, number>()
  for (const n of spec.inputs) numbers.set(n, k.buffer('in', n.dtype, sizeOf(n.shape), 'read'))
  const outputs = spec.outputs.map((n) => k.buffer('out', n.dtype, sizeOf(n.shape), 'write'))
  const scratch = (name: string, size: number): number => k.buffer(name, 'f32', size, 'readwrite', 'scratch')
  const own = new TileOutputs(k, target, node, spec.outputs, outputs)
  const inliner = new Inliner(k, target, (n) => numbers.get(n) ?? null, new Map([[node as Node, own.plug]]))

  /** One side: its strip in scratch, and its points (36, tiles, pitch). */
  const side = (name: string, vectors: number, rows: number, left: number) => {
    const pitch = (vectors + 1) * lanes
    const width = columns * tileOutputs + rows - tileOutputs
    const strip = makeStrip(k, target, name, { all: vectors, rows, width, left })
    const pointsPitch = pointPitch(tiles * pitch)
    return {
      strip,
      vectors,
      pitch,
      points: scratch(`${name} points`, tileProducts * pointsPitch),
      pointsPitch,
    }
  }
  const inputs = side('image', part.vectors, tileInputs, left)
  const gradients = side('gradient', outPart.vectors, tileOutputs, 0)
  const [partChannels, partOut] = [part.vectors * lanes, outPart.vectors * lanes]
  const sumsPitch = pointPitch(partOut * partChannels)
  const sums = scratch('sums', tileProducts * sumsPitch)
  // The next block's rows, unless they would push out of the cache what is used now.
  const asksAhead =
    target.prefetches === true &&
    tileProducts * sumsPitch * 4 <= target.l2 &&
    !needsStatements([x, dy], (n) => numbers.has(n))
  const taps = tileTaps ** 2
  const turned = scratch('taps', partChannels * taps + lanes)

  /** The points of a strip of `of` from row `y` on, for all vectors of channels from `first` on. */
  const readStrip = (
    of: Node,
    { strip, vectors, pitch, points, pointsPitch }: typeof inputs,
    by: typeof inputTransform,
    n: Index,
    y: Index,
    first: Index,
    stripAt: Index,
  ): void => {
    times(k, 'some', vectors / strip.vectors, (some) => {
      const start = scaleIndex(some, strip.vectors)
      copyStrip(k, target, inliner, of, strip, n, y, addIndex(first, start))
      times(k, 'tile', columns, (tile) => {
        times(k, 'c', strip.vectors, (c) => {
          const from = linearize([tile, c], [tileOutputs * strip.pitch, lanes])
          const to = linearize([stripAt, tile, addIndex(start, c)], [columns * pitch, pitch, lanes])
          const read = (i: number, j: number) =>
            e.load(strip.buffer, 'f32', shiftIndex(from, (i * strip.width + j) * strip.pitch), lanes)
          transformSquare(k, by, read, strip.rows).forEach((row, i) => {
            row.forEach((value, j) => {
              k.store(points, shiftIndex(to, (i * tileInputs + j) * pointsPitch), value)
            })
          })
        })
      })
    })
  }

  /** One block has all tiles: its products are the sums. */
  const once = allStrips === strips

  /** sums += (output channels, tiles) · (tiles, channels), at each point. */
  const multiply = (meanwhile: (share: Share) => void): void => {
    const { unroll } = target.tile
    const tile = tileRows(partOut, target.tile.rows)
    const full = Math.floor(partOut / tile)
    times(k, 'point', tileProducts, (point) => {
      const some = (row: Index, rows: number, vector: Index, vectors: number): void => {
        const at = (r: number, v: number): Index =>
          linearize([point, shiftIndex(row, r), shiftIndex(vector, v)], [sumsPitch, partChannels, lanes])
        const acc: Register[][] = Array.from({ length: rows }, (_, r) =>
          Array.from({ length: vectors }, (__, v) => {
            const sum = register(`s${r}${v}`, 'f32', lanes)
            k.set(sum, once ? e.const(0, 'f32', lanes) : e.load(sums, 'f32', at(r, v), lanes))
            return sum
          }),
        )
        const step = (t: Index): void => {
          const { pitch } = inputs
          const base = linearize([point, t, vector], [inputs.pointsPitch, pitch, lanes])
          const right = Array.from({ length: vectors }, (_, v) =>
            e.load(inputs.points, 'f32', shiftIndex(base, v * lanes), lanes),
          )
          const outPitch = gradients.pitch
          const from = linearize([point, t, row], [gradients.pointsPitch, outPitch, 1])
          for (let r = 0; r < rows; r++) {
            const a = e.splat(e.load(gradients.points, 'f32', shiftIndex(from, r)), lanes)
            for (let v = 0; v < vectors; v++) k.set(acc[r][v], e.mulAdd(a, right[v], e.register(acc[r][v])))
          }
        }
        const whole = Math.floor(tiles / unroll)
        if (whole > 0) {
          const t = loopVar('t', 0, (whole - 1) * unroll)
          k.loop(t, unroll, () => {
            for (let u = 0; u < unroll; u++) step(shiftIndex(atomIndex(t), u))
          })
        }
        for (let u = whole * unroll; u < tiles; u++) step(constantIndex(u))
        for (let r = 0; r < rows; r++) {
          for (let v = 0; v < vectors; v++) k.store(sums, at(r, v), e.register(acc[r][v]))
        }
      }
      const over = (row: Index, rows: number): void => {
        const most = Math.min(part.vectors, target.tile.vectors)
        const whole = Math.floor(part.vectors / most)
        times(k, 'panel', whole, (p) => some(row, rows, scaleIndex(p, most), most))
        if (whole * most < part.vectors)
          some(row, rows, constantIndex(whole * most), part.vectors - whole * most)
      }
      times(k, 'rows', full, (r) => {
        meanwhile({ round: linearize([point, r], [full, 1]), rounds: tileProducts * full })
        over(scaleIndex(r, tile), tile)
      })
      if (full * tile < partOut) over(constantIndex(full * tile), partOut - full * tile)
    })
  }

  /** Gᵀ m G of one output channel and one vector of channels, turned from (taps, channels) to (channels, taps). */
  const turn = (row: Index, vector: Index): void => {
    const from = linearize([row, vector], [partChannels, lanes])
    const values = transformSquare(k, tapGradientTransform, (i, j) =>
      e.load(sums, 'f32', shiftIndex(from, (i * tileInputs + j) * sumsPitch), lanes),
    ).flat()
    const to = scaleIndex(vector, lanes * taps)
    // What a channel's vectors have too much the next channel overwrites.
    const pieces = Array.from({ length: Math.ceil(taps / lanes) }, (_, p) =>
      transposeRows(
        k,
        Array.from({ length: lanes }, (__, i) => values[p * lanes + i] ?? e.const(0, 'f32', lanes)),
      ),
    )
    for (let u = 0; u < lanes; u++) {
      pieces.forEach((piece, p) => {
        k.store(turned, shiftIndex(to, u * taps + p * lanes), e.register(piece[u]))
      })
    }
  }

  /**
   * The taps of `existing` channels from `channel` on. A row is read when all of it has been written: a processor waits
   * for a vector that was just written in pieces.
   */
  const writeRow = (outChannel: Index, channel: Index, existing: number): void => {
    const position = linearize([outChannel, channel], [channels * taps, taps])
    const count = existing * taps
    const whole = Math.floor(count / lanes)
    times(k, 'v', whole, (v) => {
      const at = scaleIndex(v, lanes)
      own.write(inliner, addIndex(position, at), e.load(turned, 'f32', at, lanes), lanes)
    })
    if (whole * lanes < count) {
      const rest = e.register(k.define('rest', e.load(turned, 'f32', constantIndex(whole * lanes), lanes)))
      own.write(inliner, shiftIndex(position, whole * lanes), rest, count - whole * lanes)
    }
  }

  const p = loopVar('part', 0, outPart.count * part.count - 1)
  k.loop(
    p,
    1,
    () => {
      const [outAt, at] = delinearize(atomIndex(p), [outPart.count, part.count])
      const [firstOut, first] = [scaleIndex(outAt, outPart.vectors), scaleIndex(at, part.vectors)]
      if (!once) {
        times(k, 'clear', (tileProducts * sumsPitch) / lanes, (i) => {
          k.store(sums, scaleIndex(i, lanes), e.const(0, 'f32', lanes))
        })
      }
      times(k, 'block', allStrips / strips, (block) => {
        times(k, 'strip', strips, (r) => {
          const [n, strip] = delinearize(addIndex(scaleIndex(block, strips), r), [images, rowsOfTiles])
          const y = scaleIndex(strip, tileOutputs)
          readStrip(x, inputs, inputTransform, n, shiftIndex(y, -top), first, r)
          readStrip(dy, gradients, gradientTransform, n, y, firstOut, r)
        })
        multiply((share) => {
          if (!asksAhead) return
          whereInside(k, shiftIndex(block, 1), 1, allStrips / strips - 1, (next, exists) => {
            if (!exists) return
            const run = { images, rowsOfTiles, firstStrip: scaleIndex(next, strips), strips }
            const ofInput = { ...run, firstChannel: scaleIndex(first, lanes), channels: partChannels }
            const ofGradient = { ...run, firstChannel: scaleIndex(firstOut, lanes), channels: partOut }
            askForStrips(k, x.shape, ofInput, share, askToRead(inliner, x))
            askForStrips(k, dy.shape, ofGradient, share, askToRead(inliner, dy))
          })
        })
      })
      times(k, 'row', partOut, (row) => {
        const outChannel = addIndex(scaleIndex(firstOut, lanes), row)
        whereInside(k, outChannel, 0, outChannels - 1, (o, exists) => {
          if (!exists) return
          times(k, 'c', part.vectors, (c) => turn(row, c))
          const full = Math.floor(channels / partChannels)
          whereInside(k, at, 0, full - 1, (whole, complete) => {
            const channel = complete ? scaleIndex(whole, partChannels) : constantIndex(full * partChannels)
            writeRow(o, channel, complete ? partChannels : channels - full * partChannels)
          })
        })
      })
    },
    outPart.count * part.count > 1 ? 'parallel' : 'for',
  )
  return k.build(`winograd_gradient_${node.shape.join('x')}_${dy.shape.join('x')}`)
}
