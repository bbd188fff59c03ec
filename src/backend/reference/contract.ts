/** `contract` and `conv` on the reference backend: the sums of products as their definitions write them. */
import { otherAxes, stridesOf } from '../../core/shape.js'
import { allocate, type Evaluators, flatten, forEachIndex, read, withArithmetic, write } from './value.js'

export const contract: Evaluators<'contract' | 'conv'> = {
  contract: ({ node, inputs: [x, y] }) => {
    const { batch, contracting } = node.attrs
    const out = allocate(node)
    const [sx, sy] = [stridesOf(x.shape), stridesOf(y.shape)]
    const freeX = otherAxes([...batch[0], ...contracting[0]], x.shape.length)
    const freeY = otherAxes([...batch[1], ...contracting[1]], y.shape.length)
    const paired = contracting[0].map((a) => x.shape[a])
    // How far each operand moves along the output's axes and along the contracted ones.
    const outX = [...batch[0].map((a) => sx[a]), ...freeX.map((a) => sx[a]), ...freeY.map(() => 0)]
    const outY = [...batch[1].map((a) => sy[a]), ...freeX.map(() => 0), ...freeY.map((a) => sy[a])]
    const inX = contracting[0].map((a) => sx[a])
    const inY = contracting[1].map((a) => sy[a])
    withArithmetic(node.dtype, (a) => {
      forEachIndex(out.shape, (index, flat) => {
        const [atX, atY] = [flatten(index, outX), flatten(index, outY)]
        let total = a.zero
        forEachIndex(paired, (k) => {
          total = a.add(total, a.mul(a.get(x, atX + flatten(k, inX)), a.get(y, atY + flatten(k, inY))))
        })
        a.set(out, flat, total)
      })
    })
    return out
  },

  conv: ({ node, inputs: [x, w] }) => {
    const { stride, padding, dilation, inputDilation, groups } = node.attrs
    const out = allocate(node)
    const [sx, sw] = [stridesOf(x.shape), stridesOf(w.shape)]
    const [o, perGroup, ...kernel] = w.shape
    const outputsPerGroup = o / groups
    forEachIndex(out.shape, (index, flat) => {
      const [n, channel] = index
      const group = Math.floor(channel / outputsPerGroup)
      let total = 0
      forEachIndex(kernel, (k) => {
        let atX = n * sx[0] + group * perGroup * sx[1]
        let atW = channel * sw[0]
        for (let i = 0; i < kernel.length; i++) {
          const place = index[i + 2] * stride[i] + k[i] * dilation[i] - padding[i][0]
          const source = place / inputDilation[i]
          // Padding, and the zeros that input dilation puts between elements, add nothing.
          if (!Number.isInteger(source) || source < 0 || source >= x.shape[i + 2]) return
          atX += source * sx[i + 2]
          atW += k[i] * sw[i + 2]
        }
        for (let c = 0; c < perGroup; c++) total += read(x, atX + c * sx[1]) * read(w, atW + c * sw[1])
      })
      write(out, flat, total)
    })
    return out
  },
}
