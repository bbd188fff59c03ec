/** Cases of contractions and convolutions. */
import type { Shape } from '../../../src/core/shape.js'
import type { PadPair } from '../../../src/ir/node.js'
import { domains, input, type OpCase, opCase } from './case.js'

type Pairs = readonly [readonly number[], readonly number[]]
const contractions: readonly (readonly [string, Shape, Shape, Pairs, Pairs])[] = [
  ['matmul', [3, 5], [5, 7], [[], []], [[1], [0]]],
  ['matmul 17×33×5', [17, 33], [33, 5], [[], []], [[1], [0]]],
  ['both transposed', [5, 3], [7, 5], [[], []], [[0], [1]]],
  ['right transposed', [3, 5], [7, 5], [[], []], [[1], [1]]],
  ['matrix by vector', [3, 5], [5], [[], []], [[1], [0]]],
  ['vector by matrix', [5], [5, 3], [[], []], [[0], [0]]],
  ['dot', [7], [7], [[], []], [[0], [0]]],
  ['outer', [3], [5], [[], []], [[], []]],
  ['two scalars', [], [], [[], []], [[], []]],
  ['batch', [2, 3, 5], [2, 5, 3], [[0], [0]], [[2], [1]]],
  ['batch in the middle', [3, 2, 5], [5, 3, 2], [[1], [2]], [[2], [0]]],
  [
    'two batch axes',
    [2, 3, 4, 5],
    [2, 3, 5, 2],
    [
      [0, 1],
      [0, 1],
    ],
    [[3], [2]],
  ],
  [
    'batch axes crossed',
    [2, 3, 4],
    [3, 2, 4],
    [
      [0, 1],
      [1, 0],
    ],
    [[2], [2]],
  ],
  [
    'two contracted axes',
    [2, 3, 5],
    [3, 5, 2],
    [[], []],
    [
      [1, 2],
      [0, 1],
    ],
  ],
  [
    'contracted axes crossed',
    [2, 3, 5],
    [5, 2, 3],
    [[], []],
    [
      [1, 2],
      [2, 0],
    ],
  ],
  [
    'contracted axes given in reverse',
    [3, 2, 5],
    [2, 7, 3],
    [[], []],
    [
      [1, 0],
      [0, 2],
    ],
  ],
  [
    'three contracted axes',
    [2, 3, 4],
    [4, 2, 3],
    [[], []],
    [
      [2, 0, 1],
      [0, 1, 2],
    ],
  ],
  [
    'batch, cross and several free axes',
    [2, 3, 2, 4],
    [4, 2, 3, 2],
    [[2], [1]],
    [
      [3, 1],
      [0, 2],
    ],
  ],
  [
    'everything batched',
    [2, 3],
    [2, 3],
    [
      [0, 1],
      [0, 1],
    ],
    [[], []],
  ],
  ['nothing to sum', [3, 0], [0, 5], [[], []], [[1], [0]]],
  ['no rows', [0, 3], [3, 5], [[], []], [[1], [0]]],
  ['size one', [1, 1], [1, 1], [[], []], [[1], [0]]],
  ['tall and narrow', [41, 6], [6, 4], [[], []], [[1], [0]]],
  [
    'tall, narrow, several axes',
    [5, 3, 9, 2],
    [2, 3, 4],
    [[], []],
    [
      [3, 1],
      [0, 1],
    ],
  ],
]

const contractCases: readonly OpCase[] = [
  ...contractions.map(([name, sx, sy, batch, contracting]) =>
    opCase(
      'contract',
      name,
      [input(sx), input(sy)],
      (b, [x, y]) => b.contract(x, y, { batch, contracting, accumulate: x.dtype }),
      { tolerance: 'sum' },
    ),
  ),
  // Small integers: sums of so many random numbers would differ by their order.
  opCase(
    'contract',
    'a long inner dimension',
    [input([3, 8, 2056], domains.small), input([5, 8, 2056], domains.small)],
    (b, [x, y]) =>
      b.contract(x, y, {
        batch: [[], []],
        contracting: [
          [2, 1],
          [2, 1],
        ],
        accumulate: x.dtype,
      }),
    { smooth: 'none' },
  ),
  ...(['i32', 'i64', 'u8'] as const).map((dtype) =>
    opCase(
      'contract',
      dtype,
      [
        input([3, 5], dtype === 'u8' ? domains.bytes : domains.small, dtype),
        input([5, 2], dtype === 'u8' ? domains.bytes : domains.small, dtype),
      ],
      (b, [x, y]) => b.contract(x, y, { batch: [[], []], contracting: [[1], [0]], accumulate: dtype }),
    ),
  ),
  ...(['f16', 'bf16'] as const).map((dtype) =>
    opCase(
      'contract',
      dtype,
      [input([3, 17], domains.normal, dtype), input([17, 5], domains.normal, dtype)],
      (b, [x, y]) => b.contract(x, y, { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' }),
      { tolerance: 'sum', smooth: 'none' },
    ),
  ),
  opCase(
    'contract',
    'with itself',
    [input([5, 5])],
    (b, [x]) => b.contract(x, x, { batch: [[], []], contracting: [[1], [0]], accumulate: x.dtype }),
    { tolerance: 'sum' },
  ),
  opCase(
    'contract',
    'a view',
    [input([5, 3]), input([7, 5])],
    (b, [x, y]) =>
      b.contract(b.permute(x, [1, 0]), b.permute(b.flip(y, [1]), [1, 0]), {
        batch: [[], []],
        contracting: [[1], [0]],
        accumulate: x.dtype,
      }),
    { tolerance: 'sum' },
  ),
]

interface Convolution {
  readonly x: Shape
  readonly w: Shape
  readonly stride?: readonly number[]
  readonly padding?: readonly PadPair[]
  readonly dilation?: readonly number[]
  readonly inputDilation?: readonly number[]
  readonly groups?: number
}

export function convCase(c: Convolution, name?: string): OpCase {
  const rank = c.x.length - 2
  const ones = new Array<number>(rank).fill(1)
  const attrs = {
    stride: c.stride ?? ones,
    padding: c.padding ?? ones.map((): PadPair => [0, 0]),
    dilation: c.dilation ?? ones,
    inputDilation: c.inputDilation ?? ones,
    groups: c.groups ?? 1,
  }
  const label = `x[${c.x}] w[${c.w}] s[${attrs.stride}] p[${attrs.padding.join(' ')}] d[${attrs.dilation}] i[${attrs.inputDilation}] g${attrs.groups}`
  return opCase('conv', name ?? label, [input(c.x), input(c.w)], (b, [x, w]) => b.conv(x, w, attrs), {
    tolerance: 'sum',
  })
}

const convolutions: readonly Convolution[] = [
  { x: [1, 1, 5], w: [1, 1, 3] },
  { x: [2, 3, 7], w: [4, 3, 3], padding: [[1, 1]] },
  { x: [2, 3, 8], w: [4, 3, 3], stride: [2], padding: [[1, 0]] },
  { x: [1, 2, 9], w: [3, 2, 2], stride: [3], dilation: [2] },
  { x: [1, 2, 9], w: [3, 2, 3], padding: [[-1, 2]], dilation: [2] },
  { x: [1, 2, 5], w: [3, 2, 3], padding: [[2, 1]], inputDilation: [2] },
  { x: [1, 2, 5], w: [3, 2, 3], padding: [[-1, -2]], inputDilation: [3], stride: [2] },
  { x: [1, 4, 6], w: [6, 2, 3], groups: 2, padding: [[1, 1]] },
  { x: [2, 6, 7], w: [6, 1, 3], groups: 6, stride: [2] },
  { x: [0, 2, 5], w: [3, 2, 3] },
  { x: [1, 2, 3], w: [3, 2, 3] },
  { x: [1, 2, 7], w: [3, 2, 2], stride: [4] },
  {
    x: [2, 3, 5, 7],
    w: [4, 3, 3, 3],
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
  {
    x: [1, 3, 8, 9],
    w: [2, 3, 3, 2],
    stride: [2, 3],
    padding: [
      [1, 0],
      [0, 2],
    ],
  },
  {
    x: [2, 4, 5, 5],
    w: [8, 2, 3, 3],
    groups: 2,
    dilation: [2, 1],
    padding: [
      [2, 2],
      [0, 1],
    ],
  },
  {
    x: [1, 2, 3, 4],
    w: [2, 2, 3, 2],
    inputDilation: [2, 1],
    stride: [1, 2],
    padding: [
      [1, -1],
      [2, 0],
    ],
  },
  { x: [2, 3, 5, 5], w: [5, 3, 1, 1] },
  { x: [2, 3, 5, 5], w: [5, 3, 1, 1], stride: [2, 2] },
  {
    x: [1, 5, 7, 7],
    w: [5, 1, 3, 3],
    groups: 5,
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
  {
    x: [1, 3, 7, 7],
    w: [2, 3, 5, 5],
    padding: [
      [2, 2],
      [2, 2],
    ],
  },
  {
    x: [1, 17, 5, 5],
    w: [33, 17, 3, 3],
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
  {
    x: [1, 2, 3, 4, 5],
    w: [2, 2, 2, 2, 2],
    stride: [1, 2, 1],
    padding: [
      [0, 1],
      [0, 0],
      [1, 1],
    ],
  },
  { x: [2, 3], w: [5, 3] },
  // Few positions and many images, as in weight gradients.
  {
    x: [9, 3, 5, 4],
    w: [4, 3, 5, 4],
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
  {
    x: [18, 2, 6, 6],
    w: [5, 2, 3, 3],
    padding: [
      [1, 0],
      [0, 1],
    ],
    stride: [2, 2],
    dilation: [2, 1],
  },
  { x: [17, 3, 4, 5], w: [20, 3, 4, 5] },
]

/** stride × dilation × groups × input dilation × padding on a small 1-d convolution. */
export const convGrid: readonly OpCase[] = [1, 2, 3].flatMap((stride) =>
  [1, 2].flatMap((dilation) =>
    [1, 2].flatMap((groups) =>
      [1, 2, 3].flatMap((inputDilation) =>
        (
          [
            [0, 0],
            [1, 2],
            [3, 0],
            [-1, 1],
            [-1, -1],
            [2, -2],
          ] as PadPair[]
        ).map((padding) =>
          convCase({
            x: [2, 2 * groups, 7],
            w: [2 * groups, 2, 3],
            stride: [stride],
            dilation: [dilation],
            groups,
            inputDilation: [inputDilation],
            padding: [padding],
          }),
        ),
      ),
    ),
  ),
)

export const contractionCases: readonly OpCase[] = [...contractCases, ...convolutions.map((c) => convCase(c))]
