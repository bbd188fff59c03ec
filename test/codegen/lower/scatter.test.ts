import { describe, expect, it } from 'vitest'
import { lowerScatter } from '../../../src/codegen/lower/scatter.js'
import { type DType, readElement, type TypedArray, writeElement } from '../../../src/core/dtype.js'
import { sizeOf, stridesOf } from '../../../src/core/shape.js'
import type { ScatterMode } from '../../../src/ir/node.js'
import { seeded } from '../../helpers/random.js'
import { fill, makeArray, runKernels, targets } from './structured-kernels.js'

const combine: Record<ScatterMode, (a: number, b: number) => number> = {
  set: (_, b) => b,
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  max: Math.max,
  min: Math.min,
}

const dot = (at: readonly number[], strides: readonly number[]) =>
  at.reduce((s, i, a) => s + i * strides[a], 0)

function coordinates(shape: readonly number[]): number[][] {
  const strides = stridesOf(shape)
  return Array.from({ length: sizeOf(shape) }, (_, p) => shape.map((n, a) => Math.floor(p / strides[a]) % n))
}

/** Row-major order of the whole index visits the updates of one place in order of i. */
function reference(
  x: TypedArray,
  index: TypedArray,
  updates: TypedArray,
  dtype: DType,
  shape: number[],
  count: number,
  axis: number,
  mode: ScatterMode,
  indexStrides: readonly number[],
  updateStrides: readonly number[],
): TypedArray {
  const out = x.slice() as TypedArray
  for (const at of coordinates(shape.map((n, a) => (a === axis ? count : n)))) {
    const place = [...at]
    place[axis] = Number(index[dot(at, indexStrides)])
    const p = dot(place, stridesOf(shape))
    const update = readElement(dtype, updates, dot(at, updateStrides))
    writeElement(dtype, out, p, combine[mode](readElement(dtype, out, p), update))
  }
  return out
}

describe('scatter', () => {
  for (const target of targets) {
    it(`every mode on ${target.name}, duplicates in order`, () => {
      const random = seeded(21)
      const cases: [number[], number, number][] = [
        [[5], 0, 9],
        [[4, 6], 1, 3],
        [[6, 40], 0, 5],
        [[3, 4, 5], 1, 7],
        [[2, 3, 300], 1, 2],
        [[3, 1], 0, 4],
      ]
      for (const [shape, axis, count] of cases) {
        for (const mode of ['set', 'add', 'mul', 'max', 'min'] as const) {
          for (const dtype of ['f32', 'i64', 'f16'] as DType[]) {
            for (const indexDType of ['i32', 'i64'] as const) {
              const updateShape = shape.map((n, a) => (a === axis ? count : n))
              const [x, updates] = [
                fill(random, dtype, sizeOf(shape)),
                fill(random, dtype, sizeOf(updateShape), dtype === 'f32'),
              ]
              const index = makeArray(indexDType, sizeOf(updateShape))
              for (let i = 0; i < index.length; i++)
                writeElement(indexDType, index, i, random.integer(0, shape[axis]))
              const out = makeArray(dtype, x.length)
              const kernels = lowerScatter(
                { name: 'scatter', mode, shape, count, axis, dtype, indexDType },
                target,
              )
              expect(runKernels(kernels, [x, index, updates, out]).badIndex).toBe(false)
              const strides = stridesOf(updateShape)
              expect(out, `${mode} ${dtype} ${shape}`).toEqual(
                reference(x, index, updates, dtype, shape, count, axis, mode, strides, strides),
              )
            }
          }
        }
      }
    })
    it(`stretched indices and updates on ${target.name} are read where they lie`, () => {
      const random = seeded(8)
      const [shape, axis, count] = [[2, 6, 5, 7], 1, 4]
      const layouts: [number[], number, number[], number][] = [
        [[4, 1, 0, 0], 8, [140, 35, 7, 1], 280], // one index a row: an embedding's gradient
        [[0, 1, 0, 0], 4, [0, 0, 0, 0], 1], // and one value for all
        [[0, 1, 0, 0], 4, [0, 7, 0, 1], 28], // updates stretched over one axis behind
        [[20, 5, 1, 0], 40, [140, 35, 1, 5], 280], // the index changes behind the axis, updates transposed
      ]
      for (const [indexStrides, indexSize, updateStrides, updateSize] of layouts) {
        const x = fill(random, 'f32', sizeOf(shape))
        const index = Int32Array.from({ length: indexSize }, () => random.integer(0, 6))
        const updates = fill(random, 'f32', updateSize)
        const out = new Float32Array(x.length)
        const kernels = lowerScatter(
          {
            name: 'scatter',
            mode: 'add',
            shape,
            count,
            axis,
            dtype: 'f32',
            indexDType: 'i32',
            index: { size: indexSize, strides: indexStrides },
            updates: { size: updateSize, strides: updateStrides },
          },
          target,
        )
        expect(runKernels(kernels, [x, index, updates, out]).badIndex).toBe(false)
        expect(out).toEqual(
          reference(x, index, updates, 'f32', shape, count, axis, 'add', indexStrides, updateStrides),
        )
      }
    })
  }
  it('notices bad indices and touches nothing outside', () => {
    for (const bad of [-1, 3, 2 ** 31 - 1]) {
      const kernels = lowerScatter(
        { name: 'scatter', mode: 'add', shape: [3], count: 1, axis: 0, dtype: 'f32', indexDType: 'i32' },
        targets[0],
      )
      expect(
        runKernels(kernels, [
          new Float32Array(3),
          Int32Array.of(bad),
          Float32Array.of(1),
          new Float32Array(3),
        ]).badIndex,
      ).toBe(true)
    }
    // 2^32 + 1 would be 1 if it wrapped
    const wide = lowerScatter(
      { name: 'scatter', mode: 'add', shape: [3], count: 1, axis: 0, dtype: 'f32', indexDType: 'i64' },
      targets[0],
    )
    expect(
      runKernels(wide, [
        new Float32Array(3),
        BigInt64Array.of(2n ** 32n + 1n),
        Float32Array.of(1),
        new Float32Array(3),
      ]).badIndex,
    ).toBe(true)
    const empty = lowerScatter(
      { name: 'scatter', mode: 'add', shape: [3], count: 0, axis: 0, dtype: 'f32', indexDType: 'i64' },
      targets[0],
    )
    const out = new Float32Array(3)
    runKernels(empty, [Float32Array.of(1, 2, 3), new BigInt64Array(0), new Float32Array(0), out])
    expect(out).toEqual(Float32Array.of(1, 2, 3))
  })
  it('in place leaves the rest alone', () => {
    const kernels = lowerScatter(
      {
        name: 'scatter',
        mode: 'set',
        shape: [3],
        count: 1,
        axis: 0,
        dtype: 'f32',
        indexDType: 'i32',
        inPlace: true,
      },
      targets[0],
    )
    const x = Float32Array.of(1, 2, 3)
    runKernels(kernels, [x, Int32Array.of(1), Float32Array.of(9), x])
    expect(x).toEqual(Float32Array.of(1, 9, 3))
  })
})
