/** y = 2x from three points: a straight line finds its slope. */
import { Linear, manualSeed, mseLoss, SGD, tensor } from 'chainrule'

manualSeed(0)
const [x, y] = [tensor([[1], [2], [3]]), tensor([[2], [4], [6]])]
const model = new Linear(1, 1)
const optimizer = new SGD(model.parameters(), { lr: 0.05 })
for (let i = 0; i < 500; i++) {
  const loss = mseLoss(model.forward(x), y)
  optimizer.zeroGrad()
  loss.backward()
  optimizer.step()
}
console.log(`w = ${(await model.weight.item()).toFixed(3)}, b = ${(await model.bias!.item()).toFixed(3)}`)
