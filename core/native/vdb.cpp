// The layout of OpenVDB's files (format 224), as its readers define it: header, then per grid a descriptor with three
// offsets, metadata, transform, topology (masks, from the root down) and buffers (leaf values). Values are stored
// uncompressed and only where active, which the format calls "active mask compression".
#include "vdb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <vector>

#include "half.h"
#include "utf8_file.h"

namespace bloom {
namespace {

constexpr int kLowerLog2 = 4, kUpperLog2 = 5;     // children of a node along one axis: 16 and 32
constexpr int32_t kLowerSide = 8 << kLowerLog2;   // 128 voxels
constexpr int32_t kUpperSide = kLowerSide << kUpperLog2;  // 4096 voxels
constexpr uint32_t kActiveMaskOnly = 2;
constexpr int8_t kInactiveIsBackground = 0;       // a node's byte: all that is not active is the background

// Buffered, counting, and remembering the first failure: whoever writes may ignore it until the end.
class Stream {
 public:
  explicit Stream(FILE* file) : file_(file) { buffer_.reserve(kBuffer); }

  void bytes(const void* data, size_t n) {
    const char* from = static_cast<const char*>(data);
    if (buffer_.size() + n > kBuffer) flush();
    if (n > kBuffer) write(from, n);
    else buffer_.insert(buffer_.end(), from, from + n);
    position_ += n;
  }
  template <class T>
  void value(T v) { bytes(&v, sizeof v); }
  void text(const char* s) {
    value(uint32_t(strlen(s)));
    bytes(s, strlen(s));
  }
  uint64_t position() const { return position_; }
  void overwrite(uint64_t at, const void* data, size_t n) {
    flush();
    if (seek_file(file_, at) != 0 || fwrite(data, 1, n, file_) != n || seek_file(file_, position_) != 0) fail();
  }
  int finish() {
    flush();
    if (fflush(file_) != 0) fail();
    return error_;
  }

 private:
  static constexpr size_t kBuffer = 1 << 20;
  void flush() {
    write(buffer_.data(), buffer_.size());
    buffer_.clear();
  }
  void write(const char* from, size_t n) {
    if (n && !error_ && fwrite(from, 1, n, file_) != n) fail();
  }
  void fail() {
    if (!error_) error_ = errno ? errno : EIO;
  }
  FILE* file_;
  std::vector<char> buffer_;
  uint64_t position_ = 0;
  int error_ = 0;
};

// The tree above the leaves, as lists: every node knows its children's numbers in ascending order of their slot.
struct Lower {
  int32_t origin[3];
  std::vector<std::pair<uint32_t, uint32_t>> leaves;  // slot, cell in the grid
};
struct Upper {
  int32_t origin[3];
  std::vector<std::pair<uint32_t, uint32_t>> lowers;  // slot, number of the Lower
};
struct Tree {
  std::vector<Lower> lowers;
  std::vector<Upper> uppers;
};

template <class Node>
uint32_t node_at(std::vector<Node>& nodes, const int32_t at[3], int32_t side) {
  int32_t origin[3];
  for (int axis = 0; axis < 3; ++axis) origin[axis] = at[axis] / side * side;
  for (size_t i = nodes.size(); i-- > 0;)  // the newest is nearly always the one
    if (std::equal(origin, origin + 3, nodes[i].origin)) return uint32_t(i);
  Node node{};
  std::copy(origin, origin + 3, node.origin);
  nodes.push_back(node);
  return uint32_t(nodes.size() - 1);
}

uint32_t slot(const int32_t at[3], int32_t side, int log2, int32_t child_side) {
  uint32_t out = 0;
  for (int axis = 0; axis < 3; ++axis) out = out << log2 | uint32_t(at[axis] % side / child_side);
  return out;
}

Tree build_tree(const Grid& grid) {
  Tree tree;
  // Lower nodes by their place in a small table: a search through thousands of them for every leaf would be quadratic.
  const GridShape& shape = grid.shape();
  std::array<int32_t, 3> n;
  for (int axis = 0; axis < 3; ++axis) n[axis] = (shape.dimensions[axis] + kLowerSide - 1) / kLowerSide;
  std::vector<uint32_t> number(size_t(n[0]) * n[1] * n[2], UINT32_MAX);
  for (uint32_t cell : grid.leaves()) {
    int32_t at[3];
    grid.origin(cell, at);
    uint32_t& lower = number[(size_t(at[0] / kLowerSide) * n[1] + at[1] / kLowerSide) * n[2] + at[2] / kLowerSide];
    if (lower == UINT32_MAX) {
      lower = uint32_t(tree.lowers.size());
      Lower node{};
      for (int axis = 0; axis < 3; ++axis) node.origin[axis] = at[axis] / kLowerSide * kLowerSide;
      tree.lowers.push_back(node);
      tree.uppers[node_at(tree.uppers, at, kUpperSide)].lowers.emplace_back(slot(at, kUpperSide, kUpperLog2, kLowerSide), lower);
    }
    tree.lowers[lower].leaves.emplace_back(slot(at, kLowerSide, kLowerLog2, kLeafSide), cell);
  }
  for (Upper& node : tree.uppers) std::sort(node.lowers.begin(), node.lowers.end());
  for (Lower& node : tree.lowers) std::sort(node.leaves.begin(), node.leaves.end());
  return tree;
}

using LeafMask = std::array<uint64_t, kLeafVoxels / 64>;

LeafMask mask_of(const Voxel* leaf) {
  LeafMask mask{};
  for (int i = 0; i < kLeafVoxels; ++i) mask[i / 64] |= uint64_t(leaf[i].weight != 0) << (i % 64);
  return mask;
}

template <class Children>
void write_internal(Stream& out, const Children& children, int log2) {
  std::vector<uint64_t> mask(size_t(1) << (3 * log2) >> 6), none(mask.size());
  for (const auto& child : children) mask[child.first / 64] |= uint64_t(1) << (child.first % 64);
  out.bytes(mask.data(), mask.size() * 8);
  out.bytes(none.data(), none.size() * 8);
  out.value(kInactiveIsBackground);
}

void write_topology(Stream& out, const Grid& grid, const Tree& tree) {
  out.value(int32_t(1));  // buffers per leaf
  out.value(0.0f);        // background
  out.value(uint32_t(0));
  out.value(uint32_t(tree.uppers.size()));
  for (const Upper& upper : tree.uppers) {
    out.bytes(upper.origin, sizeof upper.origin);
    write_internal(out, upper.lowers, kUpperLog2);
    for (const auto& [ignored, number] : upper.lowers) {
      write_internal(out, tree.lowers[number].leaves, kLowerLog2);
      for (const auto& [also_ignored, cell] : tree.lowers[number].leaves) {
        LeafMask mask = mask_of(grid.leaf(cell));
        out.bytes(mask.data(), sizeof mask);
      }
    }
  }
}

template <class Value>
void write_buffers(Stream& out, const Grid& grid, const Tree& tree, bool half, Value value) {
  for (const Upper& upper : tree.uppers)
    for (const auto& [ignored, number] : upper.lowers)
      for (const auto& [also_ignored, cell] : tree.lowers[number].leaves) {
        const Voxel* leaf = grid.leaf(cell);
        LeafMask mask = mask_of(leaf);
        out.bytes(mask.data(), sizeof mask);
        out.value(kInactiveIsBackground);
        float whole[kLeafVoxels];
        uint16_t halves[kLeafVoxels];
        int n = 0;
        for (int i = 0; i < kLeafVoxels; ++i)
          if (leaf[i].weight) {
            whole[n] = value(leaf[i]);
            halves[n] = to_half(whole[n]);
            ++n;
          }
        if (half) out.bytes(halves, n * sizeof *halves);
        else out.bytes(whole, n * sizeof *whole);
      }
}

void metadata(Stream& out, const char* name, const char* type, const void* data, uint32_t size) {
  out.text(name);
  out.text(type);
  out.value(size);
  out.bytes(data, size);
}
void metadata(Stream& out, const char* name, const char* value) { metadata(out, name, "string", value, uint32_t(strlen(value))); }

struct Extent {
  int32_t low[3] = {0, 0, 0}, high[3] = {0, 0, 0};
  int64_t voxels = 0;
};

Extent measure(const Grid& grid) {
  Extent out;
  for (uint32_t cell : grid.leaves()) {
    int32_t at[3];
    grid.origin(cell, at);
    const Voxel* leaf = grid.leaf(cell);
    for (int i = 0; i < kLeafVoxels; ++i) {
      if (!leaf[i].weight) continue;
      int32_t p[3] = {at[0] + (i >> 6), at[1] + (i >> 3 & 7), at[2] + (i & 7)};
      for (int axis = 0; axis < 3; ++axis) {
        out.low[axis] = out.voxels ? std::min(out.low[axis], p[axis]) : p[axis];
        out.high[axis] = out.voxels ? std::max(out.high[axis], p[axis]) : p[axis];
      }
      ++out.voxels;
    }
  }
  return out;
}

template <class Value>
void write_grid(Stream& out, const char* name, const Grid& grid, const Tree& tree, const Extent& extent, bool half, Value value) {
  out.text(name);
  out.text(half ? "Tree_float_5_4_3_HalfFloat" : "Tree_float_5_4_3");
  out.text("");  // not an instance of another grid
  uint64_t offsets_at = out.position();
  int64_t offsets[3] = {};  // of the grid, of its buffers, of its end
  out.bytes(offsets, sizeof offsets);
  offsets[0] = int64_t(out.position());
  out.value(kActiveMaskOnly);

  uint8_t saved_as_half = half;
  out.value(uint32_t(7));
  metadata(out, "class", "fog volume");
  metadata(out, "file_bbox_max", "vec3i", extent.high, sizeof extent.high);
  metadata(out, "file_bbox_min", "vec3i", extent.low, sizeof extent.low);
  metadata(out, "file_compression", "active values");
  metadata(out, "file_voxel_count", "int64", &extent.voxels, sizeof extent.voxels);
  metadata(out, "is_saved_as_half_float", "bool", &saved_as_half, sizeof saved_as_half);
  metadata(out, "name", name);

  // Voxel (i, j, k) is centred at low + (i + 1/2, j + 1/2, k + 1/2) * size.
  const GridShape& shape = grid.shape();
  double s = shape.voxel_size;
  out.text("UniformScaleTranslateMap");
  for (double low : shape.low) out.value(low + 0.5 * s);
  for (double v : {s, s, 1 / s, 1 / (s * s), 0.5 / s})  // scale, voxel size, their inverse, its square, half of it
    for (int axis = 0; axis < 3; ++axis) out.value(v);

  write_topology(out, grid, tree);
  offsets[1] = int64_t(out.position());
  write_buffers(out, grid, tree, half, value);
  offsets[2] = int64_t(out.position());
  out.overwrite(offsets_at, offsets, sizeof offsets);
}

void write_header(Stream& out) {
  const uint32_t magic[2] = {0x56444220u, 0};
  out.bytes(magic, sizeof magic);
  out.value(uint32_t(224));  // file format
  out.value(uint32_t(10));   // library version that this format belongs to
  out.value(uint32_t(0));
  out.value(uint8_t(1));  // grids have offsets
  // Where OpenVDB puts a random identifier: the same flame must give the same bytes.
  out.bytes("b1000000-0000-4000-8000-000000000001", 36);
  out.value(uint32_t(1));
  metadata(out, "creator", "Bloom");
}

}  // namespace

std::string write_vdb(const Grid& grid, const DensityScale& scale, bool half, const char* path) {
  FILE* file = open_for_writing(path);
  if (!file) return std::string("cannot write ") + path + ": " + strerror(errno);
  Stream out(file);
  Tree tree = build_tree(grid);
  Extent extent = measure(grid);
  write_header(out);
  out.value(uint32_t(2));
  write_grid(out, "density", grid, tree, extent, half, scale);
  write_grid(out, "palette", grid, tree, extent, half, mean_tint);
  int error = out.finish();
  if (!error) error = sync_file(file);
  if (fclose(file) != 0 && !error) error = errno;
  return error ? std::string("cannot write ") + path + ": " + strerror(error) : "";
}

}  // namespace bloom
