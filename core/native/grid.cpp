#include "grid.h"

#include <math.h>

#include <algorithm>
#include <new>

#include "memory_budget.h"
#include "parallel.h"

namespace bloom {
namespace {

constexpr int kPaletteSteps = 4096;
constexpr uint64_t kWeightBits = 32, kCarryAt = uint64_t(1) << 63;
constexpr size_t kMostPages = 4096;  // bins of one thread: 16 MiB

}  // namespace

Grid::Grid(const GridShape& shape, const float* palette, int palette_size, std::shared_ptr<MemoryBudget> memory)
    : shape_(shape), memory_(memory), arena_(kLeafVoxels * (sizeof(Voxel) + (palette ? sizeof(VoxelColor) : 0)), memory) {
  tiles_.reset(new Tile[shape.tile_count()]);
  if (!palette) return;
  palette_.resize(kPaletteSteps);
  for (int i = 0; i < kPaletteSteps; ++i) {
    double at = double(i) / (kPaletteSteps - 1) * (palette_size - 1);
    int entry = std::min(int(at), palette_size - 2);
    for (int channel = 0; channel < 3; ++channel) {
      double a = palette[3 * entry + channel], b = palette[3 * (entry + 1) + channel];
      palette_[i].sum[channel] = uint32_t(lround(std::clamp(a + (b - a) * (at - entry), 0.0, 1.0) * kTintUnit));
    }
  }
}

void Grid::carry(Tile& tile, uint32_t place, Voxel* leaf) {
  Carry& to = tile.carries[place];
  uint32_t number = place % kLeafVoxels;
  uint64_t& bits = leaf[number].bits;
  to.weight += bits >> kWeightBits, to.tint += uint32_t(bits);
  bits = 0;
  if (VoxelColor* colors = colors_of(leaf))
    for (int channel = 0; channel < 3; ++channel) to.color[channel] += colors[number].sum[channel], colors[number].sum[channel] = 0;
}

bool Grid::add(uint32_t number, const Hit* hits, uint64_t count) {
  Tile& tile = tiles_[number];
  std::lock_guard<std::mutex> lock(tile.mutex);
  if (!tile.leaves) {
    if (!memory_->take(kTileLeaves * sizeof(Voxel*))) return false;
    tile.leaves.reset(new (std::nothrow) Voxel*[kTileLeaves]());
    if (!tile.leaves) return false;
  }
  return has_color() ? add_to<true>(tile, hits, count) : add_to<false>(tile, hits, count);
}

template <bool color>
bool Grid::add_to(Tile& tile, const Hit* hits, uint64_t count) {
  Voxel** const leaves = tile.leaves.get();
  const VoxelColor* const palette = palette_.data();
  constexpr uint64_t kAhead = 64;  // hits whose voxels are on their way from memory
  auto fetch = [&](Hit hit) {
    Voxel*& leaf = leaves[hit >> 41];
    if (!leaf && !(leaf = new_voxels())) return false;
    __builtin_prefetch(&leaf[hit >> 32 & 511], 1);
    return true;
  };
  for (uint64_t i = 0; i < std::min(count, kAhead); ++i)
    if (!fetch(hits[i])) return false;
  for (uint64_t i = 0; i < count; ++i) {
    if (i + kAhead < count && !fetch(hits[i + kAhead])) return false;
    const Hit hit = hits[i];
    Voxel* const leaf = leaves[hit >> 41];
    const uint32_t voxel = hit >> 32 & 511, weight = hit >> 16 & 0xffff, tint = hit & 0xffff;
    const uint64_t bits = leaf[voxel].bits + (uint64_t(weight) << kWeightBits | (weight * tint + kTintUnit / 2) / kTintUnit);
    leaf[voxel].bits = bits;
    if (color) {
      const VoxelColor& add = palette[tint >> 4];
      for (int channel = 0; channel < 3; ++channel) colors_of(leaf)[voxel].sum[channel] += (weight * add.sum[channel] + kTintUnit / 2) / kTintUnit;
    }
    if (bits & kCarryAt) [[unlikely]] carry(tile, hit >> 32, leaf);
  }
  return true;
}

bool Grid::fill(const float* hits, const float* palette) {
  const int32_t* n = shape_.dimensions;
  for (int32_t x = 0; x < n[0]; x += kLeafSide)
    for (int32_t y = 0; y < n[1]; y += kLeafSide)
      for (int32_t z = 0; z < n[2]; z += kLeafSide) {
        Voxel* leaf = nullptr;
        for (int32_t k = z; k < std::min(z + kLeafSide, n[2]); ++k)
          for (int32_t j = y; j < std::min(y + kLeafSide, n[1]); ++j)
            for (int32_t i = x; i < std::min(x + kLeafSide, n[0]); ++i) {
              const size_t from = (size_t(k) * n[1] + j) * n[0] + i;
              if (!(hits[from] > 0)) continue;
              if (!leaf && !(leaf = new_voxels())) return false;
              Voxel& voxel = leaf[(i - x) << 6 | (j - y) << 3 | (k - z)];
              voxel.hits = hits[from], voxel.palette = palette[from];
            }
        if (leaf) leaves_.push_back({{x, y, z}, leaf, nullptr});
      }
  return true;
}

// Turns the sums of one leaf into means; false if it has no hit of any weight.
bool Grid::settle(Tile& tile, uint32_t number) {
  Voxel* leaf = tile.leaves[number];
  VoxelColor* colors = colors_of(leaf);
  bool hit = false;
  for (uint32_t i = 0; i < kLeafVoxels; ++i) {
    if (!leaf[i].bits && tile.carries.empty()) continue;
    Carry sum{leaf[i].bits >> kWeightBits, uint32_t(leaf[i].bits), {}};
    for (int channel = 0; channel < 3 && colors; ++channel) sum.color[channel] = colors[i].sum[channel];
    if (auto found = tile.carries.find(number * kLeafVoxels + i); found != tile.carries.end()) {
      sum.weight += found->second.weight, sum.tint += found->second.tint;
      for (int channel = 0; channel < 3; ++channel) sum.color[channel] += found->second.color[channel];
    }
    hit |= sum.weight != 0;
    double weight = sum.weight ? double(sum.weight) : 1.0;
    leaf[i].hits = float(double(sum.weight) / kWeightUnit);
    leaf[i].palette = float(double(sum.tint) / weight);
    for (int channel = 0; channel < 3 && colors; ++channel) colors[i].mean[channel] = float(double(sum.color[channel]) / weight);
  }
  return hit;
}

void Grid::finish(int threads) {
  std::vector<uint32_t> touched;
  size_t most = 0;
  for (uint32_t number = 0, count = shape_.tile_count(); number < count; ++number) {
    if (!tiles_[number].leaves) continue;
    touched.push_back(number);
    for (uint32_t i = 0; i < kTileLeaves; ++i) most += tiles_[number].leaves[i] != nullptr;
  }
  leaves_.reserve(most);  // so that no thread below has to take memory
  std::mutex mutex;
  auto settle_tile = [&](uint64_t job, int) {
    const uint32_t number = touched[job];
    Tile& tile = tiles_[number];
    bool hit[kTileLeaves];
    for (uint32_t i = 0; i < kTileLeaves; ++i) hit[i] = tile.leaves[i] && settle(tile, i);
    const uint32_t ny = uint32_t(shape_.tiles(1)), nz = uint32_t(shape_.tiles(2));
    const uint32_t at[3] = {number / (ny * nz), number / nz % ny, number % nz};
    std::lock_guard<std::mutex> lock(mutex);
    for (uint32_t i = 0; i < kTileLeaves; ++i) {
      if (!hit[i]) continue;
      Leaf leaf{{}, tile.leaves[i], colors_of(tile.leaves[i])};
      for (int axis = 0; axis < 3; ++axis) leaf.origin[axis] = int32_t(at[axis] * kTileSide + (i >> (6 - 3 * axis) & 7) * kLeafSide);
      leaves_.push_back(leaf);
    }
    return true;
  };
  run_jobs(touched.size(), thread_count(threads, touched.size()), settle_tile, [](double) { return true; });
  std::sort(leaves_.begin(), leaves_.end(), [](const Leaf& a, const Leaf& b) {
    return std::lexicographical_compare(a.origin, a.origin + 3, b.origin, b.origin + 3);
  });
}

Bins::Bins(Grid& grid, std::shared_ptr<MemoryBudget> memory) : grid_(grid), memory_(std::move(memory)) {
  next_.resize(size_t(grid.shape().tile_count()) + 1);
  landing_ = new_bin();
  if (!landing_) return;
  used_ = 1;
  owners_.resize(1);
  for (Hit*& next : next_) next = landing_ + kBinBytes / sizeof(Hit) - 1;
}

Bins::~Bins() {
  for (Hit* page : pages_) free_aligned(page, kBinBytes), memory_->give(kBinBytes);
}

Hit* Bins::new_bin() {
  if (used_ < pages_.size()) return pages_[used_];
  if (!memory_->take(kBinBytes)) return nullptr;
  Hit* page = static_cast<Hit*>(aligned_memory(kBinBytes, kBinBytes));
  if (page) pages_.push_back(page);
  else memory_->give(kBinBytes);
  return page;
}

GridTarget Bins::target(float filter, float fade) {
  const GridShape& shape = grid_.shape();
  GridTarget out{};
  for (int axis = 0; axis < 3; ++axis) {
    out.low[axis] = float(shape.low[axis]);
    out.dimensions[axis] = shape.dimensions[axis];
    out.tiles[axis] = shape.tiles(axis);
  }
  out.voxels_per_unit = float(1 / shape.voxel_size);
  out.filter = filter, out.fade = fade;
  out.next = next_.data(), out.owner = this, out.full = full;
  return out;
}

bool Bins::full(void* self, uint32_t tile) {
  Bins& bins = *static_cast<Bins*>(self);
  constexpr uint64_t kHits = kBinBytes / sizeof(Hit);
  Hit* end = bins.next_[tile];
  if (tile + 1 == bins.next_.size()) {  // outside: not wanted
    bins.next_[tile] = end - kHits;
    return true;
  }
  if (end != bins.landing_ + kHits) {
    bins.next_[tile] = end - kHits;
    return bins.grid_.add(tile, end - kHits, kHits);
  }
  // Its first hit: it gets a bin, if need be by emptying all the others.
  Hit first = end[-1];
  bins.next_[tile] = end - 1;  // whatever happens below, it may be written again
  if (bins.used_ == kMostPages && !bins.empty()) return false;
  Hit* page = bins.new_bin();
  if (!page) return false;
  if (bins.owners_.size() <= bins.used_) bins.owners_.resize(bins.used_ + 1);
  bins.owners_[bins.used_++] = tile;
  page[0] = first;
  bins.next_[tile] = page + 1;
  return true;
}

bool Bins::empty() {
  bool good = true;
  for (size_t i = 1; i < used_; ++i) {
    Hit*& next = next_[owners_[i]];
    good = good && grid_.add(owners_[i], pages_[i], uint64_t(next - pages_[i]));
    next = landing_ + kBinBytes / sizeof(Hit) - 1;
  }
  used_ = 1;
  return good;
}

DensityScale::DensityScale(double gain, uint64_t samples, double voxel_size)
    : factor(gain / (double(samples ? samples : 1) * voxel_size * voxel_size * voxel_size)) {}

float DensityScale::operator()(const Voxel& voxel) const { return float(logarithmic ? log1p(factor * double(voxel.hits)) : factor * double(voxel.hits)); }

}  // namespace bloom
