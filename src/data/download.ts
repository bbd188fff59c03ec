/**
 * Downloading a file with a checksum: retries, resuming after a broken connection (HTTP Range), several homes in turn.
 * In Node what has arrived is kept on disk, so that a later run resumes as well; elsewhere it is kept in memory.
 */
import { DataError } from '../core/errors.js'
import { fileError } from '../io/atomic-write.js'
import { nodeBuiltin } from '../io/node-builtins.js'

export interface DownloadOptions {
  /** Attempts in a row without progress before a home is given up. Default 4. */
  readonly retries?: number
  /** Pause before the second attempt; it doubles each time. Default 500. */
  readonly retryDelayMs?: number
  /** A connection on which nothing arrives for this long is broken off. Default 30,000. */
  readonly stallTimeoutMs?: number
  /** More than this is refused. Default 2 GiB. */
  readonly maxBytes?: number
  /** Default the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch
  /** Where to keep what has arrived, until the caller has the whole. Node only; default in memory. */
  readonly partPath?: string
  /** Called as bytes arrive; `total` is null where the server does not say. */
  readonly onProgress?: (received: number, total: number | null) => void
  /** Throws where the content is not the wanted one; the next home is tried then. */
  readonly verify?: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>
}

/** Where bytes go as they arrive. */
interface Sink {
  readonly length: number
  append(chunk: Uint8Array): void
  clear(): void
  content(): Uint8Array<ArrayBuffer>
  close(): void
}

class MemorySink implements Sink {
  length = 0
  private chunks: Uint8Array[] = []

  append(chunk: Uint8Array): void {
    this.chunks.push(chunk)
    this.length += chunk.length
  }

  clear(): void {
    this.chunks = []
    this.length = 0
  }

  content(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.length)
    let at = 0
    for (const chunk of this.chunks) {
      out.set(chunk, at)
      at += chunk.length
    }
    return out
  }

  close(): void {}
}

class FileSink implements Sink {
  length: number
  private readonly path: string
  private readonly descriptor: number
  private readonly fs = nodeBuiltin('fs', 'Downloading to a file')

  constructor(path: string) {
    this.path = path
    const { dirname } = nodeBuiltin('path', 'Downloading to a file')
    try {
      this.fs.mkdirSync(dirname(path), { recursive: true })
      this.descriptor = this.fs.openSync(path, this.fs.constants.O_RDWR | this.fs.constants.O_CREAT, 0o644)
      this.length = this.fs.fstatSync(this.descriptor).size
    } catch (error) {
      throw fileError('write', path, error)
    }
  }

  append(chunk: Uint8Array): void {
    try {
      for (let done = 0; done < chunk.length; ) {
        const written = this.fs.writeSync(this.descriptor, chunk, done, chunk.length - done, this.length)
        done += written
        this.length += written
      }
    } catch (error) {
      throw fileError('write', this.path, error)
    }
  }

  clear(): void {
    this.fs.ftruncateSync(this.descriptor, 0)
    this.length = 0
  }

  content(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.length)
    for (let done = 0; done < out.length; ) {
      const count = this.fs.readSync(this.descriptor, out, done, out.length - done, done)
      if (count === 0) throw new DataError(`'${this.path}': the file shrank while it was read. Try again.`)
      done += count
    }
    return out
  }

  close(): void {
    this.fs.closeSync(this.descriptor)
    if (this.length === 0) this.fs.rmSync(this.path, { force: true })
  }
}

/** However little each attempt brings, it ends. */
const maxAttempts = 200

/** A failure that another attempt at the same address cannot mend. */
class Permanent extends Error {}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${error.message}${cause}`
}

/**
 * The content of the first of `urls` that gives it whole and right. Throws `DataError` with what went wrong at each.
 * A part file that is left after success is the caller's to delete, once it has stored the content.
 */
export async function download(
  urls: readonly string[],
  options: DownloadOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const sink: Sink = options.partPath === undefined ? new MemorySink() : new FileSink(options.partPath)
  const failures: string[] = []
  try {
    for (const url of urls) {
      try {
        return await fromHome(url, sink, options)
      } catch (error) {
        // A disk that is full or refuses is no fault of the home.
        if (error instanceof DataError && !(error instanceof WrongContent)) throw error
        failures.push(`${url}: ${reason(error)}`)
      }
    }
  } finally {
    sink.close()
  }
  throw new DataError(`Could not download: ${failures.join('; ') || 'no address was given'}.`)
}

class WrongContent extends DataError {}

async function fromHome(url: string, sink: Sink, options: DownloadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { retries = 4, retryDelayMs = 500 } = options
  // What was there before this run may be of another file: a wrong whole is worth one try from the start.
  let inherited = sink.length > 0
  for (let failed = 0, attempts = 1; ; attempts++) {
    const before = sink.length
    try {
      await attempt(url, sink, options)
    } catch (error) {
      if (error instanceof Permanent || error instanceof DataError) throw error
      failed = sink.length > before ? 1 : failed + 1
      if (failed >= retries || attempts >= maxAttempts) throw error
      await pause(retryDelayMs * 2 ** (failed - 1))
      continue
    }
    const content = sink.content()
    try {
      await options.verify?.(content)
      return content
    } catch (error) {
      sink.clear()
      if (!inherited) throw new WrongContent(reason(error), { cause: error })
      inherited = false
    }
  }
}

/** One request. Returns when the file is whole; throws when it is not. */
async function attempt(url: string, sink: Sink, options: DownloadOptions): Promise<void> {
  const { stallTimeoutMs = 30_000, maxBytes = 2 ** 31, fetch = globalThis.fetch } = options
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const alive = (): void => {
    clearTimeout(timer)
    timer = setTimeout(
      () => controller.abort(new Error(`nothing arrived for ${stallTimeoutMs} ms`)),
      stallTimeoutMs,
    )
  }
  alive()
  try {
    const headers: Record<string, string> = sink.length > 0 ? { Range: `bytes=${sink.length}-` } : {}
    const response = await fetch(url, { headers, signal: controller.signal, redirect: 'follow' })
    const total = prepare(response, sink)
    if (total === sink.length && response.status === 416) return
    if (total !== null && total > maxBytes)
      throw new Permanent(`expected at most ${maxBytes} bytes, got ${total}`)
    if (response.body === null) throw new Error('the answer has no content')
    const reader = response.body.getReader()
    for (;;) {
      alive()
      const { done, value } = await reader.read()
      if (done) break
      if (sink.length + value.length > maxBytes) {
        await reader.cancel().catch(() => {})
        throw new Permanent(`expected at most ${maxBytes} bytes, got more`)
      }
      sink.append(value)
      options.onProgress?.(sink.length, total)
    }
    if (total !== null && sink.length < total) {
      throw new Error(`the connection broke after ${sink.length} of ${total} bytes`)
    }
    if (total !== null && sink.length > total) {
      sink.clear()
      throw new Error(`expected ${total} bytes, got more`)
    }
  } finally {
    clearTimeout(timer)
    // Nothing is lost when the answer is complete; after a failure it closes the connection.
    controller.abort()
  }
}

/** Checks the status, clears the sink where the answer starts anew, and gives the whole file's length if known. */
function prepare(response: Response, sink: Sink): number | null {
  const { status, headers } = response
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '')
  const rangeTotal = range === null || range[2] === '*' ? null : Number(range[2])
  if (status === 416 && sink.length > 0) {
    if (rangeTotal === sink.length) return rangeTotal
    sink.clear()
    throw new Error('the server cannot resume here')
  }
  if (status === 206) {
    if (range === null || Number(range[1]) !== sink.length) {
      sink.clear()
      throw new Error('the server sent another range than asked for')
    }
    return rangeTotal
  }
  if (status !== 200) {
    const message = `the server answered ${status}${response.statusText ? ` ${response.statusText}` : ''}`
    if (status >= 400 && status < 500 && status !== 408 && status !== 429) throw new Permanent(message)
    throw new Error(message)
  }
  sink.clear()
  // A content coding is undone by fetch, and the length is that of the coded bytes.
  const coded = headers.get('content-encoding') !== null && headers.get('content-encoding') !== 'identity'
  const length = headers.get('content-length')
  return length === null || coded ? null : Number(length)
}
