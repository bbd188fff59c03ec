/** Control flow, barriers, opaque calls, and the selection of one result of several. */

import { DTypeError, ShapeError } from '../../core/errors.js'
import { formatShape, sameShape } from '../../core/shape.js'
import { batchedGradient, batchGraph } from '../batching.js'
import { checkClosed } from '../closed.js'
import { customTangents } from '../custom-gradient.js'
import { pullback, pushforward } from '../gradients.js'
import type { Attributes, Aval, Node, Subgraph } from '../node.js'
import { substitute } from '../rewrite.js'
import type { Builder, PrimitiveTable } from '../rule.js'
import { scanPullback } from './scan-gradient.js'

const formatAval = (a: Aval): string => `${a.dtype} ${formatShape(a.shape)}`

function expectAvals(op: string, what: string, expected: readonly Aval[], got: readonly Aval[]): void {
  if (expected.length !== got.length)
    throw new ShapeError(`${op}: expected ${expected.length} ${what}, got ${got.length}.`)
  expected.forEach((e, i) => {
    const message = `${op}: ${what} ${i} should be ${formatAval(e)}, got ${formatAval(got[i])}.`
    if (e.dtype !== got[i].dtype) throw new DTypeError(message)
    if (!sameShape(e.shape, got[i].shape)) throw new ShapeError(message)
  })
}

const stacked = (a: Aval, length: number): Aval => ({ shape: [length, ...a.shape], dtype: a.dtype })
const unstacked = (a: Aval): Aval => ({ shape: a.shape.slice(1), dtype: a.dtype })

/** Splits a scan's inputs into constants, first carry and stacked inputs. */
export function scanParts<T>(list: readonly T[], { consts, carry }: Attributes['scan']): [T[], T[], T[]] {
  return [list.slice(0, consts), list.slice(consts, consts + carry), list.slice(consts + carry)]
}

/** Which carries of a loop become batched (or get a tangent), given which start so: the least fixed point. */
function carryFixpoint(
  start: readonly boolean[],
  next: (carry: readonly boolean[]) => readonly boolean[],
): boolean[] {
  let carry = [...start]
  for (;;) {
    const after = next(carry)
    const joined = carry.map((c, i) => c || after[i])
    if (joined.every((c, i) => c === carry[i])) return carry
    carry = joined
  }
}

/** Placeholders for a body. */
const formals = (b: Builder, avals: readonly Aval[]): Node<'placeholder'>[] =>
  avals.map((a) => b.placeholder(a.shape, a.dtype))

/** The tangent body of a loop: (primals…, tangents of the active ones…) → (results…, active tangents…). */
function tangentBody(
  b: Builder,
  body: Subgraph,
  active: readonly boolean[],
): {
  params: Node<'placeholder'>[]
  tangentParams: Node<'placeholder'>[]
  results: Node[]
  tangents: (Node | null)[]
} {
  const params = formals(b, body.params)
  const results = substitute(b, body.results, new Map(body.params.map((p, i) => [p, params[i]])))
  const tangentParams: Node<'placeholder'>[] = []
  const tangentOf = params.map((p, i) => {
    if (!active[i]) return null
    const t = b.placeholder(p.shape, p.dtype)
    tangentParams.push(t)
    return t
  })
  return { params, tangentParams, results, tangents: pushforward(b, results, params, tangentOf) }
}

export const control: Pick<PrimitiveTable, 'scan' | 'while' | 'cond' | 'barrier' | 'call' | 'output'> = {
  scan: {
    infer: (inputs, attrs) => {
      const { body, length } = attrs
      checkClosed('scan', body)
      const [consts, carry, xs] = scanParts(inputs, attrs)
      xs.forEach((x, i) => {
        if (x.shape[0] !== length) {
          throw new ShapeError(
            `scan: input ${i} of shape ${formatShape(x.shape)} should have ${length} steps on axis 0.`,
          )
        }
      })
      expectAvals('scan', 'body parameter', body.params, [...consts, ...carry, ...xs.map(unstacked)])
      expectAvals('scan', 'carry', carry, body.results.slice(0, attrs.carry))
      return [...carry, ...body.results.slice(attrs.carry).map((y) => stacked(y, length))]
    },
    vjp: scanPullback,
    jvp: (b, { node, inputs, tangents }) => {
      const { attrs } = node
      const { body, length, carry: n } = attrs
      const startsActive = inputs.map((x, i) => tangents[i] !== null && isDifferentiable(x))
      const [activeConsts, activeCarry0, activeXs] = scanParts(startsActive, attrs)
      const activeCarry = carryFixpoint(activeCarry0, (carry) =>
        tangentBody(b, body, [...activeConsts, ...carry, ...activeXs])
          .tangents.slice(0, n)
          .map((t) => t !== null),
      )
      const active = [...activeConsts, ...activeCarry, ...activeXs]
      const t = tangentBody(b, body, active)
      const [pc, ps, px] = scanParts(t.params, attrs)
      // Tangent parameters come in the order of the active primals.
      let next = 0
      const grouped = active.map((yes) => (yes ? t.tangentParams[next++] : null))
      const [tc, ts, tx] = scanParts(grouped, attrs).map((list) => list.filter((p) => p !== null))
      const [ic, is, ix] = scanParts(inputs, attrs)
      const given = inputs.map((x, i) => (active[i] ? (tangents[i] ?? b.literal(x, 0)) : null))
      const [gc, gs, gx] = scanParts(given, attrs).map((list) => list.filter((p) => p !== null))
      const carryTangents = t.tangents
        .slice(0, n)
        .flatMap((x, i) => (activeCarry[i] ? [x ?? b.literal(ps[i], 0)] : []))
      const yTangents = t.tangents.slice(n)
      const outs = b.scan(
        {
          params: [...pc, ...tc, ...ps, ...ts, ...px, ...tx],
          results: [
            ...t.results.slice(0, n),
            ...carryTangents,
            ...t.results.slice(n),
            ...yTangents.filter((y) => y !== null),
          ],
        },
        { consts: [...ic, ...gc], carry: [...is, ...gs], xs: [...ix, ...gx] },
        { length, reverse: attrs.reverse, checkpoint: attrs.checkpoint },
      )
      let at = n
      const carryOut = activeCarry.map((yes) => (yes ? outs[at++] : null))
      at += t.results.length - n
      const yOut = yTangents.map((y) => (y === null ? null : outs[at++]))
      return [...carryOut, ...yOut]
    },
    batch: (b, { node, inputs, batched, size }) => {
      const { attrs } = node
      const { body, length, carry: n } = attrs
      const [bc, bs0, bx] = scanParts(batched, attrs)
      const bs = carryFixpoint(bs0, (carry) =>
        batchGraph(b, body, [...bc, ...carry, ...bx], size).batched.slice(0, n),
      )
      const inner = batchGraph(b, body, [...bc, ...bs, ...bx], size)
      const results = inner.results.map((r, i) =>
        inner.batched[i] || (i < n && !bs[i]) ? r : i < n ? b.expandBatch(r, size) : r,
      )
      const front = (x: Node): Node => b.moveAxis(x, 0, 1) // (B, T, …) → (T, B, …)
      const [consts, carry, xs] = scanParts(inputs, attrs)
      const outs = b.scan(
        { params: inner.params, results },
        {
          consts,
          carry: carry.map((c, i) => (bs[i] && !bs0[i] ? b.expandBatch(c, size) : c)),
          xs: xs.map((x, i) => (bx[i] ? front(x) : x)),
        },
        { length, reverse: attrs.reverse, checkpoint: attrs.checkpoint },
      )
      return outs.slice(0, body.results.length).map((y, i) => {
        if (i < n) return bs[i] ? y : b.expandBatch(y, size)
        return inner.batched[i] ? front(y) : b.expandBatch(y, size)
      })
    },
  },

  while: {
    infer: (inputs, { cond, body, consts }) => {
      for (const graph of [cond, body]) checkClosed('while', graph)
      expectAvals('while', 'body parameter', body.params, inputs)
      expectAvals('while', 'condition parameter', cond.params, inputs)
      expectAvals('while', 'condition', [{ shape: [], dtype: 'bool' }], cond.results)
      expectAvals('while', 'carry', inputs.slice(consts), body.results)
      return inputs.slice(consts)
    },
    vjp: 'none',
    // Forward mode: the tangents travel in the carry.
    jvp: (b, { node, inputs, tangents }) => {
      const { cond, body, consts } = node.attrs
      const active0 = inputs.map((x, i) => tangents[i] !== null && isDifferentiable(x))
      const activeConsts = active0.slice(0, consts)
      const activeCarry = carryFixpoint(active0.slice(consts), (carry) =>
        tangentBody(b, body, [...activeConsts, ...carry]).tangents.map((t) => t !== null),
      )
      const active = [...activeConsts, ...activeCarry]
      const t = tangentBody(b, body, active)
      let next = 0
      const grouped = active.map((yes) => (yes ? t.tangentParams[next++] : null))
      const keep = <T>(list: readonly (T | null)[]): T[] => list.filter((x) => x !== null)
      const given = inputs.map((x, i) => (active[i] ? (tangents[i] ?? b.literal(x, 0)) : null))
      const order = <T>(primal: readonly T[], tangent: readonly (T | null)[]): T[] => [
        ...primal.slice(0, consts),
        ...keep(tangent.slice(0, consts)),
        ...primal.slice(consts),
        ...keep(tangent.slice(consts)),
      ]
      const condParams = formals(b, body.params)
      const condTangents = grouped.map((p) => (p === null ? null : b.placeholder(p.shape, p.dtype)))
      const condResults = substitute(b, cond.results, new Map(cond.params.map((p, i) => [p, condParams[i]])))
      const outs = b.whileLoop(
        { params: order(condParams, condTangents), results: condResults },
        {
          params: order(t.params, grouped),
          results: [
            ...t.results,
            ...t.tangents.flatMap((x, i) => (activeCarry[i] ? [x ?? b.literal(t.results[i], 0)] : [])),
          ],
        },
        order(inputs, given),
        consts + activeConsts.filter(Boolean).length,
      )
      let at = body.results.length
      return activeCarry.map((yes) => (yes ? outs[at++] : null))
    },
    // Examples that are done keep their carry while others go on.
    batch: (b, { node, inputs, batched, size }) => {
      const { cond, body, consts } = node.attrs
      const bc = batched.slice(0, consts)
      const bs = carryFixpoint(batched.slice(consts), (carry) => {
        const condition = batchGraph(b, cond, [...bc, ...carry], size).batched[0]
        return batchGraph(b, body, [...bc, ...carry], size).batched.map((x) => x || condition)
      })
      const flags = [...bc, ...bs]
      const carry = inputs
        .slice(consts)
        .map((c, i) => (bs[i] && !batched[consts + i] ? b.expandBatch(c, size) : c))
      const test = batchGraph(b, cond, flags, size)
      const step = batchGraph(b, body, flags, size)
      const again = substitute(b, test.results, new Map(test.params.map((p, i) => [p, step.params[i]])))[0]
      const results = step.results.map((r, i) => {
        if (!bs[i]) return r
        const next = step.batched[i] ? r : b.expandBatch(r, size)
        if (!test.batched[0]) return next
        const mask = b.expand(b.reshape(again, [size, ...next.shape.slice(1).map(() => 1)]), next.shape)
        return b.where(mask, next, step.params[consts + i])
      })
      const any = test.batched[0]
        ? [b.eq(b.reduceMax(b.cast(test.results[0], 'i32'), [0]), b.constant(1, 'i32'))]
        : test.results
      const outs = b.whileLoop(
        { params: test.params, results: any },
        { params: step.params, results },
        [...inputs.slice(0, consts), ...carry],
        consts,
      )
      return outs.map((y, i) => (bs[i] ? y : b.expandBatch(y, size)))
    },
  },

  cond: {
    infer: ([predicate, ...operands], { branches }) => {
      for (const branch of branches) checkClosed('cond', branch)
      expectAvals('cond', 'predicate', [{ shape: [], dtype: 'bool' }], [predicate])
      for (const branch of branches) expectAvals('cond', 'branch parameter', branch.params, operands)
      expectAvals('cond', 'branch result', branches[0].results, branches[1].results)
      return branches[0].results.map(({ shape, dtype }) => ({ shape, dtype }))
    },
    // A cond of the branches' pullbacks.
    vjp: (b, { node, inputs: [predicate, ...operands], outputs, cotangents, needs }) => {
      const wanted = operands.map((_, i) => needs[i + 1])
      const live = cotangents.map((g, i) => (g === null ? null : i)).filter((i) => i !== null)
      // Branches are differentiated on copies, which must record gradients whatever the caller's mode.
      const back = b.withGradMode(true, () =>
        node.attrs.branches.map((branch): Subgraph => {
          const params = formals(b, branch.params)
          const results = substitute(b, branch.results, new Map(branch.params.map((p, i) => [p, params[i]])))
          const gs = live.map((i) => b.placeholder(outputs[i].shape, outputs[i].dtype))
          const wrt = params.filter((_, i) => wanted[i])
          const grads = pullback(
            b,
            live.map((i) => results[i]),
            gs,
            wrt,
          )
          return { params: [...params, ...gs], results: wrt.map((p, i) => grads[i] ?? b.literal(p, 0)) }
        }),
      ) as [Subgraph, Subgraph]
      const outs = b.cond(predicate, back, [...operands, ...live.map((i) => cotangents[i]!)])
      let at = 0
      return [null, ...wanted.map((yes) => (yes ? outs[at++] : null))]
    },
    jvp: (b, { node, inputs: [predicate, ...operands], tangents: [, ...given] }) => {
      const active = operands.map((x, i) => given[i] !== null && isDifferentiable(x))
      const bodies = node.attrs.branches.map((branch) => tangentBody(b, branch, active))
      const live = node.attrs.branches[0].results.map((_, i) => bodies.some((t) => t.tangents[i] !== null))
      const branches = bodies.map(
        (t): Subgraph => ({
          params: [...t.params, ...t.tangentParams],
          results: t.tangents.flatMap((x, i) => (live[i] ? [x ?? b.literal(t.results[i], 0)] : [])),
        }),
      ) as [Subgraph, Subgraph]
      const outs = b.cond(predicate, branches, [
        ...operands,
        ...given.filter((_, i) => active[i]).map((t) => t!),
      ])
      let at = 0
      return live.map((yes) => (yes ? outs[at++] : null))
    },
    // With one predicate for all, a cond of batched branches; with one each, both branches and a choice.
    batch: (b, { node, inputs, batched, size }) => {
      const [predicate, ...operands] = inputs
      const graphs = node.attrs.branches.map((branch) => batchGraph(b, branch, batched.slice(1), size))
      const full = graphs.map(
        (g): Subgraph => ({
          params: g.params,
          results: g.results.map((r, i) => (g.batched[i] ? r : b.expandBatch(r, size))),
        }),
      ) as [Subgraph, Subgraph]
      if (!batched[0]) return b.cond(predicate, full, operands)
      const [yes, no] = full.map((g) =>
        substitute(b, g.results, new Map(g.params.map((p, i) => [p, operands[i]]))),
      )
      return yes.map((y, i) =>
        b.where(b.expand(b.reshape(predicate, [size, ...y.shape.slice(1).map(() => 1)]), y.shape), y, no[i]),
      )
    },
  },

  barrier: {
    infer: (inputs) => inputs.map(({ shape, dtype }) => ({ shape, dtype })),
    vjp: (_b, { node, inputs, outputs, cotangents }) =>
      node.attrs.gradient === undefined ? cotangents : node.attrs.gradient.vjp(inputs, outputs, cotangents),
    jvp: (_b, { node, inputs, outputs, tangents }) =>
      node.attrs.gradient === undefined
        ? tangents
        : customTangents(node.attrs.gradient, inputs, outputs, tangents),
    batch: (b, { node, inputs, batched, size }) => {
      const { gradient } = node.attrs
      return b.barrier(
        inputs.map((x, i) => (batched[i] ? x : b.expandBatch(x, size))),
        gradient && batchedGradient(b, gradient, size),
      )
    },
  },

  call: {
    infer: (_, { outputs }) => outputs,
    vjp: (_b, { node, inputs, outputs, cotangents }) =>
      node.attrs.vjp === null ? inputs.map(() => null) : node.attrs.vjp(inputs, outputs, cotangents),
    jvp: 'transpose',
    batch: (b, { node, inputs, batched, size }) => {
      const { attrs } = node
      if (attrs.kernel.batched || size === 0) {
        const wide = inputs.map((x, i) => (batched[i] ? x : b.expandBatch(x, size)))
        const outputs = attrs.outputs.map((o) => stacked(o, size))
        // Of no example there is nothing to run, whatever the kernel takes.
        if (size === 0) return outputs.map((o) => b.full(o.shape, 0, o.dtype))
        return b.call(wide, { ...attrs, outputs })
      }
      const rows = Array.from({ length: size }, (_, r) =>
        b.outputs(
          b.make(
            'call',
            inputs.map((x, i) => (batched[i] ? b.reshape(b.sliceAxis(x, 0, r, r + 1), x.shape.slice(1)) : x)),
            node.attrs,
          ),
        ),
      )
      return node.attrs.outputs.map((o, i) =>
        b.concat(
          rows.map((row) => b.reshape(row[i], [1, ...o.shape])),
          0,
        ),
      )
    },
  },

  output: {
    infer: ([x]) => x, // `make` hands over the aval of the chosen result
    vjp: (_b, { g }) => [g], // `pullback` routes the cotangent to the right result
    jvp: (_b, { tangents }) => tangents,
    batch: (_b, { inputs }) => inputs,
  },
}

const isDifferentiable = (x: Node): boolean =>
  x.dtype === 'f32' || x.dtype === 'f64' || x.dtype === 'f16' || x.dtype === 'bf16'
