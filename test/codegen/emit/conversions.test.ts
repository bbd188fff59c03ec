/** Conversions between types, at loads and stores too, as WebAssembly and as machine code. */
import { describe, expect, it } from 'vitest'
import type { ComputeType } from '../../../src/codegen/loop-ir.js'
import { interpretKernel } from '../interpret-kernel.js'
import { checkMap, dtypeOf, engines, expectSame, lanesOfType, mapKernel, widths } from './compare-kernel.js'

describe('conversions', () => {
  const types: readonly ComputeType[] = ['f32', 'f64', 'i32', 'i64', 'bool']
  for (const from of types) {
    it(`from ${from}`, () => {
      for (const to of types) {
        if (from === to) continue
        for (const lanes of lanesOfType(from, to)) {
          checkMap(`${from} to ${to}`, [dtypeOf[from]], dtypeOf[to], (b, [x]) => b.convert(x, to), lanes)
        }
      }
    })
  }
  it('bitcasts', () => {
    for (const lanes of [1, 4]) {
      checkMap(
        'f32 bits',
        ['f32'],
        'i32',
        (b, [x]) => b.binary('xor', b.bitcast(x, 'i32'), b.const(1 << 20, 'i32', x.lanes)),
        lanes,
      )
      checkMap('i32 bits', ['i32'], 'f32', (b, [x]) => b.unary('abs', b.bitcast(x, 'f32')), lanes)
    }
    checkMap('f64 bits', ['f64'], 'i64', (b, [x]) => b.bitcast(x, 'i64'), 1)
    checkMap('i64 bits', ['i64'], 'f64', (b, [x]) => b.bitcast(x, 'f64'), 1)
  })
  it('storage dtypes convert at loads and stores', () => {
    for (const lanes of [1, 4]) {
      for (const dtype of ['f16', 'bf16'] as const) {
        checkMap(`${dtype} load`, [dtype], 'f32', (_, [x]) => x, lanes)
        checkMap(`${dtype} store`, ['f32'], dtype, (_, [x]) => x, lanes)
      }
      checkMap('u8 load', ['u8'], 'i32', (_, [x]) => x, lanes)
      checkMap('u8 store', ['i32'], 'u8', (_, [x]) => x, lanes)
      checkMap('bool', ['bool'], 'bool', (b, [x]) => b.unary('not', x), lanes)
    }
  })
  it('every half and many floats convert exactly', () => {
    const size = 65536
    const halves = new Uint16Array(size).map((_, i) => i)
    const wanted = new Float32Array(size)
    const kernel = mapKernel('halves', ['f16'], 'f32', size, 4, (_, [x]) => x)
    interpretKernel(kernel, [halves, wanted])
    for (const { run, name } of engines) {
      const got = new Float32Array(size)
      run(kernel, [halves, got], 1)
      expectSame(got, wanted, `from half on ${name}`)
    }
    for (const dtype of ['f16', 'bf16'] as const) {
      // Floats all over: around each half, its neighbours and the ties between.
      const floats = new Float32Array(size)
      const bits = new Uint32Array(floats.buffer)
      for (let i = 0; i < size; i++) {
        floats[i] = i % 4 === 0 ? wanted[i] : (wanted[i] + wanted[(i + 1) % size]) / 2
        if (i % 4 === 2) bits[i] += 1
        if (i % 4 === 3) bits[i] -= 1
      }
      for (const lanes of [1, ...widths]) {
        const expected = new Uint16Array(size)
        const store = mapKernel(`to ${dtype}`, ['f32'], dtype, size, lanes, (_, [x]) => x)
        interpretKernel(store, [floats, expected])
        for (const { run, name, widest: most } of engines) {
          if (lanes > most) continue
          const out = new Uint16Array(size)
          run(store, [floats, out], 1)
          for (let i = 0; i < size; i++) {
            if (Number.isNaN(floats[i])) {
              if ((out[i] & 0x7fff) <= (dtype === 'f16' ? 0x7c00 : 0x7f80))
                expect.fail(`NaN to ${dtype} on ${name}: ${out[i]}`)
            } else if (out[i] !== expected[i])
              expect.fail(`${floats[i]} to ${dtype} on ${name}: ${out[i]}, expected ${expected[i]}`)
          }
        }
      }
    }
  })
})
