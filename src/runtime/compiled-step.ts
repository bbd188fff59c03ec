/**
 * A compiled step: traced once a signature, then replayed. A replay checks arguments and guards, fills two tables of
 * storages, runs, and wraps the results; it walks no graph.
 */
import type { Backend, Executable } from '../backend/backend.js'
import { DeviceError, ValueError } from '../core/errors.js'
import { type Precision, precisions } from '../core/precision.js'
import { sizeOf } from '../core/shape.js'
import { Storage } from '../core/storage.js'
import { buffer, isGradEnabled } from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { roundProducts } from '../ir/round-products.js'
import { type AutocastDType, autocastDType } from '../ops/autocast.js'
import { compareTraces } from './compare-traces.js'
import { currentBackend } from './devices.js'
import { compileGraph, disposeExecutable } from './executables.js'
import { closedGraph } from './graph.js'
import { type MeasuredProgram, ProfileReport } from './profile-report.js'
import { realize } from './realize.js'
import { type Arguments, argumentDifference, matches, type Template, templateOf } from './signature.js'
import { type Cell, isSymbolic, isTransforming, leafCells, pendingCells, tracing } from './state.js'
import type { Observation, Slot } from './trace.js'
import {
  isComputed,
  type ResultTemplate,
  type TensorKind,
  type TracedStep,
  traceStep,
} from './traced-step.js'

/** More signatures than this are probably a mistake. */
const warnAfter = 8

/** More than this are not kept. */
const keepAtMost = 64

interface OutputPlan {
  readonly node: Node
  readonly size: number
  /** Where the output stands in the executable's list; -1 when it has no elements. */
  readonly position: number
  /** Whether it may be written over the version that it replaces. */
  readonly inPlace: boolean
}

/** One signature: its guards and its program. */
interface Variant {
  readonly template: Template
  readonly numbers: number[]
  /** Numbers among the arguments that were seen to change nothing. */
  readonly idle: boolean[]
  readonly gradEnabled: boolean
  readonly autocast: AutocastDType | null
  readonly backend: Backend
  readonly slots: readonly Pick<Slot, 'source' | 'requiresGrad' | 'gradientRead'>[]
  readonly observations: readonly Observation[]
  readonly effects: readonly (() => void)[]
  readonly executable: Executable | null
  readonly inputs: TracedStep['inputs']
  readonly outputs: readonly OutputPlan[]
  readonly writes: TracedStep['writes']
  readonly gradients: TracedStep['gradients']
  readonly result: ResultTemplate
  /** The first trace, to compare with. Its stacks go once the second call agreed. */
  readonly first: TracedStep
  verified: boolean
  /** Tables that each replay fills and empties again. */
  readonly cells: Cell[]
  readonly given: Storage[]
  readonly written: Storage[]
  /** Of calls that only replayed, when the step is profiled. */
  replayMilliseconds: number
  replays: number
}

/** How a step is compiled. */
export interface StepOptions {
  /** Measure each kernel: `profile()` tells. Default false; it costs about 50 ns a kernel. */
  readonly profile?: boolean
  /**
   * How products of f32 are computed: 'f32' (default), or 'bf16': what matrix products and convolutions multiply,
   * forward and backward, is rounded to bf16 and summed in f32; all else (parameters, optimizers, sums, softmax, norms)
   * stays f32. Twice as fast where the processor multiplies bf16. Other dtypes and `autocast` are untouched.
   */
  readonly precision?: Precision
}

export interface CompileStats {
  /** Programs compiled so far. */
  readonly compilations: number
  /** Signatures seen so far. */
  readonly signatures: number
}

export class CompiledStep {
  private readonly fn: (...args: never[]) => unknown
  private readonly kind: TensorKind
  private readonly variants: Variant[] = []
  private readonly profiled: boolean
  private readonly precision: Precision
  private signatures = 0
  private compilations = 0

  constructor(
    fn: (...args: never[]) => unknown,
    kind: TensorKind,
    { profile = false, precision = 'f32' }: StepOptions = {},
  ) {
    if (!precisions.includes(precision))
      throw new ValueError(
        `compile: expected precision 'f32' or 'bf16', got '${String(precision)}'. For f16 run the step's forward pass in autocast.`,
      )
    this.fn = fn
    this.kind = kind
    this.profiled = profile
    this.precision = precision
  }

  get stats(): CompileStats {
    return { compilations: this.compilations, signatures: this.signatures }
  }

  call(args: unknown[]): unknown {
    if (tracing !== null || isSymbolic() || isTransforming())
      return (this.fn as (...list: unknown[]) => unknown)(...args)
    const start = this.profiled ? performance.now() : 0
    const given: Arguments = { cells: [], numbers: [] }
    let variant = this.find(args, given)
    if (variant === null) {
      variant = this.trace(args, given)
    } else if (!variant.verified || numbersChanged(variant, given.numbers)) {
      this.verify(variant, args, given)
    } else if (this.profiled) {
      const result = this.replay(variant, given.cells)
      variant.replayMilliseconds += performance.now() - start
      variant.replays++
      return result
    }
    return this.replay(variant, given.cells)
  }

  /**
   * The times of all calls so far. `reset`: begin anew after this reading. Throws ValueError for a step that was not
   * compiled with `profile`, DeviceError where the device cannot measure.
   */
  profile({ reset = false }: { readonly reset?: boolean } = {}): ProfileReport {
    if (!this.profiled)
      throw new ValueError(
        'profile: expected a step that is profiled, got one without. Compile it with compile(step, { profile: true }).',
      )
    const measured: MeasuredProgram[] = []
    for (const variant of this.variants) {
      const { executable, backend } = variant
      if (executable === null) continue
      if (executable.profiler === undefined)
        throw new DeviceError(
          `profile: expected a device that measures its kernels, got ${backend.name}. Use the device 'native'.`,
        )
      const profile = executable.profiler.read()
      // Calls that traced as well count as much as the mean of those that did not.
      const call =
        variant.replays > 0
          ? variant.replayMilliseconds / 1000 / variant.replays
          : profile.callSeconds / Math.max(1, profile.runs)
      measured.push({ profile, totalSeconds: call * profile.runs })
      if (reset) {
        executable.profiler.reset()
        variant.replayMilliseconds = 0
        variant.replays = 0
      }
    }
    return new ProfileReport(measured)
  }

  private find(args: unknown[], given: Arguments): Variant | null {
    const backend = currentBackend()
    const gradEnabled = isGradEnabled()
    const autocast = autocastDType()
    for (let i = 0; i < this.variants.length; i++) {
      const variant = this.variants[i]
      given.cells.length = 0
      given.numbers.length = 0
      if (variant.backend !== backend || variant.gradEnabled !== gradEnabled) continue
      if (variant.autocast !== autocast) continue
      if (!matches(variant.template, args, this.kind.isCell, given) || !guardsHold(variant, given.cells))
        continue
      if (i > 0) {
        this.variants.splice(i, 1)
        this.variants.unshift(variant)
      }
      return variant
    }
    given.cells.length = 0
    given.numbers.length = 0
    return null
  }

  private trace(args: unknown[], given: Arguments): Variant {
    const template = templateOf(args, this.kind.isCell, given)
    const step = traceStep(this.fn, args, given, this.kind)
    const variant = this.compile(step, template, given)
    this.signatures++
    if (this.signatures === warnAfter + 1) this.warn(variant)
    this.variants.unshift(variant)
    if (this.variants.length > keepAtMost) {
      const { executable } = this.variants.pop()!
      if (executable !== null) disposeExecutable(executable)
    }
    return variant
  }

  private compile(step: TracedStep, template: Template, given: Arguments): Variant {
    const backend = currentBackend()
    const { outputs, donations } = planOutputs(step)
    let executable: Executable | null = null
    const computed = step.outputs.filter(isComputed)
    if (computed.length > 0) {
      const graph = closedGraph(step.order, step.inputNodes, computed, donations)
      const rounded = this.precision === 'bf16' ? roundProducts(graph) : graph
      executable = compileGraph(backend, rounded, { profile: this.profiled })
      this.compilations++
    }
    return {
      template,
      numbers: [...given.numbers],
      idle: given.numbers.map(() => false),
      gradEnabled: isGradEnabled(),
      autocast: autocastDType(),
      backend,
      slots: step.trace.slots.map(({ source, requiresGrad, gradientRead }) => ({
        source,
        requiresGrad,
        gradientRead,
      })),
      observations: step.trace.observations,
      effects: step.trace.effects,
      executable,
      inputs: step.inputs,
      outputs,
      writes: step.writes,
      gradients: step.gradients,
      result: step.result,
      first: step,
      verified: false,
      cells: [],
      given: [],
      written: [],
      replayMilliseconds: 0,
      replays: 0,
    }
  }

  /** Traces again and compares, at the second call and when a number among the arguments changed. */
  private verify(variant: Variant, args: unknown[], given: Arguments): void {
    compareTraces(variant.first, traceStep(this.fn, args, given, this.kind))
    given.numbers.forEach((n, i) => {
      if (!Object.is(n, variant.numbers[i])) variant.idle[i] = true
    })
    variant.verified = true
    variant.first.trace.forgetMarks()
  }

  private replay(variant: Variant, args: readonly Cell[]): unknown {
    const { cells, given, written } = variant
    try {
      resolve(variant, args)
      const { inputs } = variant
      for (let i = 0; i < inputs.length; i++) {
        const source = inputs[i]
        given[i] =
          source.kind === 'constant'
            ? source.storage
            : source.kind === 'slot'
              ? cells[source.slot].version.storage!
              : cells[source.slot].gradient!.version.storage!
      }
      this.prepareOutputs(variant)
      variant.executable?.run(given, written)
      for (const effect of variant.effects) effect()
      return this.finish(variant)
    } finally {
      cells.length = 0
      given.length = 0
      written.length = 0
    }
  }

  private prepareOutputs({ outputs, writes, gradients, cells, written }: Variant): void {
    const fresh = (i: number): void => {
      const { node, position, size } = outputs[i]
      if (position >= 0) written[position] = new Storage(node.dtype, size)
    }
    const first =
      outputs.length - writes.length - gradients.reduce((n, g) => n + (g.output === null ? 0 : 1), 0)
    for (let i = 0; i < first; i++) fresh(i)
    for (const { slot, output } of writes) {
      const { position, inPlace } = outputs[output]
      const cell = cells[slot]
      if (inPlace && reusable(cell)) written[position] = cell.version.storage!
      else fresh(output)
    }
    for (const { slot, output } of gradients) {
      if (output === null) continue
      const { node, position, inPlace } = outputs[output]
      const gradient = cells[slot].gradient
      if (inPlace && gradient !== null && reusable(gradient) && gradient.version.dtype === node.dtype) {
        written[position] = gradient.version.storage!
      } else fresh(output)
    }
  }

  private finish({ outputs, writes, gradients, cells, written, result }: Variant): unknown {
    const storageOf = (i: number): Storage => {
      const { node, position } = outputs[i]
      return position >= 0 ? written[position] : new Storage(node.dtype, 0, new ArrayBuffer(0))
    }
    for (const { slot, output } of writes) {
      const cell = cells[slot]
      const storage = storageOf(output)
      if (cell.version.storage === storage) continue
      const { shape, requiresGrad } = cell.version
      cell.version = buffer(storage, shape, requiresGrad)
      cell.escaped = false
      pendingCells.delete(cell)
      if (requiresGrad) leafCells.set(cell.version, cell)
    }
    for (const { slot, output } of gradients) {
      const cell = cells[slot]
      if (output === null) {
        cell.gradient = null
        continue
      }
      const storage = storageOf(output)
      if (cell.gradient !== null && cell.gradient.version.storage === storage) continue
      cell.gradient = this.kind.makeCell(buffer(storage, outputs[output].node.shape))
      cell.gradient.escaped = false
    }
    return this.wrapResult(result, outputs, cells, storageOf, [])
  }

  private wrapResult(
    template: ResultTemplate,
    outputs: readonly OutputPlan[],
    cells: readonly Cell[],
    storageOf: (i: number) => Storage,
    made: (Cell | undefined)[],
  ): unknown {
    switch (template.kind) {
      case 'output': {
        const i = template.output
        made[i] ??= this.kind.makeCell(buffer(storageOf(i), outputs[i].node.shape))
        return made[i]
      }
      case 'slot':
        return cells[template.slot]
      case 'value':
        return template.value
      case 'array':
        return template.items.map((item) => this.wrapResult(item, outputs, cells, storageOf, made))
      case 'object': {
        const out: Record<string, unknown> = {}
        template.items.forEach((item, i) => {
          out[template.keys[i]] = this.wrapResult(item, outputs, cells, storageOf, made)
        })
        return out
      }
    }
  }

  private warn(next: Variant): void {
    const before = this.variants[0]
    const why =
      argumentDifference(before.template, next.template, '') ??
      observedDifference(before.observations, next.observations) ??
      'a parameter gained or lost its gradient, or requiresGrad changed'
    console.warn(
      `chainrule: a compiled step has more than ${warnAfter} signatures, and each is traced and compiled anew. Last ` +
        `change: ${why}. Keep shapes equal (drop or pad the last batch) and pass changing values as tensors.`,
    )
  }
}

/** Only the cell holds its version: nobody sees an overwrite. */
const reusable = (cell: Cell): boolean => !cell.escaped && cell.version.storage !== null

const numbersChanged = ({ numbers, idle }: Variant, given: readonly number[]): boolean => {
  for (let i = 0; i < given.length; i++) if (!idle[i] && !Object.is(numbers[i], given[i])) return true
  return false
}

function guardsHold({ slots, observations }: Variant, args: readonly Cell[]): boolean {
  for (const { source, requiresGrad, gradientRead } of slots) {
    const cell = source.kind === 'cell' ? source.cell : args[source.index]
    if (source.kind === 'cell' && cell.version.requiresGrad !== requiresGrad) return false
    if (gradientRead !== 'no' && (cell.gradient !== null) !== (gradientRead === 'present')) return false
  }
  for (const o of observations) if (!Object.is(o.read(), o.value)) return false
  return true
}

/** Finds the cell of each slot and computes whatever of their values is still pending. */
function resolve({ slots, inputs, cells }: Variant, args: readonly Cell[]): void {
  // The caller holds the arguments: they are not overwritten.
  for (let i = 0; i < args.length; i++) args[i].escaped = true
  for (let i = 0; i < slots.length; i++) {
    const { source } = slots[i]
    cells[i] = source.kind === 'cell' ? source.cell : args[source.index]
  }
  let pending: Node[] | null = null
  for (const source of inputs) {
    if (source.kind === 'constant') continue
    const { version } = source.kind === 'slot' ? cells[source.slot] : cells[source.slot].gradient!
    if (version.storage === null) {
      pending ??= []
      pending.push(version)
    }
  }
  if (pending !== null) realize(pending)
}

const moves = new Set(['alias', 'stopGradient', 'reshape', 'bitcast'])

/** Whether an output only hands on a value that exists: two of them may swap places, which no order of writes does. */
function isCopy(node: Node): boolean {
  let at = node
  while (at.storage === null && moves.has(at.op)) at = at.inputs[0]
  return at.op === 'placeholder' || at.storage !== null
}

/** Where each output stands, and which outputs may overwrite the input that they replace. */
function planOutputs(step: TracedStep): { outputs: OutputPlan[]; donations: Map<number, number> } {
  let count = 0
  const positions = step.outputs.map((node) => (isComputed(node) ? count++ : -1))
  const inPlace = new Set<number>()
  const donations = new Map<number, number>()
  const offer = (kind: 'slot' | 'gradient', slot: number, output: number | null): void => {
    if (output === null || positions[output] < 0) return
    const input = step.inputs.findIndex((s) => s.kind === kind && s.slot === slot)
    if (input >= 0 && isCopy(step.outputs[output])) return
    inPlace.add(output)
    if (input >= 0) donations.set(positions[output], input)
  }
  for (const { slot, output } of step.writes) offer('slot', slot, output)
  for (const { slot, output } of step.gradients) offer('gradient', slot, output)
  const outputs = step.outputs.map((node, i) => ({
    node,
    size: sizeOf(node.shape),
    position: positions[i],
    inPlace: inPlace.has(i),
  }))
  return { outputs, donations }
}

function observedDifference(a: readonly Observation[], b: readonly Observation[]): string | null {
  for (const o of b) {
    const before = a.find((p) => p.owner === o.owner && p.key === o.key)
    if (before !== undefined && !Object.is(before.value, o.value)) {
      return `${o.owner.constructor.name}.${o.key}: ${String(before.value)} before, ${String(o.value)} now`
    }
  }
  return null
}
