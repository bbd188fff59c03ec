/** Translates TypeScript file by file for what runs from this repository; types are checked elsewhere. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

export interface ToJavaScriptOptions {
  /** Whose `.ts` files are translated, those of packages left out. */
  readonly folders: readonly string[]
  /** A file keeps its path from here. */
  readonly base: string
  /** Where the JavaScript goes. */
  readonly target: string
  /** For traces that name the lines of the source. Default false. */
  readonly sourceMap?: boolean
}

export async function toJavaScript(options: ToJavaScriptOptions): Promise<void> {
  const { folders, base, target, sourceMap = false } = options
  const entryPoints = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
      .map((file) => join(folder, file)),
  )
  await build({
    entryPoints,
    outbase: base,
    outdir: target,
    format: 'esm',
    target: 'es2022',
    sourcemap: sourceMap ? 'inline' : false,
    logLevel: 'warning',
  })
}
