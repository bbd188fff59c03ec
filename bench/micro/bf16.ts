// What compile's precision 'bf16' gains over f32: matrix products, and whole training steps of the benchmark's models.
import { compile, manualSeed, rand, type Tensor, useDevice } from '../../src/index.js'
import { Random } from '../data/random.js'
import { prepareModel } from '../models/prepare.js'
import { specs } from '../specs/specs.js'
import { compareTimes, microOptions, print, type Row } from './timing.js'

const options = microOptions(
  "Usage: npm run bench -- bf16 [options]\n\nProducts and training steps with operands of bf16 (compile's precision 'bf16'), beside f32.",
)

const products: readonly (readonly [m: number, n: number, k: number, right: 'n' | 't'])[] = [
  [256, 256, 256, 'n'],
  [512, 512, 512, 'n'],
  [512, 512, 512, 't'],
  [1024, 1024, 1024, 'n'],
  [1024, 1024, 1024, 't'],
  [1000, 1000, 1000, 'n'],
  [64, 512, 784, 't'],
  [2048, 1024, 256, 't'],
]
const models = ['mlp', 'lenet5', 'resnet18-cifar', 'transformer-encoder']

const gemms: Row[] = []
const steps: Row[] = []
for (const threads of options.threads) {
  await useDevice('native', { threads })
  for (const [m, n, k, layout] of products) {
    manualSeed(1)
    const x = rand([m, k])
    const y = rand(layout === 't' ? [n, k] : [k, n])
    const product = (precision: 'f32' | 'bf16'): (() => void) => {
      const run = compile((a: Tensor, b: Tensor) => a.matmul(layout === 't' ? b.T : b), { precision })
      return () => void run(x, y)
    }
    const { ours: half, theirs: full } = compareTimes(product('bf16'), product('f32'), options.seconds)
    const rate = (seconds: number): number => (2 * m * n * k) / seconds / 1e9
    gemms.push({
      'm×n×k': `${m}×${n}×${k} n${layout}`,
      threads,
      'bf16 Gflop/s': rate(half),
      'f32 Gflop/s': rate(full),
      ratio: full / half,
    })
  }
  for (const spec of specs.filter(({ name }) => models.includes(name))) {
    const settings = { model: spec.name, learningRate: spec.learningRate, momentum: 0.9 }
    const prepare = async (precision: 'f32' | 'bf16'): Promise<() => number> => {
      const { step, x, y } = await prepareModel(settings, spec.arrays(new Random(1)), { precision })
      return () => step(x, y).itemSync()
    }
    const [half, full] = [await prepare('bf16'), await prepare('f32')]
    let [halfLoss, fullLoss] = [0, 0]
    for (let i = 0; i < 20; i++) [halfLoss, fullLoss] = [half(), full()]
    const times = compareTimes(half, full, options.seconds)
    steps.push({
      step: spec.name,
      threads,
      'bf16 ms': times.ours * 1000,
      'f32 ms': times.theirs * 1000,
      ratio: times.theirs / times.ours,
      'bf16 loss at 20': halfLoss,
      'f32 loss at 20': fullLoss,
    })
  }
}
print(gemms, options.json)
if (!options.json) console.log()
print(steps, options.json)
