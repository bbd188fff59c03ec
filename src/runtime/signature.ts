/** The arguments of a compiled step: which calls are alike, and the cells in them. */
import { TraceError } from '../core/errors.js'
import { formatShape, type Shape, sameShape } from '../core/shape.js'
import { isPlainObject } from '../core/tree.js'
import { hasCellHooks } from './cell-hooks.js'
import { type Cell, leafCells } from './state.js'

interface TensorTemplate {
  readonly kind: 'tensor'
  readonly index: number
  readonly shape: Shape
  readonly dtype: string
  readonly requiresGrad: boolean
}

/** What is known about one argument. Tensors count from 0 in order; the same tensor twice has one number. */
export type Template =
  | TensorTemplate
  /** Read by reference, so another one means another trace: a parameter, a buffer, what the step captures as well. */
  | { readonly kind: 'state'; readonly cell: Cell }
  | { readonly kind: 'number'; readonly at: number }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'array'; readonly items: readonly Template[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly items: readonly Template[] }

export interface Arguments {
  cells: Cell[]
  numbers: number[]
}

export type IsCell = (value: unknown) => value is Cell

/** Whether the cell is a leaf that takes a gradient. */
function leafRequiresGrad(cell: Cell): boolean {
  const { version } = cell
  if (!version.requiresGrad || !leafCells.has(version)) return false
  if (!hasCellHooks(cell)) return true
  throw new TraceError(
    'A compiled step got a tensor with a gradient hook as an argument: the hook would not be called. Register it inside ' +
      'the step, on a Parameter, or on a tensor that the step computes.',
  )
}

const noCells: ReadonlySet<Cell> = new Set()

/** Describes arguments, collecting their cells and numbers. Those `byReference` count as state. */
export function templateOf(
  value: unknown,
  isCell: IsCell,
  into: Arguments,
  byReference: ReadonlySet<Cell> = noCells,
): Template {
  if (isCell(value)) {
    if (value.isState || byReference.has(value)) return { kind: 'state', cell: value }
    let index = into.cells.indexOf(value)
    if (index < 0) index = into.cells.push(value) - 1
    const { shape, dtype } = value.version
    return { kind: 'tensor', index, shape, dtype, requiresGrad: leafRequiresGrad(value) }
  }
  if (typeof value === 'number') return { kind: 'number', at: into.numbers.push(value) - 1 }
  if (Array.isArray(value))
    return { kind: 'array', items: value.map((v) => templateOf(v, isCell, into, byReference)) }
  if (ArrayBuffer.isView(value)) {
    throw new TraceError(
      `A compiled step got a ${value.constructor.name}, whose values would be baked in. Pass tensor(array) instead.`,
    )
  }
  if (isPlainObject(value)) {
    const keys = Object.keys(value)
    return { kind: 'object', keys, items: keys.map((k) => templateOf(value[k], isCell, into, byReference)) }
  }
  return { kind: 'value', value }
}

/** Whether `value` is like the template; collects cells and numbers as `templateOf` would. */
export function matches(template: Template, value: unknown, isCell: IsCell, into: Arguments): boolean {
  switch (template.kind) {
    case 'tensor':
      return matchesTensor(template, value, isCell, into.cells)
    case 'state':
      return template.cell === value
    case 'number':
      if (typeof value !== 'number') return false
      into.numbers.push(value)
      return true
    case 'value':
      return Object.is(template.value, value)
    case 'array':
      if (!Array.isArray(value) || value.length !== template.items.length) return false
      for (let i = 0; i < value.length; i++)
        if (!matches(template.items[i], value[i], isCell, into)) return false
      return true
    case 'object': {
      if (!isPlainObject(value)) return false
      const keys = Object.keys(value)
      if (keys.length !== template.keys.length) return false
      for (let i = 0; i < keys.length; i++) {
        if (keys[i] !== template.keys[i] || !matches(template.items[i], value[keys[i]], isCell, into))
          return false
      }
      return true
    }
  }
}

/** Whether the template is of so many different tensors and of nothing else. */
export const isTensorList = (template: Template): boolean =>
  template.kind === 'array' && template.items.every((t, i) => t.kind === 'tensor' && t.index === i)

/** `matches` for a template that `isTensorList` accepts: where it holds, the values are the cells. */
export function matchesTensorList(
  template: Template,
  values: readonly unknown[],
  isCell: IsCell,
): values is readonly Cell[] {
  if (template.kind !== 'array' || values.length !== template.items.length) return false
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!isLike(template.items[i] as TensorTemplate, value, isCell)) return false
    for (let j = 0; j < i; j++) if (values[j] === value) return false
  }
  return true
}

function matchesTensor(template: TensorTemplate, value: unknown, isCell: IsCell, cells: Cell[]): boolean {
  if (!isLike(template, value, isCell)) return false
  if (template.index < cells.length) return cells[template.index] === value
  if (cells.includes(value)) return false
  cells.push(value)
  return true
}

function isLike(template: TensorTemplate, value: unknown, isCell: IsCell): value is Cell {
  if (!isCell(value) || value.isState) return false
  const { version } = value
  if (version.dtype !== template.dtype) return false
  // Most often the very shape: what one program computes shares it.
  if (version.shape !== template.shape && !sameShape(version.shape, template.shape)) return false
  return leafRequiresGrad(value) === template.requiresGrad
}

/** The value with each tensor replaced by its tracer. State stays itself. */
export function substituteTracers(value: unknown, isCell: IsCell, tracers: ReadonlyMap<Cell, Cell>): unknown {
  if (isCell(value)) return tracers.get(value) ?? value
  if (Array.isArray(value)) return value.map((v) => substituteTracers(v, isCell, tracers))
  if (!isPlainObject(value)) return value
  const out: Record<string, unknown> = {}
  for (const key of Object.keys(value)) out[key] = substituteTracers(value[key], isCell, tracers)
  return out
}

const describe = (t: Template): string => {
  switch (t.kind) {
    case 'tensor':
      return `${t.dtype} ${formatShape(t.shape)}${t.requiresGrad ? ' with requiresGrad' : ''}`
    case 'state':
      return 'a parameter or buffer'
    case 'number':
      return 'a number'
    case 'value':
      return typeof t.value === 'object' && t.value !== null ? 'another object' : String(t.value)
    case 'array':
      return `an array of ${t.items.length}`
    case 'object':
      return `an object with ${t.keys.join(', ')}`
  }
}

/** Where two argument lists differ, for people; null where they do not. */
export function argumentDifference(a: Template, b: Template, path = 'argument'): string | null {
  if ((a.kind === 'array' && b.kind === 'array') || (a.kind === 'object' && b.kind === 'object')) {
    if (a.items.length === b.items.length) {
      for (let i = 0; i < a.items.length; i++) {
        const name = b.kind === 'object' ? `${path}.${b.keys[i]}` : `${path} ${i}`
        const difference = argumentDifference(a.items[i], b.items[i], name)
        if (difference !== null) return difference
      }
      return null
    }
  }
  if (a.kind === 'state' && b.kind === 'state' && a.cell !== b.cell)
    return `${path}: another parameter or buffer`
  if (a.kind === 'tensor' && b.kind === 'tensor' && a.index !== b.index)
    return `${path}: the same tensor twice, or not`
  const [was, is] = [describe(a), describe(b)]
  return was === is && a.kind === b.kind ? null : `${path}: ${was} before, ${is} now`
}
