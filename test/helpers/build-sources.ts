/**
 * Before any test: the sources as JavaScript in `.test-build`, so that the command line, which tests start a hundred
 * times, does not translate itself at each start.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toJavaScript } from '../../scripts/to-javascript.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** Beside `src`, because what is built looks for the package's files from there. */
export const testBuild = join(root, '.test-build')

export async function setup(): Promise<void> {
  const sources = join(root, 'src')
  await toJavaScript({ folders: [sources], base: sources, target: testBuild, sourceMap: true })
}
