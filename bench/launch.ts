// Runs one measurement in a process of its own and takes its reply.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { builtProgram } from './built-program.js'
import type { Configuration, Contender } from './contenders.js'
import type { BenchReply, BenchRequest } from './protocol.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const limitMs = 8 * 60_000

export interface LaunchOptions {
  readonly python: string
  /** A Python with the newest PyTorch, JAX and ONNX Runtime; null where there is none. */
  readonly newPython: string | null
  /** Variables on top of this process' own and the configuration's. */
  readonly environment: Readonly<Record<string, string>>
}

/** The reply: the last line of standard output that is a JSON object. Throws with the end of standard error otherwise. */
export async function launch(
  contender: Contender,
  configuration: Configuration,
  request: BenchRequest,
  { python, newPython, environment }: LaunchOptions,
): Promise<BenchReply> {
  if (contender.runs === 'new-python' && newPython === null) {
    const reason = 'no Python with the newest packages (see --new-python)'
    return { kind: 'unsupported', version: null, reason }
  }
  const [command, args] =
    contender.runs !== 'node'
      ? [contender.runs === 'python' ? python : newPython!, [contender.program]]
      : [process.execPath, [await builtProgram(contender.program)]]
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...environment, ...configuration.environment },
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk
  })
  // A child that dies early closes its input: the exit code tells, not the broken pipe.
  child.stdin.on('error', () => {})
  const threads = configuration.threads === 1 ? 1 : (request.threads ?? configuration.threads ?? null)
  const asked: BenchRequest = { ...request, threads, channelsLast: configuration.channelsLast ?? false }
  child.stdin.end(JSON.stringify(asked))
  // Not spawn's own limit: where a program is missing, that one keeps this process alive until it is over.
  const timer = setTimeout(() => child.kill(), limitMs)
  let code: number | null
  try {
    code = await new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', resolve)
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { kind: 'unsupported', version: null, reason: `there is no program ${command}` }
  } finally {
    clearTimeout(timer)
  }
  const line = output.split('\n').findLast((text) => text.startsWith('{"kind"'))
  if (code !== 0 || line === undefined) {
    const causes = errors.split('\n').filter((text) => /^\s*(\w*Error|\w*Exception)\b/.test(text))
    const tail = (causes.length > 0 ? causes : errors.trim().split('\n')).at(-1)
    throw new Error(`${contender.name} ended with ${code ?? 'a signal'}: ${tail?.trim().slice(0, 300)}`)
  }
  return JSON.parse(line) as BenchReply
}
