// Who is measured, and in which configurations. A contender with several configurations is credited with its best.
import { fileURLToPath } from 'node:url'

/** One way of running a contender. */
export interface Configuration {
  /** Printed beside the time; null where the contender describes itself. */
  readonly label: string | null
  readonly environment: Readonly<Record<string, string>>
  /** Overrides the thread count of the request. */
  readonly threads?: number
}

export interface Contender {
  readonly name: string
  /** `new-python`: the Python of --new-python, with packages of today. */
  readonly runs: 'node' | 'python' | 'new-python'
  /** Its program, which reads a request and prints a reply. */
  readonly program: string
  readonly configurations: readonly Configuration[]
}

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const asIs: readonly Configuration[] = [{ label: null, environment: {} }]

export const chainrule: Contender = {
  name: 'chainrule',
  runs: 'node',
  program: program('models/main.ts'),
  configurations: asIs,
}

export const peers: readonly Contender[] = [
  {
    name: 'pytorch',
    runs: 'python',
    program: program('peers/pytorch/main.py'),
    // OpenMP's and OpenBLAS' thread pools compete for few cores, so none of these is the best for every model.
    configurations: [
      { label: 'default', environment: {} },
      { label: 'OPENBLAS_NUM_THREADS=1', environment: { OPENBLAS_NUM_THREADS: '1' } },
      { label: 'OMP_WAIT_POLICY=PASSIVE', environment: { OMP_WAIT_POLICY: 'PASSIVE' } },
      { label: 'set_num_threads(1)', environment: {}, threads: 1 },
    ],
  },
  {
    name: 'pytorch-new',
    runs: 'new-python',
    program: program('peers/pytorch/main.py'),
    configurations: [
      { label: 'default', environment: {} },
      { label: 'set_num_threads(1)', environment: {}, threads: 1 },
    ],
  },
  { name: 'jax', runs: 'new-python', program: program('peers/jax/main.py'), configurations: asIs },
  {
    name: 'onnxruntime',
    runs: 'new-python',
    program: program('peers/onnxruntime/main.py'),
    configurations: asIs,
  },
  { name: 'tfjs', runs: 'node', program: program('peers/tfjs/main.ts'), configurations: asIs },
  { name: 'jax-js', runs: 'node', program: program('peers/jax-js/main.ts'), configurations: asIs },
]
