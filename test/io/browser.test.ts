/**
 * What a browser loads has no import of a Node module: esbuild would fail to resolve one.
 */
import { build } from 'esbuild'
import { expect, it } from 'vitest'

it.each(['src/io/index.ts', 'src/data/index.ts', 'src/metrics/index.ts'])(
  '%s bundles for a browser',
  async (entry) => {
    const result = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      outdir: 'unused',
      splitting: true,
      format: 'esm',
      platform: 'browser',
      metafile: true,
      // Backends are loaded by the device registry on demand and answer for themselves.
      external: ['../backend/*'],
      logLevel: 'silent',
    })
    expect(result.errors).toEqual([])
    const text = result.outputFiles.map((file) => file.text).join('\n')
    expect(text).not.toMatch(/from\s*["']node:|import\(["']node:|require\(["'](node:|fs|path|crypto)/)
  },
)
