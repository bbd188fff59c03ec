import { describe, expect, it } from 'vitest'
import {
  addIndex,
  atomIndex,
  constantIndex,
  divideIndex,
  type Index,
  loopVar,
  remainderIndex,
  scaleIndex,
  shiftIndex,
} from '../../src/codegen/index-expression.js'
import { type BufferParam, ExprBuilder, type Kernel, register, type Stmt } from '../../src/codegen/loop-ir.js'
import { verify } from '../../src/codegen/verify.js'

const buffer = (
  name: string,
  size: number,
  access: BufferParam['access'],
  dtype: BufferParam['dtype'] = 'f32',
): BufferParam => ({
  name,
  size,
  access,
  dtype,
  kind: 'argument',
})
const kernel = (body: readonly Stmt[], x = 10, y = 10): Kernel => ({
  name: 'sample',
  buffers: [buffer('x', x, 'read'), buffer('y', y, 'write'), buffer('i', 10, 'read', 'i32')],
  body,
})
const e = new ExprBuilder()
const store = (index: Index, value = e.load(0, 'f32', index), stride = 1): Stmt => ({
  kind: 'store',
  buffer: 1,
  index,
  stride,
  value,
})
const loop = (variable: ReturnType<typeof loopVar>, body: readonly Stmt[], step = 1): Stmt => ({
  kind: 'for',
  variable,
  step,
  body,
})
const refuses = (body: readonly Stmt[], message: RegExp, x = 10, y = 10) =>
  expect(() => verify(kernel(body, x, y))).toThrow(message)
const accepts = (body: readonly Stmt[], x = 10, y = 10) =>
  expect(() => verify(kernel(body, x, y))).not.toThrow()

describe('loops', () => {
  it('accepts exact ranges and refuses one more', () => {
    const v = loopVar('v', 0, 9)
    accepts([loop(v, [store(atomIndex(v))])])
    const w = loopVar('w', 0, 10)
    refuses(
      [loop(w, [store(atomIndex(w))])],
      /Kernel sample: load from x at .* covers 0…10, the buffer has 10 elements/,
    )
    refuses([loop(w, [store(atomIndex(w), e.const(1, 'f32'))])], /store to y/)
    refuses([loop(v, [store(shiftIndex(atomIndex(v), -1))])], /covers -1…8/)
    refuses([loop(v, [store(atomIndex(v), e.const(1, 'f32'))])], /has 9 elements/, 10, 9)
  })
  it('covers the last lane of vectors, with strides either way', () => {
    const good = loopVar('v', 0, 4)
    const vector = (v: typeof good, stride: number, shift = 0) =>
      loop(v, [store(shiftIndex(atomIndex(v), shift), e.load(0, 'f32', atomIndex(v), 4, 1), stride)], 4)
    accepts([vector(good, 1)])
    const tail = loopVar('v', 0, 7) // the last start leaves room for three lanes only
    refuses([vector(tail, 1)], /4 lanes, stride 1\) covers 0…10/)
    refuses([vector(good, 3)], /store to y.*covers 0…13/)
    accepts([vector(good, -1, 3)])
    refuses([vector(good, -1, 2)], /covers -1…6/)
    refuses([vector(good, 0)], /overwrite each other/)
  })
  it('refuses variables outside their loop, loops inside themselves and bad steps', () => {
    const v = loopVar('v', 0, 9)
    refuses([loop(v, [store(atomIndex(v))]), store(atomIndex(v))], /v\d+\) is used outside its loop/)
    refuses([loop(v, [loop(v, [store(atomIndex(v))])])], /inside itself/)
    refuses([loop(v, [store(atomIndex(v))], 0)], /step/)
    const never = loopVar('n', 0, -1)
    accepts([loop(never, [store(shiftIndex(atomIndex(never), 100))])])
  })
  it('refuses parallel loops below the top', () => {
    const [v, p] = [loopVar('v', 0, 1), loopVar('p', 0, 9)]
    const parallel: Stmt = { kind: 'parallel', variable: p, body: [store(atomIndex(p))] }
    accepts([parallel])
    refuses([loop(v, [parallel])], /inside another statement/)
    refuses([parallel, store(constantIndex(0))], /last statement/)
  })
  it('knows quotients and remainders of non-negative indices only', () => {
    const v = loopVar('v', 0, 99)
    accepts([loop(v, [store(divideIndex(atomIndex(v), 10)), store(remainderIndex(atomIndex(v), 10))])])
    const w = loopVar('w', -1, 8)
    const remainder = atomIndex({ kind: 'remainder' as const, of: atomIndex(w), by: 10 })
    refuses([loop(w, [store(remainder)])], /only non-negative values/)
  })
})

describe('guards', () => {
  const v = loopVar('v', 0, 11)
  const at = shiftIndex(atomIndex(v), -1)
  const bounded = (low: number, high: number) => atomIndex({ kind: 'bounded' as const, of: at, low, high })
  const value = (low: number, high: number) => e.load(0, 'f32', bounded(low, high))
  it('lets bounded parts through under the guard that says so', () => {
    const zero = e.const(0, 'f32')
    const guard = (low: number, high: number) => [
      loop(v, [store(atomIndex(v), e.guard([{ index: at, low, high }], value(0, 9), zero))]),
    ]
    accepts(guard(0, 9), 10, 12)
    accepts(guard(2, 5), 10, 12)
    refuses(guard(0, 10), /taken to lie in 0…9, but the guard around it tests 0…10/, 10, 12)
    refuses(guard(-1, 9), /tests -1…9/, 10, 12)
    refuses(guard(0, 9), /load from x/, 9, 12) // the claim is right, the buffer too small
    refuses([loop(v, [store(atomIndex(v), value(0, 9))])], /no guard/, 10, 12)
    refuses(
      [loop(v, [store(atomIndex(v), e.guard([{ index: at, low: 0, high: 9 }], zero, value(0, 9)))])],
      /no guard/,
      10,
      12,
    )
  })
  it('does not share what a guard proved with another expression', () => {
    const inside = e.guard([{ index: at, low: 0, high: 9 }], value(0, 9), e.const(0, 'f32'))
    refuses([loop(v, [store(atomIndex(v), e.binary('add', inside, value(0, 9)))])], /no guard/, 10, 12)
  })
  it('holds in the then branch of an if, for that index only', () => {
    const branch = (index: Index, where: 'then' | 'otherwise'): Stmt[] => {
      const body = [store(atomIndex(v), value(0, 9))]
      const ranges = [{ index, low: 0, high: 9 }]
      return [
        loop(v, [
          { kind: 'if', ranges, then: where === 'then' ? body : [], otherwise: where === 'then' ? [] : body },
        ]),
      ]
    }
    accepts(branch(at, 'then'), 10, 12)
    refuses(branch(at, 'otherwise'), /no guard/, 10, 12)
    refuses(branch(atomIndex(v), 'then'), /no guard/, 10, 12)
  })
})

describe('indices from data', () => {
  const r = register('r', 'i32', 1)
  const v = loopVar('v', 0, 9)
  const data = e.load(2, 'i32', atomIndex(v))
  const dynamic = (high = 9) => atomIndex({ kind: 'dynamic' as const, value: e.register(r), low: 0, high })
  const check = (high = 9): Stmt => ({ kind: 'check', register: r, value: data, low: 0, high })
  const set: Stmt = { kind: 'set', register: r, value: data }
  it('need a check of that register with that range before them', () => {
    accepts([loop(v, [check(), store(dynamic())])])
    refuses([loop(v, [set, store(dynamic())])], /without a check/)
    refuses([loop(v, [check(10), store(dynamic())])], /its check tests 0…10/)
    refuses([loop(v, [check(10), store(dynamic(10))])], /covers 0…10/)
    refuses([loop(v, [store(dynamic()), check()])], /without a check/)
  })
  it('lose it when the register is set again, also in the next round of a loop', () => {
    refuses([loop(v, [check(), set, store(dynamic())])], /without a check/)
    const w = loopVar('w', 0, 3)
    refuses([loop(v, [check(), loop(w, [store(dynamic()), set])])], /without a check/)
    refuses(
      [
        loop(v, [
          check(),
          { kind: 'when', condition: e.const(1, 'bool'), then: [set], otherwise: [] },
          store(dynamic()),
        ]),
      ],
      /without a check/,
    )
    refuses(
      [
        loop(v, [
          { kind: 'when', condition: e.const(1, 'bool'), then: [check()], otherwise: [] },
          store(dynamic()),
        ]),
      ],
      /without a check/,
    )
  })
  it('must be registers', () => {
    const raw = atomIndex({ kind: 'dynamic' as const, value: data, low: 0, high: 9 })
    refuses([loop(v, [store(raw)])], /must be a checked register/)
  })
  it('combine with other indices', () => {
    const index = addIndex(scaleIndex(dynamic(4), 2), constantIndex(1))
    accepts([loop(v, [check(4), store(index)])])
    refuses([loop(v, [check(4), store(addIndex(index, constantIndex(1)))])], /covers 2…10/)
  })
})

describe('types and access', () => {
  it('refuses stores to inputs, loads from outputs and values of other types', () => {
    const zero = constantIndex(0)
    refuses([{ kind: 'store', buffer: 0, index: zero, stride: 1, value: e.const(0, 'f32') }], /read only/)
    refuses([store(zero, e.load(1, 'f32', zero))], /write only/)
    refuses([store(zero, e.const(0, 'i32'))], /store of i32 to y, which holds f32/)
    refuses([store(zero, e.convert(e.load(0, 'i32', zero), 'f32'))], /load of i32 from x/)
    refuses(
      [{ kind: 'set', register: register('q', 'f32', 4), value: e.const(0, 'f32') }],
      /register q is f32x4/,
    )
    refuses(
      [{ kind: 'store', buffer: 7, index: zero, stride: 1, value: e.const(0, 'f32') }],
      /buffer 7 does not exist/,
    )
  })
})
