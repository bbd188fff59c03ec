/** Sequences and optionals: lists that exist while the graph is built, of tensors that are computed later. */
import { range } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import { split } from '../../ops/slicing.js'
import type { Context, Rule, Rules } from '../context.js'
import { checkHostElements } from '../limits.js'
import { constantTensor, int64Tensor, type OnnxValue, optionalValue, sequenceValue } from '../value.js'

const bool = (value: boolean): OnnxValue =>
  constantTensor({ type: 'bool', shape: [], data: Uint8Array.of(value ? 1 : 0) })

/** A position in a list of n, negative from the end; the place after the last where something is put in. */
function position(c: Context, i: number, n: number, last = n - 1): number {
  const given = c.number(i)
  const at = given < 0 ? given + n : given
  return at >= 0 && at <= last ? at : c.fail(`expected a position from ${-n} to ${last}, got ${given}.`)
}

const insert: Rule = (c) => {
  const items = [...c.sequence(0)]
  items.splice(c.has(2) ? position(c, 2, items.length, items.length) : items.length, 0, c.value(1))
  return sequenceValue(items)
}

const erase: Rule = (c) => {
  const items = [...c.sequence(0)]
  items.splice(c.has(1) ? position(c, 1, items.length) : items.length - 1, 1)
  return sequenceValue(items)
}

const concatFromSequence: Rule = (c) => {
  const items = c
    .sequence(0)
    .map((v) => (v.kind === 'tensor' ? v : c.fail('expected a sequence of tensors.')))
  if (items.length === 0) c.fail('expected at least one tensor, got an empty sequence.')
  const fresh = c.int('new_axis', 0) !== 0
  const rank = items[0].node.shape.length
  const axis = c.axis(c.int('axis'), fresh ? rank + 1 : rank)
  const nodes = items.map(({ node }) =>
    fresh ? b.reshape(node, [...node.shape.slice(0, axis), 1, ...node.shape.slice(axis)]) : node,
  )
  return { ...items[0], node: b.concat(nodes, axis) }
}

const splitToSequence: Rule = (c) => {
  const x = c.x(0)
  const axis = c.axis(c.int('axis', 0), x.shape.length)
  const n = x.shape[axis]
  const given = c.optionalNumbers(1)
  const scalar = given !== null && c.shape(1).length === 0
  if (scalar && !(given[0] >= 1)) c.fail(`expected a size of 1 or more, got ${given[0]}.`)
  if (given === null || scalar) checkHostElements((n / (scalar ? given[0] : 1)) * 256)
  const pieces = split(x, given === null ? 1 : scalar ? given[0] : given, axis)
  const drop = given === null && c.int('keepdims', 1) === 0
  const kept = n === 0 && given === null ? [] : pieces
  return sequenceValue(
    kept.map((piece) =>
      c.like(drop ? b.reshape(piece, [...x.shape.slice(0, axis), ...x.shape.slice(axis + 1)]) : piece),
    ),
  )
}

/** The body on each item; inputs that are tensors are the same for all. */
const sequenceMap: Rule = (c) => {
  const body = c.graph('body')
  const first = c.sequence(0)
  const columns = body.output.map((): OnnxValue[] => [])
  first.forEach((item, i) => {
    const inputs = range(c.count).map((k): OnnxValue => {
      if (k === 0) return item
      const value = c.value(k)
      if (value.kind !== 'sequence') return value
      return (
        value.items[i] ??
        c.fail(`expected ${first.length} items in sequence ${k}, got ${value.items.length}.`)
      )
    })
    c.runGraph(body, inputs).forEach((value, k) => {
      columns[k].push(value)
    })
  })
  return columns.map(sequenceValue)
}

export const sequences: Rules = {
  SequenceConstruct: (c) => sequenceValue(c.tensors()),
  SequenceEmpty: () => sequenceValue([]),
  SequenceAt: (c) => {
    const items = c.sequence(0)
    return items[position(c, 1, items.length)]
  },
  SequenceInsert: insert,
  SequenceErase: erase,
  SequenceLength: (c) => int64Tensor([c.sequence(0).length], []),
  SequenceMap: sequenceMap,
  ConcatFromSequence: concatFromSequence,
  SplitToSequence: splitToSequence,
  Optional: (c) => optionalValue(c.has(0) ? c.value(0) : null),
  OptionalHasElement: (c) => {
    if (!c.has(0)) return bool(false)
    const value = c.value(0)
    return bool(value.kind !== 'optional' || value.value !== null)
  },
  OptionalGetElement: (c) => {
    const value = c.value(0)
    if (value.kind !== 'optional') return value
    return value.value ?? c.fail('the optional has no value.')
  },
}
