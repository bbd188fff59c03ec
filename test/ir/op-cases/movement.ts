/** Cases of leaves and movement. */
import type { Shape } from '../../../src/core/shape.js'
import { cycle, domains, input, type OpCase, opCase } from './case.js'

const key = cycle(0x12345678, -7, 3)

const leaves = [
  ...([[], [1], [7], [2, 3, 5]] as Shape[]).map((shape) =>
    opCase('const', `[${shape}]`, [], (b) => b.full(shape, 1.5, 'f32')),
  ),
  opCase('const', 'i64', [], (b) => b.constant(-3, 'i64')),
  opCase('scalar', 'f32', [], (b) => b.scalar(0.1, 'f32')),
  opCase('scalar', 'times a tensor', [input([5])], (b, [x]) =>
    b.mul(x, b.expand(b.reshape(b.scalar(2.5, x.dtype), [1]), [5])),
  ),
  ...(['f32', 'i32', 'i64'] as const).flatMap((dtype) => [
    opCase('iota', `${dtype} [7]`, [], (b) => b.iota([7], 0, dtype)),
    opCase('iota', `${dtype} [3, 5] axis 1`, [], (b) => b.iota([3, 5], 1, dtype)),
    opCase('iota', `${dtype} [3, 5] axis 0`, [], (b) => b.iota([3, 5], 0, dtype)),
    opCase('iota', `${dtype} [2, 0]`, [], (b) => b.iota([2, 0], 0, dtype)),
  ]),
  ...([[], [1], [33], [3, 5], [0]] as Shape[]).map((shape) =>
    opCase('randomBits', `[${shape}]`, [input([3], key, 'i32')], (b, [k]) => b.randomBits(k, shape)),
  ),
]

const reshapes: readonly (readonly [Shape, Shape])[] = [
  [[], [1, 1]],
  [[6], [2, 3]],
  [[3, 5], [15]],
  [
    [0, 3],
    [3, 0, 2],
  ],
  [
    [2, 17],
    [17, 2],
  ],
  [[1], []],
]
const permutes: readonly (readonly [Shape, readonly number[]])[] = [
  [
    [3, 5],
    [1, 0],
  ],
  [
    [2, 3, 5],
    [2, 0, 1],
  ],
  [
    [2, 3, 5],
    [0, 2, 1],
  ],
  [
    [7, 1, 3],
    [1, 2, 0],
  ],
  [
    [0, 3],
    [1, 0],
  ],
  [
    [2, 3, 2, 3],
    [3, 1, 0, 2],
  ],
]
const expands: readonly (readonly [Shape, Shape])[] = [
  [[1], [7]],
  [
    [3, 1],
    [3, 5],
  ],
  [
    [1, 5],
    [3, 5],
  ],
  [
    [1, 1],
    [17, 33],
  ],
  [[1], [0]],
  [
    [2, 1, 3],
    [2, 5, 3],
  ],
]
const pads: readonly (readonly [Shape, readonly number[], readonly number[], readonly number[]])[] = [
  [[5], [1], [2], [0]],
  [[5], [0], [0], [2]],
  [[5], [-1], [-2], [0]],
  [[5], [-2], [3], [1]],
  [
    [3, 5],
    [1, 0],
    [0, 2],
    [0, 1],
  ],
  [
    [3, 5],
    [-1, 2],
    [2, -1],
    [1, 2],
  ],
  [[0], [2], [1], [1]],
  [[1], [0], [3], [4]],
  [
    [7, 3],
    [-3, 0],
    [-3, 0],
    [0, 0],
  ],
  [[5], [-3], [-2], [0]],
  [[4], [-1], [-4], [2]],
]
const slices: readonly (readonly [Shape, readonly number[], readonly number[], readonly number[]])[] = [
  [[7], [1], [6], [1]],
  [[7], [0], [7], [2]],
  [[7], [1], [7], [3]],
  [
    [3, 5],
    [1, 0],
    [2, 5],
    [1, 2],
  ],
  [[33], [3], [31], [5]],
  [[5], [2], [2], [1]],
  [
    [2, 17],
    [0, 16],
    [2, 17],
    [1, 1],
  ],
  [[6], [0], [4], [2]],
]
const flips: readonly (readonly [Shape, readonly number[]])[] = [
  [[7], [0]],
  [[3, 5], [1]],
  [
    [3, 5],
    [0, 1],
  ],
  [
    [2, 3, 5],
    [0, 2],
  ],
  [[0, 3], [0]],
]
const concats: readonly (readonly [readonly Shape[], number])[] = [
  [[[3], [5]], 0],
  [
    [
      [3, 5],
      [3, 2],
    ],
    1,
  ],
  [
    [
      [2, 3],
      [1, 3],
      [4, 3],
    ],
    0,
  ],
  [[[0], [3]], 0],
  [
    [
      [2, 3, 1],
      [2, 3, 1],
      [2, 3, 3],
    ],
    2,
  ],
]

const moves: readonly OpCase[] = [
  ...reshapes.map(([from, to]) =>
    opCase('reshape', `[${from}] to [${to}]`, [input(from)], (b, [x]) => b.reshape(x, to)),
  ),
  ...permutes.map(([shape, axes]) =>
    opCase('permute', `[${shape}] by [${axes}]`, [input(shape)], (b, [x]) => b.permute(x, axes)),
  ),
  ...expands.map(([from, to]) =>
    opCase('expand', `[${from}] to [${to}]`, [input(from)], (b, [x]) => b.expand(x, to)),
  ),
  ...pads.map(([shape, low, high, interior]) =>
    opCase('pad', `[${shape}] low [${low}] high [${high}] interior [${interior}]`, [input(shape)], (b, [x]) =>
      b.pad(x, low, high, interior, 0.5),
    ),
  ),
  opCase('pad', 'i64 with -1', [input([3], domains.small, 'i64')], (b, [x]) => b.pad(x, [1], [1], [0], -1)),
  opCase('pad', 'bool with true', [input([3], domains.bool, 'bool')], (b, [x]) => b.pad(x, [1], [1], [0], 1)),
  ...slices.map(([shape, starts, stops, steps]) =>
    opCase('slice', `[${shape}] [${starts}]:[${stops}]:[${steps}]`, [input(shape)], (b, [x]) =>
      b.slice(x, starts, stops, steps),
    ),
  ),
  ...flips.map(([shape, axes]) =>
    opCase('flip', `[${shape}] on [${axes}]`, [input(shape)], (b, [x]) => b.flip(x, axes)),
  ),
  ...concats.map(([shapes, axis]) =>
    opCase(
      'concat',
      `${shapes.map((s) => `[${s}]`).join(' ')} on ${axis}`,
      shapes.map((s) => input(s)),
      (b, xs) => b.concat(xs, axis),
    ),
  ),
  opCase('concat', 'one input twice', [input([3, 2])], (b, [x]) => b.concat([x, x], 1)),
  opCase('reshape', 'after permute', [input([3, 5])], (b, [x]) => b.reshape(b.permute(x, [1, 0]), [15])),
  opCase('slice', 'of a flipped transpose', [input([3, 5])], (b, [x]) =>
    b.slice(b.flip(b.permute(x, [1, 0]), [0]), [1, 0], [4, 2]),
  ),
]

export const movementCases: readonly OpCase[] = [...leaves, ...moves]
