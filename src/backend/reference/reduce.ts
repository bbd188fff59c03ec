/** Reductions and cumulative forms on the reference backend: plain running values, rounded once at the output. */

import { otherAxes, sizeOf, stridesOf } from '../../core/shape.js'
import type { Primitive } from '../../ir/node.js'
import {
  type Arithmetic,
  allocate,
  type Evaluator,
  type Evaluators,
  flatten,
  forEachIndex,
  forEachLine,
  isLarger,
  isSmaller,
  type Value,
  withArithmetic,
} from './value.js'

type Combine = <T extends number | bigint>(a: Arithmetic<T>, x: T, y: T) => T

const sum: Combine = (a, x, y) => a.add(x, y)
const product: Combine = (a, x, y) => a.mul(x, y)
const largest: Combine = (_, x, y) => (isLarger(y, x) ? y : x)
const smallest: Combine = (_, x, y) => (isSmaller(y, x) ? y : x)

/** Folds the axes away; `start` is the value of an empty sum or product. */
function reduceAxes(
  x: Value,
  axes: readonly number[],
  out: Value,
  combine: Combine,
  start: 'zero' | 'one' | null,
): Value {
  const kept = otherAxes(axes, x.shape.length)
  const strides = stridesOf(x.shape)
  const reduced = axes.map((i) => x.shape[i])
  const keptStrides = kept.map((i) => strides[i])
  const reducedStrides = axes.map((i) => strides[i])
  withArithmetic(x.dtype, (a) => {
    forEachIndex(
      kept.map((i) => x.shape[i]),
      (index, flat) => {
        const base = flatten(index, keptStrides)
        let total = start === null ? a.get(x, base) : a[start]
        forEachIndex(reduced, (inner) => {
          total = combine(a, total, a.get(x, base + flatten(inner, reducedStrides)))
        })
        a.set(out, flat, total)
      },
    )
  })
  return out
}

const arg =
  (better: (x: number | bigint, y: number | bigint) => boolean): Evaluator<'argMax' | 'argMin'> =>
  ({ node, inputs: [x] }) => {
    const { axis } = node.attrs
    const out = allocate(node)
    withArithmetic(x.dtype, (a) => {
      forEachLine(x.shape, axis, (at, line) => {
        let best = 0
        for (let k = 1; k < x.shape[axis]; k++) if (better(a.get(x, at(k)), a.get(x, at(best)))) best = k
        out.data[line] = BigInt(best)
      })
    })
    return out
  }

const cumulative =
  (combine: Combine): Evaluator<Extract<Primitive, 'cumSum' | 'cumProd' | 'cumMax'>> =>
  ({ node, inputs: [x] }) => {
    const { axis, reverse } = node.attrs
    const out = allocate(node)
    const n = x.shape[axis]
    if (sizeOf(x.shape) === 0) return out
    withArithmetic(x.dtype, (a) => {
      forEachLine(x.shape, axis, (at) => {
        let running = a.get(x, at(reverse ? n - 1 : 0))
        a.set(out, at(reverse ? n - 1 : 0), running)
        for (let step = 1; step < n; step++) {
          const k = reverse ? n - 1 - step : step
          running = combine(a, running, a.get(x, at(k)))
          a.set(out, at(k), running)
        }
      })
    })
    return out
  }

export const reduce: Evaluators<
  | 'reduceSum'
  | 'reduceProd'
  | 'reduceMax'
  | 'reduceMin'
  | 'argMax'
  | 'argMin'
  | 'cumSum'
  | 'cumProd'
  | 'cumMax'
> = {
  reduceSum: ({ node, inputs: [x] }) => reduceAxes(x, node.attrs.axes, allocate(node), sum, 'zero'),
  reduceProd: ({ node, inputs: [x] }) => reduceAxes(x, node.attrs.axes, allocate(node), product, 'one'),
  reduceMax: ({ node, inputs: [x] }) => reduceAxes(x, node.attrs.axes, allocate(node), largest, null),
  reduceMin: ({ node, inputs: [x] }) => reduceAxes(x, node.attrs.axes, allocate(node), smallest, null),
  argMax: arg(isLarger),
  argMin: arg(isSmaller),
  cumSum: cumulative(sum),
  cumProd: cumulative(product),
  cumMax: cumulative(largest),
}
