/**
 * Every exported layer says what it does to a shape: its `forward`, or that of its base, is generic in the input's shape.
 * What the shapes are is checked in the `.test-d.ts` files.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import * as nn from '../../src/nn/index.js'

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'src', 'nn')
const index = readFileSync(join(folder, 'index.ts'), 'utf8')
const source = (name: string): string => readFileSync(join(folder, `${name}.ts`), 'utf8')

/** Containers without a forward of their own. */
const containers = new Set(['Module', 'ModuleDict', 'ModuleList', 'ParameterDict', 'ParameterList'])
const layers = Object.entries(nn)
  .filter(
    ([name, value]) =>
      typeof value === 'function' && value.prototype instanceof nn.Module && !containers.has(name),
  )
  .map(([name]) => name)

const fileOf = (name: string): string => {
  const found = [...index.matchAll(/export \{([^}]*)\} from '\.\/(.*)\.js'/g)].find(([, names]) =>
    names.split(',').some((part) => part.trim() === name),
  )
  if (found === undefined) throw new Error(`${name} is not exported by name`)
  return found[2]
}

/** The text of a layer, followed by its base's where that is in another file of the folder. */
function textOf(file: string, name: string): string {
  const text = source(file)
  const base = new RegExp(`class ${name}\\b[^{]* extends (\\w+)`).exec(text)?.[1]
  const from =
    base === undefined
      ? null
      : new RegExp(`import \\{[^}]*\\b${base}\\b[^}]*\\} from '\\./(.*)\\.js'`).exec(text)
  return base === undefined || base === 'Module' || from === null ? text : text + textOf(from[1], base)
}

describe('every layer has a shape type', () => {
  it('finds the layers', () => {
    expect(layers.length).toBeGreaterThan(100)
    expect(layers).toContain('Conv2d')
  })

  it.each(layers)('%s', (name) => {
    const text = textOf(fileOf(name), name)
    const forward = /override forward\s*<\s*(?:const )?\w+ extends Shape/.test(text)
    expect(forward).toBe(true)
  })
})
