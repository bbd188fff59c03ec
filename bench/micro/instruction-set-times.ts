// One process of the benchmark `instruction-sets`: says which pieces of work it has, then times one for so many seconds
// whenever it is asked to. Argument: threads.
import { compile, manualSeed, rand, type Tensor, useDevice, zeros } from '../../src/index.js'
import { Random } from '../data/random.js'
import { prepareModel } from '../models/prepare.js'
import { specs } from '../specs/specs.js'
import { timeOf } from './timing.js'

export interface TimeRequest {
  readonly name: string
  readonly seconds: number
}

/** Seconds. */
export interface TimeReply {
  readonly median: number
  readonly best: number
}

await useDevice('native', { threads: Number(process.argv[2]) })

function prepareProduct(side: number): () => void {
  manualSeed(1)
  const [a, b] = [rand([side, side]), rand([side, side])]
  const target = zeros([side, side])
  const product = compile((x: Tensor, y: Tensor) => {
    target.assign(x.matmul(y))
  })
  return () => void product(a, b)
}

const works = new Map<string, () => (() => void) | Promise<() => void>>()
for (const side of [64, 128, 256, 512, 1024, 2048])
  works.set(`${side}×${side}×${side} nn`, () => prepareProduct(side))
for (const { name, learningRate, inference, arrays } of specs) {
  works.set(name, async () => {
    const request = { model: name, learningRate, momentum: 0.9, inference }
    const { step, x, y } = await prepareModel(request, arrays(new Random(1)))
    return () => void step(x, y).itemSync()
  })
}

// The one that was asked for last stays prepared.
let current = ''
let call = (): void => {}
process.on('message', async ({ name, seconds }: TimeRequest) => {
  if (name !== current) {
    current = name
    call = await works.get(name)!()
    for (let i = 0; i < 3; i++) call()
  }
  process.send!(timeOf(call, seconds) satisfies TimeReply)
})
process.send!([...works.keys()])
