// Writes a grid as an OpenVDB file without OpenVDB.
#pragma once
#include <string>

#include "grid.h"

namespace bloom {

struct VdbStorage {
  bool half;        // values in half precision
  bool compressed;  // Blosc with LZ4, leaf by leaf
};

// Streams the grids `density`, `palette` and, of a grid with colour, `Cd` to `path` (UTF-8), leaf by leaf. Returns "" or what
// went wrong; the file is then incomplete, and the caller removes it.
std::string write_vdb(const Grid& grid, const DensityScale& scale, VdbStorage storage, const char* path);

}  // namespace bloom
