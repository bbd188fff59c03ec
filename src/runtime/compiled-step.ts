/**
 * A compiled step: traced once a signature, then replayed. A replay checks arguments and guards, fills two tables of
 * storages, runs, and wraps the results; it walks no graph.
 */
import type { Backend, Executable } from '../backend/backend.js'
import { DeviceError, ValueError } from '../core/errors.js'
import { type Precision, precisions } from '../core/precision.js'
import { sizeOf } from '../core/shape.js'
import { buffer, isGradEnabled } from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { roundProducts } from '../ir/round-products.js'
import { type AutocastDType, autocastDType } from '../ops/autocast.js'
import { compareTraces } from './compare-traces.js'
import { currentBackend } from './devices.js'
import { compileGraph, disposeExecutable } from './executables.js'
import { closedGraph } from './graph.js'
import { type MeasuredProgram, ProfileReport } from './profile-report.js'
import {
  type Arguments,
  argumentDifference,
  isTensorList,
  matches,
  matchesTensorList,
  type Template,
  templateOf,
} from './signature.js'
import { type Cell, isSymbolic, isTransforming, propertyChanges, tracing } from './state.js'
import { type OutputPlan, type StepSlot, StepTables } from './step-tables.js'
import type { Observation } from './trace.js'
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

/** Of calls that have not been looked at. */
const noCells: Cell[] = []
const noNumbers: number[] = []

/** One signature: its guards and its program. */
interface Variant {
  readonly template: Template
  /** The arguments are tensors, all different. */
  readonly tensorsOnly: boolean
  /** Tensors that are no state and that the step reads or assigns all the same; null: none. */
  readonly captured: ReadonlySet<Cell> | null
  readonly numbers: number[]
  /** Numbers among the arguments that were seen to change nothing. */
  readonly idle: boolean[]
  readonly gradEnabled: boolean
  readonly autocast: AutocastDType | null
  readonly backend: Backend
  readonly observations: readonly Observation[]
  /** Those that no counter watches: they are read at every call. */
  readonly uncounted: readonly Observation[]
  /** `propertyChanges` when all observations were last seen to hold. */
  changes: number
  readonly effects: readonly (() => void)[]
  readonly executable: Executable | null
  readonly outputs: readonly OutputPlan[]
  readonly tables: StepTables
  readonly result: ResultTemplate
  /** The first trace, to compare with. Its stacks go once the second call agreed. */
  readonly first: TracedStep
  verified: boolean
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
  /** What `find` saw of the state of the variant that it found. */
  private unchanged = false
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
    const given: Arguments = { cells: noCells, numbers: noNumbers }
    let variant = this.find(args, given)
    if (variant === null) {
      variant = this.trace(args, given)
    } else if (!variant.verified || numbersChanged(variant, given.numbers)) {
      this.verify(variant, args, given)
    } else if (this.profiled) {
      const result = this.replay(variant, given.cells, this.unchanged)
      const reading = variant.executable?.profiler?.readingMilliseconds ?? 0
      variant.replayMilliseconds += performance.now() - start - reading
      variant.replays++
      return result
    } else return this.replay(variant, given.cells, this.unchanged)
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
      if (variant.backend !== backend || variant.gradEnabled !== gradEnabled) continue
      if (variant.autocast !== autocast) continue
      if (variant.tensorsOnly) {
        if (!matchesTensorList(variant.template, args, this.kind.isCell)) continue
        given.cells = args as Cell[]
        given.numbers = noNumbers
      } else {
        given.cells = []
        given.numbers = []
        if (!matches(variant.template, args, this.kind.isCell, given)) continue
      }
      // What is captured and passed is one value: that is another trace.
      if (variant.captured !== null && hasAny(variant.captured, given.cells)) continue
      hold(given.cells)
      this.unchanged = variant.tables.unchanged()
      if (!this.unchanged && !variant.tables.guardsHold(given.cells)) continue
      if (!observationsHold(variant)) continue
      if (i > 0) {
        this.variants.splice(i, 1)
        this.variants.unshift(variant)
      }
      return variant
    }
    given.cells = []
    given.numbers = []
    return null
  }

  private trace(args: unknown[], given: Arguments): Variant {
    const { step, template } = this.traceByReference(args, given, new Set())
    hold(given.cells)
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

  /** Arguments that the step turns out to capture as well are read by reference, as state is. */
  private traceByReference(
    args: unknown[],
    given: Arguments,
    byReference: Set<Cell>,
  ): { step: TracedStep; template: Template } {
    given.cells = []
    given.numbers = []
    const template = templateOf(args, this.kind.isCell, given, byReference)
    const step = traceStep(this.fn, args, given, this.kind)
    const captured = capturedBy(step)
    const twice = given.cells.filter((cell) => captured?.has(cell))
    if (twice.length === 0) return { step, template }
    for (const cell of twice) byReference.add(cell)
    return this.traceByReference(args, given, byReference)
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
    const captured = capturedBy(step)
    // `hasAny` looks for those only.
    if (captured !== null) for (const cell of captured) cell.watched = true
    const slots = step.trace.slots.map(
      ({ source, requiresGrad, gradientRead }): StepSlot => ({ source, requiresGrad, gradientRead }),
    )
    return {
      template,
      tensorsOnly: isTensorList(template),
      captured,
      numbers: [...given.numbers],
      idle: given.numbers.map(() => false),
      gradEnabled: isGradEnabled(),
      autocast: autocastDType(),
      backend,
      observations: step.trace.observations,
      uncounted: step.trace.observations.filter((o) => !o.counted),
      changes: propertyChanges,
      effects: step.trace.effects,
      executable,
      outputs,
      tables: new StepTables(slots, outputs, step),
      result: step.result,
      first: step,
      verified: false,
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

  /** `unchanged`: all state is as the variant's last call left it. */
  private replay(variant: Variant, args: readonly Cell[], unchanged = false): unknown {
    const { tables, executable, effects } = variant
    let succeeded = false
    try {
      tables.enter(args, unchanged)
      if (executable !== null) tables.run(executable)
      for (let i = 0; i < effects.length; i++) effects[i]()
      tables.assign(this.kind.makeCell)
      const { result: template } = variant
      const result = template.kind === 'value' ? template.value : this.wrapResult(template, variant, [])
      succeeded = true
      return result
    } finally {
      tables.leave(succeeded)
    }
  }

  private wrapResult(template: ResultTemplate, variant: Variant, made: (Cell | undefined)[]): unknown {
    const { outputs, tables } = variant
    switch (template.kind) {
      case 'output': {
        const i = template.output
        made[i] ??= this.kind.makeCell(buffer(tables.storageOf(i), outputs[i].node.shape))
        return made[i]
      }
      case 'slot':
        return tables.cells[template.slot]
      case 'value':
        return template.value
      case 'array':
        return template.items.map((item) => this.wrapResult(item, variant, made))
      case 'object': {
        const out: Record<string, unknown> = {}
        template.items.forEach((item, i) => {
          out[template.keys[i]] = this.wrapResult(item, variant, made)
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

/** Whoever passes a tensor holds its version: nothing is written over it, not even by this call. */
function hold(cells: readonly Cell[]): void {
  for (let i = 0; i < cells.length; i++) cells[i].escaped = true
}

/** The cells that a step reads or assigns beside its arguments and state; null where there are none. */
function capturedBy({ trace }: TracedStep): ReadonlySet<Cell> | null {
  const cells = trace.slots.flatMap(({ source }) =>
    source.kind === 'cell' && !source.cell.isState ? [source.cell] : [],
  )
  return cells.length > 0 ? new Set(cells) : null
}

/** Whether one of the cells is captured. Most arguments are not even watched, which is faster to see. */
function hasAny(captured: ReadonlySet<Cell>, cells: readonly Cell[]): boolean {
  for (let i = 0; i < cells.length; i++) if (cells[i].watched && captured.has(cells[i])) return true
  return false
}

const numbersChanged = ({ numbers, idle }: Variant, given: readonly number[]): boolean => {
  for (let i = 0; i < given.length; i++) if (!idle[i] && !Object.is(numbers[i], given[i])) return true
  return false
}

/** Reads the observed properties: all of them where one of those that are counted may have changed. */
function observationsHold(variant: Variant): boolean {
  const { changes, observations, uncounted } = variant
  for (const o of changes === propertyChanges ? uncounted : observations)
    if (!Object.is(o.read(), o.value)) return false
  variant.changes = propertyChanges
  return true
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
