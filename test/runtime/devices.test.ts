/** Which device is picked, and what is said where the best one cannot run. */
import { afterEach, describe, expect, it, vi } from 'vitest'

type Devices = typeof import('../../src/runtime/devices.js')

/** The registry as a program meets it that starts now. */
async function fresh(): Promise<Devices> {
  vi.resetModules()
  return import('../../src/runtime/devices.js')
}

const arch = process.arch
afterEach(() => {
  Object.defineProperty(process, 'arch', { value: arch, configurable: true })
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  vi.doUnmock('koffi')
})

describe('where native code cannot run', () => {
  const warnings = () => vi.spyOn(console, 'warn').mockImplementation(() => {})

  it('one line says why, and wasm runs', async () => {
    vi.stubEnv('CHAINRULE_DEVICE', '')
    Object.defineProperty(process, 'arch', { value: 'riscv64', configurable: true })
    const said = warnings()
    const { currentDevice, useDevice } = await fresh()
    expect(currentDevice().name).toBe('wasm')
    expect(said.mock.calls).toEqual([
      ['chainrule: native: expected an x86-64 processor, got riscv64. Computing on wasm instead.'],
    ])
    await expect(useDevice('native')).rejects.toThrow('native: expected an x86-64 processor, got riscv64.')
    expect(currentDevice().name).toBe('wasm')
  })

  it('a device that was asked for is an error, and nothing else is tried', async () => {
    vi.stubEnv('CHAINRULE_DEVICE', 'native')
    Object.defineProperty(process, 'arch', { value: 'riscv64', configurable: true })
    const said = warnings()
    await expect(fresh()).rejects.toThrow('native: expected an x86-64 processor, got riscv64.')
    vi.stubEnv('CHAINRULE_DEVICE', 'abacus')
    await expect(fresh()).rejects.toThrow(
      "Expected one of the devices native, wasm, reference, got 'abacus'.",
    )
    expect(said).not.toHaveBeenCalled()
  })

  it('a page is not told: nobody expects machine code there', async () => {
    vi.stubEnv('CHAINRULE_DEVICE', '')
    const said = warnings()
    const versions = Object.getOwnPropertyDescriptor(process, 'versions')!
    Object.defineProperty(process, 'versions', { value: {}, configurable: true })
    try {
      const { currentDevice, useDevice } = await fresh()
      expect(currentDevice().name).toBe('wasm')
      await expect(useDevice('native')).rejects.toThrow('native: expected Node, got another environment.')
    } finally {
      Object.defineProperty(process, 'versions', versions)
    }
    expect(said).not.toHaveBeenCalled()
  })
})

describe('where it can', () => {
  it.skipIf(arch !== 'x64' || process.platform !== 'linux')('it is the default, without a word', async () => {
    vi.stubEnv('CHAINRULE_DEVICE', '')
    vi.stubEnv('CHAINRULE_THREADS', '1')
    const said = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { currentDevice } = await fresh()
    expect(currentDevice().name).toBe('native')
    expect(currentDevice().description).toMatch(/^(AVX-512|AVX2 and FMA) machine code on .+, 1 thread$/)
    vi.stubEnv('CHAINRULE_ISA', 'avx2')
    vi.stubEnv('CHAINRULE_THREADS', '2')
    expect((await fresh()).currentDevice().description).toMatch(
      /^AVX2 and FMA machine code on .+, 2 threads$/,
    )
    expect(said).not.toHaveBeenCalled()
  })

  it.each(['two', '0', '-1', '1.5'])('CHAINRULE_THREADS=%s is refused, not ignored', async (text) => {
    vi.stubEnv('CHAINRULE_THREADS', text)
    await expect(fresh()).rejects.toThrow(`whole number of at least 1, got '${text}'`)
  })
})

describe('useDevice', () => {
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2', null])(
    'refuses %s threads before anything changes',
    async (threads) => {
      vi.stubEnv('CHAINRULE_DEVICE', 'wasm')
      const { currentDevice, useDevice } = await fresh()
      const before = currentDevice()
      await expect(useDevice('wasm', { threads: threads as number })).rejects.toThrow(
        `useDevice: expected threads to be a whole number of at least 1, got ${threads}.`,
      )
      expect(currentDevice()).toEqual(before)
    },
  )

  it('refuses a name that no device has before anything changes', async () => {
    vi.stubEnv('CHAINRULE_DEVICE', 'wasm')
    const { currentDevice, useDevice } = await fresh()
    const before = currentDevice()
    await expect(useDevice('gpu')).rejects.toThrow(/one of the devices native, wasm, reference, got 'gpu'/)
    expect(currentDevice()).toEqual(before)
  })
})
