/** Reads what the library offers out of its sources: functions of the main entry, its namespaces, methods of Tensor. */
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** One public operation: a function, a method of Tensor, or both under one name. */
export interface Found {
  readonly name: string
  /** How it is called: `x.sum(axis?, options?)`, `functional.conv2d(x, weight, bias?)`. */
  readonly calls: string[]
  /** First sentence of the docstring. */
  text: string
  /** File of the declaration, from src/. */
  readonly file: string
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** Where operations are declared; layers, optimizers and the like are no operations. */
const isOperationFile = (file: string): boolean =>
  /^(tensor|ops|losses|functional|linalg|fft|sparse|signal|special)(\/|\.ts|-)/.test(file)

/** Internal or described elsewhere. */
const ignored = new Set([
  'constructor',
  'toString',
  'version',
  'escaped',
  'gradient',
  'owner',
  'node',
  'isState',
])

/** Functions whose name means something else outside of their namespace. */
const apart = new Set(['linalg.cond'])

/** Properties of Tensor that are operations though they are not called. */
const computed = new Set(['T', 'mT', 'H'])

const firstSentence = (text: string): string => {
  const flat = text.replace(/\s+/g, ' ').trim()
  const end = /^.*?\.(?=\s+[A-Z`(]|$)(?<!\b(?:e\.g|i\.e|al|vs)\.)/.exec(flat)
  return end?.[0] ?? flat
}

export function readOperations(): Found[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
  const entry = join(root, 'src', 'index.ts')
  const program = ts.createProgram([entry], { ...options, noLib: false, types: [] })
  const checker = program.getTypeChecker()
  const found = new Map<string, Found>()

  const resolve = (symbol: ts.Symbol): ts.Symbol =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const fileOf = (symbol: ts.Symbol): string => {
    const source = symbol.declarations?.[0]?.getSourceFile().fileName
    return source === undefined ? '' : relative(join(root, 'src'), source)
  }
  const parameters = (symbol: ts.Symbol): string | null => {
    const declaration = symbol.valueDeclaration ?? symbol.declarations?.[0]
    if (declaration === undefined) return null
    const [signature] = checker.getTypeOfSymbolAtLocation(symbol, declaration).getCallSignatures()
    if (signature === undefined) return null
    const list = signature.parameters.map((p) => {
      const node = p.valueDeclaration
      const own = node !== undefined && ts.isParameter(node)
      const name = p.name.startsWith('__') ? 'options' : p.name
      if (own && node.dotDotDotToken) return `…${name}`
      const optional = own && (node.questionToken !== undefined || node.initializer !== undefined)
      return optional ? `${name}?` : name
    })
    return `(${list.join(', ')})`
  }
  const add = (symbol: ts.Symbol, ownName: string, ownPrefix: string): void => {
    let [name, prefix] = [ownName, ownPrefix]
    const call = computed.has(name) ? '' : parameters(symbol)
    if (call === null) return
    const tags = symbol.getJsDocTags(checker).map((t) => t.name)
    if (tags.includes('internal')) return
    if (apart.has(`${prefix}${name}`)) {
      name = `${prefix}${name}`
      prefix = ''
    }
    const text = firstSentence(ts.displayPartsToString(symbol.getDocumentationComment(checker)))
    const known = found.get(name)
    if (known === undefined)
      found.set(name, { name, calls: [`${prefix}${name}${call}`], text, file: fileOf(symbol) })
    else {
      known.calls.push(`${prefix}${name}${call}`)
      if (known.text === '') known.text = text
    }
  }
  const visit = (symbols: readonly ts.Symbol[], prefix: string): void => {
    for (const exported of symbols) {
      const symbol = resolve(exported)
      if (symbol.flags & ts.SymbolFlags.Module) {
        if (prefix === '' && !ownNamespaces.has(exported.name))
          visit(checker.getExportsOfModule(symbol), `${exported.name}.`)
        continue
      }
      if (!(symbol.flags & ts.SymbolFlags.Value) || /^[A-Z]/.test(exported.name)) continue
      if (isOperationFile(fileOf(symbol))) add(symbol, exported.name, prefix)
    }
  }

  const index = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!
  const exports = checker.getExportsOfModule(index)
  const tensor = resolve(exports.find((s) => s.name === 'Tensor')!)
  for (const symbol of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(tensor))) {
    if (ignored.has(symbol.name) || symbol.name.startsWith('__')) continue
    const flags = ts.getCombinedModifierFlags(symbol.valueDeclaration ?? symbol.declarations![0])
    if (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) continue
    add(symbol, symbol.name, 'x.')
  }
  visit(exports, '')
  return [...found.values()]
}

/** Namespaces of things that are no operations on tensors. */
const ownNamespaces = new Set(['init'])
