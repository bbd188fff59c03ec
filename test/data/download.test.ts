/**
 * Downloads from a server on this machine that breaks connections, lies, stalls and refuses.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DataError } from '../../src/core/errors.js'
import { download } from '../../src/data/download.js'
import { type IdxSource, loadIdxFile } from '../../src/data/idx-source.js'
import { sha256 } from '../../src/data/sha256.js'

type Handler = (request: IncomingMessage, response: ServerResponse) => void
let handler: Handler
let requests: { url: string; range: string | undefined }[]
let base = ''
let folder = ''
let server: ReturnType<typeof createServer>

beforeEach(async () => {
  requests = []
  folder = fs.mkdtempSync(join(tmpdir(), 'chainrule-download-'))
  server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', range: request.headers.range })
    handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  fs.rmSync(folder, { recursive: true })
})

const content = new Uint8Array(300_000).map((_, i) => (i * 2654435761) >>> 13)
const fast = { retryDelayMs: 1 }

/** Serves `content`; `cut` says after how many bytes of the answer to break the connection, by request number. */
const serve =
  (body: Uint8Array, cut: (n: number) => number | null = () => null, ranges = true): Handler =>
  (request, response) => {
    const asked = ranges ? /^bytes=(\d+)-$/.exec(request.headers.range ?? '') : null
    const start = asked ? Number(asked[1]) : 0
    if (asked && start >= body.length) {
      response.writeHead(416, { 'Content-Range': `bytes */${body.length}` }).end()
      return
    }
    const part = body.subarray(start)
    response.writeHead(asked ? 206 : 200, {
      'Content-Length': part.length,
      ...(asked ? { 'Content-Range': `bytes ${start}-${body.length - 1}/${body.length}` } : {}),
    })
    const limit = cut(requests.length)
    if (limit === null) response.end(part)
    else response.write(part.subarray(0, limit), () => setTimeout(() => response.destroy(), 20))
  }

describe('download', () => {
  it('gets the whole', async () => {
    handler = serve(content)
    let last: [number, number | null] = [0, 0]
    const got = await download([`${base}/a`], { ...fast, onProgress: (n, total) => (last = [n, total]) })
    expect(Buffer.compare(got, content)).toBe(0)
    expect(last).toEqual([300_000, 300_000])
  })

  it.each(['memory', 'file'])('resumes after broken connections (%s)', async (where) => {
    handler = serve(content, (n) => (n <= 5 ? 40_000 : null))
    const partPath = where === 'file' ? join(folder, 'a.part') : undefined
    const got = await download([`${base}/a`], { ...fast, retries: 2, partPath })
    expect(Buffer.compare(got, content)).toBe(0)
    expect(requests.length).toBe(6)
    expect(requests[0].range).toBeUndefined()
    for (const { range } of requests.slice(1)) expect(range).toMatch(/^bytes=[1-9]\d*-$/)
  })

  it('resumes what an earlier run left, and asks nothing twice', async () => {
    const partPath = join(folder, 'a.part')
    fs.writeFileSync(partPath, content.subarray(0, 123_456))
    handler = serve(content)
    const got = await download([`${base}/a`], { ...fast, partPath })
    expect(Buffer.compare(got, content)).toBe(0)
    expect(requests.map((r) => r.range)).toEqual(['bytes=123456-'])
    const again = await download([`${base}/a`], { ...fast, partPath })
    expect(Buffer.compare(again, content)).toBe(0)
    expect(requests.length).toBe(2) // one answer of 416: there is nothing more
  })

  it('starts anew where the server cannot resume', async () => {
    handler = serve(content, (n) => (n === 1 ? 50_000 : null), false)
    expect(Buffer.compare(await download([`${base}/a`], fast), content)).toBe(0)
  })

  it('starts anew when what was left is of another file', async () => {
    const partPath = join(folder, 'a.part')
    fs.writeFileSync(partPath, new Uint8Array(1000))
    handler = serve(content)
    const digest = createHash('sha256').update(content).digest('hex')
    const verify = async (bytes: Uint8Array<ArrayBuffer>) => {
      if ((await sha256(bytes)) !== digest) throw new DataError('wrong')
    }
    expect(Buffer.compare(await download([`${base}/a`], { ...fast, partPath, verify }), content)).toBe(0)
    expect(requests.map((r) => r.range)).toEqual(['bytes=1000-', undefined])
  })

  it('tries another time at 503 and not at 404', async () => {
    handler = (request, response) => {
      if (requests.length <= 2) response.writeHead(503).end()
      else serve(content)(request, response)
    }
    expect((await download([`${base}/a`], fast)).length).toBe(300_000)
    expect(requests.length).toBe(3)
    requests = []
    handler = (_, response) => response.writeHead(404).end()
    await expect(download([`${base}/a`], fast)).rejects.toThrow(/answered 404/)
    expect(requests.length).toBe(1)
  })

  it('goes to the next home', async () => {
    handler = (request, response) => {
      if (request.url === '/first') response.writeHead(404).end()
      else serve(content)(request, response)
    }
    expect((await download([`${base}/first`, `${base}/second`], fast)).length).toBe(300_000)
  })

  it('gives up on a server that stalls or is not there', async () => {
    handler = () => {}
    await expect(download([`${base}/a`], { ...fast, retries: 2, stallTimeoutMs: 50 })).rejects.toThrow(
      /nothing arrived for 50 ms/,
    )
    expect(requests.length).toBe(2)
    await expect(download(['http://127.0.0.1:1/a'], { ...fast, retries: 2 })).rejects.toThrow(DataError)
  })

  it('refuses more than maxBytes, announced or not', async () => {
    handler = serve(content)
    await expect(download([`${base}/a`], { ...fast, maxBytes: 1000 })).rejects.toThrow(
      /at most 1000 bytes, got 300000/,
    )
    handler = (_, response) => response.writeHead(200).end(content)
    await expect(download([`${base}/a`], { ...fast, maxBytes: 1000 })).rejects.toThrow(
      /at most 1000 bytes, got more/,
    )
  })

  it('says that the disk is full', async () => {
    handler = serve(content)
    vi.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    })
    await expect(download([`${base}/a`], { ...fast, partPath: join(folder, 'a.part') })).rejects.toThrow(
      /a.part': ENOSPC. The disk is full/,
    )
    expect(requests.length).toBe(1)
  })
})

describe('a data set by download', () => {
  const idx = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9)
  const source = (digest = createHash('sha256').update(idx).digest('hex')): IdxSource => ({
    title: 'Tiny',
    folders: ['tiny'],
    npmPackage: ['no-such-package-of-chainrule', 'data'],
    systemFolder: [join(folder, 'system'), 'dataset-tiny'],
    homes: [`${base}/home`],
    checksums: { labels: digest },
  })
  const options = () => ({ cacheDir: join(folder, 'cache'), downloadOptions: { ...fast, retries: 2 } })

  it('is checked, cached decompressed, and then read without a network', async () => {
    handler = serve(new Uint8Array(gzipSync(idx)))
    expect((await loadIdxFile(source(), 'labels', options())).data).toEqual(Uint8Array.of(7, 8, 9))
    expect(requests.map((r) => r.url)).toEqual(['/home/labels.gz'])
    expect(fs.readdirSync(join(folder, 'cache', 'tiny'))).toEqual(['labels'])
    expect((await loadIdxFile(source(), 'labels', options())).data).toEqual(Uint8Array.of(7, 8, 9))
    expect(requests.length).toBe(1)
  })

  it('with a wrong checksum is refused and nothing is kept', async () => {
    handler = serve(new Uint8Array(gzipSync(idx)))
    const wrong = source('0'.repeat(64))
    await expect(loadIdxFile(wrong, 'labels', options())).rejects.toThrow(
      /expected SHA-256 0000.* got [0-9a-f]{64}/,
    )
    expect(fs.readdirSync(join(folder, 'cache', 'tiny'))).toEqual([])
  })

  it('without a network names all three ways', async () => {
    const offline = { ...source(), homes: ['http://127.0.0.1:1'] }
    const error: unknown = await loadIdxFile(offline, 'labels', options()).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(DataError)
    expect(String(error)).toMatch(/npm install no-such-package-of-chainrule or apt install dataset-tiny/)
    expect(String(error)).toMatch(/pass \{ dir \} or set CHAINRULE_DATA/)
    expect(String(error)).toMatch(/run once with a network/)
    await expect(loadIdxFile(offline, 'labels', { ...options(), download: false })).rejects.toThrow(
      /switched off/,
    )
  })

  it('prefers dir, then CHAINRULE_DATA, then the system folder', async () => {
    const put = (at: string, value: number) => {
      fs.mkdirSync(join(folder, at), { recursive: true })
      fs.writeFileSync(join(folder, at, 'labels.gz'), gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, value)))
    }
    put('system', 3)
    expect((await loadIdxFile(source(), 'labels', options())).data[0]).toBe(3)
    put('data/tiny', 2)
    vi.stubEnv('CHAINRULE_DATA', join(folder, 'data'))
    expect((await loadIdxFile(source(), 'labels', options())).data[0]).toBe(2)
    put('mine', 1)
    expect((await loadIdxFile(source(), 'labels', { ...options(), dir: join(folder, 'mine') })).data[0]).toBe(
      1,
    )
    expect(requests).toEqual([])
  })

  it('in a browser fetches', async () => {
    handler = serve(new Uint8Array(gzipSync(idx)))
    vi.stubGlobal('process', { ...process, getBuiltinModule: undefined })
    try {
      const got = await loadIdxFile(source(), 'labels', { downloadOptions: fast, baseUrl: `${base}/own/` })
      expect(got.data).toEqual(Uint8Array.of(7, 8, 9))
      await expect(loadIdxFile(source(), 'labels', { dir: '/data' })).rejects.toThrow(
        /In a browser pass baseUrl/,
      )
    } finally {
      vi.unstubAllGlobals()
    }
    expect(requests.map((r) => r.url)).toEqual(['/own/labels.gz'])
  })
})
