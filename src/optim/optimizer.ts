/**
 * The base of the optimizers: parameter groups, state, and the step that maps two small functions over them.
 */
import { checkOptions } from '../core/check-options.js'
import type { DType } from '../core/dtype.js'
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, sameShape } from '../core/shape.js'
import { stateName } from '../nn/state-name.js'
import { flushPending } from '../runtime/realize.js'
import { tensor, zeros } from '../tensor/creation.js'
import { noGrad } from '../tensor/grad-mode.js'
import { observe } from '../tensor/observe.js'
import { Buffer, Parameter } from '../tensor/parameter.js'
import type { Tensor } from '../tensor/tensor.js'
import { cat, where } from '../tensor/tensor-functions.js'
import { Slot, type SlotRule } from './slot.js'

/** Parameters with the numeric options they share: `optimizer.paramGroups[0].lr = 0.01`. */
export type ParamGroup<N extends string> = { readonly params: readonly Parameter[] } & Record<N, number>

/** What a constructor takes: parameters, or groups of them with options of their own. */
export type ParamsOrGroups<O> =
  | Iterable<Parameter>
  | readonly ({ readonly params: Iterable<Parameter> } & O)[]

/** Named values of one parameter's state. */
export type State = Record<string, Tensor>

/** What the update of one tensor works with; all 0-d values have the dtype of the computation. */
export interface UpdateContext<N extends string> {
  /** The hyper-parameter as a 0-d tensor. */
  slot(name: N): Tensor
  /** A value derived from it, such as 1 - β. */
  derived(name: N, key: string): Tensor
  /** What `shared` returned, for this parameter. */
  readonly shared: State
}

/** The next value of a parameter and of its state. */
export interface Updated {
  readonly value: Tensor
  readonly state: State
}

export interface OptimizerStateDict {
  state: Record<string, Record<string, Tensor>>
  param_groups: Record<string, unknown>[]
}

interface Group<N extends string> {
  readonly params: Parameter[]
  readonly slots: Record<N, Slot>
  readonly view: ParamGroup<N>
  readonly states: Record<string, Buffer>[]
  /** f32 [params]: how many updates each parameter has had. */
  readonly steps: Buffer
}

/**
 * An optimizer says what the state of one tensor is (`initialState`) and how one tensor moves (`update`). This class
 * keeps the groups, skips parameters without a gradient, and writes the results. All numeric options are slots: to
 * set `optimizer.lr` (or any option of a group) never compiles anything.
 */
export abstract class Optimizer<N extends string = string> {
  readonly #groups: Group<N>[] = []
  readonly #defaults: Readonly<Record<N, number>>
  readonly #rules: Readonly<Record<N, SlotRule>>
  /** Whether the update needs the number of steps. */
  protected readonly countsSteps: boolean = false

  /** `rules` names the slots; `defaults` has a value for each. */
  protected constructor(rules: Readonly<Record<N, SlotRule>>, defaults: Readonly<Record<N, number>>) {
    this.#rules = rules
    this.#defaults = defaults
  }

  /** The state of one parameter before its first update. */
  protected abstract initialState(parameter: Parameter): State

  /** The next value and state of one parameter, given its gradient. Shapes are the parameter's. */
  protected abstract update(value: Tensor, gradient: Tensor, state: State, context: UpdateContext<N>): Updated

  /** What depends on the number of steps only, for all parameters of a group at once: vectors [params]. */
  protected shared(_steps: Tensor, _context: Pick<UpdateContext<N>, 'slot' | 'derived'>): State {
    return {}
  }

  /** Options that are not numbers, for `stateDict`. */
  protected flags(): Record<string, boolean> {
    return {}
  }

  /** Called by the constructors of subclasses once their own fields are set. */
  protected addAll(params: ParamsOrGroups<Partial<Record<N, number>>>): void {
    if (typeof (params as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== 'function') {
      throw new ValueError(
        `${this.constructor.name}: expected parameters, such as model.parameters(), got something else.`,
      )
    }
    const list = [
      ...(params as Iterable<Parameter | ({ params: Iterable<Parameter> } & Partial<Record<N, number>>)>),
    ]
    if (list.length === 0) {
      throw new ValueError(`${this.constructor.name}: expected at least one parameter, got none.`)
    }
    if (list.every((item) => item instanceof Parameter)) this.addParamGroup({ params: list } as never)
    else for (const group of list) this.addParamGroup(group as never)
    // Initial values are computed by themselves: the first eager step is then the same program as the second.
    flushPending()
  }

  /** Adds parameters that training starts to move; options not given are the optimizer's. */
  addParamGroup(group: { readonly params: Iterable<Parameter> } & Partial<Record<N, number>>): void {
    if (typeof group.params?.[Symbol.iterator] !== 'function') {
      throw new ValueError(
        `${this.constructor.name}: expected Parameters, such as model.parameters(), or groups { params, lr, … }.`,
      )
    }
    checkOptions<object>(`${this.constructor.name}: a parameter group`, group, {
      params: true,
      ...Object.fromEntries(Object.keys(this.#rules).map((name) => [name, true])),
    } as object)
    const params = [...group.params]
    const known = new Set(this.#groups.flatMap((g) => g.params))
    for (const p of params) {
      if (!(p instanceof Parameter)) {
        throw new ValueError(
          `${this.constructor.name}: expected Parameters, such as model.parameters(), or groups { params, lr, … }.`,
        )
      }
      if (known.has(p)) {
        throw new ValueError(`${this.constructor.name}: expected each parameter once, got one of them twice.`)
      }
      known.add(p)
    }
    const slots = {} as Record<N, Slot>
    const view = { params } as unknown as ParamGroup<N>
    for (const name of Object.keys(this.#rules) as N[]) {
      const slot = new Slot(name, group[name] ?? this.#defaults[name], this.#rules[name])
      slots[name] = slot
      Object.defineProperty(view, name, {
        enumerable: true,
        get: () => slot.value,
        set: (value: number) => {
          slot.value = value
        },
      })
    }
    const states = noGrad(() =>
      params.map((p) => {
        const entries = Object.entries(this.initialState(p)).map(([k, v]) => [k, new Buffer(v)])
        return Object.fromEntries(entries) as Record<string, Buffer>
      }),
    )
    this.#groups.push({ params, slots, view, states, steps: new Buffer(zeros([params.length])) })
  }

  /** The groups. Their numeric options can be read and set. */
  get paramGroups(): readonly ParamGroup<N>[] {
    return this.#groups.map((group) => group.view)
  }

  /** Sets an option of all groups. */
  protected setAll(name: N, value: number): void {
    for (const group of this.#groups) group.slots[name].value = value
  }

  protected getFirst(name: N): number {
    return this.#groups[0].slots[name].value
  }

  /** The learning rate: the first group's when read, all groups' when set. */
  get lr(): number {
    return this.getFirst('lr' as N)
  }

  set lr(value: number) {
    this.setAll('lr' as N, value)
  }

  /** The weight decay: the first group's when read, all groups' when set. */
  get weightDecay(): number {
    return this.getFirst('weightDecay' as N)
  }

  set weightDecay(value: number) {
    this.setAll('weightDecay' as N, value)
  }

  /** Forgets all gradients. */
  zeroGrad(): void {
    for (const group of this.#groups) for (const p of group.params) p.grad = null
  }

  /** Moves every parameter that has a gradient. Outside of a compiled step, what is pending is computed here. */
  step(): void {
    this.#stepAll()
    flushPending()
  }

  /** @internal `step()` that changes nothing where the 0-d bool `skip` is true: for GradScaler. */
  stepUnless(skip: Tensor): void {
    noGrad(() => {
      const cells = this.#groups.flatMap(({ params, states, steps }) => {
        const moved = params.flatMap((p, i) => (p.grad === null ? [] : [p, ...Object.values(states[i])]))
        return moved.length === 0 ? [] : [steps, ...moved]
      })
      const before = cells.map((cell) => cell.detach())
      this.#stepAll()
      cells.forEach((cell, i) => {
        cell.assign(where(skip, before[i], cell.detach()))
      })
    })
    flushPending()
  }

  #stepAll(): void {
    // A group added later is another step to compile.
    observe(this, 'paramGroups', this.#groups.length, () => this.#groups.length)
    noGrad(() => {
      for (const group of this.#groups) this.#stepGroup(group)
    })
  }

  #stepGroup(group: Group<N>): void {
    const gradients = group.params.map((p) => p.grad)
    if (gradients.every((g) => g === null)) return
    const at = (dtype: DType): Pick<UpdateContext<N>, 'slot' | 'derived'> => ({
      slot: (name) => group.slots[name].buffer.to(dtype),
      derived: (name, key) => group.slots[name].derived[key].to(dtype),
    })
    let shared: State = {}
    if (this.countsSteps) {
      const complete = gradients.every((g) => g !== null)
      const taken = complete ? 1 : tensor(gradients.map((g) => (g === null ? 0 : 1)))
      const steps = group.steps.add(taken)
      group.steps.assign(steps)
      shared = this.shared(steps, at('f32'))
    }
    group.params.forEach((p, i) => {
      const gradient = gradients[i]
      if (gradient === null) return
      // Half precision keeps its state in f32: a small update would round away.
      const dtype = p.dtype === 'f64' ? 'f64' : 'f32'
      const own: State = {}
      for (const [key, vector] of Object.entries(shared)) {
        const element = vector.select(0, i)
        own[key] = element.dtype === 'bool' ? element : element.to(dtype)
      }
      const cells = group.states[i]
      const next = this.update(p.to(dtype), gradient.to(dtype), cells, { ...at(dtype), shared: own })
      p.assign(next.value.to(p.dtype))
      for (const [key, value] of Object.entries(next.state)) cells[key].assign(value)
    })
  }

  /**
   * State and options with PyTorch's names: `state[i]` holds the tensors of parameter i (`exp_avg`, …, `step`),
   * `param_groups[k]` the options and the numbers of its parameters. Tensors are snapshots.
   */
  stateDict(): OptimizerStateDict {
    const state: OptimizerStateDict['state'] = {}
    let first = 0
    const param_groups = this.#groups.map((group) => {
      group.states.forEach((cells, i) => {
        const entry: Record<string, Tensor> = {}
        if (this.countsSteps) entry.step = noGrad(() => group.steps.detach().select(0, i))
        for (const [key, cell] of Object.entries(cells)) entry[stateName(key)] = cell.detach()
        if (Object.keys(entry).length > 0) state[first + i] = entry
      })
      const options: Record<string, unknown> = {}
      for (const name of Object.keys(this.#rules) as N[]) options[stateName(name)] = group.slots[name].value
      if ('beta1' in options) {
        options.betas = [options.beta1, options.beta2]
        delete options.beta1
        delete options.beta2
      }
      const params = group.params.map((_, i) => first + i)
      first += params.length
      return { ...options, ...this.flags(), params }
    })
    return { state, param_groups }
  }

  /** Takes what `stateDict` gave. Throws when groups or shapes differ; then nothing is loaded. */
  loadStateDict(dict: OptimizerStateDict): void {
    this.#checkStateDict(dict)
    let first = 0
    this.#groups.forEach((group, k) => {
      const options = { ...dict.param_groups[k] }
      if (Array.isArray(options.betas)) [options.beta1, options.beta2] = options.betas
      for (const name of Object.keys(this.#rules) as N[]) {
        const value = options[stateName(name)]
        if (typeof value === 'number') group.slots[name].value = value
      }
      noGrad(() => this.#loadGroup(group, dict, first))
      first += group.params.length
    })
  }

  #loadGroup(group: Group<N>, dict: OptimizerStateDict, first: number): void {
    const counts: (Tensor | number)[] = []
    group.states.forEach((cells, i) => {
      const entry = dict.state[first + i]
      // Checkpoints of SGD have no count: a parameter with state has had a step.
      counts.push(entry === undefined ? 0 : (entry.step ?? 1))
      for (const [key, cell] of Object.entries(cells)) {
        const value = entry?.[stateName(key)]
        if (value) cell.assign(value.detach().to(cell.dtype))
        else cell.assign(this.initialState(group.params[i])[key])
      }
    })
    const parts = counts.map((c) => (typeof c === 'number' ? tensor([c]) : c.detach().to('f32').reshape([1])))
    group.steps.assign(cat(parts, 0))
  }

  #checkStateDict(dict: OptimizerStateDict): void {
    const name = this.constructor.name
    const sizes = this.#groups.map((group) => group.params.length)
    const given = dict.param_groups.map((group) => (group.params as unknown[]).length)
    if (!sameShape(sizes, given)) {
      throw new ValueError(
        `loadStateDict of ${name}: expected groups of ${formatShape(sizes)} parameters, got ${formatShape(given)}. ` +
          'Build the optimizer over the same model.',
      )
    }
    const problems: string[] = []
    let number = 0
    for (const group of this.#groups) {
      for (const cells of group.states) {
        for (const [key, cell] of Object.entries(cells)) {
          const value = dict.state[number]?.[stateName(key)]
          if (!value || sameShape(value.shape, cell.shape)) continue
          problems.push(
            `parameter ${number} ${stateName(key)} (expected ${formatShape(cell.shape)}, got ${formatShape(value.shape)})`,
          )
        }
        number++
      }
    }
    if (problems.length === 0) return
    throw new ShapeError(
      `loadStateDict of ${name}: shapes differ: ${problems.join(', ')}. Nothing was loaded.`,
    )
  }
}
