/** Windows on the reference backend: the view, its adjoint, and the window maximum with its position. */
import { type DType, isFloat } from '../../core/dtype.js'
import { sizeOf, stridesOf } from '../../core/shape.js'
import type { WindowAttributes } from '../../ir/node.js'
import {
  allocate,
  copyElement,
  type Evaluators,
  flatten,
  forEachIndex,
  isLarger,
  isSmaller,
  rearrange,
  withArithmetic,
  write,
} from './value.js'

/** Index into (…, S) of element k of window p, for an index (…, p, k). */
function underWindow(index: readonly number[], { size, stride, dilation }: WindowAttributes): number[] {
  const rank = size.length
  const lead = index.length - 2 * rank
  return [
    ...index.slice(0, lead),
    ...size.map((_, i) => index[lead + i] * stride[i] + index[lead + rank + i] * dilation[i]),
  ]
}

/** What wins over nothing: the value of a window that lies in the padding alone. */
const lowest = (dtype: DType): number =>
  isFloat(dtype) ? Number.NEGATIVE_INFINITY : dtype === 'i32' ? -(2 ** 31) : dtype === 'i64' ? -(2 ** 63) : 0
const highest = (dtype: DType): number =>
  isFloat(dtype) ? Number.POSITIVE_INFINITY : dtype === 'i32' ? 2 ** 31 - 1 : dtype === 'u8' ? 255 : 1

export const window: Evaluators<'window' | 'fold' | 'windowReduce'> = {
  window: ({ node, inputs: [x] }) => {
    const strides = stridesOf(x.shape)
    return rearrange(x, node.shape, (index) => flatten(underWindow(index, node.attrs), strides))
  },
  fold: ({ node, inputs: [x] }) => {
    const size = sizeOf(node.shape)
    const strides = stridesOf(node.shape)
    const out = allocate(node)
    withArithmetic(node.dtype, (a) => {
      const totals = Array.from({ length: size }, () => a.zero)
      forEachIndex(x.shape, (index, flat) => {
        const to = flatten(underWindow(index, node.attrs), strides)
        totals[to] = a.add(totals[to], a.get(x, flat))
      })
      totals.forEach((total, i) => {
        a.set(out, i, total)
      })
    })
    return out
  },
  windowReduce: ({ node, inputs: [x] }) => {
    const { size, stride, dilation, padding, kind } = node.attrs
    const [value, position] = node.avals.map(allocate)
    const strides = stridesOf(x.shape)
    const lead = x.shape.length - size.length
    const better = kind === 'max' ? isLarger : isSmaller
    withArithmetic(x.dtype, (a) => {
      forEachIndex(value.shape, (index, flat) => {
        let best = -1
        let bestK = 0
        forEachIndex(size, (k, flatK) => {
          let at = 0
          for (let i = 0; i < lead; i++) at += index[i] * strides[i]
          for (let i = 0; i < size.length; i++) {
            const place = index[lead + i] * stride[i] + k[i] * dilation[i] - padding[i][0]
            if (place < 0 || place >= x.shape[lead + i]) return
            at += place * strides[lead + i]
          }
          if (best < 0 || better(a.get(x, at), a.get(x, best))) {
            best = at
            bestK = flatK
          }
        })
        if (best >= 0) copyElement(value, flat, x, best)
        else if (x.dtype === 'i64' && kind === 'min') value.data[flat] = 2n ** 63n - 1n
        else write(value, flat, kind === 'max' ? lowest(x.dtype) : highest(x.dtype))
        write(position, flat, bestK)
      })
    })
    return [value, position]
  },
}
