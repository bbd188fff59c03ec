/** Every layer written as an ONNX file: ONNX Runtime computes the same. */
import { describe, expect, it } from 'vitest'
import { manualSeed, useDevice } from '../../src/index.js'
import * as nn from '../../src/nn/index.js'
import { checkExport } from './check-export.js'
import { layerCases } from './layer-cases.js'

// Small inputs, many graphs: what compiles nothing is fastest.
await useDevice('reference')

const layerOf = (row: string): string => row.split(',')[0]

/** Layers that no file can hold, and why. */
const withoutForm: Readonly<Record<string, string>> = {}

/** The classes of layers, without the base class. */
const layers = Object.entries(nn as Record<string, unknown>).flatMap(([name, value]) =>
  typeof value === 'function' && value.prototype instanceof nn.Module ? [name] : [],
)

describe('the table', () => {
  it('has a row for every layer', () => {
    const covered = new Set(Object.keys(layerCases).map(layerOf))
    expect(
      layers.filter((name) => !covered.has(name) && !Object.hasOwn(withoutForm, name)),
      'layers without a row in test/onnx/layer-cases.ts and without a reason in withoutForm here',
    ).toEqual([])
  })

  it('has no row for what is no layer', () => {
    const named = [...Object.keys(layerCases).map(layerOf), ...Object.keys(withoutForm)]
    expect(
      named.filter((name) => !layers.includes(name)),
      'rows whose name is no layer of src/nn/index.ts',
    ).toEqual([])
  })
})

describe('layers', () => {
  for (const [name, [make, inputs]] of Object.entries(layerCases)) {
    it(name, async () => {
      manualSeed(7)
      await checkExport(make(), inputs())
    })
  }
})
