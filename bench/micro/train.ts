// `npm run train` as a user runs it: LeNet-5, five epochs of all of MNIST.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { microOptions, print } from './timing.js'

const options = microOptions(
  'Usage: npm run bench -- train [options]\n\nSeconds of `npm run train` (LeNet-5, five epochs of MNIST) from start to end, building included, and its last test accuracy.\n--threads and --seconds do nothing here.',
)
const begin = performance.now()
const { status, stdout, stderr } = spawnSync('npm', ['run', 'train'], {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  encoding: 'utf8',
  shell: process.platform === 'win32',
})
const seconds = (performance.now() - begin) / 1000
if (status !== 0) throw new Error(`npm run train ended with ${status}: ${stderr.trim().split('\n').at(-1)}`)
const accuracy = /test accuracy[^0-9]*([0-9.]+)/gi
const last = [...stdout.matchAll(accuracy)].at(-1)
if (last === undefined)
  throw new Error(`expected a test accuracy in what npm run train prints, got: ${stdout.slice(-300)}`)
print([{ command: 'npm run train', seconds, 'test accuracy %': Number(last[1]) }], options.json)
