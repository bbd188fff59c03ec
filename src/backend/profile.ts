/** What a device tells about the runs of a program that it profiled, and about the limits of the machine. */

export interface CacheLevel {
  /** `L1`, `L2`, `L3` or `memory`. */
  readonly name: string
  /** Bytes that it holds for all threads that were used together; Infinity for memory. */
  readonly bytes: number
  /** Bytes a second that all threads together read and write (a copy moves each byte twice). */
  readonly bandwidth: number
}

export interface MachineLimits {
  /** Operations on f32 a second, a multiply-add being two, on all threads that were used. */
  readonly flops: number
  /** The nearest level first. */
  readonly levels: readonly CacheLevel[]
}

/** What `chainrule bench machine` finds. */
export interface MachineMeasurement {
  readonly processor: string
  readonly instructionSet: string
  readonly threads: number
  /** On one thread, and on all of them together. */
  readonly one: MachineLimits
  readonly all: MachineLimits
  /** Of a call of an empty program from JavaScript. */
  readonly callSeconds: number
  /** Of a kernel that does nearly nothing, on one thread. */
  readonly kernelSeconds: number
  /** What it takes more when all threads must meet before it. */
  readonly barrierSeconds: number
}

/** Where a thread was between two stamps, in seconds since the run began. */
export interface Span {
  readonly begin: number
  readonly end: number
}

/** One command of a program, in program order. */
export interface ProfiledCommand {
  readonly kind: 'run' | 'kernel' | 'copy' | 'call' | 'barrier' | 'loop' | 'while' | 'if'
  readonly name: string
  /** Which kernel of the program; null for other commands. */
  readonly kernel: number | null
  /** Rounds in all runs. */
  readonly calls: number
  /** In all runs, by thread. */
  readonly seconds: readonly number[]
  /**
   * The fastest of each run's last round, as long as the thread took that was longest in it: one that comes late finds
   * its part taken by others, and its own fastest round says little. 0 where no thread came by.
   */
  readonly fastest: number
  /** The last round in the last run, by thread; null where the thread did not come by. */
  readonly last: readonly (Span | null)[]
  /** Of one round: operations on floats (see `KernelCost`), those on f64, and bytes read and written. */
  readonly flops: number
  readonly doubleFlops: number
  readonly bytes: number
}

export interface ProgramProfile {
  readonly device: string
  readonly threads: number
  readonly runs: number
  /** In all runs: inside the program on the calling thread, and around it, the foreign call and threads' start included. */
  readonly programSeconds: number
  readonly callSeconds: number
  /** Inside the program and in none of its kernels: of the thread and the run with the least of it. */
  readonly leastBetweenSeconds: number
  readonly commands: readonly ProfiledCommand[]
  /** null where they were not measured. */
  readonly limits: MachineLimits | null
}
