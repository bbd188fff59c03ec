/** Whether a kernel may write its result over one of its inputs: what it reads of it, it has read by then. */
import type { Node } from '../../ir/node.js'
import { isTiled, type KernelSpec, tileOperands } from '../../schedule/kernel-spec.js'
import { partsOf } from '../../schedule/parts.js'
import { readsElsewhere } from '../../schedule/reads-elsewhere.js'

/** Whether a kernel reads `input` only at the element it writes. */
export function onlyAtOwnElement(spec: KernelSpec, input: Node): boolean {
  // A row's later steps read inputs after its earlier ones have stored.
  if (spec.kind === 'map' && spec.rows !== undefined) return false
  if (spec.kind === 'winogradTaps') return false
  if (isTiled(spec) && tileOperands(spec).some((x) => reachable(x, input, spec.inputs))) return false
  const stop = new Set(spec.inputs)
  const own = spec.outputs.flatMap((node) => (spec.kind === 'map' ? (partsOf(node) ?? [node]) : [node]))
  const stack = own.map((node) => ({ node, moved: false }))
  const seen = new Set<string>()
  while (stack.length > 0) {
    const { node, moved } = stack.pop()!
    const key = `${node.id}${moved}`
    if (seen.has(key)) continue
    seen.add(key)
    if (node === input && moved) return false
    if (stop.has(node) || (isTiled(spec) && node === spec.node)) continue
    for (const x of node.inputs) stack.push({ node: x, moved: moved || readsElsewhere.has(node.op) })
  }
  return true
}

function reachable(from: Node, to: Node, stops: readonly Node[]): boolean {
  const stop = new Set(stops)
  const stack = [from]
  const seen = new Set<Node>()
  while (stack.length > 0) {
    const node = stack.pop()!
    if (node === to) return true
    if (seen.has(node) || stop.has(node)) continue
    seen.add(node)
    stack.push(...node.inputs)
  }
  return false
}
