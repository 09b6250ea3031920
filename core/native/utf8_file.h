// Files with UTF-8 names and offsets beyond 2 GiB, on every platform.
#pragma once
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#if defined(_WIN32)
#include <io.h>
#include <stdlib.h>
#include <windows.h>
#else
#include <unistd.h>
#endif

namespace bloom {

#if defined(_WIN32)
inline FILE* open_for_writing(const char* path) {
  wchar_t wide[32768];
  if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, 32768)) {
    errno = EINVAL;
    return nullptr;
  }
  return _wfopen(wide, L"wb");
}
inline int seek_file(FILE* file, uint64_t to) { return _fseeki64(file, int64_t(to), SEEK_SET); }
inline int sync_file(FILE* file) { return _commit(_fileno(file)) == 0 ? 0 : errno; }
#else
inline FILE* open_for_writing(const char* path) { return fopen(path, "wb"); }
inline int seek_file(FILE* file, uint64_t to) { return fseeko(file, off_t(to), SEEK_SET); }
inline int sync_file(FILE* file) { return fsync(fileno(file)) == 0 ? 0 : errno; }
#endif

}  // namespace bloom
