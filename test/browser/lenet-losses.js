/**
 * A short training of LeNet-5 on made-up images, in plain JavaScript: the same file runs in Node and in a page.
 */
import { Adam, compile, crossEntropy, currentDevice, manualSeed, rand, tensor, useDevice } from 'chainrule'
import { LeNet5 } from 'chainrule/models'

const batch = 32

/** The losses of 20 compiled steps, then of 2 eager ones, and the device that computed them. */
export async function lenetLosses(options) {
  await useDevice('wasm', options)
  await options.ready?.()
  manualSeed(7)
  const model = new LeNet5()
  const optimizer = new Adam(model.parameters(), { lr: 2e-3 })
  const train = (x, y) => {
    const loss = crossEntropy(model.forward(x), y)
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    return loss
  }
  const step = compile(train)
  // Each class is brighter than the one before: there is something to learn.
  const labels = Array.from({ length: batch }, (_, i) => i % 10)
  const brightness = tensor(labels.map((label) => [[[label / 5]]]))
  const y = tensor(labels, { dtype: 'i64' })
  const losses = []
  for (let i = 0; i < 22; i++) {
    const x = rand([batch, 1, 28, 28]).mul(0.5).add(brightness)
    losses.push(await (i < 20 ? step : train)(x, y).item())
  }
  return { losses, device: currentDevice() }
}
