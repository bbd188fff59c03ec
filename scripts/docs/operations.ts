/**
 * The list of operations, for docs/operations.md and `chainrule ops`: what the sources export, with the first sentence
 * of each docstring and the names of PyTorch and NumPy. Run with `npx tsx scripts/docs/operations.ts` after adding one.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { namesOf } from './operation-names.js'
import { type Found, readOperations } from './read-operations.js'

const page = new URL('../../docs/operations.md', import.meta.url)
const table = new URL('../../src/cli/operations-table.ts', import.meta.url)

/** Linear algebra is declared among the methods that index. */
const linear = new Set(
  'matmul bmm mm mv dot vdot outer inner kron trace tril triu diagonal diag diagEmbed einsum tensordot chainMatmul multiDot addmm addmv addbmm baddbmm cross vecdot'.split(
    ' ',
  ),
)

/** Titles by the declaring file, the first that fits. */
const titles: readonly (readonly [RegExp, string])[] = [
  [/^tensor\/creation/, 'Creation'],
  [/^tensor\/random/, 'Random numbers'],
  [/elementwise|^tensor\/(special|math-methods)/, 'Element-wise'],
  [/activation/, 'Activations'],
  [/reduction|statistic|cumulative|scans/, 'Reductions and scans'],
  [/linalg|linear-algebra|decomposition|solv/, 'Linear algebra'],
  [/fft|signal|stft|complex/, 'Signals'],
  [/sparse/, 'Sparse tensors'],
  [/indexing|index-argument|ordering|selection|sorting|segment|search/, 'Indexing and sorting'],
  [/shape|tensor-functions|joining/, 'Shape'],
  [/loss/, 'Losses'],
  [/functional/, 'Layers as functions'],
  [
    /transforms|gradients|hessian|jvp|vjp|value-and-grad|control-flow|vmap|compile|grad-mode|observe|checkpoint|gradcheck|custom|hook|autocast|jacobian|hvp/,
    'Transforms',
  ],
  [/^tensor\/(base|format|describe|print)/, 'Values and inspection'],
]
const order = [
  'Creation',
  'Random numbers',
  'Element-wise',
  'Activations',
  'Reductions and scans',
  'Shape',
  'Indexing and sorting',
  'Linear algebra',
  'Signals',
  'Sparse tensors',
  'Layers as functions',
  'Losses',
  'Transforms',
  'Values and inspection',
  'Others',
]

const titleOf = ({ name, file }: Found): string =>
  linear.has(name) ? 'Linear algebra' : (titles.find(([pattern]) => pattern.test(file))?.[1] ?? 'Others')

interface Row {
  readonly title: string
  readonly name: string
  readonly calls: readonly string[]
  readonly torch: string | null
  readonly numpy: string | null
  readonly text: string
}

/** Every operation, and what is missing about some. */
export function operationRows(): { rows: Row[]; problems: string[] } {
  const problems: string[] = []
  const rows = readOperations().map((found): Row => {
    const { name, calls, text } = found
    const { torch, numpy } = namesOf(name, calls[0])
    if (torch === undefined) {
      problems.push(
        `${name} (src/${found.file}): PyTorch has nothing of this name. Say what it is called there, or null, in ` +
          'scripts/docs/operation-names.ts.',
      )
    }
    if (text === '') problems.push(`${name} (src/${found.file}): has no docstring.`)
    return { title: titleOf(found), name, calls, torch: torch ?? null, numpy: numpy ?? null, text }
  })
  rows.sort(
    (a, b) =>
      order.indexOf(a.title) - order.indexOf(b.title) ||
      a.name.localeCompare(b.name, 'en', { sensitivity: 'base' }),
  )
  return { rows, problems }
}

const cell = (text: string): string => text.replaceAll('|', '\\|')
const code = (text: string | null): string => (text === null ? '–' : `\`${cell(text)}\``)

function markdown(rows: readonly Row[]): string {
  const head = `# Operations

Every operation on tensors with its names in PyTorch and NumPy (– where there is none); \`npx chainrule ops [filter]\` prints the
list. It is written by \`npx tsx scripts/docs/operations.ts\` from the docstrings, where formulas, shapes, defaults and errors
stand. \`x\` is a tensor; everything else is imported from \`chainrule\`.
`
  const sections = order.flatMap((title) => {
    const own = rows.filter((r) => r.title === title)
    if (own.length === 0) return []
    const lines = own.map(
      (r) => `| ${r.calls.map(code).join('<br>')} | ${code(r.torch)} | ${code(r.numpy)} | ${cell(r.text)} |`,
    )
    return [`\n## ${title}\n\n| Chainrule | PyTorch | NumPy | |\n|---|---|---|---|\n${lines.join('\n')}\n`]
  })
  return head + sections.join('')
}

function sourceText(rows: readonly Row[]): string {
  const lines = rows.map((r) =>
    [r.title, r.name, r.calls.join(' ; '), r.torch ?? '', r.numpy ?? '', r.text]
      .join('\t')
      .replace(/[\\`]|\$(?=\{)/g, '\\$&'),
  )
  return `/**
 * What 'chainrule ops' prints, one operation a line: section, name, calls, PyTorch's and NumPy's name, sentence, with tabs
 * between. Written by scripts/docs/operations.ts; changes go into the docstrings or scripts/docs/operation-names.ts.
 */
export const operationsTable = \`
${lines.join('\n')}
\`
`
}

/** The files as they are and as they should be, and what is missing about the operations. */
export function operationFiles(): {
  files: { path: string; before: string; after: string }[]
  problems: string[]
} {
  const { rows, problems } = operationRows()
  const read = (url: URL): string => {
    try {
      return readFileSync(url, 'utf8')
    } catch {
      return ''
    }
  }
  const files = [
    { url: page, after: markdown(rows) },
    { url: table, after: sourceText(rows) },
  ].map(({ url, after }) => ({ path: fileURLToPath(url), before: read(url), after }))
  return { files, problems }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { files, problems } = operationFiles()
  for (const { path, after } of files) writeFileSync(path, after)
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}
