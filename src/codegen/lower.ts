/**
 * From a graph to a Program: simplify, cut into kernels, lower each to loop IR, plan memory, and write down the
 * commands. Loops and branches of the graph become commands over the same kernels.
 */
import { byteSize } from '../core/dtype.js'
import { InternalError } from '../core/errors.js'
import { sizeOf } from '../core/shape.js'
import type { Graph } from '../ir/graph.js'
import { isOp, type Node, type Subgraph } from '../ir/node.js'
import { cutIntoKernels } from '../schedule/fuse.js'
import { isTiled, type KernelSpec, type StructuredSpec, tileOperands } from '../schedule/kernel-spec.js'
import { planMemory, type Slot } from '../schedule/memory.js'
import { operandsOf, updatesInPlace } from '../schedule/operands.js'
import { simplify, simplifyBody } from '../schedule/simplify.js'
import { specKey } from '../schedule/spec-key.js'
import { bytesOf } from '../schedule/store.js'
import type { Kernel } from './loop-ir.js'
import { lowerContract } from './lower/contract.js'
import { lowerImageLanes } from './lower/image-lanes.js'
import { lowerImageRows } from './lower/image-rows-contract.js'
import { lowerMap } from './lower/map.js'
import { lowerRows } from './lower/rows.js'
import { lowerStructured } from './lower/structured.js'
import { lowerWinograd } from './lower/winograd.js'
import { lowerWinogradGradient } from './lower/winograd-gradient.js'
import { lowerWinogradTaps } from './lower/winograd-taps.js'
import type { ScheduleListing } from './print-schedule.js'
import type { Command, Place, PlacedValue, Program } from './program.js'
import type { Target } from './target.js'

type MutablePlace = { -readonly [K in keyof Place]: Place[K] }

/** A place whose offset is known once memory is planned. */
interface Located {
  readonly place: MutablePlace
  /** The arena value it lies in; null for inputs and outputs. */
  readonly slot: Slot | null
  /** Bytes from the slot's start. */
  readonly delta: number
}

type Places = Map<Node, Located>

/** Where a scan's carry is before the first round, in a round before and after it, and after the last. */
interface CarryPlaces {
  readonly first: Located
  readonly read: Located
  readonly write: Located
  readonly last: Located
}

/** An output that is a value which lies elsewhere: in `source`, or where `from` has its place. */
interface Copy {
  readonly from: Node
  readonly to: Located
  readonly source?: Located
}

/** `listing` collects what is decided, for people. */
export function lowerGraph(graph: Graph, target: Target, listing?: ScheduleListing): Program {
  return new Lowering(target, listing).graph(simplify(graph))
}

class Lowering {
  private readonly target: Target
  private readonly kernels: Kernel[] = []
  private readonly slots: Slot[] = []
  private readonly located: Located[] = []
  private time = 0
  private nextLoop = 0
  private donations: ReadonlyMap<number, number> = new Map()
  /** Loops and branches around what is being lowered. */
  private depth = 0
  private readonly listing: ScheduleListing | undefined

  constructor(target: Target, listing: ScheduleListing | undefined) {
    this.target = target
    this.listing = listing
  }

  graph(graph: Graph): Program {
    this.listing?.inputs(graph.inputs)
    this.donations = graph.donations
    const places: Places = new Map()
    graph.inputs.forEach((node, i) => {
      if (!places.has(node)) places.set(node, this.external('input', i))
    })
    const wanted = new Map<Node, Located>()
    const copies: Copy[] = []
    const overwrites = new Map<Node, Node>()
    graph.outputs.forEach((node, i) => {
      const to = this.external('output', i)
      if (places.has(node) || wanted.has(node)) copies.push({ from: node, to })
      else {
        wanted.set(node, to)
        const over = graph.donations.get(i)
        if (over !== undefined) overwrites.set(node, graph.inputs[over])
      }
    })
    const { before, after } = this.split(copies, graph, places)
    const inner = this.scope([...wanted.keys()], places, wanted, overwrites)
    const commands = [...before, ...inner]
    for (const { from, to, source } of after) {
      commands.push(this.copy(source ?? places.get(from)!, to, bytesOf(from)))
    }
    const arenaBytes = planMemory(this.slots)
    for (const { place, slot, delta } of this.located) if (slot !== null) place.offset = slot.offset + delta
    return {
      kernels: this.kernels,
      commands,
      arenaBytes,
      inputs: graph.inputs.map(({ shape, dtype }) => ({ shape, dtype })),
      outputs: graph.outputs.map(({ shape, dtype }) => ({ shape, dtype })),
      donations: graph.donations,
    }
  }

  /**
   * Copies to outputs are written at the end, when nothing reads what they overwrite. What is an input that another
   * output overwrites is read before that: straight into its output, or where that overwrites an input too, set aside.
   */
  private split(copies: readonly Copy[], graph: Graph, places: Places): { before: Command[]; after: Copy[] } {
    const overwritten = new Set([...graph.donations.values()].map((i) => graph.inputs[i]))
    const before: Command[] = []
    const after: Copy[] = []
    for (const copy of copies) {
      const { from, to } = copy
      const over = graph.donations.get(to.place.index)
      const source = places.get(from)
      if (source === undefined || !overwritten.has(from)) after.push(copy)
      else if (over === undefined) before.push(this.copy(source, to, bytesOf(from)))
      else if (graph.inputs[over] !== from) {
        this.time++
        const aside = this.allocate(from)
        before.push(this.copy(source, aside, bytesOf(from)))
        after.push({ from, to, source: aside })
      }
    }
    return { before, after }
  }

  // ---------------------------------------------------------------- places

  private external(base: 'input' | 'output', index: number): Located {
    return this.locate({ base, index, offset: 0, steps: [] }, null, 0)
  }

  private locate(place: MutablePlace, slot: Slot | null, delta: number): Located {
    const located = { place, slot, delta }
    this.located.push(located)
    return located
  }

  private allocate(node: Node): Located {
    const slot: Slot = { bytes: Math.max(1, bytesOf(node)), start: this.time, end: this.time, offset: 0 }
    this.slots.push(slot)
    this.listing?.slot(node, slot)
    return this.locate({ base: 'arena', index: 0, offset: 0, steps: [] }, slot, 0)
  }

  /** Step t of a stacked value, in loop `loop`. */
  private step(of: Located, loop: number, bytes: number): Located {
    return this.locate({ ...of.place, steps: [...of.place.steps, { loop, bytes }] }, of.slot, of.delta)
  }

  private use(located: Located): Place {
    if (located.slot !== null) located.slot.end = Math.max(located.slot.end, this.time)
    return located.place
  }

  private copy(from: Located, to: Located, bytes: number): Command {
    this.time++
    return { kind: 'copy', from: this.use(from), to: this.use(to), bytes }
  }

  // ---------------------------------------------------------------- kernels

  /** Computes `roots` into memory; `wanted` says where some of them must go. `places` gains what is stored. */
  private scope(
    roots: readonly Node[],
    places: Places,
    wanted: ReadonlyMap<Node, Located>,
    overwrites: ReadonlyMap<Node, Node> = new Map(),
  ): Command[] {
    const leaf = (n: Node): boolean => places.has(n)
    const { kernels } = cutIntoKernels(roots, leaf, this.target, overwrites)
    const commands: Command[] = []
    const late: Command[] = []
    const keep: Slot[] = []
    /** Values with a slot of this scope's own, which nobody is given afterwards. */
    const own = new Set<Node>()
    kernels.forEach((spec, i) => {
      this.time++
      // An output that would overwrite a value still to be read is written elsewhere and copied at the end.
      const unsafe = new Set<Node>()
      for (const node of spec.outputs) {
        const over = overwrites.get(node)
        if (over === undefined) continue
        const readLater = kernels.slice(i + 1).some((k) => k.inputs.includes(over))
        const readHere =
          spec.inputs.includes(over) &&
          !(spec.kind === 'structured' ? changesOnly(spec.node, over) : onlyAtOwnElement(spec, over))
        if (readLater || readHere) unsafe.add(node)
      }
      if (spec.kind === 'structured' && isOp(spec.node, 'scan')) {
        this.history(spec.node, spec.outputs, wanted, places)
      }
      for (const node of spec.outputs) {
        if (places.has(node)) continue
        const place = wanted.get(node)
        const memory =
          place === undefined || unsafe.has(node)
            ? this.taken(spec, kernels.slice(i + 1), places, own)
            : place
        places.set(node, memory ?? this.allocate(node))
        if (place === undefined) own.add(node)
      }
      commands.push(...this.kernel(spec, places))
      for (const node of unsafe) {
        // Alive to the very end, where it is copied.
        late.push({
          kind: 'copy',
          from: places.get(node)!.place,
          to: wanted.get(node)!.place,
          bytes: bytesOf(node),
        })
      }
      for (const node of unsafe) keep.push(places.get(node)!.slot!)
    })
    this.time++
    for (const slot of keep) slot.end = this.time
    return [...commands, ...late]
  }

  /** The memory of a value that a structured kernel only changes, where nothing reads the old value afterwards. */
  private taken(
    spec: KernelSpec,
    later: readonly KernelSpec[],
    places: Places,
    own: ReadonlySet<Node>,
  ): Located | null {
    if (spec.kind !== 'structured' || !updatesInPlace(spec.node)) return null
    const [x] = spec.node.inputs
    if (!own.has(x) || !changesOnly(spec.node, x) || later.some((k) => k.inputs.includes(x))) return null
    return places.get(x)!
  }

  /** Whether two places are the same bytes: of one slot of the arena, or an output and the input donated to it. */
  private sameMemory(a: Place, b: Place): boolean {
    if (a === b) return true
    return a.base === 'input' && b.base === 'output' && this.donations.get(b.index) === a.index
  }

  private kernel(spec: KernelSpec, places: Places): Command[] {
    this.listing?.kernel(
      spec,
      spec.kind === 'structured' ? spec.node.op : nameOf(spec),
      this.time,
      this.depth,
      spec.outputs.map((x) => places.get(x)!.place),
    )
    if (spec.kind === 'structured') {
      const { node } = spec
      if (isOp(node, 'scan')) return this.scan(node, spec, places)
      if (isOp(node, 'while')) return this.while(node, spec, places)
      if (isOp(node, 'cond')) return this.cond(node, spec, places)
      const inputs = operandsOf(node).map((x) => this.use(places.get(x)!))
      const results = this.results(spec, places)
      if (isOp(node, 'call')) {
        const placed = (aval: Node | (typeof node.avals)[number], place: Place): PlacedValue => ({
          shape: aval.shape,
          dtype: aval.dtype,
          place,
        })
        return [
          {
            kind: 'call',
            kernel: node.attrs.kernel,
            inputs: node.inputs.map((x, i) => placed(x, inputs[i])),
            outputs: node.avals.map((a, i) => placed(a, results[i])),
          },
        ]
      }
      const { place } = places.get(node.inputs[0]) ?? { place: null }
      const inPlace = updatesInPlace(node) && place !== null && this.sameMemory(place, results[0])
      return lowerStructured(node, this.target, inPlace).map((kernel) =>
        this.launch(kernel, [...inputs, ...results]),
      )
    }
    const values = [...spec.inputs, ...spec.outputs].map((x) => this.use(places.get(x)!))
    if (spec.outputs.every((x) => sizeOf(x.shape) === 0)) return []
    const key = specKey(spec)
    let number = this.known.get(key)
    if (number === undefined) {
      number = this.add(this.lowered(spec))
      this.known.set(key, number)
    }
    return [{ kind: 'kernel', kernel: number, arguments: values }]
  }

  private lowered(spec: Exclude<KernelSpec, StructuredSpec>): Kernel {
    switch (spec.kind) {
      case 'contract':
        return lowerImageRows(spec, this.target) ?? lowerContract(spec, this.target)
      case 'imageLanes':
        return lowerImageLanes(spec, this.target)
      case 'winograd':
        return lowerWinograd(spec, this.target)
      case 'winogradGradient':
        return lowerWinogradGradient(spec, this.target)
      case 'winogradTaps':
        return lowerWinogradTaps(spec, this.target)
      case 'map':
        return spec.rows === undefined
          ? lowerMap({ ...spec, name: nameOf(spec) }, this.target)
          : lowerRows({ ...spec, ...spec.rows, name: nameOf(spec) }, this.target)
    }
  }

  /** Numbers of map and contract kernels by what they compute: equal ones are lowered and emitted once. */
  private readonly known = new Map<string, number>()

  private add(kernel: Kernel): number {
    return this.kernels.push(kernel) - 1
  }

  /** Where each result of a structured node goes; results that nobody reads get room all the same. */
  private results(spec: StructuredSpec, places: Places): Place[] {
    const { node } = spec
    return node.avals.map((aval, i) => {
      const read = spec.outputs.find((o) => (isOp(o, 'output') ? o.attrs.index === i : o === node))
      if (read !== undefined) return this.use(places.get(read)!)
      const slot: Slot = {
        bytes: Math.max(1, sizeOf(aval.shape) * byteSize(aval.dtype)),
        start: this.time,
        end: this.time,
        offset: 0,
      }
      this.slots.push(slot)
      return this.use(this.locate({ base: 'arena', index: 0, offset: 0, steps: [] }, slot, 0))
    })
  }

  private launch(kernel: Kernel, args: readonly Place[]): Command {
    return { kind: 'kernel', kernel: this.add(kernel), arguments: args }
  }

  // ---------------------------------------------------------------- control

  /**
   * The commands of a body. `targets[i]` is where result i must be at the end (null: nowhere). Results that are
   * parameters, or stand twice, are copied. A target may be a parameter's place.
   */
  private body(
    body: Subgraph,
    parameters: readonly Located[],
    targets: readonly (Located | null)[],
  ): Command[] {
    const simple = simplifyBody(body)
    const places: Places = new Map(simple.params.map((p, i) => [p, parameters[i]]))
    const wanted = new Map<Node, Located>()
    const overwrites = new Map<Node, Node>()
    const copies: { from: Node; to: Located }[] = []
    simple.results.forEach((node, i) => {
      const to = targets[i]
      if (to === null) return
      const over = parameters.indexOf(to)
      if (places.has(node)) {
        // Nothing to do for a carry that stays what it is.
        if (over < 0 || simple.params[over] !== node) copies.push({ from: node, to })
      } else if (wanted.has(node)) copies.push({ from: node, to })
      else {
        wanted.set(node, to)
        if (over >= 0) overwrites.set(node, simple.params[over])
      }
    })
    // Parameters are read before any is overwritten: straight into the target, or where that is one too, set aside.
    const commands: Command[] = []
    const staged: { from: Node; source: Located | null; to: Located }[] = []
    for (const { from, to } of copies) {
      const isParameter = simple.params.includes(from as Node<'placeholder'>)
      const source = isParameter && parameters.includes(to) ? this.allocate(from) : null
      if (isParameter) commands.push(this.copy(places.get(from)!, source ?? to, bytesOf(from)))
      if (!isParameter || source !== null) staged.push({ from, source, to })
    }
    this.depth++
    commands.push(...this.scope([...wanted.keys()], places, wanted, overwrites))
    this.depth--
    for (const { from, source, to } of staged) {
      commands.push(this.copy(source ?? places.get(from)!, to, bytesOf(from)))
    }
    return commands
  }

  /** What was alive before a loop and is used in it lives to its end. */
  private around<T>(write: () => T): T {
    const start = ++this.time
    const result = write()
    const end = ++this.time
    for (const slot of this.slots) if (slot.start <= start && slot.end >= start) slot.end = end
    return result
  }

  private scan(node: Node<'scan'>, spec: StructuredSpec, places: Places): Command[] {
    const { body, length, consts, carry: n, reverse } = node.attrs
    const loop = this.nextLoop++
    const commands: Command[] = []
    const outputOf = (i: number) => spec.outputs.find((o) => isOp(o, 'output') && o.attrs.index === i)
    // A carry lies where its stacked values do, or in one place that each round changes.
    const carries = body.params.slice(consts, consts + n).map((p, i): CarryPlaces => {
      const slot = this.histories.get(node)?.get(i)
      if (slot === undefined) {
        const place = this.allocate(p)
        return { first: place, read: place, write: place, last: place }
      }
      const bytes = bytesOf(p)
      const at = (step: number): Located =>
        this.locate({ base: 'arena', index: 0, offset: 0, steps: [] }, slot, step * bytes)
      const [before, after] = reverse ? [1, 0] : [0, 1]
      return {
        first: at(reverse ? length : 0),
        read: this.step(at(before), loop, bytes),
        write: this.step(at(after), loop, bytes),
        last: at(reverse ? 0 : length),
      }
    })
    carries.forEach(({ first }, i) => {
      commands.push(this.copy(places.get(node.inputs[consts + i])!, first, bytesOf(body.params[consts + i])))
    })
    commands.push(
      this.around(() => {
        const parameters = body.params.map((p, i): Located => {
          if (i < consts) return places.get(node.inputs[i])!
          if (i < consts + n) return carries[i - consts].read
          return this.step(places.get(node.inputs[i])!, loop, bytesOf(p))
        })
        for (const p of parameters) this.use(p)
        const targets = body.results.map((r, i): Located | null => {
          if (i < n) return carries[i].write
          const read = outputOf(i)
          const kept = read === undefined || this.histories.get(node)?.get(read) !== undefined
          return kept ? null : this.step(places.get(read)!, loop, bytesOf(r))
        })
        for (const t of targets) if (t !== null) this.use(t)
        return { kind: 'loop', id: loop, count: length, reverse, body: this.body(body, parameters, targets) }
      }),
    )
    carries.forEach(({ last }, i) => {
      const read = outputOf(i)
      if (read !== undefined) commands.push(this.copy(last, places.get(read)!, bytesOf(read)))
    })
    return commands
  }

  /** Slots that hold a carry at every step: by the carry's number, and by the outputs that lie in them. */
  private readonly histories = new Map<Node, Map<number | Node, Slot>>()

  /**
   * Memory for stacked results that are a carry before or after each step: the carry goes through one array of
   * length + 1 steps, and nothing is copied.
   */
  private history(
    node: Node<'scan'>,
    outputs: readonly Node[],
    wanted: ReadonlyMap<Node, Located>,
    places: Places,
  ): void {
    const { body, length, consts, carry: n, reverse } = node.attrs
    const slots = new Map<number | Node, Slot>()
    for (const output of outputs) {
      if (!isOp(output, 'output') || output.attrs.index < n || wanted.has(output)) continue
      const result = body.results[output.attrs.index]
      const before = body.params.indexOf(result as Node<'placeholder'>) - consts
      const carry = before >= 0 && before < n ? before : body.results.indexOf(result)
      if (carry >= n) continue
      const late = carry === before ? reverse : !reverse
      const bytes = bytesOf(result)
      let slot = slots.get(carry)
      if (slot === undefined) {
        slot = {
          bytes: Math.max(1, (length + 1) * bytes),
          start: this.time,
          end: this.time,
          offset: 0,
        }
        this.slots.push(slot)
        this.listing?.slot(body.params[consts + carry], slot)
        slots.set(carry, slot)
      }
      slots.set(output, slot)
      const place: MutablePlace = { base: 'arena', index: 0, offset: 0, steps: [] }
      places.set(output, this.locate(place, slot, late ? bytes : 0))
    }
    if (slots.size > 0) this.histories.set(node, slots)
  }

  private while(node: Node<'while'>, spec: StructuredSpec, places: Places): Command[] {
    const { cond, body, consts } = node.attrs
    const commands: Command[] = []
    const carried = body.params.slice(consts)
    const carries = carried.map((p) => this.allocate(p))
    carries.forEach((c, i) => {
      commands.push(this.copy(places.get(node.inputs[consts + i])!, c, bytesOf(carried[i])))
    })
    const flag = this.allocate(cond.results[0])
    commands.push(
      this.around(() => {
        const parameters = [...node.inputs.slice(0, consts).map((x) => places.get(x)!), ...carries]
        for (const p of [...parameters, flag]) this.use(p)
        const condition = this.body(cond, parameters, [flag])
        const next = carried.map((p) => this.allocate(p))
        const inner = this.body(body, parameters, next)
        next.forEach((c, i) => {
          inner.push(this.copy(c, carries[i], bytesOf(carried[i])))
        })
        return { kind: 'while', condition, flag: this.use(flag), body: inner }
      }),
    )
    for (const read of spec.outputs) {
      if (!isOp(read, 'output')) throw new InternalError('A while loop is read through its outputs.')
      commands.push(this.copy(carries[read.attrs.index], places.get(read)!, bytesOf(read)))
    }
    return commands
  }

  private cond(node: Node<'cond'>, spec: StructuredSpec, places: Places): Command[] {
    const { branches } = node.attrs
    const [predicate, ...operands] = node.inputs
    const flag = this.use(places.get(predicate)!)
    return this.around(() => {
      const parameters = operands.map((x) => places.get(x)!)
      for (const p of parameters) this.use(p)
      const targets = branches[0].results.map((_, i): Located | null => {
        const read = spec.outputs.find((o) => isOp(o, 'output') && o.attrs.index === i)
        if (read === undefined) return null
        this.use(places.get(read)!)
        return places.get(read)!
      })
      const [then, otherwise] = branches.map((branch) => this.body(branch, parameters, targets))
      return [{ kind: 'if', flag, then, otherwise }]
    })
  }
}

const moving = new Set<Node['op']>([
  'permute',
  'expand',
  'pad',
  'slice',
  'flip',
  'concat',
  'window',
  'fold',
  'gather',
  'reduceSum',
  'reduceProd',
  'reduceMax',
  'reduceMin',
])

/** Whether a structured node takes `input` only as the value that it changes, and may do so in its memory. */
const changesOnly = (node: Node, input: Node): boolean =>
  updatesInPlace(node) && operandsOf(node)[0] === input && !operandsOf(node).slice(1).includes(input)

/** Whether a kernel reads `input` only at the element it writes. */
function onlyAtOwnElement(spec: KernelSpec, input: Node): boolean {
  // A row's later steps read inputs after its earlier ones have stored.
  if (spec.kind === 'map' && spec.rows !== undefined) return false
  if (spec.kind === 'winogradTaps') return false
  if (isTiled(spec) && tileOperands(spec).some((x) => reachable(x, input, spec.inputs))) return false
  const stop = new Set(spec.inputs)
  const stack = spec.outputs.map((node) => ({ node: node as Node, moved: false }))
  const seen = new Set<string>()
  while (stack.length > 0) {
    const { node, moved } = stack.pop()!
    const key = `${node.id}${moved}`
    if (seen.has(key)) continue
    seen.add(key)
    if (node === input && moved) return false
    if (stop.has(node) || (isTiled(spec) && node === spec.node)) continue
    for (const x of node.inputs) stack.push({ node: x, moved: moved || moving.has(node.op) })
  }
  return true
}

function reachable(from: Node, to: Node, stops: readonly Node[]): boolean {
  const stop = new Set(stops)
  const stack = [from]
  const seen = new Set<Node>()
  while (stack.length > 0) {
    const node = stack.pop()!
    if (node === to) return true
    if (seen.has(node) || stop.has(node)) continue
    seen.add(node)
    stack.push(...node.inputs)
  }
  return false
}

/** What a kernel is called in listings: the primitives of its outputs and their shape. */
function nameOf(spec: KernelSpec): string {
  const ops = [...new Set(spec.outputs.map((o) => o.op))].slice(0, 3).join('_')
  return `${ops}_${spec.outputs[0].shape.join('x') || '1'}`
}
