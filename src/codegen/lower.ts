/**
 * From a graph to a Program: simplify, cut into kernels, lower each to loop IR, plan memory, and write down the
 * commands. Loops and branches of the graph become commands over the same kernels.
 */
import { byteSize } from '../core/dtype.js'
import { sizeOf } from '../core/shape.js'
import type { Graph } from '../ir/graph.js'
import { isOp, type Node } from '../ir/node.js'
import { cutIntoKernels } from '../schedule/fuse.js'
import { type KernelSpec, nodesOf, type StructuredSpec } from '../schedule/kernel-spec.js'
import type { Slot } from '../schedule/memory.js'
import { bytesOf } from '../schedule/node-cost.js'
import { buffersOf, changesOnly, updatesInPlace } from '../schedule/operands.js'
import { simplify } from '../schedule/simplify.js'
import { specKey } from '../schedule/spec-key.js'
import type { Kernel } from './loop-ir.js'
import { lowerContract } from './lower/contract.js'
import { ControlFlow } from './lower/control-flow.js'
import { lowerImageLanes } from './lower/image-lanes.js'
import { lowerImageRows } from './lower/image-rows-contract.js'
import { lowerMap } from './lower/map.js'
import { onlyAtOwnElement } from './lower/overwrites.js'
import { type Located, Placement, type Places } from './lower/placement.js'
import { lowerRows } from './lower/rows.js'
import { lowerStructured } from './lower/structured.js'
import { lowerWinograd } from './lower/winograd.js'
import { lowerWinogradGradient } from './lower/winograd-gradient.js'
import { lowerWinogradTaps } from './lower/winograd-taps.js'
import type { ScheduleListing } from './print-schedule.js'
import type { Command, Place, PlacedValue, Program } from './program.js'
import type { Target } from './target.js'

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
  /** Numbers of map and contract kernels by what they compute: equal ones are lowered and emitted once. */
  private readonly known = new Map<string, number>()
  private donations: ReadonlyMap<number, number> = new Map()
  private readonly memory: Placement
  private readonly control: ControlFlow
  private readonly listing: ScheduleListing | undefined

  constructor(target: Target, listing: ScheduleListing | undefined) {
    this.target = target
    this.listing = listing
    this.memory = new Placement(listing)
    this.control = new ControlFlow(this.memory, (...scope) => this.scope(...scope))
  }

  graph(graph: Graph): Program {
    this.listing?.inputs(graph.inputs)
    this.donations = graph.donations
    const places: Places = new Map()
    graph.inputs.forEach((node, i) => {
      if (!places.has(node)) places.set(node, this.memory.external('input', i))
    })
    const wanted = new Map<Node, Located>()
    const copies: Copy[] = []
    const overwrites = new Map<Node, Node>()
    graph.outputs.forEach((node, i) => {
      const to = this.memory.external('output', i)
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
      commands.push(this.memory.copy(source ?? places.get(from)!, to, bytesOf(from)))
    }
    return {
      kernels: this.kernels,
      commands,
      arenaBytes: this.memory.plan(),
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
      else if (over === undefined) before.push(this.memory.copy(source, to, bytesOf(from)))
      else if (graph.inputs[over] !== from) {
        this.memory.advance()
        const aside = this.memory.allocate(from)
        before.push(this.memory.copy(source, aside, bytesOf(from)))
        after.push({ from, to, source: aside })
      }
    }
    return { before, after }
  }

  /** Computes `roots` into memory; `wanted` says where some of them must go. `places` gains what is stored. */
  private scope(
    roots: readonly Node[],
    places: Places,
    wanted: ReadonlyMap<Node, Located>,
    overwrites: ReadonlyMap<Node, Node>,
  ): Command[] {
    const leaf = (n: Node): boolean => places.has(n)
    const { kernels } = cutIntoKernels(roots, leaf, this.target, overwrites)
    const commands: Command[] = []
    const late: Command[] = []
    const keep: Slot[] = []
    /** Values with a slot of this scope's own, which nobody is given afterwards. */
    const own = new Set<Node>()
    kernels.forEach((spec, i) => {
      this.memory.advance()
      // An output that would overwrite a value still to be read, or does so while its kernel still checks indices, is
      // written elsewhere and copied at the end.
      const unsafe = new Set<Node>()
      for (const node of spec.outputs) {
        const over = overwrites.get(node)
        if (over === undefined) continue
        const readLater = kernels.slice(i + 1).some((k) => k.inputs.includes(over))
        const checksHere = spec.kind !== 'structured' && nodesOf(spec).some((n) => isOp(n, 'gather'))
        const readHere =
          spec.inputs.includes(over) &&
          !(spec.kind === 'structured' ? changesOnly(spec.node, over) : onlyAtOwnElement(spec, over))
        if (readLater || readHere || checksHere) unsafe.add(node)
      }
      if (spec.kind === 'structured' && isOp(spec.node, 'scan')) {
        this.control.placeCarries(spec.node, spec.outputs, wanted, places)
      }
      for (const node of spec.outputs) {
        if (places.has(node)) continue
        const place = wanted.get(node)
        const memory =
          place === undefined || unsafe.has(node)
            ? this.taken(spec, kernels.slice(i + 1), places, own)
            : place
        places.set(node, memory ?? this.memory.allocate(node))
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
    this.memory.advance()
    for (const slot of keep) slot.end = this.memory.time
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
      this.memory.time,
      this.control.depth,
      spec.outputs.map((x) => places.get(x)!.place),
    )
    if (spec.kind === 'structured') {
      const { node } = spec
      const control = this.control.lower(spec, places)
      if (control !== null) return control
      const read = new Set(spec.inputs)
      const buffers = buffersOf(node, (n) => read.has(n))
      const inputs = buffers.map((x) => this.memory.use(places.get(x)!))
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
      return lowerStructured(node, this.target, buffers, inPlace).map((kernel) =>
        this.launch(kernel, [...inputs, ...results]),
      )
    }
    const values = [...spec.inputs, ...spec.outputs].map((x) => this.memory.use(places.get(x)!))
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

  private add(kernel: Kernel): number {
    return this.kernels.push(kernel) - 1
  }

  /** Where each result of a structured node goes; results that nobody reads get room all the same. */
  private results(spec: StructuredSpec, places: Places): Place[] {
    const { node } = spec
    return node.avals.map((aval, i) => {
      const read = spec.outputs.find((o) => (isOp(o, 'output') ? o.attrs.index === i : o === node))
      if (read !== undefined) return this.memory.use(places.get(read)!)
      const slot = this.memory.reserve(sizeOf(aval.shape) * byteSize(aval.dtype))
      return this.memory.use(this.memory.inSlot(slot, 0))
    })
  }

  private launch(kernel: Kernel, args: readonly Place[]): Command {
    return { kind: 'kernel', kernel: this.add(kernel), arguments: args }
  }
}

/** What a kernel is called in listings: the primitives of its outputs and their shape. */
function nameOf(spec: KernelSpec): string {
  const ops = [...new Set(spec.outputs.map((o) => o.op))].slice(0, 3).join('_')
  return `${ops}_${spec.outputs[0].shape.join('x') || '1'}`
}
