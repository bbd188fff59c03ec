/** Fourier transforms as products with matrices of sines and cosines, and counts of n-grams. */
import { range, sizeOf } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import { matmul } from '../../ops/linear-algebra.js'
import { stretch } from '../../ops/operand.js'
import type { Context, Rule, Rules } from '../context.js'
import { typeOfDType } from '../element-type.js'
import { checkElements } from '../limits.js'
import { numbersTensor } from './creation.js'

/** cos and sin of 2π·jk/n for j < rows, k < columns. The product is reduced first, so that large n stay exact. */
function waves(n: number, rows: number, columns: number, like: Node): [Node, Node] {
  checkElements([rows, columns])
  const angle = (j: number, k: number): number => (2 * Math.PI * ((j * k) % n)) / n
  const table = (fn: (x: number) => number): Node =>
    numbersTensor(
      typeOfDType[like.dtype],
      range(rows).flatMap((j) => range(columns).map((k) => fn(angle(j, k)))),
      [rows, columns],
    ).node
  return [table(Math.cos), table(Math.sin)]
}

/** The transform of the last axis of (re, im) to `bins` values. */
function transform(re: Node, im: Node | null, n: number, bins: number, inverse: boolean): [Node, Node] {
  const [cos, sin] = waves(n, n, bins, re)
  const turn = (x: Node): Node => (inverse ? x : b.neg(x))
  let [real, imaginary] = [matmul(re, cos), turn(matmul(re, sin))]
  if (im !== null) {
    real = b.sub(real, turn(matmul(im, sin)))
    imaginary = b.add(imaginary, matmul(im, cos))
  }
  if (!inverse) return [real, imaginary]
  const scale = (x: Node): Node => b.div(x, b.literal(x, n))
  return [scale(real), scale(imaginary)]
}

/** The last axis holds a real number, or real and imaginary parts. */
function parts(c: Context, x: Node): [Node, Node | null] {
  const rank = x.shape.length
  const width = x.shape[rank - 1]
  if (width !== 1 && width !== 2) c.fail(`expected a last axis of 1 or 2, got ${width}.`)
  const of = (i: number): Node => b.reshape(b.sliceAxis(x, rank - 1, i, i + 1), x.shape.slice(0, -1))
  return [of(0), width === 2 ? of(1) : null]
}

const pair = (re: Node, im: Node): Node =>
  b.concat(
    [re, im].map((x) => b.reshape(x, [...x.shape, 1])),
    re.shape.length,
  )

/** Cut or padded with zeros to n values on the last axis. */
function cutOrPad(x: Node, n: number): Node {
  const rank = x.shape.length
  const size = x.shape[rank - 1]
  if (size >= n) return b.sliceAxis(x, rank - 1, 0, n)
  const zeros = x.shape.map(() => 0)
  return b.pad(x, zeros, zeros.with(rank - 1, n - size), zeros, 0)
}

const dft: Rule = (c) => {
  const x = c.x(0)
  const rank = x.shape.length
  const given = c.version >= 20 ? (c.has(2) ? c.number(2) : -2) : c.int('axis', 1)
  const axis = c.axis(given, rank)
  if (axis === rank - 1) c.fail('expected an axis other than the last, which holds the parts of a number.')
  const inverse = c.int('inverse', 0) !== 0
  const onesided = c.int('onesided', 0) !== 0
  const [re, im] = parts(c, x)
  const front = (y: Node): Node => b.moveAxis(y, axis, rank - 2)
  const back = (y: Node): Node => b.moveAxis(y, rank - 2, axis)
  const n = c.has(1) ? c.number(1) : x.shape[axis]
  if (!(n >= 1)) c.fail(`expected a length of 1 or more, got ${n}.`)
  if (inverse && onesided) {
    // Half a spectrum stands for a real signal: the other half is its mirror image.
    const length = c.has(1) ? n : 2 * (x.shape[axis] - 1)
    const half = [front(re), im === null ? null : front(im)] as const
    const mirror = (y: Node, sign: number): Node => {
      const last = y.shape.length - 1
      const rest = b.flip(b.sliceAxis(y, last, 1, length - Math.floor(length / 2)), [last])
      return b.concat([cutOrPad(y, Math.floor(length / 2) + 1), sign < 0 ? b.neg(rest) : rest], last)
    }
    const [real] = transform(mirror(half[0], 1), half[1] && mirror(half[1], -1), length, length, true)
    return c.like(b.reshape(back(real), [...back(real).shape, 1]))
  }
  const bins = onesided ? Math.floor(n / 2) + 1 : n
  const [real, imaginary] = transform(
    cutOrPad(front(re), n),
    im === null ? null : cutOrPad(front(im), n),
    n,
    bins,
    inverse,
  )
  return c.like(pair(back(real), back(imaginary)))
}

/** Spectra of overlapping pieces of a signal. */
const stft: Rule = (c) => {
  const x = c.x(0)
  const [re, im] = x.shape.length === 2 ? [x, null] : parts(c, x)
  const step = c.number(1)
  const window = c.maybe(2)
  const length = c.has(3) ? c.number(3) : (window?.shape[0] ?? c.fail('expected a window or a frame length.'))
  if (!(step >= 1 && length >= 1 && length <= re.shape[1])) {
    c.fail(`expected a step and a length of 1 to ${re.shape[1]}, got ${step} and ${length}.`)
  }
  const frames = (y: Node): Node => {
    const cut = b.window(y, { size: [length], stride: [step], dilation: [1] })
    return window === null ? cut : b.mul(cut, stretch(window, cut.shape))
  }
  const bins = c.int('onesided', 1) !== 0 ? Math.floor(length / 2) + 1 : length
  return c.like(pair(...transform(frames(re), im === null ? null : frames(im), length, bins, false)))
}

/** How often each n-gram of a pool occurs in rows of integers (host: the matching is no arithmetic). */
const tfIdf: Rule = (c) => {
  const pool = c.ints('pool_int64s') ?? c.fail('expected integers as the pool; strings are not supported.')
  const counts = c.ints('ngram_counts') ?? []
  const indexes = c.ints('ngram_indexes') ?? []
  const weights = c.floats('weights')
  const [least, most, skips] = [c.int('min_gram_length'), c.int('max_gram_length'), c.int('max_skip_count')]
  const width = indexes.reduce((n, i) => Math.max(n, i + 1), 0)
  const grams = new Map<string, number>()
  let which = 0
  counts.forEach((start, i) => {
    const length = i + 1
    const end = counts[i + 1] ?? pool.length
    for (let at = start; at + length <= end; at += length) {
      if (length >= least && length <= most)
        grams.set(pool.slice(at, at + length).join(), indexes[which] ?? -1)
      which++
    }
  })
  const shape = c.shape(0)
  const rows = shape.length === 2 ? shape[0] : 1
  const columns = sizeOf(shape) / Math.max(rows, 1)
  checkElements([rows, width])
  const values = c.numbers(0)
  const result = new Array<number>(rows * width).fill(0)
  for (let r = 0; r < rows; r++) {
    const row = values.slice(r * columns, (r + 1) * columns)
    for (let length = least; length <= most; length++) {
      // Single elements have no gaps to skip in.
      for (let skip = 1; skip <= (length === 1 ? 1 : skips + 1); skip++) {
        for (let at = 0; at + (length - 1) * skip < columns; at++) {
          const index = grams.get(
            range(length)
              .map((k) => row[at + k * skip])
              .join(),
          )
          if (index !== undefined && index >= 0) result[r * width + index]++
        }
      }
    }
  }
  const mode = c.string('mode')
  const weightOf = new Map(indexes.map((index, i) => [index, weights?.[i] ?? 1]))
  const final = result.map((n, i) => {
    const weight = weightOf.get(i % width) ?? 1
    if (mode === 'TF') return n
    return mode === 'IDF' ? (n > 0 ? weight : 0) : n * weight
  })
  return numbersTensor('float', final, shape.length === 2 ? [rows, width] : [width])
}

export const signal: Rules = { DFT: dft, STFT: stft, TfIdfVectorizer: tfIdf }
