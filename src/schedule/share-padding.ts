/**
 * An image that has to be stored with padding around it, for a convolution, is stored once: its other readers take it
 * from inside the padded one.
 */
import { sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node, type Primitive, topologicalOrder } from '../ir/node.js'
import { binaryPrimitives, unaryPrimitives } from '../ir/scalar-primitives.js'

/** The padded image may be so many times as large: more would be read than is saved. */
const mostLarger = 1.3

const elementwise: ReadonlySet<Primitive> = new Set<Primitive>([
  ...unaryPrimitives,
  ...binaryPrimitives,
  'where',
  'cast',
])
/** Movement on the way to a sum of products. */
const layout: ReadonlySet<Primitive> = new Set<Primitive>(['reshape', 'permute', 'expand', 'mul'])

/** `roots` with readers of padded values turned to the padding's inside. Leaves stay what they are. */
export function sharePadding(roots: readonly Node[], isLeaf: (node: Node) => boolean): Node[] {
  const order = topologicalOrder(roots, (n) => (isLeaf(n) ? [] : n.inputs))
  const users = new Map<Node, Node[]>()
  for (const node of order) {
    if (!isLeaf(node)) for (const x of node.inputs) users.set(x, [...(users.get(x) ?? []), node])
  }
  const rootSet = new Set(roots)
  const padded = new Map<Node, Node<'pad'>>()
  for (const node of order) {
    if (isLeaf(node) || !isOp(node, 'pad')) continue
    const [x] = node.inputs
    const computed = !isLeaf(x) && !rootSet.has(x) && elementwise.has(x.op)
    if (!computed || padded.has(x) || !surrounds(node) || !isWindowed(node, users)) continue
    const others = (users.get(x) ?? []).filter((u) => u !== node)
    if (others.length > 0 && others.every((u) => isSummed(u, users))) padded.set(x, node)
  }
  if (padded.size === 0) return [...roots]

  const done = new Map<Node, Node>()
  const inside = new Map<Node, Node>()
  const read = (x: Node, user: Node): Node => {
    const pad = padded.get(x)
    if (pad === undefined || pad === user) return done.get(x)!
    let view = inside.get(x)
    if (view === undefined) {
      const whole = done.get(pad) ?? b.rebuild(pad, [done.get(x)!])
      done.set(pad, whole)
      const { low } = pad.attrs
      view = b.slice(
        whole,
        low,
        low.map((l, a) => l + x.shape[a]),
        low.map(() => 1),
      )
      inside.set(x, view)
    }
    return view
  }
  for (const node of order) {
    if (done.has(node)) continue
    if (isLeaf(node)) {
      done.set(node, node)
      continue
    }
    const inputs = node.inputs.map((x) => read(x, node))
    done.set(node, inputs.some((x, i) => x !== node.inputs[i]) ? b.rebuild(node, inputs) : node)
  }
  return roots.map((r) => done.get(r)!)
}

/** Adds a border of not too many elements, and puts nothing between. */
const surrounds = ({ attrs: { low, high, interior }, inputs: [x], shape }: Node<'pad'>): boolean =>
  [...low, ...high].every((n) => n >= 0) &&
  interior.every((n) => n === 0) &&
  sizeOf(shape) <= mostLarger * sizeOf(x.shape)

/** Whether windows are taken of a value, which is stored for their sake. */
const isWindowed = (node: Node, users: ReadonlyMap<Node, readonly Node[]>): boolean =>
  (users.get(node) ?? []).some((u) => isOp(u, 'window') && u.attrs.size.some((n) => n > 1))

/** Whether a reader only lays the value out for a sum of products, which reads it element by element. */
function isSummed(user: Node, users: ReadonlyMap<Node, readonly Node[]>): boolean {
  if (isOp(user, 'reduceSum')) return true
  if (!layout.has(user.op)) return false
  const next = users.get(user) ?? []
  return next.length > 0 && next.every((u) => isSummed(u, users))
}
