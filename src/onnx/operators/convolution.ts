/** Convolutions of any number of spatial axes, their transposes and the quantised ones. */
import { formatShape, range } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node, PadPair } from '../../ir/node.js'
import type { Context, Rule, Rules } from '../context.js'
import { checkElements } from '../limits.js'

/** What pooling and convolution share: windows over the spatial axes. */
export interface Windows {
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly padding: readonly PadPair[]
}

const perAxis = (c: Context, name: string, rank: number): number[] => {
  const list = c.ints(name) ?? range(rank).map(() => 1)
  if (list.length !== rank || !list.every((n) => Number.isSafeInteger(n) && n >= 1)) {
    c.fail(`expected ${rank} ${name} of 1 or more, got ${formatShape(list)}.`)
  }
  return list
}

/** Strides, dilations and pads over `sizes`; `auto_pad` makes the result as large as the input over the stride. */
export function windowsOf(c: Context, sizes: readonly number[], kernel: readonly number[]): Windows {
  const rank = sizes.length
  const stride = perAxis(c, 'strides', rank)
  const dilation = perAxis(c, 'dilations', rank)
  const auto = c.string('auto_pad', 'NOTSET')
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
    const padding = sizes.map((n, i): PadPair => {
      const out = Math.ceil(n / stride[i])
      const total = Math.max(0, (out - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1 - n)
      const less = Math.floor(total / 2)
      return auto === 'SAME_UPPER' ? [less, total - less] : [total - less, less]
    })
    return { kernel, stride, dilation, padding }
  }
  const pads = c.ints('pads') ?? range(2 * rank).map(() => 0)
  if (pads.length !== 2 * rank || !pads.every(Number.isSafeInteger)) {
    c.fail(`expected ${2 * rank} pads, got ${formatShape(pads)}.`)
  }
  checkElements(sizes.map((n, i) => Math.max(1, n + Math.abs(pads[i]) + Math.abs(pads[i + rank]))))
  return { kernel, stride, dilation, padding: sizes.map((_, i) => [pads[i], pads[i + rank]]) }
}

function checkWeight(c: Context, x: Node, weight: Node): void {
  if (x.shape.length < 3 || weight.shape.length !== x.shape.length) {
    c.fail(
      `expected (N, C, …) and a weight of its rank, got ${formatShape(x.shape)} and ${formatShape(weight.shape)}.`,
    )
  }
}

/** y + bias, one value a channel. */
export const addBias = (y: Node, bias: Node | null): Node =>
  bias === null
    ? y
    : b.add(
        y,
        b.expand(
          b.reshape(
            bias,
            y.shape.map((n, i) => (i === 1 ? n : 1)),
          ),
          y.shape,
        ),
      )

/** The convolution that the node's attributes describe, of any number type. */
export function convolve(c: Context, x: Node, weight: Node): Node {
  checkWeight(c, x, weight)
  const { stride, dilation, padding } = windowsOf(c, x.shape.slice(2), weight.shape.slice(2))
  const inputDilation = stride.map(() => 1)
  return b.conv(x, weight, { stride, padding, dilation, inputDilation, groups: c.int('group', 1) })
}

const conv: Rule = (c) => c.like(addBias(convolve(c, c.x(0), c.x(1)), c.maybe(2)))

/** (G·A, B, …) → (G·B, A, …): the two channel axes exchanged within each group. */
function swapChannels(w: Node, groups: number): Node {
  const [ga, inner, ...kernel] = w.shape
  const split = b.reshape(w, [groups, ga / groups, inner, ...kernel])
  const swapped = b.permute(split, [0, 2, 1, ...range(kernel.length).map((i) => i + 3)])
  return b.reshape(swapped, [groups * inner, ga / groups, ...kernel])
}

const convTranspose: Rule = (c) => {
  const [x, weight] = [c.x(0), c.x(1)]
  checkWeight(c, x, weight)
  const groups = c.int('group', 1)
  if (!(groups >= 1) || weight.shape[0] % groups !== 0)
    c.fail(`expected channels divisible by ${groups} groups.`)
  const sizes = x.shape.slice(2)
  const kernel = weight.shape.slice(2)
  const { stride, dilation, padding } = windowsOf(c, sizes, kernel)
  const extra = c.ints('output_padding') ?? sizes.map(() => 0)
  const auto = c.string('auto_pad', 'NOTSET')
  const same = auto === 'SAME_UPPER' || auto === 'SAME_LOWER'
  const given = c.ints('output_shape')?.slice(-sizes.length)
  const target = given ?? (same ? sizes.map((n, i) => n * stride[i]) : null)
  const cut = sizes.map((n, i): PadPair => {
    if (target === null) return padding[i]
    const total = stride[i] * (n - 1) + extra[i] + dilation[i] * (kernel[i] - 1) + 1 - target[i]
    // What is missing is added at the end.
    if (total < 0) return [0, total]
    const less = Math.floor(total / 2)
    return auto === 'SAME_UPPER' ? [less, total - less] : [total - less, less]
  })
  const flipped = b.flip(
    swapChannels(weight, groups),
    kernel.map((_, i) => i + 2),
  )
  const y = b.conv(x, flipped, {
    stride: stride.map(() => 1),
    padding: cut.map(([low, high], i): PadPair => {
      const reach = dilation[i] * (kernel[i] - 1)
      return [reach - low, reach - high + extra[i]]
    }),
    dilation,
    inputDilation: stride,
    groups,
  })
  return c.like(addBias(y, c.maybe(2)))
}

export const convolutions: Rules = { Conv: conv, ConvTranspose: convTranspose }
