/**
 * `chainrule evaluate`, `predict` and `devices` on a small trained run; pictures of digits as people have them.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mnist } from '../../src/data/mnist.js'
import type { Image } from '../../src/io/image.js'
import { encodePng } from '../../src/io/png.js'
import { resizeImage } from '../../src/io/resize-image.js'
import { eventsOf, runCli } from './run-cli.js'
import { temporaryFolder, writeSmallMnist } from './small-mnist.js'

const folder = temporaryFolder()
const data = join(folder, 'data')
const run = join(folder, 'run')

beforeAll(async () => {
  await writeSmallMnist(data, 3000, 200)
  const args = ['train', 'lenet5', '--data-dir', data, '--epochs', '3', '--batch-size', '32', '--out', run]
  const result = await runCli(args)
  expect(result.stderr).toBe('')
  expect(result.code).toBe(0)
  expect(result.stdout).toContain(`npx chainrule predict ${run}`)
  expect(result.stdout).not.toContain('\r')
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('evaluate', () => {
  it('gives the accuracy that training gave', async () => {
    const result = await runCli(['evaluate', run, '--json'])
    expect(result.code).toBe(0)
    const [evaluation, ...more] = eventsOf(result)
    expect(more).toEqual([])
    expect(evaluation).toMatchObject({
      event: 'evaluation',
      images: 200,
      checkpoint: join(run, 'best.safetensors'),
    })
    const again = eventsOf(await runCli(['train', '--resume', '--out', run, '--json'])).at(-1)!
    expect(evaluation.testAccuracy).toBe(again.testAccuracy)
    expect(evaluation.testAccuracy).toBeGreaterThan(0.85)
  })

  it('takes a checkpoint file, and says what is none', async () => {
    const file = join(run, 'last.safetensors')
    const good = await runCli(['evaluate', file, '--limit', '50'])
    expect(good.stdout).toMatch(/on 50 test images of mnist: accuracy \d+\.\d\d %/)
    const none = await runCli(['evaluate', join(data, 't10k-labels-idx1-ubyte')])
    expect(none.code).toBe(1)
    expect(none.stderr).toContain('safetensors')
  })
})

/** The digit enlarged to 140 × 140 and put off-centre on 200 × 180 pixels, as colours. */
function enlarge(pixels: Uint8Array, draw: (ink: number) => readonly number[]): Image {
  const big = resizeImage({ width: 28, height: 28, channels: 1, data: pixels }, 140, 140)
  const [width, height] = [200, 180]
  const channels = draw(0).length
  const out = new Uint8Array(width * height * channels)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] = [x - 45, y - 12]
      const inside = fromX >= 0 && fromY >= 0 && fromX < 140 && fromY < 140
      out.set(draw(inside ? big.data[fromY * 140 + fromX] : 0), (y * width + x) * channels)
    }
  }
  return { width, height, channels, data: out }
}

const drawings: Record<string, (ink: number) => readonly number[]> = {
  'white on black': (ink) => [ink],
  'black on white': (ink) => [255 - ink],
  'blue on yellow paper': (ink) => [240 - 0.85 * ink, 230 - 0.8 * ink, 190 - 0.2 * ink].map(Math.round),
  'black on nothing': (ink) => [0, 0, 0, ink],
}

describe('predict', () => {
  it('sees the same digit in every form', async () => {
    const test = await mnist({ split: 'test', download: false })
    const files: string[] = []
    const save = (name: string, image: Image): void => {
      files.push(join(folder, `${name}.png`))
      writeFileSync(files[files.length - 1], encodePng(image))
    }
    const count = 8
    for (let i = 0; i < count; i++) {
      const pixels = (test.fields.inputs as Uint8Array).slice(784 * i, 784 * (i + 1))
      save(`${i} as it is`, { width: 28, height: 28, channels: 1, data: pixels })
      for (const [name, draw] of Object.entries(drawings)) save(`${i} ${name}`, enlarge(pixels, draw))
    }
    const result = await runCli(['predict', run, ...files, '--json'])
    expect(result.code).toBe(0)
    const predictions = eventsOf(result)
    expect(predictions.map((p) => p.image)).toEqual(files)
    let asLabelled = 0
    for (let i = 0; i < count; i++) {
      const forms = predictions.slice(5 * i, 5 * i + 5)
      const label = String((test.fields.targets as Uint8Array)[i])
      if (forms.every((p) => p.class === label)) asLabelled++
      for (const { probabilities, index, probability } of forms) {
        const values = Object.values(probabilities as Record<string, number>)
        expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
        expect(Math.max(...values)).toBe(probability)
        expect(values.indexOf(probability as number)).toBe(index)
      }
    }
    // A short training misreads a digit now and then.
    expect(asLabelled).toBeGreaterThanOrEqual(count - 1)
  })

  it('tells people, and goes on after a file that is no picture', async () => {
    const blank = join(folder, 'blank.png')
    writeFileSync(blank, encodePng({ width: 9, height: 9, channels: 1, data: new Uint8Array(81).fill(255) }))
    const digit = join(folder, '0 as it is.png')
    const result = await runCli(['predict', run, join(run, 'run.json'), blank, join(folder, 'no.png'), digit])
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(/run\.json': Expected a PNG or JPEG/)
    expect(result.stderr).toMatch(/Expected a picture with something on it/)
    expect(result.stderr).toMatch(/no\.png': ENOENT. There is no such file/)
    expect(result.stdout).toMatch(/0 as it is\.png: 7 \(\d+\.\d\d %\)\n( {2}\d +\d+\.\d\d %.*\n){10}$/)
  })
})

describe('devices, help and version', () => {
  it('lists devices, one of them the default', async () => {
    const devices = eventsOf(await runCli(['devices', '--json']))
    expect(devices.map((d) => d.name)).toContain('reference')
    if (process.arch === 'x64' && process.platform === 'linux') {
      expect(devices[0]).toMatchObject({ name: 'native', available: true, default: true })
      expect(devices[0].description).toMatch(/^(AVX-512|AVX2 and FMA) machine code on .+, \d+ threads?$/)
    }
    expect(devices.filter((d) => d.default)).toHaveLength(1)
  })

  it('has help for everything', async () => {
    for (const args of [['--help'], ['train', '--help'], ['help', 'predict']]) {
      const result = await runCli(args)
      expect(result.code).toBe(0)
      expect(result.stdout).toContain('Usage: chainrule')
    }
    expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect((await runCli([])).code).toBe(2)
    expect((await runCli(['tarin'])).stderr).toContain('Did you mean train?')
  })
})
