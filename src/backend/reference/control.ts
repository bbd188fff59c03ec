/** Control flow on the reference backend: the loops as loops. */
import { sizeOf } from '../../core/shape.js'
import { allocate, copyElement, type Evaluators, read, type Value } from './value.js'

/** Row `t` of a stacked value. */
function row(x: Value, t: number): Value {
  const shape = x.shape.slice(1)
  const size = sizeOf(shape)
  return { shape, dtype: x.dtype, data: x.data.slice(t * size, (t + 1) * size) }
}

function setRow(stack: Value, t: number, x: Value): void {
  const size = x.data.length
  for (let i = 0; i < size; i++) copyElement(stack, t * size + i, x, i)
}

export const control: Evaluators<'scan' | 'while' | 'cond' | 'barrier' | 'call' | 'output'> = {
  scan: ({ node, inputs, run }) => {
    const { body, length, consts, carry: n, reverse } = node.attrs
    const constants = inputs.slice(0, consts)
    const xs = inputs.slice(consts + n)
    let carry = inputs.slice(consts, consts + n)
    const stacks = node.avals.slice(n).map(allocate)
    for (let step = 0; step < length; step++) {
      const t = reverse ? length - 1 - step : step
      const results = run.evaluate(body, [...constants, ...carry, ...xs.map((x) => row(x, t))])
      carry = results.slice(0, n)
      stacks.forEach((stack, i) => {
        setRow(stack, t, results[n + i])
      })
    }
    return [...carry, ...stacks]
  },
  while: ({ node, inputs, run }) => {
    const { cond, body, consts } = node.attrs
    const constants = inputs.slice(0, consts)
    let carry = inputs.slice(consts)
    while (read(run.evaluate(cond, [...constants, ...carry])[0], 0) !== 0)
      carry = run.evaluate(body, [...constants, ...carry])
    return carry
  },
  cond: ({ node, inputs: [predicate, ...operands], run }) =>
    run.evaluate(node.attrs.branches[read(predicate, 0) !== 0 ? 0 : 1], operands),
  barrier: ({ inputs }) => inputs,
  call: ({ node, inputs }) => {
    const outs = node.attrs.outputs.map(allocate)
    node.attrs.kernel.run(inputs, outs)
    return outs
  },
  output: ({ node, all: [results] }) => results[node.attrs.index],
}
