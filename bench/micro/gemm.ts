// Matrix products f32 against OpenBLAS in the same process: squares, odd and thin sizes, all transpositions.
import koffi from 'koffi'
import { compile, manualSeed, rand, type Tensor, useDevice, zeros } from '../../src/index.js'
import { compareTimes, microOptions, print, type Row } from './timing.js'

const options = microOptions(
  'Usage: npm run bench -- gemm [options]\n\nMatrix products beside OpenBLAS: ratio is its time divided by ours.',
)
const library = ['libopenblas.so.0', '/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0']
const blas = library.flatMap((name) => {
  try {
    return [koffi.load(name)]
  } catch {
    return []
  }
})[0]
if (blas === undefined) {
  console.error('bench: expected OpenBLAS, found none. Install libopenblas0-pthread.')
  process.exit(1)
}
const sgemm = blas.func(
  'void cblas_sgemm(int, int, int, int, int, int, float, const float*, int, const float*, int, float, _Inout_ float*, int)',
)
const setThreads = blas.func('void openblas_set_num_threads(int)')

/** OpenBLAS' idle threads take turns on the processors for 80 ms and more before they sleep. */
const restSeconds = 0.12

type Size = readonly [m: number, n: number, k: number, transposed: string]
const square = (n: number): Size => [n, n, n, 'nn']
const sizes: readonly Size[] = [
  ...[64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048].map(square),
  ...[63, 65, 127, 1000, 1023].map(square),
  [64, 512, 784, 'nn'],
  [16, 1024, 1024, 'nn'],
  [1024, 16, 1024, 'nn'],
  [1024, 1024, 16, 'nn'],
  [1, 1024, 1024, 'nn'],
  [1024, 1, 1024, 'nn'],
  ...['nt', 'tn', 'tt'].flatMap((t): Size[] => [
    [256, 256, 256, t],
    [1000, 1000, 1000, t],
  ]),
]

const rows: Row[] = []
for (const threads of options.threads) {
  await useDevice('native', { threads })
  setThreads(threads)
  for (const [m, n, k, transposed] of sizes) {
    manualSeed(1)
    const a = rand(transposed[0] === 't' ? [k, m] : [m, k])
    const b = rand(transposed[1] === 't' ? [n, k] : [k, n])
    // Both write where memory is already: a fresh result costs more than a small product.
    const target = zeros([m, n])
    const product = compile((x: Tensor, y: Tensor) => {
      target.assign((transposed[0] === 't' ? x.T : x).matmul(transposed[1] === 't' ? y.T : y))
    })
    const [left, right] = [(await a.data()) as Float32Array, (await b.data()) as Float32Array]
    const out = new Float32Array(m * n)
    const code = (t: string): number => (t === 't' ? 112 : 111)
    const theirs = (): void =>
      void sgemm(
        101,
        code(transposed[0]),
        code(transposed[1]),
        m,
        n,
        k,
        1,
        left,
        transposed[0] === 't' ? m : k,
        right,
        transposed[1] === 't' ? k : n,
        0,
        out,
        n,
      )
    theirs()
    product(a, b)
    const result = (await target.data()) as Float32Array
    const error = Math.max(...Array.from(result.slice(0, 1000), (x, i) => Math.abs(x - out[i]))) / k
    if (!(error < 1e-5)) throw new Error(`gemm ${m}×${n}×${k} ${transposed}: results differ by ${error * k}`)
    const times = compareTimes(
      () => void product(a, b),
      theirs,
      options.seconds,
      threads > 1 ? restSeconds : 0,
    )
    const flops = 2 * m * n * k
    rows.push({
      'm×n×k': `${m}×${n}×${k} ${transposed}`,
      threads,
      'ours Gflop/s': flops / times.ours / 1e9,
      'OpenBLAS Gflop/s': flops / times.theirs / 1e9,
      ratio: times.theirs / times.ours,
      'of the fastest calls': times.fastest.theirs / times.fastest.ours,
    })
  }
}
print(rows, options.json)
