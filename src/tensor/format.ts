/** Prints values the way PyTorch does: aligned columns, wrapped lines, long axes shortened, powers of ten where needed. */
import { type DType, isFloat } from '../core/dtype.js'
import { formatShape, type Shape, sizeOf, stridesOf } from '../core/shape.js'
import { printOptions } from './print-options.js'

/** What is printed: the elements in row-major order, exact (i64 as bigint). */
export interface Printable {
  readonly shape: Shape
  readonly dtype: DType
  at(index: number): number | bigint
  /** What stands after shape and dtype, such as `requiresGrad=true`. */
  readonly suffixes?: readonly string[]
}

const prefix = 'tensor('

/** `tensor([[1., 2.], [3., 4.]])` and, where they are not the default, dtype and what else there is to say. */
export function formatTensor(printed: Printable): string {
  const { shape, dtype, suffixes = [] } = printed
  const empty = sizeOf(shape) === 0
  const usual = empty ? ['f32'] : ['f32', 'bool', 'i64']
  return addSuffixes(prefix + (empty ? '[]' : formatValues(printed)), [
    ...(empty && shape.length !== 1 ? [`shape=${formatShape(shape)}`] : []),
    ...(usual.includes(dtype) ? [] : [`dtype=${dtype}`]),
    ...suffixes,
  ])
}

/** Words after the values, on the last line as long as they fit. */
function addSuffixes(text: string, suffixes: readonly string[]): string {
  const { lineWidth } = printOptions()
  let out = text
  let column = text.length - text.lastIndexOf('\n') + 1
  for (const suffix of suffixes) {
    const fits = column + suffix.length + 2 <= lineWidth
    out += fits ? `, ${suffix}` : `,\n${' '.repeat(prefix.length)}${suffix}`
    column = fits ? column + suffix.length + 2 : prefix.length + suffix.length
  }
  return `${out})`
}

function formatValues(printed: Printable): string {
  const { shape, dtype, at } = printed
  const { threshold, edgeItems, lineWidth } = printOptions()
  const shorten = sizeOf(shape) > threshold
  const strides = stridesOf(shape)
  const skips = (axis: number): boolean => shorten && shape[axis] > 2 * edgeItems
  /** The positions of an axis that are shown. */
  const shown = shape.map((n, axis) =>
    skips(axis)
      ? Array.from({ length: 2 * edgeItems }, (_, i) => (i < edgeItems ? i : n - 2 * edgeItems + i))
      : Array.from({ length: n }, (_, i) => i),
  )
  let offsets = [0]
  shown.forEach((positions, axis) => {
    offsets = offsets.flatMap((offset) => positions.map((i) => offset + i * strides[axis]))
  })
  const { text, width } = formatter(
    offsets.map((i) => at(i)),
    dtype,
  )
  const cell = (offset: number): string => text(at(offset)).padStart(width)

  const vector = (offset: number, indent: number): string => {
    const axis = shape.length - 1
    const cells = shown[axis].map((i) => cell(offset + i * strides[axis]))
    if (skips(axis)) cells.splice(edgeItems, 0, ' ...')
    const perLine = Math.max(1, Math.floor((lineWidth - indent) / (width + 2)))
    const lines: string[] = []
    for (let i = 0; i < cells.length; i += perLine) lines.push(cells.slice(i, i + perLine).join(', '))
    return `[${lines.join(`,\n${' '.repeat(indent + 1)}`)}]`
  }
  const level = (axis: number, offset: number, indent: number): string => {
    if (axis === shape.length - 1) return vector(offset, indent)
    const parts = shown[axis].map((i) => level(axis + 1, offset + i * strides[axis], indent + 1))
    if (skips(axis)) parts.splice(edgeItems, 0, '...')
    return `[${parts.join(`,${'\n'.repeat(shape.length - 1 - axis)}${' '.repeat(indent + 1)}`)}]`
  }
  return shape.length === 0 ? cell(0) : level(0, 0, prefix.length)
}

interface Formatter {
  readonly width: number
  text(value: number | bigint): string
}

/** How these values look together: whole numbers, digits after the point, or powers of ten. */
function formatter(values: readonly (number | bigint)[], dtype: DType): Formatter {
  const widest = (text: (value: number | bigint) => string, of: readonly (number | bigint)[]): number =>
    of.reduce<number>((width, v) => Math.max(width, text(v).length), 1)
  if (!isFloat(dtype)) {
    const text = (v: number | bigint): string => (dtype === 'bool' ? String(Number(v) !== 0) : String(v))
    return { text, width: widest(text, values) }
  }
  const { precision, sciMode } = printOptions()
  const finite = values.map(Number).filter((v) => v !== 0 && Number.isFinite(v))
  let largest = 0
  let smallest = Number.POSITIVE_INFINITY
  for (const v of finite) {
    largest = Math.max(largest, Math.abs(v))
    smallest = Math.min(smallest, Math.abs(v))
  }
  const whole = finite.every((v) => Number.isInteger(v))
  const wide =
    finite.length > 0 && (largest / smallest > 1000 || largest > 1e8 || (!whole && smallest < 1e-4))
  const number = (scientific: boolean) => (v: number | bigint) => {
    const x = Number(v)
    if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf'
    if (scientific) return exponential(x, precision)
    return whole ? `${fixed(x, 0)}.` : fixed(x, precision)
  }
  // The width is that of the notation the values ask for, as in PyTorch, even where an option forces another.
  return { text: number(sciMode ?? wide), width: widest(number(wide), finite) }
}

/** Digits that tell whether a number lies exactly between two shorter ones. */
const tieDigits = 39
const isTie = (longer: string): boolean => /50{39}(e|$)/.test(longer)

/** JavaScript rounds ties away from zero, PyTorch to even. */
function toEven(text: string, longer: string): string {
  if (!isTie(longer)) return text
  const end = text.includes('e') ? text.indexOf('e') : text.length
  const digit = Number(text[end - 1])
  return digit % 2 === 0 ? text : text.slice(0, end - 1) + (digit - 1) + text.slice(end)
}

/** `x` with `digits` digits after the point. */
function fixed(x: number, digits: number): string {
  const sign = x < 0 || Object.is(x, -0) ? '-' : ''
  const size = Math.abs(x)
  if (size >= 1e21) return `${sign}${BigInt(size)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`
  return sign + toEven(size.toFixed(digits), size.toFixed(digits + tieDigits + 1))
}

/** `x` as 1.2500e-03. */
function exponential(x: number, digits: number): string {
  const sign = x < 0 || Object.is(x, -0) ? '-' : ''
  const size = Math.abs(x)
  const text = toEven(size.toExponential(digits), size.toExponential(digits + tieDigits + 1))
  return sign + text.replace(/e([+-])(\d)$/, 'e$10$2')
}
