/**
 * The gradient of `scan`: a scan in the other direction.
 *
 * What the reverse body needs of the forward one (residuals) is emitted by the forward scan itself as extra stacked
 * results: the outputs of contractions, convolutions, reductions and other expensive nodes, and the carries;
 * element-wise work is recomputed. A scan whose inputs require a gradient is built with its residuals from the start
 * (`withResiduals`), and results that nobody reads are pruned before scheduling, so they cost nothing until used.
 * A checkpointed scan keeps its carries only and recomputes the whole step.
 *
 * Contractions with loop-invariant weights are hoisted: where a constant W enters as contract(v_t, W), the reverse
 * loop stacks the cotangents of the contraction, and ∂W is one contraction over all steps after the loop.
 */
import { isFloat } from '../../core/dtype.js'
import { range } from '../../core/shape.js'
import type { ScanInputs } from '../build.js'
import { pullback } from '../gradients.js'
import { isOp, type Node, type Primitive, type Subgraph, topologicalOrder } from '../node.js'
import { substitute } from '../rewrite.js'
import type { Builder, VjpContext } from '../rule.js'
import { binaryPrimitives, unaryPrimitives } from '../scalar-primitives.js'

/** Primitives cheap enough to compute again in the reverse loop. */
const recomputed: ReadonlySet<Primitive> = new Set<Primitive>([
  'const',
  'scalar',
  'iota',
  ...unaryPrimitives,
  ...binaryPrimitives,
  'where',
  'cast',
  'bitcast',
  'alias',
  'stopGradient',
  'reshape',
  'permute',
  'expand',
  'pad',
  'slice',
  'flip',
  'concat',
  'gather',
])

/** One contraction of a constant whose gradient leaves the loop. */
interface Hoisted {
  /** The contraction in the body. */
  readonly node: Node<'contract'>
  /** Which input of it is the constant (0 or 1), and which constant. */
  readonly side: 0 | 1
  readonly constant: number
}

interface Derivative {
  /** Values of the body that change from step to step and that the reverse body reads. */
  readonly residuals: readonly Node[]
  readonly hoisted: readonly Hoisted[]
  /** Cotangents of the body's parameters (none for hoisted constants), then of the hoisted contractions. */
  readonly gradients: readonly (Node | null)[]
  /** Cotangent of each live result, by its index. */
  readonly seeds: ReadonlyMap<number, Node>
}

/** How a body splits into constants, carry and stacked inputs, and whether only its carries are kept. */
interface Split {
  readonly consts: number
  readonly carry: number
  readonly checkpointed: boolean
}

/** Derivatives by body and live results. An augmented body shares its original's: their first results are the same. */
const derivatives = new WeakMap<Subgraph, Map<string, Derivative>>()

/** Indices of the float results of a body from `from` on. */
const floatResults = (body: Subgraph, from: number, to = body.results.length): number[] =>
  range(to).filter((i) => i >= from && isFloat(body.results[i].dtype))

/** How the live results of a body depend on its constants, carry and inputs. */
function derivativeOf(b: Builder, body: Subgraph, split: Split, live: readonly number[]): Derivative {
  let byMask = derivatives.get(body)
  if (byMask === undefined) {
    byMask = new Map()
    derivatives.set(body, byMask)
  }
  const key = `${split.consts} ${split.carry} ${split.checkpointed}: ${live.join()}`
  let derivative = byMask.get(key)
  if (derivative === undefined) {
    derivative = differentiate(b, body, split, live)
    byMask.set(key, derivative)
  }
  return derivative
}

function differentiate(b: Builder, body: Subgraph, split: Split, live: readonly number[]): Derivative {
  const results = live.map((i) => body.results[i])
  const order = topologicalOrder(results)
  const varying = new Set<Node>(body.params.slice(split.consts))
  for (const node of order) if (node.inputs.some((x) => varying.has(x))) varying.add(node)

  const hoisted = hoistedOf(body, split, order, varying, new Set(results))
  const hoistedConstants = new Set(hoisted.map((h) => h.constant))
  const seeds = results.map((r) => b.placeholder(r.shape, r.dtype))
  // Cotangents of hoisted contractions are asked for in place of those of their constants.
  const wrt = [...body.params.filter((_, i) => !hoistedConstants.has(i)), ...hoisted.map((h) => h.node)]
  const pulled = b.withGradMode(true, () => pullback(b, results, seeds, wrt))
  let at = 0
  const gradients: (Node | null)[] = body.params.map((_, i) =>
    hoistedConstants.has(i) ? null : pulled[at++],
  )
  gradients.push(...pulled.slice(at))

  const targets = [...gradients.filter((g) => g !== null), ...hoisted.map((h) => h.node.inputs[1 - h.side])]
  const residuals = residualsOf(b, body, split, targets, varying)
  return { residuals, hoisted, gradients, seeds: new Map(live.map((i, k) => [i, seeds[k]])) }
}

/** A constant is hoisted when contractions with loop-varying partners are its only users. */
function hoistedOf(
  body: Subgraph,
  { consts }: Split,
  order: readonly Node[],
  varying: ReadonlySet<Node>,
  results: ReadonlySet<Node>,
): Hoisted[] {
  const users = new Map<Node, Node[]>()
  for (const node of order) {
    for (const x of node.inputs) {
      const list = users.get(x)
      if (list === undefined) users.set(x, [node])
      else list.push(node)
    }
  }
  return body.params.slice(0, consts).flatMap((constant, index) => {
    const uses = users.get(constant) ?? []
    if (!isFloat(constant.dtype) || results.has(constant)) return []
    const found: Hoisted[] = []
    for (const node of uses) {
      if (!isOp(node, 'contract')) return []
      const side = node.inputs[0] === constant ? 0 : 1
      if (!varying.has(node.inputs[1 - side])) return []
      found.push({ node, side, constant: index })
    }
    return found
  })
}

/** Where a walk from the gradients into the body stops: what has to be kept of each step. */
function residualsOf(
  b: Builder,
  body: Subgraph,
  split: Split,
  targets: readonly Node[],
  varying: ReadonlySet<Node>,
): Node[] {
  const stacked = new Set<Node>(split.checkpointed ? [] : body.results.slice(split.carry))
  const residuals = new Set<Node>()
  topologicalOrder(targets, (node) => {
    // A result that the forward body itself does not read is of the body all the same.
    const varies = varying.has(node) || (isOp(node, 'output') && varying.has(node.inputs[0]))
    const cheap = split.checkpointed || (recomputed.has(node.op) && !stacked.has(node))
    if (varies && !b.hasSeveralOutputs(node) && (node.op === 'placeholder' || !cheap)) {
      residuals.add(node)
      return []
    }
    return node.inputs
  })
  return [...residuals]
}

/** The body with its residuals as further results, for a scan that will be differentiated. */
export function withResiduals(b: Builder, body: Subgraph, split: Split): Subgraph {
  const { residuals } = derivativeOf(b, body, split, floatResults(body, 0))
  const known = new Set<Node>([
    ...body.params.slice(split.consts + split.carry),
    ...body.results.slice(split.carry),
  ])
  const extra = residuals.filter((r) => !known.has(r))
  if (extra.length === 0) return body
  const augmented: Subgraph = { params: body.params, results: [...body.results, ...extra] }
  derivatives.set(augmented, derivatives.get(body)!)
  return augmented
}

export function scanPullback(
  b: Builder,
  { node, inputs, outputs, cotangents, needs }: VjpContext<'scan'>,
): readonly (Node | null)[] {
  const { body, length, consts, carry: n, reverse, checkpoint } = node.attrs
  // A carry without a cotangent of its own gets one from the steps after it.
  const floatCarry = floatResults(body, 0, n)
  const liveYs = floatResults(body, n).filter((i) => cotangents[i] !== null)
  const d = derivativeOf(b, body, { consts, carry: n, checkpointed: checkpoint > 0 }, [
    ...floatCarry,
    ...liveYs,
  ])
  const xsParams: readonly Node[] = body.params.slice(consts + n)

  // Where each residual is stacked: an input of the scan, a result of it, or a result of a scan made for the purpose.
  const missing = d.residuals.filter((r) => !xsParams.includes(r) && !body.results.includes(r, n))
  let stacks = outputs
  let results = body.results
  if (missing.length > 0) {
    results = [...body.results, ...missing]
    stacks = b.scan({ params: body.params, results }, splitInputs(inputs, consts, n), {
      length,
      reverse,
      checkpoint,
    })
  }
  const stackOf = (r: Node): Node => {
    const x = xsParams.indexOf(r)
    return x >= 0 ? inputs[consts + n + x] : stacks[results.indexOf(r, n)]
  }

  // Carry of the reverse loop: cotangents of the carry, then running sums for constants that are not hoisted.
  const summed = range(consts).filter((i) => needs[i] && d.gradients[i] !== null)
  const wantedXs = range(xsParams.length).filter(
    (i) => needs[consts + n + i] && d.gradients[consts + n + i] !== null,
  )
  const hoisted = d.hoisted
    .map((h, i) => ({ ...h, cotangent: d.gradients[body.params.length + i] }))
    .filter((h) => needs[h.constant] && h.cotangent !== null)

  const formal = (x: Node): Node<'placeholder'> => b.placeholder(x.shape, x.dtype)
  const constParams = body.params.slice(0, consts)
  const constFormals = constParams.map(formal)
  const carryFormals = floatCarry.map((i) => formal(body.params[consts + i]))
  const sumFormals = summed.map((i) => formal(constParams[i]))
  const residualFormals = d.residuals.map(formal)
  const yFormals = liveYs.map((i) => formal(body.results[i]))

  const map = new Map<Node, Node>()
  constParams.forEach((p, i) => {
    map.set(p, constFormals[i])
  })
  d.residuals.forEach((r, i) => {
    map.set(r, residualFormals[i])
  })
  floatCarry.forEach((i, k) => {
    map.set(d.seeds.get(i)!, carryFormals[k])
  })
  liveYs.forEach((i, k) => {
    map.set(d.seeds.get(i)!, yFormals[k])
  })
  const wanted = [
    ...floatCarry.map((i) => d.gradients[consts + i] ?? b.literal(body.params[consts + i], 0)),
    ...summed.map((i) => d.gradients[i]!),
    ...wantedXs.map((i) => d.gradients[consts + n + i]!),
    ...hoisted.map((h) => h.cotangent!),
    ...hoisted.map((h) => h.node.inputs[1 - h.side]),
  ]
  const values = substitute(b, wanted, map)
  const nc = floatCarry.length
  const ns = summed.length
  const sums = values.slice(nc, nc + ns).map((g, i) => b.add(sumFormals[i], g))

  const outs = b.scan(
    {
      params: [...constFormals, ...carryFormals, ...sumFormals, ...residualFormals, ...yFormals],
      results: [...values.slice(0, nc), ...sums, ...values.slice(nc + ns)],
    },
    {
      consts: inputs.slice(0, consts),
      carry: [
        ...floatCarry.map((i) => cotangents[i] ?? b.literal(inputs[consts + i], 0)),
        ...summed.map((i) => b.literal(inputs[i], 0)),
      ],
      xs: [...d.residuals.map(stackOf), ...liveYs.map((i) => cotangents[i]!)],
    },
    { length, reverse: !reverse },
  )

  const gradients: (Node | null)[] = inputs.map(() => null)
  floatCarry.forEach((i, k) => {
    gradients[consts + i] = outs[k]
  })
  summed.forEach((i, k) => {
    gradients[i] = outs[nc + k]
  })
  wantedXs.forEach((i, k) => {
    gradients[consts + n + i] = outs[nc + ns + k]
  })
  const stackStart = nc + ns + wantedXs.length
  hoisted.forEach((h, k) => {
    const g = outs[stackStart + k] // (T, …)
    const partner = outs[stackStart + hoisted.length + k] // (T, …)
    gradients[h.constant] = b.addMaybe(gradients[h.constant], hoistedGradient(b, h, g, partner))
  })
  return gradients
}

/**
 * A scan that keeps its carry every k steps: an outer scan over chunks, which keeps its carries only, around a scan of
 * k steps, whose residuals live while its chunk is differentiated. The steps that do not fill a chunk run last.
 */
export function chunkedScan(
  b: Builder,
  body: Subgraph,
  { consts, carry, xs }: ScanInputs,
  length: number,
  reverse: boolean,
  k: number,
): Node[] {
  const n = carry.length
  const chunks = Math.floor(length / k)
  const rest = length - chunks * k
  const whole = chunks * k
  // The chunks stand where the loop starts.
  const from = reverse ? rest : 0
  const part = (x: Node, start: number, count: number): Node => b.sliceAxis(x, 0, start, start + count)
  const formal = ({ shape, dtype }: Node): Node<'placeholder'> => b.placeholder(shape, dtype)
  const chunkedXs = xs.map((x) => b.reshape(part(x, from, whole), [chunks, k, ...x.shape.slice(1)]))
  const params = [
    ...consts.map(formal),
    ...carry.map(formal),
    ...chunkedXs.map((x) => b.placeholder(x.shape.slice(1), x.dtype)),
  ]
  const inner = b.scan(body, splitInputs(params, consts.length, n), { length: k, reverse })
  const outer = b.scan(
    { params, results: inner },
    { consts, carry, xs: chunkedXs },
    { length: chunks, reverse, checkpoint: 1 },
  )
  const ys = outer.slice(n).map((y) => b.reshape(y, [whole, ...y.shape.slice(2)]))
  if (rest === 0) return [...outer.slice(0, n), ...ys]
  const last = b.scan(
    body,
    { consts, carry: outer.slice(0, n), xs: xs.map((x) => part(x, reverse ? 0 : whole, rest)) },
    { length: rest, reverse },
  )
  return [...last.slice(0, n), ...last.slice(n).map((y, i) => b.concat(reverse ? [y, ys[i]] : [ys[i], y], 0))]
}

/** ∂W of contract(v_t, W) over all t at once: the contraction's own vjp with time joined to the contracting axes. */
function hoistedGradient(b: Builder, { node, side }: Hoisted, g: Node, partner: Node): Node {
  const { batch, contracting, ...rest } = node.attrs
  const other = (1 - side) as 0 | 1
  const own = node.inputs[side]
  const v = node.inputs[other]
  const nb = batch[0].length
  const free = (s: 0 | 1, x: Node) =>
    range(x.shape.length).filter((a) => !batch[s].includes(a) && !contracting[s].includes(a))
  const freeOwn = free(side, own)
  const freeOther = free(other, v)
  // Axes of g, shifted by the time axis: batch, left free, right free.
  const gLeft = side === 0 ? freeOwn.length : freeOther.length
  const gOther = freeOther.map((_, i) => 1 + nb + (side === 0 ? gLeft + i : i))
  const r = b.contract(g, partner, {
    batch: [range(nb).map((i) => i + 1), batch[other].map((a) => a + 1)],
    contracting: [
      [0, ...gOther],
      [0, ...freeOther.map((a) => a + 1)],
    ],
    ...rest,
  })
  // r's axes: batch, own free, then the partner's contracting axes in ascending order.
  const ascending = contracting[other]
    .map((_, i) => i)
    .sort((i, j) => contracting[other][i] - contracting[other][j])
  return b.permute(r, b.inverse([...batch[side], ...freeOwn, ...ascending.map((i) => contracting[side][i])]))
}

const splitInputs = (inputs: readonly Node[], consts: number, carry: number) => ({
  consts: inputs.slice(0, consts),
  carry: inputs.slice(consts, consts + carry),
  xs: inputs.slice(consts + carry),
})
