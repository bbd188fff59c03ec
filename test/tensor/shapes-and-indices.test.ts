/**
 * What moves, selects, sorts and groups elements, as methods and functions of tensors: names, options, sizes that depend
 * on data, and what is refused. The numbers of each operation are tested in test/ops.
 */
import { describe, expect, it } from 'vitest'
import { DTypeError, ShapeError, TraceError, ValueError } from '../../src/core/errors.js'
import { compile } from '../../src/tensor/compile.js'
import { scan } from '../../src/tensor/control-flow.js'
import { arange, ones, tensor, zeros } from '../../src/tensor/creation.js'
import {
  bucketize,
  searchsorted,
  segmentMax,
  segmentMean,
  segmentMin,
  segmentSum,
} from '../../src/tensor/indexing-functions.js'
import {
  atleast1d,
  atleast2d,
  atleast3d,
  blockDiag,
  broadcastShapes,
  broadcastTensors,
  cartesianProd,
  columnStack,
  combinations,
  concat,
  diagEmbed,
  dstack,
  hstack,
  meshgrid,
  trilIndices,
  triuIndices,
  vstack,
} from '../../src/tensor/shape-functions.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { where } from '../../src/tensor/tensor-functions.js'
import { gradients, vmap } from '../../src/tensor/transforms.js'
import { forEachDevice } from '../helpers/devices.js'

const indices = (...values: number[]): Tensor => tensor(values, { dtype: 'i64' })
const counting = (...shape: number[]): Tensor =>
  arange(
    0,
    shape.reduce((m, n) => m * n, 1),
  )
    .to('f32')
    .reshape(shape)
const rows = (t: Tensor): unknown => t.toArraySync()

forEachDevice('sizes that depend on data', (device) => {
  const x = tensor([
    [0, 2, 0],
    [-1, 0, 3],
  ])

  it('positions', async () => {
    const expected = [
      [0, 1],
      [1, 0],
      [1, 2],
    ]
    expect(rows(await x.nonzero())).toEqual(expected)
    expect((await x.nonzero()).dtype).toBe('i64')
    expect(rows(await x.argwhere())).toEqual(expected)
    expect(rows(x.nonzeroSync())).toEqual(expected)
    expect((await where(x)).map(rows)).toEqual([
      [0, 1, 1],
      [1, 0, 2],
    ])
    expect((await zeros([2, 3]).nonzero()).shape).toEqual([0, 2])
    expect((await zeros([0, 3]).nonzero()).shape).toEqual([0, 2])
    expect((await tensor(1).nonzero()).shape).toEqual([1, 0])
    expect((await tensor(0).nonzero()).shape).toEqual([0, 0])
    expect(await where(tensor(1))).toEqual([])
    expect(rows(x.nonzeroStatic(2))).toEqual(expected.slice(0, 2))
    expect(rows(x.nonzeroStatic(4, { fillValue: 9 }))).toEqual([...expected, [9, 9]])
    expect(rows(compile((t: Tensor) => t.nonzeroStatic(4))(x))).toEqual([...expected, [-1, -1]])
    expect(rows(vmap((t: Tensor) => t.nonzeroStatic(2))(x))).toEqual([
      [[1], [-1]],
      [[0], [2]],
    ])
  })

  it('elements under a mask', async () => {
    expect(rows(await x.maskedSelect(x.ne(0)))).toEqual([2, -1, 3])
    expect(rows(x.maskedSelectSync(tensor([true, false, true])))).toEqual([0, 0, -1, 3])
    expect((await x.maskedSelect(x.gt(10))).shape).toEqual([0])
    expect(await (await x.maskedSelect(x.gt(10))).sum().item()).toBe(0)
    const slope = gradients((t: Tensor) => t.maskedSelectSync(t.gt(0)).pow(2).sum())(x)
    expect(rows(slope)).toEqual([
      [0, 4, 0],
      [0, 0, 6],
    ])
    expect(rows(x.maskedScatter(x.ne(0), tensor([7, 8, 9, 10])))).toEqual([
      [0, 7, 0],
      [8, 0, 9],
    ])
    expect(() => x.maskedScatter(x.ne(0), tensor([7, 8])).dataSync()).toThrow(/out of range/)
    expect(() => x.maskedScatter(x.ne(0), zeros([0])).dataSync()).toThrow(/out of range/)
    expect(rows(x.maskedScatter(x.gt(9), zeros([0])))).toEqual(rows(x))
  })

  it('what the promise answers is what the tensor was when it was asked', async () => {
    const state = tensor([1, 0, 2])
    const asked = [state.nonzero(), state.maskedSelect(state.gt(1)), state.unique().then((u) => u.values)]
    state.assign(tensor([0, 0, 5]))
    expect((await Promise.all(asked)).map(rows)).toEqual([[[0], [2]], [2], [0, 1, 2]])
  })

  it('distinct elements', async () => {
    const { values, inverse, counts } = await tensor([3, 1, 2, 1, 3, 3]).unique()
    expect([values, inverse, counts].map(rows)).toEqual([
      [1, 2, 3],
      [2, 0, 1, 0, 2, 2],
      [2, 1, 3],
    ])
    const pairs = await tensor([
      [1, 2],
      [0, 9],
      [1, 2],
    ]).unique({ axis: 0 })
    expect(rows(pairs.values)).toEqual([
      [0, 9],
      [1, 2],
    ])
    expect(rows(pairs.inverse)).toEqual([1, 0, 1])
    expect(rows(tensor([[5, 5, 4]]).uniqueSync({ axis: 1 }).values)).toEqual([[4, 5]])
    const runs = await tensor([1, 1, 2, 1]).uniqueConsecutive()
    expect([runs.values, runs.inverse, runs.counts].map(rows)).toEqual([
      [1, 2, 1],
      [0, 0, 1, 2],
      [2, 1, 1],
    ])
    expect(rows(tensor([Number.NaN, 1, Number.NaN]).uniqueSync().counts)).toEqual([1, 1, 1])
    expect(zeros([0]).uniqueSync().values.shape).toEqual([0])
    expect(zeros([0]).uniqueConsecutiveSync().counts.shape).toEqual([0])
    expect(zeros([0, 3]).uniqueSync({ axis: 0 }).values.shape).toEqual([0, 3])
    const big = tensor(new BigInt64Array([2n ** 60n + 1n, 2n ** 60n, 2n ** 60n + 1n]))
    expect(big.uniqueSync().values.dataSync()).toEqual(new BigInt64Array([2n ** 60n, 2n ** 60n + 1n]))
    const wide = big.reshape([3, 1]).broadcastTo([3, 2])
    expect((wide as Tensor).uniqueSync({ axis: 0 }).values.shape).toEqual([2, 2])
    expect(() => zeros([2, 0]).uniqueSync({ axis: 0 })).toThrow(/slices with elements/)
  })

  it('repeats', () => {
    const y = counting(3, 2)
    expect(rows(y.repeatInterleave([0, 2, 1], 0))).toEqual([
      [2, 3],
      [2, 3],
      [4, 5],
    ])
    expect(rows(y.repeatInterleave(indices(0, 2, 1), 0))).toEqual(rows(y.repeatInterleave([0, 2, 1], 0)))
    expect(rows(y.repeatInterleave([2], 1).slice(0, 0, 1))).toEqual([[0, 0, 1, 1]])
    expect(y.repeatInterleave(2).shape).toEqual([12])
    expect(y.repeatInterleave(indices(2)).shape).toEqual([12])
    const sized = compile((t: Tensor, n: Tensor) => t.repeatInterleave(n, 0, { outputSize: 3 }))
    expect(rows(sized(y, indices(1, 1, 1)))).toEqual(rows(y))
    expect(() => compile((t: Tensor, n: Tensor) => t.repeatInterleave(n, 0))(y, indices(1, 1, 1))).toThrow(
      /repeatInterleave: .*depends on data.*Pass outputSize/,
    )
    expect(() => y.repeatInterleave([1, 2], 0)).toThrow(/one count or 3/)
    expect(() => y.repeatInterleave(-1)).toThrow(/a count ≥ 0, got -1/)
    expect(() => y.repeatInterleave([1, -2, 1], 0)).toThrow(/counts ≥ 0/)
    expect(() => y.repeatInterleave(tensor([1, 2, 3]), 0)).toThrow(DTypeError)
  })

  it.skipIf(device === 'reference')('in long tensors', () => {
    const n = 40_009
    const list = Int32Array.from({ length: n }, (_, i) => (Math.imul(i, 2654435761) >>> 8) % 5003)
    const long = tensor(list)
    const positions = [...list.keys()].filter((i) => list[i] > 2500)
    expect([...long.gt(2500).nonzeroSync().dataSync()].map(Number)).toEqual(positions)
    expect([...long.maskedSelectSync(long.gt(2500)).dataSync()]).toEqual(positions.map((i) => list[i]))
    const { values, inverse, counts } = long.uniqueSync()
    const sorted = [...new Set(list)].sort((a, b) => a - b)
    expect([...values.dataSync()]).toEqual(sorted)
    expect([...values.at(inverse).dataSync()]).toEqual([...list])
    expect(counts.sum().itemSync()).toBe(n)
    expect([...long.sort().values.dataSync()]).toEqual([...list.slice().sort()])
    expect([...searchsorted(values, long).dataSync()]).toEqual([...inverse.dataSync()])
    expect([...segmentSum(long.to('i64'), inverse, values.size).dataSync()]).toEqual([
      ...values.to('i64').mul(counts).dataSync(),
    ])
    expect([...long.at('::-1').at(arange(0, n).neg().sub(1)).dataSync()]).toEqual([...list])
  })

  if (device !== 'reference') return

  it('are refused where there are no values, with what to use instead', () => {
    const refused: [string, (t: Tensor) => unknown, RegExp][] = [
      ['nonzero', (t) => t.nonzero(), /nonzeroStatic/],
      ['nonzero', (t) => t.nonzeroSync(), /nonzeroStatic/],
      ['argwhere', (t) => t.argwhere(), /nonzeroStatic/],
      ['where', (t) => where(t), /nonzeroStatic/],
      ['maskedSelect', (t) => t.maskedSelect(t.gt(0)), /where\(\)/],
      ['maskedSelect', (t) => t.maskedSelectSync(t.gt(0)), /where\(\)/],
      ['unique', (t) => t.unique(), /sort\(\)/],
      ['unique', (t) => t.uniqueSync(), /sort\(\)/],
      ['uniqueConsecutive', (t) => t.uniqueConsecutive(), /sort\(\)/],
      ['uniqueConsecutive', (t) => t.uniqueConsecutiveSync(), /sort\(\)/],
      ['at', (t) => t.at(t.gt(0)), /maskedFill/],
    ]
    for (const [name, use, instead] of refused) {
      const inside = (t: Tensor): Tensor => {
        use(t)
        return t
      }
      for (const run of [
        () => compile(inside)(x),
        () => vmap(inside)(x),
        () => scan((c: Tensor, row: Tensor) => [c, inside(row)], tensor(0), x),
      ]) {
        expect(run, name).toThrow(TraceError)
        expect(run, name).toThrow(
          new RegExp(`${name}.*: expected to be called outside of .* depends on data`),
        )
        expect(run, name).toThrow(instead)
      }
    }
  })
})

forEachDevice('shapes', () => {
  const x = counting(2, 3)

  it('methods under PyTorch’s other names', () => {
    expect(rows(x.swapaxes(0, 1))).toEqual(rows(x.T))
    expect(rows(x.swapdims(0, -1))).toEqual(rows(x.T))
    expect(counting(2, 3, 4).movedim([0, 1], [1, 2]).shape).toEqual([4, 2, 3])
    expect(counting(2, 3, 4).moveaxis(0, -1).shape).toEqual([3, 4, 2])
    expect(x.reshapeAs(zeros([3, 2])).shape).toEqual([3, 2])
    expect(x.viewAs(zeros([6])).shape).toEqual([6])
    expect(ones([1, 3]).expandAs(x).shape).toEqual([2, 3])
    expect(rows(x.ravel())).toEqual([0, 1, 2, 3, 4, 5])
    expect(rows(x.contiguous())).toEqual(rows(x))
    expect(rows(x.fliplr())).toEqual([
      [2, 1, 0],
      [5, 4, 3],
    ])
    expect(rows(x.flipud().rot90(2))).toEqual([
      [2, 1, 0],
      [5, 4, 3],
    ])
    expect(x.tile([2]).shape).toEqual([2, 6])
    expect(x.tensorSplit(2, 1).map((t) => t.shape[1])).toEqual([2, 1])
    expect(x.hsplit(3).length).toBe(3)
    expect(x.vsplit([1]).map(rows)).toEqual([[[0, 1, 2]], [[3, 4, 5]]])
    expect(counting(1, 1, 2).dsplit(2).length).toBe(2)
    expect(rows(x.diag())).toEqual([0, 4])
    expect(x.diagflat(1).shape).toEqual([7, 7])
    expect(rows(x.diagonal(1))).toEqual([1, 5])
    expect(diagEmbed(x, 0, 0, 2).shape).toEqual([3, 2, 3])
    expect(x.diagEmbed().shape).toEqual([2, 3, 3])
  })

  it('a clone is a tensor of its own, and lets gradients through', () => {
    const state = tensor([1, 2])
    const copy = state.clone()
    state.assign(tensor([5, 6]))
    expect(rows(copy)).toEqual([1, 2])
    const leaf = tensor([1, 2], { requiresGrad: true })
    leaf.clone().pow(2).sum().backward()
    expect(rows(leaf.grad!)).toEqual([2, 4])
  })

  it('functions of several tensors', () => {
    expect(rows(concat([x, x], 1))).toEqual(rows(hstack([x, x])))
    expect(vstack([tensor([1, 2]), tensor([3, 4])]).shape).toEqual([2, 2])
    expect(dstack([tensor([1, 2]), tensor([3, 4])]).shape).toEqual([1, 2, 2])
    expect(columnStack([tensor([1, 2]), tensor([3, 4])]).shape).toEqual([2, 2])
    expect(broadcastTensors(x, tensor(1), ones([2, 1])).map((t) => t.shape)).toEqual([
      [2, 3],
      [2, 3],
      [2, 3],
    ])
    expect(broadcastShapes([2, 1], [3], [])).toEqual([2, 3])
    expect(broadcastShapes()).toEqual([])
    expect([atleast1d, atleast2d, atleast3d].map((f) => f(tensor(1)).shape)).toEqual([[1], [1, 1], [1, 1, 1]])
    const [gx, gy] = meshgrid([tensor([1, 2]), tensor([3, 4, 5])], { indexing: 'xy' })
    expect([gx.shape, gy.shape]).toEqual([
      [3, 2],
      [3, 2],
    ])
    expect(rows(cartesianProd(tensor([1, 2]), tensor([3, 4])))).toEqual([
      [1, 3],
      [1, 4],
      [2, 3],
      [2, 4],
    ])
    expect(rows(combinations(tensor([1, 2, 3])))).toEqual([
      [1, 2],
      [1, 3],
      [2, 3],
    ])
    expect(rows(blockDiag(tensor([[1]]), tensor([[2, 3]])))).toEqual([
      [1, 0, 0],
      [0, 2, 3],
    ])
    expect(rows(trilIndices(2, 2))).toEqual([
      [0, 1, 1],
      [0, 0, 1],
    ])
    expect(triuIndices(3, 3, 1, { dtype: 'i32' }).dtype).toBe('i32')
  })

  it('search and segments', () => {
    const sorted = tensor([1, 3, 5])
    expect(rows(searchsorted(sorted, tensor([0, 3, 9])))).toEqual([0, 1, 3])
    expect(rows(searchsorted(sorted, 3, { side: 'right' }))).toBe(2)
    const order = indices(2, 0, 1)
    expect(rows(searchsorted(tensor([3, 5, 1]), tensor([4]), { sorter: order }))).toEqual([2])
    expect(rows(bucketize(tensor([0, 3]), sorted, { right: true, outInt32: true }))).toEqual([0, 2])
    expect(rows(tensor([2]).bucketize(sorted))).toEqual([1])
    const many = arange(1000).to('f32')
    expect(rows(searchsorted(many, tensor([-1, 0, 499.5, 999, 1000])))).toEqual([0, 0, 500, 999, 1000])
    const data = counting(4, 1)
    const groups = indices(1, 1, 3, 1)
    expect(rows(segmentSum(data, groups, 4))).toEqual([[0], [4], [0], [2]])
    expect(rows(segmentMean(data.mul(3), groups, 4))).toEqual([[0], [4], [0], [6]])
    expect(rows(segmentMax(data.sub(5), groups, 4))).toEqual([[0], [-2], [0], [-3]])
    expect(rows(segmentMin(data.add(1), groups, 4))).toEqual([[0], [1], [0], [3]])
    expect(() => segmentSum(data, indices(0, 0, 4, 0), 4).dataSync()).toThrow(/out of range/)
    expect(() => segmentSum(data, indices(0, 1), 4)).toThrow(/one segment number for each of the 4 rows/)
  })

  it('sorting', () => {
    const y = tensor([
      [3, 1, 2],
      [0, 5, 4],
    ])
    expect(rows(y.msort())).toEqual([
      [0, 1, 2],
      [3, 5, 4],
    ])
    const { values, indices: at } = y.kthvalue(2)
    expect([rows(values), rows(at)]).toEqual([
      [2, 4],
      [2, 2],
    ])
    expect(y.kthvalue(1, { axis: 0, keepdim: true }).values.shape).toEqual([1, 3])
    expect(rows(y.takeAlongDim(y.argsort({ descending: true }), 1))).toEqual([
      [3, 2, 1],
      [5, 4, 0],
    ])
    expect(rows(zeros([0]).sort().values)).toEqual([])
    expect(() => y.kthvalue(0)).toThrow(/k from 1 to 3/)
    expect(() => y.kthvalue(4)).toThrow(ValueError)
    expect(() => y.topk(4)).toThrow(/k from 0 to 3/)
  })

  it('writing at positions', () => {
    const y = zeros([2, 3])
    expect(rows(y.indexCopy(1, indices(2), ones([2, 1])))).toEqual([
      [0, 0, 1],
      [0, 0, 1],
    ])
    expect(
      rows(y.indexFill(0, indices(1), 4).indexAdd(0, indices(1, 1), ones([2, 3]), { alpha: 0.5 })),
    ).toEqual([
      [0, 0, 0],
      [5, 5, 5],
    ])
    expect(rows(y.indexReduce(0, indices(0), tensor([[1, 2, 3]]), 'amax'))).toEqual([
      [1, 2, 3],
      [0, 0, 0],
    ])
    expect(rows(y.put(indices(-1, 0, -1), tensor([1, 2, 3])))).toEqual([
      [2, 0, 0],
      [0, 0, 3],
    ])
    expect(rows(y.put(indices(1, 1), tensor([1, 2]), { accumulate: true }))).toEqual([
      [0, 3, 0],
      [0, 0, 0],
    ])
    expect(rows(ones([3]).scatter(0, indices(0, 0), 3, { reduce: 'multiply' }))).toEqual([9, 1, 1])
    for (const bad of [
      () => y.indexCopy(0, indices(2), ones([1, 3])),
      () => y.put(indices(6), ones([1])),
      () => y.take(indices(-7)),
      () => y.gather(1, tensor([[-1]], { dtype: 'i64' })),
      () => y.indexFill(1, indices(3), 1),
      () => y.takeAlongDim(tensor([[3], [0]], { dtype: 'i64' }), 1),
      () => y.scatterAdd(0, tensor([[2]], { dtype: 'i64' }), 1),
    ]) {
      expect(() => bad().dataSync()).toThrow(/out of range/)
    }
  })

  it('empty and 0-d tensors', () => {
    const empty = zeros([0, 3])
    expect(empty.flip(0).shape).toEqual([0, 3])
    expect(empty.tile([2, 2]).shape).toEqual([0, 6])
    expect(empty.roll(1, 0).shape).toEqual([0, 3])
    expect(empty.indexSelect(1, indices(0, 0)).shape).toEqual([0, 2])
    expect(rows(ones([2, 3]).indexSelect(0, zeros([0], { dtype: 'i64' })))).toEqual([])
    expect(rows(ones([2]).indexAdd(0, zeros([0], { dtype: 'i64' }), zeros([0])))).toEqual([1, 1])
    expect(zeros([0]).diag().shape).toEqual([0, 0])
    expect(rows(tensor(5).sort().values)).toBe(5)
    expect(rows(tensor(5).take(indices(0, -1)))).toEqual([5, 5])
    expect(rows(tensor(5).repeat([2]))).toEqual([5, 5])
    expect(rows(tensor(5).indexFill(0, indices(0), 2))).toBe(2)
    expect(meshgrid([tensor(1), tensor([2, 3])])[0].shape).toEqual([1, 2])
    expect(rows(concat([empty, ones([1, 3])]))).toEqual([[1, 1, 1]])
  })
})

describe('where as a method', () => {
  it('takes this where the condition is true, broadcast', () => {
    const x = tensor([[1], [2]])
    const condition = tensor([true, false, true])
    const other = tensor([10, 20, 30])
    expect(x.where(condition, other).toArraySync()).toEqual(where(condition, x, other).toArraySync())
    expect(x.where(condition, 0).toArraySync()).toEqual([
      [1, 0, 1],
      [2, 0, 2],
    ])
  })

  it('gradients go to the side that was taken', () => {
    const x = tensor([1, 2, 3], { requiresGrad: true })
    x.where(x.gt(1.5), 7).sum().backward()
    expect([...x.grad!.dataSync()]).toEqual([0, 1, 1])
  })
})

describe('bad input', () => {
  const x = counting(2, 3) as Tensor
  const wrong = <T>(value: unknown): T => value as T
  it.each<[string, () => unknown, RegExp, new (...args: never[]) => Error]>([
    ['unflatten', () => x.unflatten(1, [2, 2]), /axis 1 has size 3/, ShapeError],
    ['moveaxis', () => x.moveaxis([0, 1], 0), /as many destinations as sources/, ValueError],
    ['movedim', () => x.movedim([0, 0], [0, 1]), /distinct source axes/, ValueError],
    ['rot90', () => x.rot90(1, [0, 0]), /two different axes/, ValueError],
    ['rot90 turns', () => x.rot90(0.5), /an integer number of turns/, ValueError],
    ['fliplr', () => tensor([1]).fliplr(), /rank at least 2/, ShapeError],
    ['tensorSplit', () => x.tensorSplit(0), /a number of pieces ≥ 1/, ValueError],
    ['hsplit', () => x.hsplit(2), /does not divide into 2 equal pieces. Use tensorSplit/, ShapeError],
    ['split', () => x.split([1, 3], 1), /do not add up to 3/, ValueError],
    ['split sizes', () => x.split([4, -1], 1), /sizes ≥ 0/, ValueError],
    ['repeat', () => x.repeat([2, -1]), /counts ≥ 0/, ValueError],
    ['pad mode', () => x.pad([1, 1], { mode: wrong('wrap') }), /expected mode constant/, ValueError],
    ['pad', () => x.pad([1, 1, 1, 1, 1, 1]), /up to 2 pairs/, ValueError],
    ['reflect', () => x.pad([3, 0], { mode: 'reflect' }), /does not fit axis 1/, ValueError],
    ['diag', () => zeros([1, 1, 1]).diag(), /rank 1 to 2/, ShapeError],
    ['diagonal', () => x.diagonal(0, 0, 0), /two different axes/, ValueError],
    ['tril', () => x.tril(0.5), /tril: expected an integer as diagonal, got 0.5/, ValueError],
    ['diagonal offset', () => x.diagonal(1.5), /expected an integer as diagonal/, ValueError],
    ['diagEmbed', () => x.diagEmbed(0, 1, 1), /two different axes/, ValueError],
    ['hstack', () => hstack(wrong(x)), /expected a list of tensors/, ShapeError],
    ['vstack', () => vstack([]), /at least one tensor/, ShapeError],
    ['meshgrid', () => meshgrid([x]), /rank 0 to 1/, ShapeError],
    ['meshgrid indexing', () => meshgrid([], {}), /at least one/, ShapeError],
    ['meshgrid xy', () => meshgrid([tensor([1])], { indexing: wrong('yx') }), /'ij' or 'xy'/, ValueError],
    ['combinations', () => combinations(x), /rank 1/, ShapeError],
    ['broadcastTensors', () => broadcastTensors(x, zeros([4])), /do not broadcast/, ShapeError],
    ['trilIndices', () => trilIndices(-1, 2), /non-negative/, ShapeError],
    [
      'searchsorted dtype',
      () => searchsorted(tensor([1]), arange(2)),
      /one dtype, got f32 and i64/,
      DTypeError,
    ],
    [
      'searchsorted side',
      () => searchsorted(tensor([1]), 1, { side: wrong('up') }),
      /'left' or 'right'/,
      ValueError,
    ],
    ['searchsorted rows', () => searchsorted(zeros([2, 2]), zeros([3, 1])), /leading sizes/, ShapeError],
    ['bucketize', () => x.bucketize(x), /rank 1/, ShapeError],
    ['maskedFill', () => x.maskedFill(x, 1), /expected a bool mask, got f32/, DTypeError],
    ['maskedSelect', () => x.maskedSelectSync(arange(3)), /expected a bool mask/, DTypeError],
    ['maskedScatter', () => x.maskedScatter(x.gt(0), arange(6)), /dtype f32, got i64/, DTypeError],
    ['nonzeroStatic', () => x.nonzeroStatic(-1), /a size ≥ 0/, ValueError],
    ['indexCopy', () => x.indexCopy(0, indices(0), zeros([2, 3])), /source of shape \[1, 3\]/, ShapeError],
    ['indexFill', () => x.indexFill(0, indices(0), tensor([1])), /0-d value/, ShapeError],
    [
      'scatter',
      () => x.scatter(0, wrong(tensor([[0]], { dtype: 'i64' })), 1, { reduce: wrong('max') }),
      /'add' or 'multiply'/,
      ValueError,
    ],
    [
      'scatterReduce',
      () => x.scatterReduce(0, tensor([[0]], { dtype: 'i64' }), x, wrong('max')),
      /sum, prod, mean, amax, amin/,
      ValueError,
    ],
    ['put', () => x.put(indices(0), x), /as many positions as elements/, ShapeError],
    [
      'indexAdd of bool',
      () => x.gt(0).indexAdd(0, indices(0), ones([1, 3], { dtype: 'bool' })),
      /expected numbers, got bool/,
      DTypeError,
    ],
    [
      'scatterAdd of bool',
      () => x.gt(0).scatterAdd(0, tensor([[0]], { dtype: 'i64' }), 1),
      /expected numbers, got bool/,
      DTypeError,
    ],
    ['takeAlongDim', () => x.takeAlongDim(indices(0), 0), /an index of the rank/, ShapeError],
    ['gather float', () => x.gather(0, x), /i32, i64 or u8 indices, got f32/, DTypeError],
    ['oneHot', () => indices(0).oneHot(wrong(undefined)), /a number of classes ≥ 1/, ValueError],
    [
      'where',
      () => where(x, 1, wrong(undefined) as number),
      /a condition alone or with two values/,
      ValueError,
    ],
  ])('%s', (_, run, message, kind) => {
    expect(run).toThrow(message)
    expect(run).toThrow(kind)
  })
})
