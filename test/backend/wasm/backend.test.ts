/** The WebAssembly backend on Programs made by hand: commands, memory, eviction, status, threads. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWasmBackend, type WasmBackend } from '../../../src/backend/wasm/wasm.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  loopVar,
  scaleIndex,
} from '../../../src/codegen/index-expression.js'
import {
  type BufferParam,
  type Expr,
  ExprBuilder,
  type Kernel,
  register,
} from '../../../src/codegen/loop-ir.js'
import type { Command, Place, Program } from '../../../src/codegen/program.js'
import { DeviceError, ValueError } from '../../../src/core/errors.js'
import { Storage } from '../../../src/core/storage.js'

const buffer = (name: string, size: number, access: BufferParam['access']): BufferParam => ({
  name,
  dtype: 'f32',
  size,
  access,
  kind: 'argument',
})

/** y[i] = f(x[i]) over `size` elements, shared by threads in 16 pieces or not at all. */
function map(name: string, size: number, f: (b: ExprBuilder, x: Expr) => Expr, shared = true): Kernel {
  const b = new ExprBuilder()
  const rounds = shared ? 16 : 1
  const p = loopVar('p', 0, rounds - 1)
  const i = loopVar('i', 0, size / rounds - 1)
  const at = addIndex(scaleIndex(atomIndex(p), size / rounds), atomIndex(i))
  const body = [
    {
      kind: 'for' as const,
      variable: i,
      step: 1,
      body: [{ kind: 'store' as const, buffer: 1, index: at, stride: 1, value: f(b, b.load(0, 'f32', at)) }],
    },
  ]
  return {
    name,
    buffers: [buffer('x', size, 'read'), buffer('y', size, 'write')],
    body: shared ? [{ kind: 'parallel', variable: p, body }] : [{ kind: 'for', variable: p, step: 1, body }],
  }
}

/** y[i] = Σ x over the whole array + x[i]: reads what every thread wrote. */
function mix(size: number): Kernel {
  const b = new ExprBuilder()
  const i = loopVar('i', 0, size - 1)
  const k = loopVar('k', 0, size - 1)
  const sum = register('sum', 'f32', 1)
  return {
    name: 'mix',
    buffers: [buffer('x', size, 'read'), buffer('y', size, 'write')],
    body: [
      {
        kind: 'parallel',
        variable: i,
        body: [
          { kind: 'set', register: sum, value: b.load(0, 'f32', atomIndex(i)) },
          {
            kind: 'for',
            variable: k,
            step: 1,
            body: [
              {
                kind: 'set',
                register: sum,
                value: b.binary('add', b.register(sum), b.load(0, 'f32', atomIndex(k))),
              },
            ],
          },
          {
            kind: 'store',
            buffer: 1,
            index: atomIndex(i),
            stride: 1,
            value: b.binary('mul', b.register(sum), b.const(1 / size, 'f32')),
          },
        ],
      },
    ],
  }
}

/** flag[0] = x[0] < limit. */
function less(limit: number): Kernel {
  const b = new ExprBuilder()
  const value = b.binary('lt', b.load(0, 'f32', constantIndex(0)), b.const(limit, 'f32'))
  return {
    name: 'less',
    buffers: [buffer('x', 1, 'read'), { ...buffer('flag', 1, 'write'), dtype: 'bool' }],
    body: [{ kind: 'store', buffer: 1, index: constantIndex(0), stride: 1, value }],
  }
}

const place = (base: Place['base'], index = 0, offset = 0, steps: Place['steps'] = []): Place => ({
  base,
  index,
  offset,
  steps,
})
const call = (kernel: number, ...args: Place[]): Command => ({ kind: 'kernel', kernel, arguments: args })
const f32 = (...shape: number[]): { shape: number[]; dtype: 'f32' } => ({ shape, dtype: 'f32' })

function storage(values: ArrayLike<number>): Storage {
  const s = new Storage('f32', values.length)
  s.write().set(values as ArrayLike<number> & ArrayLike<bigint>)
  return s
}
const read = (s: Storage): number[] => Array.from(s.array() as Float32Array)
const ramp = (n: number, scale = 1): number[] => Array.from({ length: n }, (_, i) => i * scale)
const add =
  (value: number) =>
  (b: ExprBuilder, x: Expr): Expr =>
    b.binary('add', x, b.const(value, 'f32'))
const times =
  (value: number) =>
  (b: ExprBuilder, x: Expr): Expr =>
    b.binary('mul', x, b.const(value, 'f32'))

const n = 512

/** A chain of kernels through the arena in which every value depends on all before. */
function mixing(rounds: number): Program {
  const commands: Command[] = [call(0, place('input'), place('arena', 0, 0))]
  for (let r = 0; r < rounds; r++) {
    commands.push(call(1, place('arena', 0, (r % 2) * 4 * n), place('arena', 0, ((r + 1) % 2) * 4 * n)))
  }
  commands.push(call(0, place('arena', 0, (rounds % 2) * 4 * n), place('output')))
  return {
    kernels: [map('plus', n, add(1)), mix(n)],
    commands,
    arenaBytes: 8 * n,
    donations: new Map(),
    inputs: [f32(n)],
    outputs: [f32(n)],
  }
}

describe('commands, on one thread and on two', () => {
  let one: WasmBackend
  let two: WasmBackend
  beforeAll(() => {
    one = createWasmBackend({ threads: 1 })
    two = createWasmBackend({ threads: 2 })
    expect(two.waitForWorkers(20_000)).toBe(true)
  })
  afterAll(() => {
    one.close()
    two.close()
  })

  /** Runs on both backends, demands equal bits, and returns them. */
  function both(program: Program, inputs: readonly ArrayLike<number>[]): number[][] {
    const results = [one, two].map((backend) => {
      const outputs = program.outputs.map(
        ({ shape }) =>
          new Storage(
            'f32',
            shape.reduce((a, b) => a * b, 1),
          ),
      )
      const given = inputs.map(storage)
      const executable = backend.compileProgram(program)
      for (let again = 0; again < 3; again++) executable.run(given, outputs)
      return outputs.map(read)
    })
    expect(results[1]).toEqual(results[0])
    expect(two.activeThreads).toBe(2)
    return results[0]
  }

  it('threads meet where kernels depend on each other', () => {
    const [got] = both(mixing(40), [ramp(n, 1 / 8)])
    let values = Float32Array.from(ramp(n, 1 / 8), (x) => x + 1)
    for (let r = 0; r < 40; r++) {
      values = values.map((x) => {
        let sum = x
        for (const y of values) sum = Math.fround(sum + y)
        return sum * (1 / n)
      })
    }
    expect(got).toEqual(Array.from(values, (x) => Math.fround(x + 1)))
  })

  it('loops move their places, forwards and backwards', () => {
    for (const reverse of [false, true]) {
      // state = 2·state + x[t]; y[t] = state
      const b = new ExprBuilder()
      const i = loopVar('i', 0, 31)
      const at = atomIndex(i)
      const kernel: Kernel = {
        name: 'step',
        buffers: [buffer('state', 32, 'readwrite'), buffer('x', 32, 'read'), buffer('y', 32, 'write')],
        body: [
          {
            kind: 'parallel',
            variable: i,
            body: [
              {
                kind: 'store',
                buffer: 0,
                index: at,
                stride: 1,
                value: b.binary(
                  'add',
                  b.binary('mul', b.const(2, 'f32'), b.load(0, 'f32', at)),
                  b.load(1, 'f32', at),
                ),
              },
              { kind: 'store', buffer: 2, index: at, stride: 1, value: b.load(0, 'f32', at) },
            ],
          },
        ],
      }
      const moving = (base: 'input' | 'output'): Place => place(base, 0, 0, [{ loop: 7, bytes: 128 }])
      const program: Program = {
        kernels: [map('zero', 32, times(0)), kernel],
        commands: [
          call(0, place('input'), place('arena')),
          {
            kind: 'loop',
            id: 7,
            count: 5,
            reverse,
            body: [call(1, place('arena'), moving('input'), moving('output'))],
          },
        ],
        arenaBytes: 128,
        donations: new Map(),
        inputs: [f32(5, 32)],
        outputs: [f32(5, 32)],
      }
      const [got] = both(program, [ramp(160)])
      const state = new Array<number>(32).fill(0)
      const wanted = new Array<number>(160)
      for (let step = 0; step < 5; step++) {
        const t = reverse ? 4 - step : step
        for (let k = 0; k < 32; k++) wanted[t * 32 + k] = state[k] = 2 * state[k] + t * 32 + k
      }
      expect(got).toEqual(wanted)
    }
  })

  it('while and if follow flags that kernels compute', () => {
    for (const shared of [true, false]) {
      const kernels = [
        map('double', 64, times(2), shared),
        map('same', 64, add(0), shared),
        less(1000),
        less(1200),
        map('negate', 64, times(-1), shared),
      ]
      const flag = place('arena', 0, 512)
      const program: Program = {
        kernels,
        commands: [
          call(1, place('input'), place('arena')),
          {
            kind: 'while',
            condition: [call(2, place('arena'), flag)],
            flag,
            body: [
              call(0, place('arena'), place('arena', 0, 256)),
              call(1, place('arena', 0, 256), place('arena')),
            ],
          },
          call(3, place('arena'), flag),
          {
            kind: 'if',
            flag,
            then: [call(1, place('arena'), place('output'))],
            otherwise: [call(4, place('arena'), place('output'))],
          },
        ],
        arenaBytes: 576,
        donations: new Map(),
        inputs: [f32(64)],
        outputs: [f32(64)],
      }
      const from = (start: number): number[] => Array.from({ length: 64 }, (_, i) => start + i)
      expect(both(program, [from(70)])[0]).toEqual(from(70).map((x) => x * 16)) // 1120
      expect(both(program, [from(80)])[0]).toEqual(from(80).map((x) => x * -16)) // 1280
      expect(both(program, [from(3000)])[0]).toEqual(from(3000).map((x) => -x)) // no round at all
    }
  })

  it('copies, large ones shared by the threads', () => {
    for (const size of [1, 1000, 40_000, 100_003]) {
      const program: Program = {
        kernels: [],
        commands: [
          { kind: 'copy', from: place('input'), to: place('arena'), bytes: size * 4 },
          { kind: 'copy', from: place('arena'), to: place('output'), bytes: size * 4 },
        ],
        arenaBytes: Math.ceil(size / 16) * 64,
        donations: new Map(),
        inputs: [f32(size)],
        outputs: [f32(size)],
      }
      expect(both(program, [ramp(size)])[0]).toEqual(ramp(size))
    }
  })

  it('host calls see what kernels wrote and write for the next', () => {
    const seen: number[] = []
    const program: Program = {
      kernels: [map('plus', 32, add(1))],
      commands: [
        call(0, place('input'), place('arena')),
        {
          kind: 'call',
          kernel: {
            name: 'reverse',
            run([x], [y]) {
              seen.push(x.data[0] as number)
              expect(x.shape).toEqual([32])
              ;(y.data as Float32Array).set([...(x.data as Float32Array)].reverse())
            },
          },
          inputs: [{ ...f32(32), place: place('arena') }],
          outputs: [{ ...f32(32), place: place('arena', 0, 128) }],
        },
        call(0, place('arena', 0, 128), place('output')),
      ],
      arenaBytes: 256,
      donations: new Map(),
      inputs: [f32(32)],
      outputs: [f32(32)],
    }
    expect(both(program, [ramp(32)])[0]).toEqual(ramp(32).map((x) => 33 - x))
    expect(seen).toEqual([1, 1, 1, 1, 1, 1])
  })

  it('an error in a host call passes through, and the backend goes on', () => {
    const program: Program = {
      kernels: [],
      commands: [
        {
          kind: 'call',
          kernel: {
            name: 'fails',
            run: () => {
              throw new RangeError('no')
            },
          },
          inputs: [],
          outputs: [{ ...f32(1000), place: place('output') }],
        },
      ],
      arenaBytes: 0,
      donations: new Map(),
      inputs: [],
      outputs: [f32(1000)],
    }
    const held = one.pool.count
    expect(() => one.compileProgram(program).run([], [new Storage('f32', 1000)])).toThrow(RangeError)
    expect(one.pool.count).toBe(held)
    expect(both(mixing(1), [ramp(n)])[0]).toHaveLength(n)
  })

  it('a run inside a host call is refused', () => {
    const inner = one.compileProgram(mixing(1))
    const program: Program = {
      kernels: [],
      commands: [
        {
          kind: 'call',
          kernel: { name: 'nested', run: () => inner.run([storage(ramp(n))], [new Storage('f32', n)]) },
          inputs: [],
          outputs: [],
        },
      ],
      arenaBytes: 0,
      donations: new Map(),
      inputs: [],
      outputs: [],
    }
    expect(() => one.compileProgram(program).run([], [])).toThrow(DeviceError)
  })

  it('an index out of range throws after the run and names the kernel', () => {
    const b = new ExprBuilder()
    const row = register('row', 'i32', 1)
    const at = atomIndex({ kind: 'dynamic', value: b.register(row), low: 0, high: 3 })
    const kernel: Kernel = {
      name: 'pick_row',
      buffers: [
        { ...buffer('index', 1, 'read'), dtype: 'i32' },
        buffer('y', 1, 'write'),
        buffer('x', 4, 'read'),
      ],
      body: [
        { kind: 'check', register: row, value: b.load(0, 'i32', constantIndex(0)), low: 0, high: 3 },
        { kind: 'store', buffer: 1, index: constantIndex(0), stride: 1, value: b.load(2, 'f32', at) },
      ],
    }
    const program: Program = {
      kernels: [map('plus', 16, add(1)), kernel],
      commands: [call(1, place('input'), place('output'), place('input', 1))],
      arenaBytes: 0,
      donations: new Map(),
      inputs: [{ shape: [1], dtype: 'i32' }, f32(4)],
      outputs: [f32(1)],
    }
    for (const backend of [one, two]) {
      const executable = backend.compileProgram(program)
      const index = new Storage('i32', 1)
      const out = new Storage('f32', 1)
      index.write()[0] = 2
      executable.run([index, storage([5, 6, 7, 8])], [out])
      expect(read(out)).toEqual([7])
      index.write()[0] = 4
      expect(() => executable.run([index, storage([5, 6, 7, 8])], [out])).toThrow(ValueError)
      expect(() => executable.run([index, storage([5, 6, 7, 8])], [out])).toThrow(/pick_row/)
      index.write()[0] = 0
      executable.run([index, storage([5, 6, 7, 8])], [out])
      expect(read(out)).toEqual([5])
    }
  })

  it('two hundred programs, compiled and dropped', () => {
    const before = one.pool.bytes
    for (const backend of [one, two]) {
      for (let k = 0; k < 100; k++) {
        const program: Program = {
          kernels: [map(`plus${k}`, 1024, add(k))],
          commands: [call(0, place('input'), place('output'))],
          arenaBytes: 0,
          donations: new Map(),
          inputs: [f32(1024)],
          outputs: [f32(1024)],
        }
        const out = new Storage('f32', 1024)
        backend.compileProgram(program).run([storage(ramp(1024))], [out])
        expect(read(out)[3]).toBe(3 + k)
      }
    }
    expect(one.pool.bytes - before).toBeLessThan(100 * 2 * (4096 + 1100))
    expect(two.activeThreads).toBe(2)
  })
})

describe('memory', () => {
  const size = 4096
  const program: Program = {
    kernels: [map('plus', size, add(1))],
    commands: [call(0, place('input'), place('output'))],
    arenaBytes: 0,
    donations: new Map(),
    inputs: [f32(size)],
    outputs: [f32(size)],
  }

  it('values stay in the memory until the budget is passed, then move out and lose nothing', () => {
    const backend = createWasmBackend({ threads: 1, poolBytes: 10 * (size * 4 + 1024) })
    const executable = backend.compileProgram(program)
    const first = storage(ramp(size))
    const chain: Storage[] = [first]
    for (let k = 0; k < 100; k++) {
      const next = new Storage('f32', size)
      executable.run([chain[k]], [next])
      chain.push(next)
    }
    expect(backend.pool.evictions).toBeGreaterThan(80)
    expect(backend.pool.bytes).toBeLessThanOrEqual(10 * (size * 4 + 1024))
    expect(chain[100].onHost).toBe(false)
    expect(chain[50].onHost).toBe(true)
    chain.forEach((s, k) => {
      expect([read(s)[0], read(s)[size - 1]]).toEqual([k, size - 1 + k])
    })
    // An evicted value comes back.
    const again = new Storage('f32', size)
    executable.run([chain[3]], [again])
    expect(read(again)[0]).toBe(4)
  })

  it('a donated output keeps its memory; writing on the host drops it', () => {
    const backend = createWasmBackend({ threads: 1 })
    const executable = backend.compileProgram(program)
    const state = storage(ramp(size))
    executable.run([state], [state])
    const held = backend.pool.count
    const { resident } = state
    for (let k = 0; k < 10; k++) executable.run([state], [state])
    expect(state.resident).toBe(resident)
    expect(backend.pool.count).toBe(held)
    expect(read(state)[5]).toBe(16)
    state.write().fill(7 as never)
    expect(state.resident).toBe(null)
    expect(backend.pool.count).toBe(held - 1)
    executable.run([state], [state])
    expect(read(state)[5]).toBe(8)
  })

  it('small values are copied, large ones live in the pool; another device downloads first', () => {
    const small: Program = {
      ...program,
      kernels: [map('plus', 16, add(1))],
      inputs: [f32(16)],
      outputs: [f32(16)],
    }
    const [a, b] = [createWasmBackend({ threads: 1 }), createWasmBackend({ threads: 1 })]
    const out = new Storage('f32', 16)
    a.compileProgram(small).run([storage(ramp(16))], [out])
    expect([out.onHost, a.pool.count]).toEqual([true, 0])
    const middle = new Storage('f32', size)
    const last = new Storage('f32', size)
    a.compileProgram(program).run([storage(ramp(size))], [middle])
    expect(middle.onHost).toBe(false)
    b.compileProgram(program).run([middle], [last])
    expect(read(last)[9]).toBe(11)
    expect(read(middle)[9]).toBe(10)
    expect(a.pool.count).toBe(1) // the first input; `middle` moved to b
  })

  it('the memory grows, and a larger arena replaces the smaller one', () => {
    const backend = createWasmBackend({ threads: 1 })
    for (const count of [1 << 12, 1 << 18, 1 << 22, 1 << 14]) {
      const large: Program = {
        kernels: [map('plus', count, add(1))],
        commands: [call(0, place('input'), place('arena')), call(0, place('arena'), place('output'))],
        arenaBytes: count * 4,
        donations: new Map(),
        inputs: [f32(count)],
        outputs: [f32(count)],
      }
      const x = new Storage('f32', count)
      ;(x.write() as Float32Array).fill(count)
      const y = new Storage('f32', count)
      backend.compileProgram(large).run([x], [y])
      expect([y.array()[0], y.array()[count - 1]]).toEqual([count + 2, count + 2])
    }
  })
})
