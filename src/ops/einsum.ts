/**
 * Einstein summation. An expression is parsed to labels, contracted pair by pair in the cheapest order, each pair as one
 * `contract`.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { lowPrecision } from './autocast.js'
import { arrange, contractLabels, dropBroadcast, type Labelled } from './contraction.js'
import { contractionOrder } from './contraction-order.js'
import { diagonal } from './diagonal.js'
import { requireSameDType } from './operand.js'

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
function takeDiagonals(expression: string, k: number, { node, labels }: Labelled): Labelled {
  let current = node
  const names = [...labels]
  for (;;) {
    const second = names.findIndex((l, i) => names.indexOf(l) !== i)
    if (second < 0) return { node: current, labels: names }
    const [label] = names.splice(second, 1)
    const first = names.indexOf(label)
    const [n, m] = [current.shape[first], current.shape[second]]
    if (n !== m) {
      throw new ShapeError(
        `einsum '${expression}': '${label}' is repeated in operand ${k} of shape ${formatShape(node.shape)}, where its sizes ${n} and ${m} differ.`,
      )
    }
    current = diagonal(current, 0, first, second)
    names.splice(first, 1)
    names.push(label)
  }
}

/**
 * Einstein summation over any number of operands: 'bij,bjk->bik'. Labels missing from the result are summed, repeated
 * labels of one operand take the diagonal, '...' stands for broadcast axes, size 1 broadcasts. Without '->' the result
 * has the axes of '...' and every letter that occurs once, in alphabetical order. Several operands are contracted pair
 * by pair, in the order with the fewest multiplications.
 */
export function einsum(expression: string, ...given: readonly Node[]): Node {
  const operands = lowPrecision(...given)
  if (typeof expression !== 'string') {
    throw new ValueError(
      `einsum: expected the expression first, such as 'ij,jk->ik', got ${String(expression)}.`,
    )
  }
  if (operands.length === 0) throw new ValueError('einsum: expected at least one operand, got none.')
  for (const x of operands) requireSameDType('einsum', operands[0], x)
  const { inputs, output } = parseEinsum(expression, operands)
  const whole = operands.map((node, k) => takeDiagonals(expression, k, { node, labels: inputs[k] }))
  const sizes = labelSizes(expression, whole)
  const list = dropBroadcast(whole)
  const wanted = new Set(output)
  let last = list[0]
  if (list.length > 1) {
    const order = contractionOrder(
      list.map(({ labels }) => labels),
      output,
      sizes,
    )
    // Operand by number; each step joins two and is known by the next number.
    const parts: (Labelled | null)[] = [...list]
    for (const [i, j] of order) {
      const [x, y] = [parts[i]!, parts[j]!]
      parts[i] = null
      parts[j] = null
      last = contractLabels(x, y, (l) => wanted.has(l) || parts.some((o) => o?.labels.includes(l)))
      parts.push(last)
    }
  }
  const summed = range(last.labels.length).filter((i) => !wanted.has(last.labels[i]))
  return arrange(
    { node: b.reduceSum(last.node, summed), labels: last.labels.filter((l) => wanted.has(l)) },
    output,
  )
}

/** The size of each label; 1 gives way to any other. */
function labelSizes(expression: string, operands: readonly Labelled[]): Map<string, number> {
  const sizes = new Map<string, number>()
  operands.forEach(({ node, labels }, k) => {
    labels.forEach((l, i) => {
      const before = sizes.get(l)
      const n = node.shape[i]
      if (before !== undefined && before !== n && before !== 1 && n !== 1) {
        const name = l.startsWith('.') ? `an axis of '...'` : `'${l}'`
        throw new ShapeError(
          `einsum '${expression}': ${name} has size ${before} in one operand and ${n} in operand ${k} of shape ${formatShape(node.shape)}.`,
        )
      }
      if (before === undefined || before === 1) sizes.set(l, n)
    })
  })
  return sizes
}
