/** Runs binutils' disassembler and assembler, the judges of the encoder. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Why there are no binutils, or null where they are. */
export const binutilsMissing: string | null =
  spawnSync('objdump', ['--version']).status === 0 && spawnSync('as', ['--version']).status === 0
    ? null
    : '(needs objdump and as, Debian package binutils)'

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 30 })
  if (status !== 0)
    throw new Error(
      `expected ${program} to succeed, got ${status}: ${stderr.match(/^.*Error.*$/gm)?.join('\n')}`,
    )
  return stdout
}

function inFolder<T>(body: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-binutils-'))
  try {
    return body(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export interface Disassembled {
  readonly position: number
  readonly text: string
}

/** One entry for each instruction, in Intel's syntax, without comments; `[rip:A]` is memory at address A. */
export function disassemble(bytes: Uint8Array): Disassembled[] {
  const output = inFolder((folder) => {
    const file = join(folder, 'code.bin')
    writeFileSync(file, bytes)
    const machine = ['-b', 'binary', '-m', 'i386:x86-64', '-M', 'intel']
    return run('objdump', ['-D', '-z', ...machine, '--no-show-raw-insn', '-w', file])
  })
  const found: Disassembled[] = []
  for (const line of output.split('\n')) {
    const match = /^\s*([\da-f]+):\t(.*)$/.exec(line)
    if (match === null) continue
    const text = match[2]
      .replace(/\[rip[+-]0x[\da-f]+\](.*?)\s*# (0x[\da-f]+)/, '[rip:$2]$1')
      .replace(/\s*#.*$/, '')
      .replace(/\s+/g, ' ')
      .trim()
    found.push({ position: Number.parseInt(match[1], 16), text })
  }
  return found
}

/** What the GNU assembler makes of these lines in Intel's syntax. */
export function gnuAssembled(lines: readonly string[]): Uint8Array[] {
  const bytes = inFolder((folder) => {
    const [source, object, binary] = ['code.s', 'code.o', 'code.bin'].map((name) => join(folder, name))
    writeFileSync(source, `.intel_syntax noprefix\n${lines.join('\n')}\n`)
    run('as', ['--64', '-o', object, source])
    run('objcopy', ['-O', 'binary', '-j', '.text', object, binary])
    return readFileSync(binary)
  })
  const starts = disassemble(bytes).map(({ position }) => position)
  return starts.map((start, i) => bytes.subarray(start, starts[i + 1] ?? bytes.length))
}
