/**
 * The network and the loop of mnist-compile.ts without `compile`: each line runs as it stands, and any value can be
 * looked at on the way. `LIMIT=2000` uses that many training and at most as many test images; the default is all.
 */
import {
  AdamW,
  Conv2d,
  crossEntropy,
  Flatten,
  Linear,
  MaxPool2d,
  manualSeed,
  noGrad,
  ReLU,
  sequential,
} from 'chainrule'
import { mnist } from 'chainrule/data'
import { Accuracy } from 'chainrule/metrics'

const limit = Number(process.env.LIMIT ?? 60_000)

manualSeed(1)
const model = sequential(
  new Conv2d(1, 6, 5, { padding: 2 }),
  new ReLU(),
  new MaxPool2d(2),
  new Conv2d(6, 16, 5),
  new ReLU(),
  new MaxPool2d(2),
  new Flatten(),
  new Linear(400, 120),
  new ReLU(),
  new Linear(120, 10),
)
const optimizer = new AdamW(model.parameters(), { lr: 1e-3 })

let batch = 0
for await (const [x, y] of mnist.train.take(limit).batches(64, { shuffle: true, seed: 1 })) {
  const loss = crossEntropy(model.forward(x), y)
  if (batch % 100 === 0) console.log(`batch ${batch}: loss ${(await loss.item()).toFixed(4)}`)
  optimizer.zeroGrad()
  loss.backward()
  optimizer.step()
  batch++
}

model.eval()
const accuracy = new Accuracy()
for await (const [x, y] of mnist.test.take(limit).batches(256)) {
  accuracy.update(
    noGrad(() => model.forward(x)),
    y,
  )
}
console.log(`test accuracy ${(await accuracy.compute()).toFixed(4)}`)
