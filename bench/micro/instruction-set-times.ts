// One process of the benchmark `instruction-sets`: milliseconds by name as a JSON line. Arguments: threads, seconds a row,
// whether models are measured too.
import { compile, manualSeed, rand, type Tensor, useDevice, zeros } from '../../src/index.js'
import { Random } from '../data/random.js'
import { prepareModel } from '../models/prepare.js'
import { specs } from '../specs/specs.js'
import { timeOf } from './timing.js'

const [threads, seconds] = process.argv.slice(2, 4).map(Number)
const models = process.argv[4] === 'true'
await useDevice('native', { threads })
const times: Record<string, number> = {}
for (const side of [64, 128, 256, 512, 1024, 2048]) {
  manualSeed(1)
  const [a, b] = [rand([side, side]), rand([side, side])]
  const target = zeros([side, side])
  const product = compile((x: Tensor, y: Tensor) => {
    target.assign(x.matmul(y))
  })
  for (let i = 0; i < 3; i++) product(a, b)
  times[`${side}×${side}×${side} nn`] = timeOf(() => void product(a, b), seconds).median * 1000
}
for (const { name, learningRate, inference, arrays } of models ? specs : []) {
  const { step, x, y } = await prepareModel(
    { model: name, learningRate, momentum: 0.9, inference },
    arrays(new Random(1)),
  )
  const call = (): number => step(x, y).itemSync()
  for (let i = 0; i < 3; i++) call()
  times[name] = timeOf(call, Math.max(1, seconds)).median * 1000
}
console.log(JSON.stringify(times))
