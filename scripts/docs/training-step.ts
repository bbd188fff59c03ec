/** The training step that docs/architecture.md follows: a linear layer, ReLU, the mean squared error and SGD. */
import { compile, Linear, manualSeed, mseLoss, SGD, type Tensor, tensor } from 'chainrule'

manualSeed(0)
const layer = new Linear(3, 4)
const optimizer = new SGD(layer.parameters(), { lr: 0.1 })

const step = compile((x: Tensor, y: Tensor) => {
  const loss = mseLoss(layer.forward(x).relu(), y)
  optimizer.zeroGrad()
  loss.backward()
  optimizer.step()
  return loss
})

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
])
const y = tensor([
  [1, 0, 0, 0],
  [0, 1, 0, 0],
])
console.log(await step(x, y).item())
