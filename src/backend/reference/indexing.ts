/** Data-dependent addressing on the reference backend. Bad indices are remembered and fail the run at its end. */
import { formatShape, sizeOf, stridesOf } from '../../core/shape.js'
import type { Node, ScatterMode } from '../../ir/node.js'
import {
  type Arithmetic,
  allocate,
  copyElement,
  type Evaluators,
  flatten,
  forEachIndex,
  forEachLine,
  isLarger,
  isNaNElement,
  isSmaller,
  type Run,
  read,
  type Value,
  withArithmetic,
} from './value.js'

const duplicate = (x: Value): Value => ({ ...x, data: x.data.slice() })

/** Position that `index[flat]` points at along `axis`, or -1 after a fault. */
function target(
  node: Node,
  x: Value,
  index: Value,
  at: readonly number[],
  flat: number,
  axis: number,
  run: Run,
): number {
  const k = read(index, flat)
  if (!(k >= 0 && k < x.shape[axis])) {
    run.fault(
      `${node.op}: index ${k} is out of range on axis ${axis} of ${formatShape(x.shape)}: expected 0 to ${x.shape[axis] - 1}. ` +
        'Check the indices (or class labels) that were passed in.',
    )
    return -1
  }
  const strides = stridesOf(x.shape)
  return flatten(at, strides) + (k - at[axis]) * strides[axis]
}

const combine = <T extends number | bigint>(a: Arithmetic<T>, mode: ScatterMode, x: T, y: T): T => {
  switch (mode) {
    case 'set':
      return y
    case 'add':
      return a.add(x, y)
    case 'mul':
      return a.mul(x, y)
    case 'max':
      return isLarger(y, x) ? y : x
    case 'min':
      return isSmaller(y, x) ? y : x
  }
}

/** Starts of a dynamic slice, or null after a fault. */
function startsOf(
  node: Node,
  x: Value,
  starts: readonly Value[],
  sizes: readonly number[],
  run: Run,
): number[] | null {
  const list = starts.map((s) => read(s, 0))
  if (list.some((s, i) => s < 0 || s + sizes[i] > x.shape[i])) {
    run.fault(
      `${node.op}: a block of ${formatShape(sizes)} at ${formatShape(list)} does not lie inside ${formatShape(x.shape)}. ` +
        'Check the start that was passed in.',
    )
    return null
  }
  return list
}

export const indexing: Evaluators<
  'gather' | 'scatter' | 'segmentSumCsr' | 'dynamicSlice' | 'dynamicUpdate' | 'sort'
> = {
  gather: ({ node, inputs: [x, index], run }) => {
    const out = allocate(node)
    forEachIndex(out.shape, (at, flat) => {
      const from = target(node, x, index, at, flat, node.attrs.axis, run)
      if (from >= 0) copyElement(out, flat, x, from)
    })
    return out
  },
  // Floats accumulate in f64 and round once, like every other sum here.
  scatter: ({ node, inputs: [x, index, updates], run }) => {
    const { axis, mode } = node.attrs
    const out = allocate(node)
    withArithmetic(node.dtype, (a) => {
      const running = Array.from({ length: x.data.length }, (_, i) => a.get(x, i))
      forEachIndex(index.shape, (at, flat) => {
        const to = target(node, x, index, at, flat, axis, run)
        if (to >= 0) running[to] = combine(a, mode, running[to], a.get(updates, flat))
      })
      running.forEach((value, i) => {
        a.set(out, i, value)
      })
    })
    return out
  },
  segmentSumCsr: ({ node, inputs: [x, offsets], run }) => {
    const out = allocate(node)
    const [n, ...behind] = x.shape
    const width = sizeOf(behind)
    withArithmetic(node.dtype, (a) => {
      for (let r = 0; r < node.shape[0]; r++) {
        const [from, to] = [read(offsets, r), read(offsets, r + 1)]
        const ends = (r > 0 || from === 0) && (r + 1 < node.shape[0] || to === n)
        if (!(ends && from >= 0 && from <= to && to <= n)) {
          run.fault(
            `segmentSumCsr: offsets ${from} and ${to} of row ${r}: expected them to begin with 0, never to fall and to end with ${n}.`,
          )
          return
        }
        for (let j = 0; j < width; j++) {
          let sum = a.zero
          for (let i = from; i < to; i++) sum = a.add(sum, a.get(x, i * width + j))
          a.set(out, r * width + j, sum)
        }
      }
    })
    return out
  },
  dynamicSlice: ({ node, inputs: [x, ...starts], run }) => {
    const out = allocate(node)
    const from = startsOf(node, x, starts, node.shape, run)
    if (from === null) return out
    const strides = stridesOf(x.shape)
    const base = flatten(from, strides)
    forEachIndex(out.shape, (at, flat) => copyElement(out, flat, x, base + flatten(at, strides)))
    return out
  },
  dynamicUpdate: ({ node, inputs: [x, update, ...starts], run }) => {
    const out = duplicate(x)
    const to = startsOf(node, x, starts, update.shape, run)
    if (to === null) return out
    const strides = stridesOf(x.shape)
    const base = flatten(to, strides)
    forEachIndex(update.shape, (at, flat) => copyElement(out, base + flatten(at, strides), update, flat))
    return out
  },
  sort: ({ node, inputs }) => {
    const { axis, descending } = node.attrs
    const [keys] = inputs
    const outs = node.avals.map(allocate)
    const n = keys.shape[axis]
    withArithmetic(keys.dtype, (a) => {
      forEachLine(keys.shape, axis, (at) => {
        const line = Array.from({ length: n }, (_, k) => ({ k, key: a.get(keys, at(k)) }))
        // NaN is the largest key: last when ascending, first when descending. Array.sort is stable.
        line.sort((p, q) => {
          const [pn, qn] = [isNaNElement(p.key), isNaNElement(q.key)]
          const ascending = pn || qn ? Number(pn) - Number(qn) : p.key < q.key ? -1 : p.key > q.key ? 1 : 0
          return descending ? -ascending : ascending
        })
        outs.forEach((out, i) => {
          line.forEach(({ k }, place) => {
            copyElement(out, at(place), inputs[i], at(k))
          })
        })
      })
    })
    return outs
  },
}
