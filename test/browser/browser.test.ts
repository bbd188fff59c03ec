/**
 * The bundle for web pages in a real browser: it trains as in Node, bit for bit, with threads where the page may share
 * memory and without them elsewhere. Needs Chromium (Debian's `chromium`, or the path in CHROMIUM).
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserEntries, buildBrowser } from '../../scripts/build-browser.js'
import type { BackendOptions } from '../../src/backend/backend.js'
import { controlWords } from '../../src/backend/wasm/worker-source.js'
import { type Site, serve } from './serve.js'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const hasChromium = existsSync(executablePath)
if (!hasChromium) {
  console.warn(
    `The tests in a browser skip: there is no ${executablePath}. Install Chromium, or name it in CHROMIUM.`,
  )
}

const temporary = mkdtempSync(join(tmpdir(), 'chainrule-browser-'))
const bundle = join(temporary, 'bundle')
let built: Awaited<ReturnType<typeof buildBrowser>>

beforeAll(async () => {
  built = await buildBrowser(bundle)
})
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

describe('the bundle', () => {
  it('imports nothing but its own chunks', () => {
    const imports = Object.values(built.outputs).flatMap((output) => output.imports)
    expect(imports.length).toBeGreaterThan(10)
    expect(imports.filter(({ external }) => external).map(({ path }) => path)).toEqual([])
    expect(Object.keys(built.inputs).filter((file) => file.includes('node:'))).toEqual([])
  })

  it('has no machine code in it, and no foreign functions', () => {
    const inputs = Object.keys(built.inputs)
    expect(inputs.filter((file) => /emit\/x86|native\/os|koffi/.test(file))).toEqual([])
    for (const file of Object.keys(built.outputs).filter((path) => path.endsWith('.js')))
      expect(readFileSync(file, 'utf8').includes('koffi'), file).toBe(false)
  })

  it('has an entry for each of the package', () => {
    const manifest = JSON.parse(
      readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
    ) as { exports: Record<string, unknown> }
    const paths = Object.keys(manifest.exports).filter((path) => /^\.(\/[a-z]+)?$/.test(path))
    const names = paths.map((path) => (path === '.' ? 'chainrule' : path.slice(2))).sort()
    expect(Object.keys(browserEntries).sort()).toEqual(names)
    expect(readdirSync(bundle)).toEqual(expect.arrayContaining(names.map((name) => `${name}.js`)))
  })

  it('names no class anew', async () => {
    const { Linear } = (await import(join(bundle, 'nn.js'))) as typeof import('../../src/nn/index.js')
    const { Tensor, zeros } = (await import(
      join(bundle, 'chainrule.js')
    )) as typeof import('../../src/index.js')
    expect([Linear.name, Tensor.name, zeros.name]).toEqual(['Linear', 'Tensor', 'zeros'])
    expect(zeros([2])).toBeInstanceOf(Tensor)
  })
})

const importMap = {
  imports: Object.fromEntries(
    Object.keys(browserEntries).map((name) => [
      name === 'chainrule' ? name : `chainrule/${name}`,
      `/chainrule/${name}.js`,
    ]),
  ),
}

/** Before anything else in a page: keeps the shared memories, to see what the workers did. */
const watchMemory = `
  const Memory = WebAssembly.Memory
  globalThis.memories = []
  WebAssembly.Memory = class extends Memory {
    constructor(options) { super(options); if (options.shared) memories.push(this) }
  }`

const page = `<!doctype html><title>Chainrule</title>
<script>${watchMemory}</script>
<script type="importmap">${JSON.stringify(importMap)}</script>
<script type="module" src="/program/page.js"></script>`

/** Engines differ in whether they have a fused multiply-add; without it all compute the same bits. */
const portable: BackendOptions = { fusedMultiplyAdd: false }

interface Training {
  readonly losses: number[]
  readonly device: { readonly name: string; readonly description: string; readonly threads: number }
}

interface PageTraining extends Training {
  readonly isolated: boolean
  /** Workers that compiled a program. */
  readonly workers: number
}

interface PageFunctions {
  train(options: BackendOptions, workers: number, state: number, loaded: number): Promise<PageTraining>
  shapeError(): string
  filesError(): string
}

type WithPage = typeof globalThis & { readonly page: PageFunctions }

/** Trains in the page. `workers` is how many have to start before. */
const trainIn = (tab: Page, options: BackendOptions, workers: number): Promise<PageTraining> =>
  tab.evaluate(
    ([given, count, state, loaded]) => (globalThis as WithPage).page.train(given, count, state, loaded),
    [options, workers, controlWords.state, controlWords.loaded] as const,
  )

describe.skipIf(!hasChromium)('in Chromium', () => {
  let browser: BrowserContext
  let expected: Training
  const sites: Site[] = []
  const failures: string[] = []

  const open = async (isolated: boolean): Promise<Page> => {
    const mounts = { '/chainrule/': bundle, '/program/': fileURLToPath(new URL('.', import.meta.url)) }
    const site = await serve(mounts, { '/': page, '/favicon.ico': '' }, isolated)
    sites.push(site)
    const tab = await browser.newPage()
    tab.on('pageerror', (error) => failures.push(String(error)))
    tab.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) failures.push(message.text())
    })
    await tab.goto(site.url)
    await tab
      .waitForFunction(() => 'page' in globalThis, null, { timeout: 60_000 })
      .catch((error) => {
        throw new Error(`The page's script did not run: ${failures.join('; ')}`, { cause: error })
      })
    return tab
  }

  beforeAll(async () => {
    browser = await chromium.launchPersistentContext(join(temporary, 'profile'), {
      executablePath,
      headless: true,
      args: [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
    const program = './lenet-losses.js'
    const { lenetLosses } = (await import(program)) as {
      lenetLosses(options: object): Promise<Training>
    }
    expected = await lenetLosses({ threads: 1, ...portable })
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    for (const site of sites) await site.close()
  })

  it('the network learns', () => {
    expect(expected.losses).toHaveLength(22)
    expect(expected.losses[21]).toBeLessThan(0.9 * expected.losses[0])
  })

  it('trains as in Node with threads where the page is isolated', async () => {
    const tab = await open(true)
    const { losses, device, isolated, workers } = await trainIn(tab, { threads: 2, ...portable }, 1)
    expect({ isolated, workers, threads: device.threads }).toEqual({ isolated: true, workers: 1, threads: 2 })
    expect(losses).toEqual(expected.losses)
    expect(failures).toEqual([])
  })

  it('trains as in Node on one thread elsewhere', async () => {
    const tab = await open(false)
    const { losses, device, isolated } = await trainIn(tab, { threads: 2, ...portable }, 0)
    expect({ isolated, threads: device.threads }).toEqual({ isolated: false, threads: 1 })
    expect(losses).toEqual(expected.losses)
    expect(failures).toEqual([])
  })

  it('trains nearly so with fused multiply-add, where the browser has it', async () => {
    const tab = await open(false)
    const { losses } = await trainIn(tab, {}, 0)
    // Rounding errors grow from step to step: the first ones tell.
    for (let i = 0; i < 8; i++) expect(Math.abs(losses[i] / expected.losses[i] - 1)).toBeLessThan(1e-4)
    expect(failures).toEqual([])
  })

  it('names the line of the page in an error of a compiled step', async () => {
    const tab = await open(false)
    const message = await tab.evaluate(() => (globalThis as WithPage).page.shapeError())
    expect(message).toContain('matmul')
    expect(message).toContain('[2, 2]')
    expect(message).toMatch(/\/program\/page\.js:\d+:\d+/)
  })

  it('says what needs Node', async () => {
    const tab = await open(false)
    const message = await tab.evaluate(() => (globalThis as WithPage).page.filesError())
    expect(message).toMatch(/needs the file system of Node/)
  })
})
