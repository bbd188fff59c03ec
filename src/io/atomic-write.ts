/**
 * Writing a file so that a reader sees the old content or the new, never half of it: a temporary file in the same
 * folder is written, flushed to the disk and renamed over the target. Node only.
 */
import { DataError } from '../core/errors.js'
import { nodeBuiltin } from './node-builtins.js'

const hints: Record<string, string> = {
  ENOSPC: 'The disk is full: free some space or choose another folder.',
  EDQUOT: 'The disk quota is used up: free some space or choose another folder.',
  EACCES: 'Permission was refused: check who owns the folder, or choose another.',
  EPERM: 'Permission was refused: check who owns the folder, or choose another.',
  EROFS: 'The file system is read-only: choose another folder.',
  ENOENT: 'The folder does not exist: create it first.',
  ENOTDIR: 'A part of the path is a file: choose another path.',
  EISDIR: 'The path is a folder: add a file name.',
  EMFILE: 'Too many files are open: close some or raise the limit.',
  EFBIG: 'The file would be larger than the file system or the limit allows.',
}

/** A file-system error as a `DataError` that names the path and what to try. */
export function fileError(action: string, path: string, error: unknown): DataError {
  const { code, message } = error as { code?: string; message?: string }
  const hint =
    action === 'read' && code === 'ENOENT'
      ? 'There is no such file: check the path.'
      : ((code && hints[code]) ?? 'Check the path and the disk.')
  return new DataError(`Could not ${action} '${path}': ${code ?? message ?? String(error)}. ${hint}`, {
    cause: error,
  })
}

/** Appends bytes to the file being written. */
export type ByteSink = (bytes: Uint8Array) => void

let counter = 0

/**
 * Writes a file atomically. `content` is the bytes, or a function that is handed a sink and writes piece by piece, so
 * that the whole never has to be in memory. On any failure (an exception from `content` included) the temporary file is
 * removed and the old file stays as it was; file-system errors are thrown as `DataError`.
 */
export function atomicWrite(path: string, content: Uint8Array | ((write: ByteSink) => void)): void {
  const fs = nodeBuiltin('fs', `Writing '${path}'`)
  const { dirname, basename, join } = nodeBuiltin('path', `Writing '${path}'`)
  const { randomBytes } = nodeBuiltin('crypto', `Writing '${path}'`)
  const target = resolveLink(path)
  counter += 1
  const name = `.${basename(target)}.${counter}-${randomBytes(6).toString('hex')}.tmp`
  const temporary = join(dirname(target), name)
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw fileError('write', path, error)
    }
  }
  // Flags 'wx' refuse a name that exists, so a planted symbolic link is never followed.
  const descriptor = guarded(() => fs.openSync(temporary, 'wx', 0o666))
  let open = true
  try {
    const write: ByteSink = (bytes) => {
      guarded(() => {
        for (let done = 0; done < bytes.length; ) {
          // writeSync takes at most 2 GiB at once.
          const written = fs.writeSync(descriptor, bytes, done, Math.min(bytes.length - done, 1 << 30))
          if (written === 0) throw Object.assign(new Error('no progress'), { code: 'ENOSPC' })
          done += written
        }
      })
    }
    if (typeof content === 'function') content(write)
    else write(content)
    guarded(() => fs.fsyncSync(descriptor))
    guarded(() => {
      const mode = fs.statSync(target, { throwIfNoEntry: false })?.mode
      if (mode !== undefined) fs.fchmodSync(descriptor, mode & 0o7777)
    })
    open = false
    guarded(() => fs.closeSync(descriptor))
    guarded(() => fs.renameSync(temporary, target))
  } catch (error) {
    if (open) {
      try {
        fs.closeSync(descriptor)
      } catch {
        // The error that brought us here says more.
      }
    }
    fs.rmSync(temporary, { force: true })
    throw error
  }
  syncFolder(dirname(target))
}

/** What a symbolic link points to, so that the link stays a link. */
function resolveLink(path: string): string {
  try {
    return nodeBuiltin('fs', 'Writing a file').realpathSync(path)
  } catch {
    return path // A new file, or one whose folder is missing: opening it will say so.
  }
}

/** Makes a rename durable. Some systems cannot flush a folder; the content is safe either way. */
function syncFolder(folder: string): void {
  const fs = nodeBuiltin('fs', 'Writing a file')
  try {
    const descriptor = fs.openSync(folder, 'r')
    try {
      fs.fsyncSync(descriptor)
    } finally {
      fs.closeSync(descriptor)
    }
  } catch {
    // Windows refuses to open a folder.
  }
}
