/**
 * What a device must do: compile a graph and run it on storages. Everything else (tracing, state, caching) is the
 * runtime's.
 */
import type { Storage } from '../core/storage.js'
import type { Graph } from '../ir/graph.js'
import type { MachineMeasurement, ProgramProfile } from './profile.js'

/** What a compiled graph will do, for people and for tests. */
export interface ExecutableInfo {
  readonly kernels: number
  readonly arenaBytes: number
  readonly codeBytes: number
}

/** Positions in the lists of a run. */
export interface ChangedStorages {
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
}

export interface Executable {
  readonly info: ExecutableInfo
  /**
   * Runs once. `inputs` and `outputs` stand in the graph's order; outputs are written, never read. Throws
   * `ValueError` when an index that came from data was out of range: no kernel after the one that found it writes an
   * output. Where `changed` is given, storages at other positions are those of the last run, and their bytes have not
   * moved since.
   */
  run(inputs: readonly Storage[], outputs: readonly Storage[], changed?: ChangedStorages): void
  /** The times of all runs since the last reset. Only of graphs compiled with `profile`, on backends that measure. */
  readonly profiler?: {
    read(): ProgramProfile
    reset(): void
    /** How long it took to read the stamps of the last run: no part of what is measured. */
    readonly readingMilliseconds: number
  }
}

export interface CompileOptions {
  /** Measure each command of the program. Backends that cannot ignore it and give no `profiler`. */
  readonly profile?: boolean
}

export interface Backend {
  readonly name: string
  /** One line for people: instruction set, threads. */
  readonly description: string
  readonly threads: number
  compile(graph: Graph, options?: CompileOptions): Executable
  /** What the machine can do at best: kept from an earlier measurement unless `fresh`. Not every backend knows. */
  measureMachine?(fresh?: boolean): MachineMeasurement
}

export interface BackendOptions {
  /** Number of threads; default: what the process may use. */
  readonly threads?: number
  /**
   * Whether contractions may multiply and add in one rounding where the engine can (default true). With false, every
   * engine and processor computes the same bits, slower.
   */
  readonly fusedMultiplyAdd?: boolean
}
