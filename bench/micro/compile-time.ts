// How long the first call of ResNet-18's training step takes beyond its run, in a process of its own.

import { useDevice } from '../../src/index.js'
import { Random } from '../data/random.js'
import { prepareModel } from '../models/prepare.js'
import { resnet18Cifar } from '../specs/resnet18-cifar.js'
import { microOptions, print, type Row } from './timing.js'

const options = microOptions(
  'Usage: npm run bench -- compile-time [options]\n\nSeconds to trace, schedule and compile the training step of ResNet-18 (CIFAR stem, batch 32), first and second time.',
)
const rows: Row[] = []
for (const threads of options.threads) {
  await useDevice('native', { threads })
  for (const time of ['first', 'again, same process']) {
    const settings = { model: 'resnet18-cifar', learningRate: 1e-3, momentum: 0.9 }
    const { step, x, y } = await prepareModel(settings, resnet18Cifar.arrays(new Random(1)))
    const times = [0, 1, 2].map(() => {
      const begin = performance.now()
      step(x, y).itemSync()
      return (performance.now() - begin) / 1000
    })
    rows.push({
      step: 'resnet18-cifar',
      threads,
      time,
      'first call s': times[0],
      'second call (traces again) s': times[1],
      'run s': times[2],
      'compiling s': times[0] - times[2],
      'resident MB': Math.round(process.memoryUsage.rss() / 1e6),
    })
  }
}
print(rows, options.json)
