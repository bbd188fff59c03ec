/**
 * The programs in README.md and docs/ compile without type errors and run. A block that must not run is marked
 * `ts no-run`, and the text beside it says why.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Block {
  /** File and line of the first line of code. */
  readonly title: string
  readonly code: string
  readonly path: string
}

const folder = mkdtempSync(join(tmpdir(), 'chainrule-blocks-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Written pages: those under docs/api are generated. */
const pages = [
  join(root, 'README.md'),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.startsWith('api'))
    .map((name) => join(root, 'docs', name)),
]

/** Blocks are files of their own, outside of the package as a user's would be; `.mts` makes them modules. */
const blocks: Block[] = pages.flatMap((page) => {
  const text = readFileSync(page, 'utf8')
  return [...text.matchAll(/^```ts[ \t]*\n([\s\S]*?)^```/gm)].map((match): Block => {
    const line = text.slice(0, match.index).split('\n').length + 1
    const name = relative(root, page)
    const path = join(folder, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}-${line}.mts`)
    writeFileSync(path, match[1])
    return { title: `${name}:${line}`, code: match[1], path }
  })
})

describe('code in the documentation', () => {
  it('is found', () => {
    expect(blocks.map((b) => b.title).join(' ')).toContain('README.md:')
  })

  it('has no type errors', () => {
    const config = ts.getParsedCommandLineOfConfigFile(
      join(root, 'tsconfig.json'),
      {},
      { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
    )!
    const program = ts.createProgram(
      blocks.map((b) => b.path),
      { ...config.options, typeRoots: [join(root, 'node_modules/@types')] },
    )
    const errors = blocks.flatMap(({ title, path }) => {
      const source = program.getSourceFile(path)!
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ messageText }) => `${title}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      )
    })
    expect(errors).toEqual([])
  })

  for (const { title, path } of blocks) {
    it(title, async () => {
      await promisify(execFile)(process.execPath, ['--import', 'tsx', path], { cwd: root })
    })
  }
})
