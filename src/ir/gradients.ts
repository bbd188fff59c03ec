/**
 * Derivatives as graph-to-graph transforms: `pullback` (reverse mode) and `pushforward` (forward mode). What they
 * build is ordinary graph, so they nest to any order and fuse with everything else.
 */
import { isFloat } from '../core/dtype.js'
import { ChainruleError, InternalError } from '../core/errors.js'
import { hooked } from './gradient-hooks.js'
import { isOp, type Node, topologicalOrder } from './node.js'
import type { Builder, JvpContext, Rule } from './rule.js'
import { sumCotangents } from './sum-cotangents.js'

/** Inputs through which a gradient can flow: below computed nodes too, as long as they kept their inputs. */
const gradientInputs = (node: Node): readonly Node[] => (node.requiresGrad ? node.inputs : [])

/** The results of a node: itself, or one `output` node each. */
const resultsOf = (b: Builder, node: Node): readonly Node[] => b.outputs(node)

/**
 * Cotangents of `wrt`, given cotangents of `outputs`; null where nothing flows.
 * Stops at nodes that do not require a gradient and at the `wrt` nodes' own inputs only where no other one lies below.
 */
export function pullback(
  b: Builder,
  outputs: readonly Node[],
  cotangents: readonly (Node | null)[],
  wrt: readonly Node[],
): (Node | null)[] {
  const targets = new Set(wrt)
  const order = topologicalOrder(outputs, gradientInputs)
  const reaches = new Set<Node>()
  for (const node of order) {
    const flows =
      node.requiresGrad && b.ruleOf(node.op).vjp !== 'none' && node.inputs.some((x) => reaches.has(x))
    if (targets.has(node) || flows) reaches.add(node)
  }

  // Cotangents of each result of each node.
  const collected = new Map<Node, Node[][]>()
  const add = (node: Node, index: number, g: Node | null): void => {
    if (g === null || !reaches.has(node)) return
    let list = collected.get(node)
    if (list === undefined) {
      list = node.avals.map(() => [])
      collected.set(node, list)
    }
    list[index].push(g)
  }
  outputs.forEach((node, i) => {
    add(node, 0, cotangents[i])
  })

  /** Of the first result of each node. */
  const finished = new Map<Node, Node | null>()
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]
    const gs = collected.get(node)?.map((list) => sumCotangents(b, list))
    if (gs === undefined) continue
    if (gs[0] !== null) gs[0] = hooked(node, gs[0])
    finished.set(node, gs[0])
    if (!node.inputs.some((x) => reaches.has(x))) continue
    if (node.released) {
      throw new ChainruleError(
        'backward() was called a second time through the same graph, which the first call released. ' +
          'Pass { retainGraph: true } to the first call, or compute the loss anew.',
      )
    }
    if (isOp(node, 'output')) {
      add(node.inputs[0], node.attrs.index, gs[0])
      continue
    }
    const needs = node.inputs.map((x) => reaches.has(x) && isFloat(x.dtype))
    for (const [k, g] of vjpOf(b, node, gs, needs).entries()) if (needs[k]) add(node.inputs[k], 0, g)
  }
  return wrt.map((node) => finished.get(node) ?? null)
}

function vjpOf(
  b: Builder,
  node: Node,
  cotangents: readonly (Node | null)[],
  needs: readonly boolean[],
): readonly (Node | null)[] {
  const rule = b.ruleOf(node.op)
  if (rule.vjp === 'none') return node.inputs.map(() => null)
  const outputs = resultsOf(b, node)
  return rule.vjp(b, { node, inputs: node.inputs, outputs, cotangents, g: cotangents[0]!, needs })
}

/** Tangents of `outputs` along `tangents` at `inputs`; null where nothing flows. */
export function pushforward(
  b: Builder,
  outputs: readonly Node[],
  inputs: readonly Node[],
  tangents: readonly (Node | null)[],
): (Node | null)[] {
  const known = new Map<Node, readonly (Node | null)[]>(inputs.map((x, i) => [x, [tangents[i]]]))
  for (const node of topologicalOrder(outputs, (n) => (known.has(n) ? [] : n.inputs))) {
    if (known.has(node)) continue
    if (isOp(node, 'output')) {
      known.set(node, [known.get(node.inputs[0])![node.attrs.index]])
      continue
    }
    const given = node.inputs.map((x) => known.get(x)![0])
    known.set(node, given.every((t) => t === null) ? node.avals.map(() => null) : jvpOf(b, node, given))
  }
  return outputs.map((node) => known.get(node)![0])
}

function jvpOf(b: Builder, node: Node, tangents: readonly (Node | null)[]): readonly (Node | null)[] {
  const rule: Rule<Node['op']> = b.ruleOf(node.op)
  if (rule.jvp === 'none') return node.avals.map(() => null)
  const context: JvpContext<Node['op']> = { node, inputs: node.inputs, outputs: resultsOf(b, node), tangents }
  return rule.jvp === 'transpose' ? transposedVjp(b, context) : rule.jvp(b, context)
}

/**
 * A vjp is linear in its cotangent u: x̄ = Jᵀu. Its own vjp at u with cotangent ẋ is J·ẋ, the jvp. So one placeholder
 * for u, one pullback, and one pullback of that.
 */
function transposedVjp(b: Builder, { node, outputs, tangents }: JvpContext<Node['op']>): (Node | null)[] {
  const needs = tangents.map((t) => t !== null)
  const us = outputs.map((y) => (isFloat(y.dtype) ? b.placeholder(y.shape, y.dtype) : null))
  if (us.every((u) => u === null)) throw new InternalError(`jvp of ${node.op}: no float result.`)
  // The pullback is differentiated in its turn, so it must record gradients whatever the caller's mode.
  const pulled = b.withGradMode(true, () => vjpOf(b, node, us, needs))
  const pairs = pulled.flatMap((x, i) =>
    x !== null && tangents[i] !== null ? [[x, tangents[i]] as const] : [],
  )
  const wrt = us.filter((u) => u !== null)
  const grads = pullback(
    b,
    pairs.map(([x]) => x),
    pairs.map(([, t]) => t),
    wrt,
  )
  let at = 0
  return us.map((u) => (u === null ? null : grads[at++]))
}
