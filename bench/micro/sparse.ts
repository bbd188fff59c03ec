// Products of a matrix in compressed rows (CSR) and dense ones beside PyTorch's.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { compile, manualSeed, randn, sparse, type Tensor, tensor, useDevice } from '../../src/index.js'
import { median } from '../measurement.js'
import { microOptions, print, type Row, timeOf } from './timing.js'

const options = microOptions(
  'Usage: npm run bench -- sparse [options]\n\nProducts of a sparse matrix (10,000 rows of 16 elements) and dense ones of several widths, beside PyTorch with the\nPython that CHAINRULE_BENCH_PYTHON names (default python3).',
)
const [size, each] = [10_000, 16]
const widths = [1, 16, 64, 256]
const turns = 3

/** The peer's times for every width, or why there are none. */
function theirs(threads: number): readonly { median?: number; best?: number; reason?: string }[] {
  const python = process.env.CHAINRULE_BENCH_PYTHON ?? 'python3'
  const program = fileURLToPath(new URL('../peers/pytorch/sparse.py', import.meta.url))
  const list = [program, options.seconds / turns, threads, size, each, ...widths].map(String)
  const { stdout, error } = spawnSync(python, list, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const lines = (stdout ?? '').split('\n').filter((line) => line.startsWith('{'))
  // Without PyTorch there is one line for all; a process that ends early leaves widths without one.
  const { reason = error?.message ?? 'it ended before it was done' } = JSON.parse(lines[0] ?? '{}')
  return widths.map((_, i) => (lines[i] === undefined ? { reason } : JSON.parse(lines[i])))
}

manualSeed(1)
const step = Math.floor(size / each)
const columns = Int32Array.from(
  { length: size * each },
  (_, i) => (i % each) * step + (((i * 2654435761) >>> 0) % step),
)
const starts = tensor(Int32Array.from({ length: size + 1 }, (_, r) => r * each))
const [at, values] = [tensor(columns), randn([size * each])]
const rows: Row[] = []
for (const threads of options.threads) {
  await useDevice('native', { threads })
  const works = widths.map((width) => {
    const dense = randn([size, width])
    const product = compile((crow: Tensor, col: Tensor, v: Tensor, x: Tensor) =>
      sparse.csrTensor(crow, col, v, [size, size]).matmul(x),
    )
    return () => void product(starts, at, values, dense)
  })
  const found = Array.from({ length: turns }, () => ({
    ours: works.map((work) => timeOf(work, options.seconds / turns)),
    theirs: theirs(threads),
  }))
  widths.forEach((width, i) => {
    const own = median(found.map(({ ours }) => ours[i].median))
    const peer = found.map((turn) => turn.theirs[i])
    const missing = peer.find(({ reason }) => reason !== undefined)?.reason
    const figures = {
      product: `${size}² with ${size * each} elements × ${size}×${width}`,
      threads,
      ms: 1e3 * own,
    }
    if (missing !== undefined) {
      rows.push({ ...figures, 'PyTorch ms': missing, ratio: '–' })
      return
    }
    const other = median(peer.map((time) => time.median!))
    rows.push({ ...figures, 'PyTorch ms': 1e3 * other, ratio: other / own })
  })
}
print(rows, options.json)
