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
  const rows = modules.map(([name, module]) => {
    const path = name === '' ? [] : name.split('.')
    const label = `${'  '.repeat(path.length)}${path.length === 0 ? '' : `${path.at(-1)}: `}${module.constructor.name}`
    const own = ownParameters(module)
    const shown = module.children().length === 0 || own > 0
    return [label, outputs.get(module) ?? '(not run)', shown ? thousands(own) : '']
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
