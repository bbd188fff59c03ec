/**
 * A 3 × 3 convolution by tiles of 4 × 4 outputs (see schedule/winograd.ts). Channels stand in lanes, so that every tile
 * is transformed alike, wherever it lies:
 *
 *   for each block of strips (rows of tiles), each part of the output channels   (shared by threads)
 *     for each strip, some vectors of channels at a time: its six rows, channels last, borders filled with zeros;
 *                     for each tile, each of the vectors: Bᵀ d B into 36 matrices (tiles, channels)
 *     for each panel of output channels, and where there is one block, part of the channels whose taps it makes here
 *       36 products of matrices: (tiles, channels) · (channels, panel)
 *       for each strip, each tile, each vector of output channels: Aᵀ m A, turned to rows of pixels;
 *                     the outputs' element-wise rest on whole rows
 *
 * A block's matrices are sized for the L2 cache. Sums run over the channels in their order, so blocking and threads
 * change no bit.
 */
import { largestDivisor, sizeOf } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import type { WinogradSpec } from '../../schedule/kernel-spec.js'
import { tileRows } from '../../schedule/pack.js'
import {
  mostTiles,
  tapsPanel,
  tileInputs,
  tileOutputs,
  tileProducts,
  tilesOf,
} from '../../schedule/winograd.js'
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
import { TapsWriter } from './winograd-taps.js'
import { inputTransform, outputTransform, transformSquare } from './winograd-transform.js'

interface Blocking {
  /** Strips of a block; a divisor of all. */
  readonly strips: number
  /** Parts of the panels of output channels. */
  readonly parts: number
}

interface Sizes {
  /** Of all images, and the fewest of a block. */
  readonly strips: number
  readonly least: number
  /** Tiles of a strip. */
  readonly columns: number
  /** Elements from one tile's channels to the next's. */
  readonly pitch: number
  readonly panels: number
}

/**
 * Every block reads all taps of its part, every part transforms the inputs of its blocks anew: with few tiles the
 * output channels are shared by threads instead of the tiles.
 */
function blockingOf({ strips, least, columns, pitch, panels }: Sizes, target: Target): Blocking {
  const bytes = (r: number): number => tileProducts * r * columns * pitch * 4
  let best: Blocking = { strips: least, parts: 1 }
  let lowest = Number.POSITIVE_INFINITY
  for (let r = least; r <= strips; r++) {
    if (strips % r !== 0 || (r > least && (r * columns > mostTiles || bytes(r) > 3 * target.l2))) continue
    const tiles = r * columns
    const tile = tileRows(tiles, target.tile.rows)
    for (let parts = 1; parts <= panels; parts++) {
      const items = (strips / r) * parts
      const rounds = Math.ceil(items / target.threads)
      const share = Math.ceil(panels / parts)
      // Rounds of one thread: products (short tiles of rows waste reads), taps that are read, inputs that are transformed.
      const products = Math.ceil(tiles / tile) * Math.max(tile, 8) * share
      const cost =
        rounds *
        (products +
          6 * share +
          0.15 * tiles * Math.min(panels, 4) +
          (bytes(r) > target.l2 ? 0.1 * products : 0))
      if (cost < lowest * 0.98) {
        lowest = cost
        best = { strips: r, parts }
      }
    }
  }
  return best
}

/** How many channels have their taps, `bytes` a channel, transformed at a time: about a quarter of the L2 cache full. */
function chunkOf(channels: number, bytes: number, target: Target): number {
  const most = target.l2 / 4 / bytes
  if (channels <= most) return channels
  // Chunks of equal size are one loop.
  const equal = largestDivisor(channels, 1.25 * most)
  return equal >= most / 2 ? equal : Math.ceil(channels / Math.ceil(channels / most))
}

export function lowerWinograd(spec: WinogradSpec, target: Target): Kernel {
  const k = new KernelBuilder()
  const { e } = k
  const { node } = spec
  const [x] = node.inputs
  const [images, channels] = x.shape
  const [, outChannels, outHeight, outWidth] = node.shape
  const [[top], [left]] = node.attrs.padding
  const lanes = lanesOf(target)
  const panel = tapsPanel(outChannels, target)
  const panels = Math.ceil(outChannels / panel)
  const vectors = panel / lanes
  const { rows: stripsOfImage, columns } = tilesOf(node)
  const allStrips = images * stripsOfImage
  // Rows of channels are kept apart by one vector more: at powers of two they would share the sets of the cache.
  const channelVectors = Math.ceil(channels / lanes)
  const pitch = (channelVectors + 1) * lanes
  const least = spec.packed === null ? allStrips : 1
  const plan = blockingOf({ strips: allStrips, least, columns, pitch, panels }, target)
  const tiles = plan.strips * columns
  const imageWidth = columns * tileOutputs + tileInputs - tileOutputs

  const numbers = new Map<Node, number>()
  for (const n of spec.inputs) numbers.set(n, k.buffer('in', n.dtype, sizeOf(n.shape), 'read'))
  const outputs = spec.outputs.map((n) => k.buffer('out', n.dtype, sizeOf(n.shape), 'write'))
  const scratch = (name: string, size: number): number => k.buffer(name, 'f32', size, 'readwrite', 'scratch')
  // Channels whose taps are made together: all, unless their points would leave the cache before they are used.
  const chunk = spec.packed === null ? chunkOf(channels, tileProducts * panel * 4, target) : channels
  const tapsPitch = spec.packed === null ? pointPitch(chunk * panel) : spec.packed.shape[2] * panel
  const taps = spec.packed === null ? scratch('taps', tileProducts * tapsPitch) : numbers.get(spec.packed)!
  const pointsPitch = pointPitch(tiles * pitch)
  const productsPitch = pointPitch(tiles * panel)
  const points = scratch('points', tileProducts * pointsPitch)
  const products = scratch('products', tileProducts * productsPitch)
  const pixels = scratch('pixels', columns * lanes * tileOutputs ** 2)

  const image = makeStrip(k, target, 'image', {
    all: channelVectors,
    rows: tileInputs,
    width: imageWidth,
    left,
  })

  const own = new TileOutputs(k, target, node, spec.outputs, outputs)
  const inliner = new Inliner(k, target, (n) => numbers.get(n) ?? null, new Map([[node as Node, own.plug]]))

  // The next block's rows, unless they would push out of the cache what is used now.
  const asksAhead =
    target.prefetches === true &&
    plan.parts === 1 &&
    tileProducts * pointsPitch * 4 <= target.l2 &&
    !needsStatements([x], (n) => numbers.has(n))
  const writer = new TapsWriter(k, target, inliner, node.inputs[1])

  const loop = (name: string, count: number, write: (i: Index) => void): void => times(k, name, count, write)
  const at = (...terms: readonly (readonly [Index, number])[]): Index =>
    addIndex(...terms.map(([i, stride]) => scaleIndex(i, stride)))

  /** Bᵀ d B of a strip's tiles, for the vectors of channels from `first` on. */
  const transformStrip = (strip: Index, first: Index): void => {
    loop('tile', columns, (tile) => {
      loop('c', image.vectors, (c) => {
        const from = at([tile, tileOutputs * image.pitch], [c, lanes])
        const to = at([strip, columns * pitch], [tile, pitch], [addIndex(first, c), lanes])
        const result = transformSquare(k, inputTransform, (i, j) =>
          e.load(image.buffer, 'f32', shiftIndex(from, (i * imageWidth + j) * image.pitch), lanes),
        )
        result.forEach((row, i) => {
          row.forEach((value, j) => {
            k.store(points, shiftIndex(to, (i * tileInputs + j) * pointsPitch), value)
          })
        })
      })
    })
  }

  /** The 36 products for one panel of output channels; with `from`, what `count` channels from there on add to them. */
  const multiply = (
    panelAt: Index,
    from: Index | null = null,
    count = channels,
    meanwhile: (share: Share) => void = () => {},
  ): void => {
    const tile = tileRows(tiles, target.tile.rows)
    const full = Math.floor(tiles / tile)
    const { unroll } = target.tile
    loop('point', tileProducts, (point) => {
      const some = (first: Index, rows: number): void => {
        const place = (r: number, v: number): Index =>
          shiftIndex(at([point, productsPitch], [shiftIndex(first, r), panel]), v * lanes)
        const sums: Register[][] = Array.from({ length: rows }, (_, r) =>
          Array.from({ length: vectors }, (_, v) => {
            const sum = register(`m${r}${v}`, 'f32', lanes)
            const before =
              from === null ? e.const(0, 'f32', lanes) : e.load(products, 'f32', place(r, v), lanes)
            k.set(sum, before)
            return sum
          }),
        )
        const step = (c: Index): void => {
          const base = at([panelAt, tileProducts * tapsPitch], [point, tapsPitch], [c, panel])
          const right = Array.from({ length: vectors }, (_, v) =>
            e.load(taps, 'f32', shiftIndex(base, v * lanes), lanes),
          )
          for (let r = 0; r < rows; r++) {
            const left = at(
              [point, pointsPitch],
              [shiftIndex(first, r), pitch],
              [from === null ? c : addIndex(from, c), 1],
            )
            const a = e.splat(e.load(points, 'f32', left), lanes)
            for (let v = 0; v < vectors; v++) k.set(sums[r][v], e.mulAdd(a, right[v], e.register(sums[r][v])))
          }
        }
        const whole = Math.floor(count / unroll)
        const c = loopVar('c', 0, (whole - 1) * unroll)
        k.loop(c, unroll, () => {
          for (let u = 0; u < unroll; u++) step(shiftIndex(atomIndex(c), u))
        })
        for (let u = whole * unroll; u < count; u++) step(constantIndex(u))
        for (let r = 0; r < rows; r++)
          for (let v = 0; v < vectors; v++) k.store(products, place(r, v), e.register(sums[r][v]))
      }
      loop('t', full, (t) => {
        meanwhile({ round: linearize([point, t], [full, 1]), rounds: tileProducts * full })
        some(scaleIndex(t, tile), tile)
      })
      if (full * tile < tiles) some(constantIndex(full * tile), tiles - full * tile)
    })
  }

  /** Aᵀ m A of a strip's tiles for one vector of output channels: (tile, channel, 16 pixels). */
  const finishTiles = (strip: Index, vector: Index): void => {
    const area = tileOutputs ** 2
    loop('tile', columns, (tile) => {
      const from = at([strip, columns * panel], [tile, panel], [vector, lanes])
      const rows = transformSquare(k, outputTransform, (i, j) =>
        e.load(products, 'f32', shiftIndex(from, (i * tileInputs + j) * productsPitch), lanes),
      )
      const flat = rows.flat()
      for (let p = 0; p < area; p += lanes) {
        transposeRows(k, flat.slice(p, p + lanes)).forEach((channel, u) => {
          k.store(pixels, shiftIndex(scaleIndex(tile, lanes * area), u * area + p), e.register(channel))
        })
      }
    })
  }

  /** The outputs of one channel in a strip, row by row. */
  const writeRows = (n: Index, strip: Index, channel: Index, lane: Index): void => {
    const area = tileOutputs ** 2
    const together = Math.max(1, lanes / tileOutputs) // tiles of a vector of a row
    const group = (first: Index, existing: number, rest: number): void => {
      for (let p = 0; p < area; p += lanes) {
        const parts = Array.from({ length: together }, (_, q) =>
          q < existing
            ? e.load(
                pixels,
                'f32',
                shiftIndex(at([shiftIndex(first, q), lanes * area], [lane, area]), p),
                lanes,
              )
            : e.const(0, 'f32', lanes),
        )
        transposeRows(k, parts, tileOutputs).forEach((value, i) => {
          const row = shiftIndex(scaleIndex(strip, tileOutputs), p / tileOutputs + i)
          whereInside(k, row, 0, outHeight - 1, (y, exists) => {
            if (!exists) return
            const position = at(
              [n, outChannels * outHeight * outWidth],
              [channel, outHeight * outWidth],
              [y, outWidth],
              [first, tileOutputs],
            )
            own.write(inliner, position, e.register(value), Math.min(lanes, rest))
          })
        })
      }
    }
    const reach = together * tileOutputs
    const whole = Math.floor(outWidth / reach)
    loop('group', whole, (g) => group(scaleIndex(g, together), together, reach))
    const rest = outWidth - whole * reach
    if (rest > 0) group(constantIndex(whole * together), columns - whole * together, rest)
  }

  const askForNext = (blockAt: Index, share: Share): void => {
    whereInside(k, shiftIndex(blockAt, 1), 1, allStrips / plan.strips - 1, (next, exists) => {
      if (!exists) return
      const run = {
        images,
        rowsOfTiles: stripsOfImage,
        firstStrip: scaleIndex(next, plan.strips),
        strips: plan.strips,
        firstChannel: constantIndex(0),
        channels: channelVectors * lanes,
      }
      askForStrips(k, x.shape, run, share, askToRead(inliner, x))
    })
  }

  const block = (blockAt: Index, firstPanel: Index, count: number): void => {
    const placeOf = (r: Index): [Index, Index] => {
      const [n, strip] = delinearize(addIndex(scaleIndex(blockAt, plan.strips), r), [images, stripsOfImage])
      return [n, strip]
    }
    loop('strip', plan.strips, (r) => {
      const [n, strip] = placeOf(r)
      const y = shiftIndex(scaleIndex(strip, tileOutputs), -top)
      loop('some', channelVectors / image.vectors, (some) => {
        const first = scaleIndex(some, image.vectors)
        copyStrip(k, target, inliner, x, image, n, y, first)
        transformStrip(r, first)
      })
    })
    loop('panel', count, (i) => {
      const at = addIndex(firstPanel, i)
      if (spec.packed === null) {
        const place = { buffer: taps, panel, pitch: tapsPitch }
        const some = (from: Index, count: number): void => {
          loop('vector', vectors, (v) => {
            const vector = addIndex(scaleIndex(at, vectors), v)
            const to = addIndex(scaleIndex(v, lanes), scaleIndex(from, -panel))
            writer.vector(vector, from, count, place, to)
          })
          multiply(constantIndex(0), chunk < channels ? from : null, count)
        }
        const whole = Math.floor(channels / chunk)
        if (chunk < channels)
          loop('clear', (tileProducts * productsPitch) / lanes, (j) => {
            k.store(products, scaleIndex(j, lanes), e.const(0, 'f32', lanes))
          })
        loop('chunk', whole, (j) => some(scaleIndex(j, chunk), chunk))
        if (whole * chunk < channels) some(constantIndex(whole * chunk), channels - whole * chunk)
      } else {
        multiply(at, null, channels, (share) => {
          if (!asksAhead) return
          whereInside(k, i, count - 1, count - 1, (_, last) => {
            if (last) askForNext(blockAt, share)
          })
        })
      }
      loop('strip', plan.strips, (r) => {
        const [n, strip] = placeOf(r)
        loop('vector', vectors, (v) => {
          finishTiles(r, v)
          loop('lane', lanes, (lane) => {
            const channel = addIndex(scaleIndex(at, panel), scaleIndex(v, lanes), lane)
            whereInside(k, channel, 0, outChannels - 1, (c, exists) => {
              if (exists) writeRows(n, strip, c, lane)
            })
          })
        })
      })
    })
  }

  const blocks = allStrips / plan.strips
  const share = Math.ceil(panels / plan.parts)
  const parts = Math.ceil(panels / share)
  const p = loopVar('block', 0, blocks * parts - 1)
  k.loop(
    p,
    1,
    () => {
      const [blockAt, part] = delinearize(atomIndex(p), [blocks, parts])
      const whole = Math.floor(panels / share)
      whereInside(k, part, 0, whole - 1, (i, full) => {
        if (full) block(blockAt, scaleIndex(i, share), share)
        else block(blockAt, constantIndex(whole * share), panels % share)
      })
    },
    blocks * parts > 1 ? 'parallel' : 'for',
  )
  return k.build(`winograd_${node.shape.join('x')}x${channels}`)
}
