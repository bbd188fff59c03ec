/** Prints values the way PyTorch does: aligned columns, four digits, long axes shortened. */
import { type DType, isFloat } from '../core/dtype.js'
import type { Shape } from '../core/shape.js'

const edge = 3
const threshold = 1000

/** `tensor([[1., 2.], [3., 4.]])` and, where they are not the default, dtype and requiresGrad. */
export function formatTensor(
  values: readonly number[],
  shape: Shape,
  dtype: DType,
  requiresGrad: boolean,
): string {
  const text = formatter(values, dtype)
  const shorten = values.length > threshold
  const indent = '       '.length
  const level = (axis: number, offset: number, span: number): string => {
    if (axis === shape.length) return text(values[offset])
    const inner = span / shape[axis]
    const parts: string[] = []
    for (let i = 0; i < shape[axis]; i++) {
      if (shorten && shape[axis] > 2 * edge && i === edge) {
        parts.push('...')
        i = shape[axis] - edge
      }
      parts.push(level(axis + 1, offset + i * inner, inner))
    }
    const last = axis === shape.length - 1
    const separator = last ? ', ' : `,${'\n'.repeat(shape.length - 1 - axis)}${' '.repeat(indent + axis + 1)}`
    return `[${parts.join(separator)}]`
  }
  const suffix = [
    ...(values.length === 0 && shape.length > 1 ? [`shape=[${shape.join(', ')}]`] : []),
    ...(dtype === 'f32' || dtype === 'bool' || dtype === 'i64' ? [] : [`dtype=${dtype}`]),
    ...(requiresGrad ? ['requiresGrad=true'] : []),
  ]
  const body = values.length === 0 ? '[]' : level(0, 0, values.length)
  return `tensor(${[body, ...suffix].join(', ')})`
}

function formatter(values: readonly number[], dtype: DType): (value: number) => string {
  const raw = rawFormatter(values, dtype)
  let width = 0
  for (const v of values) width = Math.max(width, raw(v).length)
  return (value) => raw(value).padStart(width)
}

function rawFormatter(values: readonly number[], dtype: DType): (value: number) => string {
  if (dtype === 'bool') return (v) => (v ? 'true' : 'false')
  if (!isFloat(dtype)) return String
  const special = (v: number): string => (Number.isNaN(v) ? 'nan' : v > 0 ? 'inf' : '-inf')
  const finite = values.filter((v) => Number.isFinite(v))
  if (finite.every((v) => Number.isInteger(v) && Math.abs(v) < 1e8)) {
    return (v) => (Number.isFinite(v) ? `${Object.is(v, -0) ? '-0' : v}.` : special(v))
  }
  const sizes = finite.filter((v) => v !== 0).map(Math.abs)
  let largest = 0
  let smallest = Number.POSITIVE_INFINITY
  for (const v of sizes) {
    largest = Math.max(largest, v)
    smallest = Math.min(smallest, v)
  }
  const scientific = largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4
  return (v) => {
    if (!Number.isFinite(v)) return special(v)
    if (!scientific) return v.toFixed(4)
    return v.toExponential(4).replace(/e([+-])(\d)$/, 'e$10$2')
  }
}
