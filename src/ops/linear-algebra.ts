/**
 * Products of matrices and tensors. Each is one `contract` (or a few for einsum with several operands): batch axes
 * that only one side has become free axes, so nothing is expanded or transposed in memory first.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { broadcastShapes, formatShape, normalizeAxes, normalizeAxis, range, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import {
  arrange,
  contractionAccumulator,
  contractLabels,
  dropBroadcast,
  type Labelled,
} from './contraction.js'
import { diagonal } from './diagonal.js'
import { add } from './elementwise.js'
import { requireRank, requireSameDType, stretch } from './operand.js'

/**
 * Matrix product by PyTorch's rules: (n)·(n) is a dot product, (m,n)·(n) and (n)·(n,p) drop the missing axis,
 * (…,m,n)·(…,n,p) multiplies matrices with broadcast batch axes.
 */
export function matmul(x: Node, y: Node): Node {
  requireSameDType('matmul', x, y)
  requireRank('matmul', x, 1, Number.POSITIVE_INFINITY)
  requireRank('matmul', y, 1, Number.POSITIVE_INFINITY)
  const [p, q] = [x.shape.length, y.shape.length]
  const innerX = x.shape[p - 1]
  const innerY = y.shape[Math.max(0, q - 2)]
  if (innerX !== innerY) {
    throw new ShapeError(
      `matmul: shapes ${formatShape(x.shape)} and ${formatShape(y.shape)} do not fit: inner sizes ${innerX} and ${innerY} differ. ` +
        'Transpose one of them, or check the layer that made it.',
    )
  }
  const batchX = x.shape.slice(0, Math.max(0, p - 2))
  const batchY = y.shape.slice(0, Math.max(0, q - 2))
  const batch = broadcastShapes(batchX, batchY, 'matmul').map((_, i, all) => `b${all.length - i}`)
  const labelsX = [...batch.slice(batch.length - batchX.length), ...(p > 1 ? ['m'] : []), 'k']
  const labelsY = [...batch.slice(batch.length - batchY.length), 'k', ...(q > 1 ? ['n'] : [])]
  const output = [...batch, ...(p > 1 ? ['m'] : []), ...(q > 1 ? ['n'] : [])]
  const [left, right] = dropBroadcast([
    { node: x, labels: labelsX },
    { node: y, labels: labelsY },
  ])
  return arrange(
    contractLabels(left, right, (l) => l !== 'k'),
    output,
  )
}

/** Σ x·y of two vectors. */
export function dot(x: Node, y: Node): Node {
  requireRank('dot', x, 1)
  requireRank('dot', y, 1)
  return matmul(x, y)
}

/** x yᵀ of two vectors. */
export function outer(x: Node, y: Node): Node {
  requireRank('outer', x, 1)
  requireRank('outer', y, 1)
  requireSameDType('outer', x, y)
  return b.contract(x, y, {
    batch: [[], []],
    contracting: [[], []],
    accumulate: contractionAccumulator(x.dtype),
  })
}

/** x·Wᵀ + bias with x (…, in), weight (out, in) or (in), bias (out). */
export function linear(x: Node, weight: Node, bias?: Node | null): Node {
  requireRank('linear', x, 1, Number.POSITIVE_INFINITY)
  requireRank('linear', weight, 1, 2, '(out, in)')
  requireSameDType('linear', x, weight)
  const inX = x.shape[x.shape.length - 1]
  const inW = weight.shape[weight.shape.length - 1]
  if (inX !== inW) {
    throw new ShapeError(
      `linear: input ${formatShape(x.shape)} has ${inX} features, but weight ${formatShape(weight.shape)} takes ${inW}.`,
    )
  }
  const y = b.contract(x, weight, {
    batch: [[], []],
    contracting: [[x.shape.length - 1], [weight.shape.length - 1]],
    accumulate: contractionAccumulator(x.dtype),
  })
  return bias ? add(y, bias) : y
}

/** Sum of products over `axes`: the last n of x with the first n of y, or lists of paired axes. */
export function tensordot(
  x: Node,
  y: Node,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): Node {
  requireSameDType('tensordot', x, y)
  const [rankX, rankY] = [x.shape.length, y.shape.length]
  const [ax, ay] =
    typeof axes === 'number'
      ? [range(axes).map((i) => rankX - axes + i), range(axes)]
      : [
          axes[0].map((a) => normalizeAxis(a, rankX, 'tensordot')),
          axes[1].map((a) => normalizeAxis(a, rankY, 'tensordot')),
        ]
  if (ax.length !== ay.length || ax.some((a, i) => x.shape[a] !== y.shape[ay[i]])) {
    throw new ShapeError(
      `tensordot: axes ${formatShape(ax)} of ${formatShape(x.shape)} and ${formatShape(ay)} of ${formatShape(y.shape)} do not pair.`,
    )
  }
  return b.contract(x, y, {
    batch: [[], []],
    contracting: [ax, ay],
    accumulate: contractionAccumulator(x.dtype),
  })
}

/** Σᵢ x[i, i] of a matrix. */
export function trace(x: Node): Node {
  requireRank('trace', x, 2)
  return b.reduceSum(diagonal(x), [0])
}

// ---------------------------------------------------------------- einsum

/** Splits an expression into the labels of its operands and of its result. '…' becomes labels of its own. */
function parseEinsum(
  expression: string,
  operands: readonly Node[],
): { inputs: string[][]; output: string[] } {
  const fail = (what: string): never => {
    throw new ValueError(`einsum '${expression}': ${what}`)
  }
  const text = expression.replace(/\s+/g, '')
  if (!/^[a-zA-Z.,]*(->[a-zA-Z.]*)?$/.test(text))
    fail("expected letters, ',', '...' and one '->', as in 'bij,bjk->bik'.")
  const [left, right] = text.split('->')
  const terms = left.split(',')
  if (terms.length !== operands.length) fail(`names ${terms.length} operands, got ${operands.length}.`)
  let ellipsisRank = 0
  const tokens = (term: string): string[] => {
    const list = term.replace('...', '*').split('')
    if (list.includes('.')) fail("expected dots only as one '...' an operand.")
    return list
  }
  terms.forEach((term, k) => {
    const list = tokens(term)
    const letters = list.filter((t) => t !== '*').length
    const rank = operands[k].shape.length
    if (list.includes('*') ? rank < letters : rank !== letters) {
      fail(`'${term}' does not fit operand ${k} of shape ${formatShape(operands[k].shape)}.`)
    }
    if (list.includes('*')) ellipsisRank = Math.max(ellipsisRank, rank - letters)
  })
  const dots = (n: number): string[] => range(n).map((i) => `.${n - i}`)
  const inputs = terms.map((term, k) => {
    const list = tokens(term)
    return list.flatMap((t) => (t === '*' ? dots(operands[k].shape.length - list.length + 1) : [t]))
  })
  const known = new Set(inputs.flat())
  if (right === undefined) {
    // Implicit result: the broadcast axes, then every letter that occurs once, in alphabetical order.
    const counts = new Map<string, number>()
    for (const l of inputs.flat()) counts.set(l, (counts.get(l) ?? 0) + 1)
    const once = [...counts].filter(([l, n]) => n === 1 && !l.startsWith('.')).map(([l]) => l)
    return { inputs, output: [...dots(ellipsisRank), ...once.sort()] }
  }
  const output = tokens(right).flatMap((t) => (t === '*' ? dots(ellipsisRank) : [t]))
  for (const l of output) if (!known.has(l)) fail(`the result's '${l}' is in no operand.`)
  if (new Set(output).size !== output.length) fail('the result names an axis twice.')
  return { inputs, output }
}

/** The operand with repeated labels reduced to their diagonals. */
function takeDiagonals({ node, labels }: Labelled): Labelled {
  let current = node
  const names = [...labels]
  for (;;) {
    const second = names.findIndex((l, i) => names.indexOf(l) !== i)
    if (second < 0) return { node: current, labels: names }
    const [label] = names.splice(second, 1)
    const first = names.indexOf(label)
    current = diagonal(current, 0, first, second)
    names.splice(first, 1)
    names.push(label)
  }
}

/**
 * Einstein summation over any number of operands: 'bij,bjk->bik'. Labels missing from the result are summed, repeated
 * labels of one operand take the diagonal, '...' stands for broadcast axes, size 1 broadcasts. Several operands are
 * contracted pair by pair, the cheapest first.
 */
export function einsum(expression: string, ...operands: readonly Node[]): Node {
  if (operands.length === 0) throw new ValueError('einsum: expected at least one operand, got none.')
  for (const x of operands) requireSameDType('einsum', operands[0], x)
  const { inputs, output } = parseEinsum(expression, operands)
  const sizes = new Map<string, number>()
  operands.forEach((x, k) => {
    inputs[k].forEach((l, i) => {
      const before = sizes.get(l)
      const n = x.shape[i]
      if (before !== undefined && before !== n && before !== 1 && n !== 1) {
        throw new ShapeError(
          `einsum '${expression}': '${l}' has size ${before} in one operand and ${n} in operand ${k} of shape ${formatShape(x.shape)}.`,
        )
      }
      if (before === undefined || before === 1) sizes.set(l, n)
    })
  })
  const list = dropBroadcast(operands.map((node, k) => takeDiagonals({ node, labels: inputs[k] })))
  const wanted = new Set(output)
  while (list.length > 1) {
    const [i, j] = cheapestPair(list, sizes)
    const rest = list.filter((_, k) => k !== i && k !== j)
    const kept = (l: string): boolean => wanted.has(l) || rest.some((o) => o.labels.includes(l))
    const joined = contractLabels(list[i], list[j], kept)
    list.splice(j, 1)
    list.splice(i, 1)
    list.unshift(joined)
  }
  const [last] = list
  const summed = last.labels.map((_, i) => i).filter((i) => !wanted.has(last.labels[i]))
  return arrange(
    { node: b.reduceSum(last.node, summed), labels: last.labels.filter((l) => wanted.has(l)) },
    output,
  )
}

/** The pair whose product visits the fewest index combinations. */
function cheapestPair(list: readonly Labelled[], sizes: ReadonlyMap<string, number>): [number, number] {
  let best: [number, number] = [0, 1]
  let bestCost = Number.POSITIVE_INFINITY
  for (let i = 0; i < list.length; i++) {
    for (let j = i + 1; j < list.length; j++) {
      const labels = new Set([...list[i].labels, ...list[j].labels])
      const cost = sizeOf([...labels].map((l) => sizes.get(l)!))
      if (cost < bestCost) {
        best = [i, j]
        bestCost = cost
      }
    }
  }
  return best
}

/** The inner product of the last axes after broadcasting: Σ x·y over `axis`. */
export function vecdot(x: Node, y: Node, axis = -1): Node {
  requireSameDType('vecdot', x, y)
  const shape = broadcastShapes(x.shape, y.shape, 'vecdot')
  const axes = normalizeAxes(axis, shape.length, 'vecdot')
  return b.reduceSum(b.mul(stretch(x, shape), stretch(y, shape)), axes)
}

/** Batched matrix product (B, m, n)·(B, n, p). */
export function bmm(x: Node, y: Node): Node {
  requireRank('bmm', x, 3)
  requireRank('bmm', y, 3)
  if (x.shape[0] !== y.shape[0]) {
    throw new ShapeError(`bmm: batches of ${formatShape(x.shape)} and ${formatShape(y.shape)} differ.`)
  }
  return matmul(x, y)
}
