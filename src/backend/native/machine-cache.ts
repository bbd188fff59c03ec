/** Measurements of machines in a file under the user's cache folder, so that a profile need not measure each time. */
import { builtin } from '../builtin.js'
import { cacheFolder } from '../cache-folder.js'
import { makeFolder } from '../file-cache.js'
import type { MachineMeasurement } from '../profile.js'

/** Raised when what is measured changes its meaning, or was measured wrongly. */
const format = 2

/** `machine.json` in the folder for caches; null where there is none. */
function cachePath(): string | null {
  const folder = cacheFolder()
  return folder && builtin<typeof import('node:path')>('node:path')!.join(folder.path, 'machine.json')
}

type Key = Pick<MachineMeasurement, 'processor' | 'instructionSet' | 'threads'>

const keyOf = ({ processor, instructionSet, threads }: Key): string =>
  `${format} ${processor} ${instructionSet} ${threads}`

function readAll(): Record<string, MachineMeasurement> {
  const fs = builtin<typeof import('node:fs')>('node:fs')!
  const path = cachePath()
  if (path === null) return {}
  try {
    const value: unknown = JSON.parse(fs.readFileSync(path, 'utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, MachineMeasurement>) : {}
  } catch {
    return {}
  }
}

/** The measurement of this processor, instruction set and number of threads, or null. */
export function cachedMachine(key: Key): MachineMeasurement | null {
  const found = readAll()[keyOf(key)]
  if (found === undefined || !Array.isArray(found.one?.levels) || !Array.isArray(found.all?.levels))
    return null
  // JSON has no Infinity.
  const restore = <T extends MachineMeasurement['one']>(limits: T): T => ({
    ...limits,
    levels: limits.levels.map((level) => ({ ...level, bytes: level.bytes ?? Number.POSITIVE_INFINITY })),
  })
  return { ...found, one: restore(found.one), all: restore(found.all) }
}

/** Keeps a measurement; where the folder cannot be written it is measured again next time. */
export function cacheMachine(measurement: MachineMeasurement): void {
  const fs = builtin<typeof import('node:fs')>('node:fs')!
  const path = cachePath()
  if (path === null) return
  const { dirname } = builtin<typeof import('node:path')>('node:path')!
  const temporary = `${path}.${process.pid}`
  try {
    makeFolder(dirname(path))
    fs.writeFileSync(temporary, JSON.stringify({ ...readAll(), [keyOf(measurement)]: measurement }))
    fs.renameSync(temporary, path)
  } catch {
    // A cache is a convenience.
  }
}
