/** Statistics of a tensor's values, as a table people read: what `tensor.describe()` gives. */
import type { DType, TypedArray } from '../core/dtype.js'
import { formatShape, type Shape } from '../core/shape.js'

/** Statistics over the finite values; quartiles between two values are interpolated. */
export interface TensorStatistics {
  readonly shape: Shape
  readonly dtype: DType
  /** Number of elements. */
  readonly count: number
  /** Mean of the finite values. NaN where there is none, like all below. */
  readonly mean: number
  /** Standard deviation of the sample (divided by n - 1). */
  readonly std: number
  readonly min: number
  /** A quarter of the finite values lies below. */
  readonly q25: number
  readonly median: number
  readonly q75: number
  readonly max: number
  /** Elements that are NaN. */
  readonly nanCount: number
  /** Elements that are Infinity or -Infinity. */
  readonly infCount: number
  /** Elements that are 0. */
  readonly zeroCount: number
  /** The same as lines of text. */
  toString(): string
}

/** The value at a share of the way through sorted values, between two by their distance. */
function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return Number.NaN
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  const rest = at - low
  return rest === 0 ? sorted[low] : sorted[low] + rest * (sorted[low + 1] - sorted[low])
}

/** Computes the statistics of values that were read (f16 and bf16 as f32, bool as 0 and 1). */
export function describeValues(data: TypedArray, shape: Shape, dtype: DType): TensorStatistics {
  const finite = new Float64Array(data.length)
  let count = 0
  let nanCount = 0
  let zeroCount = 0
  for (let i = 0; i < data.length; i++) {
    const x = Number(data[i])
    if (x === 0) zeroCount++
    if (Number.isFinite(x)) finite[count++] = x
    else if (Number.isNaN(x)) nanCount++
  }
  const sorted = finite.subarray(0, count).sort()
  let sum = 0
  for (const x of sorted) sum += x
  const mean = sum / count
  let squares = 0
  for (const x of sorted) squares += (x - mean) ** 2
  const numbers = {
    count: data.length,
    mean,
    std: Math.sqrt(squares / (count - 1)),
    min: count > 0 ? sorted[0] : Number.NaN,
    q25: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    q75: quantile(sorted, 0.75),
    max: count > 0 ? sorted[count - 1] : Number.NaN,
    nanCount,
    infCount: data.length - count - nanCount,
    zeroCount,
  }
  const text = (): string => {
    const head = `tensor of shape ${formatShape(shape)}, ${dtype}`
    const rows = Object.entries(numbers).map(([name, value]) => {
      const whole = name.endsWith('ount')
      return `${name.replace(/Count$/, '').padEnd(6)} ${whole ? value : Number(value.toPrecision(6))}`
    })
    return [head, ...rows].join('\n')
  }
  const statistics = { shape, dtype, ...numbers }
  // Hidden, so that the object compares and serialises as its numbers.
  for (const key of ['toString', Symbol.for('nodejs.util.inspect.custom')])
    Object.defineProperty(statistics, key, { value: text, enumerable: false })
  return statistics
}
