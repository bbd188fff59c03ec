/** Processes that train on native code and are treated badly: right numbers, right exit codes, no hang. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
let folder: string
let fixture: string

// As plain JavaScript: dozens of processes and workers start it.
beforeAll(async () => {
  mkdirSync(join(root, '.cache'), { recursive: true })
  folder = mkdtempSync(join(root, '.cache/native-'))
  fixture = join(folder, 'fixture.mjs')
  await build({
    absWorkingDir: root,
    entryPoints: ['test/backend/native/process-fixture.ts'],
    outfile: fixture,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['koffi'],
    logLevel: 'error',
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

function start(
  mode: string,
  options: {
    before?: readonly string[]
    env?: Record<string, string>
    ready?: (child: ChildProcess) => void
  } = {},
): Promise<Ended> {
  const [file, ...args] = [...(options.before ?? []), process.execPath, fixture, mode]
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CHAINRULE_DEVICE: 'native', CHAINRULE_THREADS: '2', ...options.env },
      timeout: 60_000,
    })
    let [stdout, stderr, told] = ['', '', false]
    child.stdout.on('data', (text) => {
      stdout += String(text)
      if (!told && stdout.includes('ready')) {
        told = true
        options.ready?.(child)
      }
    })
    child.stderr.on('data', (text) => {
      stderr += String(text)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

const lines = ({ stdout, stderr, code, signal }: Ended): string[] => {
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  return stdout.trim().split('\n')
}

it('main and three workers train at once, with equal bits', async () => {
  expect(lines(await start('isolates'))).toEqual(['equal true', 'threads true'])
})

it('workers are terminated in the middle of a step; what they leave is used again', async () => {
  expect(lines(await start('terminate'))).toEqual(['grown by little'])
})

it('a worker is terminated inside a host function', async () => {
  expect(lines(await start('terminate-host'))).toEqual(['after 8'])
})

it('errors of host functions come out of the step, and runs inside one are refused', async () => {
  expect(lines(await start('throw-inside'))).toEqual([
    'true on purpose',
    'after 8',
    'native: expected no run inside another, got one from a host function (`call`). Compute it before the call.',
    'after 8',
  ])
})

it.skipIf(process.platform !== 'linux')(
  'a process that may not gain executable memory says so in one line, and has the same losses',
  async () => {
    // PR_SET_MDWE (Linux 6.3): from here on the system itself refuses. The engine must compile nothing either.
    const refuse = join(folder, 'refuse.mjs')
    writeFileSync(
      refuse,
      `import koffi from ${JSON.stringify(import.meta.resolve('koffi'))}
      const prctl = koffi.load('libc.so.6').func('int prctl(int, ulong, ulong, ulong, ulong)')
      if (prctl(65, 1, 0, 0, 0) !== 0) { console.log('not refused'); process.exit(0) }`,
    )
    const env = { CHAINRULE_DEVICE: '', NODE_OPTIONS: `--jitless --import ${pathToFileURL(refuse).href}` }
    const { code, stdout, stderr } = await start('device', { env })
    if (stdout === 'not refused\n') return
    const [device, losses] = stdout.split('\n')
    expect({ code, device }).toEqual({ code: 0, device: 'reference' })
    const [name, native] = lines(await start('device'))
    expect(name).toBe('native')
    const expected = native.split(',').map(Number)
    losses.split(',').forEach((loss, i) => {
      expect(Number(loss)).toBeCloseTo(expected[i], 5)
    })
    expect(stderr.trim().split('\n').at(-1)).toBe(
      'chainrule: native: expected memory that may be executed, got a refusal by the system. wasm: expected WebAssembly, got an engine without it (as Node is with --jitless). Computing on reference instead.',
    )
  },
)

it('process.exit, errors and signals end it at once', async () => {
  const [exit, inside, thrown, interrupted, terminated] = await Promise.all([
    start('exit'),
    start('exit-inside'),
    start('throw'),
    start('forever', { ready: (child) => setTimeout(() => child.kill('SIGINT'), 50) }),
    start('forever', { ready: (child) => setTimeout(() => child.kill('SIGTERM'), 50) }),
  ])
  expect([exit.code, exit.stdout]).toEqual([3, 'ready\n'])
  expect([inside.code, inside.stdout]).toEqual([4, 'ready\n'])
  expect(thrown.code).toBe(1)
  expect(thrown.stderr).toContain('on purpose')
  expect(interrupted.signal).toBe('SIGINT')
  expect(terminated.signal).toBe('SIGTERM')
})

it('children start of their own, and one core serves sixteen threads, with equal bits', async () => {
  expect(lines(await start('children'))).toEqual(['equal true'])
  const [losses] = lines(await start('losses'))
  expect(lines(await start('threads', { before: ['taskset', '-c', '0'] }))).toEqual([losses])
  // One core is one thread by itself.
  const env = { CHAINRULE_THREADS: '' }
  expect(lines(await start('losses', { before: ['taskset', '-c', '0'], env }))).toEqual([losses])
})
