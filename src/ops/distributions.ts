/** Random numbers of further distributions, from the same counter-based keys as `ops/random`. */
import type { DType } from '../core/dtype.js'
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, type Shape, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node, Subgraph } from '../ir/node.js'
import { addLiteral, lift, like, mulLiteral, type Operand, requireFloat, stretch } from './operand.js'
import { rand, randn } from './random.js'

/** Exponential with rate λ: −ln(1 − u)/λ. Half types round from f32. */
export function exponential(key: Node, shape: Shape, lambda: Operand = 1, dtype: DType = 'f32'): Node {
  const wide = dtype === 'f64' ? 'f64' : 'f32'
  const sample = b.neg(b.log1p(b.neg(rand(key, shape, wide))))
  return b.cast(b.div(sample, stretch(lift(lambda, wide), shape)), dtype)
}

/**
 * Indices (i64) of categories drawn with the weights along the last axis: (K) gives (n), (M, K) gives (M, n). With
 * replacement by inverting the distribution function, without by an exponential race (Efraimidis & Spirakis 2006).
 */
export function multinomial(key: Node, weights: Node, count: number, replacement = false): Node {
  requireFloat('multinomial', weights)
  const rank = weights.shape.length
  if (rank !== 1 && rank !== 2) {
    throw new ShapeError(
      `multinomial: expected weights of shape (K) or (M, K), got ${formatShape(weights.shape)}.`,
    )
  }
  const lead = weights.shape.slice(0, -1)
  const classes = weights.shape[rank - 1]
  if (!Number.isInteger(count) || count < 1 || (!replacement && count > classes)) {
    throw new ValueError(
      `multinomial: expected numSamples from 1${replacement ? '' : ` to the ${classes} categories`}, got ${count}.` +
        (replacement ? '' : ' Pass replacement true to draw more.'),
    )
  }
  const p = b.cast(b.stopGradient(weights), 'f64')
  if (!replacement) {
    // The first to arrive among exponential waiting times with rates p. Half a step keeps them above 0.
    const u = addLiteral(rand(key, weights.shape, 'f64'), 2 ** -54)
    const times = b.div(b.neg(b.log(u)), p)
    const [, order] = b.sort([times, b.iota(weights.shape, rank - 1, 'i32')], rank - 1, false)
    return b.cast(b.sliceAxis(order, rank - 1, 0, count), 'i64')
  }
  const wide = [...lead, count, classes]
  const row = (x: Node): Node => b.expand(b.reshape(x, [...lead, 1, classes]), wide)
  const below = b.cumSum(p, rank - 1, false)
  const total = b.sliceAxis(below, rank - 1, classes - 1, classes)
  const at = b.mul(rand(key, [...lead, count], 'f64'), b.expand(total, [...lead, count]))
  const passed = b.le(row(below), b.expand(b.reshape(at, [...lead, count, 1]), wide))
  return b.cast(b.reduceSum(b.cast(passed, 'i32'), [rank]), 'i64')
}

/** A proposal of a rejection sampler: values, and which of them are accepted. */
interface Proposal {
  readonly value: Node
  readonly accept: Node
}

/** Rounds after which a sampler gives up and leaves NaN: reached only where a parameter is NaN. */
const mostRounds = 1000

/**
 * Draws until every element is accepted, in a loop inside the graph. `propose` sees a fresh key and the parameters.
 * The loop's keys are seeded by two words of the key.
 */
function reject(
  key: Node,
  shape: Shape,
  parameters: readonly Node[],
  propose: (key: Node, parameters: readonly Node[]) => Proposal,
): Node {
  const seed = b.randomBits(key, [2])
  const formals = (): Node<'placeholder'>[] => [
    b.placeholder([2], 'i32'),
    ...parameters.map((p) => b.placeholder(p.shape, p.dtype)),
    b.placeholder([], 'i32'),
    b.placeholder(shape, 'bool'),
    b.placeholder(shape, 'f64'),
  ]
  const n = parameters.length
  const test = (params: Node<'placeholder'>[]): Subgraph => {
    const [round, done] = [params[n + 1], params[n + 2]]
    const all = b.reduceMin(
      b.cast(done, 'i32'),
      shape.map((_, i) => i),
    )
    return { params, results: [b.and(b.lt(all, like(all, 1)), b.lt(round, like(round, mostRounds)))] }
  }
  const body = (params: Node<'placeholder'>[]): Subgraph => {
    const [round, done, value] = params.slice(n + 1)
    const fresh = b.concat([params[0], b.reshape(round, [1])], 0)
    const { value: proposed, accept } = propose(fresh, params.slice(1, n + 1))
    return {
      params,
      results: [
        addLiteral(round, 1),
        b.or(done, accept),
        b.where(done, value, b.where(accept, proposed, value)),
      ],
    }
  }
  const start = [b.constant(0, 'i32'), b.full(shape, 0, 'bool'), b.full(shape, Number.NaN, 'f64')]
  return b.whileLoop(test(formals()), body(formals()), [seed, ...parameters, ...start], n + 1)[2]
}

/** ln Γ(x + 1) for x ≥ 0 by Stirling's series at x + 9. */
function logFactorial(x: Node): Node {
  let product = addLiteral(x, 1)
  for (let i = 2; i <= 8; i++) product = b.mul(product, addLiteral(x, i))
  const z = addLiteral(x, 9)
  const inverse = b.div(like(z, 1), z)
  const square = b.mul(inverse, inverse)
  const series = b.mul(
    inverse,
    addLiteral(b.mul(square, addLiteral(mulLiteral(square, 1 / 1260), -1 / 360)), 1 / 12),
  )
  const main = addLiteral(b.sub(b.mul(addLiteral(z, -0.5), b.log(z)), z), 0.5 * Math.log(2 * Math.PI))
  return b.sub(b.add(main, series), b.log(product))
}

/**
 * Poisson numbers with the given rates, in their dtype: by counting waiting times for rates below 10, else by
 * transformed rejection (Hörmann 1993). NaN where a rate is negative or not finite. No gradient.
 */
export function poisson(key: Node, rates: Node): Node {
  requireFloat('poisson', rates)
  const { shape } = rates
  if (sizeOf(shape) === 0) return rates
  const rate = b.cast(b.stopGradient(rates), 'f64')
  // Everything that is not finite and at least 10 skips the rejection loop.
  const isSmall = b.logicalNot(b.and(b.le(like(rate, 10), rate), b.lt(rate, like(rate, 1e300))))
  const large = reject(
    key,
    shape,
    [b.where(isSmall, like(rate, 10), rate), isSmall],
    (fresh, [lambda, small]) => {
      const both = rand(fresh, [2, ...shape], 'f64')
      const [first, second] = [0, 1].map((i) => b.reshape(b.sliceAxis(both, 0, i, i + 1), shape))
      const u = addLiteral(first, -0.5)
      const v = b.sub(like(second, 1), second)
      const spread = addLiteral(mulLiteral(b.sqrt(lambda), 2.53), 0.931)
      const a = addLiteral(mulLiteral(spread, 0.02483), -0.059)
      const scale = addLiteral(b.div(like(spread, 1.1328), addLiteral(spread, -3.4)), 1.1239)
      const sure = b.sub(like(spread, 0.9277), b.div(like(spread, 3.6224), addLiteral(spread, -2)))
      const us = b.sub(like(u, 0.5), b.abs(u))
      const k = b.floor(addLiteral(b.add(b.mul(b.add(b.div(mulLiteral(a, 2), us), spread), u), lambda), 0.43))
      const quick = b.and(b.le(like(us, 0.07), us), b.le(v, sure))
      const outside = b.or(b.lt(k, like(k, 0)), b.and(b.lt(us, like(us, 0.013)), b.lt(us, v)))
      const level = b.log(b.div(b.mul(v, scale), b.add(b.div(a, b.mul(us, us)), spread)))
      const limit = b.sub(b.sub(b.mul(k, b.log(lambda)), lambda), logFactorial(b.maximum(k, like(k, 0))))
      const slow = b.and(b.logicalNot(outside), b.le(level, limit))
      return { value: k, accept: b.or(small, b.or(quick, slow)) }
    },
  )
  // The distribution function's terms until they pass u: at most about 60 for rates below 10.
  const u = rand(key, shape, 'f64')
  const valid = b.and(b.le(like(rate, 0), rate), b.lt(rate, like(rate, 1e300)))
  const rateSmall = b.where(b.and(isSmall, valid), rate, like(rate, 0))
  let term = b.exp(b.neg(rateSmall))
  let below = term
  let count = like(rate, 0)
  for (let k = 1; k <= smallTerms; k++) {
    count = b.add(count, b.cast(b.le(below, u), 'f64'))
    term = mulLiteral(b.mul(term, rateSmall), 1 / k)
    below = b.add(below, term)
  }
  return b.cast(b.where(valid, b.where(isSmall, count, large), like(rate, Number.NaN)), rates.dtype)
}

/** P(X ≥ 50) < 2⁻⁵³ for rates below 10. */
const smallTerms = 50

/**
 * Gamma numbers of shape `concentration` and rate 1, in its dtype (Marsaglia & Tsang 2000; below 1 by a power of a
 * uniform). NaN where the concentration is not positive and finite. No gradient.
 */
export function standardGamma(key: Node, concentration: Node): Node {
  requireFloat('gamma', concentration)
  const { shape } = concentration
  if (sizeOf(shape) === 0) return concentration
  const alpha = b.cast(b.stopGradient(concentration), 'f64')
  const isSmall = b.lt(alpha, like(alpha, 1))
  const valid = b.and(b.lt(like(alpha, 0), alpha), b.lt(alpha, like(alpha, 1e300)))
  const raised = b.where(isSmall, addLiteral(alpha, 1), alpha)
  const large = reject(key, shape, [b.where(valid, raised, like(alpha, 1))], (fresh, [a]) => {
    const d = addLiteral(a, -1 / 3)
    const words = b.randomBits(fresh, [4])
    const [one, two] = [0, 2].map((i) => b.concat([b.sliceAxis(words, 0, i, i + 2), counterOf(fresh)], 0))
    const x = randn(one, shape, 'f64')
    const u = rand(two, shape, 'f64')
    const root = addLiteral(b.div(x, b.sqrt(mulLiteral(d, 9))), 1)
    const v = b.mul(b.mul(root, root), root)
    const bound = b.add(
      b.sub(b.add(mulLiteral(b.mul(x, x), 0.5), d), b.mul(d, v)),
      b.mul(d, b.log(b.maximum(v, like(v, 1e-300)))),
    )
    const accept = b.and(b.lt(like(v, 0), v), b.lt(b.log(b.sub(like(u, 1), u)), bound))
    return { value: b.mul(d, v), accept }
  })
  const boost = b.pow(b.sub(like(alpha, 1), rand(key, shape, 'f64')), b.div(like(alpha, 1), alpha))
  const sample = b.where(isSmall, b.mul(large, boost), large)
  return b.cast(b.where(valid, sample, like(alpha, Number.NaN)), concentration.dtype)
}

const counterOf = (key: Node): Node => b.sliceAxis(key, 0, 2, 3)
