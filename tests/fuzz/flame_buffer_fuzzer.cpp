// libFuzzer's target for the ABI's flame buffer: whatever a buffer holds, opening it and playing it must neither read nor
// write astray, nor compute anything that C++ leaves undefined.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <random>
#include <vector>

#include "bloom.h"
#include "program.h"

namespace {

using Buffer = std::vector<double>;

constexpr size_t kPoints = 48;
constexpr uint64_t kMemory = 64u << 20;

Buffer read(const uint8_t* data, size_t size) {
  Buffer buffer(size / sizeof(double));
  if (!buffer.empty()) memcpy(buffer.data(), data, buffer.size() * sizeof(double));
  return buffer;
}

void demand(bool holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "broken promise: %s\n", what);
  abort();
}

void transform(bloom_flame* flame) {
  static const double kFrom[] = {0, 1, -1, 0.3, -0.7, 1e-30, 1e10, -1e30};
  Buffer in(kPoints * 3), out(kPoints * 3);
  for (size_t i = 0; i < in.size(); ++i) in[i] = kFrom[(i * 5 + i / 8) % 8];
  for (int xform = -1; xform <= bloom::kMaxXforms + 1; ++xform)
    for (int in_double = 0; in_double < 2; ++in_double) {
      int32_t code = bloom_transform(flame, xform, in_double, 1, in.data(), kPoints, out.data());
      if (code != BLOOM_OK && xform > 0) return;
    }
}

void play_points(bloom_flame* flame, const bloom_play& play) {
  std::vector<float> position(kPoints * 3), palette(kPoints), weight(kPoints);
  std::vector<uint8_t> xform(kPoints);
  std::vector<uint64_t> identity(kPoints);
  uint64_t written = 0;
  bloom_statistics statistics;
  int32_t code = bloom_points(flame, &play, kPoints, nullptr, nullptr, position.data(), palette.data(), weight.data(), xform.data(), identity.data(),
                              &written, &statistics);
  demand(code == BLOOM_OK || code == BLOOM_DIVERGED, "a flame that opened can be played");
  demand(written <= kPoints, "no more points than were asked for");
  for (uint64_t i = 0; i < written; ++i) {
    for (int axis = 0; axis < 3; ++axis) demand(position[3 * i + axis] >= -1.0001e10f && position[3 * i + axis] <= 1.0001e10f, "points lie near");
    demand(palette[i] >= 0 && palette[i] <= 1, "palette coordinates lie in [0, 1]");
    demand(weight[i] >= 0 && weight[i] <= 1, "weights lie in [0, 1]");
  }
}

void play_volume(bloom_flame* flame, const bloom_play& play) {
  static const float kColors[] = {0, 0, 0, 1, 0.5f, 0.25f};
  bloom_volume volume{};
  for (int axis = 0; axis < 3; ++axis) volume.low[axis] = -1, volume.high[axis] = 1 + 0.5 * axis;
  volume.filter = 1.5, volume.fade = 0.1, volume.samples = 64, volume.memory_limit = kMemory, volume.resolution = 16;
  volume.colors = kColors, volume.color_count = 2;
  bloom_grid* grid = nullptr;
  bloom_statistics statistics;
  int32_t code = bloom_accumulate(flame, &play, &volume, nullptr, nullptr, &grid, &statistics);
  demand(code == BLOOM_OK || code == BLOOM_DIVERGED, "a flame that opened can be accumulated");
  demand((code == BLOOM_OK) == (grid != nullptr), "a grid comes with success and with nothing else");
  if (!grid) return;
  bloom_grid_info info;
  bloom_grid_describe(grid, &info);
  std::vector<float> density(info.leaf_count * 512), palette(info.leaf_count * 512), color(info.leaf_count * 512 * 3);
  bloom_grid_leaves(grid, 1, nullptr, nullptr, density.data(), palette.data(), color.data());
  for (float v : density) demand(v >= 0 && v < 1e9f, "densities are finite and not negative");
  for (float v : palette) demand(v >= 0 && v <= 1, "mean palette coordinates lie in [0, 1]");
  bloom_grid_close(grid);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Buffer buffer = read(data, size);
  bloom_flame* flame = nullptr;
  int32_t code = bloom_flame_open(buffer.data(), buffer.size(), &flame);
  demand(flame != nullptr, "a handle comes also with a refusal");
  demand((code == BLOOM_OK) == (bloom_flame_message(flame)[0] == '\0'), "a refusal says why, and nothing else does");
  if (code == BLOOM_OK) {
    transform(flame);
    // The chaos game costs a thousand times what opening does: every fourth flame plays it, in float and in double by turns.
    unsigned sum = 0;
    for (size_t i = 0; i < size; ++i) sum = sum * 31 + data[i];
    if ((sum & 3) == 0) {
      bloom_play play{sum, 1, int32_t(sum >> 2 & 1)};
      play_points(flame, play);
      play_volume(flame, play);
    }
  }
  bloom_flame_close(flame);
  return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

// Bytes changed at random seldom make another valid flame: most changes are made to whole numbers, and the length is put right.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  static const double kValues[] = {0,     -0.0, 1,      -1,     2,        3,      0.5,    -0.5,         1e-300, 1e-30,       1e-10, 6.283185307179586,
                                   1e10,  1e30, 3.4e38, -3.4e38, 4294967296.0, 1e300, 1e308, -1e308, 9223372036854775808.0, 64, 128, 2147483648.0};
  std::minstd_rand random(seed);
  auto below = [&](size_t n) { return size_t(random()) % n; };
  Buffer buffer = read(data, size);
  if (buffer.size() < 8 || below(8) == 0) return LLVMFuzzerMutate(data, size, max_size);
  for (size_t changes = 1 + below(4); changes-- > 0;) {
    size_t at = 3 + below(buffer.size() - 3);
    switch (below(6)) {
      case 0: buffer[at] = kValues[below(sizeof kValues / sizeof *kValues)]; break;
      case 1: buffer[at] = double(below(size_t(bloom_variation_count()) + 2)); break;
      case 2: buffer[at] *= (double(below(4001)) - 2000) / 500; break;
      case 3: buffer[at] = (double(below(4001)) - 2000) / 500; break;
      case 4: buffer[at] = buffer[below(buffer.size())]; break;
      default: {
        size_t count = 1 + below(8);
        if (below(2)) buffer.erase(buffer.begin() + long(at), buffer.begin() + long(at + std::min(count, buffer.size() - at)));
        else buffer.insert(buffer.begin() + long(at), count, kValues[below(6)]);
        if (buffer.size() < 8) buffer.resize(8);
      }
    }
  }
  buffer.resize(std::min(buffer.size(), max_size / sizeof(double)));
  buffer[0] = bloom::kMagic, buffer[1] = bloom::kBufferVersion, buffer[2] = double(buffer.size());
  memcpy(data, buffer.data(), buffer.size() * sizeof(double));
  return buffer.size() * sizeof(double);
}
