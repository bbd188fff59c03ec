/** Programs that tests of backends write by hand: kernels of a few lines, places, commands. */
import {
  addIndex,
  atomIndex,
  constantIndex,
  loopVar,
  scaleIndex,
} from '../../src/codegen/index-expression.js'
import { type BufferParam, type Expr, ExprBuilder, type Kernel, register } from '../../src/codegen/loop-ir.js'
import type { Command, Place, Program } from '../../src/codegen/program.js'
import { Storage } from '../../src/core/storage.js'

export const buffer = (name: string, size: number, access: BufferParam['access']): BufferParam => ({
  name,
  dtype: 'f32',
  size,
  access,
  kind: 'argument',
})

/** y[i] = f(x[i]) over `size` elements, shared by threads in 16 pieces or not at all. */
export function map(name: string, size: number, f: (b: ExprBuilder, x: Expr) => Expr, shared = true): Kernel {
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
export function mix(size: number): Kernel {
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
export function less(limit: number): Kernel {
  const b = new ExprBuilder()
  const value = b.binary('lt', b.load(0, 'f32', constantIndex(0)), b.const(limit, 'f32'))
  return {
    name: 'less',
    buffers: [buffer('x', 1, 'read'), { ...buffer('flag', 1, 'write'), dtype: 'bool' }],
    body: [{ kind: 'store', buffer: 1, index: constantIndex(0), stride: 1, value }],
  }
}

export const place = (base: Place['base'], index = 0, offset = 0, steps: Place['steps'] = []): Place => ({
  base,
  index,
  offset,
  steps,
})
export const call = (kernel: number, ...args: Place[]): Command => ({
  kind: 'kernel',
  kernel,
  arguments: args,
})
export const f32 = (...shape: number[]): { shape: number[]; dtype: 'f32' } => ({ shape, dtype: 'f32' })

export function storage(values: ArrayLike<number>): Storage {
  const s = new Storage('f32', values.length)
  s.write().set(values as ArrayLike<number> & ArrayLike<bigint>)
  return s
}
export const read = (s: Storage): number[] => Array.from(s.array() as Float32Array)
export const ramp = (n: number, scale = 1): number[] => Array.from({ length: n }, (_, i) => i * scale)
export const add =
  (value: number) =>
  (b: ExprBuilder, x: Expr): Expr =>
    b.binary('add', x, b.const(value, 'f32'))
export const times =
  (value: number) =>
  (b: ExprBuilder, x: Expr): Expr =>
    b.binary('mul', x, b.const(value, 'f32'))

export const n = 512

/** A chain of kernels through the arena in which every value depends on all before. */
export function mixing(rounds: number): Program {
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
