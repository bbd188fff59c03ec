/** Copies of statements as one. */
import { expect, it } from 'vitest'
import { atomIndex, type LoopVar, loopVar, shiftIndex } from '../../../src/codegen/index-expression.js'
import { type BufferParam, ExprBuilder, type Stmt } from '../../../src/codegen/loop-ir.js'
import { jam } from '../../../src/codegen/lower/jam.js'
import { printKernel } from '../../../src/codegen/print.js'

const e = new ExprBuilder()
const buffer = (name: string, access: BufferParam['access']): BufferParam => ({
  name,
  dtype: 'f32',
  size: 64,
  access,
  kind: 'argument',
})
const text = (body: readonly Stmt[]): string =>
  printKernel({ name: 'jammed', buffers: [buffer('x', 'read'), buffer('y', 'write')], body })
    .split('\n')
    .slice(3)
    .join('\n')

const i = loopVar('i', 0, 7)

/** y[8u + i] = x[8u + i] */
const copy = (u: number, variable: LoopVar = i): Stmt[] => {
  const at = shiftIndex(atomIndex(variable), 8 * u)
  return [
    {
      kind: 'for',
      variable,
      step: 1,
      body: [{ kind: 'store', buffer: 1, index: at, stride: 1, value: e.load(0, 'f32', at) }],
    },
  ]
}

it('loops over the same variable become one', () => {
  expect(text(jam([copy(0), copy(1), copy(2)]))).toMatchInlineSnapshot(`
    "  for i = 0 to 7
        y[i] = x[i]
        y[i + 8] = x[i + 8]
        y[i + 16] = x[i + 16]"
  `)
})

it('loops over other variables stay apart', () => {
  expect(jam([copy(0), copy(1, loopVar('j', 0, 7))])).toHaveLength(2)
})
