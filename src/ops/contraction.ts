/**
 * Contractions by labels: each axis of an operand carries a label, equal labels of two operands are paired. The base
 * of matmul, einsum, linear and attention; no transposes are built, only `contract` with the right axes.
 */
import type { DType } from '../core/dtype.js'
import { otherAxes, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'

/** An operand whose axis i is named labels[i]; labels are distinct. */
export interface Labelled {
  readonly node: Node
  readonly labels: readonly string[]
}

/** The dtype of a contraction's running sum. */
export const contractionAccumulator = (dtype: DType): DType =>
  dtype === 'f16' || dtype === 'bf16' ? 'f32' : dtype === 'u8' ? 'i32' : dtype

/** The operand without the axes of labels that `keep` refuses: summed away. */
export function sumLabels({ node, labels }: Labelled, keep: (label: string) => boolean): Labelled {
  const axes = range(labels.length).filter((i) => !keep(labels[i]))
  return { node: b.reduceSum(node, axes), labels: labels.filter(keep) }
}

/**
 * Σ x·y over the labels that `kept` refuses. Shared labels that are kept become batch axes, shared ones that are not
 * are contracted, the rest is free. The result's labels come in contraction order.
 */
export function contractLabels(x: Labelled, y: Labelled, kept: (label: string) => boolean): Labelled {
  const shared = (label: string): boolean => x.labels.includes(label) && y.labels.includes(label)
  // Labels of one operand that nobody wants are summed before they multiply the work.
  const p = sumLabels(x, (label) => kept(label) || shared(label))
  const q = sumLabels(y, (label) => kept(label) || shared(label))
  const batch = p.labels.filter((label) => shared(label) && kept(label))
  const contracting = p.labels.filter((label) => shared(label) && !kept(label))
  const axesIn = (o: Labelled, labels: readonly string[]): number[] => labels.map((l) => o.labels.indexOf(l))
  const bp = axesIn(p, batch)
  const bq = axesIn(q, batch)
  const cp = axesIn(p, contracting)
  const cq = axesIn(q, contracting)
  const node = b.contract(p.node, q.node, {
    batch: [bp, bq],
    contracting: [cp, cq],
    accumulate: contractionAccumulator(p.node.dtype),
  })
  const freeP = otherAxes([...bp, ...cp], p.labels.length).map((a) => p.labels[a])
  const freeQ = otherAxes([...bq, ...cq], q.labels.length).map((a) => q.labels[a])
  return { node, labels: [...batch, ...freeP, ...freeQ] }
}

/** The node with its axes in the order of `labels` (the same ones). */
export const arrange = ({ node, labels }: Labelled, order: readonly string[]): Node =>
  b.permute(
    node,
    order.map((l) => labels.indexOf(l)),
  )

/**
 * The operands without broadcast axes: an axis of size 1 whose label has another size elsewhere takes no part in the
 * product and is dropped, so that nothing is ever expanded.
 */
export function dropBroadcast(operands: readonly Labelled[]): Labelled[] {
  const sizes = new Map<string, number>()
  for (const { node, labels } of operands) {
    labels.forEach((l, i) => {
      if (node.shape[i] !== 1 || !sizes.has(l)) sizes.set(l, node.shape[i])
    })
  }
  return operands.map(({ node, labels }) => {
    const stays = labels.map((l, i) => node.shape[i] === sizes.get(l))
    if (stays.every(Boolean)) return { node, labels }
    return {
      node: b.reshape(
        node,
        node.shape.filter((_, i) => stays[i]),
      ),
      labels: labels.filter((_, i) => stays[i]),
    }
  })
}
