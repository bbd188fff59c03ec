/**
 * The table that `model.summary(inputShape)` gives: modules, output shapes, parameter counts.
 */
import { formatShape } from '../core/shape.js'
import type { RemovableHandle } from '../tensor/removable-handle.js'
import { Tensor } from '../tensor/tensor.js'

/** What the table needs to know of a module. */
export interface Summarized {
  children(): Summarized[]
  namedModules(): [string, Summarized][]
  parameters(): { readonly size: number; readonly requiresGrad: boolean }[]
  registerForwardHook(
    hook: (module: Summarized, inputs: readonly unknown[], output: unknown) => void,
  ): RemovableHandle
}

const shapesIn = (value: unknown): string => {
  if (value instanceof Tensor) return formatShape(value.shape)
  if (Array.isArray(value))
    return value
      .map(shapesIn)
      .filter((s) => s !== '')
      .join(' ')
  return ''
}

const thousands = (n: number): string => n.toLocaleString('en-US')

/** Runs `forward` with hooks on every module of `model` and lays the table out. */
export function summarize(model: Summarized, forward: () => void): string {
  const modules = model.namedModules()
  const outputs = new Map<Summarized, string>()
  const handles = modules.map(([, module]) =>
    module.registerForwardHook((m, _, output) => {
      outputs.set(m, shapesIn(output))
    }),
  )
  try {
    forward()
  } finally {
    for (const handle of handles) handle.remove()
  }
  const depths = new Map<string, number>()
  const rows = modules.map(([name, module]) => {
    const parent = [...depths.keys()].filter((p) => p === '' || name.startsWith(`${p}.`)).at(-1)
    const depth = parent === undefined ? 0 : depths.get(parent)! + 1
    depths.set(name, depth)
    // Members of arrays and objects are named by both: `blocks.0`.
    const own = parent === undefined ? '' : `${name.slice(parent === '' ? 0 : parent.length + 1)}: `
    const label = `${'  '.repeat(depth)}${own}${module.constructor.name}`
    const count = ownParameters(module)
    const shown = module.children().length === 0 || count > 0
    return [label, outputs.get(module) ?? '(not run)', shown ? thousands(count) : '']
  })
  const head = ['Layer', 'Output shape', 'Parameters']
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)))
  const line = (row: readonly string[]): string =>
    `${row[0].padEnd(widths[0])}  ${row[1].padEnd(widths[1])}  ${row[2].padStart(widths[2])}`
  const rule = '─'.repeat(widths[0] + widths[1] + widths[2] + 4)
  const sizes = model.parameters()
  const total = sizes.reduce((sum, p) => sum + p.size, 0)
  const trainable = sizes.reduce((sum, p) => sum + (p.requiresGrad ? p.size : 0), 0)
  const footer = `Parameters: ${thousands(total)} (trainable: ${thousands(trainable)})`
  return [line(head), rule, ...rows.map(line), rule, footer].join('\n')
}

/** Parameters of the module that no child of it has. */
function ownParameters(module: Summarized): number {
  const below = new Set(module.children().flatMap((child) => child.parameters()))
  return module.parameters().reduce((sum, p) => sum + (below.has(p) ? 0 : p.size), 0)
}
