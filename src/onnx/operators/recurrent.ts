/** RNN, GRU and LSTM: all directions, activations, peepholes, layouts and sequence lengths. One scan a direction. */
import { range } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import * as ops from '../../ops/activation.js'
import { matmul } from '../../ops/linear-algebra.js'
import { addLiteral, like, mulLiteral, stretch } from '../../ops/operand.js'
import { wrap } from '../../tensor/base.js'
import { scan } from '../../tensor/control-flow.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { Context, Rule, Rules } from '../context.js'
import { hardSigmoid, relu } from './activation.js'

type Activation = (x: Node, alpha: number | undefined, beta: number | undefined) => Node

const activations: Readonly<Record<string, Activation>> = {
  relu: (x) => relu(x),
  tanh: (x) => b.tanh(x),
  sigmoid: (x) => ops.sigmoid(x),
  affine: (x, alpha = 1, beta = 0) => addLiteral(mulLiteral(x, alpha), beta),
  leakyrelu: (x, alpha = 0.01) => ops.leakyRelu(x, alpha),
  thresholdedrelu: (x, alpha = 1) => b.where(b.le(like(x, alpha), x), x, like(x, 0)),
  scaledtanh: (x, alpha = 1, beta = 1) => mulLiteral(b.tanh(mulLiteral(x, beta)), alpha),
  hardsigmoid: (x, alpha = 0.2, beta = 0.5) => hardSigmoid(x, alpha, beta),
  elu: (x, alpha = 1) => ops.elu(x, alpha),
  softsign: (x) => ops.softsign(x),
  softplus: (x) => ops.softplus(x),
}

/** How many parameters each activation takes from the lists of alphas and betas. */
const takesAlpha = new Set(['affine', 'leakyrelu', 'thresholdedrelu', 'scaledtanh', 'hardsigmoid', 'elu'])
const takesBeta = new Set(['affine', 'scaledtanh', 'hardsigmoid'])

type Unary = (x: Node) => Node

/** The activations of all directions in order, `count` a direction. */
function activationsOf(c: Context, defaults: readonly string[], directions: number): Unary[][] {
  const given = c.strings('activations')
  const names = (given ?? range(directions).flatMap(() => defaults)).map((n) => n.toLowerCase())
  if (names.length !== defaults.length * directions) {
    c.fail(`expected ${defaults.length * directions} activations, got ${names.length}.`)
  }
  const alphas = [...(c.floats('activation_alpha') ?? [])]
  const betas = [...(c.floats('activation_beta') ?? [])]
  const all = names.map((name): Unary => {
    if (!Object.hasOwn(activations, name)) c.fail(`'${name}' is not a known activation.`)
    const alpha = takesAlpha.has(name) ? alphas.shift() : undefined
    const beta = takesBeta.has(name) ? betas.shift() : undefined
    return (x) => activations[name](x, alpha, beta)
  })
  return range(directions).map((d) => all.slice(d * defaults.length, (d + 1) * defaults.length))
}

/** The part of a tensor that belongs to direction d, without that axis. */
const part = (x: Node, d: number): Node => b.reshape(b.sliceAxis(x, 0, d, d + 1), x.shape.slice(1))

/** What one direction works with. */
interface Direction {
  /** (gates·H, I) and (gates·H, H). */
  readonly weight: Node
  readonly recurrence: Node
  /** gates·H each. */
  readonly inputBias: Node | null
  readonly hiddenBias: Node | null
  /** Three times H, or null. */
  readonly peephole: Node | null
  readonly functions: readonly Unary[]
  readonly clip: Unary
  readonly hidden: number
}

/** One step: the input's share of the gates (N, gates·H) and the states (N, H) to the next states. */
type Step = (c: Context, direction: Direction, projected: Node, states: readonly Node[]) => Node[]

/** One step's gates, each (N, H). */
const gate = (x: Node, i: number, hidden: number): Node => b.sliceAxis(x, 1, i * hidden, (i + 1) * hidden)

const plus = (x: Node, bias: Node | null): Node => (bias === null ? x : b.add(x, stretch(bias, x.shape)))

/** h·Rᵀ. */
const recur = (h: Node, weight: Node): Node => matmul(h, b.permute(weight, [1, 0]))

const biasOf = (bias: Node | null, i: number, hidden: number): Node | null =>
  bias === null ? null : b.sliceAxis(bias, 0, i * hidden, (i + 1) * hidden)

const rnnStep: Step = (_c, { recurrence, hiddenBias, functions: [f], clip }, projected, [h]) => [
  f(clip(b.add(projected, plus(recur(h, recurrence), hiddenBias)))),
]

const gruStep: Step = (c, { recurrence, hiddenBias, functions: [f, g], clip, hidden: n }, projected, [h]) => {
  const rows = (i: number): Node => b.sliceAxis(recurrence, 0, i * n, (i + 1) * n)
  const hiddenGate = (i: number): Node =>
    f(clip(b.add(gate(projected, i, n), plus(recur(h, rows(i)), biasOf(hiddenBias, i, n)))))
  const [update, reset] = [hiddenGate(0), hiddenGate(1)]
  const bias = biasOf(hiddenBias, 2, n)
  const memory =
    c.int('linear_before_reset', 0) !== 0
      ? b.mul(reset, plus(recur(h, rows(2)), bias))
      : plus(recur(b.mul(reset, h), rows(2)), bias)
  const candidate = g(clip(b.add(gate(projected, 2, n), memory)))
  return [b.add(b.mul(b.sub(like(update, 1), update), candidate), b.mul(update, h))]
}

const lstmStep: Step = (c, direction, projected, [h, cell]) => {
  const { recurrence, hiddenBias, peephole, functions, clip, hidden: n } = direction
  const [f, g, last] = functions
  const gates = b.add(projected, plus(recur(h, recurrence), hiddenBias))
  // Peepholes come in the order input, output, forget.
  const peep = (i: number, state: Node): Node | null =>
    peephole === null ? null : b.mul(stretch(biasOf(peephole, i, n)!, state.shape), state)
  const of = (i: number, look: Node | null): Node => {
    const x = gate(gates, i, n)
    return clip(look === null ? x : b.add(x, look))
  }
  const input = f(of(0, peep(0, cell)))
  const forget = c.int('input_forget', 0) !== 0 ? b.sub(like(input, 1), input) : f(of(2, peep(2, cell)))
  const next = b.add(b.mul(forget, cell), b.mul(input, g(of(3, null))))
  const output = f(of(1, peep(1, next)))
  return [b.mul(output, last(next)), next]
}

/** Each sequence reversed within its own length. */
function reverseWithin(x: Node, lengths: Node | null): Node {
  if (lengths === null) return b.flip(x, [0])
  const step = b.iota(x.shape, 0, 'i32')
  const limit = b.expand(
    b.reshape(
      lengths,
      x.shape.map((n, i) => (i === 1 ? n : 1)),
    ),
    x.shape,
  )
  const mirrored = b.sub(b.sub(limit, like(limit, 1)), step)
  return b.gather(x, b.where(b.lt(step, limit), mirrored, step), 0)
}

interface Run {
  /** (T, N, H). */
  readonly outputs: Node
  readonly last: readonly Node[]
}

/** Runs the steps; where a sequence has ended its states stay and its outputs are 0. */
function runDirection(
  c: Context,
  x: Node,
  start: readonly Node[],
  direction: Direction,
  step: Step,
  lengths: Node | null,
): Run {
  const { weight, inputBias } = direction
  const projected = plus(matmul(x, b.permute(weight, [1, 0])), inputBias)
  const [steps, batch] = x.shape
  const alive =
    lengths === null
      ? null
      : b.lt(b.iota([steps, batch], 0, 'i32'), b.expand(b.reshape(lengths, [1, batch]), [steps, batch]))
  const inputs = [wrap(projected), ...(alive === null ? [] : [wrap(alive)])]
  const body = (states: Tensor[], [p, mask]: Tensor[]): [Tensor[], Tensor] => {
    const before = states.map((s) => s.node)
    const after = step(c, direction, p.node, before)
    if (mask === undefined) return [after.map(wrap), wrap(after[0])]
    const wide = b.expand(b.reshape(mask.node, [batch, 1]), after[0].shape)
    const kept = after.map((s, i) => b.where(wide, s, before[i]))
    return [kept.map(wrap), wrap(b.where(wide, after[0], like(after[0], 0)))]
  }
  const [last, outputs] = scan(body, start.map(wrap), inputs)
  return { outputs: outputs.node, last: last.map((t) => t.node) }
}

/** The operator with `gates` blocks of weights and `states` initial states (after the five common inputs). */
const recurrent =
  (gates: number, states: number, defaults: readonly string[], step: Step): Rule =>
  (c) => {
    c.expectRank(0, 3)
    const batchFirst = c.int('layout', 0) !== 0
    const x = batchFirst ? b.permute(c.x(0), [1, 0, 2]) : c.x(0)
    const [, batch] = x.shape
    const kind = c.string('direction', 'forward')
    const ways = { forward: [false], reverse: [true], bidirectional: [false, true] }[kind]
    if (ways === undefined) c.fail(`expected direction forward, reverse or bidirectional, got '${kind}'.`)
    const [weights, recurrences] = [c.x(1), c.x(2)]
    const hidden = recurrences.shape[2]
    if (weights.shape[0] !== ways!.length || weights.shape[1] !== gates * hidden) {
      c.fail(`expected weights [${ways!.length}, ${gates * hidden}, …], got [${weights.shape.join(', ')}].`)
    }
    const lengths = c.has(4) ? b.cast(c.x(4), 'i32') : null
    const functions = activationsOf(c, defaults, ways!.length)
    const limit = c.float('clip', 0)
    const clip: Unary = (v) => (limit > 0 ? b.minimum(b.maximum(v, like(v, -limit)), like(v, limit)) : v)
    const initial = range(states).map((i) => {
      const given = c.maybe(5 + i)
      if (given === null) return b.full([ways!.length, batch, hidden], 0, x.dtype)
      return batchFirst ? b.permute(given, [1, 0, 2]) : given
    })
    const runs = ways!.map((reverse, d): Run => {
      const bias = c.has(3) ? part(c.x(3), d) : null
      const half = gates * hidden
      const run = runDirection(
        c,
        reverse ? reverseWithin(x, lengths) : x,
        initial.map((s) => part(s, d)),
        {
          weight: part(weights, d),
          recurrence: part(recurrences, d),
          inputBias: bias === null ? null : b.sliceAxis(bias, 0, 0, half),
          hiddenBias: bias === null ? null : b.sliceAxis(bias, 0, half, 2 * half),
          peephole: c.has(7) && states === 2 ? part(c.x(7), d) : null,
          functions: functions[d],
          clip,
          hidden,
        },
        step,
        lengths,
      )
      return reverse ? { ...run, outputs: reverseWithin(run.outputs, lengths) } : run
    })
    const stack = (xs: readonly Node[], axis: number): Node =>
      b.concat(
        xs.map((y) => b.reshape(y, [...y.shape.slice(0, axis), 1, ...y.shape.slice(axis)])),
        axis,
      )
    const y = stack(
      runs.map((r) => r.outputs),
      1,
    )
    const last = range(states).map((i) =>
      stack(
        runs.map((r) => r.last[i]),
        0,
      ),
    )
    if (!batchFirst) return [y, ...last]
    return [b.permute(y, [2, 0, 1, 3]), ...last.map((s) => b.permute(s, [1, 0, 2]))]
  }

export const recurrences: Rules = {
  RNN: recurrent(1, 1, ['Tanh'], rnnStep),
  GRU: recurrent(3, 1, ['Sigmoid', 'Tanh'], gruStep),
  LSTM: recurrent(4, 2, ['Sigmoid', 'Tanh', 'Tanh'], lstmStep),
}
