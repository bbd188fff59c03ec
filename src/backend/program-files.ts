/** The files in which devices keep compiled programs between runs. Node only. */
import { builtin } from './builtin.js'
import { cacheFolder } from './cache-folder.js'
import { FileCache } from './file-cache.js'

/** This user's programs on this computer; null where `CHAINRULE_CACHE` is off or there is no folder for caches. */
export function openPrograms(): FileCache | null {
  const folder = cacheFolder()
  if (folder === null) return null
  const { join } = builtin<typeof import('node:path')>('node:path')!
  return new FileCache(join(folder.path, 'programs'), { chosen: folder.chosen })
}
