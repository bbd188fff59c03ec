/**
 * The rows that scripts/goldens/ops*.py wrote (one operation, its arguments, what PyTorch gives), and how a row is
 * built as a graph. Families are found by their files: every export of src/ops, every test/goldens/ops*.json.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { type DType, isFloat } from '../../src/core/dtype.js'
import type { Shape } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import { Node } from '../../src/ir/node.js'
import { softmax } from '../../src/ops/softmax.js'

export interface PackedValues {
  readonly shape: Shape
  readonly dtype: DType
  readonly data: string | readonly number[]
}

export interface OperationCase {
  readonly op: string
  readonly args: readonly unknown[]
  readonly inputs: readonly PackedValues[]
  readonly outputs: readonly PackedValues[]
  readonly cotangents?: readonly (readonly [number, PackedValues])[]
  readonly gradients?: readonly (PackedValues | null)[]
}

const folder = (path: string): URL => new URL(`../../${path}/`, import.meta.url)

async function loadOperations(): Promise<Map<string, (...args: readonly unknown[]) => unknown>> {
  const found = new Map<string, (...args: readonly unknown[]) => unknown>()
  const files = readdirSync(folder('src/ops')).sort()
  // Functions of factorizations that do not depend on what these leave free count as operations, too.
  const paths = [...files.map((file) => `src/ops/${file}`), 'test/ops/invariants.ts']
  for (const file of paths) {
    if (!file.endsWith('.ts')) continue
    const module: Record<string, unknown> = await import(new URL(`../../${file}`, import.meta.url).href)
    for (const [name, value] of Object.entries(module)) {
      if (typeof value !== 'function') continue
      const before = found.get(name)
      if (before !== undefined && before !== value) {
        throw new Error(`Two files of src/ops export an operation named ${name}; one is ${file}.`)
      }
      found.set(name, value as (...args: readonly unknown[]) => unknown)
    }
  }
  return found
}

/** Every node-level operation by name. */
export const operations = await loadOperations()

/** All rows, by operation. */
export function readOperationCases(): Map<string, OperationCase[]> {
  const found = new Map<string, OperationCase[]>()
  for (const file of readdirSync(folder('test/goldens')).sort()) {
    if (!/^ops(-[a-z0-9-]+)?\.json$/.test(file)) continue
    const { cases } = JSON.parse(readFileSync(new URL(file, folder('test/goldens')), 'utf8')) as {
      cases: OperationCase[]
    }
    for (const c of cases) {
      const list = found.get(c.op)
      if (list === undefined) found.set(c.op, [c])
      else list.push(c)
    }
  }
  return found
}

/** The numbers of a packed tensor. */
export function packedNumbers({ data }: PackedValues): number[] {
  if (typeof data !== 'string') return [...data]
  return [...new Float64Array(new Uint8Array(Buffer.from(data, 'base64')).buffer)]
}

const named = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
])

/** Replaces "$0" by input 0 and so on, and 'f64' by `float`, in nested lists and options. */
function resolve(value: unknown, nodes: readonly Node[], float: DType): unknown {
  const inner = (v: unknown): unknown => resolve(v, nodes, float)
  if (typeof value === 'string') {
    if (/^\$\d+$/.test(value)) return nodes[Number(value.slice(1))]
    if (value.startsWith('softmax:')) return softmax(inner(value.slice(8)) as Node, 1)
    return value === 'f64' ? float : (named.get(value) ?? value)
  }
  if (Array.isArray(value)) return value.map(inner)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, inner(v)]))
  }
  return value
}

/** The nodes of a result: one, a list, or the fields of an object. */
function nodesOf(result: unknown): Node[] {
  if (result instanceof Node) return [result]
  if (typeof result !== 'object' || result === null) return []
  return Object.values(result).flatMap(nodesOf)
}

export interface BuiltCase {
  readonly inputs: Node<'placeholder'>[]
  /** As many as the golden has. */
  readonly outputs: Node[]
}

/** A row as a graph; `float` replaces f64, in which the rows are written. */
export function buildCase(c: OperationCase, float: DType = 'f64'): BuiltCase {
  const inputs = c.inputs.map((x) => b.placeholder(x.shape, x.dtype === 'f64' ? float : x.dtype))
  return { inputs, outputs: applyCase(c, inputs, float) }
}

/** The row's operation on other inputs. */
export function applyCase(c: OperationCase, inputs: readonly Node[], float: DType = 'f64'): Node[] {
  const operation = operations.get(c.op)
  if (operation === undefined) throw new Error(`No operation is named ${c.op}.`)
  const outputs = nodesOf(operation(...c.args.map((a) => resolve(a, inputs, float))))
  if (outputs.length < c.outputs.length) {
    throw new Error(`${c.op} gave ${outputs.length} results where PyTorch gives ${c.outputs.length}.`)
  }
  return outputs.slice(0, c.outputs.length)
}

/** A line that tells rows apart in messages. */
export const describeCase = (c: OperationCase, k: number): string =>
  `${c.op} case ${k} ${JSON.stringify(c.args)} on ${c.inputs.map((x) => `${x.dtype}[${x.shape}]`).join(', ')}`

/** The user's numbers in a graph: `scalar` leaves, which are inputs of the program. */
export function scalarsOf(outputs: readonly Node[]): Node<'scalar'>[] {
  const seen = new Set<Node>()
  const stack = [...outputs]
  const scalars: Node<'scalar'>[] = []
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    if (node.op === 'scalar') scalars.push(node as Node<'scalar'>)
    stack.push(...node.inputs)
  }
  return scalars
}

/** Whether every input and output is float, so that derivatives by finite differences make sense. */
export const isFloatCase = (c: OperationCase): boolean =>
  c.inputs.some((x) => isFloat(x.dtype)) && c.outputs.some((x) => isFloat(x.dtype))
