/** Pooling: largest elements, means and norms of windows, and the inverse of max pooling. */
import { range, sizeOf, stridesOf } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Attributes, Node, PadPair } from '../../ir/node.js'
import { divLiteral, inAccumulationType, like, stretch } from '../../ops/operand.js'
import { safeSqrt } from '../../ops/reductions.js'
import type { Context, Rule, Rules } from '../context.js'
import { typeOfDType } from '../element-type.js'
import { checkElements } from '../limits.js'
import { tensorValue } from '../value.js'
import { type Windows, windowsOf } from './convolution.js'
import { numbersTensor } from './creation.js'

interface Pool extends Windows {
  /** Windows along each axis. */
  readonly counts: readonly number[]
  /** Padding that reaches to the end of the last window. */
  readonly reach: readonly PadPair[]
}

/** Elements of a window along one axis. */
const largestKernel = 4096

function poolOf(c: Context): Pool {
  c.expectRank(0, 3, 8)
  const sizes = c.shape(0).slice(2)
  const kernel = c.ints('kernel_shape') ?? c.fail("expected an attribute 'kernel_shape'.")
  if (kernel.length !== sizes.length || !kernel.every((k) => Number.isSafeInteger(k) && k >= 1)) {
    c.fail(`expected a kernel of ${sizes.length} sizes, got [${kernel.join(', ')}].`)
  }
  if (kernel.some((k) => k > largestKernel))
    c.fail(`windows of more than ${largestKernel} elements are not supported.`)
  const windows = windowsOf(c, sizes, kernel)
  const { stride, dilation, padding } = windows
  const ceil = c.int('ceil_mode', 0) !== 0
  const counts: number[] = []
  const reach = sizes.map((n, i): PadPair => {
    const [low, high] = padding[i]
    const span = dilation[i] * (kernel[i] - 1) + 1
    const free = n + low + high - span
    let count = (ceil ? Math.ceil(free / stride[i]) : Math.floor(free / stride[i])) + 1
    // A window that starts in the padding beyond the input does not count.
    if (ceil && (count - 1) * stride[i] >= n + low) count--
    if (count < 1) c.fail(`a window of ${span} does not fit ${n + low + high} elements.`)
    counts.push(count)
    return [low, Math.max(high, (count - 1) * stride[i] + span - n - low)]
  })
  return { ...windows, counts, reach }
}

/** x in a dtype whose windows can be compared. */
const comparable = (x: Node): Node => (x.dtype === 'bool' ? b.cast(x, 'u8') : x)

/** Windows with more elements than this are pooled one axis after the other. */
const manyTaps = 256

/** The largest of the largest, the last axis first, so that of equals the first in row-major order wins. */
function axisByAxis(x: Node, attrs: Attributes['windowReduce']): Node {
  let y = x
  for (let i = attrs.size.length - 1; i >= 0; i--) {
    const only = <T>(list: readonly T[], other: T): T[] => list.map((v, k) => (k === i ? v : other))
    ;[y] = b.windowReduce(y, {
      kind: attrs.kind,
      size: only(attrs.size, 1),
      stride: only(attrs.stride, 1),
      dilation: only(attrs.dilation, 1),
      padding: only(attrs.padding, [0, 0]),
    })
  }
  return y
}

const maxPool: Rule = (c) => {
  const x = c.x(0)
  const { kernel, stride, dilation, reach, padding } = poolOf(c)
  const attrs = { size: kernel, stride, dilation, kind: 'max', padding: reach } as const
  const indexed = c.wanted.length > 1 && c.wanted[1]
  if (!indexed && sizeOf(kernel) > manyTaps) return c.like(b.cast(axisByAxis(comparable(x), attrs), x.dtype))
  const [values, inside] = b.windowReduce(comparable(x), attrs)
  if (!indexed) return c.like(b.cast(values, x.dtype))
  // Position in the window → position in the tensor, counted as if it were one row.
  const columnMajor = c.int('storage_order', 0) !== 0
  const sizes = x.shape.slice(2)
  const strides = columnMajor ? stridesOf([...sizes].reverse()).reverse() : stridesOf(sizes)
  const taps = stridesOf(kernel)
  const plane = sizeOf(sizes)
  const whole = b.cast(inside, 'i64')
  let index = b.add(
    b.mul(b.iota(whole.shape, 0, 'i64'), like(whole, x.shape[1] * plane)),
    b.mul(b.iota(whole.shape, 1, 'i64'), like(whole, plane)),
  )
  for (const i of range(sizes.length)) {
    const tap = b.mod(b.div(whole, like(whole, taps[i])), like(whole, kernel[i]))
    const start = b.mul(b.iota(whole.shape, i + 2, 'i64'), like(whole, stride[i]))
    const position = b.sub(b.add(start, b.mul(tap, like(tap, dilation[i]))), like(tap, padding[i][0]))
    index = b.add(index, b.mul(position, like(position, strides[i])))
  }
  return [c.like(b.cast(values, x.dtype)), tensorValue(index, 'int64')]
}

/** Sums over windows, with zeros around. */
function windowSums(x: Node, { kernel, stride, dilation, reach }: Pool): Node {
  const zeros = [0, 0]
  const padded = b.pad(
    x,
    [...zeros, ...reach.map((p) => p[0])],
    [...zeros, ...reach.map((p) => p[1])],
    x.shape.map(() => 0),
    0,
  )
  const windows = b.window(padded, { size: kernel, stride, dilation })
  return b.reduceSum(
    windows,
    kernel.map((_, i) => 2 + kernel.length + i),
  )
}

/** How many elements each window along axis i averages over. */
function extents(
  { kernel, stride, dilation, padding, counts }: Pool,
  i: number,
  n: number,
  padded: boolean,
): number[] {
  const [low, high] = padded ? padding[i] : [0, 0]
  return range(counts[i]).map((j) => {
    const start = j * stride[i] - padding[i][0]
    return range(kernel[i]).filter((t) => {
      const at = start + t * dilation[i]
      return at >= -low && at < n + high
    }).length
  })
}

const averagePool: Rule = (c) => {
  const x = c.x(0)
  const pool = poolOf(c)
  const padded = c.int('count_include_pad', 0) !== 0
  const lists = pool.kernel.map((_, i) => extents(pool, i, x.shape[i + 2], padded))
  return c.like(
    inAccumulationType(x, (y) => {
      const sums = windowSums(y, pool)
      if (lists.every((list) => list.every((n) => n === list[0]))) {
        return divLiteral(
          sums,
          lists.reduce((p, list) => p * list[0], 1),
        )
      }
      const rank = lists.length
      let divisor = b.full(sums.shape, 1, sums.dtype)
      lists.forEach((list, i) => {
        const column = numbersTensor(
          typeOfDType[sums.dtype],
          list,
          range(rank).map((k) => (k === i ? list.length : 1)),
        )
        divisor = b.mul(divisor, stretch(column.node, sums.shape))
      })
      return b.div(sums, divisor)
    }),
  )
}

const power = (x: Node, p: number): Node => (p === 2 ? b.mul(x, x) : b.pow(b.abs(x), like(x, p)))
const rootOf = (x: Node, p: number): Node => (p === 2 ? safeSqrt(x) : b.pow(x, like(x, 1 / p)))

const lpPool: Rule = (c) => {
  const p = c.int('p', 2)
  const pool = poolOf(c)
  return c.like(inAccumulationType(c.x(0), (y) => rootOf(windowSums(power(y, p), pool), p)))
}

/** Reduces all spatial axes to one element. */
const global =
  (reduce: (x: Node, axes: number[], c: Context) => Node): Rule =>
  (c) => {
    const x = c.x(0)
    const axes = range(x.shape.length).slice(2)
    const reduced = inAccumulationType(x, (y) => reduce(y, axes, c))
    return c.like(
      b.reshape(
        reduced,
        x.shape.map((n, i) => (i < 2 ? n : 1)),
      ),
    )
  }

/** Puts values back where max pooling found them. Positions count in the size that the pool would have come from. */
const maxUnpool: Rule = (c) => {
  const [x, index] = [c.x(0), c.x(1)]
  const rank = x.shape.length - 2
  const kernel = c.ints('kernel_shape') ?? []
  const stride = c.ints('strides') ?? kernel.map(() => 1)
  const pads = c.ints('pads') ?? range(2 * rank).map(() => 0)
  const inferred = [
    ...x.shape.slice(0, 2),
    ...range(rank).map((i) => (x.shape[i + 2] - 1) * stride[i] - pads[i] - pads[i + rank] + kernel[i]),
  ]
  checkElements(inferred)
  const flat = b.full([sizeOf(inferred)], 0, x.dtype)
  const count = sizeOf(x.shape)
  const filled = b.reshape(
    b.scatter(flat, b.reshape(index, [count]), b.reshape(x, [count]), 0, 'set'),
    inferred,
  )
  const target = c.optionalNumbers(2) ?? inferred
  const zeros = inferred.map(() => 0)
  const after = target.map((n, i) => n - inferred[i])
  return c.like(b.pad(filled, zeros, after, zeros, 0))
}

export const pooling: Rules = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
  MaxUnpool: maxUnpool,
  GlobalAveragePool: global((x, axes) =>
    divLiteral(
      b.reduceSum(x, axes),
      axes.reduce((n, a) => n * x.shape[a], 1),
    ),
  ),
  GlobalMaxPool: global((x, axes) => b.reduceMax(x, axes)),
  GlobalLpPool: global((x, axes, c) => rootOf(b.reduceSum(power(x, c.int('p', 2)), axes), c.int('p', 2))),
}
