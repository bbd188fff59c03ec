/**
 * A convolutional network learns handwritten digits, one compiled step a batch. `LIMIT=2000` uses that many training
 * and at most as many test images, `EPOCHS=3` passes three times; the default is one pass over everything.
 */
import {
  AdamW,
  Conv2d,
  compile,
  crossEntropy,
  Flatten,
  Linear,
  MaxPool2d,
  manualSeed,
  noGrad,
  ReLU,
  sequential,
  type Tensor,
} from 'chainrule'
import { mnist } from 'chainrule/data'
import { Accuracy } from 'chainrule/metrics'

const limit = Number(process.env.LIMIT ?? 60_000)
const epochs = Number(process.env.EPOCHS ?? 1)

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
const step = compile((x: Tensor, y: Tensor) => {
  const loss = crossEntropy(model.forward(x), y)
  optimizer.zeroGrad()
  loss.backward()
  optimizer.step()
  return loss
})

const train = mnist.train.take(limit)
for (let epoch = 0; epoch < epochs; epoch++) {
  let loss: Tensor | undefined
  for await (const [x, y] of train.batches(64, { shuffle: true, seed: 1, epoch })) loss = step(x, y)
  console.log(`epoch ${epoch + 1}: last loss ${(await loss!.item()).toFixed(4)}`)
}

model.eval()
const predict = compile((x: Tensor) => noGrad(() => model.forward(x)))
const accuracy = new Accuracy()
for await (const [x, y] of mnist.test.take(limit).batches(256)) accuracy.update(predict(x), y)
console.log(`test accuracy ${(await accuracy.compute()).toFixed(4)}`)
