// Fused element-wise work against a copy of as many bytes, both in our own code, and against the machine's bandwidth.
import { compile, rand, type Tensor, useDevice } from '../../src/index.js'
import { currentBackend } from '../../src/runtime/devices.js'
import { microOptions, print, type Row, timeOf } from './timing.js'

const options = microOptions(
  'Usage: npm run bench -- elementwise [options]\n\nrelu(a·x + b) + c, exp and gelu on 1 M and 16 M numbers: GB/s and share of the copy bandwidth.',
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
      // Memory that others use as well is not equally fast at all times: the copy is measured just before.
      const { one, all } = currentBackend().measureMachine!(true)
      const { levels } = threads === 1 ? one : all
      // The profiler's time is the kernel's own, without the memory of the result.
      const seconds = timeOf(step, options.seconds).best
      const bytes = arrays * 4 * size
      const level = levels.slice(1).find(({ bytes: holds }) => bytes <= holds) ?? levels[levels.length - 1]
      const rate = bytes / seconds
      rows.push({
        work: name,
        numbers: size,
        threads,
        ms: seconds * 1000,
        'GB/s': rate / 1e9,
        level: level.name,
        'of its copy %': (100 * rate) / level.bandwidth,
      })
    }
  }
}
print(rows, options.json)

/** A step that writes into an argument that it replaces, so that no fresh memory is touched. */
function bind(f: (...tensors: Tensor[]) => Tensor, ...tensors: Tensor[]): () => void {
  const target = tensors[0].clone()
  const step = compile((...list: Tensor[]) => {
    target.assign(f(...list))
  })
  return () => void step(...tensors)
}
