/** Every import of every source file, read with TypeScript's own parser. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Import {
  /** The importing file, `src/…`. */
  readonly from: string
  /** As written: './x.js', 'node:fs', 'fflate'. */
  readonly specifier: string
  /** The imported file, `src/…`; null for packages and Node's modules. */
  readonly to: string | null
  /** `type`: gone at run time. `dynamic`: `import(…)`, which loads on demand. */
  readonly kind: 'static' | 'type' | 'dynamic'
}

/** All TypeScript files below `folder`, as paths from the repository's root. */
export function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
}

export const readSource = (file: string): string => readFileSync(join(root, file), 'utf8')

export function importsOf(file: string, text: string = readSource(file)): Import[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false)
  const found: Import[] = []
  const add = (node: ts.Node | undefined, kind: Import['kind']): void => {
    if (node === undefined || !ts.isStringLiteralLike(node)) return
    const specifier = node.text
    const to = specifier.startsWith('.') ? join(dirname(file), specifier).replace(/\.js$/, '.ts') : null
    found.push({ from: file, specifier, to, kind })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      // `import { type A }` still loads the module (verbatimModuleSyntax); `import type` does not.
      add(node.moduleSpecifier, node.importClause?.isTypeOnly ? 'type' : 'static')
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'static')
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, 'type')
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], 'dynamic')
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Groups of files that import each other in a circle (strongly connected components), by Tarjan (1972). */
export function cycles(edges: readonly (readonly [string, string])[]): string[][] {
  const next = new Map<string, string[]>()
  for (const [from, to] of edges) {
    next.set(from, [...(next.get(from) ?? []), to])
    if (!next.has(to)) next.set(to, [])
  }
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (file: string): void => {
    index.set(file, index.size)
    low.set(file, index.get(file)!)
    stack.push(file)
    for (const to of next.get(file)!) {
      if (!index.has(to)) visit(to)
      if (stack.includes(to)) low.set(file, Math.min(low.get(file)!, low.get(to)!))
    }
    if (low.get(file) !== index.get(file)) return
    const group = stack.splice(stack.indexOf(file))
    if (group.length > 1 || next.get(file)!.includes(file)) found.push(group.sort())
  }
  for (const file of next.keys()) if (!index.has(file)) visit(file)
  return found
}
