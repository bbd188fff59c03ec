/**
 * What the compiler itself is, for keys of what it made: a digest of every file that decides what becomes of a graph.
 * A version number would not change while the compiler is worked on.
 */
import { builtin } from '../builtin.js'

/** Below the root of the sources (or of what they were built to). */
const folders = ['core', 'ir', 'schedule', 'codegen', 'backend']

let known: string | null | undefined

/**
 * null where nothing tells what compiler is running: in a bundle, and where a file has changed since it started (what
 * was loaded may be older than what is read here).
 */
export function compilerDigest(): string | null {
  if (known === undefined) known = digest()
  return known
}

function digest(): string | null {
  const fs = builtin<typeof import('node:fs')>('node:fs')!
  const path = builtin<typeof import('node:path')>('node:path')!
  const { createHash } = builtin<typeof import('node:crypto')>('node:crypto')!
  const { fileURLToPath } = builtin<typeof import('node:url')>('node:url')!
  if (!/\/backend\/native\/compiler-digest\.[jt]s$/.test(import.meta.url)) return null
  try {
    const here = fileURLToPath(import.meta.url)
    const root = path.resolve(here, '../../..')
    const ending = path.extname(here)
    const hash = createHash('sha256')
    for (const folder of folders) {
      const names = fs.readdirSync(path.join(root, folder), { recursive: true }) as string[]
      for (const name of names.filter((n) => n.endsWith(ending)).sort()) {
        const file = path.join(root, folder, name)
        if (fs.statSync(file).mtimeMs > performance.timeOrigin) return null
        const content = fs.readFileSync(file)
        hash.update(`${folder}/${name} ${content.length}\n`).update(content)
      }
    }
    return hash.digest('hex')
  } catch {
    return null
  }
}
