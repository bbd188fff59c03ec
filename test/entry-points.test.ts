/**
 * The public entry points: every subpath of package.json loads and has the names that programs are written with.
 */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>
}

const expected: Record<string, string[]> = {
  '.': [
    'AdamW',
    'Buffer',
    'Conv2d',
    'LSTM',
    'Linear',
    'Module',
    'Parameter',
    'Tensor',
    'clipGradNorm',
    'compile',
    'crossEntropy',
    'functional',
    'gradients',
    'init',
    'manualSeed',
    'noGrad',
    'sequential',
    'tensor',
    'useDevice',
    'vmap',
    'where',
    'zeros',
  ],
  './nn': ['Conv2d', 'LSTM', 'Linear', 'Module', 'MultiheadAttention', 'sequential'],
  './optim': ['Adam', 'AdamW', 'OneCycleLR', 'RMSprop', 'SGD', 'clipGradNorm'],
  './losses': ['CrossEntropyLoss', 'crossEntropy', 'mseLoss'],
  './init': ['kaimingUniform', 'xavierUniform', 'zeros'],
  './data': ['mnist'],
  './metrics': ['Accuracy'],
  './io': ['loadNpy', 'loadNpz', 'readSafetensors', 'saveNpy', 'saveNpz'],
  './onnx': ['OnnxModel', 'openOnnx', 'readOnnx'],
  './models': ['LeNet5'],
  './train': ['evaluate', 'findAnomaly', 'fit', 'readCheckpoint'],
}

describe('entry points', () => {
  for (const [path, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue
    it(path, async () => {
      const source = target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts')
      expect(target.types.replace(/\.d\.ts$/, '.js')).toBe(target.default)
      expect(existsSync(new URL(source, root))).toBe(true)
      const module = (await import(new URL(source, root).href)) as object
      for (const name of expected[path] ?? []) expect(module).toHaveProperty(name)
    })
  }

  it('every expected path is exported', () => {
    expect(Object.keys(manifest.exports)).toEqual(expect.arrayContaining(Object.keys(expected)))
  })
})
