// What a compiled step costs beside its kernels: JavaScript, the call, and the time between kernels.
import { compile, type Tensor, tensor, useDevice, zeros } from '../../src/index.js'
import { mseLoss } from '../../src/losses/mse-loss.js'
import { Linear } from '../../src/nn/linear.js'
import { sequential } from '../../src/nn/sequential.js'
import { AdamW } from '../../src/optim/adamw.js'
import { currentBackend } from '../../src/runtime/devices.js'
import { microOptions, print, type Row, timeOf } from './timing.js'

const options = microOptions(
  'Usage: npm run bench -- overhead [options]\n\nMicroseconds of JavaScript and of the call of compiled steps, and nanoseconds between kernels.',
)
const rows: Row[] = []
for (const threads of options.threads) {
  await useDevice('native', { threads })
  const machine = currentBackend().measureMachine!(true)
  const add = compile((x: Tensor) => x.add(1), { profile: true })
  const one = tensor([1])
  const model = sequential(...Array.from({ length: 8 }, () => new Linear(16, 16)))
  const optimizer = new AdamW(model.parameters(), { lr: 1e-3 })
  const train = compile(
    (x: Tensor, y: Tensor) => {
      const loss = mseLoss(model.forward(x) as Tensor, y)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      return loss
    },
    { profile: true },
  )
  const [x, y] = [zeros([8, 16]), zeros([8, 16])]
  for (const [name, step, profile] of [
    ['x + 1, one number', () => void add(one), add.profile],
    ['8 layers 16→16 with AdamW', () => void train(x, y), train.profile],
  ] as const) {
    for (let i = 0; i < 20; i++) step()
    profile({ reset: true })
    const { median, best } = timeOf(step, options.seconds)
    const [{ seconds, kernels }] = profile().programs
    const beside = best - seconds.bestKernels
    const calls = kernels.reduce((sum, k) => sum + k.calls, 0)
    rows.push({
      step: name,
      threads,
      'µs a step': median * 1e6,
      'best µs': best * 1e6,
      'of it JavaScript µs': Math.max(0, beside - machine.callSeconds) * 1e6,
      'empty call µs': machine.callSeconds * 1e6,
      kernels: calls,
      'between kernels ns': (seconds.between * 1e9) / calls,
      'smallest kernel ns': machine.kernelSeconds * 1e9,
      'barrier ns': machine.barrierSeconds * 1e9,
    })
  }
}
print(rows, options.json)
