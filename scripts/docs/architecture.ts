/**
 * Writes the listings of docs/architecture.md: what `DEBUG` prints of scripts/docs/training-step.ts, for a processor
 * that is written down here so that the text is the same on every machine. Run with `npx tsx scripts/docs/architecture.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { emitWasm } from '../../src/codegen/emit/wasm/emit-wasm.js'
import { lowerGraph } from '../../src/codegen/lower.js'
import { optimise } from '../../src/codegen/optimise.js'
import { printKernel, printProgram } from '../../src/codegen/print.js'
import { ScheduleListing } from '../../src/codegen/print-schedule.js'
import type { Target } from '../../src/codegen/target.js'
import type { Graph } from '../../src/ir/graph.js'
import { printGraph } from '../../src/ir/print.js'
import { currentBackend } from '../../src/runtime/devices.js'

const page = new URL('../../docs/architecture.md', import.meta.url)

const target: Target = {
  name: 'wasm',
  vectorBytes: 16,
  tail: 'scalar',
  tile: { rows: 4, vectors: 2, unroll: 1 },
  l1: 32 * 1024,
  l2: 512 * 1024,
  threads: 1,
  serialWork: 32_768,
}

/** The graphs that are compiled while `work` runs. */
async function graphsOf(work: () => Promise<unknown>): Promise<Graph[]> {
  const backend = currentBackend()
  const compile = backend.compile
  const graphs: Graph[] = []
  backend.compile = (graph) => {
    graphs.push(graph)
    return compile.call(backend, graph)
  }
  try {
    await work()
  } finally {
    backend.compile = compile
  }
  return graphs
}

/** The function of a module's listing that has the given name. */
function functionOf(listing: string, name: string): string {
  const found = listing.split(/^(?=func )/m).find((text) => text.split(' ')[2] === name)
  if (found === undefined) throw new Error(`No function ${name} in the listing.`)
  return found.trimEnd()
}

async function listings(): Promise<Map<string, string>> {
  const source = readFileSync(new URL('training-step.ts', import.meta.url), 'utf8')
  const graphs = await graphsOf(() => import('./training-step.js'))
  const graph = graphs.find((g) => g.donations.size > 0)
  if (graph === undefined) throw new Error('The step was not compiled.')
  const schedule = new ScheduleListing()
  const program = lowerGraph(graph, target, schedule)
  const { listing } = emitWasm(program, { shared: false, relaxed: false, listing: true })
  const kernels = program.kernels.map(optimise)
  // The first that leaves two results: the error and its gradient.
  const forward = kernels.find(({ buffers }) => buffers.filter((b) => b.access === 'write').length > 1)
  const last = kernels[kernels.length - 1]
  if (forward === undefined) throw new Error('No kernel joins the forward pass with the derivative.')
  const fence = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``
  return new Map([
    ['step', fence('ts', source.slice(source.indexOf('import')).trimEnd())],
    ['graph', fence('text', printGraph(graph.outputs))],
    ['schedule', fence('text', schedule.text(program))],
    ['program', fence('text', printProgram(program))],
    ['loops', fence('text', [forward, last].map(printKernel).join('\n'))],
    ['code', fence('text', functionOf(listing, last.name))],
  ])
}

/** The page with its listings as they are now. */
export async function updatedPage(): Promise<{ readonly before: string; readonly after: string }> {
  const before = readFileSync(page, 'utf8')
  let after = before
  for (const [name, text] of await listings()) {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
    const [from, to] = [after.indexOf(open), after.indexOf(close)]
    if (from < 0 || to < from) throw new Error(`docs/architecture.md: expected ${open} … ${close}.`)
    after = `${after.slice(0, from + open.length)}\n${text}\n${after.slice(to)}`
  }
  return { before, after }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { before, after } = await updatedPage()
  writeFileSync(page, after)
  console.log(before === after ? 'docs/architecture.md is up to date.' : 'docs/architecture.md is rewritten.')
}
