/** The optimise pass: what moves where, what is shared, and that no value changes on random kernels and as WebAssembly. */
import { describe, expect, it } from 'vitest'
import {
  addIndex,
  atomIndex,
  constantIndex,
  loopVar,
  scaleIndex,
  shiftIndex,
} from '../../src/codegen/index-expression.js'
import {
  type BufferParam,
  type Expr,
  ExprBuilder,
  type Kernel,
  register,
  type Stmt,
} from '../../src/codegen/loop-ir.js'
import { optimise } from '../../src/codegen/optimise.js'
import { printKernel } from '../../src/codegen/print.js'
import { verify } from '../../src/codegen/verify.js'
import { seeded } from '../helpers/random.js'
import { runWasmKernel } from './emit/wasm/run-wasm-kernel.js'
import { interpretKernel } from './interpret-kernel.js'
import { randomKernel } from './random-kernel.js'

const buffer = (name: string, size: number, access: BufferParam['access'] = 'read'): BufferParam => ({
  name,
  dtype: 'f32',
  size,
  access,
  kind: 'argument',
})

const body = (kernel: Kernel): string =>
  printKernel(kernel)
    .split('\n')
    .slice(1 + kernel.buffers.length)
    .join('\n')

describe('hoisting', () => {
  it('moves what a loop does not change before the outermost such loop', () => {
    const b = new ExprBuilder()
    const i = loopVar('i', 0, 7)
    const j = loopVar('j', 0, 7)
    const scale = b.unary('sqrt', b.load(1, 'f32', constantIndex(0)))
    const row = b.binary('mul', b.load(0, 'f32', atomIndex(i)), scale)
    const at = addIndex(scaleIndex(atomIndex(i), 8), atomIndex(j))
    const store: Stmt = {
      kind: 'store',
      buffer: 2,
      index: at,
      stride: 1,
      value: b.binary('add', row, b.load(1, 'f32', atomIndex(j))),
    }
    const kernel: Kernel = {
      name: 'outer',
      buffers: [buffer('x', 8), buffer('s', 8), buffer('y', 64, 'write')],
      body: [{ kind: 'parallel', variable: i, body: [{ kind: 'for', variable: j, step: 1, body: [store] }] }],
    }
    expect(body(kernel)).toMatchInlineSnapshot(`
      "  parallel i = 0 to 7
          for j = 0 to 7
            y[8*i + j] = ((x[i] * sqrt(s[0])) + s[j])"
    `)
    expect(body(optimise(kernel))).toMatchInlineSnapshot(`
      "  h0: f32 = sqrt(s[0])
        parallel i = 0 to 7
          h1: f32 = (x[i] * h0)
          for j = 0 to 7
            y[8*i + j] = (h1 + s[j])"
    `)
  })

  it('reads under a condition what has moved for others, and leaves what only the condition needs', () => {
    const b = new ExprBuilder()
    const i = loopVar('i', 0, 7)
    const [scale, other] = [0, 1].map((at) => b.unary('sqrt', b.load(1, 'f32', constantIndex(at))))
    const store = (value: Expr): Stmt => ({ kind: 'store', buffer: 2, index: atomIndex(i), stride: 1, value })
    const kernel: Kernel = {
      name: 'conditional',
      buffers: [buffer('x', 8), buffer('s', 8), buffer('y', 8, 'write')],
      body: [
        {
          kind: 'for',
          variable: i,
          step: 1,
          body: [
            store(b.binary('add', b.load(0, 'f32', atomIndex(i)), scale)),
            {
              kind: 'if',
              ranges: [{ index: atomIndex(i), low: 2, high: 5 }],
              then: [store(b.binary('mul', scale, other))],
              otherwise: [],
            },
          ],
        },
      ],
    }
    expect(body(optimise(kernel))).toMatchInlineSnapshot(`
      "  h0: f32 = sqrt(s[0])
        for i = 0 to 7
          y[i] = (x[i] + h0)
          if 2 <= i <= 5
            y[i] = (h0 * sqrt(s[1]))"
    `)
  })

  it('keeps loads of written buffers, conditional loads, and what depends on a register of the loop', () => {
    const b = new ExprBuilder()
    const i = loopVar('i', 0, 7)
    const sum = register('sum', 'f32', 1)
    const first = constantIndex(0)
    const kernel: Kernel = {
      name: 'stay',
      buffers: [buffer('x', 8), buffer('y', 8, 'readwrite')],
      body: [
        { kind: 'set', register: sum, value: b.const(0, 'f32') },
        {
          kind: 'for',
          variable: i,
          step: 1,
          body: [
            { kind: 'set', register: sum, value: b.binary('add', b.register(sum), b.load(1, 'f32', first)) },
            {
              kind: 'if',
              ranges: [{ index: atomIndex(i), low: 3, high: 4 }],
              then: [
                {
                  kind: 'set',
                  register: sum,
                  value: b.binary('mul', b.register(sum), b.load(0, 'f32', constantIndex(5))),
                },
              ],
              otherwise: [],
            },
            {
              kind: 'store',
              buffer: 1,
              index: atomIndex(i),
              stride: 1,
              value: b.unary('sqrt', b.register(sum)),
            },
          ],
        },
      ],
    }
    expect(body(optimise(kernel))).toBe(body(kernel))
  })
})

describe('guards', () => {
  it('become branches that equal conditions share', () => {
    const b = new ExprBuilder()
    const i = loopVar('i', 0, 9)
    const raw = shiftIndex(atomIndex(i), -1)
    const range = { index: raw, low: 0, high: 7 }
    const inside = atomIndex({ kind: 'bounded', of: raw, low: 0, high: 7 })
    const zero = b.const(0, 'f32')
    const x = b.guard([range], b.load(0, 'f32', inside), zero)
    const z = b.guard([range], b.load(1, 'f32', inside), zero)
    const store: Stmt = {
      kind: 'store',
      buffer: 2,
      index: atomIndex(i),
      stride: 1,
      value: b.binary('add', b.binary('mul', x, x), z),
    }
    const kernel: Kernel = {
      name: 'guards',
      buffers: [buffer('x', 8), buffer('z', 8), buffer('y', 10, 'write')],
      body: [{ kind: 'for', variable: i, step: 1, body: [store] }],
    }
    expect(body(kernel)).toMatchInlineSnapshot(`
      "  for i = 0 to 9
          y[i] = (((0 <= i - 1 <= 7 ? x[[i - 1]] : 0) * (0 <= i - 1 <= 7 ? x[[i - 1]] : 0)) + (0 <= i - 1 <= 7 ? z[[i - 1]] : 0))"
    `)
    expect(body(optimise(kernel))).toMatchInlineSnapshot(`
      "  for i = 0 to 9
          if 0 <= i - 1 <= 7
            g0: f32 = x[[i - 1]]
            g1: f32 = z[[i - 1]]
          else
            g0: f32 = 0
            g1: f32 = 0
          y[i] = ((g0 * g0) + g1)"
    `)
  })
})

describe('sharing', () => {
  it('computes once what a block uses twice, and anew after a store', () => {
    const b = new ExprBuilder()
    const i = loopVar('i', 0, 7)
    const at = atomIndex(i)
    const x = b.load(0, 'f32', at)
    const square = b.binary('mul', x, x)
    const kernel: Kernel = {
      name: 'twice',
      buffers: [buffer('x', 8, 'readwrite'), buffer('y', 8, 'write'), buffer('z', 8, 'write')],
      body: [
        {
          kind: 'for',
          variable: i,
          step: 1,
          body: [
            { kind: 'store', buffer: 1, index: at, stride: 1, value: square },
            {
              kind: 'store',
              buffer: 0,
              index: at,
              stride: 1,
              value: b.binary('add', square, b.const(1, 'f32')),
            },
            { kind: 'store', buffer: 2, index: at, stride: 1, value: square },
          ],
        },
      ],
    }
    expect(body(optimise(kernel))).toMatchInlineSnapshot(`
      "  for i = 0 to 7
          t0: f32 = x[i]
          t1: f32 = (t0 * t0)
          y[i] = t1
          x[i] = (t1 + 1)
          t2: f32 = x[i]
          z[i] = (t2 * t2)"
    `)
  })

  it('a register tile loads each operand once', () => {
    const b = new ExprBuilder()
    const k = loopVar('k', 0, 31)
    const tile = [0, 1, 2, 3].map((n) => register(`c${n >> 1}${n & 1}`, 'f32', 4))
    const kernel: Kernel = {
      name: 'tile',
      buffers: [buffer('a', 64), buffer('b', 256), buffer('c', 16, 'write')],
      body: [
        ...tile.map((r): Stmt => ({ kind: 'set', register: r, value: b.const(0, 'f32', 4) })),
        {
          kind: 'for',
          variable: k,
          step: 1,
          body: tile.map((r, n): Stmt => {
            const left = b.splat(b.load(0, 'f32', shiftIndex(scaleIndex(atomIndex(k), 2), n >> 1)), 4)
            const right = b.load(1, 'f32', shiftIndex(scaleIndex(atomIndex(k), 8), 4 * (n & 1)), 4)
            return { kind: 'set', register: r, value: b.mulAdd(left, right, b.register(r)) }
          }),
        },
      ],
    }
    expect(body(optimise(kernel))).toMatchInlineSnapshot(`
      "  c00: f32x4 = splat(0)
        c01: f32x4 = splat(0)
        c10: f32x4 = splat(0)
        c11: f32x4 = splat(0)
        for k = 0 to 31
          t0: f32x4 = splat(a[2*k])
          t1: f32x4 = b[8*k :4]
          c00: f32x4 = mulAdd(t0, t1, c00)
          t2: f32x4 = b[8*k + 4 :4]
          c01: f32x4 = mulAdd(t0, t2, c01)
          t3: f32x4 = splat(a[2*k + 1])
          c10: f32x4 = mulAdd(t3, t1, c10)
          c11: f32x4 = mulAdd(t3, t2, c11)"
    `)
  })
})

describe('random kernels', () => {
  const same = (got: Float32Array, wanted: Float32Array): number =>
    wanted.findIndex((v, i) => !Object.is(got[i], v))
  for (let part = 0; part < 4; part++) {
    it(`keep every value, in loop IR and as WebAssembly (${part})`, () => {
      for (let n = 0; n < 150; n++) {
        const seed = part * 1000 + n
        const random = seeded(seed)
        const kernel = randomKernel(random, `random ${seed}`)
        verify(kernel)
        const better = optimise(kernel)
        verify(better)
        const args = kernel.buffers.map((b) =>
          Float32Array.from({ length: b.size }, () => random.integer(-8, 9) / 4),
        )
        const [wanted, optimised, wasm] = [0, 1, 2].map(() => args.map((a) => a.slice()))
        interpretKernel(kernel, wanted)
        interpretKernel(better, optimised)
        runWasmKernel(kernel, wasm)
        wanted.forEach((array, i) => {
          const [bad, worse] = [same(optimised[i], array), same(wasm[i], array)]
          if (bad >= 0)
            expect.fail(
              `optimise changes ${kernel.buffers[i].name}[${bad}] of seed ${seed}\n${printKernel(kernel)}\n\n${printKernel(better)}`,
            )
          if (worse >= 0)
            expect.fail(
              `wasm changes ${kernel.buffers[i].name}[${worse}] of seed ${seed}: ${wasm[i][worse]}, expected ${array[worse]}\n${printKernel(better)}`,
            )
        })
      }
    })
  }
})
