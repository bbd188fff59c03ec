/** The memory of the WebAssembly backend: eviction, donation, growth, programs that come and go. */
import { describe, expect, it } from 'vitest'
import { createWasmBackend } from '../../../src/backend/wasm/wasm.js'
import type { Program } from '../../../src/codegen/program.js'
import { Storage } from '../../../src/core/storage.js'
import { add, call, f32, map, place, ramp, read, storage } from '../../helpers/hand-made-program.js'

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

  it('an error in a host call leaves nothing in the pool', () => {
    const backend = createWasmBackend({ threads: 1 })
    const kernel = {
      name: 'fails',
      run: () => {
        throw new RangeError('no')
      },
    }
    const failing: Program = {
      kernels: [],
      commands: [{ kind: 'call', kernel, inputs: [], outputs: [{ ...f32(1000), place: place('output') }] }],
      arenaBytes: 0,
      donations: new Map(),
      inputs: [],
      outputs: [f32(1000)],
    }
    const held = backend.pool.count
    expect(() => backend.compileProgram(failing).run([], [new Storage('f32', 1000)])).toThrow(RangeError)
    expect(backend.pool.count).toBe(held)
  })

  it('two hundred programs, compiled and dropped', () => {
    const one = createWasmBackend({ threads: 1 })
    const two = createWasmBackend({ threads: 2 })
    expect(two.waitForWorkers(20_000)).toBe(true)
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
    one.close()
    two.close()
  })
})
