/** Loads, stores and addresses as WebAssembly and as machine code, against the interpreter of loop IR. */
import { describe, it } from 'vitest'
import {
  addIndex,
  atomIndex,
  constantIndex,
  divideIndex,
  loopVar,
  remainderIndex,
  scaleIndex,
  shiftIndex,
} from '../../../src/codegen/index-expression.js'
import { ExprBuilder, type Kernel, register, type Stmt } from '../../../src/codegen/loop-ir.js'
import { seeded } from '../../helpers/random.js'
import { buffer, compare, values, widths } from './compare-kernel.js'

describe('memory', () => {
  it('strided and backward vectors, of every dtype', () => {
    for (const dtype of ['f32', 'i32', 'f16', 'bf16', 'u8', 'bool'] as const) {
      for (const [stride, lanes] of [2, 3, -1, -2].flatMap((by) => widths.map((n) => [by, n] as const))) {
        const b = new ExprBuilder()
        const v = loopVar('i', 0, 4)
        const n = 5 * lanes * Math.abs(stride)
        const start = scaleIndex(atomIndex(v), lanes * stride)
        const at = stride < 0 ? shiftIndex(start, n - 1) : start
        const load: Kernel = {
          name: `load ${dtype} by ${stride}`,
          buffers: [buffer('x', dtype, n), buffer('y', dtype, 5 * lanes, 'write')],
          body: [
            {
              kind: 'for',
              variable: v,
              step: 1,
              body: [
                {
                  kind: 'store',
                  buffer: 1,
                  index: scaleIndex(atomIndex(v), lanes),
                  stride: 1,
                  value: b.load(0, dtype, at, lanes, stride),
                },
              ],
            },
          ],
        }
        compare(load, [values(dtype, n, 1), values(dtype, 5 * lanes)], lanes)
        const store: Kernel = {
          name: `store ${dtype} by ${stride}`,
          buffers: [buffer('x', dtype, 5 * lanes), buffer('y', dtype, n, 'write')],
          body: [
            {
              kind: 'for',
              variable: v,
              step: 1,
              body: [
                {
                  kind: 'store',
                  buffer: 1,
                  index: at,
                  stride,
                  value: b.load(0, dtype, scaleIndex(atomIndex(v), lanes), lanes),
                },
              ],
            },
          ],
        }
        compare(store, [values(dtype, 5 * lanes, 1), values(dtype, n)], lanes)
      }
    }
  })

  it('lanes of two vectors in every kind of order, and lanes from different places', () => {
    const random = seeded(5)
    for (const lanes of widths.filter((n) => n >= 4)) {
      const all = Array.from({ length: lanes }, (_, l) => l)
      const quarters = all.map((l) => 4 * random.integer(0, lanes / 2) + (l % 4))
      const patterns = [
        all,
        all.map((l) => l + lanes),
        all.map((l) => (l % 3 === 0 ? l : l + lanes)),
        ...[1, 2, 4, 8].flatMap((d) => [
          all.map((l) => ((l & d) === 0 ? l : lanes + (l ^ d)) % (2 * lanes)),
          all.map((l) => ((l & d) === 0 ? (l ^ d) % lanes : lanes + l)),
        ]),
        all.map((l) => (l < lanes / 2 ? l + lanes / 2 : l + lanes / 2)),
        all.map((l) => (l % 4 < 2 ? 2 * (l % 4) + (l & ~3) : lanes + 2 * (l % 2) + (l & ~3))),
        all.map((l) => quarters[l & ~3] + (l % 4)),
        all.map((l) => (l < 4 ? l : l + 2) % (2 * lanes)),
        all.map((l) => (l < 4 ? l + 1 : l + 4) % (2 * lanes)),
        ...Array.from({ length: 6 }, () => all.map(() => random.integer(0, 2 * lanes))),
      ]
      for (const pattern of patterns) {
        const b = new ExprBuilder()
        const at = constantIndex(0)
        const both = [b.load(0, 'f32', at, lanes), b.load(0, 'f32', constantIndex(lanes), lanes)]
        const shuffled = b.shuffle(both[0], both[1], pattern)
        const scattered = b.vector(
          pattern.map((i, l) => (l % 5 === 4 ? b.const(l, 'f32') : b.load(0, 'f32', constantIndex(i)))),
        )
        const kernel: Kernel = {
          name: `lanes ${pattern.join()}`,
          buffers: [buffer('x', 'f32', 2 * lanes), buffer('y', 'f32', 2 * lanes, 'write')],
          body: [
            { kind: 'store', buffer: 1, index: at, stride: 1, value: shuffled },
            { kind: 'store', buffer: 1, index: constantIndex(lanes), stride: 1, value: scattered },
          ],
        }
        compare(kernel, [values('f32', 2 * lanes, 1), values('f32', 2 * lanes)], lanes)
      }
    }
  })

  it('addresses: quotients, remainders, guards, large offsets, reversed axes', () => {
    const b = new ExprBuilder()
    const i = loopVar('i', 0, 5)
    const j = loopVar('j', 1, 7)
    const k = loopVar('k', 0, 2)
    const flat = addIndex(
      scaleIndex(atomIndex(i), 21),
      scaleIndex(shiftIndex(atomIndex(j), -1), 3),
      atomIndex(k),
    )
    const turned = addIndex(divideIndex(flat, 7), scaleIndex(remainderIndex(flat, 7), 18))
    const reversed = addIndex(constantIndex(125), scaleIndex(flat, -1))
    const far = shiftIndex(flat, 40_000)
    const near = addIndex(atomIndex(i), scaleIndex(atomIndex(k), -1), constantIndex(-1))
    const inside = atomIndex({ kind: 'bounded', of: near, low: 0, high: 3 })
    const sum = [
      b.load(0, 'f32', turned),
      b.load(0, 'f32', reversed),
      b.load(1, 'f32', far),
      b.guard([{ index: near, low: 0, high: 3 }], b.load(0, 'f32', inside), b.const(0.25, 'f32')),
    ].reduce((x, y) => b.binary('add', x, y))
    const store: Stmt = { kind: 'store', buffer: 2, index: flat, stride: 1, value: sum }
    const kernel: Kernel = {
      name: 'addresses',
      buffers: [buffer('x', 'f32', 126), buffer('far', 'f32', 40_126), buffer('y', 'f32', 126, 'write')],
      body: [
        {
          kind: 'parallel',
          variable: i,
          body: [
            {
              kind: 'for',
              variable: j,
              step: 1,
              body: [{ kind: 'for', variable: k, step: 1, body: [store] }],
            },
          ],
        },
      ],
    }
    const numbers = (n: number): Float32Array =>
      Float32Array.from({ length: n }, (_, x) => ((x * 37) % 101) / 8)
    compare(kernel, [numbers(126), numbers(40_126), numbers(126)])
  })

  it('checked run-time indices: good ones gather, bad ones set the status and read the lowest', () => {
    const b = new ExprBuilder()
    const row = register('row', 'i32', 1)
    const i = loopVar('i', 0, 5)
    const j = loopVar('j', 0, 2)
    const at = atomIndex({ kind: 'dynamic', value: b.register(row), low: 0, high: 3 })
    const store: Stmt = {
      kind: 'store',
      buffer: 2,
      index: addIndex(scaleIndex(atomIndex(i), 3), atomIndex(j)),
      stride: 1,
      value: b.load(1, 'f32', addIndex(scaleIndex(at, 3), atomIndex(j))),
    }
    const kernel: Kernel = {
      name: 'gather',
      buffers: [buffer('index', 'i32', 6), buffer('table', 'f32', 12), buffer('y', 'f32', 18, 'write')],
      body: [
        {
          kind: 'parallel',
          variable: i,
          body: [
            { kind: 'check', register: row, value: b.load(0, 'i32', atomIndex(i)), low: 0, high: 3 },
            { kind: 'for', variable: j, step: 1, body: [store] },
          ],
        },
      ],
    }
    const table = Float32Array.from({ length: 12 }, (_, x) => x)
    compare(kernel, [Int32Array.of(3, 0, 1, 2, 1, 3), table, new Float32Array(18)])
    compare(kernel, [Int32Array.of(3, 0, 4, 2, -1, 3), table, new Float32Array(18)])
  })
})
