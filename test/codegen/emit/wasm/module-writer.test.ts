/** The WebAssembly encoder: number encodings, every instruction in a valid module, and what the modules do. */
import { describe, expect, it } from 'vitest'
import { hasRelaxedSimd } from '../../../../src/backend/wasm/features.js'
import {
  ByteWriter,
  type FunctionWriter,
  ModuleWriter,
  type ValueType,
} from '../../../../src/codegen/emit/wasm/module-writer.js'
import {
  type LaneMemoryOp,
  type LaneOp,
  laneMemoryOpcodes,
  laneOpcodes,
  type MemoryOp,
  memoryOpcodes,
  type PlainOp,
  plainOpcodes,
} from '../../../../src/codegen/emit/wasm/opcodes.js'

const written = (write: (to: ByteWriter) => void): number[] => {
  const to = new ByteWriter()
  write(to)
  return [...to.bytes()]
}

function instantiate(
  write: (f: FunctionWriter) => void,
  parameters: readonly ValueType[],
  results: readonly ValueType[],
): { run: (...args: number[]) => number; memory: WebAssembly.Memory; module: ModuleWriter } {
  const module = new ModuleWriter(true)
  module.importMemory('env', 'memory', true)
  const { index, writer } = module.define('f', parameters, results)
  write(writer)
  module.export('f', index)
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory } })
  return { run: instance.exports.f as (...args: number[]) => number, memory, module }
}

describe('numbers', () => {
  it('LEB128', () => {
    expect(written((w) => w.unsigned(0))).toEqual([0])
    expect(written((w) => w.unsigned(624485))).toEqual([0xe5, 0x8e, 0x26])
    expect(written((w) => w.unsigned(2 ** 32 - 1))).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f])
    expect(written((w) => w.signed(-123456))).toEqual([0xc0, 0xbb, 0x78])
    expect(written((w) => w.signed(64))).toEqual([0xc0, 0x00])
    expect(written((w) => w.signed64(-1n))).toEqual([0x7f])
  })
  it('constants come back', () => {
    for (const value of [0, 1, -1, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31)]) {
      expect(instantiate((f) => f.i32(value), [], ['i32']).run()).toBe(value)
      const wide = BigInt(value) * 4294967296n + 5n
      expect(instantiate((f) => f.i64(wide), [], ['i64']).run()).toBe(BigInt.asIntN(64, wide))
    }
    for (const value of [0.1, -0, Infinity, 1e-40]) {
      expect(instantiate((f) => f.f32(value), [], ['f32']).run()).toBe(Math.fround(value))
      expect(instantiate((f) => f.f64(value), [], ['f64']).run()).toBe(value)
    }
  })
})

/** Operand and result types of an instruction, read off its name. */
function signature(name: PlainOp): { from: ValueType[]; to: ValueType | null } {
  const [shape, op] = name.split('.') as [string, string | undefined]
  if (op === undefined) {
    if (name === 'select') return { from: ['i32', 'i32', 'i32'], to: 'i32' }
    return { from: name === 'drop' ? ['i32'] : [], to: null }
  }
  const scalar = shape as ValueType
  if (shape.includes('x') || shape === 'v128') {
    if (op === 'splat') return { from: [shape.slice(0, 3) as ValueType], to: 'v128' }
    if (op === 'any_true') return { from: ['v128'], to: 'i32' }
    if (op === 'bitselect' || op === 'relaxed_madd') return { from: ['v128', 'v128', 'v128'], to: 'v128' }
    if (op.startsWith('sh')) return { from: ['v128', 'i32'], to: 'v128' }
    const unary = /^(not|abs|neg|sqrt|ceil|floor|trunc|nearest|extend|convert|trunc_sat)/.test(op)
    return { from: unary ? ['v128'] : ['v128', 'v128'], to: 'v128' }
  }
  const conversion = /_(i32|i64|f32|f64)(_[su])?$/.exec(op)
  if (conversion) return { from: [conversion[1] as ValueType], to: scalar }
  if (op === 'eqz') return { from: [scalar], to: 'i32' }
  if (/^(eq|ne|lt|le|gt|ge)(_[su])?$/.test(op)) return { from: [scalar, scalar], to: 'i32' }
  const unary = ['abs', 'neg', 'sqrt', 'ceil', 'floor', 'trunc', 'nearest'].includes(op)
  return { from: unary ? [scalar] : [scalar, scalar], to: scalar }
}

function valid(
  write: (f: FunctionWriter) => void,
  from: readonly ValueType[],
  to: readonly ValueType[],
): boolean {
  const module = new ModuleWriter()
  module.importMemory('env', 'memory', true)
  write(module.define('f', from, to).writer)
  return WebAssembly.validate(module.bytes())
}

describe('instructions have their types', () => {
  it('plain ones', () => {
    for (const name of Object.keys(plainOpcodes) as PlainOp[]) {
      if (name.includes('relaxed') && !hasRelaxedSimd()) continue
      const { from, to } = signature(name)
      const write = (f: FunctionWriter): void => {
        for (const i of from.keys()) f.get(i)
        f.op(name)
      }
      expect(valid(write, from, to === null ? [] : [to]), name).toBe(true)
      // Any other result is refused, so the opcode is of the right family at least.
      for (const other of ['i32', 'i64', 'f32', 'f64', 'v128'] as const) {
        if (to !== null && other !== to)
          expect(valid(write, from, [other]), `${name} as ${other}`).toBe(false)
      }
    }
  })
  it('loads, stores and lanes', () => {
    for (const name of Object.keys(memoryOpcodes) as MemoryOp[]) {
      const type = name.startsWith('memory') ? 'i32' : (name.split('.')[0] as ValueType)
      const store = name.includes('store')
      const from: ValueType[] = store || name.includes('rmw.add') ? ['i32', type] : ['i32']
      if (name.endsWith('notify')) from.push('i32')
      if (name.endsWith('wait32')) from.push('i32', 'i64')
      if (name.endsWith('cmpxchg')) from.push('i32', 'i32')
      const write = (f: FunctionWriter): void => {
        for (const i of from.keys()) f.get(i)
        f.memory(name, 70_000)
      }
      expect(valid(write, from, store ? [] : [type]), name).toBe(true)
    }
    for (const name of Object.keys(laneMemoryOpcodes) as LaneMemoryOp[]) {
      const write = (f: FunctionWriter): void => {
        f.get(0)
        f.get(1)
        f.laneMemory(name, 16, 0)
      }
      expect(valid(write, ['i32', 'v128'], name.includes('store') ? [] : ['v128']), name).toBe(true)
    }
    for (const name of Object.keys(laneOpcodes) as LaneOp[]) {
      const scalar = name.slice(0, 3) as ValueType
      const replace = name.includes('replace')
      const from: ValueType[] = replace ? ['v128', scalar] : ['v128']
      const write = (f: FunctionWriter): void => {
        for (const i of from.keys()) f.get(i)
        f.lane(name, 1)
      }
      expect(valid(write, from, [replace ? 'v128' : scalar]), name).toBe(true)
    }
  })
})

describe('modules run', () => {
  it('loops, blocks, locals: a factorial', () => {
    const { run, module } = instantiate(
      (f) => {
        const product = f.local('i32')
        f.i32(1)
        f.set(product)
        f.block()
        f.loop()
        f.get(0)
        f.op('i32.eqz')
        f.brIf(1)
        f.get(product)
        f.get(0)
        f.op('i32.mul')
        f.set(product)
        f.get(0)
        f.i32(1)
        f.op('i32.sub')
        f.set(0)
        f.br(0)
        f.end()
        f.end()
        f.get(product)
      },
      ['i32'],
      ['i32'],
    )
    expect(run(10)).toBe(3628800)
    expect(module.text()).toContain('i32.mul')
  })
  it('vectors, shuffles, constants, bulk memory and atomics', () => {
    const { run, memory } = instantiate(
      (f) => {
        f.i32(64)
        f.v128([1, 2, 3, 4])
        f.v128([1, 2, 3, 4])
        f.v128([10, 20, 30, 40])
        f.shuffle([0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 28, 29, 30, 31])
        f.op('i32x4.add')
        f.memory('v128.store')
        f.i32(128)
        f.i32(64)
        f.i32(12)
        f.memoryCopy()
        f.fence()
        f.i32(0)
        f.i32(5)
        f.memory('i32.atomic.rmw.add', 128)
      },
      [],
      ['i32'],
    )
    expect(run()).toBe(2)
    expect([...new Int32Array(memory.buffer, 64, 4)]).toEqual([2, 12, 6, 44])
    expect([...new Int32Array(memory.buffer, 128, 4)]).toEqual([7, 12, 6, 0])
  })
})
