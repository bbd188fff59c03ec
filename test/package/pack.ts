/** The package as npm would publish it, and an empty project that installs it. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const root = fileURLToPath(new URL('../../', import.meta.url))

const sources = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'src',
  'scripts',
  'tsconfig.json',
  'tsconfig.build.json',
]

export interface Package {
  /** The tarball. */
  readonly file: string
  /** Paths in it. */
  readonly files: readonly string[]
  readonly unpackedSize: number
}

/** Runs a command; its output is part of the error where it fails. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const environment = { ...process.env, npm_config_audit: 'false', npm_config_fund: 'false' }
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd,
      env: environment,
      maxBuffer: 2 ** 26,
    })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error })
  }
}

/** Builds and packs a copy of the sources, so that nobody else's `dist` is in the way. */
export async function pack(folder: string): Promise<Package> {
  const copy = join(folder, 'source')
  mkdirSync(copy)
  for (const path of sources) cpSync(join(root, path), join(copy, path), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  await run('npm', ['pack', '--silent', '--pack-destination', folder], copy)
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!)
  const [report] = JSON.parse(
    await run('npm', ['pack', '--json', '--silent', '--dry-run', '--ignore-scripts'], copy),
  ) as { files: { path: string }[]; unpackedSize: number }[]
  return { file, files: report.files.map(({ path }) => path), unpackedSize: report.unpackedSize }
}

/** An empty project that has installed the package and nothing else. No install script runs. */
export async function install(file: string, folder: string): Promise<string> {
  const project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n')
  await run('npm', ['install', '--ignore-scripts', '--prefer-offline', '--silent', file], project)
  return project
}

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'chainrule-package-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
