/** Movement on the reference backend: every output element names the input element it is. */
import { sizeOf, stridesOf } from '../../core/shape.js'
import { allocate, copyElement, type Evaluators, flatten, forEachIndex, rearrange } from './value.js'

export const movement: Evaluators<'reshape' | 'permute' | 'expand' | 'pad' | 'slice' | 'flip' | 'concat'> = {
  reshape: ({ node, inputs: [x] }) => ({ ...x, shape: node.shape }),
  permute: ({ node, inputs: [x] }) => {
    const strides = stridesOf(x.shape)
    const moved = node.attrs.axes.map((a) => strides[a])
    return rearrange(x, node.shape, (index) => flatten(index, moved))
  },
  expand: ({ node, inputs: [x] }) => {
    const strides = stridesOf(x.shape).map((s, i) => (x.shape[i] === 1 ? 0 : s))
    return rearrange(x, node.shape, (index) => flatten(index, strides))
  },
  pad: ({ node, inputs: [x] }) => {
    const { low, interior, value } = node.attrs
    const strides = stridesOf(x.shape)
    return rearrange(
      x,
      node.shape,
      (index) => {
        let at = 0
        for (let a = 0; a < index.length; a++) {
          const steps = (index[a] - low[a]) / (interior[a] + 1)
          if (!Number.isInteger(steps) || steps < 0 || steps >= x.shape[a]) return -1
          at += steps * strides[a]
        }
        return at
      },
      value,
    )
  },
  slice: ({ node, inputs: [x] }) => {
    const { starts, steps } = node.attrs
    const strides = stridesOf(x.shape)
    return rearrange(x, node.shape, (index) =>
      flatten(
        index.map((k, a) => starts[a] + k * steps[a]),
        strides,
      ),
    )
  },
  flip: ({ node, inputs: [x] }) => {
    const { axes } = node.attrs
    const strides = stridesOf(x.shape)
    return rearrange(x, node.shape, (index) =>
      flatten(
        index.map((k, a) => (axes.includes(a) ? x.shape[a] - 1 - k : k)),
        strides,
      ),
    )
  },
  concat: ({ node, inputs }) => {
    const { axis } = node.attrs
    const out = allocate(node)
    const strides = stridesOf(out.shape)
    let start = 0
    for (const x of inputs) {
      if (sizeOf(x.shape) > 0) {
        forEachIndex(x.shape, (index, flat) =>
          copyElement(out, flatten(index, strides) + start * strides[axis], x, flat),
        )
      }
      start += x.shape[axis]
    }
    return out
  },
}
