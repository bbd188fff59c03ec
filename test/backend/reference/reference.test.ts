/** The reference backend's own rules: random bits, integers, bad indices, and outputs that overwrite inputs. */
import { describe, expect, it } from 'vitest'
import { threefry2x32 } from '../../../src/backend/reference/leaves.js'
import { erf } from '../../../src/backend/reference/scalar.js'
import { ValueError } from '../../../src/core/errors.js'
import { Storage } from '../../../src/core/storage.js'
import * as b from '../../../src/ir/build.js'
import { primitiveNames } from '../../../src/ir/primitives.js'
import { numbersOf, reference, runGraph, storageFrom } from '../../helpers/run-graph.js'
import { allOpCases, instantiate, withFloat } from '../../ir/op-cases.js'

describe('threefry2x32', () => {
  // Known answers of the Random123 library (Salmon et al., 2011).
  it.each([
    [0, 0, 0, 0, 0x6b200159],
    [-1, -1, -1, -1, 0x1cb996fc],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c],
  ])('key (%i, %i), counter (%i, %i)', (k0, k1, c0, c1, expected) => {
    expect(threefry2x32(k0, k1, c0, c1) >>> 0).toBe(expected)
  })
})

describe('erf', () => {
  it.each([
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [2.49, 0.9995707268],
    [2.51, 0.9996141461],
    [3, 0.9999779095030014],
    [5, 0.9999999999984626],
  ])('erf(%f)', (x, expected) => {
    const digits = expected.toString().length > 14 ? 1e-15 : 2e-6
    expect(Math.abs(erf(x) - expected)).toBeLessThan(digits)
    expect(erf(-x)).toBe(-erf(x))
  })
})

describe('the table of cases', () => {
  it('covers every primitive', () => {
    const covered = new Set<string>(allOpCases.map((row) => row.op))
    // Leaves of every case: placeholders are its inputs, buffers its values.
    expect(primitiveNames.filter((p) => !covered.has(p))).toEqual(['buffer', 'placeholder'])
  })

  it('has distinct names', () => {
    const seen = new Set<string>()
    const twice = allOpCases.filter((row) => seen.size === seen.add(row.name).size).map((row) => row.name)
    expect(twice).toEqual([])
  })

  it('runs in f32 as it does in f64, rounded', () => {
    for (const row of allOpCases.filter((r) => r.smooth !== 'none')) {
      const [narrow, wide] = [row, withFloat(row, 'f64')].map((r) => {
        const { inputs, outputs, values } = instantiate(r)
        return runGraph(
          outputs,
          inputs,
          values.map((v) => v.map(Math.fround)),
        )
      })
      narrow.forEach((y, i) => {
        y.forEach((v, k) => {
          expect(Math.abs(v - wide[i][k]), row.name).toBeLessThanOrEqual(2e-4 * (1 + Math.abs(wide[i][k])))
        })
      })
    }
  })
})

describe('integers', () => {
  const pair = (
    dtype: 'i32' | 'i64' | 'u8',
    xs: number[],
    ys: number[],
    op: 'add' | 'mul' | 'div' | 'mod' | 'sub',
  ) => {
    const [x, y] = [xs, ys].map((v) => b.placeholder([v.length], dtype))
    return runGraph([b[op](x, y)], [x, y], [xs, ys])[0]
  }
  it('wrap', () => {
    expect(pair('i32', [2 ** 31 - 1], [1], 'add')).toEqual([-(2 ** 31)])
    expect(pair('i32', [65536 + 1], [65536 + 1], 'mul')).toEqual([131073])
    expect(pair('u8', [3], [5], 'sub')).toEqual([254])
  })
  it('truncate when divided, and 0 by zero', () => {
    expect(pair('i32', [7, -7, 7, -7, 5], [2, 2, -2, -2, 0], 'div')).toEqual([3, -3, -3, 3, 0])
    expect(pair('i64', [7, -7, 7, -7, 5], [2, 2, -2, -2, 0], 'div')).toEqual([3, -3, -3, 3, 0])
    expect(pair('i32', [7, -7, 7, -7, 5], [3, 3, -3, -3, 0], 'mod')).toEqual([1, 2, -2, -1, 0])
  })
  it('of 64 bits are exact', () => {
    const x = b.placeholder([1], 'i64')
    const y = b.cast(b.sub(b.add(b.mul(x, x), b.full([1], 1, 'i64')), b.mul(x, x)), 'f64')
    expect(runGraph([y], [x], [[2 ** 30 + 1]])[0]).toEqual([1])
  })
  it('come from floats truncated and saturated', () => {
    const x = b.placeholder([6], 'f32')
    const values = [1.9, -1.9, 1e20, -1e20, Number.NaN, 300]
    expect(runGraph([b.cast(x, 'i32'), b.cast(x, 'u8')], [x], [values])).toEqual([
      [1, -1, 2 ** 31 - 1, -(2 ** 31), 0, 300],
      [1, 0, 255, 0, 0, 255],
    ])
  })
})

describe('NaN', () => {
  const values = [1, Number.NaN, 3]
  const x = b.placeholder([3], 'f32')
  it.each(['reduceMax', 'reduceMin', 'reduceSum'] as const)('%s propagates it', (op) => {
    expect(runGraph([b[op](x, [0])], [x], [values])[0]).toEqual([Number.NaN])
  })
  it('is what argMax, argMin and window reductions find', () => {
    const attrs = { size: [3], stride: [1], dilation: [1], padding: [[0, 0]] as [number, number][] }
    const pools = (['max', 'min'] as const).flatMap((kind) => b.windowReduce(x, { ...attrs, kind }))
    expect(runGraph([b.argMax(x, 0), b.argMin(x, 0), ...pools], [x], [values]).flat()).toEqual([
      1,
      1,
      Number.NaN,
      1,
      Number.NaN,
      1,
    ])
  })
  it('sorts last, and first when descending', () => {
    expect(runGraph([b.sort([x], 0, false)[0], b.sort([x], 0, true)[0]], [x], [values])).toEqual([
      [1, 3, Number.NaN],
      [Number.NaN, 3, 1],
    ])
  })
})

describe('indices out of range', () => {
  const x = b.placeholder([3], 'f32')
  const i = b.placeholder([2], 'i64')
  const s = b.placeholder([], 'i32')
  const u = b.placeholder([2], 'f32')
  it.each([
    [
      'gather',
      b.gather(x, i, 0),
      [x, i],
      [
        [1, 2, 3],
        [0, 3],
      ],
      /gather: index 3 .* axis 0 of \[3\]: expected 0 to 2/,
    ],
    [
      'a negative one',
      b.gather(x, i, 0),
      [x, i],
      [
        [1, 2, 3],
        [0, -1],
      ],
      /index -1/,
    ],
    [
      'scatter',
      b.scatter(x, i, u, 0, 'add'),
      [x, i, u],
      [
        [1, 2, 3],
        [9, 0],
        [1, 1],
      ],
      /scatter: index 9/,
    ],
    [
      'dynamicSlice',
      b.dynamicSlice(x, [s], [2]),
      [x, s],
      [[1, 2, 3], [2]],
      /dynamicSlice: a block of \[2\] at \[2\]/,
    ],
    ['dynamicUpdate', b.dynamicUpdate(x, u, [s]), [x, u, s], [[1, 2, 3], [1, 1], [-1]], /dynamicUpdate/],
  ] as const)('%s', (_, y, inputs, values, message) => {
    const run = () => runGraph([y], inputs, values)
    expect(run).toThrow(ValueError)
    expect(run).toThrow(message)
  })

  it('leave the outputs as they are', () => {
    const executable = reference.compile({
      inputs: [x, i],
      outputs: [b.neg(x), b.gather(x, i, 0)],
      donations: new Map(),
    })
    const [negated, gathered] = [storageFrom('f32', [5, 6, 7]), new Storage('f32', 2)]
    expect(() =>
      executable.run([storageFrom('f32', [1, 2, 3]), storageFrom('i64', [0, 7])], [negated, gathered]),
    ).toThrow(ValueError)
    expect(numbersOf(negated)).toEqual([5, 6, 7])
  })
})

describe('running', () => {
  it('swaps two storages that are inputs and outputs', () => {
    const [p, q] = [b.placeholder([2], 'f32'), b.placeholder([2], 'f32')]
    const executable = reference.compile({
      inputs: [p, q],
      outputs: [q, b.reshape(p, [2])],
      donations: new Map([
        [0, 0],
        [1, 1],
      ]),
    })
    const [sp, sq] = [storageFrom('f32', [1, 2]), storageFrom('f32', [3, 4])]
    executable.run([sp, sq], [sp, sq])
    expect([numbersOf(sp), numbersOf(sq)]).toEqual([
      [3, 4],
      [1, 2],
    ])
  })

  it('takes a scalar from its inputs, or from the node', () => {
    const s = b.scalar(2, 'f32')
    const y = b.mul(s, s)
    expect(runGraph([y], [], [])[0]).toEqual([4])
    expect(runGraph([y], [s], [[3]])[0]).toEqual([9])
  })

  it('runs a chain of 50,000 nodes', () => {
    const x = b.placeholder([1], 'f64')
    let y: ReturnType<typeof b.add> = x
    for (let i = 0; i < 50_000; i++) y = b.add(y, x)
    expect(runGraph([y], [x], [[1]])[0]).toEqual([50_001])
  })
})
