/** Exclusive or, which no single layer can compute: one hidden layer of 8 learns it from its four rows. */
import { Adam, bceWithLogits, compile, Linear, manualSeed, noGrad, sequential, Tanh, tensor } from 'chainrule'

manualSeed(0)
const rows = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]
const x = tensor(rows)
const y = tensor([[0], [1], [1], [0]])

const model = sequential(new Linear(2, 8), new Tanh(), new Linear(8, 1))
const optimizer = new Adam(model.parameters(), { lr: 0.05 })
const step = compile(() => {
  const loss = bceWithLogits(model.forward(x), y)
  optimizer.zeroGrad()
  loss.backward()
  optimizer.step()
  return loss
})
for (let i = 0; i < 400; i++) step()

const probability = await noGrad(() => model.forward(x).sigmoid()).data()
for (const [i, [a, b]] of rows.entries()) {
  console.log(`${a} xor ${b} = ${Math.round(Number(probability[i]))}`)
}
