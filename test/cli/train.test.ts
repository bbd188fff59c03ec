/**
 * `chainrule train` as people and programs run it: one object a line with --json, the same bits after every kind of
 * interruption, and clear errors that lose nothing.
 */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSafetensors } from '../../src/io/safetensors.js'
import { type CliResult, eventsOf, runCli } from './run-cli.js'
import { idx, temporaryFolder, writeSmallMnist } from './small-mnist.js'

const folder = temporaryFolder()
const data = join(folder, 'data')
const whole = join(folder, 'whole')

/** 150 steps an epoch, two epochs. */
const settings = [
  '--data',
  'mnist',
  '--data-dir',
  data,
  '--epochs',
  '2',
  '--batch-size',
  '10',
  '--lr',
  '1e-3',
]
const train = (out: string): string[] => ['train', 'lenet5', ...settings, '--out', out, '--json']
const resume = (out: string): string[] => ['train', '--resume', '--out', out, '--json']

let uninterrupted: CliResult

beforeAll(async () => {
  await writeSmallMnist(data, 1500, 200)
  uninterrupted = await runCli(train(whole))
})

afterAll(() => rmSync(folder, { recursive: true }))

/** Tensors and training state of a checkpoint; the seconds differ from run to run. */
function contents(path: string): { tensors: Record<string, string>; state: object; rest: object } {
  const { tensors, metadata } = readSafetensors(new Uint8Array(readFileSync(path)))
  const { state, paramGroups, scheduler } = JSON.parse(metadata.chainrule)
  delete state.seconds
  const bits = [...tensors].map(([name, { data: values }]) => [
    name,
    Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64'),
  ])
  return { tensors: Object.fromEntries(bits), state, rest: { paramGroups, scheduler } }
}

function expectSameRun(out: string): void {
  for (const file of ['last.safetensors', 'best.safetensors']) {
    expect(contents(join(out, file))).toEqual(contents(join(whole, file)))
  }
}

describe('a whole run', () => {
  it('says what it does in JSON, one object a line', () => {
    expect(uninterrupted.code).toBe(0)
    const events = eventsOf(uninterrupted)
    expect(events[0]).toMatchObject({ event: 'start', run: whole, trainImages: 1500, seed: 1, lr: 1e-3 })
    expect(events.filter((e) => e.event === 'epoch').map((e) => e.epoch)).toEqual([1, 2])
    const done = events[events.length - 1]
    expect(done).toMatchObject({ event: 'done', run: whole })
    expect(done.testAccuracy).toBeGreaterThan(0.8)
    expect(done.seconds).toBeGreaterThan(0)
    expect(uninterrupted.stderr).toContain(`npx chainrule evaluate ${whole}`)
  })

  it('keeps checkpoints with the state of everything', () => {
    const { tensors, state } = contents(join(whole, 'last.safetensors'))
    expect(Object.keys(tensors)).toEqual(
      expect.arrayContaining([
        'model.features.0.weight',
        'optimizer.0.exp_avg',
        'optimizer.0.step',
        'random.default',
      ]),
    )
    expect(state).toMatchObject({ epoch: 2, batch: 0, step: 300 })
  })

  it('is not overwritten', async () => {
    const before = readFileSync(join(whole, 'last.safetensors'))
    const result = await runCli(train(whole))
    expect(result.code).toBe(1)
    expect(result.stderr).toContain('not overwritten')
    expect(eventsOf(result)).toMatchObject([{ event: 'error' }])
    expect(readFileSync(join(whole, 'last.safetensors')).equals(before)).toBe(true)
  })

  it('is not continued with other settings', async () => {
    const result = await runCli([...resume(whole), '--lr', '0.5', '--epochs', '2'])
    expect(result.code).toBe(2)
    expect(result.stderr).toContain('--lr (the run has 0.001, got 0.5)')
    expect(result.stderr).not.toContain('--epochs')
  })

  it('whose settings were damaged is not continued', async () => {
    const out = join(folder, 'edited')
    cpSync(whole, out, { recursive: true })
    for (const [text, message] of [
      ['{"model": "lenet5", "epochs":', /Expected JSON in '.*run\.json'/],
      ['{"model": "lenet5", "data": "mnist", "epochs": "2"}', /run\.json', got epochs: "2"/],
    ] as const) {
      writeFileSync(join(out, 'run.json'), text)
      const result = await runCli(resume(out))
      expect(result.stderr).toMatch(message)
      expect(result.code).toBe(1)
    }
  })

  it('that is complete has nothing to continue', async () => {
    const result = await runCli(resume(whole))
    expect(result.code).toBe(0)
    expect(eventsOf(result).map((e) => e.event)).toEqual(['start', 'done'])
    expectSameRun(whole)
  })
})

describe('--precision', () => {
  it('bf16 is a setting of the run', async () => {
    const out = join(folder, 'bf16')
    const args = [...train(out), '--limit', '300', '--epochs', '1']
    const events = eventsOf(await runCli([...args, '--precision', 'bf16']))
    expect(events[0]).toMatchObject({ event: 'start', precision: 'bf16' })
    expect(events.find(({ event }) => event === 'epoch')!.trainLoss).toBeLessThan(2.4)
    const other = await runCli([...resume(out), '--precision', 'f32'])
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(/--precision \(the run has bf16, got f32\)/)
    const unknown = await runCli([...train(out), '--precision', 'f16'])
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toMatch(/'f16' is invalid. Allowed choices are f32, bf16/)
  })
})

describe('an interrupted run', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '%s saves in the middle of an epoch, and continuing gives the same bits',
    async (signal, code) => {
      const out = join(folder, signal)
      let sent = false
      const stopped = await runCli(train(out), {
        onEvent: ({ event }, child) => {
          if (event === 'progress' && !sent) sent = child.kill(signal)
        },
      })
      expect(stopped.code).toBe(code)
      const last = eventsOf(stopped).at(-1)!
      expect(last).toMatchObject({
        event: 'stopped',
        signal,
        resume: `npx chainrule train --resume --out ${out}`,
      })
      const { state } = contents(join(out, 'last.safetensors'))
      expect(state).toMatchObject({ epoch: 0, step: last.step })
      expect((last.step as number) % 150).not.toBe(0)
      const continued = await runCli([...resume(out), '--threads', '1'])
      expect(continued.code).toBe(0)
      expect(eventsOf(continued)[0]).toMatchObject({ resumedFrom: { step: last.step } })
      expectSameRun(out)
    },
  )

  it('kill -9 leaves a readable checkpoint, and continuing gives the same bits', async () => {
    const out = join(folder, 'killed')
    const killed = await runCli([...train(out), '--save-every', '7'], {
      onEvent: ({ event, step }, child) => {
        if (event === 'checkpoint' && (step as number) >= 154) child.kill('SIGKILL')
      },
    })
    expect(killed.signal).toBe('SIGKILL')
    expect((contents(join(out, 'last.safetensors')).state as { step: number }).step).toBeGreaterThanOrEqual(
      154,
    )
    writeFileSync(join(out, '.last.safetensors.1-abc.tmp'), 'half of a checkpoint')
    expect((await runCli(resume(out))).code).toBe(0)
    expect(existsSync(join(out, '.last.safetensors.1-abc.tmp'))).toBe(false)
    expectSameRun(out)
  })

  it('without space saves nothing and loses nothing', async () => {
    const out = join(folder, 'full')
    const stopped = await runCli(train(out), {
      onEvent: ({ event }, child) => {
        if (event === 'progress') child.kill('SIGINT')
      },
    })
    expect(stopped.code).toBe(130)
    const before = readFileSync(join(out, 'last.safetensors'))
    // 200 kB a file: a checkpoint has 745 kB. The error takes the way of a full disk.
    const failed = await runCli(resume(out), { before: 'ulimit -f 200' })
    expect(failed.code).toBe(1)
    expect(failed.stderr).toMatch(/Could not write .*safetensors': EFBIG/)
    expect(readFileSync(join(out, 'last.safetensors')).equals(before)).toBe(true)
  })
})

describe('bad input', () => {
  const bad = (args: readonly string[]): Promise<CliResult> => runCli(['train', ...args])

  it('names the step and the learning rate of a training that diverges', async () => {
    const out = join(folder, 'diverged')
    const result = await runCli([...train(out), '--lr', '1e30'])
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(/loss is (NaN|Infinity) at step 2 \(learning rate 9\.99/)
    expect(eventsOf(result).at(-1)).toMatchObject({ event: 'error', kind: 'DivergenceError' })
    expect(contents(join(out, 'last.safetensors')).state).toMatchObject({ step: 0 })
    // The kept checkpoint is good: the same run again, looking for the operation.
    const detected = await runCli([...resume(out), '--detect-anomaly'])
    expect(detected.code).toBe(1)
    expect(detected.stderr).toMatch(/first operation that went wrong is \w+ of \(f32 \[10, 6, 14, 14\]/)
  })

  it.each([
    [2, /unknown option '--epoch'.*\n.*--epochs/, ['lenet5', '--epoch', '1']],
    [
      2,
      /--epochs <n>' argument '0' is invalid. Expected a whole number of at least 1/,
      ['lenet5', '--epochs', '0'],
    ],
    [2, /--lr <rate>' argument 'fast'/, ['lenet5', '--lr', 'fast']],
    [2, /model out of lenet5.*got 'lenet6'/, ['lenet6']],
    [2, /data set out of mnist, fashion-mnist, got 'cats'/, ['lenet5', '--data', 'cats']],
    [2, /devices .*reference.*got 'abacus'/, ['lenet5', '--device', 'abacus']],
    [2, /name of a model/, []],
    [1, /found neither/, ['lenet5', '--data-dir', join(folder, 'nowhere')]],
    [1, /which does not exist/, ['--resume', '--out', join(folder, 'nowhere')]],
    [1, /no run\.json/, ['--resume', '--out', folder]],
    [1, /ENOTDIR/, ['lenet5', '--data-dir', data, '--out', '/dev/null/run']],
    [1, /new or empty folder, got one with '\w+' in it/, ['lenet5', '--data-dir', data, '--out', folder]],
  ] as const)('exits with %i and says %s', async (code, message, args) => {
    const result = await bad(['--limit', '10', '--epochs', '1', ...args])
    expect(result.stderr).toMatch(message)
    expect(result.code).toBe(code)
    expect(result.stderr).not.toMatch(/^ {4}at /m)
  })

  it.each([
    [/cut off/, (bytes: Uint8Array) => bytes.subarray(0, 5000)],
    [/got 0 bytes/, () => new Uint8Array()],
    [/empty one/, () => idx([0, 28, 28], new Uint8Array())],
  ])('refuses damaged data: %s', async (message, damage) => {
    const dir = join(folder, 'damaged')
    cpSync(data, dir, { recursive: true })
    const images = join(dir, 'train-images-idx3-ubyte')
    const damaged = damage(new Uint8Array(readFileSync(images)))
    writeFileSync(images, damaged)
    if (damaged.length === 16) writeFileSync(join(dir, 'train-labels-idx1-ubyte'), idx([0], new Uint8Array()))
    const out = join(folder, 'from-damaged')
    const result = await bad(['lenet5', '--data-dir', dir, '--out', out])
    expect(result.stderr).toMatch(message)
    expect(result.code).toBe(1)
    expect(existsSync(out)).toBe(false)
  })

  it.each([
    [/cut off/, (bytes: Uint8Array) => bytes.subarray(0, bytes.length >> 1)],
    [
      /checksum/,
      (bytes: Uint8Array) => {
        bytes[bytes.length - 100] ^= 4
        return bytes
      },
    ],
    [/not a safetensors file/, () => new TextEncoder().encode('what has this to do with anything?')],
  ])('refuses a damaged checkpoint: %s', async (message, damage) => {
    const out = join(folder, 'corrupt')
    cpSync(whole, out, { recursive: true })
    const file = join(out, 'last.safetensors')
    writeFileSync(file, damage(new Uint8Array(readFileSync(file))))
    const result = await runCli(resume(out))
    expect(result.stderr).toMatch(message)
    expect(result.stderr).toContain(file)
    expect(result.code).toBe(1)
  })
})
