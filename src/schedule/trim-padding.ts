/**
 * Padding that no window reaches is not made: where strides leave the last of it out, a convolution and the gradient of
 * its weights then ask for the same padded image.
 */
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'

export function trimPadding(node: Node): Node | null {
  if (!isOp(node, 'window') || !isOp(node.inputs[0], 'pad')) return null
  const [padded] = node.inputs
  const { size, stride, dilation } = node.attrs
  const { low, high, interior, value } = padded.attrs
  const lead = padded.shape.length - size.length
  const reached = high.map((border, axis) => {
    const i = axis - lead
    if (i < 0 || border <= 0) return border
    const reach = (node.shape[axis] - 1) * stride[i] + (size[i] - 1) * dilation[i] + 1
    return border - Math.min(border, padded.shape[axis] - reach)
  })
  if (reached.every((border, axis) => border === high[axis])) return null
  return b.window(b.pad(padded.inputs[0], low, reached, interior, value), node.attrs)
}
