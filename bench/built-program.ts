// What is measured as a process runs as JavaScript, as it does from the package: a loader that translates TypeScript
// would add its memory and its time.
import { copyFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toJavaScript } from '../scripts/to-javascript.js'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Inside `bench`, whose packages the peers take. */
const target = join(root, 'bench', '.build')

let built: Promise<void> | null = null

async function buildAll(): Promise<void> {
  await toJavaScript({ folders: [join(root, 'src'), join(root, 'bench')], base: root, target })
  copyFileSync(join(root, 'package.json'), join(target, 'package.json'))
}

/** The JavaScript of a program in `bench`. All sources are built when the first one is asked for. */
export async function builtProgram(file: string): Promise<string> {
  built ??= buildAll()
  await built
  return join(target, relative(root, file)).replace(/\.ts$/, '.js')
}
