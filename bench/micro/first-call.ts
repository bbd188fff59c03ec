// One process of the benchmark `compile-time`: the calls of ResNet-18's training step as a row. Argument: threads.
import { useDevice } from '../../src/index.js'
import { Random } from '../data/random.js'
import { prepareModel } from '../models/prepare.js'
import { resnet18Cifar } from '../specs/resnet18-cifar.js'

await useDevice('native', { threads: Number(process.argv[2]) })
const settings = { model: 'resnet18-cifar', learningRate: 1e-3, momentum: 0.9 }
const { step, x, y } = await prepareModel(settings, resnet18Cifar.arrays(new Random(1)))
const losses: number[] = []
const times = [0, 1, 2, 3, 4].map(() => {
  const begin = performance.now()
  losses.push(step(x, y).itemSync())
  return (performance.now() - begin) / 1000
})
const run = Math.min(...times.slice(2))
const row = {
  'first call s': times[0],
  'second call (traces again) s': times[1],
  'run s': run,
  'compiling s': times[0] - run,
  'resident MB': Math.round(process.memoryUsage.rss() / 1e6),
}
console.log(JSON.stringify({ row, losses }))
