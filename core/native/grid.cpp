#include "grid.h"

#include <math.h>
#include <stdlib.h>

#include <algorithm>
#include <new>

#include "memory_budget.h"

namespace bloom {
namespace {
constexpr uint64_t kLeafBytes = kLeafVoxels * sizeof(Voxel);
}

Grid::Grid(const GridShape& shape, std::shared_ptr<MemoryBudget> memory) : shape_(shape), memory_(std::move(memory)), table_(nullptr) {
  uint64_t bytes = shape.leaf_cells() * sizeof(Voxel*);
  if (!memory_->take(bytes)) return;
  table_ = static_cast<Voxel**>(calloc(shape.leaf_cells(), sizeof(Voxel*)));
  if (!table_) memory_->give(bytes);
}

Grid::~Grid() {
  if (!table_) return;
  for (uint32_t cell : touched_) free(table_[cell]);
  free(table_);
  memory_->give(touched_.size() * kLeafBytes + shape_.leaf_cells() * sizeof(Voxel*));
}

Voxel* Grid::touch(void* self, uint32_t cell) {
  Grid& grid = *static_cast<Grid*>(self);
  if (!grid.memory_->take(kLeafBytes)) return nullptr;
  Voxel* leaf = static_cast<Voxel*>(calloc(kLeafVoxels, sizeof(Voxel)));
  try {
    if (leaf) grid.touched_.push_back(cell);
  } catch (const std::bad_alloc&) {
    free(leaf);
    leaf = nullptr;
  }
  if (!leaf) {
    grid.memory_->give(kLeafBytes);
    return nullptr;
  }
  return grid.table_[cell] = leaf;
}

GridTarget Grid::target() {
  GridTarget out{};
  for (int axis = 0; axis < 3; ++axis) {
    out.low[axis] = float(shape_.low[axis]);
    out.dimensions[axis] = shape_.dimensions[axis];
    out.leaf_dimensions[axis] = shape_.leaf_dimension(axis);
  }
  out.voxels_per_unit = float(1 / shape_.voxel_size);
  out.leaves = table_, out.owner = this, out.touch = touch;
  return out;
}

bool Grid::absorb(Grid& other) {
  for (uint32_t cell : other.touched_) {
    if (!table_[cell] && !touch(this, cell)) return false;
    Voxel *to = table_[cell], *from = other.table_[cell];
    for (int i = 0; i < kLeafVoxels; ++i) to[i].weight += from[i].weight, to[i].tint += from[i].tint;
    free(from);
    other.table_[cell] = nullptr;
    memory_->give(kLeafBytes);
  }
  other.touched_.clear();
  return true;
}

void Grid::sort_leaves() { std::sort(touched_.begin(), touched_.end()); }

void Grid::origin(uint32_t cell, int32_t out[3]) const {
  uint32_t ny = uint32_t(shape_.leaf_dimension(1)), nz = uint32_t(shape_.leaf_dimension(2));
  out[0] = int32_t(cell / (ny * nz)) * kLeafSide;
  out[1] = int32_t(cell / nz % ny) * kLeafSide;
  out[2] = int32_t(cell % nz) * kLeafSide;
}

DensityScale::DensityScale(double gain, uint64_t samples, double voxel_size)
    : factor(gain / (double(samples ? samples : 1) * voxel_size * voxel_size * voxel_size * double(kWeightUnit))) {}

float DensityScale::operator()(const Voxel& voxel) const { return float(log1p(factor * double(voxel.weight))); }

}  // namespace bloom
