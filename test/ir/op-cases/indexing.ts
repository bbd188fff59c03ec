/** Cases of gather, scatter, dynamic slices and sorting. */
import type { Shape } from '../../../src/core/shape.js'
import type { ScatterMode } from '../../../src/ir/node.js'
import { cycle, distinctPositions, domains, input, type OpCase, opCase, positions } from './case.js'

const gathers: readonly (readonly [Shape, Shape, number])[] = [
  [[7], [3], 0],
  [[5], [17], 0],
  [[3, 5], [3, 2], 1],
  [[3, 5], [7, 5], 0],
  [[2, 3, 5], [2, 4, 5], 1],
  [[3], [0], 0],
  [[1], [5], 0],
]
const gather: readonly OpCase[] = gathers.flatMap(([shape, indexShape, axis]) =>
  (['i32', 'i64'] as const).map((dtype) =>
    opCase(
      'gather',
      `${dtype} [${shape}] index [${indexShape}] on ${axis}`,
      [input(shape), input(indexShape, positions(shape[axis]), dtype)],
      (b, [x, i]) => b.gather(x, i, axis),
    ),
  ),
)

const modes: readonly ScatterMode[] = ['set', 'add', 'mul', 'max', 'min']
const scatter: readonly OpCase[] = modes.flatMap((mode) => [
  ...gathers.map(([shape, indexShape, axis]) =>
    opCase(
      'scatter',
      `${mode} duplicates [${shape}] index [${indexShape}] on ${axis}`,
      [
        input(shape, domains.distinct),
        input(indexShape, positions(shape[axis]), 'i64'),
        input(indexShape, domains.distinct),
      ],
      (b, [x, i, u]) => b.scatter(x, i, u, axis, mode),
      // distinct draws of x and updates may coincide with each other: max and min are compared on their own below
      { tolerance: 'sum', smooth: mode === 'max' || mode === 'min' ? 'none' : 'both' },
    ),
  ),
  opCase(
    'scatter',
    `${mode} without duplicates`,
    [
      input([7], domains.nonzero),
      input([5], distinctPositions(7, 5), 'i32'),
      input([5], (r, n) => domains.nonzero(r, n).map((v) => v * 3.7)),
    ],
    (b, [x, i, u]) => b.scatter(x, i, u, 0, mode),
    { tolerance: 'sum' },
  ),
  opCase(
    'scatter',
    `${mode} all on one place`,
    [
      input([3], domains.positive),
      input([5], cycle(1), 'i32'),
      input([5], (r, n) => domains.distinct(r, n).map((v) => v + 4)),
    ],
    (b, [x, i, u]) => b.scatter(x, i, u, 0, mode),
    { tolerance: 'sum' },
  ),
  opCase(
    'scatter',
    `${mode} i32`,
    [
      input([3, 5], domains.small, 'i32'),
      input([3, 7], positions(5), 'i64'),
      input([3, 7], domains.small, 'i32'),
    ],
    (b, [x, i, u]) => b.scatter(x, i, u, 1, mode),
  ),
  opCase(
    'scatter',
    `${mode} i64`,
    [input([5], domains.small, 'i64'), input([7], positions(5), 'i64'), input([7], domains.small, 'i64')],
    (b, [x, i, u]) => b.scatter(x, i, u, 0, mode),
  ),
  opCase(
    'scatter',
    `${mode} ties`,
    [input([3], domains.ties), input([7], positions(3), 'i32'), input([7], domains.ties)],
    (b, [x, i, u]) => b.scatter(x, i, u, 0, mode),
    { tolerance: 'sum', smooth: 'none' },
  ),
])

/** Rows of the input, where each segment begins, what lies behind an element. */
const segments: readonly (readonly [number, readonly number[], Shape])[] = [
  [7, [0, 2, 2, 3, 7], []],
  [7, [0, 7], [3]],
  [5, [0, 0, 5, 5], [2, 3]],
  [4, [0, 1, 2, 3, 4], [17]],
  [0, [0, 0, 0], [3]],
]
const segmentSum: readonly OpCase[] = segments.flatMap(([n, offsets, behind]) => [
  ...(['i32', 'i64'] as const).map((dtype) =>
    opCase(
      'segmentSumCsr',
      `[${[n, ...behind]}] by ${dtype} ${offsets}`,
      [input([n, ...behind]), input([offsets.length], cycle(...offsets), dtype)],
      (b, [x, o]) => b.segmentSumCsr(x, o),
      { tolerance: 'sum' },
    ),
  ),
  ...(['i32', 'i64', 'u8'] as const).map((dtype) =>
    opCase(
      'segmentSumCsr',
      `${dtype} [${[n, ...behind]}] by ${offsets}`,
      [
        input([n, ...behind], dtype === 'u8' ? domains.bytes : domains.small, dtype),
        input([offsets.length], cycle(...offsets), 'i32'),
      ],
      (b, [x, o]) => b.segmentSumCsr(x, o),
    ),
  ),
])

const start = (limit: number) => input([], positions(limit), 'i32')
const dynamic: readonly OpCase[] = [
  opCase('dynamicSlice', '[7] 3', [input([7]), start(5)], (b, [x, ...s]) => b.dynamicSlice(x, s, [3])),
  opCase('dynamicSlice', '[7] whole', [input([7]), start(1)], (b, [x, ...s]) => b.dynamicSlice(x, s, [7])),
  opCase('dynamicSlice', '[7] none', [input([7]), start(8)], (b, [x, ...s]) => b.dynamicSlice(x, s, [0])),
  opCase('dynamicSlice', '[5, 17] [2, 3]', [input([5, 17]), start(4), start(15)], (b, [x, ...s]) =>
    b.dynamicSlice(x, s, [2, 3]),
  ),
  opCase('dynamicSlice', '0-d', [input([])], (b, [x]) => b.dynamicSlice(x, [], [])),
  opCase('dynamicUpdate', '[7] 3', [input([7]), input([3]), start(5)], (b, [x, u, ...s]) =>
    b.dynamicUpdate(x, u, s),
  ),
  opCase(
    'dynamicUpdate',
    '[5, 17] [2, 3]',
    [input([5, 17]), input([2, 3]), start(4), start(15)],
    (b, [x, u, ...s]) => b.dynamicUpdate(x, u, s),
  ),
  opCase(
    'dynamicUpdate',
    'i64',
    [input([7], domains.small, 'i64'), input([2], domains.small, 'i64'), start(6)],
    (b, [x, u, ...s]) => b.dynamicUpdate(x, u, s),
  ),
]

const sortShapes: readonly (readonly [Shape, number])[] = [
  [[1], 0],
  [[7], 0],
  [[33], 0],
  [[3, 5], 1],
  [[5, 3], 0],
  [[2, 7, 2], 1],
  [[0], 0],
]
const sorting: readonly OpCase[] = [false, true].flatMap((descending) => [
  ...sortShapes.flatMap(([shape, axis]) => [
    opCase(
      'sort',
      `[${shape}] on ${axis}${descending ? ' descending' : ''}`,
      [input(shape, domains.distinct)],
      (b, xs) => b.sort(xs, axis, descending),
    ),
    opCase(
      'sort',
      `[${shape}] on ${axis}${descending ? ' descending' : ''} payload, ties`,
      [input(shape, domains.ties), input(shape)],
      (b, [x, p]) => b.sort([x, p, b.iota(shape, axis, 'i64')], axis, descending),
      { smooth: 'none' },
    ),
  ]),
  opCase(
    'sort',
    `special${descending ? ' descending' : ''}`,
    [input([12], domains.special)],
    (b, [x]) => b.sort([x, b.iota([12], 0, 'i32')], 0, descending),
    { smooth: 'none' },
  ),
  opCase(
    'sort',
    `float payload${descending ? ' descending' : ''}`,
    [input([3, 7], domains.distinct), input([3, 7])],
    (b, xs) => b.sort(xs, 1, descending),
  ),
  opCase(
    'sort',
    `integer keys${descending ? ' descending' : ''}`,
    [input([3, 7], domains.small, 'i64'), input([3, 7])],
    (b, xs) => b.sort(xs, 1, descending),
  ),
  opCase('sort', `u8${descending ? ' descending' : ''}`, [input([17], domains.bytes, 'u8')], (b, xs) =>
    b.sort(xs, 0, descending),
  ),
])

export const indexingCases: readonly OpCase[] = [...gather, ...scatter, ...segmentSum, ...dynamic, ...sorting]
