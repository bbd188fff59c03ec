/**
 * The folder of a run: `run.json` with its settings, `last.safetensors` to continue from and `best.safetensors` to use.
 * Node only.
 */
import { DataError } from '../core/errors.js'
import { atomicWrite, fileError } from '../io/atomic-write.js'
import { nodeBuiltin } from '../io/node-builtins.js'
import { readFile } from '../io/read-file.js'
import type { Json } from './checkpoint.js'

/** Settings by name, as JSON. */
export type RunSettings = Readonly<Record<string, Json>>

const runFile = 'run.json'

/** Makes a folder and those above it, one by one: Node's own recursion never returns on file systems such as /proc. */
function makeFolder(path: string): void {
  const fs = nodeBuiltin('fs', 'Making a run')
  const { dirname, resolve } = nodeBuiltin('path', 'Making a run')
  const missing: string[] = []
  for (let at = resolve(path); !fs.existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at)
  for (const folder of missing) {
    try {
      fs.mkdirSync(folder)
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

export class RunDirectory {
  readonly path: string
  readonly settings: RunSettings

  private constructor(path: string, settings: RunSettings) {
    this.path = path
    this.settings = settings
  }

  /** Whether there is a run in this folder. */
  static exists(path: string): boolean {
    const { join } = nodeBuiltin('path', 'Looking for a run')
    return nodeBuiltin('fs', 'Looking for a run').existsSync(join(path, runFile))
  }

  /** Makes the folder of a new run. Throws `DataError` where there is something already, or nothing can be written. */
  static create(path: string, settings: RunSettings): RunDirectory {
    const fs = nodeBuiltin('fs', 'Making a run')
    const { join } = nodeBuiltin('path', 'Making a run')
    let present: string[]
    try {
      makeFolder(path)
      present = fs.readdirSync(path)
    } catch (error) {
      if (RunDirectory.isFile(path)) {
        throw new DataError(
          `Expected '${path}' to be a new folder, got a file. Choose another folder for the run.`,
        )
      }
      throw fileError('make the folder', path, error)
    }
    if (present.includes(runFile)) {
      throw new DataError(
        `Expected '${path}' to be a new folder, got one with a run in it, which is not overwritten. Continue that run ` +
          '(--resume), choose another folder (--out), or delete this one.',
      )
    }
    if (present.length > 0) {
      throw new DataError(
        `Expected '${path}' to be a new or empty folder, got one with '${present[0]}' in it. Choose another folder.`,
      )
    }
    atomicWrite(join(path, runFile), new TextEncoder().encode(`${JSON.stringify(settings, null, 2)}\n`))
    return new RunDirectory(path, settings)
  }

  /** Opens the folder of a run. Throws `DataError` where there is none, or its settings cannot be read. */
  static open(path: string): RunDirectory {
    const fs = nodeBuiltin('fs', 'Opening a run')
    const { join } = nodeBuiltin('path', 'Opening a run')
    if (!fs.existsSync(path)) {
      throw new DataError(
        `Expected the folder of a run, got '${path}', which does not exist. Check the path, or start a run there.`,
      )
    }
    if (!RunDirectory.exists(path)) {
      throw new DataError(
        `Expected the folder of a run, got '${path}', which has no ${runFile}. Check the path: it is the folder given ` +
          'with --out when training.',
      )
    }
    const file = join(path, runFile)
    let settings: unknown
    try {
      settings = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(readFile(file)))
    } catch (error) {
      if (error instanceof DataError) throw error
      throw new DataError(
        `Expected JSON in '${file}', got something else. The file is damaged: write it again with the settings of the ` +
          'run, which each checkpoint holds too.',
        { cause: error },
      )
    }
    if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
      throw new DataError(`Expected an object of settings in '${file}', got ${JSON.stringify(settings)}.`)
    }
    return new RunDirectory(path, settings as RunSettings)
  }

  private static isFile(path: string): boolean {
    try {
      return nodeBuiltin('fs', 'Making a run').statSync(path).isFile()
    } catch {
      return false
    }
  }

  private file(name: string): string {
    return nodeBuiltin('path', 'Naming a checkpoint').join(this.path, name)
  }

  /** The checkpoint to continue from. */
  get last(): string {
    return this.file('last.safetensors')
  }

  /** The checkpoint of the epoch with the best test accuracy. */
  get best(): string {
    return this.file('best.safetensors')
  }

  /** Whether a checkpoint file is there. */
  has(file: string): boolean {
    return nodeBuiltin('fs', 'Looking for a checkpoint').existsSync(file)
  }

  /** Removes what a process that was killed while writing left behind. */
  removeLeftovers(): void {
    const fs = nodeBuiltin('fs', 'Cleaning a run')
    for (const name of fs.readdirSync(this.path)) {
      if (/^\.(run\.json|last\.safetensors|best\.safetensors)\..*\.tmp$/.test(name)) {
        fs.rmSync(this.file(name), { force: true })
      }
    }
  }
}
