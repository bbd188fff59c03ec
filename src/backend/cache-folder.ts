/**
 * Where what can be made again is kept between runs of programs: `CHAINRULE_CACHE` (a folder, or `off`), by default
 * `chainrule` in the system's folder for caches. Node only.
 */
import { builtin } from './builtin.js'

export interface CacheFolder {
  readonly path: string
  /** `CHAINRULE_CACHE` names it: what goes wrong with it is said. */
  readonly chosen: boolean
}

/** The folder, which need not exist; null where caches are off or nobody has a home. */
export function cacheFolder(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): CacheFolder | null {
  const path = builtin<typeof import('node:path')>('node:path')!
  const chosen = variables.CHAINRULE_CACHE
  if (chosen === 'off') return null
  if (chosen !== undefined && chosen !== '') return { path: path.resolve(chosen), chosen: true }
  const base = systemFolder(variables, path)
  return base === null ? null : { path: path.join(base, 'chainrule'), chosen: false }
}

function systemFolder(
  { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local }: Readonly<Record<string, string | undefined>>,
  path: typeof import('node:path'),
): string | null {
  // Relative paths mean nothing here (XDG Base Directory Specification).
  if (xdg !== undefined && path.isAbsolute(xdg)) return xdg
  if (process.platform === 'win32' && local !== undefined && path.isAbsolute(local)) return local
  try {
    const home = builtin<typeof import('node:os')>('node:os')!.homedir()
    if (!path.isAbsolute(home)) return null
    return process.platform === 'darwin' ? path.join(home, 'Library', 'Caches') : path.join(home, '.cache')
  } catch {
    // A user without an entry in the system's list.
    return null
  }
}
