/** The work of kernels, read off hand-made loop IR. */
import { describe, expect, it } from 'vitest'
import { atomIndex, constantIndex, loopVar } from '../../src/codegen/index-expression.js'
import { kernelCost } from '../../src/codegen/kernel-cost.js'
import { type BufferParam, ExprBuilder, type Kernel, type Stmt } from '../../src/codegen/loop-ir.js'

const buffer = (name: string, size: number, access: BufferParam['access']): BufferParam => ({
  name,
  dtype: 'f32',
  size,
  access,
  kind: 'argument',
})
const kernel = (body: readonly Stmt[]): Kernel => ({
  name: 'k',
  buffers: [buffer('x', 100, 'read'), buffer('y', 100, 'write')],
  body,
})

describe('kernelCost', () => {
  it('multiplies by the rounds of loops and counts a multiply-add as two', () => {
    const e = new ExprBuilder()
    const [i, j] = [loopVar('i', 0, 9), loopVar('j', 0, 95)]
    const x = e.load(0, 'f32', atomIndex(j), 4)
    const value = e.mulAdd(x, x, e.binary('add', x, e.const(1, 'f32', 4)))
    const store: Stmt = { kind: 'store', buffer: 1, index: atomIndex(j), stride: 1, value }
    const inner: Stmt = { kind: 'for', variable: j, step: 4, body: [store] }
    const cost = kernelCost(kernel([{ kind: 'parallel', variable: i, body: [inner] }]))
    // 10 · 24 rounds of 4 lanes; x is loaded once a round and is the same memory in every row.
    expect(cost).toEqual({ flops: 10 * 24 * 4 * 3, doubleFlops: 0, bytesRead: 4 * 99, bytesWritten: 4 * 99 })
  })

  it('counts a guarded side by the share of rounds in which it runs, and no integers', () => {
    const e = new ExprBuilder()
    const i = loopVar('i', 0, 99)
    const x = e.load(0, 'f32', constantIndex(7))
    const sum = e.binary('add', x, x)
    const ranges = [{ index: atomIndex(i), low: 0, high: 24 }]
    const then: Stmt[] = [{ kind: 'store', buffer: 1, index: atomIndex(i), stride: 1, value: sum }]
    const loop: Stmt = {
      kind: 'for',
      variable: i,
      step: 1,
      body: [{ kind: 'if', ranges, then, otherwise: [] }],
    }
    expect(kernelCost(kernel([loop]))).toEqual({ flops: 25, doubleFlops: 0, bytesRead: 4, bytesWritten: 100 })
    const f64 = e.convert(x, 'f64')
    const wide = e.convert(e.binary('mul', f64, f64), 'f32')
    const whole = e.convert(e.binary('mul', e.index(atomIndex(i)), e.index(atomIndex(i))), 'f32')
    const store = (value: typeof x): Stmt => ({
      kind: 'store',
      buffer: 1,
      index: constantIndex(0),
      stride: 1,
      value,
    })
    expect(kernelCost(kernel([store(wide)]))).toMatchObject({ flops: 1, doubleFlops: 1 })
    expect(kernelCost(kernel([store(whole)]))).toMatchObject({ flops: 0, doubleFlops: 0 })
  })
})
