// A sparse grid of hits: leaves of 8x8x8 voxels, allocated when first touched.
#pragma once
#include <stdint.h>

#include <memory>
#include <vector>

#include "kernel.h"

namespace bloom {

constexpr int kLeafSide = 8, kLeafVoxels = 512;

struct GridShape {
  double low[3];
  double voxel_size;
  int32_t dimensions[3];

  int32_t leaf_dimension(int axis) const { return (dimensions[axis] + kLeafSide - 1) / kLeafSide; }
  uint64_t leaf_cells() const { return uint64_t(leaf_dimension(0)) * leaf_dimension(1) * leaf_dimension(2); }
};

class Grid {
 public:
  // `memory` is shared by all grids of one job: what is left of its limit, in bytes.
  Grid(const GridShape& shape, std::shared_ptr<class MemoryBudget> memory);
  ~Grid();
  Grid(const Grid&) = delete;
  Grid& operator=(const Grid&) = delete;

  bool ready() const { return table_ != nullptr; }
  const GridShape& shape() const { return shape_; }
  GridTarget target();
  // Adds the other grid's hits and empties it. False when memory ran out.
  bool absorb(Grid& other);

  // Leaves that hold a hit, by ascending position in the table, i.e. sorted by x, then y, then z.
  const std::vector<uint32_t>& leaves() const { return touched_; }
  void sort_leaves();
  const Voxel* leaf(uint32_t cell) const { return table_[cell]; }
  void origin(uint32_t cell, int32_t out[3]) const;

 private:
  static Voxel* touch(void* grid, uint32_t cell);
  GridShape shape_;
  std::shared_ptr<MemoryBudget> memory_;
  Voxel** table_;
  std::vector<uint32_t> touched_;
};

// What a voxel of the file holds: ln(1 + gain * hits / samples / voxel volume), a constant scale that no frame changes.
struct DensityScale {
  double factor;  // gain / (samples * voxel volume * kWeightUnit)
  DensityScale(double gain, uint64_t samples, double voxel_size);
  float operator()(const Voxel& voxel) const;
};
inline float mean_tint(const Voxel& voxel) {
  return voxel.weight ? float(double(voxel.tint) / (double(voxel.weight) * double(kTintUnit))) : 0.0f;
}

}  // namespace bloom
