/** The listing of a schedule. */
import { expect, it } from 'vitest'
import { lowerGraph } from '../../src/codegen/lower.js'
import { ScheduleListing } from '../../src/codegen/print-schedule.js'
import type { Target } from '../../src/codegen/target.js'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { body } from '../ir/op-cases/bodies.js'
import { allOpCases, instantiate } from '../ir/op-cases.js'

const target: Target = {
  name: 'test',
  vectorBytes: 16,
  tail: 'scalar',
  tile: { rows: 4, vectors: 2, unroll: 1 },
  l1: 32_768,
  l2: 524_288,
  threads: 1,
  serialWork: 32_768,
}

function list(inputs: readonly Node[], outputs: readonly Node[]): string {
  const listing = new ScheduleListing()
  const program = lowerGraph({ inputs, outputs, donations: new Map() }, target, listing)
  return listing.text(program)
}

it('shows what each kernel computes, reads and writes, and the lives of values in the arena', () => {
  const [x, bias] = [b.placeholder([4, 3], 'f32'), b.placeholder([3], 'f32')]
  const total = b.reduceSum(b.exp(x), [1])
  const wide = b.expand(b.reshape(bias, [1, 3]), [4, 3])
  const result = b.add(b.div(x, b.expand(b.reshape(total, [4, 1]), [4, 3])), wide)
  expect(list([x, bias], [result])).toBe(
    [
      'schedule of 2 kernels',
      '  1: map reduceSum_4(input0) -> %1 at arena+0 (16 bytes)',
      '    %0 = exp input0 : f32[4, 3]',
      '    %1 = reduceSum %0 {axes: [1]} : f32[4]',
      '  2: map add_4x3(input0, %1, input1) -> %7 at output0 (48 bytes)',
      '    %2 = reshape %1 : f32[4, 1]',
      '    %3 = expand %2 : f32[4, 3]',
      '    %4 = div input0 %3 : f32[4, 3]',
      '    %5 = reshape input1 : f32[1, 3]',
      '    %6 = expand %5 : f32[4, 3]',
      '    %7 = add %4 %6 : f32[4, 3]',
      'arena of 64 bytes',
      '  bytes 0 to 15: %1 from 1 to 2',
    ].join('\n'),
  )
})

it('indents the kernels of a loop, and shows the packed side of a contraction', () => {
  const x = b.placeholder([64, 64], 'f32')
  const round = body(b, [[[64, 64], 'f32']], ([c]) => [b.sin(c as Node)])
  const [last] = b.withGradMode(false, () =>
    b.scan(round, { consts: [], carry: [x], xs: [] }, { length: 3, reverse: false }),
  )
  const product = b.contract(last, x, { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' })
  const text = list([x], [product])
  expect(text).toMatch(/: structured scan\(input0\) -> /)
  expect(text).toMatch(/^ {4}\d+: map sin_64x64/m)
  expect(text).toMatch(/: contract contract_64x64\(.*\) -> %\d+ at output0 \(16384 bytes\)/)
  expect(text).toMatch(/= contract %\d+ input0/)
})

it('lists every case of the table', () => {
  for (const row of allOpCases) {
    const { inputs, outputs } = instantiate(row)
    const text = list(inputs, outputs)
    expect(text).toMatch(/^schedule of \d+ kernels\n/)
    expect(text).not.toMatch(/undefined|\[object|NaN bytes/)
  }
})
