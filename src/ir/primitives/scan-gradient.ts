/**
 * The gradient of `scan`: a scan in the other direction.
 *
 * What the reverse body needs of the forward one (residuals) is emitted by the forward scan itself as extra stacked
 * results: the outputs of contractions, convolutions, reductions and other expensive nodes, and the carries;
 * element-wise work is recomputed. A scan whose inputs require a gradient is built with its residuals from the start
 * (`withResiduals`), and results that nobody reads are pruned before scheduling, so they cost nothing until used.
 *
 * Contractions with loop-invariant weights are hoisted: where a constant W enters as contract(v_t, W), the reverse
 * loop stacks the cotangents of the contraction, and ∂W is one contraction over all steps after the loop.
 */
import { isFloat } from '../../core/dtype.js'
import { range } from '../../core/shape.js'
import { pullback } from '../gradients.js'
import { isOp, type Node, type Primitive, type Subgraph, topologicalOrder } from '../node.js'
import type { Builder, VjpContext } from '../rule.js'
import { substitute } from '../rewrite.js'

/** Primitives cheap enough to compute again in the reverse loop. */
const recomputed: ReadonlySet<Primitive> = new Set<Primitive>([
  'const', 'scalar', 'iota', 'neg', 'abs', 'sign', 'exp', 'log', 'expm1', 'log1p', 'sqrt', 'sin', 'cos', 'tan', 'atan',
  'tanh', 'erf', 'floor', 'ceil', 'round', 'trunc', 'logicalNot', 'bitNot', 'add', 'sub', 'mul', 'div', 'mod', 'pow',
  'maximum', 'minimum', 'atan2', 'eq', 'lt', 'le', 'and', 'or', 'xor', 'shiftLeft', 'shiftRight', 'where', 'cast',
  'bitcast', 'alias', 'stopGradient', 'reshape', 'permute', 'expand', 'pad', 'slice', 'flip', 'concat', 'gather',
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
  /** Nodes of the body that the reverse body reads, beyond constants and stacked inputs. */
  readonly residuals: readonly Node[]
  readonly hoisted: readonly Hoisted[]
  /** Cotangents of: constants, carry, inputs, and of each hoisted contraction; null where nothing flows. */
  readonly gradients: readonly (Node | null)[]
  /** Cotangent of each result of the body that is a float; null for the others. */
  readonly seeds: readonly (Node<'placeholder'> | null)[]
  /** The body with hoisted constants replaced, that `gradients` refers to. */
  readonly results: readonly Node[]
}

const derivatives = new WeakMap<Subgraph, Derivative>()

/** How a body depends on its constants, carry and inputs. */
function derivativeOf(b: Builder, body: Subgraph, consts: number, resultCount: number): Derivative {
  const known = derivatives.get(body)
  if (known !== undefined) return known
  const results = body.results.slice(0, resultCount)
  const order = topologicalOrder(results)
  const users = new Map<Node, Node[]>()
  for (const node of order) for (const x of node.inputs) users.set(x, [...(users.get(x) ?? []), node])

  // A constant is hoisted when contractions with loop-varying partners are its only users.
  const hoisted: Hoisted[] = []
  body.params.slice(0, consts).forEach((constant, index) => {
    const uses = users.get(constant) ?? []
    const asWeight = (n: Node): n is Node<'contract'> => isOp(n, 'contract') && (n.inputs[0] === constant) !== (n.inputs[1] === constant)
    if (isFloat(constant.dtype) && uses.length > 0 && uses.every(asWeight) && !results.includes(constant)) {
      for (const node of uses as Node<'contract'>[]) hoisted.push({ node, side: node.inputs[0] === constant ? 0 : 1, constant: index })
    }
  })
  const hoistedConstants = new Set(hoisted.map((h) => h.constant))
  const seeds = results.map((r) => (isFloat(r.dtype) ? b.placeholder(r.shape, r.dtype) : null))
  // Cotangents of hoisted contractions are asked for in place of those of their constants.
  const wrt = [...body.params.filter((_, i) => !hoistedConstants.has(i)), ...hoisted.map((h) => h.node)]
  const live = results.flatMap((r, i) => (seeds[i] === null ? [] : [i]))
  const pulled = b.withGradMode(true, () => pullback(b, live.map((i) => results[i]), live.map((i) => seeds[i]), wrt))
  let at = 0
  const gradients: (Node | null)[] = body.params.map((_, i) => (hoistedConstants.has(i) ? null : pulled[at++]))
  gradients.push(...pulled.slice(at))

  // Residuals: walk from the gradients (and the partners of hoisted constants) into the body.
  const inBody = new Set(order)
  const seedSet = new Set<Node>(seeds.filter((s) => s !== null))
  const constSet = new Set<Node>(body.params.slice(0, consts))
  const residuals = new Set<Node>()
  const targets = [...gradients.filter((g) => g !== null), ...hoisted.map((h) => h.node.inputs[1 - h.side])]
  const varying = loopVarying(order, body.params.slice(consts))
  topologicalOrder(targets, (node) => {
    if (!inBody.has(node) || seedSet.has(node)) return node.storage === null ? node.inputs : []
    if (constSet.has(node) || (!varying.has(node) && node.inputs.length === 0)) return []
    if (varying.has(node) && (!recomputed.has(node.op) || node.op === 'placeholder')) {
      residuals.add(node)
      return []
    }
    return node.storage === null ? node.inputs : []
  })
  const derivative = { residuals: [...residuals].filter((r) => r.avals.length === 1), hoisted, gradients, seeds, results }
  derivatives.set(body, derivative)
  return derivative
}

/** Nodes that change from step to step. */
function loopVarying(order: readonly Node[], params: readonly Node[]): Set<Node> {
  const varying = new Set<Node>(params)
  for (const node of order) if (node.inputs.some((x) => varying.has(x))) varying.add(node)
  return varying
}

/** The body with its residuals as further results, for a scan that will be differentiated. */
export function withResiduals(b: Builder, body: Subgraph, consts: number, carry: number, xs: readonly Node[]): Subgraph {
  const { residuals } = derivativeOf(b, body, consts, body.results.length)
  const inputs = new Set<Node>(body.params.slice(consts + carry))
  void xs
  const extra = residuals.filter((r) => !inputs.has(r) && !body.results.slice(carry).includes(r))
  if (extra.length === 0) return body
  const augmented: Subgraph = { params: body.params, results: [...body.results, ...extra] }
  derivatives.set(augmented, derivativeOf(b, body, consts, body.results.length))
  return augmented
}

export function scanPullback(b: Builder, { node, inputs, outputs, cotangents, needs }: VjpContext<'scan'>): readonly (Node | null)[] {
  const { body, length, consts, carry: n, reverse, checkpoint } = node.attrs
  const d = derivativeOf(b, body, consts, body.results.length)
  const xsParams = body.params.slice(consts + n)
  const resultCount = d.results.length

  // Where each residual is stacked: an input of the scan, a result of it, or a result of a scan made for the purpose.
  const missing = d.residuals.filter((r) => !xsParams.includes(r as Node<'placeholder'>) && !body.results.includes(r, n))
  let stacks = outputs
  let results = body.results
  if (missing.length > 0) {
    results = [...body.results, ...missing]
    stacks = b.scan({ params: body.params, results }, splitInputs(inputs, consts, n), { length, reverse, checkpoint })
  }
  const stackOf = (r: Node): Node => {
    const x = xsParams.indexOf(r as Node<'placeholder'>)
    return x >= 0 ? inputs[consts + n + x] : stacks[results.indexOf(r, n)]
  }

  // Carry of the reverse loop: cotangents of the carry, then running sums for constants that are not hoisted.
  const constParams = body.params.slice(0, consts)
  const summed = range(consts).filter((i) => needs[i] && d.gradients[i] !== null)
  const wantedXs = range(xsParams.length).filter((i) => needs[consts + n + i] && d.gradients[consts + n + i] !== null)
  const hoisted = d.hoisted
    .map((h, i) => ({ ...h, cotangent: d.gradients[body.params.length + i] }))
    .filter((h) => needs[h.constant] && h.cotangent !== null)
  const floatCarry = range(n).filter((i) => isFloat(body.params[consts + i].dtype))
  const liveYs = range(resultCount - n).map((i) => n + i).filter((i) => cotangents[i] != null && d.seeds[i] !== null)

  const carryFormals = floatCarry.map((i) => b.placeholder(body.params[consts + i].shape, body.params[consts + i].dtype))
  const sumFormals = summed.map((i) => b.placeholder(constParams[i].shape, constParams[i].dtype))
  const residualFormals = d.residuals.map((r) => b.placeholder(r.shape, r.dtype))
  const yFormals = liveYs.map((i) => b.placeholder(body.results[i].shape, body.results[i].dtype))
  const constFormals = constParams.map((p) => b.placeholder(p.shape, p.dtype))

  const map = new Map<Node, Node>()
  constParams.forEach((p, i) => {
    map.set(p, constFormals[i])
  })
  d.residuals.forEach((r, i) => {
    map.set(r, residualFormals[i])
  })
  d.seeds.forEach((seed, i) => {
    if (seed === null) return
    const carryAt = i < n ? floatCarry.indexOf(i) : -1
    const yAt = liveYs.indexOf(i)
    map.set(seed, carryAt >= 0 ? carryFormals[carryAt] : yAt >= 0 ? yFormals[yAt] : b.literal(seed, 0))
  })
  const carryGradients = floatCarry.map((i) => d.gradients[consts + i] ?? b.literal(body.params[consts + i], 0))
  const wanted = [
    ...carryGradients,
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
    { length, reverse: !reverse, checkpoint: 0 },
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
    const total = hoistedGradient(b, h, g, partner)
    const before = gradients[h.constant]
    gradients[h.constant] = before === null ? total : b.add(before, total)
  })
  return gradients
}

/** ∂W of contract(v_t, W) over all t at once: the contraction's own vjp with time joined to the contracting axes. */
function hoistedGradient(b: Builder, { node, side }: Hoisted, g: Node, partner: Node): Node {
  const { batch, contracting, accumulate } = node.attrs
  const other = (1 - side) as 0 | 1
  const own = node.inputs[side]
  const v = node.inputs[other]
  const nb = batch[0].length
  const free = (s: 0 | 1, x: Node) => range(x.shape.length).filter((a) => !batch[s].includes(a) && !contracting[s].includes(a))
  const freeOwn = free(side, own)
  const freeOther = free(other, v)
  // Axes of g, shifted by the time axis: batch, left free, right free.
  const gLeft = side === 0 ? freeOwn.length : freeOther.length
  const gOwn = freeOwn.map((_, i) => 1 + nb + (side === 0 ? i : gLeft + i))
  const gOther = freeOther.map((_, i) => 1 + nb + (side === 0 ? gLeft + i : i))
  void gOwn
  const r = b.contract(g, partner, {
    batch: [range(nb).map((i) => i + 1), batch[other].map((a) => a + 1)],
    contracting: [[0, ...gOther], [0, ...freeOther.map((a) => a + 1)]],
    accumulate,
  })
  // r's axes: batch, own free, then the partner's contracting axes in ascending order.
  const ascending = contracting[other].map((_, i) => i).sort((i, j) => contracting[other][i] - contracting[other][j])
  return b.permute(r, b.inverse([...batch[side], ...freeOwn, ...ascending.map((i) => contracting[side][i])]))
}

const splitInputs = (inputs: readonly Node[], consts: number, carry: number) => ({
  consts: inputs.slice(0, consts),
  carry: inputs.slice(consts, consts + carry),
  xs: inputs.slice(consts + carry),
})
