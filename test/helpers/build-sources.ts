/**
 * Before any test: the sources as JavaScript in `.test-build`, so that the command line, which tests start a hundred
 * times, does not translate itself at each start. Types are checked elsewhere.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** Beside `src`, because what is built looks for the package's files from there. */
export const testBuild = join(root, '.test-build')

export async function setup(): Promise<void> {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  await build({
    entryPoints: sources.filter((file) => file.endsWith('.ts')).map((file) => join(root, 'src', file)),
    outbase: join(root, 'src'),
    outdir: testBuild,
    format: 'esm',
    target: 'es2022',
    sourcemap: 'inline',
    logLevel: 'warning',
  })
}
