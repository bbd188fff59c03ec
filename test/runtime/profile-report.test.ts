/** Profiles of compiled steps: what they count, that parts add up, and that they change no number. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { DeviceError, ValueError } from '../../src/core/errors.js'
import {
  compile,
  Linear,
  manualSeed,
  mseLoss,
  SGD,
  scan,
  type Tensor,
  tensor,
  useDevice,
  zeros,
} from '../../src/index.js'
import { currentBackend } from '../../src/runtime/devices.js'

const cache = mkdtempSync(join(tmpdir(), 'chainrule-profile-test-'))

beforeAll(() => void vi.stubEnv('CHAINRULE_CACHE', cache))
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(cache, { recursive: true })
})

describe.each([1, 2])('on %i thread(s)', (threads) => {
  beforeAll(() => useDevice('native', { threads }))

  const train = (profile: boolean) => {
    manualSeed(3)
    const layer = new Linear(96, 160)
    const optimizer = new SGD(layer.parameters(), { lr: 0.1, momentum: 0.9 })
    const step = compile(
      (x: Tensor, y: Tensor) => {
        const loss = mseLoss(layer.forward(x).relu(), y)
        optimizer.zeroGrad()
        loss.backward()
        optimizer.step()
        return loss
      },
      { profile },
    )
    const x = tensor(Float32Array.from({ length: 64 * 96 }, (_, i) => Math.sin(i))).reshape([64, 96])
    const y = zeros([64, 160])
    const losses = Array.from({ length: 6 }, () => step(x, y).itemSync())
    return { step, losses }
  }

  it('counts the work of kernels, and parts add up to the step', () => {
    const { step, losses } = train(true)
    expect(losses).toEqual(train(false).losses)
    const [program, ...more] = step.profile().programs
    expect(more).toEqual([])
    expect(program).toMatchObject({ runs: 6, threads })
    // Forward and weight gradient; lanes beyond an end count, the rest of the step is small.
    const products = 2 * 2 * 64 * 96 * 160
    expect(program.flops).toBeGreaterThan(products)
    expect(program.flops).toBeLessThan(1.4 * products)
    // Every kernel reads and writes something, and what it needs at least is the parameters and the batch.
    expect(program.bytes).toBeGreaterThan(4 * (3 * 96 * 160 + 64 * 96 + 64 * 160))
    for (const kernel of program.kernels) {
      expect(kernel.bytes, kernel.name).toBeGreaterThan(0)
      expect(kernel.calls).toBeGreaterThanOrEqual(1)
      expect(kernel.seconds).toBeGreaterThan(0)
      expect(kernel.bestSeconds).toBeLessThanOrEqual(kernel.seconds * 1.001)
      expect(kernel.balance).toBeGreaterThan(0.99 / threads)
      expect(kernel.balance).toBeLessThan(1.001)
      expect(kernel.ofLimit).toBeGreaterThan(0)
    }
    const { total, kernels, between, leastBetween, call, javascript } = program.seconds
    expect(leastBetween).toBeGreaterThan(0)
    expect(leastBetween).toBeLessThan(program.seconds.total)
    expect(kernels).toBeCloseTo(program.kernels.reduce((sum, { seconds }) => sum + seconds, 0))
    expect(kernels + between + call + javascript).toBeGreaterThan(0.99 * total)
    expect(program.limits!.levels.map(({ name }) => name)).toEqual(['L1', 'L2', 'L3', 'memory'])
  })

  it('begins anew after a reset', () => {
    const { step } = train(true)
    step.profile({ reset: true })
    expect(step.profile().programs).toEqual([])
    expect(step.profile().toString()).toContain('has not run')
    step(zeros([64, 96]), zeros([64, 160]))
    expect(step.profile().programs[0].runs).toBe(1)
  })

  it('prints a table whose columns line up, the longest first, and events inside the program', () => {
    const { step } = train(true)
    const report = step.profile()
    const lines = report.toString().trimEnd().split('\n')
    const head = lines.find((line) => line.startsWith('kernel'))!
    expect(head).toContain('% of limit')
    for (const name of ['between kernels', 'call of the program', 'JavaScript', 'step'])
      expect(lines.some((line) => line.startsWith(name))).toBe(true)
    const end = head.indexOf('ms') + 2
    const times = lines
      .slice(lines.indexOf(head) + 2)
      .slice(0, report.programs[0].kernels.length)
      .map((line) => Number(/[\d.]+$/.exec(line.slice(0, end))![0]))
    expect(times).toEqual([...times].sort((a, b) => b - a))
    expect(report.toString({ limit: 1 }).length).toBeLessThan(report.toString().length)
    const { traceEvents } = report.chromeTrace()
    const [program] = traceEvents.filter(({ name, ph, tid }) => name === 'program' && ph === 'X' && tid === 0)
    const kernels = traceEvents.filter(({ cat, tid }) => cat === 'kernel' && tid === 0)
    expect(kernels.length).toBeGreaterThanOrEqual(report.programs[0].kernels.length)
    for (const { ts, dur } of kernels) {
      expect(ts!).toBeGreaterThanOrEqual(0)
      expect(ts! + dur!).toBeLessThanOrEqual(program.dur! * 1.001)
    }
    expect(JSON.parse(JSON.stringify(report)).programs).toHaveLength(1)
  })

  it('counts the rounds of loops', () => {
    const step = compile(
      (x: Tensor, w: Tensor) =>
        scan((state: Tensor, item: Tensor) => [state.matmul(w).add(item).tanh(), state], zeros([2, 8]), x)[0],
      { profile: true },
    )
    const x = zeros([17, 2, 8])
    const w = zeros([8, 8])
    for (let i = 0; i < 3; i++) step(x, w)
    const [program] = step.profile().programs
    expect(program.kernels.some(({ calls }) => calls === 17)).toBe(true)
  })
})

describe('where it cannot be had', () => {
  afterEach(() => useDevice('native'))

  it('says how to get it', async () => {
    const plain = compile((x: Tensor) => x.add(1))
    expect(() => plain.profile()).toThrow(ValueError)
    expect(() => plain.profile()).toThrow('compile(step, { profile: true })')
    await useDevice('wasm')
    const step = compile((x: Tensor) => x.add(1), { profile: true })
    expect(
      step(zeros([2]))
        .sum()
        .itemSync(),
    ).toBe(2)
    expect(() => step.profile()).toThrow(DeviceError)
    expect(() => step.profile()).toThrow("got wasm. Use the device 'native'")
  })
})

it('keeps what the machine can do in a file', async () => {
  await useDevice('native', { threads: 1 })
  const machine = currentBackend().measureMachine!()
  expect(machine.one.flops).toBeGreaterThan(1e9)
  for (const { bandwidth } of machine.one.levels) expect(bandwidth).toBeGreaterThan(1e8)
  expect(machine.callSeconds).toBeGreaterThan(0)
  const file = JSON.parse(readFileSync(join(cache, 'machine.json'), 'utf8')) as object
  expect(Object.keys(file).some((key) => key.includes(machine.processor))).toBe(true)
  // Another backend of the same kind reads it instead of measuring.
  await useDevice('native', { threads: 1 })
  expect(currentBackend().measureMachine!()).toEqual(machine)
})
