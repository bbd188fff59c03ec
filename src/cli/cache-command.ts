/**
 * `chainrule cache`: where compiled programs are kept between runs, and how much room they take.
 */
import { openPrograms } from '../backend/program-files.js'
import { exitCode } from './exit-code.js'
import type { Output } from './output.js'

/** Prints the folder, the number of programs and their size; with `clear`, removes them. Returns the exit code. */
export async function cacheCommand(clear: boolean, output: Output): Promise<number> {
  const programs = openPrograms()
  if (programs === null) {
    output.result('No programs are kept: CHAINRULE_CACHE is off, or you have no home folder.', {
      folder: null,
    })
    return exitCode.ok
  }
  const { folder, limitBytes } = programs
  const files = programs.files()
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const size = `${files.length} programs, ${(bytes / 2 ** 20).toFixed(1)} MB`
  if (clear) {
    programs.clear()
    output.result(`Removed ${size} from ${folder}`, { folder, removed: files.length, bytes })
  } else {
    const limit = `${limitBytes / 2 ** 20} MB`
    output.result(`${folder}\n${size} of at most ${limit}`, {
      folder,
      programs: files.length,
      bytes,
      limitBytes,
    })
  }
  return exitCode.ok
}
