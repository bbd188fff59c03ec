/**
 * The processor's bf16 instructions against their meaning written in JavaScript: conversion of every upper half of an
 * f32 with lower halves around the tie, and products of pairs bit for bit.
 */
import { describe, expect, it } from 'vitest'
import { atomIndex, loopVar, scaleIndex } from '../../../../src/codegen/index-expression.js'
import { type Expr, ExprBuilder, type Kernel } from '../../../../src/codegen/loop-ir.js'
import { fromBf16Bits, toBf16Bits } from '../../../../src/core/dtype.js'
import { seeded } from '../../../helpers/random.js'
import { processor, runNativeKernel } from './run-native-kernel.js'

const dtypes = ['f32', 'f32', 'f32', 'i32'] as const

/** out = value(x, y, z) over vectors of `lanes`; x and y are f32, z too; out is f32 or i32. */
function kernel(
  size: number,
  lanes: number,
  out: 'f32' | 'i32',
  value: (e: ExprBuilder, x: Expr, y: Expr, z: Expr) => Expr,
): Kernel {
  const e = new ExprBuilder()
  const v = loopVar('i', 0, size / lanes - 1)
  const at = scaleIndex(atomIndex(v), lanes)
  const [x, y, z] = [0, 1, 2].map((b) => e.load(b, 'f32', at, lanes))
  const store = { kind: 'store', buffer: 3, index: at, stride: 1, value: value(e, x, y, z) } as const
  return {
    name: 'bf16',
    buffers: dtypes.map((dtype, i) => ({
      name: `b${i}`,
      dtype: i < 3 ? dtype : out,
      size,
      access: i < 3 ? ('read' as const) : ('write' as const),
      kind: 'argument' as const,
    })),
    body: [{ kind: 'for', variable: v, step: 1, body: [store] }],
  }
}

const flushed = (x: number): number => (Math.abs(x) < 2 ** -126 ? (Object.is(x, 0) || x > 0 ? 0 : -0) : x)

describe.skipIf(!processor.bf16)('bf16 instructions', () => {
  it.each([16, 8, 4])('round pairs to nearest even in vectors of %i', (lanes) => {
    const low = [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0x8000, 0x1234]
    const size = 2 ** 16
    const x = new Uint32Array(size)
    const y = new Uint32Array(size)
    for (let i = 0; i < size; i++) {
      x[i] = (i << 16) | low[i % 8]
      y[i] = ((size - 1 - i) << 16) | low[(i >> 3) % 8]
    }
    const out = new Int32Array(size)
    const [xs, ys] = [new Float32Array(x.buffer), new Float32Array(y.buffer)]
    runNativeKernel(
      kernel(size, lanes, 'i32', (e, a, b) => e.pair(a, b)),
      [xs, ys, xs, out],
      'avx512',
    )
    const bits = (v: number): number => toBf16Bits(flushed(v))
    for (let i = 0; i < size; i++) {
      const [l, h] = [out[i] & 0xffff, out[i] >>> 16]
      if (Number.isNaN(xs[i])) expect(fromBf16Bits(l)).toBeNaN()
      else if (l !== bits(xs[i])) expect([xs[i], l]).toEqual([xs[i], bits(xs[i])])
      if (Number.isNaN(ys[i])) expect(fromBf16Bits(h)).toBeNaN()
      else if (h !== bits(ys[i])) expect([ys[i], h]).toEqual([ys[i], bits(ys[i])])
    }
  })

  it.each([16, 8, 4])(
    'add the product of the upper halves, then of the lower ones, in vectors of %i',
    (lanes) => {
      const size = 4096
      const random = seeded(lanes).next
      const pair = (): number => {
        const one = (): number => toBf16Bits((random() - 0.5) * 2 ** Math.floor(random() * 20 - 10))
        return one() | (one() << 16)
      }
      const x = Int32Array.from({ length: size }, pair)
      const y = Int32Array.from({ length: size }, pair)
      const z = Float32Array.from({ length: size }, () => random() - 0.5)
      const out = new Float32Array(size)
      runNativeKernel(
        kernel(size, lanes, 'f32', (e, a, b, c) => e.dotPairs(e.bitcast(a, 'i32'), e.bitcast(b, 'i32'), c)),
        [new Float32Array(x.buffer), new Float32Array(y.buffer), z, out],
        'avx512',
      )
      const expected = z.map((c, i) => {
        const upper = Math.fround(c + fromBf16Bits(x[i] >>> 16) * fromBf16Bits(y[i] >>> 16))
        return Math.fround(upper + fromBf16Bits(x[i] & 0xffff) * fromBf16Bits(y[i] & 0xffff))
      })
      let differ = 0
      for (let i = 0; i < size; i++) if (out[i] !== expected[i]) differ++
      expect(differ).toBe(0)
    },
  )

  it('take denormals for 0', () => {
    const run = (p: number, q: number, c: number): number => {
      const out = new Float32Array(16)
      const bits = (v: number): Float32Array => new Float32Array(new Int32Array(16).fill(v).buffer)
      runNativeKernel(
        kernel(16, 16, 'f32', (e, x, y, z) => e.dotPairs(e.bitcast(x, 'i32'), e.bitcast(y, 'i32'), z)),
        [bits(p), bits(q), new Float32Array(16).fill(c), out],
        'avx512',
      )
      return out[0]
    }
    const one = toBf16Bits(1)
    expect(run(1, toBf16Bits(2 ** 100), 0)).toBe(0)
    expect(run(one, one, 2 ** -140)).toBe(1)
    expect(run(toBf16Bits(2 ** -80), toBf16Bits(2 ** -60), 0)).toBe(0)
    expect(run(toBf16Bits(2 ** -60), toBf16Bits(2 ** -60), 0)).toBe(2 ** -120)
  })
})
