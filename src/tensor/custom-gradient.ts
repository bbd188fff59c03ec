/** `customGradient`: a function whose derivative is given and not derived. */
import { isFloat } from '../core/dtype.js'
import { ShapeError, TraceError } from '../core/errors.js'
import { formatShape, sameShape } from '../core/shape.js'
import * as build from '../ir/build.js'
import type { CustomGradient, Node } from '../ir/node.js'
import { withTransform } from '../runtime/state.js'
import { type Flat, flattenTensors, orderLike } from './closure.js'
import { withLiterals } from './literals.js'

export interface CustomGradientOptions<A extends unknown[], R> {
  /** The tangents of the result, a tree like it: what forward mode (jvp, hvp) uses. Without it, that is an error. */
  readonly jvp?: (tangents: A, args: A, result: R) => R
}

/** What a rule for the arguments may return: a list like the arguments, null where there is no gradient. */
export type ArgumentGradients<A extends unknown[]> = { readonly [K in keyof A]: A[K] | null }

/** The nodes of a rule's result, in the order of `like`; null where the rule gives null. */
function nodesLike(what: string, like: Flat, result: unknown, parts: readonly unknown[]): (Node | null)[] {
  const found: (Node | null)[] = []
  const list = Array.isArray(result) ? result : [result]
  if (list.length !== parts.length) {
    throw new TraceError(
      `customGradient: expected ${parts.length} ${what}, one for each, got ${list.length}. Use null for none.`,
    )
  }
  parts.forEach((part, i) => {
    if (list[i] === null || list[i] === undefined) found.push(...flattenTensors(part).nodes.map(() => null))
    else found.push(...flattenTensors(orderLike('customGradient', `${what} ${i}`, part, list[i])).nodes)
  })
  found.forEach((node, i) => {
    const expected = like.nodes[i]
    if (node === null || (sameShape(node.shape, expected.shape) && node.dtype === expected.dtype)) return
    throw new ShapeError(
      `customGradient: ${what} ${i} should be ${expected.dtype} ${formatShape(expected.shape)}, got ${node.dtype} ${formatShape(node.shape)}.`,
    )
  })
  return found
}

const orZeros = (nodes: readonly (Node | null)[], like: readonly Node[]): Node[] =>
  nodes.map((g, i) => g ?? build.literal(like[i], 0))

/**
 * f with derivatives of your own: `backward(cotangents, args, result)` gets the cotangents of the result (a tree like
 * it) and returns the list of the arguments' gradients (null for none). It is a function of tensors that is called
 * again whenever a derivative is taken, so derivatives of any order follow from it; let it read its parameters only.
 * Plain numbers in it are part of the program: one that changes is compiled anew.
 *
 * Composes with every transform; forward mode needs the rule `jvp` and is an error without. Throws TraceError where f
 * reads a tensor from outside that requires a gradient, which would be lost: pass it as an argument.
 */
export function customGradient<A extends unknown[], R>(
  f: (...args: A) => R,
  backward: (cotangents: R, args: A, result: R) => ArgumentGradients<A>,
  { jvp }: CustomGradientOptions<A, R> = {},
): (...args: A) => R {
  return (...args) => {
    const given = flattenTensors(args)
    const value = withTransform(() => f(...(given.rebuild(given.nodes.map(build.stopGradient)) as A)))
    const tree = flattenTensors(value)
    if (tree.nodes.length === 0) {
      throw new TraceError('customGradient: expected a function that returns a tensor or a tree of tensors.')
    }
    if (tree.nodes.some((y) => y.requiresGrad)) {
      throw new TraceError(
        'customGradient: expected a function of its arguments, but it reads a tensor from outside that requires a gradient, ' +
          'which would be lost. Pass that tensor as an argument.',
      )
    }
    const n = tree.nodes.length
    const argsFrom = (inputs: readonly Node[]): A => given.rebuild(inputs.slice(n)) as A
    const resultFrom = (nodes: readonly Node[]): R => tree.rebuild(nodes.slice(0, n)) as R
    const gradient: CustomGradient = {
      vjp: (inputs, outputs, cotangents) => {
        const seeds = orZeros(cotangents.slice(0, n), tree.nodes)
        const found = backward(resultFrom(seeds), argsFrom(inputs), resultFrom(outputs))
        const nodes = nodesLike('gradients of arguments', given, found, args)
        const literal = withLiterals(nodes, [...inputs, ...outputs, ...cotangents])
        return [...tree.nodes.map(() => null), ...literal.map((g) => (g && isFloat(g.dtype) ? g : null))]
      },
      jvp:
        jvp === undefined
          ? null
          : (inputs, outputs, tangents) => {
              const along = orZeros(tangents.slice(n), given.nodes)
              const found = jvp(given.rebuild(along) as A, argsFrom(inputs), resultFrom(outputs))
              const nodes = nodesLike('tangents of results', tree, [found], [value])
              const literal = withLiterals(nodes, [...inputs, ...outputs, ...tangents])
              return [...literal, ...given.nodes.map(() => null)]
            },
    }
    const outputs = build.barrier([...tree.nodes, ...given.nodes], gradient)
    return resultFrom(outputs)
  }
}
