// A sparse grid of hits that all threads share: tiles of 64x64x64 voxels, leaves of 8x8x8 in them, allocated when first touched.
#pragma once
#include <stdint.h>

#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "kernel.h"
#include "leaf_arena.h"

namespace bloom {

constexpr int kLeafSide = 8, kLeafVoxels = 512, kTileSide = 64, kTileLeaves = 512;

struct GridShape {
  double low[3];
  double voxel_size;
  int32_t dimensions[3];

  int32_t tiles(int axis) const { return (dimensions[axis] + kTileSide - 1) / kTileSide; }
  uint32_t tile_count() const { return uint32_t(tiles(0)) * uint32_t(tiles(1)) * uint32_t(tiles(2)); }
};

// While hits come in, a voxel's `bits` are two whole numbers, weight above tint: sums of them do not depend on the order of
// adding, so neither does the file on the threads. Grid::finish turns them into what they mean.
union Voxel {
  uint64_t bits;
  struct {
    float hits;     // sum of opacity
    float palette;  // mean palette coordinate, weighted by opacity
  };
};
// The same for the exact colour, where it is wanted: sums of red, green and blue, then their means.
struct VoxelColor {
  union {
    uint32_t sum[4];
    float mean[4];
  };
};

// A leaf is its voxels and, in a grid with colour, their colours behind them.
struct Leaf {
  int32_t origin[3];
  Voxel* voxels;
  VoxelColor* colors;  // null without colour
};

class Grid {
 public:
  // `palette`: linear-light colours spread over the palette coordinate, 3 floats each, for a grid with colour; or null.
  Grid(const GridShape& shape, const float* palette, int palette_size, std::shared_ptr<class MemoryBudget> memory);

  const GridShape& shape() const { return shape_; }
  bool has_color() const { return !palette_.empty(); }

  // Adds hits to a tile. May be called by many threads. False when memory ran out.
  bool add(uint32_t tile, const Hit* hits, uint64_t count);

  // In place of hits and finish: takes a whole array, `hits` and `palette` of voxel (i, j, k) at (k * dimensions[1] + j) * dimensions[0] + i.
  // Only leaves that have hits are made. False when memory ran out.
  bool fill(const float* hits, const float* palette);

  // Once, after the last hit: turns sums into means and lists the leaves, sorted by x, then y, then z.
  void finish(int threads);
  std::vector<Leaf>& leaves() { return leaves_; }
  const std::vector<Leaf>& leaves() const { return leaves_; }
  // A leaf full of zeros, in no list yet; without voxels if memory ran out. May be called by many threads.
  Leaf new_leaf(const std::array<int32_t, 3>& origin) {
    Voxel* voxels = new_voxels();
    return {{origin[0], origin[1], origin[2]}, voxels, voxels ? colors_of(voxels) : nullptr};
  }

 private:
  // What a voxel's 32 bits could not hold any more.
  struct Carry {
    uint64_t weight = 0, tint = 0, color[3] = {};
  };
  struct Tile {
    std::mutex mutex;
    std::unique_ptr<Voxel*[]> leaves;
    std::unordered_map<uint32_t, Carry> carries;
  };
  Voxel* new_voxels() { return static_cast<Voxel*>(arena_.take()); }
  template <bool color>
  bool add_to(Tile& tile, const Hit* hits, uint64_t count);
  VoxelColor* colors_of(Voxel* leaf) const { return has_color() ? reinterpret_cast<VoxelColor*>(leaf + kLeafVoxels) : nullptr; }
  void carry(Tile& tile, uint32_t place, Voxel* leaf);
  bool settle(Tile& tile, uint32_t leaf_number);

  GridShape shape_;
  std::vector<VoxelColor> palette_;  // by 4096 steps of the palette coordinate
  std::shared_ptr<MemoryBudget> memory_;
  LeafArena arena_;
  std::unique_ptr<Tile[]> tiles_;
  std::vector<Leaf> leaves_;
};

// One thread's bins in front of a grid.
class Bins {
 public:
  Bins(Grid& grid, std::shared_ptr<MemoryBudget> memory);
  ~Bins();
  Bins(const Bins&) = delete;
  Bins& operator=(const Bins&) = delete;

  bool ready() const { return landing_ != nullptr; }
  GridTarget target(float filter, float fade);
  bool empty();  // Sends what is left to the grid. False when memory ran out.

 private:
  static bool full(void* self, uint32_t tile);
  Hit* new_bin();

  Grid& grid_;
  std::shared_ptr<MemoryBudget> memory_;
  Hit* landing_ = nullptr;  // the last word of this page takes the first hit of every tile that has no bin yet
  std::vector<Hit*> next_, pages_;
  std::vector<uint32_t> owners_;  // which tile has each page
  size_t used_ = 0;
};

// What a voxel of the file holds: ln(1 + gain * hits / samples / voxel volume), a constant scale that no frame changes; or gain * hits, where
// they never were hits but a density already.
struct DensityScale {
  double factor;  // gain / (samples * voxel volume)
  bool logarithmic = true;
  DensityScale(double gain, uint64_t samples, double voxel_size);
  explicit DensityScale(double gain) : factor(gain), logarithmic(false) {}
  float operator()(const Voxel& voxel) const;
};

}  // namespace bloom
