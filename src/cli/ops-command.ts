/**
 * `chainrule ops`: the operations on tensors, with their names in PyTorch and NumPy.
 */
import { exitCode } from './exit-code.js'
import { operationsTable } from './operations-table.js'
import type { Output } from './output.js'

/** One operation, as `--json` prints it. */
export interface Operation {
  readonly name: string
  readonly section: string
  /** How it is called. */
  readonly calls: readonly string[]
  readonly torch: string | null
  readonly numpy: string | null
  readonly description: string
}

/** The whole list. */
export const operations = (): Operation[] =>
  operationsTable
    .trim()
    .split('\n')
    .map((line): Operation => {
      const [section, name, calls, torch, numpy, description] = line.split('\t')
      return {
        name,
        section,
        calls: calls.split(' ; '),
        torch: torch || null,
        numpy: numpy || null,
        description,
      }
    })

/** Whether the words of the filter occur in what is known of the operation; names count in any notation. */
function matches(operation: Operation, filter: string): boolean {
  const plain = (text: string): string =>
    text
      .toLowerCase()
      .replaceAll('_', '')
      .replace(/\bnp\./g, 'numpy.')
  const text = plain(Object.values(operation).flat().join(' '))
  return plain(filter)
    .split(/\s+/)
    .every((word) => text.includes(word))
}

/** Prints the operations that match and returns the exit code: 1 where there is none. */
export async function opsCommand(filter: string, output: Output): Promise<number> {
  const found = operations().filter((operation) => matches(operation, filter))
  if (found.length === 0) {
    process.stderr.write(
      `No operation matches '${filter}'. 'chainrule ops' lists all; names of PyTorch and NumPy are known too.\n`,
    )
    return exitCode.failure
  }
  let section = ''
  for (const operation of found) {
    const { calls, torch, numpy, description } = operation
    if (operation.section !== section) {
      if (section !== '' && !output.json) output.say()
      section = operation.section
      if (!output.json) output.say(section)
    }
    const others = [torch, numpy].filter((name) => name !== null).join(', ')
    output.result(
      `  ${calls.join('  ')}${others === '' ? '' : `  (${others})`}\n      ${description}`,
      operation,
    )
  }
  return exitCode.ok
}
