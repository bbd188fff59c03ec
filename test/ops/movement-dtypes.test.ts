/**
 * What moves, picks and orders elements, for every dtype on every device that compiles: the same bits as the reference.
 * The inputs are sizes around the vector width, read through permutations and flips as well as in order.
 */
import { beforeAll, describe, it } from 'vitest'
import type { Backend } from '../../src/backend/backend.js'
import { type DType, isFloat } from '../../src/core/dtype.js'
import { sizeOf } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { index, indexPut } from '../../src/ops/advanced-indexing.js'
import { diagEmbed, diagonal, tril } from '../../src/ops/diagonal.js'
import { gather, indexSelect, take } from '../../src/ops/indexing.js'
import { blockDiag, cat } from '../../src/ops/joining.js'
import { maskedScatter, maskedSelect, nonzeroStatic } from '../../src/ops/masking.js'
import { pad } from '../../src/ops/padding.js'
import { flip, repeat, repeatInterleave, roll, rot90 } from '../../src/ops/rearranging.js'
import { indexAdd, put, scatterReduce } from '../../src/ops/scattering.js'
import { searchsorted } from '../../src/ops/searching.js'
import { sort, topk } from '../../src/ops/sorting.js'
import { planUnique, planUniqueConsecutive, type UniquePlan } from '../../src/ops/unique.js'
import { currentBackend, listDevices, useDevice } from '../../src/runtime/devices.js'
import { scalarsOf } from '../helpers/operation-cases.js'
import { seeded } from '../helpers/random.js'
import { runGraph } from '../helpers/run-graph.js'
import { expectClose, toleranceOf } from '../helpers/tolerance.js'

const devices = listDevices().filter((name) => name !== 'reference')
const dtypes: readonly DType[] = ['f32', 'f64', 'f16', 'bf16', 'i32', 'i64', 'u8', 'bool']

interface Inputs {
  readonly x: Node
  readonly y: Node
  /** Positions on axis 1, and a mask like x. */
  readonly at: Node
  readonly mask: Node
}

const [rows, columns, picks] = [5, 17, 9]

/** Each operation once; those that compute only where the dtype can. */
function results({ x, y, at, mask }: Inputs, values: readonly number[][]): [string, Node][] {
  // As many as there are: the count is looked at first.
  const distinct = (plan: UniquePlan): object =>
    plan.finish(runGraph([plan.count], [x, y, at, mask], values)[0][0])
  const wide = b.expand(b.reshape(at, [1, picks]), [rows, picks])
  const seen = b.permute(b.flip(b.permute(x, [1, 0]), [1]), [1, 0])
  const numbers = x.dtype !== 'bool'
  const list: [string, Node | readonly Node[]][] = [
    ['flip', flip(x, [0, 1])],
    ['roll', roll(seen, [2, -3], [0, 1])],
    ['rot90', rot90(x)],
    ['repeat', repeat(seen, [2, 1, 2])],
    ['repeatInterleave', repeatInterleave(x, 3, 1)],
    ['pad', pad(x, [1, 2, 0, 1])],
    ['pad reflect', pad(seen, [3, 2, 1, 1], { mode: 'reflect' })],
    ['pad circular', pad(x, [1, 2, 1, 2], { mode: 'circular' })],
    ['cat', cat([x, seen, y], 1)],
    ['blockDiag', blockDiag(x, y)],
    ['tril', tril(seen, 3)],
    ['diagonal', diagonal(x, 2)],
    ['diagEmbed', diagEmbed(y, -1)],
    ['gather', gather(seen, 1, wide)],
    ['indexSelect', indexSelect(x, 1, at)],
    ['take', take(seen, at)],
    ['index', index(x, ['::-2', '3:-1:3'])],
    ['index with nodes', index(seen, ['::-1', at, null])],
    ['index with a mask', index(x, [{ mask, count: 20 }])],
    ['indexPut of a range', indexPut(x, ['1::2', '::-4'], b.sliceAxis(b.sliceAxis(y, 0, 0, 2), 1, 0, 5))],
    ['indexPut of positions', indexPut(seen, [':', at], b.sliceAxis(y, 1, 0, picks))],
    ['indexPut of a mask', indexPut(x, [{ mask, count: null }], 1)],
    ['put', put(x, at, b.reshape(b.sliceAxis(b.sliceAxis(y, 0, 0, 1), 1, 0, picks), [picks]))],
    ['maskedSelect', maskedSelect(seen, mask, 20)],
    ['maskedScatter', maskedScatter(x, mask, y)],
    ['nonzeroStatic', nonzeroStatic(x, 12)],
    ['sort', Object.values(sort(seen, { axis: 1 }))],
    ['sort descending', Object.values(sort(x, { axis: 0, descending: true }))],
    ['topk', Object.values(topk(x, 3))],
    ['unique', Object.values(distinct(planUnique(x)))],
    ['unique rows', Object.values(distinct(planUnique(seen, 0)))],
    ['uniqueConsecutive', Object.values(distinct(planUniqueConsecutive(y, 1)))],
  ]
  if (numbers) {
    list.push(
      ['indexAdd', indexAdd(x, 1, at, b.sliceAxis(y, 1, 0, picks))],
      ['scatterReduce amax', scatterReduce(seen, 1, wide, y, 'amax', { includeSelf: false })],
      ['scatterReduce amin', scatterReduce(x, 1, wide, y, 'amin')],
      ['searchsorted', searchsorted(b.reshape(b.sort([b.sliceAxis(x, 0, 0, 1)], 1, false)[0], [columns]), y)],
    )
  }
  return list.flatMap(([name, found]) =>
    (Array.isArray(found) ? (found as Node[]) : [found as Node]).map((node, i): [string, Node] => [
      `${name}: result ${i}`,
      node,
    ]),
  )
}

describe.each(devices)('elements that are moved on %s', (device) => {
  let backend: Backend
  beforeAll(async () => {
    await useDevice(device)
    backend = currentBackend()
  })

  it.each(dtypes)('%s', (dtype) => {
    const random = seeded(dtypes.indexOf(dtype) + 1)
    const value = (): number => {
      if (dtype === 'bool') return random.integer(0, 2)
      return dtype === 'u8' ? random.integer(0, 12) : random.integer(-6, 7) * (isFloat(dtype) ? 0.5 : 1)
    }
    const inputs = {
      x: b.placeholder([rows, columns], dtype),
      y: b.placeholder([rows, columns], dtype),
      at: b.placeholder([picks], 'i64'),
      mask: b.placeholder([rows, columns], 'bool'),
    }
    const mask = random.shuffle(Array.from({ length: rows * columns }, (_, i) => (i < 20 ? 1 : 0)))
    const values = [
      Array.from({ length: rows * columns }, value),
      Array.from({ length: rows * columns }, value),
      random.shuffle(Array.from({ length: columns }, (_, i) => i)).slice(0, picks),
      mask,
    ]
    const list = results(inputs, values)
    const nodes = list.map(([, node]) => node)
    const scalars = scalarsOf(nodes)
    const leaves = [...Object.values(inputs), ...scalars]
    const given = [...values, ...scalars.map((s) => [s.attrs.value])]
    const expected = runGraph(nodes, leaves, given)
    runGraph(nodes, leaves, given, backend).forEach((got, i) => {
      const [name, node] = list[i]
      if (sizeOf(node.shape) === 0) return
      expectClose(got, expected[i], toleranceOf(node.dtype, 'exact'), `${name} of ${dtype}`)
    })
  })
})
