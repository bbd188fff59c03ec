/** Every kind of statement as WebAssembly and as machine code, against the interpreter of loop IR. */
import { describe, it } from 'vitest'
import {
  addIndex,
  atomIndex,
  constantIndex,
  loopVar,
  scaleIndex,
  shiftIndex,
} from '../../../src/codegen/index-expression.js'
import {
  type BufferParam,
  ExprBuilder,
  type Kernel,
  register,
  type Stmt,
} from '../../../src/codegen/loop-ir.js'
import { optimise } from '../../../src/codegen/optimise.js'
import { verify } from '../../../src/codegen/verify.js'
import { interpretKernel } from '../interpret-kernel.js'
import { buffer, compare, engines, expectSame } from './compare-kernel.js'

describe('statements', () => {
  it('loops with a condition, when, if and registers', () => {
    // y[i] = number of halvings until x[i] < 1, by a loop; sign by when.
    const b = new ExprBuilder()
    const i = loopVar('i', 0, 12)
    const x = register('x', 'f32', 1)
    const n = register('n', 'i32', 1)
    const one = b.const(1, 'f32')
    const kernel: Kernel = {
      name: 'halvings',
      buffers: [buffer('x', 'f32', 13), buffer('y', 'i32', 13, 'write')],
      body: [
        {
          kind: 'parallel',
          variable: i,
          body: [
            { kind: 'set', register: x, value: b.load(0, 'f32', atomIndex(i)) },
            { kind: 'set', register: n, value: b.const(0, 'i32') },
            {
              kind: 'loop',
              rounds: 1,
              condition: b.binary('le', one, b.register(x)),
              body: [
                { kind: 'set', register: x, value: b.binary('mul', b.register(x), b.const(0.5, 'f32')) },
                { kind: 'set', register: n, value: b.binary('add', b.register(n), b.const(1, 'i32')) },
              ],
            },
            {
              kind: 'when',
              condition: b.binary('lt', b.register(x), b.const(0, 'f32')),
              then: [{ kind: 'set', register: n, value: b.const(-1, 'i32') }],
              otherwise: [],
            },
            {
              kind: 'if',
              ranges: [{ index: atomIndex(i), low: 2, high: 9 }],
              then: [{ kind: 'store', buffer: 1, index: atomIndex(i), stride: 1, value: b.register(n) }],
              otherwise: [
                { kind: 'store', buffer: 1, index: atomIndex(i), stride: 1, value: b.const(77, 'i32') },
              ],
            },
          ],
        },
      ],
    }
    compare(kernel, [
      Float32Array.from({ length: 13 }, (_, k) => (k % 4 === 3 ? -k : k * k * 7)),
      new Int32Array(13),
    ])
  })

  it('loads after a store to the same buffer see the new value', () => {
    // In-place running sum: x[i] += x[i - 1].
    const b = new ExprBuilder()
    const i = loopVar('i', 1, 30)
    const here = atomIndex(i)
    const sum = b.binary('add', b.load(0, 'f32', here), b.load(0, 'f32', shiftIndex(here, -1)))
    const twice = b.binary('add', b.load(0, 'f32', here), b.load(0, 'f32', here))
    const kernel: Kernel = {
      name: 'running sum',
      buffers: [buffer('x', 'f32', 31, 'readwrite'), buffer('y', 'f32', 31, 'write')],
      body: [
        {
          kind: 'for',
          variable: i,
          step: 1,
          body: [
            { kind: 'store', buffer: 1, index: here, stride: 1, value: twice },
            { kind: 'store', buffer: 0, index: here, stride: 1, value: sum },
            { kind: 'store', buffer: 1, index: here, stride: 1, value: b.binary('mul', twice, sum) },
          ],
        },
      ],
    }
    compare(kernel, [Float32Array.from({ length: 31 }, (_, k) => k / 8), new Float32Array(31)])
  })

  it('steps and rests of loops, one-round loops, threads beyond the rounds', () => {
    for (const [low, high, step] of [
      [0, 9, 4],
      [3, 3, 1],
      [2, 10, 3],
      [0, 1, 5],
    ] as const) {
      const b = new ExprBuilder()
      const i = loopVar('i', 0, 1)
      const j = loopVar('j', low, high)
      const index = addIndex(scaleIndex(atomIndex(i), 16), atomIndex(j))
      const store: Stmt = { kind: 'store', buffer: 0, index, stride: 1, value: b.index(index) }
      const kernel: Kernel = {
        name: `steps ${low} ${high} ${step}`,
        buffers: [buffer('y', 'i32', 32, 'write')],
        body: [{ kind: 'parallel', variable: i, body: [{ kind: 'for', variable: j, step, body: [store] }] }],
      }
      compare(kernel, [new Int32Array(32)])
    }
  })

  it('a scratch buffer and a register tile', () => {
    const b = new ExprBuilder()
    const scratch: BufferParam = { ...buffer('tmp', 'f32', 8, 'readwrite'), kind: 'scratch' }
    const i = loopVar('i', 0, 7)
    const k = loopVar('k', 0, 15)
    const tile = Array.from({ length: 8 }, (_, r) => register(`acc${r}`, 'f32', 4))
    const body: Stmt[] = [
      ...tile.map((r): Stmt => ({ kind: 'set', register: r, value: b.const(0, 'f32', 4) })),
      {
        kind: 'for',
        variable: k,
        step: 1,
        body: tile.map((r, n): Stmt => {
          const left = b.splat(
            b.load(1, 'f32', addIndex(scaleIndex(atomIndex(k), 4), constantIndex(n >> 1))),
            4,
          )
          const right = b.load(2, 'f32', addIndex(scaleIndex(atomIndex(k), 8), constantIndex((n & 1) * 4)), 4)
          return { kind: 'set', register: r, value: b.mulAdd(left, right, b.register(r)) }
        }),
      },
      ...tile.map(
        (r, n): Stmt => ({
          kind: 'store',
          buffer: 3,
          index: constantIndex(n * 4),
          stride: 1,
          value: b.register(r),
        }),
      ),
      {
        kind: 'for',
        variable: i,
        step: 1,
        body: [
          { kind: 'store', buffer: 0, index: atomIndex(i), stride: 1, value: b.load(3, 'f32', atomIndex(i)) },
        ],
      },
      {
        kind: 'store',
        buffer: 3,
        index: constantIndex(31),
        stride: 1,
        value: b.load(0, 'f32', constantIndex(7)),
      },
    ]
    const kernel: Kernel = {
      name: 'tile',
      buffers: [
        scratch,
        buffer('a', 'f32', 64),
        buffer('b', 'f32', 128),
        buffer('c', 'f32', 32, 'readwrite'),
      ],
      body,
    }
    const numbers = (n: number): Float32Array =>
      Float32Array.from({ length: n }, (_, x) => ((x * 29) % 31) / 4 - 3)
    const wanted = [numbers(64), numbers(128), numbers(32)]
    interpretKernel(kernel, wanted)
    for (const { run, name } of engines) {
      const got = [numbers(64), numbers(128), numbers(32)]
      run(kernel, got, 1)
      expectSame(got[2], wanted[2], `tile on ${name}`)
    }
  })

  it('asks for memory anywhere, in a buffer and behind it, and reads none', () => {
    const b = new ExprBuilder()
    const i = loopVar('i', 0, 31)
    const ahead = (buffer: number, write: boolean): Stmt => ({
      kind: 'prefetch',
      buffer,
      index: shiftIndex(scaleIndex(atomIndex(i), 4096), -5),
      write,
    })
    const store: Stmt = {
      kind: 'store',
      buffer: 1,
      index: atomIndex(i),
      stride: 1,
      value: b.load(0, 'f32', atomIndex(i)),
    }
    const kernel: Kernel = {
      name: 'ahead',
      buffers: [buffer('in', 'f32', 32), buffer('out', 'f32', 32, 'write')],
      body: [{ kind: 'for', variable: i, step: 1, body: [ahead(0, false), ahead(1, true), store] }],
    }
    verify(kernel)
    const input = Float32Array.from({ length: 32 }, (_, n) => n / 8)
    for (const { run, name } of engines) {
      const got = [input.slice(), new Float32Array(32)]
      run(optimise(kernel), got, 1)
      expectSame(got[1], input, `ahead on ${name}`)
    }
  })
})
