/**
 * The hooks of one module and how a `forward` runs with them. Backward hooks stand on two markers in the graph, around
 * the module's inputs and outputs, whose derivatives call them.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, sameShape } from '../core/shape.js'
import * as build from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { nodeOf, wrap } from '../tensor/base.js'
import { flattenTensors } from '../tensor/closure.js'
import { withLiterals } from '../tensor/literals.js'
import type { Tensor } from '../tensor/tensor.js'
import type { BackwardHook, BackwardPreHook, ForwardHook, ForwardPreHook, Module } from './module.js'

/** One gradient for each tensor among a module's inputs or outputs; null where there is none. */
export type Gradients = readonly (Tensor | null)[]

type Cotangents = readonly (Node | null)[]

/** A tree of tensors behind a marker, whose derivative passes cotangents through `fn`. */
function marked(tree: unknown, fn: (cotangents: Cotangents) => Cotangents): unknown {
  const flat = flattenTensors(tree)
  if (flat.nodes.length === 0) return tree
  const outputs = build.barrier(flat.nodes, {
    vjp: (_inputs, _outputs, cotangents) => fn(cotangents),
    jvp: (_inputs, _outputs, tangents) => tangents,
  })
  return flat.rebuild(outputs)
}

const tensorsOf = (nodes: Cotangents): Gradients => nodes.map((g) => (g === null ? null : wrap(g)))

/** The gradients that a hook returned, in place of `given`. */
function replaced(hook: string, given: Cotangents, result: unknown): Cotangents {
  if (result === undefined) return given
  if (!Array.isArray(result) || result.length !== given.length) {
    throw new ValueError(
      `${hook}: expected the hook to return nothing or a list of ${given.length} gradients, one for each tensor (or null).`,
    )
  }
  const nodes = (result as Gradients).map((g) => (g === null ? null : nodeOf(g)))
  return withLiterals(nodes, given).map((node, i) => {
    if (node === null) return null
    const before = given[i]
    if (before !== null && (!sameShape(node.shape, before.shape) || node.dtype !== before.dtype)) {
      throw new ShapeError(
        `${hook}: expected gradient ${i} to be ${before.dtype} ${formatShape(before.shape)}, got ${node.dtype} ${formatShape(node.shape)}.`,
      )
    }
    return node
  })
}

export class ModuleHooks {
  readonly pre = new Set<{ hook: ForwardPreHook }>()
  readonly forward = new Set<{ hook: ForwardHook }>()
  readonly backwardPre = new Set<{ hook: BackwardPreHook }>()
  readonly backward = new Set<{ hook: BackwardHook }>()

  get size(): number {
    return this.pre.size + this.forward.size + this.backwardPre.size + this.backward.size
  }

  /** Runs `forward` of `module` on `inputs` with all hooks. */
  run(module: Module, inputs: readonly unknown[], forward: (...inputs: unknown[]) => unknown): unknown {
    let given = [...inputs]
    for (const { hook } of this.pre) {
      const next = hook(module, given)
      if (next !== undefined) given = Array.isArray(next) ? next : [next]
    }
    const backward = this.backward.size > 0 || this.backwardPre.size > 0
    let gradOutputs: Cotangents = []
    const nodes = flattenTensors(given).nodes
    const differentiable = nodes.some((x) => x.requiresGrad)
    if (backward && differentiable) {
      given = marked(given, (cotangents) => this.backwardHooks(module, cotangents, gradOutputs)) as unknown[]
    }
    let output = forward(...given)
    for (const { hook } of this.forward) {
      const next = hook(module, given, output)
      if (next !== undefined) output = next
    }
    if (!backward) return output
    return marked(output, (cotangents) => {
      gradOutputs = cotangents
      for (const { hook } of this.backwardPre) {
        gradOutputs = replaced(
          'registerFullBackwardPreHook',
          gradOutputs,
          hook(module, tensorsOf(gradOutputs)),
        )
      }
      // Where no input takes a gradient, this is the only place at which the hooks can run.
      if (!differentiable) {
        this.backwardHooks(
          module,
          nodes.map(() => null),
          gradOutputs,
        )
      }
      return gradOutputs
    })
  }

  private backwardHooks(module: Module, gradInputs: Cotangents, gradOutputs: Cotangents): Cotangents {
    let gradients = gradInputs
    for (const { hook } of this.backward) {
      const result = hook(module, tensorsOf(gradients), tensorsOf(gradOutputs))
      gradients = replaced('registerFullBackwardHook', gradients, result)
    }
    return gradients
  }
}
