/** Gradients of gradients: of x³ they are 3x² and 6x; and the Hessian of a function of a vector. */
import { gradients, hessian, type Tensor, tensor } from 'chainrule'

const cube = (x: Tensor): Tensor => x.pow(3)
const first = gradients(cube)
const second = gradients((x: Tensor) => first(x))

for (const value of [1, 2, 3]) {
  const x = tensor(value)
  console.log(
    `x = ${value}: x³ = ${await cube(x).item()}, 3x² = ${await first(x).item()}, 6x = ${await second(x).item()}`,
  )
}

const product = (x: Tensor): Tensor => x.square().prod()
console.log('Hessian of (xy)² at (1, 2):', JSON.stringify(await hessian(product)(tensor([1, 2])).toArray()))
