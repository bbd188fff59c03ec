/** Runs the command line as a child process, from what was built of the sources before the tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { testBuild } from '../helpers/build-sources.js'

const main = join(testBuild, 'cli/main.js')
const root = fileURLToPath(new URL('../../', import.meta.url))

export interface CliResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export type CliEvent = Record<string, unknown> & { readonly event: string }

export interface RunOptions {
  /** Called with each complete JSON line of stdout. */
  readonly onEvent?: (event: CliEvent, child: ChildProcess) => void
  /** Commands of bash that come first, such as `ulimit -f 100`. */
  readonly before?: string
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

export function runCli(args: readonly string[], { onEvent, before }: RunOptions = {}): Promise<CliResult> {
  const command = [process.execPath, main, ...args]
  const [file, ...rest] = before
    ? ['bash', '-c', `${before}; exec ${command.map(quoted).join(' ')}`]
    : command
  return new Promise((resolve, reject) => {
    const child = spawn(file, rest, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    let seen = 0
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString()
      for (let end = stdout.indexOf('\n', seen); end >= 0; end = stdout.indexOf('\n', seen)) {
        const line = stdout.slice(seen, end)
        seen = end + 1
        onEvent?.(JSON.parse(line) as CliEvent, child)
      }
    })
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString()
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** The events on stdout. Throws where a line is no JSON object. */
export const eventsOf = ({ stdout }: CliResult): CliEvent[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as CliEvent)
