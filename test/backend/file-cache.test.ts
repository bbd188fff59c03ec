/** Files that can be made again: what is trusted, what is not, and what happens when nothing can be written. */
import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  default as fs,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { cacheFolder } from '../../src/backend/cache-folder.js'
import { FileCache } from '../../src/backend/file-cache.js'
import { damaged } from '../helpers/damaged.js'

let base: string
let folder: string
let said: string[]

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'chainrule-file-cache-'))
  folder = join(base, 'a', 'programs')
  said = []
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(base, { recursive: true, force: true })
})

const open = (options: ConstructorParameters<typeof FileCache>[1] = {}): FileCache =>
  new FileCache(folder, { explain: (line) => said.push(line), ...options })
const key = (n: number): string => n.toString(16).padStart(64, '0')
const content = (n: number, size = 1000): Uint8Array => new Uint8Array(size).map((_, i) => (i * 7 + n) % 251)
const fileOf = (n: number): string => join(folder, `${key(n)}.cached`)

describe('what is kept', () => {
  it('comes back, in another process too, and only its owner may touch it', () => {
    expect(open().read(key(1))).toBeNull()
    open().write(key(1), content(1))
    const cache = open()
    expect(cache.read(key(1))).toEqual(content(1))
    expect(cache.read(key(2))).toBeNull()
    expect([cache.hits, cache.misses]).toEqual([1, 1])
    expect(lstatSync(folder).mode & 0o777).toBe(0o700)
    expect(lstatSync(fileOf(1)).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toHaveLength(1)
    expect(said).toEqual([])
  })

  it('is listed and removed', () => {
    const cache = open()
    for (const n of [1, 2, 3]) cache.write(key(n), content(n))
    expect(cache.files()).toHaveLength(3)
    expect(cache.clear()).toBe(3)
    expect([cache.files(), cache.read(key(1)), readdirSync(folder)]).toEqual([[], null, []])
  })

  it('stays below the limit, what was used last longest', () => {
    const limitBytes = 100_000
    const cache = open({ limitBytes })
    const hoursAgo = (file: string, hours: number): void => {
      const time = Date.now() / 1000 - 3600 * hours
      utimesSync(file, time, time)
    }
    for (let n = 0; n < 9; n++) {
      cache.write(key(n), content(n, 10_000))
      hoursAgo(fileOf(n), 100 - n)
    }
    // Reading is a use.
    expect(cache.read(key(0))).not.toBeNull()
    writeFileSync(join(folder, '1-1-aa.tmp'), 'left behind')
    hoursAgo(join(folder, '1-1-aa.tmp'), 2)
    writeFileSync(join(folder, '1-2-aa.tmp'), 'being written')
    // Another process writes at the same time.
    const other = open({ limitBytes })
    for (let n = 9; n < 40; n++) (n % 2 === 0 ? cache : other).write(key(n), content(n, 10_000))
    const total = cache.files().reduce((sum, { bytes }) => sum + bytes, 0)
    expect(total).toBeLessThanOrEqual(limitBytes)
    expect(total).toBeGreaterThan(limitBytes / 2)
    expect(cache.read(key(39))).toEqual(content(39, 10_000))
    expect(cache.read(key(1))).toBeNull()
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual(['1-2-aa.tmp'])
    // What is larger than half of it is not kept at all.
    cache.write(key(50), content(50, 60_000))
    expect(cache.read(key(50))).toBeNull()
  })

  it('keeps a file in use before an older one', () => {
    const cache = open({ limitBytes: 50_000 })
    for (let n = 0; n < 4; n++) {
      cache.write(key(n), content(n, 10_000))
      utimesSync(fileOf(n), 1e9 + n, 1e9 + n)
    }
    cache.read(key(0))
    for (const n of [4, 5]) cache.write(key(n), content(n, 10_000))
    expect(cache.read(key(0))).not.toBeNull()
    expect(cache.read(key(1))).toBeNull()
  })
})

describe('what is not trusted', () => {
  it('is any file with damage; it is written anew', () => {
    const cache = open()
    cache.write(key(1), content(1))
    const whole = new Uint8Array(readFileSync(fileOf(1)))
    let tried = 0
    for (const [what, bytes] of damaged(whole, 60, 5)) {
      if (Buffer.from(bytes).equals(whole)) continue
      writeFileSync(fileOf(1), bytes, { mode: 0o600 })
      expect(cache.read(key(1)), what).toBeNull()
      cache.write(key(1), content(1))
      expect(cache.read(key(1)), what).toEqual(content(1))
      tried++
    }
    expect(tried).toBeGreaterThan(100)
  })

  it('is a file that stands under another name', () => {
    const cache = open()
    cache.write(key(1), content(1))
    renameSync(fileOf(1), fileOf(2))
    expect(cache.read(key(2))).toBeNull()
  })

  it('is a file that others can write, or that is a link', () => {
    const cache = open()
    cache.write(key(1), content(1))
    chmodSync(fileOf(1), 0o620)
    expect(cache.read(key(1))).toBeNull()
    chmodSync(fileOf(1), 0o644)
    expect(cache.read(key(1))).toEqual(content(1))
    renameSync(fileOf(1), join(base, 'elsewhere'))
    symlinkSync(join(base, 'elsewhere'), fileOf(1))
    expect(cache.read(key(1))).toBeNull()
    rmSync(fileOf(1))
    mkdirSync(fileOf(1))
    expect(cache.read(key(1))).toBeNull()
  })

  it('is a folder that others can write, which is said once', () => {
    open().write(key(1), content(1))
    for (const mode of [0o770, 0o707]) {
      said = []
      chmodSync(folder, mode)
      const cache = open()
      expect(cache.read(key(1))).toBeNull()
      cache.write(key(2), content(2))
      expect([cache.files(), cache.clear()]).toEqual([[], 0])
      expect(said).toEqual([
        `chainrule: nothing is kept in ${folder}, which belongs to another user or can be written by others. Set CHAINRULE_CACHE to a folder of your own, or to off.`,
      ])
      expect(readdirSync(folder)).toHaveLength(1)
    }
  })

  it.runIf(process.getuid?.() === 0)('is a folder or a file of another user', () => {
    open().write(key(1), content(1))
    chownSync(fileOf(1), 12345, 12345)
    expect(open().read(key(1))).toBeNull()
    chownSync(fileOf(1), 0, 0)
    expect(open().read(key(1))).not.toBeNull()
    chownSync(folder, 12345, 12345)
    expect(open().read(key(1))).toBeNull()
    expect(said).toHaveLength(1)
  })

  it('is a file where the folder should be', () => {
    mkdirSync(join(base, 'a'))
    writeFileSync(folder, '')
    const cache = open()
    cache.write(key(1), content(1))
    expect(cache.read(key(1))).toBeNull()
    expect(said).toHaveLength(1)
  })
})

describe('where nothing can be written', () => {
  it('nothing is kept, silently unless the folder was chosen', () => {
    // A path below a file, and one in a file system that has no folders to make.
    writeFileSync(join(base, 'file'), '')
    for (const place of [join(base, 'file', 'x'), '/proc/chainrule']) {
      for (const chosen of [false, true]) {
        said = []
        const cache = new FileCache(place, { explain: (line) => said.push(line), chosen })
        cache.write(key(1), content(1))
        cache.write(key(2), content(2))
        expect(cache.read(key(1))).toBeNull()
        expect(said).toHaveLength(chosen ? 1 : 0)
      }
    }
  })

  it('a disk that is full leaves nothing behind, and what was there stays', () => {
    const cache = open({ chosen: true })
    cache.write(key(1), content(1))
    const real = fs.writeSync
    let left = 500
    const full = vi.spyOn(fs, 'writeSync').mockImplementation(((
      fd: number,
      bytes: Uint8Array,
      at: number,
      n: number,
    ) => {
      if (left <= 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
      const some = Math.min(n, left)
      left -= some
      return real(fd, bytes, at, some)
    }) as typeof fs.writeSync)
    cache.write(key(2), content(2))
    expect(readdirSync(folder)).toEqual([`${key(1)}.cached`])
    const calls = full.mock.calls.length
    cache.write(key(3), content(3))
    expect(full.mock.calls).toHaveLength(calls)
    expect(said).toEqual([expect.stringContaining('cannot be written (ENOSPC)')])
    expect(cache.read(key(1))).toEqual(content(1))
    expect(cache.read(key(2))).toBeNull()
  })
})

it('several processes write, read and make room at once', async () => {
  const script = `
    import { FileCache } from ${JSON.stringify(new URL('../../src/backend/file-cache.ts', import.meta.url).href)}
    const cache = new FileCache(${JSON.stringify(folder)}, { limitBytes: 60_000 })
    const key = (n) => n.toString(16).padStart(64, '0')
    let seen = 0
    for (let i = 0; i < 1500; i++) {
      const n = (i * 7 + Number(process.argv[1]) * 13) % 23
      const found = cache.read(key(n))
      if (found === null) cache.write(key(n), new Uint8Array(5000).fill(n))
      else if (found.length !== 5000 || found.some((x) => x !== n)) throw new Error('wrong content of ' + n)
      else seen++
    }
    console.log(seen)`
  const runs = [1, 2, 3].map(
    (number) =>
      new Promise<[number | null, string]>((resolve) => {
        const child = spawn(
          process.execPath,
          ['--import', 'tsx', '--input-type=module', '-e', script, String(number)],
          {
            stdio: ['ignore', 'pipe', 'inherit'],
          },
        )
        let text = ''
        child.stdout.on('data', (chunk) => {
          text += chunk
        })
        child.on('close', (code) => resolve([code, text]))
      }),
  )
  for (const [code, text] of await Promise.all(runs)) {
    expect(code).toBe(0)
    expect(Number(text)).toBeGreaterThan(10)
  }
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  expect(open().files().length).toBeGreaterThan(3)
}, 60_000)

describe('the folder', () => {
  it('is what CHAINRULE_CACHE says, or in the folder for caches', () => {
    expect(cacheFolder({ CHAINRULE_CACHE: 'off' })).toBeNull()
    expect(cacheFolder({ CHAINRULE_CACHE: '/x/y', XDG_CACHE_HOME: '/z' })).toEqual({
      path: '/x/y',
      chosen: true,
    })
    expect(cacheFolder({ CHAINRULE_CACHE: 'here' })!.path).toBe(join(process.cwd(), 'here'))
    expect(cacheFolder({ XDG_CACHE_HOME: '/z' })).toEqual({ path: '/z/chainrule', chosen: false })
    if (process.platform !== 'linux') return
    const usual = join(homedir(), '.cache', 'chainrule')
    for (const XDG_CACHE_HOME of [undefined, '', 'relative'])
      expect(cacheFolder({ XDG_CACHE_HOME })).toEqual({ path: usual, chosen: false })
  })

  it('is not made by looking', () => {
    open().read(key(1))
    open().files()
    open().clear()
    expect(statSync(join(base, 'a'), { throwIfNoEntry: false })).toBeUndefined()
  })
})
