/**
 * If, Loop and Scan. A condition or trip count that is known while the graph is built decides at once, so that branches
 * may differ in shape and loops unroll; inside of `compile` what depends on the data stays in the graph as `cond`
 * and `whileLoop`.
 */

import { TraceError } from '../../core/errors.js'
import { range } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import { wrap } from '../../tensor/base.js'
import { cond, scan, whileLoop } from '../../tensor/control-flow.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { Context, Rule, Rules } from '../context.js'
import { maxIterations } from '../limits.js'
import type { GraphProto } from '../schema.js'
import {
  asTensor,
  constantTensor,
  hostValues,
  int64Tensor,
  isKnown,
  type OnnxTensor,
  type OnnxValue,
  tensorValue,
} from '../value.js'

const flag = (node: Node): Node => b.reshape(node, [])

/** Graphs longer than this are one `scan` with a body instead of the body many times. */
const unrolled = 8

const runBranch: Rule = (c) => {
  const [yes, no] = [c.graph('then_branch'), c.graph('else_branch')]
  if (c.isKnown(0)) return c.runGraph(c.number(0) !== 0 ? yes : no, [])
  let types: OnnxTensor[] = []
  const branch = (graph: GraphProto) => (): Tensor[] => {
    const results = c.runGraph(graph, []).map((v, i) => asTensor(v, `result ${i} of a branch`))
    types = results
    return results.map((t) => wrap(t.node))
  }
  const results = cond(wrap(flag(c.x(0))), branch(yes), branch(no))
  return results.map((t, i) => tensorValue(t.node, types[i].type))
}

/** Whether the loop has to decide on data that is not known yet. */
const loopsOnData = (c: Context): boolean => (c.has(0) && !c.isKnown(0)) || (c.has(1) && !c.isKnown(1))

const readFlag = (c: Context, value: OnnxValue): boolean => {
  const { node } = asTensor(value, 'the condition')
  return Number(hostValues(node, `The condition of ${c.label}`)[0]) !== 0
}

/** A new axis in front, and all of them joined. An empty list has a shape only where the body's output declares one. */
function stackAll(c: Context, list: readonly OnnxTensor[], body: GraphProto, output: number): OnnxTensor {
  if (list.length > 0) {
    const rows = list.map(({ node }) => b.reshape(node, [1, ...node.shape]))
    return { ...list[0], node: b.concat(rows, 0) }
  }
  const declared = body.output[output]?.type?.tensorType?.shape?.dim.map((d) => d.dimValue)
  if (declared === undefined || declared.some((n) => n === undefined)) {
    return c.fail('a loop that ran no step has outputs of unknown shape.')
  }
  return int64Tensor([], [0, ...(declared as number[])])
}

const loop: Rule = (c) => {
  const body = c.graph('body')
  if (loopsOnData(c)) return loopInGraph(c, body)
  const carried = c.inputs.length - 2
  const most = c.has(0) ? c.number(0) : Number.POSITIVE_INFINITY
  let state: (OnnxValue | null)[] = range(Math.max(0, carried)).map((i) => c.inputs[i + 2])
  let again = c.has(1) ? c.number(1) !== 0 : true
  let condition: OnnxValue = constantTensor({ type: 'bool', shape: [], data: Uint8Array.of(1) })
  const scanned = range(Math.max(0, body.output.length - 1 - state.length)).map((): OnnxTensor[] => [])
  for (let i = 0; again && i < most; i++) {
    if (i >= maxIterations) c.fail(`expected at most ${maxIterations} iterations.`)
    const results = c.runGraph(body, [int64Tensor([i], []), condition, ...state])
    condition = results[0]
    const known = condition.kind === 'tensor' && isKnown(condition.node)
    if (!known && i + 1 < most) {
      // The number of steps depends on data that a trace does not have.
      if (i === 0) return loopInGraph(c, body)
      throw new TraceError(`${c.label}: the condition became dependent on the model's inputs in step ${i}.`)
    }
    again = known ? readFlag(c, condition) : false
    state = results.slice(1, 1 + state.length)
    results.slice(1 + state.length).forEach((value, k) => {
      scanned[k].push(asTensor(value, `scan output ${k}`))
    })
  }
  return [...state, ...scanned.map((list, k) => stackAll(c, list, body, 1 + state.length + k))]
}

/** A loop whose end depends on data: its state keeps shapes, and it has no stacked outputs. */
function loopInGraph(c: Context, body: GraphProto): OnnxValue[] {
  const state = range(Math.max(0, c.count - 2)).map((i) => c.tensor(i + 2))
  if (body.output.length - 1 > state.length) {
    throw new TraceError(
      `${c.label} stacks one output a step, and the number of its steps depends on the model's inputs. Run the model ` +
        'eagerly, outside of compile(), vmap() and scan().',
    )
  }
  const limit = c.has(0) ? flag(c.x(0)) : null
  const start = c.has(1) ? flag(c.x(1)) : b.full([], 1, 'bool')
  const carry = [wrap(b.full([], 0, 'i64')), wrap(start), ...state.map((t) => wrap(t.node))]
  const results = whileLoop(
    ([i, again]: Tensor[]) => wrap(limit === null ? again.node : b.and(again.node, b.lt(i.node, limit))),
    ([i, again, ...now]: Tensor[]) => {
      const values = now.map((t, k) => tensorValue(t.node, state[k].type))
      const [next, ...after] = c.runGraph(body, [
        tensorValue(i.node, 'int64'),
        tensorValue(again.node, 'bool'),
        ...values,
      ])
      const nodes = after.map((v) => wrap(asTensor(v, 'the state of a loop').node))
      return [
        wrap(b.add(i.node, b.literal(i.node, 1))),
        wrap(flag(asTensor(next, 'the condition').node)),
        ...nodes,
      ]
    },
    carry,
  )
  return results.slice(2).map((t, k) => tensorValue(t.node, state[k].type))
}

/** Element t of an axis, without it. */
const at = (x: Node, axis: number, t: number): Node =>
  b.reshape(b.sliceAxis(x, axis, t, t + 1), [...x.shape.slice(0, axis), ...x.shape.slice(axis + 1)])

interface ScanSpec {
  readonly body: GraphProto
  readonly state: readonly OnnxTensor[]
  readonly inputs: readonly OnnxTensor[]
  readonly inputAxes: readonly number[]
  readonly inputReverse: readonly boolean[]
  readonly outputAxes: readonly number[]
  readonly outputReverse: readonly boolean[]
}

function runScan(c: Context, spec: ScanSpec): OnnxTensor[] {
  const { body, state, inputs, inputAxes, inputReverse, outputAxes, outputReverse } = spec
  const steps = inputs[0]?.node.shape[inputAxes[0]] ?? 0
  inputs.forEach(({ node }, k) => {
    if (node.shape[inputAxes[k]] !== steps) c.fail(`expected ${steps} steps in scan input ${k}.`)
  })
  if (steps > maxIterations) c.fail(`expected at most ${maxIterations} steps, got ${steps}.`)
  const rows = inputs.map(({ node }, k) => {
    const front = b.moveAxis(node, inputAxes[k], 0)
    return inputReverse[k] ? b.flip(front, [0]) : front
  })
  const place = (stacked: Node, k: number): Node => {
    const ordered = outputReverse[k] ? b.flip(stacked, [0]) : stacked
    const rank = ordered.shape.length
    const axis = outputAxes[k] ?? 0
    return b.moveAxis(ordered, 0, axis < 0 ? axis + rank : axis)
  }
  const step = (now: readonly OnnxTensor[], xs: readonly Node[]): OnnxTensor[] =>
    c
      .runGraph(body, [...now, ...xs.map((x, k) => tensorValue(x, inputs[k].type))])
      .map((v, i) => asTensor(v, `result ${i} of a step`))
  if (steps > unrolled) {
    try {
      let types: OnnxTensor[] = []
      const [last, stacked] = scan(
        (carry: Tensor[], xs: Tensor[]): [Tensor[], Tensor[]] => {
          types = step(
            carry.map((t, i) => tensorValue(t.node, state[i].type)),
            xs.map((t) => t.node),
          )
          const nodes = types.map((t) => wrap(t.node))
          return [nodes.slice(0, state.length), nodes.slice(state.length)]
        },
        state.map((t) => wrap(t.node)),
        rows.map(wrap),
      )
      return [
        ...last.map((t, i) => tensorValue(t.node, types[i].type)),
        ...stacked.map((t, k) => tensorValue(place(t.node, k), types[state.length + k].type)),
      ]
    } catch (error) {
      // A body that needs values of its inputs cannot be traced; step by step it can run.
      if (!(error instanceof TraceError)) throw error
    }
  }
  let now = state
  const lists: OnnxTensor[][] = range(body.output.length - state.length).map(() => [])
  for (let t = 0; t < steps; t++) {
    const results = step(
      now,
      rows.map((x) => at(x, 0, t)),
    )
    now = results.slice(0, state.length)
    results.slice(state.length).forEach((value, k) => {
      lists[k].push(value)
    })
  }
  return [
    ...now,
    ...lists.map((list, k) => {
      const stacked = stackAll(c, list, body, state.length + k)
      return { ...stacked, node: place(stacked.node, k) }
    }),
  ]
}

const scanRule: Rule = (c) => {
  const body = c.graph('body')
  const count = c.int('num_scan_inputs')
  const old = c.version < 9
  const all = range(c.count - (old ? 1 : 0)).map((i) => c.tensor(i + (old ? 1 : 0)))
  const states = all.length - count
  if (!(count >= 1 && states >= 0)) c.fail(`expected 1 to ${all.length} scan inputs, got ${count}.`)
  const outputs = body.output.length - states
  const flags = (name: string, n: number): boolean[] => range(n).map((k) => (c.ints(name)?.[k] ?? 0) !== 0)
  const axes = c.ints('scan_input_axes') ?? []
  const spec = {
    body,
    inputReverse: flags(old ? 'directions' : 'scan_input_directions', count),
    outputAxes: range(outputs).map((k) => (old ? 0 : (c.ints('scan_output_axes')?.[k] ?? 0))),
    outputReverse: flags('scan_output_directions', outputs),
  }
  if (!old) {
    const inputs = all.slice(states)
    return runScan(c, {
      ...spec,
      state: all.slice(0, states),
      inputs,
      inputAxes: inputs.map((t, k) => c.axis(axes[k] ?? 0, t.node.shape.length)),
    })
  }
  // Operator set 8: everything has a batch axis in front, and each example is scanned by itself.
  const [batch] = all[0].node.shape
  if (c.has(0)) c.fail('sequence lengths of Scan in operator set 8 are not supported.')
  const runs = range(batch).map((i) => {
    const own = all.map((t) => ({ ...t, node: at(t.node, 0, i) }))
    const inputs = own.slice(states)
    return runScan(c, { ...spec, state: own.slice(0, states), inputs, inputAxes: inputs.map(() => 0) })
  })
  return range(body.output.length).map((k) =>
    stackAll(
      c,
      runs.map((r) => r[k]),
      body,
      k,
    ),
  )
}

export const control: Rules = { If: runBranch, Loop: loop, Scan: scanRule }
