// The speed gates of convolutions: each direction of each layer of ResNet-18 as a ratio to our own 1024³ product.
import { compile, rand, type Tensor, useDevice, vjp, zeros } from '../../src/index.js'
import { conv2d } from '../../src/tensor/functional.js'
import { microOptions, print, type Row, timeOf } from './timing.js'

const options = microOptions(
  'Usage: npm run bench -- conv [options]\n\nForward, data and weight gradient of the layers of ResNet-18 (CIFAR stem, batch 32), LeNet-5 and a depthwise one: ratio of\ntheir Gflop/s to that of a 1024³ matrix product (wanted 0.75 before Winograd), weight gradient ÷ forward (wanted ≤ 1.3).',
)

/** batch, inputs, size, outputs, kernel, stride, padding, groups */
const layers: readonly (readonly number[])[] = [
  [32, 3, 32, 64, 3, 1, 1, 1],
  [32, 64, 32, 64, 3, 1, 1, 1],
  [32, 64, 32, 128, 3, 2, 1, 1],
  [32, 64, 32, 128, 1, 2, 0, 1],
  [32, 128, 16, 128, 3, 1, 1, 1],
  [32, 128, 16, 256, 3, 2, 1, 1],
  [32, 256, 8, 256, 3, 1, 1, 1],
  [32, 256, 8, 512, 3, 2, 1, 1],
  [32, 512, 4, 512, 3, 1, 1, 1],
  [64, 1, 28, 6, 5, 1, 2, 1],
  [64, 6, 14, 16, 5, 1, 0, 1],
  [32, 192, 16, 192, 3, 1, 1, 192],
]

const rows: Row[] = []
for (const threads of options.threads) {
  await useDevice('native', { threads })
  const side = 1024
  const [a, b] = [rand([side, side]), rand([side, side])]
  const target = zeros([side, side])
  const multiply = compile((x: Tensor, y: Tensor) => {
    target.assign(x.matmul(y))
  })
  const product = timeOf(() => void multiply(a, b), options.seconds)
  for (const [batch, inputs, size, outputs, kernel, stride, padding, groups] of layers) {
    const x = rand([batch, inputs, size, size])
    const w = rand([outputs, inputs / groups, kernel, kernel])
    const forward = (p: Tensor, q: Tensor): Tensor => conv2d(p, q, null, { stride, padding, groups })
    const g = forward(x, w).detach()
    await g.data()
    const steps = {
      forward: into(g, (p, q) => forward(p, q)),
      data: into(x, (p, q, r) => vjp((t: Tensor) => forward(t, q), p)[1](r)[0]),
      weight: into(w, (p, q, r) => vjp((t: Tensor) => forward(p, t), q)[1](r)[0]),
    }
    const out = Math.floor((size + 2 * padding - kernel) / stride) + 1
    const flops = (2 * batch * outputs * out * out * kernel * kernel * inputs) / groups
    const layer = `${batch}×${inputs}×${size}² → ${outputs}, ${kernel}×${kernel}/${stride}${groups > 1 ? ' depthwise' : ''}`
    const share = flops / (2 * side ** 3)
    let forwardSeconds = 0
    for (const [direction, step] of Object.entries(steps)) {
      const { median, best } = timeOf(() => void step(x, w, g), options.seconds)
      if (direction === 'forward') forwardSeconds = median
      rows.push({
        layer,
        direction,
        threads,
        Mflop: Math.round(flops / 1e6),
        ms: median * 1000,
        ratio: (share * product.median) / median,
        'of the fastest calls': (share * product.best) / best,
        '÷ forward': median / forwardSeconds,
      })
    }
  }
}
print(rows, options.json)

/** A step that writes where memory is already, as a training does: fresh pages cost more than a small convolution. */
function into(
  like: Tensor,
  f: (x: Tensor, w: Tensor, g: Tensor) => Tensor,
): (x: Tensor, w: Tensor, g: Tensor) => void {
  const target = zeros(like.shape)
  return compile((x: Tensor, w: Tensor, g: Tensor) => {
    target.assign(f(x, w, g))
  })
}
