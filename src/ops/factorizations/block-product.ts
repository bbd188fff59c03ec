/**
 * Products of blocks of row-major matrices, for factorizations that work block by block: sixteen sums at a time stay in
 * registers, and the second factor is copied into panels of four columns so that reading it is one stream.
 */

/** How many rows or columns the blocked algorithms take at a time. */
export const blockSize = 32

/** Part of a row-major matrix: the array, where its first element stands, and the length of the matrix's rows. */
export interface Part {
  readonly data: Float64Array
  readonly at: number
  readonly stride: number
}

/** The longest stretch of the inner axis that is taken at once: its panels fit the second-level cache. */
const innerBlock = 64

let panels = new Float64Array(0)

/** c (rows, columns) ← c + sign·a·b, with a (rows, inner) and b (inner, columns). c overlaps neither a nor b. */
export function addProduct(
  c: Part,
  a: Part,
  b: Part,
  rows: number,
  inner: number,
  columns: number,
  sign: 1 | -1,
): void {
  const whole = columns & -4
  const needed = innerBlock * whole
  if (panels.length < needed) panels = new Float64Array(needed)
  for (let from = 0; from < inner; from += innerBlock) {
    const depth = Math.min(innerBlock, inner - from)
    pack(panels, b, from, depth, whole)
    let i = 0
    for (; i + 4 <= rows; i += 4) {
      for (let j = 0; j < whole; j += 4) {
        tile(
          c.data,
          c.at + i * c.stride + j,
          c.stride,
          a.data,
          a.at + i * a.stride + from,
          a.stride,
          j * depth,
          depth,
          sign,
        )
      }
    }
    for (; i < rows; i++) {
      const start = a.at + i * a.stride + from
      for (let j = 0; j < whole; j += 4) {
        rowTile(c.data, c.at + i * c.stride + j, a.data, start, j * depth, depth, sign)
      }
    }
    for (let j = whole; j < columns; j++) {
      for (i = 0; i < rows; i++) {
        const start = a.at + i * a.stride + from
        let sum = 0
        for (let k = 0; k < depth; k++) sum += a.data[start + k] * b.data[b.at + (from + k) * b.stride + j]
        c.data[c.at + i * c.stride + j] += sign * sum
      }
    }
  }
}

/** Rows from… of b, four columns after four columns, each panel row by row. */
function pack(into: Float64Array, b: Part, from: number, depth: number, columns: number): void {
  const { data, at, stride } = b
  for (let k = 0; k < depth; k++) {
    const row = at + (from + k) * stride
    let to = 4 * k
    for (let j = 0; j < columns; j += 4) {
      into[to] = data[row + j]
      into[to + 1] = data[row + j + 1]
      into[to + 2] = data[row + j + 2]
      into[to + 3] = data[row + j + 3]
      to += 4 * depth
    }
  }
}

/** Four rows by four columns. */
function tile(
  c: Float64Array,
  at: number,
  stride: number,
  a: Float64Array,
  first: number,
  strideA: number,
  panel: number,
  depth: number,
  sign: number,
): void {
  const b = panels
  let s00 = 0
  let s01 = 0
  let s02 = 0
  let s03 = 0
  let s10 = 0
  let s11 = 0
  let s12 = 0
  let s13 = 0
  let s20 = 0
  let s21 = 0
  let s22 = 0
  let s23 = 0
  let s30 = 0
  let s31 = 0
  let s32 = 0
  let s33 = 0
  const r1 = first + strideA
  const r2 = r1 + strideA
  const r3 = r2 + strideA
  for (let k = 0, p = panel; k < depth; k++, p += 4) {
    const b0 = b[p]
    const b1 = b[p + 1]
    const b2 = b[p + 2]
    const b3 = b[p + 3]
    const a0 = a[first + k]
    s00 += a0 * b0
    s01 += a0 * b1
    s02 += a0 * b2
    s03 += a0 * b3
    const a1 = a[r1 + k]
    s10 += a1 * b0
    s11 += a1 * b1
    s12 += a1 * b2
    s13 += a1 * b3
    const a2 = a[r2 + k]
    s20 += a2 * b0
    s21 += a2 * b1
    s22 += a2 * b2
    s23 += a2 * b3
    const a3 = a[r3 + k]
    s30 += a3 * b0
    s31 += a3 * b1
    s32 += a3 * b2
    s33 += a3 * b3
  }
  let to = at
  c[to] += sign * s00
  c[to + 1] += sign * s01
  c[to + 2] += sign * s02
  c[to + 3] += sign * s03
  to += stride
  c[to] += sign * s10
  c[to + 1] += sign * s11
  c[to + 2] += sign * s12
  c[to + 3] += sign * s13
  to += stride
  c[to] += sign * s20
  c[to + 1] += sign * s21
  c[to + 2] += sign * s22
  c[to + 3] += sign * s23
  to += stride
  c[to] += sign * s30
  c[to + 1] += sign * s31
  c[to + 2] += sign * s32
  c[to + 3] += sign * s33
}

/** One row by four columns. */
function rowTile(
  c: Float64Array,
  at: number,
  a: Float64Array,
  first: number,
  panel: number,
  depth: number,
  sign: number,
): void {
  const b = panels
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  for (let k = 0, p = panel; k < depth; k++, p += 4) {
    const x = a[first + k]
    s0 += x * b[p]
    s1 += x * b[p + 1]
    s2 += x * b[p + 2]
    s3 += x * b[p + 3]
  }
  c[at] += sign * s0
  c[at + 1] += sign * s1
  c[at + 2] += sign * s2
  c[at + 3] += sign * s3
}

/** Σ x[i]·y[i] over `count` elements, in four sums that do not wait for one another. */
export function dot(x: Float64Array, atX: number, y: Float64Array, atY: number, count: number): number {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  const whole = count & -4
  for (let k = 0; k < whole; k += 4) {
    s0 += x[atX + k] * y[atY + k]
    s1 += x[atX + k + 1] * y[atY + k + 1]
    s2 += x[atX + k + 2] * y[atY + k + 2]
    s3 += x[atX + k + 3] * y[atY + k + 3]
  }
  for (let k = whole; k < count; k++) s0 += x[atX + k] * y[atY + k]
  return s0 + s1 + (s2 + s3)
}
