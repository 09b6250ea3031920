// Writes a grid as an OpenVDB file without OpenVDB.
#pragma once
#include <string>

#include "grid.h"

namespace bloom {

// Streams the grids `density` and `palette` to `path` (UTF-8), leaf by leaf; memory use does not depend on the grid.
// Returns "" or what went wrong; the file is then incomplete, and the caller removes it.
std::string write_vdb(const Grid& grid, const DensityScale& scale, bool half, const char* path);

}  // namespace bloom
