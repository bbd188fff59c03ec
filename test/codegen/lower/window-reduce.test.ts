import { describe, expect, it } from 'vitest'
import { lowerWindowReduce, type WindowReduceSpec } from '../../../src/codegen/lower/window-reduce.js'
import { type DType, readElement, writeElement } from '../../../src/core/dtype.js'
import { sizeOf, stridesOf } from '../../../src/core/shape.js'
import { seeded } from '../../helpers/random.js'
import { fill, makeArray, runKernels, targets } from './structured-kernels.js'

type Case = Pick<WindowReduceSpec, 'shape' | 'size' | 'stride' | 'dilation' | 'padding'>

const cases: Case[] = [
  {
    shape: [2, 3, 8, 40],
    size: [2, 2],
    stride: [2, 2],
    dilation: [1, 1],
    padding: [
      [0, 0],
      [0, 0],
    ],
  },
  {
    shape: [2, 7, 9],
    size: [3, 3],
    stride: [2, 2],
    dilation: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
  {
    shape: [1, 9, 37],
    size: [3, 3],
    stride: [1, 1],
    dilation: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
  { shape: [3, 21], size: [4], stride: [3], dilation: [2], padding: [[2, 1]] },
  {
    shape: [2, 10, 11],
    size: [2, 3],
    stride: [1, 2],
    dilation: [3, 1],
    padding: [
      [-1, -2],
      [-2, 3],
    ],
  },
  {
    shape: [4, 5, 6],
    size: [2, 2, 2],
    stride: [1, 2, 1],
    dilation: [1, 1, 2],
    padding: [
      [1, 0],
      [0, 1],
      [1, 1],
    ],
  },
  {
    shape: [2, 1, 1],
    size: [3, 3],
    stride: [1, 1],
    dilation: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
]

function coordinates(shape: readonly number[]): number[][] {
  const strides = stridesOf(shape)
  return Array.from({ length: sizeOf(shape) }, (_, p) => shape.map((n, a) => Math.floor(p / strides[a]) % n))
}

function reference(c: Case, kind: 'max' | 'min', dtype: DType, x: ReturnType<typeof makeArray>) {
  const rank = c.size.length
  const lead = c.shape.slice(0, c.shape.length - rank)
  const spatial = c.shape.slice(c.shape.length - rank)
  const counts = c.size.map(
    (k, a) =>
      Math.floor(
        (spatial[a] + c.padding[a][0] + c.padding[a][1] - c.dilation[a] * (k - 1) - 1) / c.stride[a],
      ) + 1,
  )
  const size = sizeOf(lead) * sizeOf(counts)
  const values = makeArray(dtype, size)
  const indices = new Int32Array(size)
  coordinates([sizeOf(lead), ...counts]).forEach(([row, ...o], p) => {
    let best: number | null = null
    coordinates(c.size).forEach((tap, t) => {
      const at = o.map((v, a) => v * c.stride[a] - c.padding[a][0] + tap[a] * c.dilation[a])
      if (at.some((v, a) => v < 0 || v >= spatial[a])) return
      const v = readElement(
        dtype,
        x,
        row * sizeOf(spatial) + at.reduce((s, i, a) => s + i * stridesOf(spatial)[a], 0),
      )
      const better =
        best === null || (!Number.isNaN(best) && (Number.isNaN(v) || (kind === 'max' ? v > best : v < best)))
      if (!better) return
      best = v
      indices[p] = t
    })
    if (best === null) throw new Error('A window of padding only.')
    writeElement(dtype, values, p, best)
  })
  return { values, indices }
}

describe('windowReduce', () => {
  for (const target of targets) {
    for (const dtype of ['f32', 'f64', 'i32', 'u8', 'f16'] as DType[]) {
      it(`${dtype} on ${target.name}`, () => {
        const random = seeded(6)
        for (const c of cases) {
          for (const kind of ['max', 'min'] as const) {
            for (const nan of [false, true]) {
              const x = fill(random, dtype, sizeOf(c.shape), nan)
              const { values, indices } = reference(c, kind, dtype, x)
              const [value, index] = [makeArray(dtype, values.length), new Int32Array(values.length).fill(-9)]
              runKernels(lowerWindowReduce({ name: 'window', kind, dtype, ...c }, target), [x, value, index])
              expect([...index], `${kind} ${c.shape}`).toEqual([...indices])
              expect(Array.from(value, Number)).toEqual(Array.from(values, Number))
            }
          }
        }
      })
    }
  }
  it('takes an element that is as weak as padding, and its position', () => {
    const x = new Float32Array(4).fill(-Infinity)
    const [value, index] = [new Float32Array(4), new Int32Array(4)]
    const c: Case = {
      shape: [2, 2],
      size: [2, 2],
      stride: [2, 2],
      dilation: [1, 1],
      padding: [
        [1, 1],
        [1, 1],
      ],
    }
    runKernels(lowerWindowReduce({ name: 'window', kind: 'max', dtype: 'f32', ...c }, targets[1]), [
      x,
      value,
      index,
    ])
    expect([...value]).toEqual([-Infinity, -Infinity, -Infinity, -Infinity])
    expect([...index]).toEqual([3, 2, 1, 0])
  })
})
