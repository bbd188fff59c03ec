/**
 * Laws that hold for every shape: what is taken apart and put together again is the same, in 0-d, empty, long, permuted
 * and stretched tensors. Shapes are random (fast-check, seeded); all laws of a shape are one program.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { range, sizeOf } from '../../src/core/shape.js'
import { arange, tensor } from '../../src/tensor/creation.js'
import { searchsorted, segmentSum } from '../../src/tensor/indexing-functions.js'
import { atleast1d, hstack, meshgrid, vstack } from '../../src/tensor/shape-functions.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { cat, stack, where } from '../../src/tensor/tensor-functions.js'
import { forEachDevice } from '../helpers/devices.js'
import { type Random, seeded } from '../helpers/random.js'

/** Two tensors that should be equal, and why. */
type Law = readonly [string, Tensor, Tensor]

/** Few different numbers, so that there are equals: 0 … 6, −3 apart. */
const numbers = (shape: readonly number[]): Tensor =>
  arange(0, sizeOf(shape)).mul(5).remainder(7).sub(3).to('f32').reshape(shape)

/** A tensor that does not lie in order: permuted, reversed, or stretched from fewer elements. */
function draw(r: Random, shape: readonly number[]): Tensor {
  const order = r.shuffle(range(shape.length))
  const back = range(shape.length).map((a) => order.indexOf(a))
  const permuted = numbers(order.map((a) => shape[a])).permute(back)
  const axes = range(shape.length).filter(() => r.next() < 0.3)
  const stretched = axes.reduce((t: Tensor, a) => (t.shape[a] > 0 ? t.narrow(a, 0, 1) : t), permuted)
  return r.next() < 0.5 ? permuted.flip(axes) : stretched.expand(shape)
}

function laws(r: Random, x: Tensor): Law[] {
  const rank = x.rank
  const size = x.size
  const list: Law[] = [
    ['ravel and back', x.ravel().reshapeAs(x), x],
    ['T twice', x.T.T, x],
    ['squeeze(unsqueeze)', x.unsqueeze(-1).squeeze(-1), x],
    ['at(…) reads all', x.at('...'), x],
    ['flip twice', x.flip(range(rank)).flip(range(rank)), x],
    ['roll and back', x.roll(5).roll(-5), x],
    ['unbind of a stack', stack([x.neg(), x], 1 > rank ? 0 : 1).unbind(1 > rank ? 0 : 1)[1], x],
    ['broadcast and select', x.broadcastTo([2, ...x.shape]).select(0, 1), x],
    ['tile is repeat', x.tile([2, ...x.shape.map(() => 1)]).at(1), x],
    ['a mask of all', x.maskedSelectSync(x.eq(x)), x.ravel()],
    ['where and maskedFill', where(x.gt(0), 9, x), x.maskedFill(x.gt(0), 9)],
    ['indexPut of a mask', x.indexPut([x.gt(0)], 9), x.maskedFill(x.gt(0), 9)],
    ['maskedScatter(maskedSelect)', x.maskedScatter(x.lt(1), x.maskedSelectSync(x.lt(1))), x],
    ['take in order', x.take(arange(0, size).reshape(x.shape)), x],
    ['take from the end', x.take(arange(0, size).sub(size)), x.ravel()],
    ['put in order', x.neg().put(arange(0, size), x.ravel()), x],
    ['nonzero counts', x.ne(0).sum(), tensor(x.nonzeroSync().shape[0], { dtype: 'i64' })],
    ['diagflat and back', x.diagflat(2).diagonal(2), x.ravel()],
  ]
  const { values, inverse, counts } = x.uniqueSync()
  list.push(
    ['unique at inverse', values.take(inverse), x],
    ['counts are counts', counts, inverse.ravel().unsqueeze(-1).eq(arange(0, values.size)).sum(0)],
    ['segments are counts', segmentSum(x.ravel(), inverse.ravel(), values.size), values.mul(counts)],
    ['bucketize finds', x.bucketize(values), inverse],
    ['searchsorted from the right', searchsorted(values, x, { right: true }), inverse.add(1)],
  )
  const runs = x.uniqueConsecutiveSync()
  list.push(['runs', runs.values.repeatInterleave(runs.counts), x.ravel()])
  if (rank === 0) return list

  const axis = r.integer(-rank, rank)
  const n = x.shape.at(axis)!
  const to = r.integer(0, rank)
  const sorted = x.sort({ axis })
  const cut = r.integer(0, n + 1)
  list.push(
    ['nonzero finds', x.at(...x.nonzeroSync().unbind(1)), x.maskedSelectSync(x.ne(0))],
    ['cat(split)', cat(x.split([cut, n - cut], axis), axis), x],
    ['cat(tensorSplit)', cat(x.tensorSplit(3, axis), axis), x],
    ['cat(chunk)', cat(x.chunk(3, axis), axis), x],
    ['movedim and back', x.movedim(axis, to).movedim(to, axis), x],
    ['swapaxes twice', x.swapaxes(axis, to).swapaxes(to, axis), x],
    ['hstack(hsplit)', hstack(x.tensorSplit(2, rank === 1 ? 0 : 1)), x],
    ['vstack of rows', vstack([x.at(null), x.at(null)]).at(0), x],
    ['sort takes along', x.takeAlongDim(sorted.indices, axis), sorted.values],
    ['scatter undoes gather', x.scatter(axis, sorted.indices, sorted.values), x],
    ['scatterAdd', x.scatterAdd(axis, sorted.indices, sorted.values), x.mul(2)],
    ['descending', x.neg().sort({ axis, descending: true }).values.neg(), sorted.values],
    ['indexSelect in order', x.indexSelect(axis, arange(0, n)), x],
    ['indexCopy', x.neg().indexCopy(axis, arange(0, n), x), x],
    ['indexAdd', x.indexAdd(axis, arange(0, n), x, { alpha: 2 }), x.mul(3)],
    ['repeatInterleave', x.repeatInterleave(3, axis).slice(axis, 1, undefined, 3), x],
    ['pad and crop', x.pad(x.shape.flatMap(() => [2, 1])).pad(x.shape.flatMap(() => [-2, -1])), x],
    [
      'topk',
      x.topk(Math.min(2, n), { axis }).values,
      x.sort({ axis, descending: true }).values.slice(axis, 0, 2),
    ],
    ['diagEmbed', x.diagEmbed(-1).diagonal(-1, -2, -1), x],
  )
  if (n > 0) {
    list.push(
      [
        'circular',
        x.movedim(axis, -1).pad([1, 0], { mode: 'circular' }).slice(-1, 0, n),
        x.roll(1, axis).movedim(axis, -1),
      ],
      [
        'replicate',
        x
          .movedim(axis, -1)
          .pad([0, 2], { mode: 'replicate' })
          .select(-1, n + 1),
        x.select(axis, -1),
      ],
      ['kthvalue', x.kthvalue(n, { axis }).values, x.amax(axis)],
      ['at an index', x.movedim(axis, 0).at([n - 1, 0]), stack([x.select(axis, -1), x.select(axis, 0)])],
    )
  }
  if (rank > 1) {
    list.push(
      ['triangles', x.tril(1).add(x.triu(2)), x],
      ['four quarter turns', x.rot90(1).rot90(2).rot90(-3), x],
      ['one quarter turn', x.rot90(), x.flip(1).swapaxes(0, 1)],
    )
  }
  if (rank === 1) {
    const [a, b] = meshgrid([x, x.neg()])
    list.push(['meshgrid', a.add(b.T), a.sub(a)], ['atleast1d', atleast1d(x), x])
  }
  return list
}

forEachDevice('laws of shapes', (device) => {
  it('hold for random shapes', () => {
    const sizes = fc.constantFrom(0, 1, 1, 2, 3, 5, 17)
    const shapes = fc.array(sizes, { maxLength: 4 }).filter((shape) => sizeOf(shape) <= 300)
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 1e6 }), (shape, seed) => {
        const r = seeded(seed)
        const list = laws(r, draw(r, shape))
        for (const [name, got, wanted] of list)
          expect(got.shape, `${name} of [${shape}]`).toEqual(wanted.shape)
        const held = stack(list.map(([, got, wanted]) => got.eq(wanted).all())).toArraySync() as boolean[]
        expect(list.filter((_, i) => !held[i]).map(([name]) => `${name} of [${shape}]`)).toEqual([])
      }),
      {
        numRuns: device === 'reference' ? 20 : 7,
        seed: 5,
        examples: [
          [[], 1],
          [[0], 1],
          [[2, 0, 3], 2],
        ],
      },
    )
  })
})
