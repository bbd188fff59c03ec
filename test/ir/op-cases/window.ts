/** Cases of windows, their adjoint, and window reductions. */
import type { Shape } from '../../../src/core/shape.js'
import type { PadPair } from '../../../src/ir/node.js'
import { domains, input, type OpCase, opCase } from './case.js'

interface Windows {
  readonly x: Shape
  readonly size: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
}

const windows: readonly Windows[] = [
  { x: [5], size: [3], stride: [1], dilation: [1] },
  { x: [7], size: [2], stride: [3], dilation: [1] },
  { x: [9], size: [3], stride: [2], dilation: [2] },
  { x: [3, 5], size: [2], stride: [2], dilation: [1] },
  { x: [2, 5, 7], size: [3, 2], stride: [1, 2], dilation: [2, 1] },
  { x: [1], size: [1], stride: [1], dilation: [1] },
  { x: [2, 3, 6, 6], size: [2, 2], stride: [2, 2], dilation: [1, 1] },
  { x: [0, 5], size: [3], stride: [1], dilation: [1] },
]

const count = ({ x, size, stride, dilation }: Windows): number[] =>
  size.map((k, i) => Math.floor((x[x.length - size.length + i] - dilation[i] * (k - 1) - 1) / stride[i]) + 1)

const views: readonly OpCase[] = windows.flatMap((c) => {
  const { x: shape, ...attrs } = c
  const lead = shape.slice(0, shape.length - c.size.length)
  const label = `[${shape}] k[${c.size}] s[${c.stride}] d[${c.dilation}]`
  return [
    opCase('window', label, [input(shape)], (b, [x]) => b.window(x, attrs)),
    opCase(
      'fold',
      label,
      [input([...lead, ...count(c), ...c.size])],
      (b, [x]) => b.fold(x, { ...attrs, spatial: shape.slice(lead.length) }),
      { tolerance: 'sum' },
    ),
  ]
})

const padded: readonly (Windows & { padding: readonly PadPair[] })[] = [
  { ...windows[0], padding: [[0, 0]] },
  { ...windows[0], padding: [[1, 1]] },
  { ...windows[1], padding: [[1, 0]] },
  { ...windows[2], padding: [[0, 1]] },
  { ...windows[2], padding: [[-1, 2]] },
  { ...windows[3], padding: [[1, -1]] },
  {
    ...windows[4],
    padding: [
      [1, 1],
      [0, 1],
    ],
  },
  { ...windows[5], padding: [[0, 0]] },
  {
    ...windows[6],
    padding: [
      [0, 0],
      [0, 0],
    ],
  },
  {
    x: [1, 2, 7, 7],
    size: [3, 3],
    stride: [2, 2],
    dilation: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
]

const pools: readonly OpCase[] = padded.flatMap(({ x: shape, ...attrs }) =>
  (['max', 'min'] as const).flatMap((kind) => {
    const label = `${kind} [${shape}] k[${attrs.size}] s[${attrs.stride}] d[${attrs.dilation}] p[${attrs.padding.join(' ')}]`
    return [
      opCase('windowReduce', label, [input(shape, domains.distinct)], (b, [x]) =>
        b.windowReduce(x, { ...attrs, kind }),
      ),
      opCase(
        'windowReduce',
        `${label} ties`,
        [input(shape, domains.ties)],
        (b, [x]) => b.windowReduce(x, { ...attrs, kind }),
        { smooth: 'none' },
      ),
      opCase(
        'windowReduce',
        `${label} special`,
        [input(shape, domains.special)],
        (b, [x]) => b.windowReduce(x, { ...attrs, kind }),
        { smooth: 'none' },
      ),
      opCase('windowReduce', `${label} i32`, [input(shape, domains.i32, 'i32')], (b, [x]) =>
        b.windowReduce(x, { ...attrs, kind }),
      ),
    ]
  }),
)

export const windowCases: readonly OpCase[] = [...views, ...pools]
