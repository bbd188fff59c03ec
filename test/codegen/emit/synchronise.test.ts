/** Where threads meet: only between commands that touch the same bytes, and never between those of thread 0. */
import { describe, expect, it } from 'vitest'
import { type Step, synchronise } from '../../../src/codegen/emit/synchronise.js'
import { atomIndex, loopVar } from '../../../src/codegen/index-expression.js'
import { type BufferParam, ExprBuilder, type Kernel, register } from '../../../src/codegen/loop-ir.js'
import type { Command, Place, Program } from '../../../src/codegen/program.js'

function plus(shared: boolean): Kernel {
  const b = new ExprBuilder()
  const i = loopVar('i', 0, 15)
  const buffer = (name: string, access: BufferParam['access']): BufferParam => ({
    name,
    dtype: 'f32',
    size: 16,
    access,
    kind: 'argument',
  })
  const body = [
    {
      kind: 'store' as const,
      buffer: 1,
      index: atomIndex(i),
      stride: 1,
      value: b.load(0, 'f32', atomIndex(i)),
    },
  ]
  return {
    name: 'copy',
    buffers: [buffer('x', 'read'), buffer('y', 'write')],
    body: [shared ? { kind: 'parallel', variable: i, body } : { kind: 'for', variable: i, step: 1, body }],
  }
}

const arena = (offset: number): Place => ({ base: 'arena', index: 0, offset, steps: [] })
const external = (base: 'input' | 'output', index: number): Place => ({ base, index, offset: 0, steps: [] })
const shared = (from: Place, to: Place): Command => ({ kind: 'kernel', kernel: 0, arguments: [from, to] })
const serial = (from: Place, to: Place): Command => ({ kind: 'kernel', kernel: 1, arguments: [from, to] })

function steps(
  commands: readonly Command[],
  donations: readonly [number, number][] = [],
  others: readonly Kernel[] = [],
): string {
  const value = () => ({ shape: [16], dtype: 'f32' as const })
  const program: Program = {
    kernels: [plus(true), plus(false), ...others],
    commands,
    arenaBytes: 4096,
    inputs: [value(), value()],
    outputs: [value(), value()],
    donations: new Map(donations),
  }
  const text = (list: readonly Step[]): string =>
    list
      .map((s) => {
        if (s.kind === 'barrier') return '|'
        if (s.kind === 'guard') return 'guard'
        if (s.kind === 'serial') return `one${s.commands.length}`
        if (s.kind === 'loop') return `loop(${text(s.body)})`
        if (s.kind === 'while') return `while(${text(s.condition)} ? ${text(s.body)})`
        if (s.kind === 'if') return `if(${text(s.then)} : ${text(s.otherwise)})`
        return 'all'
      })
      .join(' ')
  return text(synchronise(program))
}

describe('synchronise', () => {
  it('meets between dependent kernels only', () => {
    expect(steps([shared(arena(0), arena(64)), shared(arena(64), arena(128))])).toBe('all | all |')
    expect(steps([shared(arena(0), arena(64)), shared(arena(0), arena(128))])).toBe('all all |')
    // A value that is read must not be overwritten yet.
    expect(steps([shared(arena(0), arena(64)), shared(arena(128), arena(0))])).toBe('all | all |')
    expect(
      steps([shared(arena(0), arena(64)), shared(arena(192), arena(128)), shared(arena(64), arena(256))]),
    ).toBe('all all | all |')
  })
  it('runs of thread 0 need none between them', () => {
    expect(steps([serial(arena(0), arena(64)), serial(arena(64), arena(0))])).toBe('one2')
    expect(
      steps([serial(arena(0), arena(64)), serial(arena(64), arena(0)), shared(arena(0), arena(64))]),
    ).toBe('one2 | all |')
    expect(
      steps([shared(arena(0), arena(64)), serial(arena(128), arena(192)), serial(arena(64), arena(0))]),
    ).toBe('all one1 | one1 |')
  })
  it('an output is the input that was donated to it, and no other', () => {
    const update = [0, 1].map((n) => shared(external('input', n), external('output', n)))
    expect(steps(update)).toBe('all all |')
    expect(
      steps(update, [
        [0, 0],
        [1, 1],
      ]),
    ).toBe('all all |')
    expect(steps(update, [[0, 1]])).toBe('all | all |')
    expect(steps(update, [[1, 0]])).toBe('all | all |')
  })
  it('rounds of loops start together, flags are read together', () => {
    const body = [shared(arena(0), arena(64)), serial(arena(64), arena(0))]
    const loop: Command = { kind: 'loop', id: 1, count: 4, reverse: false, body }
    expect(steps([loop, shared(arena(0), arena(256))])).toBe('loop(| all | one1) | all |')
    const loopAlone: Command = {
      kind: 'loop',
      id: 1,
      count: 4,
      reverse: false,
      body: [serial(arena(64), arena(0))],
    }
    expect(steps([loopAlone])).toBe('one1')
    const flag = arena(512)
    const repeat: Command = { kind: 'while', condition: [serial(arena(0), arena(512))], flag, body }
    expect(steps([repeat, serial(arena(0), arena(512))])).toBe('while(| one1 | ? all | one1) | one1 |')
    const branch: Command = { kind: 'if', flag, then: [shared(arena(0), arena(64))], otherwise: [] }
    expect(steps([serial(arena(0), arena(512)), branch, serial(arena(0), arena(512))])).toBe(
      'one1 | if(all : ) | one1 |',
    )
  })
})

describe('a program that checks indices', () => {
  const b = new ExprBuilder()
  const checking: Kernel = {
    name: 'check',
    buffers: plus(false).buffers,
    body: [{ kind: 'check', register: register('i', 'i32', 1), value: b.const(0, 'i32'), low: 0, high: 1 }],
  }
  const look = (from: Place, to: Place): Command => ({ kind: 'kernel', kernel: 2, arguments: [from, to] })

  it('writes no output before all threads have seen that the checks held', () => {
    expect(
      steps([look(arena(0), arena(64)), shared(arena(128), external('output', 0))], [], [checking]),
    ).toBe('one1 | guard all |')
  })

  it('asks once for all outputs that follow', () => {
    const out = (i: number) => shared(arena(128), external('output', i))
    expect(steps([look(arena(0), arena(64)), out(0), out(1)], [], [checking])).toBe('one1 | guard all all |')
  })

  it('lets nobody check again before all have looked', () => {
    const list = [
      look(arena(0), arena(64)),
      shared(arena(128), external('output', 0)),
      look(arena(0), arena(64)),
      serial(arena(256), external('output', 1)),
    ]
    expect(steps(list, [], [checking])).toBe('one1 | guard | all one1 | guard one1 |')
  })

  it('needs no guard where outputs come first', () => {
    expect(
      steps([shared(arena(128), external('output', 0)), look(arena(0), arena(64))], [], [checking]),
    ).toBe('all one1 |')
  })
})
