/** `chainrule bench machine` and `train --profile`. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { eventsOf, runCli } from './run-cli.js'
import { temporaryFolder, writeSmallMnist } from './small-mnist.js'

const folder = temporaryFolder()

beforeAll(async () => {
  vi.stubEnv('CHAINRULE_CACHE', folder)
  await writeSmallMnist(join(folder, 'data'), 200, 50)
})

afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

it('measures the machine, and profiles a training on it', async () => {
  const machine = await runCli(['bench', 'machine', '--threads', '1', '--json'])
  expect(machine.code).toBe(0)
  const measured = JSON.parse(machine.stdout) as { one: { flops: number; levels: { name: string }[] } }
  expect(measured.one.flops).toBeGreaterThan(1e9)
  expect(measured.one.levels.map(({ name }) => name)).toEqual(['L1', 'L2', 'L3', 'memory'])

  const trace = join(folder, 'trace.json')
  const args = ['train', 'lenet5', '--data-dir', join(folder, 'data'), '--out', join(folder, 'run')]
  const more = ['--epochs', '1', '--threads', '1', '--profile', trace]
  const events = eventsOf(await runCli([...args, ...more, '--json']))
  const profile = events.find(({ event }) => event === 'profile') as unknown as {
    programs: { kernels: { name: string }[] }[]
  }
  const names = profile.programs[0].kernels.map(({ name }) => name)
  const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8')) as {
    traceEvents: { name: string; ph: string; cat?: string }[]
  }
  const traced = traceEvents.filter(({ cat }) => cat === 'kernel').map(({ name }) => name)
  expect(traced).toEqual(
    expect.arrayContaining(names.filter((name) => name.startsWith('conv') || name.startsWith('contract'))),
  )
  expect(traced.length).toBeGreaterThan(10)
})

it.each([
  [['bench', 'machine', '--device', 'wasm']],
  [['train', 'lenet5', '--device', 'wasm', '--profile', join(folder, 'x.json'), '--out', join(folder, 'y')]],
])('refuses a device that cannot measure: %j', async (args) => {
  const result = await runCli(args)
  expect(result.code).toBe(2)
  expect(result.stderr).toMatch(/got '?wasm/)
})
