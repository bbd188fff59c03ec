/**
 * Compares two traces of one step. Whatever differs though no argument, cell or observed property does was a plain
 * JavaScript value, baked at the first call: the error names the line that used it.
 */
import { TraceError } from '../core/errors.js'
import { isOp, type Node } from '../ir/node.js'
import type { InputSource, ResultTemplate, TracedStep } from './traced-step.js'

const advice =
  'What changes from call to call must be a tensor: pass it as an argument, keep it in a Buffer and assign() to it, or ' +
  'use an optimizer setting, which has a setter.'

const at = (step: TracedStep, node: Node | undefined): string => {
  const line = node === undefined ? null : step.trace.lineOf(node)
  return line === null ? '' : ` at ${line}`
}

/** Throws TraceError unless both traces mean the same program. */
export function compareTraces(first: TracedStep, second: TracedStep): void {
  first.inputs.forEach((source, i) => {
    const other = second.inputs[i]
    if (other !== undefined && first.key === second.key)
      compareInputs(source, other, first, second, second.inputNodes[i])
  })
  if (first.key !== second.key) differentGraphs(first, second)
  compareResults(first.result, second.result)
  const effects = (step: TracedStep): string =>
    JSON.stringify([step.writes.map((w) => w.output), step.gradients.map((g) => g.output)])
  const sameSlots = (a: readonly { slot: number }[], b: readonly { slot: number }[]): boolean =>
    a.length === b.length && a.every((w, i) => sameSource(first, w.slot, second, b[i].slot))
  if (
    effects(first) !== effects(second) ||
    !sameSlots(first.writes, second.writes) ||
    !sameSlots(first.gradients, second.gradients)
  ) {
    throw new TraceError(
      `A compiled step assigned to other parameters, buffers or gradients at its second call than at its first. ${advice}`,
    )
  }
}

function sameSource(first: TracedStep, i: number, second: TracedStep, j: number): boolean {
  const [a, b] = [first.trace.slots[i].source, second.trace.slots[j].source]
  if (a.kind === 'argument') return b.kind === 'argument' && a.index === b.index
  return b.kind === 'cell' && a.cell === b.cell
}

function compareInputs(
  a: InputSource,
  b: InputSource,
  first: TracedStep,
  second: TracedStep,
  node: Node,
): void {
  if (a.kind === 'constant' && b.kind === 'constant') {
    const [was, is] = [a.node, b.node]
    if (isOp(was, 'scalar') && isOp(is, 'scalar')) {
      if (Object.is(was.attrs.value, is.attrs.value)) return
      throw new TraceError(
        `A number used in a compiled step${at(second, is)} was ${was.attrs.value} when the step was traced and is ` +
          `${is.attrs.value} now. Plain numbers are baked into the program. ${advice}`,
      )
    }
    if (a.storage === b.storage || sameBytes(a.storage.bytes(), b.storage.bytes())) return
    throw new TraceError(
      `A tensor made in a compiled step from plain values${at(second, is)} had other values when the step was traced. ` +
        `Plain values are baked into the program. ${advice}`,
    )
  }
  if (a.kind !== 'constant' && b.kind === a.kind && sameSource(first, a.slot, second, b.slot)) return
  const user = second.order.find((n) => n.inputs.includes(node))
  throw new TraceError(
    `A compiled step used another tensor${at(second, user)} than when it was traced. ${advice}`,
  )
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function differentGraphs(first: TracedStep, second: TracedStep): never {
  const [a, b] = [first, second].map(({ order, lines }) => ({ order, lines }))
  let i = 0
  while (i < a.lines.length && a.lines[i] === b.lines[i]) i++
  const was = a.lines[i] ?? 'nothing more'
  const is = b.lines[i] ?? 'nothing more'
  const place = at(second, b.order[i]) || at(first, a.order[i])
  throw new TraceError(
    `A compiled step did something else at its second call${place}: it built '${was}' when it was traced and builds ` +
      `'${is}' now, though no argument and no property of a module changed. A plain JavaScript value decided it. ${advice}`,
  )
}

function compareResults(a: ResultTemplate, b: ResultTemplate): void {
  const different = (was: unknown, is: unknown): never => {
    throw new TraceError(
      `A compiled step returned the plain value ${String(was)} when it was traced and ${String(is)} now. It is baked into ` +
        `the step. ${advice}`,
    )
  }
  if ((a.kind === 'array' && b.kind === 'array') || (a.kind === 'object' && b.kind === 'object')) {
    if (a.items.length !== b.items.length) different(`list of ${a.items.length}`, `list of ${b.items.length}`)
    a.items.forEach((item, i) => {
      compareResults(item, b.items[i])
    })
    return
  }
  if (a.kind === 'value' && b.kind === 'value') {
    // Functions and objects are made anew at each call; only plain values can be compared.
    const comparable = typeof a.value !== 'object' && typeof a.value !== 'function'
    if (comparable && !Object.is(a.value, b.value)) different(a.value, b.value)
    return
  }
  if (a.kind !== b.kind) different(a.kind, b.kind)
}
