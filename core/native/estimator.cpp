#include "estimator.h"

#include <math.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <unordered_map>

namespace bloom {
namespace {

constexpr int kSteps = 8;  // kernels per voxel of radius
constexpr float kLeastRadius = 0.5f;

// One kernel: its taps as rows along z, their sum 1.
struct Kernel3 {
  int reach = 0;
  std::vector<float> taps;  // (2 reach + 1)^3
  const float* row(int x, int y) const {
    int side = 2 * reach + 1;
    return taps.data() + size_t((x + reach) * side + (y + reach)) * side;
  }
};

Kernel3 make_kernel(double radius) {
  Kernel3 out;
  out.reach = int(radius);
  double sum = 0;
  std::vector<double> taps;
  for (int x = -out.reach; x <= out.reach; ++x)
    for (int y = -out.reach; y <= out.reach; ++y)
      for (int z = -out.reach; z <= out.reach; ++z) {
        double share = sqrt(double(x * x + y * y + z * z)) / radius;
        taps.push_back(share <= 1 ? exp(-2 * (1.5 * share) * (1.5 * share)) : 0);
        sum += taps.back();
      }
  for (double tap : taps) out.taps.push_back(float(tap / sum));
  return out;
}

class Kernels {
 public:
  explicit Kernels(const Estimator& estimator) : estimator_(estimator) {
    for (int i = 0; i <= int(estimator.radius * kSteps); ++i)
      all_.push_back(make_kernel(std::max(double(i) / kSteps, double(kLeastRadius))));
  }
  const Kernel3& of(float hits) const {
    double radius = estimator_.radius * pow(std::max(double(hits), 1.0), -estimator_.curve);
    return all_[size_t(radius * kSteps)];
  }
  int reach() const { return all_.back().reach; }

 private:
  Estimator estimator_;
  std::vector<Kernel3> all_;
};

// Places of leaves, in leaves.
using Place = std::array<int32_t, 3>;
struct PlaceHash {
  size_t operator()(const Place& p) const { return (uint64_t(uint32_t(p[0])) * 0x9e3779b97f4a7c15ull) ^ (uint64_t(uint32_t(p[1])) << 32 | uint32_t(p[2])) * 0xbf58476d1ce4e5b9ull; }
};

// The sums of one leaf while they are gathered.
struct Sums {
  float hits[kLeafVoxels], tint[kLeafVoxels], color[3][kLeafVoxels];
};

// Adds what voxel `at` (relative to the leaf, may lie outside) spreads into the leaf.
void spread(const Kernel3& kernel, const int at[3], const Voxel& voxel, const VoxelColor* color, Sums& sums) {
  int low[3], high[3];
  for (int axis = 0; axis < 3; ++axis) {
    low[axis] = std::max(at[axis] - kernel.reach, 0), high[axis] = std::min(at[axis] + kernel.reach, kLeafSide - 1);
    if (low[axis] > high[axis]) return;
  }
  const int channels = color ? 3 : 0;
  for (int x = low[0]; x <= high[0]; ++x)
    for (int y = low[1]; y <= high[1]; ++y) {
      const float* row = kernel.row(x - at[0], y - at[1]) + kernel.reach - at[2];
      const int to = x * 64 + y * 8;
      for (int z = low[2]; z <= high[2]; ++z) {
        const float share = row[z] * voxel.hits;
        sums.hits[to + z] += share, sums.tint[to + z] += share * voxel.palette;
        for (int channel = 0; channel < channels; ++channel) sums.color[channel][to + z] += share * color->mean[channel];
      }
    }
}

}  // namespace

Outcome estimate_density(Grid& grid, const Estimator& estimator, int threads, const std::function<bool(double)>& progress) {
  const Kernels kernels(estimator);
  const int reach = kernels.reach(), rings = reach ? 1 : 0;  // a reach of 8 at most does not go beyond the next leaf
  std::unordered_map<Place, const Leaf*, PlaceHash> sources;
  for (const Leaf& leaf : grid.leaves()) sources[{leaf.origin[0] / kLeafSide, leaf.origin[1] / kLeafSide, leaf.origin[2] / kLeafSide}] = &leaf;
  std::vector<Place> places;
  {
    std::unordered_map<Place, bool, PlaceHash> seen;
    const GridShape& shape = grid.shape();
    for (const auto& [place, leaf] : sources)
      for (int x = -rings; x <= rings; ++x)
        for (int y = -rings; y <= rings; ++y)
          for (int z = -rings; z <= rings; ++z) {
            Place near{place[0] + x, place[1] + y, place[2] + z};
            bool within = true;
            for (int axis = 0; axis < 3; ++axis) within &= near[axis] >= 0 && near[axis] * kLeafSide < shape.dimensions[axis];
            if (within && seen.emplace(near, true).second) places.push_back(near);
          }
  }
  std::sort(places.begin(), places.end());

  std::vector<Leaf> out(places.size());
  auto gather = [&](size_t number) {
    const Place& place = places[number];
    Sums sums;
    memset(&sums, 0, sizeof sums);
    for (int x = -rings; x <= rings; ++x)
      for (int y = -rings; y <= rings; ++y)
        for (int z = -rings; z <= rings; ++z) {
          auto found = sources.find({place[0] + x, place[1] + y, place[2] + z});
          if (found == sources.end()) continue;
          const Leaf& leaf = *found->second;
          for (int i = 0; i < kLeafVoxels; ++i) {
            const Voxel& voxel = leaf.voxels[i];
            const int at[3] = {(i >> 6) + x * kLeafSide, (i >> 3 & 7) + y * kLeafSide, (i & 7) + z * kLeafSide};
            if (!(voxel.hits > 0) || std::min({at[0], at[1], at[2]}) < -reach || std::max({at[0], at[1], at[2]}) >= kLeafSide + reach) continue;
            spread(kernels.of(voxel.hits), at, voxel, leaf.colors ? leaf.colors + i : nullptr, sums);
          }
        }
    if (std::none_of(sums.hits, sums.hits + kLeafVoxels, [](float hits) { return hits > 0; })) return true;
    Leaf& leaf = out[number];
    leaf = grid.new_leaf({place[0] * kLeafSide, place[1] * kLeafSide, place[2] * kLeafSide});
    if (!leaf.voxels) return false;
    for (int i = 0; i < kLeafVoxels; ++i) {
      if (!(sums.hits[i] > 0)) continue;
      leaf.voxels[i].hits = sums.hits[i], leaf.voxels[i].palette = sums.tint[i] / sums.hits[i];
      for (int channel = 0; channel < 3 && leaf.colors; ++channel) leaf.colors[i].mean[channel] = sums.color[channel][i] / sums.hits[i];
    }
    return true;
  };
  constexpr uint64_t kAtOnce = 64;
  uint64_t jobs = (places.size() + kAtOnce - 1) / kAtOnce;
  auto job = [&](uint64_t number, int) {
    for (size_t i = number * kAtOnce; i < std::min<size_t>((number + 1) * kAtOnce, places.size()); ++i)
      if (!gather(i)) return false;
    return true;
  };
  Outcome outcome = run_jobs(jobs, thread_count(threads, jobs), job, progress);
  if (outcome == Outcome::done) {
    out.erase(std::remove_if(out.begin(), out.end(), [](const Leaf& leaf) { return !leaf.voxels; }), out.end());
    grid.leaves() = std::move(out);
  }
  return outcome;
}

}  // namespace bloom
