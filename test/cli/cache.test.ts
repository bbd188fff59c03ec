/** `chainrule cache`. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { FileCache } from '../../src/backend/file-cache.js'
import { eventsOf, runCli } from './run-cli.js'
import { temporaryFolder } from './small-mnist.js'

const folder = temporaryFolder()

afterEach(() => void vi.unstubAllEnvs())
afterAll(() => rmSync(folder, { recursive: true }))

it('says where programs are and how many, and removes them', async () => {
  vi.stubEnv('CHAINRULE_CACHE', folder)
  const programs = join(folder, 'programs')
  new FileCache(programs).write('0'.repeat(64), new Uint8Array(2 ** 20))
  const shown = await runCli(['cache'])
  expect(shown.code).toBe(0)
  expect(shown.stdout).toBe(`${programs}\n1 programs, 1.0 MB of at most 256 MB\n`)
  const [cleared] = eventsOf(await runCli(['cache', 'clear', '--json']))
  expect(cleared).toMatchObject({ folder: programs, removed: 1 })
  expect(readdirSync(programs)).toEqual([])
})

it('says that nothing is kept, and what it takes', async () => {
  vi.stubEnv('CHAINRULE_CACHE', 'off')
  expect((await runCli(['cache'])).stdout).toContain('CHAINRULE_CACHE is off')
  const wrong = await runCli(['cache', 'empty'])
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toContain("expected 'clear' or nothing, got 'empty'")
})
