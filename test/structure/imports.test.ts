/**
 * The structure of src/: imports go one way, nothing imports itself in a circle, browsers never meet a module of Node,
 * and only the device registry knows which backends there are.
 */
import { describe, expect, it } from 'vitest'
import { cycles, type Import, importsOf, readSource, sourceFiles } from './source-imports.js'

/**
 * The layers, lowest first. A folder imports from the layers before its own; folders that share a layer know nothing
 * of each other. `schedule` and `codegen` are two halves of one step: the lowering (codegen) cuts graphs into kernels
 * with `schedule`, so `schedule` stands first. Of codegen it may name one file, the plain data of `target.ts`.
 */
const layers: readonly (readonly string[])[] = [
  ['core'],
  ['ir'],
  ['ops', 'schedule'],
  ['codegen'],
  ['backend'],
  ['runtime'],
  ['tensor'],
  ['io', 'init'],
  ['nn'],
  // An imported model is a Module and reads files: it needs nn and io, and nothing above.
  ['losses', 'optim', 'metrics', 'data', 'onnx'],
  ['gnn', 'generative', 'models'],
  ['distributed'],
  ['train'],
  ['cli'],
]

/** Folders that compute only in Node: the command line. Everything else may be part of a page. */
const nodeOnly = ['src/cli/']

/**
 * The one module that imports itself: its namespace is the object that rules receive, so that a new constructor is at
 * once known to them. Nothing is read from it before the module has run.
 */
const ownNamespace = 'src/ir/build.ts'

/**
 * Type-only imports that close a circle, each with its reason. Nothing is loaded in a circle here: these imports are
 * gone after compilation.
 */
const typeCircles: Readonly<Record<string, string>> = {
  // Rules receive the constructors as an argument, because the constructors read the table of rules.
  'src/ir/rule.ts -> src/ir/build.ts': 'the type of the constructors is the type of their module',
  'src/ir/primitives/scan-gradient.ts -> src/ir/build.ts': 'an argument type of a constructor',
  'src/ir/node-listener.ts -> src/ir/node.ts': 'nodes announce themselves to a listener of nodes',
  // An index may contain a value read from memory, and a value may be an index.
  'src/codegen/index-expression.ts -> src/codegen/loop-ir.ts':
    'index expressions and expressions are one grammar',
  'src/codegen/lower/reduce.ts -> src/codegen/lower/inline.ts':
    'the inliner hands itself to the loops it writes',
  'src/codegen/lower/borders.ts -> src/codegen/lower/inline.ts':
    'the inliner hands itself to the tests of indices it writes',
  // Tensor is a chain of classes, one family of methods a link; each method returns the last link.
  'src/tensor/base.ts -> src/tensor/tensor.ts': 'methods return the finished class',
  'src/tensor/activation-methods.ts -> src/tensor/tensor.ts': 'methods return the finished class',
  'src/tensor/elementwise-methods.ts -> src/tensor/tensor.ts': 'methods return the finished class',
  'src/tensor/indexing-methods.ts -> src/tensor/tensor.ts': 'methods return the finished class',
  'src/tensor/linear-algebra-methods.ts -> src/tensor/tensor.ts': 'methods return the finished class',
  'src/tensor/math-methods.ts -> src/tensor/tensor.ts': 'methods return the finished class',
  'src/tensor/ordering-methods.ts -> src/tensor/tensor.ts': 'methods return the finished class',
  'src/tensor/reduction-methods.ts -> src/tensor/tensor.ts': 'methods return the finished class',
  'src/tensor/selection-methods.ts -> src/tensor/tensor.ts': 'methods return the finished class',
  'src/tensor/shape-methods.ts -> src/tensor/tensor.ts': 'methods return the finished class',
  'src/tensor/statistics-methods.ts -> src/tensor/tensor.ts': 'methods return the finished class',
  'src/nn/module-hooks.ts -> src/nn/module.ts': 'hooks are called with the module that has them',
  'src/data/batches.ts -> src/data/dataset.ts': 'a data set makes batches of itself',
  'src/data/pixel-table.ts -> src/data/dataset.ts': 'the table is made from an option of the data set',
  'src/io/jpeg.ts -> src/io/image.ts': 'a decoder returns an image, and images know their decoders',
  'src/io/png.ts -> src/io/image.ts': 'a decoder returns an image, and images know their decoders',
}

const files = sourceFiles('src')
const imports: readonly Import[] = files.flatMap((file) => importsOf(file))
const internal = imports.filter((i): i is Import & { readonly to: string } => i.to !== null)

const folderOf = (file: string): string => (file.split('/').length > 2 ? file.split('/')[1] : '')
const layerOf = (folder: string): number => layers.findIndex((layer) => layer.includes(folder))
const text = ({ from, specifier, kind }: Import): string => `${from} imports ${specifier} (${kind})`

describe('imports', () => {
  it('are all found', () => {
    expect(files.length).toBeGreaterThan(300)
    expect(internal.length).toBeGreaterThan(files.length)
    const missing = internal.filter(({ to }) => !files.includes(to))
    expect(missing.map(text)).toEqual([])
  })

  it('the reader sees every form', () => {
    const kinds = importsOf(
      'src/a/b.ts',
      `import './s.js'
       import { x } from '../c/d.js'
       import type { T } from './t.js'
       import { type U } from './u.js'
       export * from './v.js'
       export type { W } from 'w'
       const y: typeof import('./y.js') = await import('node:fs')`,
    ).map(({ to, specifier, kind }) => `${kind} ${to ?? specifier}`)
    expect(kinds).toEqual([
      'static src/a/s.ts',
      'static src/c/d.ts',
      'type src/a/t.ts',
      'static src/a/u.ts',
      'static src/a/v.ts',
      'type w',
      'type src/a/y.ts',
      'dynamic node:fs',
    ])
  })

  it('every folder has a layer', () => {
    const folders = new Set(files.map(folderOf))
    folders.delete('')
    expect([...folders].filter((folder) => layerOf(folder) < 0)).toEqual([])
    expect(files.filter((file) => folderOf(file) === '')).toEqual(['src/functional.ts', 'src/index.ts'])
  })

  it('go one way', () => {
    const wrong = internal.filter(({ from, to, kind }) => {
      const [own, other] = [folderOf(from), folderOf(to)]
      if (own === other || own === '') return false
      if (own === 'schedule' && to === 'src/codegen/target.ts' && kind === 'type') return false
      return layerOf(other) >= layerOf(own)
    })
    expect(wrong.map(text)).toEqual([])
  })

  it('make no circle at run time', () => {
    const edges = internal.filter(({ kind }) => kind !== 'type').map(({ from, to }) => [from, to] as const)
    expect(cycles(edges)).toEqual([[ownNamespace]])
  })

  it('make no circle of types either, but for the listed ones', () => {
    const used = new Set<string>()
    const edges = internal
      .filter(({ from, to, kind }) => {
        const excused = kind === 'type' && `${from} -> ${to}` in typeCircles
        if (excused) used.add(`${from} -> ${to}`)
        return !excused
      })
      .map(({ from, to }) => [from, to] as const)
    expect(cycles(edges)).toEqual([[ownNamespace]])
    expect([...used].sort()).toEqual(Object.keys(typeCircles).sort())
  })

  it('circles are found', () => {
    const edges = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'b'],
      ['d', 'd'],
      ['c', 'e'],
    ] as const
    expect(cycles(edges).sort()).toEqual([['b', 'c'], ['d']])
  })

  it('name source files, never an index', () => {
    const wrong = internal.filter(({ from, to }) => to.endsWith('/index.ts') && !from.endsWith('/index.ts'))
    expect(wrong.map(text)).toEqual([])
  })

  it('end in .js', () => {
    expect(internal.filter(({ specifier }) => !specifier.endsWith('.js')).map(text)).toEqual([])
  })
})

describe('browsers', () => {
  it('never meet a module of Node', () => {
    const wrong = imports.filter(
      ({ from, specifier, kind }) =>
        kind !== 'type' &&
        specifier.startsWith('node:') &&
        !nodeOnly.some((folder) => from.startsWith(folder)),
    )
    expect(wrong.map(text)).toEqual([])
  })

  it('never meet a file of the command line', () => {
    const wrong = internal.filter(({ from, to }) => to.startsWith('src/cli/') && !from.startsWith('src/cli/'))
    expect(wrong.map(text)).toEqual([])
  })
})

describe('the compiler', () => {
  it('depends on nothing but its arguments: programs on disk are found by them', () => {
    const compiler = files.filter((file) => ['core', 'ir', 'schedule', 'codegen'].includes(folderOf(file)))
    const outside =
      /\bprocess\.[a-z]+\b|\bglobalThis\b|\bnavigator\.|Math\.random|\bDate\.|performance\.|import\.meta/
    const code = (file: string): string => readSource(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    expect(compiler.length).toBeGreaterThan(100)
    // Errors name the user's line below the working directory.
    expect(compiler.filter((file) => outside.test(code(file)))).toEqual(['src/core/user-line.ts'])
  })
})

describe('backends', () => {
  /** What lies in a folder of its own; beside the folders is what they share. */
  const isConcrete = (file: string): boolean => /^src\/backend\/[^/]+\//.test(file)

  it('are named by the device registry alone, which loads them on demand', () => {
    const named = internal.filter(({ from, to }) => isConcrete(to) && !from.startsWith('src/backend/'))
    expect(new Set(named.map(({ from }) => from))).toEqual(new Set(['src/runtime/devices.ts']))
    expect(named.filter(({ kind }) => kind !== 'dynamic').map(text)).toEqual([])
  })

  it('do not know each other', () => {
    const home = (file: string): string => file.split('/')[2]
    const wrong = internal.filter(
      ({ from, to }) => isConcrete(from) && isConcrete(to) && home(from) !== home(to),
    )
    expect(wrong.map(text)).toEqual([])
  })
})
