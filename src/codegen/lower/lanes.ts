/** The lanes of an expression that is being lowered. */
import { type Index, type LoopVar, laneIndex, loopVar } from '../index-expression.js'

/** How many elements one expression computes, and the variable 0…count-1 that tells them apart. */
export interface Lanes {
  readonly count: number
  /** Lanes that count: the first ones. The others may hold anything and touch no memory. */
  readonly active: number
  /** Runs over the active lanes; null with one lane. */
  readonly variable: LoopVar | null
}

export const oneLane: Lanes = { count: 1, active: 1, variable: null }

export const lanesFor = (count: number, active = count): Lanes =>
  count === 1 ? oneLane : { count, active, variable: loopVar('lane', 0, active - 1) }

/** The index of lane `l`. */
export const atLane = (index: Index, lanes: Lanes, l: number): Index =>
  lanes.variable === null ? index : laneIndex(index, lanes.variable, l)
