/** Result dtypes of the element-wise functions for every dtype, every pair, and numbers, against PyTorch's. */
import { describe, expect, it } from 'vitest'
import type { DType } from '../../src/core/dtype.js'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { readGolden } from '../helpers/goldens.js'
import { operations } from '../helpers/operation-cases.js'

const { promotion } = readGolden<{ promotion: Record<string, Record<string, DType | null>> }>(
  'ops-elementwise',
)

const argument = (text: string): Node | number =>
  /^[\d.]+$/.test(text) ? Number(text) : b.placeholder([2], text as DType)

describe('result dtypes', () => {
  it.each(Object.entries(promotion))('%s', (name, table) => {
    const operation = operations.get(name)!
    const wrong = Object.entries(table).flatMap(([key, expected]) => {
      // Where PyTorch refuses (kernels it lacks, most of them of half types) there is nothing to compare with.
      if (expected === null) return []
      const args = key.split(',').map(argument)
      const given = name === 'addcmul' ? [args[0], args[0], args[1]] : args
      const got = (operation(...given) as Node).dtype
      return got === expected ? [] : [`${name}(${key}): expected ${expected}, got ${got}`]
    })
    expect(wrong).toEqual([])
  })
})
