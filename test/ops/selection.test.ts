/**
 * The first few of many elements, which are found one by one, are those that sorting gives: with ties, infinities, NaN and
 * zeros of both signs, for every dtype and along any axis.
 */
import { describe, expect, it } from 'vitest'
import type { DType } from '../../src/core/dtype.js'
import { tensor } from '../../src/tensor/creation.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { vmap } from '../../src/tensor/vmap.js'
import { forEachDevice } from '../helpers/devices.js'
import { seeded } from '../helpers/random.js'

const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, 1, 2]

/** Numbers with many equal ones, of shape (3, 80, 2). */
function values(dtype: DType): Tensor {
  const random = seeded(5)
  const floats = dtype.startsWith('f') || dtype.startsWith('bf')
  const list = Array.from({ length: 480 }, (_, i) =>
    floats && i % 3 === 0 ? odd[Math.floor(random.next() * odd.length)] : Math.floor(random.next() * 9),
  )
  return tensor(list, { shape: [3, 80, 2], dtype: 'f32' }).to(dtype)
}

/** As text, so that NaN equals NaN and 0 does not equal -0. */
const text = (x: Tensor): string =>
  JSON.stringify(
    [...x.to(x.dtype === 'i64' ? 'i64' : 'f32').dataSync()].map((v) => (Object.is(v, -0) ? '-0' : String(v))),
  )

forEachDevice('few of many', () => {
  it.each<DType>(['f32', 'f16', 'bf16', 'i32', 'bool'])('%s as sorting', (dtype) => {
    const x = values(dtype)
    for (const largest of [true, false]) {
      for (const k of dtype === 'f32' ? [1, 16] : [5]) {
        const top = x.topk(k, { axis: 1, largest })
        const sorted = x.sort({ axis: 1, descending: largest })
        expect(top.values.shape).toEqual([3, k, 2])
        expect(text(top.values)).toBe(text(sorted.values.narrow(1, 0, k)))
        expect(text(top.indices)).toBe(text(sorted.indices.narrow(1, 0, k)))
      }
    }
    const sorted = x.sort({ axis: 1 })
    const kth = x.kthvalue(4, { axis: 1 })
    expect(text(kth.values)).toBe(text(sorted.values.select(1, 3)))
    expect(text(kth.indices)).toBe(text(sorted.indices.select(1, 3)))
  })

  it('all equal, all infinite, all NaN: positions in order', () => {
    for (const value of [3, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN]) {
      const x = tensor(new Array<number>(70).fill(value))
      for (const largest of [true, false]) {
        expect([...x.topk(3, { largest }).indices.dataSync()]).toEqual([0n, 1n, 2n])
      }
    }
  })

  it('gradients go to the chosen elements, and vmap takes rows', () => {
    const x = tensor(
      Array.from({ length: 140 }, (_, i) => (i * 37) % 70),
      { shape: [2, 70], requiresGrad: true },
    )
    x.topk(2)
      .values.mul(tensor([2, 3]))
      .sum()
      .backward()
    const gradient = x.grad!.toArraySync() as number[][]
    const rows = x.detach().toArraySync() as number[][]
    rows.forEach((row, i) => {
      expect(gradient[i]).toEqual(row.map((v) => (v === 69 ? 2 : v === 68 ? 3 : 0)))
    })
    const mapped = vmap((row: Tensor) => row.topk(3).values)(x.detach())
    expect(text(mapped)).toBe(text(x.detach().topk(3).values))
  })
})

describe('which path', () => {
  it('short axes and many elements are sorted', () => {
    const x = tensor(Array.from({ length: 63 }, (_, i) => -i))
    expect([...x.topk(2).indices.dataSync()]).toEqual([0n, 1n])
    const long = tensor(Array.from({ length: 100 }, (_, i) => (i * 7) % 100))
    expect([...long.topk(17).values.dataSync()]).toEqual(Array.from({ length: 17 }, (_, i) => 99 - i))
    expect([...long.topk(0).values.dataSync()]).toEqual([])
  })
})
