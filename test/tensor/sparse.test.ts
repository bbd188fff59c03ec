/** Sparse tensors on every device: construction, conversion, products with gradients, softmax, compiled steps. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ValueError } from '../../src/core/errors.js'
import { compile } from '../../src/tensor/compile.js'
import { ones, tensor, zeros } from '../../src/tensor/creation.js'
import { Generator } from '../../src/tensor/random.js'
import { randn } from '../../src/tensor/random-tensors.js'
import * as sparse from '../../src/tensor/sparse.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { gradients, vmap } from '../../src/tensor/transforms.js'
import { forEachDevice } from '../helpers/devices.js'
import { valuesOf } from '../helpers/goldens.js'
import { seeded } from '../helpers/random.js'

const index = (rows: number[][]): Tensor => tensor(rows, { dtype: 'i64' })
const dense = (): Tensor =>
  tensor([
    [0, 2, 0, 1],
    [0, 0, 0, 0],
    [3, 0, 0, -1],
  ])
const generator = new Generator(4)
const normal = (shape: number[]): Tensor => randn(shape, { generator })

function expectNear(got: Tensor, expected: Tensor): void {
  expect(got.shape).toEqual(expected.shape)
  const y = valuesOf(expected)
  valuesOf(got).forEach((v, i) => {
    expect(Math.abs(v - y[i]), `element ${i}: ${v} and ${y[i]}`).toBeLessThanOrEqual(1e-5)
  })
}

forEachDevice('sparse tensors', () => {
  it('of dense ones and back, in both layouts', async () => {
    const coo = await sparse.toSparseCoo(dense())
    expect(coo.nnz).toBe(4)
    expect(coo.isCoalesced).toBe(true)
    expect(valuesOf(coo.indices)).toEqual([0, 0, 2, 2, 1, 3, 0, 3])
    expect(valuesOf(coo.values)).toEqual([2, 1, 3, -1])
    const csr = sparse.toSparseCsr(coo)
    expect(valuesOf(csr.crowIndices)).toEqual([0, 2, 2, 4])
    expect(valuesOf(csr.colIndices)).toEqual([1, 3, 0, 3])
    for (const x of [coo, csr, csr.toCoo(), await sparse.denseToSparseCsr(dense())])
      expectNear(x.toDense(), dense())
    for (const x of [coo.t(), csr.t(), coo.transpose(0, -1)]) expectNear(x.toDense(), dense().transpose(0, 1))
    expect(valuesOf(csr.t().crowIndices)).toEqual([0, 1, 2, 2, 4])
    const rows = await sparse.toSparseCoo(dense(), 1)
    expect(valuesOf(rows.indices)).toEqual([0, 2])
    expect(rows.values.shape).toEqual([2, 4])
    expectNear(rows.toDense(), dense())
    expectNear((await sparse.toSparseCoo(zeros([2, 2]))).toDense(), zeros([2, 2]))
  })

  it('coalesce adds what meets, with gradients', async () => {
    const at = index([
      [2, 0, 2, 0],
      [1, 1, 1, 0],
    ])
    const values = tensor([1, 2, 3, 4], { requiresGrad: true })
    const x = sparse.cooTensor(at, values, [3, 2])
    const y = await x.coalesce()
    expect(valuesOf(y.indices)).toEqual([0, 0, 2, 0, 1, 1])
    expect(valuesOf(y.values)).toEqual([4, 2, 4])
    expectNear(y.toDense(), x.toDense())
    y.values
      .mul(tensor([1, 10, 100]))
      .sum()
      .backward()
    expect(valuesOf(values.grad!)).toEqual([100, 10, 100, 1])
    expect(sparse.cooTensor(at, values).shape).toEqual([3, 2])
  })

  it('products on both sides, with gradients of values and the dense operand', async () => {
    const coo = await sparse.toSparseCoo(dense())
    const [right, left, vector] = [normal([4, 2]), normal([2, 3]), normal([4])]
    for (const x of [coo, sparse.toSparseCsr(coo)]) {
      expectNear(x.matmul(right), dense().matmul(right) as Tensor)
      expectNear(x.mv(vector), dense().matmul(vector) as Tensor)
      expectNear(sparse.matmul(left, x), left.matmul(dense()) as Tensor)
      expectNear(sparse.matmul(x, vector), dense().mv(vector))
      expectNear(sparse.addmm(ones([3, 2]), x, right, { beta: 2, alpha: 3 }), dense().mm(right).mul(3).add(2))
      const loss = (values: Tensor, d: Tensor): Tensor => x.withValues(values).matmul(d).sin().sum()
      const [gv, gd] = gradients(loss, [0, 1])(x.values, right)
      const plain = (a: Tensor, d: Tensor): Tensor => a.matmul(d).sin().sum() as Tensor
      const [ga, gr] = gradients(plain, [0, 1])(dense(), right)
      expectNear(gv, x.valuesAt(ga))
      expectNear(gd, gr)
      const second = (d: Tensor): Tensor => (gradients(loss, 0)(x.values, d) as Tensor).square().sum()
      const compiled = compile((d: Tensor) => gradients(second)(d) as Tensor)
      expectNear(compiled(right), gradients(second)(right) as Tensor)
    }
  })

  it('compiled steps capture them, build them from their tensors, and convert layouts', async () => {
    const coo = await sparse.toSparseCoo(dense())
    const x = normal([4, 2])
    const captured = compile((d: Tensor) => sparse.toSparseCsr(coo).softmax().t().t().matmul(d))
    expectNear(captured(x), coo.softmax().matmul(x))
    const built = compile((at: Tensor, values: Tensor, d: Tensor) =>
      sparse.cooTensor(at, values, [3, 4]).matmul(d),
    )
    expectNear(built(coo.indices, coo.values, x), coo.matmul(x))
    // Compressed rows of several examples: each has its own, which are checked.
    const of = (crow: Tensor): Tensor =>
      sparse
        .csrTensor(crow, tensor([0, 2, 1], { dtype: 'i64' }), tensor([1, 2, 3]), [2, 3])
        .matmul(tensor([1, 10, 100]))
    const starts = [
      [0, 2, 3],
      [0, 1, 3],
    ]
    expect(valuesOf(vmap(of)(index(starts)))).toEqual([201, 30, 1, 230])
    expect(() => valuesOf(vmap(of)(index([[0, 2, 2], starts[1]])))).toThrow(ValueError)
    const mapped = vmap((values: Tensor) => coo.withValues(values).matmul(x))
    expectNear(
      mapped(coo.values.expand([2, 4]) as Tensor).select(1, 0),
      coo.matmul(x).select(0, 0).expand([2, 2]) as Tensor,
    )
    const search = compile((d: Tensor) => {
      sparse.toSparseCoo(d)
      return d
    })
    expect(() => search(x)).toThrow(/toSparseCoo: .*outside of a compiled step/s)
  })

  it('scaling, sums, softmax and addition', async () => {
    const x = await sparse.toSparseCoo(dense())
    expectNear(x.mul(3).toDense(), dense().mul(3))
    expectNear(x.div(tensor(2)).toDense(), dense().div(2))
    const other = normal([3, 4])
    expectNear(x.mul(other).toDense(), dense().mul(other))
    expectNear(
      x
        .neg()
        .mapValues((v) => v.square())
        .toDense(),
      dense().square(),
    )
    expectNear(x.sum(), dense().sum())
    expectNear(sparse.sum(x, 0), dense().sum(0))
    expectNear(x.sum([-1]), dense().sum(1))
    const softmax = sparse.softmax(sparse.toSparseCsr(x)).toDense()
    const e = Math.E
    expectNear(
      softmax,
      tensor([
        [0, e / (e + 1), 0, 1 / (e + 1)],
        [0, 0, 0, 0],
        [e ** 4 / (e ** 4 + 1), 0, 0, 1 / (e ** 4 + 1)],
      ]),
    )
    expectNear(sparse.logSoftmax(x, 0).values.exp(), x.softmax(0).values)
    expectNear(x.add(x).toDense(), dense().mul(2))
    expectNear((await x.add(x).coalesce()).values, x.values.mul(2))
    expectNear(sparse.toSparseCsr(x).add(x).toDense(), dense().mul(2))
    expectNear(x.add(other), dense().add(other))
    const [p, q] = [normal([3, 2]), normal([2, 4])]
    expectNear(sparse.sampledAddmm(x, p, q, { beta: 0.5 }).values, x.valuesAt(p.mm(q)).add(x.values.mul(0.5)))
  })

  it('without elements, and rows without elements', () => {
    const none = sparse.cooTensor(zeros([2, 0], { dtype: 'i64' }), zeros([0]), [3, 4])
    expectNear(none.toDense(), zeros([3, 4]))
    expectNear(none.matmul(ones([4, 2])), zeros([3, 2]))
    expectNear(sparse.toSparseCsr(none).toDense(), zeros([3, 4]))
    const csr = sparse.csrTensor(
      index([[0, 0, 0, 1]]).reshape([4]) as Tensor,
      index([[2]]).reshape([1]) as Tensor,
      ones([1]),
      [3, 4],
    )
    expect(valuesOf(csr.rowIndices)).toEqual([2])
  })

  it('random matrices agree with dense ones', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
        async (seed, m, n) => {
          const random = seeded(seed)
          const values = Array.from({ length: m * n }, () => (random.next() < 0.6 ? 0 : random.normal()))
          const a = tensor(values, { shape: [m, n] })
          const x = await sparse.denseToSparseCsr(a)
          const d = tensor(
            Array.from({ length: n * 3 }, () => random.normal()),
            { shape: [n, 3] },
          )
          expectNear(x.matmul(d), a.matmul(d) as Tensor)
          expectNear(x.t().toDense(), a.transpose(0, 1))
        },
      ),
      { numRuns: 8, seed: 2 },
    )
  })
})

describe('sparse tensors that do not fit', () => {
  const one = index([[0], [1]])
  const crow = tensor([0, 1, 2], { dtype: 'i64' })
  const col = tensor([1, 0], { dtype: 'i64' })
  it.each<[string, () => unknown, RegExp]>([
    [
      'float coordinates',
      () => sparse.cooTensor(ones([2, 1]), ones([1]), [2, 2]),
      /expected i64 or i32 coordinates, got f32/,
    ],
    [
      'counts',
      () => sparse.cooTensor(one, ones([2]), [2, 2]),
      /coordinates \(axes, nnz\) and values \(nnz, …\), got \[2, 1\] and \[2\]/,
    ],
    [
      'a shape',
      () => sparse.cooTensor(one, ones([1]), [2]),
      /shape \[2\] does not fit 2 rows of coordinates/,
    ],
    [
      'out of range',
      () =>
        sparse
          .cooTensor(index([[0], [5]]), ones([1]), [2, 2])
          .toDense()
          .dataSync(),
      /out of range|index/i,
    ],
    [
      'rows',
      () => sparse.csrTensor(crow, col, ones([2]), [3, 2]),
      /expected 4 starts of rows for shape \[3, 2\], got \[3\]/,
    ],
    [
      'a last row',
      () => sparse.csrTensor(tensor([0, 1, 1], { dtype: 'i64' }), col, ones([2]), [2, 2]),
      /from 0 to 2.*got 0 to 1/,
    ],
    [
      'falling starts',
      () => sparse.csrTensor(tensor([0, 3, 2], { dtype: 'i64' }), col, ones([2]), [2, 2]),
      /never fall, got 3 before 2/,
    ],
    [
      'columns',
      () => sparse.csrTensor(crow, tensor([1, 7], { dtype: 'i64' }), ones([2]), [2, 2]),
      /columns from 0 to 1, got 7 in row 1/,
    ],
    [
      'falling columns',
      () => sparse.csrTensor(tensor([0, 2, 2], { dtype: 'i64' }), col, ones([2]), [2, 2]),
      /rising columns in each row, got 1 before 0/,
    ],
    [
      'inner sizes',
      () => sparse.cooTensor(one, ones([1]), [2, 2]).matmul(ones([3, 1])),
      /inner sizes 2 and 3 differ/,
    ],
    [
      'two sparse',
      () => sparse.matmul(sparse.cooTensor(one, ones([1]), [2, 2]), sparse.cooTensor(one, ones([1]), [2, 2])),
      /expected one sparse and one dense/,
    ],
    [
      'softmax',
      () => sparse.cooTensor(one, ones([1]), [2, 2]).softmax(),
      /expected a coalesced tensor.*coalesce\(\)/,
    ],
    [
      'scaling',
      () => sparse.cooTensor(one, ones([1]), [2, 2]).mul(ones([2])),
      /expected a number, a 0-d tensor or shape \[2, 2\], got \[2\]/,
    ],
    [
      'other values',
      () => sparse.cooTensor(one, ones([1]), [2, 2]).withValues(ones([2])),
      /expected 1 values, got shape \[2\]/,
    ],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message)
  })
})
