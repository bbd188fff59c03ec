/**
 * Files that can be made again, by key, in a folder of this user's own. Every file has a checksum and appears whole
 * (written aside, then renamed), so that any number of processes may share the folder; whatever is missing, damaged or
 * not to be trusted counts as absent, and whatever cannot be written is not. The least recently used files leave when
 * the folder grows over its limit. Node only.
 */
import { builtin } from './builtin.js'

const fs = builtin<typeof import('node:fs')>('node:fs')!
const path = builtin<typeof import('node:path')>('node:path')!
const crypto = builtin<typeof import('node:crypto')>('node:crypto')!

export interface FileCacheOptions {
  /** Bytes of all files together (default 256 MB). */
  readonly limitBytes?: number
  /** Says, once, why the folder is not used. Default: a line on stderr. */
  readonly explain?: (line: string) => void
  /** Whether to explain a folder that cannot be made or written, too (default false). */
  readonly chosen?: boolean
}

export interface CachedFile {
  readonly path: string
  readonly bytes: number
  /** Milliseconds since 1970 when it was last read, within `touchAfter`. */
  readonly used: number
}

const magic = Uint8Array.of(0x89, 0x43, 0x52, 0x0d, 0x0a, 0x1a, 0x0a, 0x01)
const digestBytes = 32
const headBytes = magic.length + digestBytes
const suffix = '.cached'
const temporarySuffix = '.tmp'
/** A use is written down when the last one that was is older: reading costs no write then. */
const touchAfter = 10 * 60_000
/** What a process that ended in the middle left aside. */
const abandonedAfter = 60 * 60_000

export class FileCache {
  readonly folder: string
  readonly limitBytes: number
  /** How often `read` found something, and did not. */
  hits = 0
  misses = 0
  private readonly explain: (line: string) => void
  private readonly chosen: boolean
  private explained = false
  /** null: not looked at yet, or not there yet. */
  private usable: boolean | null = null
  private writable = true
  /** Bytes that may be written before the folder is measured; others write too. */
  private allowance = 0
  private counter = 0

  constructor(folder: string, options: FileCacheOptions = {}) {
    this.folder = folder
    this.limitBytes = options.limitBytes ?? 256 * 2 ** 20
    this.explain = options.explain ?? ((line) => console.warn(line))
    this.chosen = options.chosen ?? false
  }

  /** What was written under the key (64 hexadecimal digits); null where there is nothing whole and trustworthy. */
  read(key: string): Uint8Array | null {
    const content = this.content(key)
    if (content === null) this.misses++
    else this.hits++
    return content
  }

  private content(key: string): Uint8Array | null {
    if (!this.prepare(false)) return null
    const file = this.pathOf(key)
    let descriptor: number
    try {
      // A symbolic link is nothing that `write` makes.
      descriptor = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0))
    } catch {
      return null
    }
    try {
      const stat = fs.fstatSync(descriptor)
      if (!stat.isFile() || !isPrivate(stat) || stat.size > this.limitBytes) return null
      const bytes = new Uint8Array(stat.size)
      let length = 0
      while (length < bytes.length) {
        const read = fs.readSync(descriptor, bytes, length, bytes.length - length, length)
        if (read === 0) break
        length += read
      }
      const content = bytes.subarray(headBytes)
      const whole =
        length === bytes.length &&
        length >= headBytes &&
        magic.every((byte, i) => bytes[i] === byte) &&
        digestOf(key, content).equals(bytes.subarray(magic.length, headBytes))
      if (!whole) {
        // Reading it again would fail again; whoever makes the content anew replaces it.
        removeQuietly(file)
        return null
      }
      const now = Date.now()
      if (now - stat.mtimeMs > touchAfter) fs.futimesSync(descriptor, now / 1000, now / 1000)
      return content
    } catch {
      return null
    } finally {
      fs.closeSync(descriptor)
    }
  }

  /** Keeps the content under the key; where that is impossible, nothing happens. */
  write(key: string, content: Uint8Array): void {
    const size = headBytes + content.length
    if (!this.writable || size > this.limitBytes / 2 || !this.prepare(true)) return
    const temporary = path.join(
      this.folder,
      `${process.pid}-${this.counter++}-${crypto.randomBytes(6).toString('hex')}${temporarySuffix}`,
    )
    try {
      if (size > this.allowance) this.shrink(size)
      const descriptor = fs.openSync(temporary, 'wx', 0o600)
      try {
        writeAll(descriptor, magic)
        writeAll(descriptor, digestOf(key, content))
        writeAll(descriptor, content)
      } finally {
        fs.closeSync(descriptor)
      }
      fs.renameSync(temporary, this.pathOf(key))
      this.allowance -= size
    } catch (error) {
      removeQuietly(temporary)
      // A disk that is full or may not be written stays so for a while: this process tries no more.
      this.writable = false
      if (this.chosen) this.say(`cannot be written (${codeOf(error)})`)
    }
  }

  /** Every file, the one that was used longest ago first. */
  files(): CachedFile[] {
    if (!this.prepare(false)) return []
    return this.list((name) => name.endsWith(suffix)).sort((a, b) => a.used - b.used)
  }

  /** Removes every file; returns how many there were. */
  clear(): number {
    if (!this.prepare(false)) return 0
    const files = this.list((name) => name.endsWith(suffix) || name.endsWith(temporarySuffix))
    for (const file of files) removeQuietly(file.path)
    this.allowance = 0
    return files.length
  }

  private pathOf(key: string): string {
    return path.join(this.folder, `${key}${suffix}`)
  }

  private list(wanted: (name: string) => boolean): CachedFile[] {
    const found: CachedFile[] = []
    let names: string[]
    try {
      names = fs.readdirSync(this.folder)
    } catch {
      return found
    }
    for (const name of names) {
      if (!wanted(name)) continue
      const file = path.join(this.folder, name)
      const stat = fs.lstatSync(file, { throwIfNoEntry: false })
      if (stat?.isFile()) found.push({ path: file, bytes: stat.size, used: stat.mtimeMs })
    }
    return found
  }

  /** Removes what was used longest ago until `more` bytes fit, and what nobody will rename any more. */
  private shrink(more: number): void {
    for (const { path: file, used } of this.list((name) => name.endsWith(temporarySuffix)))
      if (Date.now() - used > abandonedAfter) removeQuietly(file)
    const files = this.files()
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0)
    if (total + more > this.limitBytes) {
      for (const { path: file, bytes } of files) {
        // Some room is made at once, so that not every write comes here.
        if (total + more <= 0.9 * this.limitBytes) break
        removeQuietly(file)
        total -= bytes
      }
    }
    // Others may write as much at the same time.
    this.allowance = Math.max(more, Math.min(this.limitBytes - total, this.limitBytes / 16))
  }

  /** Whether the folder is there and only this user can have written it; makes it where `create`. */
  private prepare(create: boolean): boolean {
    if (this.usable !== null) return this.usable
    try {
      if (create) makeFolder(this.folder)
      const stat = fs.statSync(this.folder, { throwIfNoEntry: false })
      // Not there yet: another process may make it.
      if (stat === undefined) return false
      if (!stat.isDirectory()) return this.refuse('is no folder', true)
      if (!isPrivate(stat)) return this.refuse('belongs to another user or can be written by others', true)
      this.usable = true
      return true
    } catch (error) {
      return this.refuse(`cannot be used (${codeOf(error)})`, this.chosen)
    }
  }

  private refuse(why: string, aloud: boolean): boolean {
    this.usable = false
    if (aloud) this.say(why)
    return false
  }

  private say(why: string): void {
    if (this.explained) return
    this.explained = true
    this.explain(
      `chainrule: nothing is kept in ${this.folder}, which ${why}. Set CHAINRULE_CACHE to a folder of your own, or to off.`,
    )
  }
}

/** With the folders above it. Node's own `recursive` never returns where the system has no folders to make (`/proc`). */
export function makeFolder(folder: string, above = true): void {
  try {
    fs.mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || !above || path.dirname(folder) === folder) throw error
    makeFolder(path.dirname(folder))
    makeFolder(folder, false)
  }
}

/** This user's own, and nobody else's to write. Windows keeps its folders for caches private in its own way. */
function isPrivate({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  const user = process.geteuid?.()
  return user === undefined || (uid === user && (mode & 0o022) === 0)
}

/** Of the key too: a file under another name is another file's. */
const digestOf = (key: string, content: Uint8Array): Buffer =>
  crypto.createHash('sha256').update(key).update(content).digest()

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    const written = fs.writeSync(descriptor, bytes, done, bytes.length - done)
    if (written === 0) throw Object.assign(new Error('no progress'), { code: 'ENOSPC' })
    done += written
  }
}

function removeQuietly(file: string): void {
  try {
    fs.rmSync(file, { force: true })
  } catch {
    // Somebody else's problem: it is read no more, or replaced.
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)
