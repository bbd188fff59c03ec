/** Loops and branches of a graph as commands around the commands of their bodies. */
import { InternalError } from '../../core/errors.js'
import { isOp, type Node, type Subgraph } from '../../ir/node.js'
import type { StructuredSpec } from '../../schedule/kernel-spec.js'
import type { Slot } from '../../schedule/memory.js'
import { bytesOf } from '../../schedule/node-cost.js'
import { simplifyBody } from '../../schedule/simplify.js'
import type { Command } from '../program.js'
import type { Located, Placement, Places } from './placement.js'

/** Where a scan's carry is before the first round, in a round before and after it, and after the last. */
interface CarryPlaces {
  readonly first: Located
  readonly read: Located
  readonly write: Located
  readonly last: Located
}

/** Computes `roots` into memory; `wanted` says where some must go, `overwrites` over which parameter's value. */
export type LowerScope = (
  roots: readonly Node[],
  places: Places,
  wanted: ReadonlyMap<Node, Located>,
  overwrites: ReadonlyMap<Node, Node>,
) => Command[]

export class ControlFlow {
  /** Loops and branches around what is being lowered. */
  depth = 0
  private readonly memory: Placement
  private readonly scope: LowerScope
  private nextLoop = 0
  /** Slots that hold a carry at every step: by the carry's number, and by the outputs that lie in them. */
  private readonly histories = new Map<Node, Map<number | Node, Slot>>()

  constructor(memory: Placement, scope: LowerScope) {
    this.memory = memory
    this.scope = scope
  }

  /** The commands of a loop or a branch, or null for every other primitive. */
  lower(spec: StructuredSpec, places: Places): Command[] | null {
    const { node } = spec
    if (isOp(node, 'scan')) return this.scan(node, spec, places)
    if (isOp(node, 'while')) return this.while(node, spec, places)
    if (isOp(node, 'cond')) return this.cond(node, spec, places)
    return null
  }

  /**
   * Memory for stacked results that are a carry before or after each step: the carry goes through one array of
   * length + 1 steps, and nothing is copied.
   */
  placeCarries(
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
        slot = this.memory.reserve((length + 1) * bytes, body.params[consts + carry])
        slots.set(carry, slot)
      }
      slots.set(output, slot)
      places.set(output, this.memory.inSlot(slot, late ? bytes : 0))
    }
    if (slots.size > 0) this.histories.set(node, slots)
  }

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
      const source = isParameter && parameters.includes(to) ? this.memory.allocate(from) : null
      if (isParameter) commands.push(this.memory.copy(places.get(from)!, source ?? to, bytesOf(from)))
      if (!isParameter || source !== null) staged.push({ from, source, to })
    }
    this.depth++
    commands.push(...this.scope([...wanted.keys()], places, wanted, overwrites))
    this.depth--
    for (const { from, source, to } of staged) {
      commands.push(this.memory.copy(source ?? places.get(from)!, to, bytesOf(from)))
    }
    return commands
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
        const place = this.memory.allocate(p)
        return { first: place, read: place, write: place, last: place }
      }
      const bytes = bytesOf(p)
      const at = (step: number): Located => this.memory.inSlot(slot, step * bytes)
      const [before, after] = reverse ? [1, 0] : [0, 1]
      return {
        first: at(reverse ? length : 0),
        read: this.memory.step(at(before), loop, bytes),
        write: this.memory.step(at(after), loop, bytes),
        last: at(reverse ? 0 : length),
      }
    })
    carries.forEach(({ first }, i) => {
      commands.push(
        this.memory.copy(places.get(node.inputs[consts + i])!, first, bytesOf(body.params[consts + i])),
      )
    })
    commands.push(
      this.memory.around(() => {
        const parameters = body.params.map((p, i): Located => {
          if (i < consts) return places.get(node.inputs[i])!
          if (i < consts + n) return carries[i - consts].read
          return this.memory.step(places.get(node.inputs[i])!, loop, bytesOf(p))
        })
        for (const p of parameters) this.memory.use(p)
        const targets = body.results.map((r, i): Located | null => {
          if (i < n) return carries[i].write
          const read = outputOf(i)
          const kept = read === undefined || this.histories.get(node)?.get(read) !== undefined
          return kept ? null : this.memory.step(places.get(read)!, loop, bytesOf(r))
        })
        for (const t of targets) if (t !== null) this.memory.use(t)
        return { kind: 'loop', id: loop, count: length, reverse, body: this.body(body, parameters, targets) }
      }),
    )
    carries.forEach(({ last }, i) => {
      const read = outputOf(i)
      if (read !== undefined) commands.push(this.memory.copy(last, places.get(read)!, bytesOf(read)))
    })
    return commands
  }

  private while(node: Node<'while'>, spec: StructuredSpec, places: Places): Command[] {
    const { cond, body, consts } = node.attrs
    const commands: Command[] = []
    const carried = body.params.slice(consts)
    const carries = carried.map((p) => this.memory.allocate(p))
    carries.forEach((c, i) => {
      commands.push(this.memory.copy(places.get(node.inputs[consts + i])!, c, bytesOf(carried[i])))
    })
    const flag = this.memory.allocate(cond.results[0])
    commands.push(
      this.memory.around(() => {
        const parameters = [...node.inputs.slice(0, consts).map((x) => places.get(x)!), ...carries]
        for (const p of [...parameters, flag]) this.memory.use(p)
        const condition = this.body(cond, parameters, [flag])
        const next = carried.map((p) => this.memory.allocate(p))
        const inner = this.body(body, parameters, next)
        next.forEach((c, i) => {
          inner.push(this.memory.copy(c, carries[i], bytesOf(carried[i])))
        })
        return { kind: 'while', condition, flag: this.memory.use(flag), body: inner }
      }),
    )
    for (const read of spec.outputs) {
      if (!isOp(read, 'output')) throw new InternalError('A while loop is read through its outputs.')
      commands.push(this.memory.copy(carries[read.attrs.index], places.get(read)!, bytesOf(read)))
    }
    return commands
  }

  private cond(node: Node<'cond'>, spec: StructuredSpec, places: Places): Command[] {
    const { branches } = node.attrs
    const [predicate, ...operands] = node.inputs
    const flag = this.memory.use(places.get(predicate)!)
    return this.memory.around(() => {
      const parameters = operands.map((x) => places.get(x)!)
      for (const p of parameters) this.memory.use(p)
      const targets = branches[0].results.map((_, i): Located | null => {
        const read = spec.outputs.find((o) => isOp(o, 'output') && o.attrs.index === i)
        if (read === undefined) return null
        this.memory.use(places.get(read)!)
        return places.get(read)!
      })
      const [then, otherwise] = branches.map((branch) => this.body(branch, parameters, targets))
      return [{ kind: 'if', flag, then, otherwise }]
    })
  }
}
