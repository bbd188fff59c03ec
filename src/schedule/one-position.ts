/**
 * A convolution whose window stands at one place along an axis and takes elements apart there (the gradient of a strided
 * 1 × 1 convolution's weights) as one over those elements alone: the others are neither moved nor packed.
 */
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'

/** The convolution itself where it is no such one. */
export function onePosition(node: Node<'conv'>): Node<'conv'> {
  const { padding, dilation, inputDilation } = node.attrs
  const [x, w] = node.inputs
  const taken = dilation.map((step, i) => {
    const start = -padding[i][0]
    const end = start + (w.shape[i + 2] - 1) * step + 1
    const alone = node.shape[i + 2] === 1 && step > 1 && inputDilation[i] === 1
    return alone && start >= 0 && end <= x.shape[i + 2] ? { start, end } : null
  })
  if (taken.every((range) => range === null)) return node
  const of = <T>(given: readonly T[], instead: T): T[] =>
    given.map((value, i) => (taken[i] === null ? value : instead))
  const elements = b.slice(
    x,
    [0, 0, ...taken.map((range) => range?.start ?? 0)],
    [...x.shape.slice(0, 2), ...taken.map((range, i) => range?.end ?? x.shape[i + 2])],
    [1, 1, ...dilation.map((step, i) => (taken[i] === null ? 1 : step))],
  )
  return b.conv(elements, w, {
    ...node.attrs,
    padding: of(padding, [0, 0]),
    dilation: of(dilation, 1),
  }) as Node<'conv'>
}
