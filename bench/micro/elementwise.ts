// Fused element-wise work beside a copy of as many bytes, in turns, both as compiled steps.
import { compile, rand, type Tensor, useDevice, zeros } from '../../src/index.js'
import { compareTimes, microOptions, print, type Row } from './timing.js'

const options = microOptions(
  'Usage: npm run bench -- elementwise [options]\n\nrelu(a·x + b) + c, 2x + 1, exp and gelu on 1 M and 16 M numbers: GB/s, beside a copy that moves as many bytes.',
)
const rows: Row[] = []
for (const threads of options.threads) {
  await useDevice('native', { threads })
  for (const size of [2 ** 20, 2 ** 24]) {
    const [x, a, b, c] = Array.from({ length: 4 }, () => rand([size]))
    const cases: readonly (readonly [string, number, () => void])[] = [
      ['relu(a·x+b)+c', 5, bind((p, q, r, s) => q.mul(p).add(r).relu().add(s), x, a, b, c)],
      ['2x+1', 2, bind((p) => p.mul(2).add(1), x)],
      ['exp', 2, bind((p) => p.exp(), x)],
      ['gelu', 2, bind((p) => p.gelu(), x)],
    ]
    for (const [name, arrays, step] of cases) {
      const bytes = arrays * 4 * size
      // What others leave of a shared cache, and so the rate, depends on how much is read and written.
      const copy = bind((p) => p.clone(), rand([bytes / 8]))
      const { ours, theirs, fastest } = compareTimes(step, copy, options.seconds)
      const reads = compareTimes(step, readAlone((arrays - 1) * size), options.seconds)
      rows.push({
        work: name,
        numbers: size,
        threads,
        ms: ours * 1000,
        MB: bytes / 1e6,
        'GB/s': bytes / ours / 1e9,
        'copy GB/s': bytes / theirs / 1e9,
        'of its copy %': (100 * theirs) / ours,
        'of the fastest calls %': (100 * fastest.theirs) / fastest.ours,
        'its reads alone, % of it': (100 * reads.theirs) / reads.ours,
      })
    }
  }
}
print(rows, options.json)

/** A step that reads so many numbers and writes one. */
function readAlone(numbers: number): () => void {
  const x = rand([numbers])
  const sum = zeros([])
  const step = compile((x: Tensor) => {
    sum.assign(x.sum())
  })
  return () => void step(x)
}

/** A step that writes into an argument that it replaces, so that no fresh memory is touched. */
function bind(f: (...tensors: Tensor[]) => Tensor, ...tensors: Tensor[]): () => void {
  const target = tensors[0].clone()
  const step = compile((...list: Tensor[]) => {
    target.assign(f(...list))
  })
  return () => void step(...tensors)
}
