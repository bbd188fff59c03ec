/** Losses, the optimizers of `ai.onnx.preview.training`, and its gradient. */
import * as b from '../../ir/build.js'
import { pullback } from '../../ir/gradients.js'
import type { Node } from '../../ir/node.js'
import { nllLoss } from '../../ops/classification-loss.js'
import type { Reduction } from '../../ops/loss-reduction.js'
import { addLiteral, like, mulLiteral, stretch } from '../../ops/operand.js'
import { logSoftmax } from '../../ops/softmax.js'
import type { Context, Result, Rule, Rules } from '../context.js'

function classLoss(c: Context, logProbabilities: Node): Node {
  const options = {
    weight: c.maybe(2),
    // Without the attribute nothing is ignored: no class has this number.
    ignoreIndex: c.int('ignore_index', -(2 ** 31)),
    reduction: c.string('reduction', 'mean') as Reduction,
  }
  return nllLoss(logProbabilities, c.x(1), options)
}

const negativeLogLikelihood: Rule = (c) => c.like(classLoss(c, c.x(0)))

const softmaxCrossEntropy: Rule = (c) => {
  const logProbabilities = logSoftmax(c.x(0), 1)
  return [c.like(classLoss(c, logProbabilities)), c.like(logProbabilities)]
}

/** One tensor to optimize, with its gradient and the optimizer's state of it. */
interface Slot {
  readonly x: Node
  readonly g: Node
  readonly states: readonly Node[]
}

/**
 * The shape that the optimizers share: the rate and step count, then all tensors, all gradients and each kind of state;
 * the outputs are all new tensors, then each kind of new state.
 */
const optimizer =
  (
    states: number,
    update: (c: Context, rate: Node, step: Node, slot: Slot) => { x: Node; states: Node[] },
  ): Rule =>
  (c) => {
    const n = (c.count - 2) / (2 + states)
    if (!Number.isInteger(n)) c.fail(`expected ${2 + states} inputs a tensor, got ${c.count - 2} in all.`)
    const norm = c.float('norm_coefficient', 0)
    const results: Result[] = []
    for (let i = 0; i < n; i++) {
      const x = c.x(2 + i)
      const g = b.add(mulLiteral(x, norm), c.x(2 + n + i))
      const own = Array.from({ length: states }, (_, k) => c.x(2 + (2 + k) * n + i))
      const { x: next, states: after } = update(
        c,
        stretch(b.reshape(c.x(0), []), x.shape),
        b.reshape(c.x(1), []),
        {
          x,
          g,
          states: own,
        },
      )
      results[i] = next
      after.forEach((state, k) => {
        results[(1 + k) * n + i] = state
      })
    }
    return results
  }

const mix = (x: Node, y: Node, share: number): Node => b.add(mulLiteral(x, share), mulLiteral(y, 1 - share))

/** Duchi et al. 2011. */
const adagrad = optimizer(1, (c, rate, step, { x, g, states: [h] }) => {
  const decay = addLiteral(mulLiteral(b.cast(step, x.dtype), c.float('decay_factor', 0)), 1)
  const squares = b.add(h, b.mul(g, g))
  const r = b.div(rate, stretch(decay, x.shape))
  const root = addLiteral(b.sqrt(squares), c.float('epsilon', 1e-6))
  return { x: b.sub(x, b.div(b.mul(r, g), root)), states: [squares] }
})

/** Kingma & Ba 2015; the bias correction starts with the second step. */
const adam = optimizer(2, (c, rate, step, { x, g, states: [v, h] }) => {
  const [alpha, beta] = [c.float('alpha', 0.9), c.float('beta', 0.999)]
  const mean = mix(v, g, alpha)
  const squares = mix(h, b.mul(g, g), beta)
  const t = b.cast(step, x.dtype)
  const rest = (share: number): Node => b.sub(like(t, 1), b.pow(like(t, share), t))
  const corrected = b.div(b.sqrt(rest(beta)), rest(alpha))
  const factor = b.where(b.lt(like(t, 0), t), corrected, like(t, 1))
  const r = b.mul(rate, stretch(factor, x.shape))
  const root = addLiteral(b.sqrt(squares), c.float('epsilon', 1e-6))
  const next = b.sub(x, b.div(b.mul(r, mean), root))
  return { x: mulLiteral(next, 1 - c.float('norm_coefficient_post', 0)), states: [mean, squares] }
})

const momentum = optimizer(1, (c, rate, step, { x, g, states: [v] }) => {
  const alpha = c.float('alpha')
  const first = b.le(step, like(step, 0))
  const beta = b.where(first, b.full([], 1, x.dtype), b.full([], c.float('beta'), x.dtype))
  const next = b.add(mulLiteral(v, alpha), b.mul(stretch(beta, x.shape), g))
  const along = c.string('mode') === 'nesterov' ? b.add(g, mulLiteral(next, alpha)) : next
  return { x: b.sub(x, b.mul(rate, along)), states: [next] }
})

/** The derivative of the tensor named `y` by those named `xs`, at the values that are given for `xs` and `zs`. */
const gradient: Rule = (c) => {
  const xs = c.strings('xs') ?? c.fail("expected an attribute 'xs'.")
  const names = [...xs, ...(c.strings('zs') ?? [])]
  const y = c.named(c.string('y'))
  const inner = names.map((name) => c.named(name))
  return b.withGradMode(true, () => {
    const formals = inner.map((node) => b.placeholder(node.shape, node.dtype))
    const [result] = b.substitute([y], new Map(inner.map((node, i) => [node, formals[i] as Node])))
    const wrt = formals.slice(0, xs.length)
    const grads = pullback(b, [result], [b.literal(result, 1)], wrt)
    const whole = grads.map((g, i) => g ?? b.literal(wrt[i], 0))
    return b.substitute(whole, new Map(formals.map((f, i) => [f as Node, c.x(i)])))
  })
}

const domain = 'ai.onnx.preview.training'

export const training: Rules = {
  NegativeLogLikelihoodLoss: negativeLogLikelihood,
  SoftmaxCrossEntropyLoss: softmaxCrossEntropy,
  [`${domain}:Adagrad`]: adagrad,
  [`${domain}:Adam`]: adam,
  [`${domain}:Momentum`]: momentum,
  [`${domain}:Gradient`]: gradient,
}
