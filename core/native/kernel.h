// The seam between the code that is compiled once and the kernels that are compiled for every instruction set.
#pragma once
#include <stdint.h>

#include "program.h"

namespace bloom {

constexpr int kPool = 4096;          // points that one batch moves at a time
constexpr int kFuse = 15;            // steps before anything is plotted
constexpr int kBatchSteps = 256;     // plotted steps of a full batch
constexpr uint64_t kBatchSamples = uint64_t(kPool) * kBatchSteps;

struct Statistics {
  uint64_t iterations = 0, plotted = 0, bad = 0, outside = 0;
};

// Hits in whole numbers: sums of them do not depend on the order of adding, so neither does the file on the threads.
struct Voxel {
  uint64_t weight;  // sum of opacity, in units of 1/kWeightUnit
  uint64_t tint;    // sum of opacity * palette coordinate, in units of 1/(kWeightUnit * kTintUnit)
};
constexpr uint64_t kWeightUnit = 65536, kTintUnit = 65535;

// Where a kernel scatters hits: a table of leaves of 8x8x8 voxels, allocated when first touched.
struct GridTarget {
  float low[3], voxels_per_unit;
  float filter;  // radius, in voxels, of the tent that a hit is spread with; 0 for none
  float fade;    // width of the box's soft edge, as a share of each side; 0 for a hard one
  int32_t dimensions[3], leaf_dimensions[3];
  Voxel** leaves;  // [x][y][z], row-major
  void* owner;
  Voxel* (*touch)(void* owner, uint32_t leaf);  // null when there is no memory left
  bool failed = false;
};

struct PointTarget {
  float* position;  // 3 each
  float* palette;
  float* weight;
  uint64_t capacity, count = 0;
};

struct Batch {
  uint64_t seed, stream;
};

struct Kernel {
  const char* name;
  void (*to_grid)(const Program&, Batch, uint64_t samples, GridTarget&, Statistics&);
  // Fills the target, or stops short after eight times the iterations that should have sufficed.
  void (*to_points)(const Program&, Batch, PointTarget&, Statistics&);
  // Applies one xform once to n points, 3 doubles each.
  void (*transform)(const Program&, const XformProgram&, bool in_double, uint64_t seed, const double* in, uint64_t n, double* out);
};

const Kernel& kernel();  // the best one that this processor runs
void prepare_parameters(int variation, double weight, Dialect dialect, double* p);

}  // namespace bloom
