/**
 * Bundles the library for web pages: one ES module for each entry of the package and shared chunks beside them, so
 * that an import map gives a page the same `chainrule` and `chainrule/…` as Node. Run with `npm run build:browser`.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('../', import.meta.url))

const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string }

/** Entries of the package by their file in the bundle. */
export const browserEntries: Readonly<Record<string, string>> = {
  chainrule: 'src/index.ts',
  data: 'src/data/index.ts',
  init: 'src/init/index.ts',
  io: 'src/io/index.ts',
  losses: 'src/losses/index.ts',
  metrics: 'src/metrics/index.ts',
  models: 'src/models/index.ts',
  nn: 'src/nn/index.ts',
  onnx: 'src/onnx/index.ts',
  optim: 'src/optim/index.ts',
  train: 'src/train/index.ts',
}

/** Pages never load the native backend (see src/runtime/devices.ts), so its code stays out. */
const withoutNative: Plugin = {
  name: 'without native',
  setup({ onLoad }) {
    onLoad({ filter: /src\/backend\/native\/native\.ts$/ }, ({ path }) => ({
      contents: `import { DeviceError } from '../../core/errors.js'
        export async function createNativeBackend() {
          throw new DeviceError('native: expected the package for Node, got the bundle for pages.')
        }`,
      loader: 'ts',
      resolveDir: dirname(path),
    }))
  },
}

/** Writes the bundle to `outdir` and returns what esbuild knows of it. */
export async function buildBrowser(outdir: string) {
  rmSync(outdir, { recursive: true, force: true })
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.entries(browserEntries).map(([out, entry]) => ({ in: entry, out })),
    outdir,
    bundle: true,
    // Paths in the output are those of this folder, wherever its packages really lie.
    preserveSymlinks: true,
    splitting: true,
    // In a folder of their own: what lies beside the page's scripts is the user's (see core/user-line.ts).
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'browser',
    // The first with WebAssembly SIMD, top-level await and class fields in all engines.
    target: ['chrome91', 'firefox90', 'safari16.4'],
    // Names stay: errors, summaries and workers' sources contain them.
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    metafile: true,
    plugins: [withoutNative],
    banner: { js: `/* Chainrule ${version}, Apache-2.0 */` },
    logLevel: 'warning',
  })
  writeFileSync(join(outdir, 'LICENSES.txt'), licensesOf(Object.keys(metafile.inputs)))
  return metafile
}

/** The licences of the packages whose code is in the bundle: they ask to go where the code goes. */
function licensesOf(inputs: readonly string[]): string {
  const packages = new Set<string>()
  for (const input of inputs) {
    const name = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)
    if (name !== null) packages.add(name[0])
  }
  const texts = [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(root, folder, 'package.json'), 'utf8'),
    ) as {
      name: string
      version: string
      license?: string
    }
    const file = readdirSync(join(root, folder)).find((path) => /^licen[cs]e/i.test(path))
    const text =
      file === undefined
        ? noticesOf(inputs.filter((input) => input.includes(folder)))
        : readFileSync(join(root, folder, file), 'utf8').trim()
    if (text === '') throw new Error(`${name} ${version} has neither a file with its licence nor notices.`)
    return `${name} ${version}${license === undefined ? '' : `, ${license}`}\n\n${text}\n`
  })
  return ['Code of these packages is part of the bundle.\n', ...texts].join(`\n${'-'.repeat(80)}\n\n`)
}

/** The distinct comments about copyright at the beginning of files. */
function noticesOf(files: readonly string[]): string {
  const notices = new Set<string>()
  for (const file of files) {
    const [comment] = /^(\/\/.*\n|\/\*[\s\S]*?\*\/\n)+/.exec(readFileSync(join(root, file), 'utf8')) ?? ['']
    if (/copyright/i.test(comment)) notices.add(comment.trim())
  }
  return [...notices].join('\n\n')
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { outputs } = await buildBrowser(`${root}dist/browser`)
  const bytes = Object.entries(outputs)
    .filter(([file]) => file.endsWith('.js'))
    .reduce((sum, [, output]) => sum + output.bytes, 0)
  console.log(
    `dist/browser: ${Object.keys(browserEntries).length} entries, ${Math.round(bytes / 1000)} kB in all`,
  )
}
