/**
 * The discrete Fourier transform of complex numbers as a graph of contractions: lengths are split into radices of at most
 * 64 (Cooley & Tukey 1965), each a product with a small matrix; prime factors beyond are convolutions (Bluestein 1970).
 * The tables are computed in the graph, so that it needs no state, fuses, differentiates and batches like any other.
 */
import type { DType } from '../core/dtype.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { stretch } from './operand.js'

/** Lengths up to this are one product with the matrix of the transform. */
const mostDirect = 64
/** Radices that longer ones are split into. */
const usualRadix = 32

/** cos(2π·q/(4n)) for integers q: exact at every quarter of the circle. */
export function cosineOfQuarters(q: Node, n: number, dtype: DType): Node {
  const whole = b.literal(q, 4 * n)
  const m = b.mod(q, whole)
  // The distance from 0 around the circle, then from the quarter: sin is exact at 0 and flat at its ends.
  const distance = b.minimum(m, b.sub(whole, m))
  const fromQuarter = b.cast(b.sub(b.literal(q, n), distance), dtype)
  return b.sin(b.mul(fromQuarter, b.literal(fromQuarter, Math.PI / (2 * n))))
}

/** q as a node of integers that hold it. */
const integers = (largest: number): 'i32' | 'i64' => (largest < 2 ** 31 ? 'i32' : 'i64')

/** 4·sign·j·k over the given axes of `shape`: the angle 2π·j·k/n in quarters of 1/n. */
function quarters(shape: readonly number[], jAxis: number, kAxis: number, sign: number): Node {
  const type = integers(4 * shape[jAxis] * shape[kAxis] * 2)
  const product = b.mul(b.iota(shape, jAxis, type), b.iota(shape, kAxis, type))
  return b.mul(product, b.literal(product, 4 * sign))
}

/** M[j, c, k, d]: what part c of element j gives to part d of result k. */
function transformMatrix(n: number, sign: number, dtype: DType): Node {
  const shape = [n, 2, n, 2]
  const q = quarters(shape, 0, 2, sign)
  const turn = b.sub(b.iota(shape, 1, q.dtype), b.iota(shape, 3, q.dtype))
  return cosineOfQuarters(b.add(q, b.mul(turn, b.literal(turn, n))), n, dtype)
}

/** z·e^(iφ) where φ is given in quarters of 1/n, of the shape of z. */
function rotate(z: Node, q: Node, n: number): Node {
  const parts = b.iota(z.shape, z.shape.length - 1, q.dtype)
  const sideways = b.sub(b.literal(q, n), b.mul(parts, b.literal(parts, 2 * n)))
  return b.add(
    b.mul(z, cosineOfQuarters(q, n, z.dtype)),
    b.mul(b.flip(z, [z.shape.length - 1]), cosineOfQuarters(b.add(q, sideways), n, z.dtype)),
  )
}

/** The product of complex numbers of one shape. */
function multiply(z: Node, w: Node): Node {
  const last = z.shape.length - 1
  const part = (i: number): Node => b.expand(b.sliceAxis(w, last, i, i + 1), w.shape)
  const signs = b.sub(b.mul(b.cast(b.iota(z.shape, last, 'i32'), z.dtype), b.literal(z, 2)), b.literal(z, 1))
  return b.add(b.mul(z, part(0)), b.mul(b.mul(b.flip(z, [last]), signs), part(1)))
}

function primeFactors(n: number): number[] {
  const factors: number[] = []
  let rest = n
  for (let p = 2; p * p <= rest; p++) {
    while (rest % p === 0) {
      factors.push(p)
      rest /= p
    }
  }
  if (rest > 1) factors.push(rest)
  return factors
}

/** Factors of n, each at most `mostDirect` or a prime, as few and as even as can be. */
export function radices(n: number): number[] {
  if (n <= mostDirect) return [n]
  const primes = primeFactors(n).sort((p, q) => q - p)
  const large = primes.filter((p) => p > mostDirect)
  const small = primes.filter((p) => p <= mostDirect)
  const product = small.reduce((m, p) => m * p, 1)
  if (product === 1) return large
  for (let count = Math.max(1, Math.ceil(Math.log(product) / Math.log(usualRadix) - 1e-9)); ; count++) {
    const bins = new Array<number>(count).fill(1)
    for (const p of small) bins[bins.indexOf(Math.min(...bins))] *= p
    if (bins.every((m) => m <= mostDirect)) return [...large, ...bins]
  }
}

/** Σⱼ zⱼ·e^(sign·2πi·jk/n) of (B, n, 2). */
export function transform(z: Node, sign: 1 | -1): Node {
  const n = z.shape[1]
  return split(z, radices(n), sign)
}

function split(z: Node, factors: readonly number[], sign: 1 | -1): Node {
  const [batch, n] = z.shape
  const [first, ...others] = factors
  if (others.length === 0) return direct(z, sign)
  const rest = n / first
  // j = rest·j₁ + j₂, k = k₁ + first·k₂: transforms over j₁, a rotation by j₂·k₁/n, transforms over j₂.
  const columns = b.reshape(z, [batch, first, rest, 2])
  let inner: Node
  if (first > mostDirect) {
    const rows = b.reshape(b.permute(columns, [0, 2, 1, 3]), [batch * rest, first, 2])
    inner = b.reshape(direct(rows, sign), [batch, rest, first, 2])
  } else {
    inner = b.contract(columns, transformMatrix(first, sign, z.dtype), {
      batch: [[], []],
      contracting: [
        [1, 3],
        [0, 1],
      ],
      accumulate: z.dtype,
      exact: true,
    })
  }
  const turned = rotate(inner, stretch(quarters([rest, first, 2], 0, 1, sign), inner.shape), n)
  const rows = b.reshape(b.permute(turned, [0, 2, 1, 3]), [batch * first, rest, 2])
  const outer = b.reshape(split(rows, others, sign), [batch, first, rest, 2])
  return b.reshape(b.permute(outer, [0, 2, 1, 3]), [batch, n, 2])
}

/** One factor: by its matrix, or by Bluestein's convolution. */
function direct(z: Node, sign: 1 | -1): Node {
  const n = z.shape[1]
  if (n > mostDirect) return bluestein(z, sign)
  return b.contract(z, transformMatrix(n, sign, z.dtype), {
    batch: [[], []],
    contracting: [
      [1, 2],
      [0, 1],
    ],
    accumulate: z.dtype,
    exact: true,
  })
}

/** jk = (j² + k² - (k - j)²)/2 makes the transform a convolution with e^(-sign·πi·m²/n), by transforms of a power of 2. */
function bluestein(z: Node, sign: 1 | -1): Node {
  const [batch, n] = z.shape
  const length = 2 ** Math.ceil(Math.log2(2 * n - 1))
  const type = integers(n * n)
  /** The angle sign·π·m²/n, in quarters of 1/(2n). */
  const chirp = (m: Node, direction: number): Node => {
    const square = b.mod(b.mul(m, m), b.literal(m, 2 * n))
    return b.mul(square, b.literal(square, 4 * direction))
  }
  const forward = chirp(b.iota(z.shape, 1, type), sign)
  const turned = rotate(z, forward, 2 * n)
  const padded = b.pad(turned, [0, 0, 0], [0, length - n, 0], [0, 0, 0], 0)
  // The kernel runs over m = -(n - 1)…n - 1, around the end.
  const at = b.iota([1, length, 2], 1, type)
  const distance = b.minimum(at, b.sub(b.literal(at, length), at))
  const inside = b.lt(distance, b.literal(distance, n))
  const near = b.where(inside, distance, b.literal(distance, 0))
  const one = b.cast(b.and(inside, b.eq(b.iota(at.shape, 2, 'i32'), b.full(at.shape, 0, 'i32'))), z.dtype)
  const kernel = rotate(one, chirp(near, -sign), 2 * n)
  const spectrum = multiply(transform(padded, -1), b.expand(transform(kernel, -1), [batch, length, 2]))
  const convolved = b.sliceAxis(transform(spectrum, 1), 1, 0, n)
  return rotate(b.div(convolved, b.literal(convolved, length)), forward, 2 * n)
}

/** The transform over one axis of complex numbers (…, n, …, 2); `axis` counts over the complex numbers. */
export function transformAxis(z: Node, axis: number, sign: 1 | -1): Node {
  const last = z.shape.length - 2
  const moved = b.moveAxis(z, axis, last)
  const n = moved.shape[last]
  const size = moved.shape.slice(0, last).reduce((m, k) => m * k, 1)
  if (size * n === 0) return z
  const flat = transform(b.reshape(moved, [size, n, 2]), sign)
  return b.moveAxis(b.reshape(flat, moved.shape), last, axis)
}
