/**
 * The reference backend: a slow, obvious interpreter of the primitives. It walks the graph in topological order and
 * evaluates each node in f64 (integers exactly), rounding to the node's dtype at its output. It shares no lowering
 * with the other backends, so it can settle what a graph means.
 */
import { InternalError, ValueError } from '../../core/errors.js'
import type { Storage } from '../../core/storage.js'
import type { Graph } from '../../ir/graph.js'
import { type Node, type Primitive, type Subgraph, topologicalOrder } from '../../ir/node.js'
import type { Backend, Executable } from '../backend.js'
import { contract } from './contract.js'
import { control } from './control.js'
import { indexing } from './indexing.js'
import { leaves } from './leaves.js'
import { movement } from './movement.js'
import { reduce } from './reduce.js'
import { scalar } from './scalar.js'
import type { Evaluation, Evaluator, Evaluators, Run, Value } from './value.js'
import { window } from './window.js'

/** Every primitive's evaluator: one that is missing is a compile error. */
const evaluators: Evaluators<Primitive> = {
  ...leaves,
  ...scalar,
  ...movement,
  ...reduce,
  ...contract,
  ...window,
  ...indexing,
  ...control,
}

/** Nodes in the order of evaluation, and after which position each value is no longer needed. */
interface Plan {
  readonly order: readonly Node[]
  readonly dying: readonly (readonly Node[])[]
}

function planOf(roots: readonly Node[], given: ReadonlySet<Node>): Plan {
  const order = topologicalOrder(roots, (node) => (given.has(node) ? [] : node.inputs))
  const last = new Map<Node, number>()
  order.forEach((node, at) => {
    if (!given.has(node)) for (const x of node.inputs) last.set(x, at)
  })
  for (const root of roots) last.delete(root)
  const dying: Node[][] = order.map(() => [])
  for (const [node, at] of last) dying[at].push(node)
  return { order, dying }
}

class Interpreter implements Run {
  private readonly plans: Map<Subgraph, Plan>
  private readonly outer: ReadonlyMap<Node, readonly Value[]>
  firstFault: string | null = null

  /** `outer` holds the run's own inputs, which a body may read too. */
  constructor(plans: Map<Subgraph, Plan>, outer: ReadonlyMap<Node, readonly Value[]>) {
    this.plans = plans
    this.outer = outer
  }

  fault(message: string): void {
    this.firstFault ??= message
  }

  evaluate(body: Subgraph, args: readonly Value[]): Value[] {
    let plan = this.plans.get(body)
    if (plan === undefined) {
      plan = planOf(body.results, new Set<Node>([...body.params, ...this.outer.keys()]))
      this.plans.set(body, plan)
    }
    const known = new Map<Node, readonly Value[]>(body.params.map((p, i) => [p, [args[i]]]))
    return this.execute(plan, body.results, known)
  }

  execute({ order, dying }: Plan, roots: readonly Node[], known: Map<Node, readonly Value[]>): Value[] {
    const valueOf = (node: Node): readonly Value[] => known.get(node) ?? this.outer.get(node)!
    order.forEach((node, at) => {
      if (!known.has(node) && !this.outer.has(node)) {
        if (node.storage !== null) {
          throw new InternalError(
            `reference: computed node ${node.id} (${node.op}) is not among the graph's inputs.`,
          )
        }
        const all = node.inputs.map(valueOf)
        const evaluate = evaluators[node.op] as Evaluator<Primitive>
        const evaluation: Evaluation<Primitive> = { node, all, inputs: all.map((v) => v[0]), run: this }
        const result = evaluate(evaluation)
        known.set(node, Array.isArray(result) ? result : [result as Value])
      }
      for (const dead of dying[at]) known.delete(dead)
    })
    return roots.map((root) => valueOf(root)[0])
  }
}

function compile({ inputs, outputs }: Graph): Executable {
  const plan = planOf(outputs, new Set(inputs))
  const plans = new Map<Subgraph, Plan>()
  return {
    info: {
      kernels: plan.order.filter((node) => node.inputs.length > 0).length,
      arenaBytes: 0,
      codeBytes: 0,
    },
    run(given: readonly Storage[], written: readonly Storage[]): void {
      if (given.length !== inputs.length || written.length !== outputs.length) {
        throw new InternalError(
          `reference: expected ${inputs.length} inputs and ${outputs.length} outputs, got ${given.length} and ${written.length}.`,
        )
      }
      const bound = new Map<Node, readonly Value[]>(
        inputs.map((node, i) => [node, [{ shape: node.shape, dtype: node.dtype, data: given[i].array() }]]),
      )
      const interpreter = new Interpreter(plans, bound)
      const values = interpreter.execute(plan, outputs, new Map())
      if (interpreter.firstFault !== null) throw new ValueError(interpreter.firstFault)
      // An output may be (a view of) an input's storage: copy all values before writing any.
      const copies = values.map((v) => v.data.slice())
      copies.forEach((data, i) => {
        const target = written[i].write()
        for (let k = 0; k < data.length; k++) target[k] = data[k]
      })
    },
  }
}

export const createReferenceBackend = (): Backend => ({
  name: 'reference',
  description: 'reference: an interpreter of the primitives in f64, one thread',
  threads: 1,
  compile,
})
