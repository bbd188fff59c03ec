/** The native backend where things are missing, refused or large; and the memory of programs that come and go. */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import koffi from 'koffi'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createNativeBackend } from '../../../src/backend/native/native.js'
import { createLinux, type Koffi } from '../../../src/backend/native/os/linux.js'
import type { OperatingSystem } from '../../../src/backend/native/os/os.js'
import { atomIndex, loopVar } from '../../../src/codegen/index-expression.js'
import { ExprBuilder, type Kernel } from '../../../src/codegen/loop-ir.js'
import type { Program } from '../../../src/codegen/program.js'
import { DeviceError, InternalError } from '../../../src/core/errors.js'
import { Storage } from '../../../src/core/storage.js'
import {
  add,
  call,
  f32,
  map,
  mixing,
  n,
  place,
  ramp,
  read,
  storage,
} from '../../helpers/hand-made-program.js'

const linux = createLinux(koffi as unknown as Koffi)

/** An operating system of which some services fail. */
const withFailures = (failing: Partial<OperatingSystem>): OperatingSystem => ({ ...linux, ...failing })

const plus = (by: number, size = 1024): Program => ({
  kernels: [map(`plus${by}`, size, add(by))],
  commands: [call(0, place('input'), place('output'))],
  arenaBytes: 0,
  donations: new Map(),
  inputs: [f32(size)],
  outputs: [f32(size)],
})

describe('where something is missing', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })

  it('says which processor and which system it got', async () => {
    const given = { arch: process.arch, platform: process.platform }
    for (const [name, value, message] of [
      ['arch', 'riscv64', 'native: expected an x86-64 processor, got riscv64.'],
      ['platform', 'sunos', 'native: expected Linux, got sunos.'],
    ] as const) {
      Object.defineProperty(process, name, { value, configurable: true })
      try {
        await expect(createNativeBackend()).rejects.toThrow(new DeviceError(message))
      } finally {
        Object.defineProperty(process, name, { value: given[name], configurable: true })
      }
    }
  })

  it('says that memory may not be executed', async () => {
    const message = 'native: expected memory that may be executed, got a refusal by the system.'
    const os = withFailures({
      mapCode: () => {
        throw new DeviceError(message)
      },
    })
    await expect(createNativeBackend({ os })).rejects.toThrow(new DeviceError(message))
  })

  it('says that there are no addresses for intermediates', async () => {
    const os = withFailures({ reserve: (bytes) => (bytes < 2 ** 30 ? linux.reserve(bytes) : null) })
    await expect(createNativeBackend({ os })).rejects.toThrow(/4 GB of address space .*ulimit -v/)
  })

  it('takes less address space where there is less', async () => {
    const os = withFailures({ reserve: (bytes) => (bytes > 2 ** 34 ? null : linux.reserve(bytes)) })
    const backend = await createNativeBackend({ os, threads: 1 })
    const large: Program = { ...plus(1), arenaBytes: 2 ** 34 + 64 }
    expect(() => backend.compileProgram(large)).toThrow(
      /at most 17179869184 bytes .* got 17179869248\. Use smaller/,
    )
    const out = new Storage('f32', 1024)
    backend.compileProgram(plus(2)).run([storage(ramp(1024))], [out])
    expect(read(out)[5]).toBe(7)
  })

  it('a wrong CHAINRULE_ISA is an error of its own', async () => {
    vi.stubEnv('CHAINRULE_ISA', 'sse')
    await expect(createNativeBackend()).rejects.toThrow(
      "Expected CHAINRULE_ISA to be avx2 or avx512, got 'sse'.",
    )
  })

  it('computes with the threads that start', async () => {
    // In a registry of its own: the process has threads already.
    const identity = `${linux.identity}_test_${Date.now()}`
    let left = 1
    const os = withFailures({
      identity,
      startThread: (entry, argument) => left-- > 0 && linux.startThread(entry, argument),
    })
    const backend = await createNativeBackend({ os, threads: 4, target: { serialWork: 1 } })
    expect(backend.threads).toBe(2)
    expect(backend.description).toMatch(/^AVX.* machine code on .*, 2 threads$/)
    const none = withFailures({ identity: `${identity}_none`, startThread: () => false })
    const alone = await createNativeBackend({ os: none, threads: 4 })
    expect(alone.threads).toBe(1)
    const results = [backend, alone].map((device) => {
      const out = new Storage('f32', n)
      device.compileProgram(mixing(5)).run([storage(ramp(n, 1 / 8))], [out])
      return read(out)
    })
    expect(results[1]).toEqual(results[0])
  })
})

describe('before anything is emitted', () => {
  it('a kernel that leaves its buffer is refused', async () => {
    let mapped = 0
    const os = withFailures({
      mapCode: (code) => {
        mapped++
        return linux.mapCode(code)
      },
    })
    const backend = await createNativeBackend({ os, threads: 1 })
    const before = mapped
    const b = new ExprBuilder()
    const i = loopVar('i', 0, 16)
    const kernel: Kernel = {
      name: 'beyond',
      buffers: [
        { name: 'x', dtype: 'f32', size: 17, access: 'read', kind: 'argument' },
        { name: 'y', dtype: 'f32', size: 16, access: 'write', kind: 'argument' },
      ],
      body: [
        {
          kind: 'for',
          variable: i,
          step: 1,
          body: [
            {
              kind: 'store',
              buffer: 1,
              index: atomIndex(i),
              stride: 1,
              value: b.load(0, 'f32', atomIndex(i)),
            },
          ],
        },
      ],
    }
    const program = { ...plus(1, 16), kernels: [kernel] }
    expect(() => backend.compileProgram(program)).toThrow(InternalError)
    expect(() => backend.compileProgram(program)).toThrow(
      /beyond.*store to y .* covers 0…16, the buffer has 16/,
    )
    expect(mapped).toBe(before)
  })
})

describe('memory', () => {
  it('the arena holds more than 4 GB of addresses', async () => {
    const backend = await createNativeBackend({ threads: 2 })
    const far = 5 * 2 ** 30
    const size = 1024
    const rounds = 3
    // Values that lie gigabytes apart, one a round of a loop.
    const moving = place('arena', 0, far, [{ loop: 1, bytes: 3 * 2 ** 30 }])
    const program: Program = {
      kernels: [map('plus', size, add(1))],
      commands: [
        { kind: 'copy', from: place('input'), to: place('arena', 0, far), bytes: 4 * size },
        {
          kind: 'loop',
          id: 1,
          count: rounds,
          reverse: false,
          body: [
            call(0, moving, place('arena', 0, 64)),
            {
              kind: 'copy',
              from: place('arena', 0, 64),
              to: place('arena', 0, far + 3 * 2 ** 30, [{ loop: 1, bytes: 3 * 2 ** 30 }]),
              bytes: 4 * size,
            },
          ],
        },
        call(0, place('arena', 0, far + rounds * 3 * 2 ** 30), place('output')),
      ],
      arenaBytes: far + (rounds + 1) * 3 * 2 ** 30,
      donations: new Map(),
      inputs: [f32(size)],
      outputs: [f32(size)],
    }
    const out = new Storage('f32', size)
    backend.compileProgram(program).run([storage(ramp(size))], [out])
    expect(read(out)).toEqual(ramp(size).map((x) => x + rounds + 1))
  })

  it('a thousand programs, compiled and dropped, leave no code behind', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const backend = await createNativeBackend({ threads: 1 })
    /** Mappings that may be executed, and bytes in memory. */
    const state = async (): Promise<{ code: number; resident: number }> => {
      for (let k = 0; k < 4; k++) {
        collect()
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      const maps = readFileSync('/proc/self/maps', 'utf8').split('\n')
      return {
        code: maps.filter((line) => / r-xp 00000000 00:00 0/.test(line)).length,
        resident: process.memoryUsage.rss(),
      }
    }
    const make = (k: number): void => {
      const out = new Storage('f32', 64)
      backend.compileProgram(plus(k, 64)).run([storage(ramp(64))], [out])
      expect(read(out)[3]).toBe(3 + k)
    }
    // The engine's heap reaches its size first.
    for (let k = 0; k < 1200; k++) make(k)
    const before = await state()
    let most = 0
    for (let k = 0; k < 1000; k++) {
      make(k)
      if (k % 250 === 249) most = Math.max(most, (await state()).code)
    }
    const after = await state()
    expect(after.code - before.code).toBeLessThan(20)
    expect(most - before.code).toBeLessThan(20)
    expect(after.resident - before.resident).toBeLessThan(24e6)
  }, 60_000)
})
