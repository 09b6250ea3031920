// The layout of OpenVDB's files (format 224), as its readers define it: header, then per grid a descriptor with three
// offsets, metadata, transform, topology (masks, from the root down) and buffers (leaf values). Values are stored only where
// active, which the format calls "active mask compression", and as they are or by Blosc.
#include "vdb.h"

#include <algorithm>
#include <array>
#include <vector>

#include "blosc.h"
#include "half.h"
#include "vdb_stream.h"

namespace bloom {
namespace {

constexpr int kLowerLog2 = 4, kUpperLog2 = 5;     // children of a node along one axis: 16 and 32
constexpr int32_t kLowerSide = 8 << kLowerLog2;   // 128 voxels
constexpr int32_t kUpperSide = kLowerSide << kUpperLog2;  // 4096 voxels
constexpr uint32_t kActiveMask = 2, kBlosc = 4;
constexpr int8_t kInactiveIsBackground = 0;       // a node's byte: all that is not active is the background

// The tree above the leaves, as lists: every node knows its children's numbers in ascending order of their slot.
struct Lower {
  int32_t origin[3];
  std::vector<std::pair<uint32_t, uint32_t>> leaves;  // slot, number of the leaf in the grid
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
  for (uint32_t leaf = 0; leaf < grid.leaves().size(); ++leaf) {
    const int32_t* at = grid.leaves()[leaf].origin;
    uint32_t& lower = number[(size_t(at[0] / kLowerSide) * n[1] + at[1] / kLowerSide) * n[2] + at[2] / kLowerSide];
    if (lower == UINT32_MAX) {
      lower = uint32_t(tree.lowers.size());
      Lower node{};
      for (int axis = 0; axis < 3; ++axis) node.origin[axis] = at[axis] / kLowerSide * kLowerSide;
      tree.lowers.push_back(node);
      tree.uppers[node_at(tree.uppers, at, kUpperSide)].lowers.emplace_back(slot(at, kUpperSide, kUpperLog2, kLowerSide), lower);
    }
    tree.lowers[lower].leaves.emplace_back(slot(at, kLowerSide, kLowerLog2, kLeafSide), leaf);
  }
  for (Upper& node : tree.uppers) std::sort(node.lowers.begin(), node.lowers.end());
  for (Lower& node : tree.lowers) std::sort(node.leaves.begin(), node.leaves.end());
  return tree;
}

using LeafMask = std::array<uint64_t, kLeafVoxels / 64>;

// Calls f(voxel) for every bit that is set.
template <class Function>
inline void for_each(const LeafMask& mask, Function f) {
  for (int word = 0; word < kLeafVoxels / 64; ++word)
    for (uint64_t bits = mask[word]; bits; bits &= bits - 1) f(word * 64 + __builtin_ctzll(bits));
}

// The leaves in the order of the tree, what is active in them, and where in the grid that lies.
struct Active {
  std::vector<const Leaf*> leaves;
  std::vector<LeafMask> masks;
  int32_t low[3] = {0, 0, 0}, high[3] = {0, 0, 0};
  int64_t voxels = 0;
};

Active find_active(const Grid& grid, const Tree& tree) {
  Active out;
  out.leaves.reserve(grid.leaves().size()), out.masks.reserve(grid.leaves().size());
  for (const Upper& upper : tree.uppers)
    for (const auto& [ignored, number] : upper.lowers)
      for (const auto& [also_ignored, leaf] : tree.lowers[number].leaves) out.leaves.push_back(&grid.leaves()[leaf]);
  bool first = true;
  for (const Leaf* leaf : out.leaves) {
    LeafMask mask{};
    for (int word = 0; word < kLeafVoxels / 64; ++word)
      for (int bit = 0; bit < 64; ++bit) mask[word] |= uint64_t(leaf->voxels[word * 64 + bit].hits > 0) << bit;
    out.masks.push_back(mask);
    // A word of the mask is one plane of x; its bytes are the rows of y, their bits z.
    uint64_t planes = 0, all = 0;
    for (int x = 0; x < kLeafSide; ++x) planes |= uint64_t(mask[x] != 0) << x, all |= mask[x], out.voxels += __builtin_popcountll(mask[x]);
    if (!planes) continue;
    uint64_t rows = 0, columns = 0;
    for (int y = 0; y < kLeafSide; ++y) rows |= uint64_t((all >> (8 * y) & 255) != 0) << y, columns |= all >> (8 * y) & 255;
    const uint64_t seen[3] = {planes, rows, columns};
    for (int axis = 0; axis < 3; ++axis) {
      int32_t low = leaf->origin[axis] + __builtin_ctzll(seen[axis]), high = leaf->origin[axis] + 63 - __builtin_clzll(seen[axis]);
      out.low[axis] = first ? low : std::min(out.low[axis], low);
      out.high[axis] = first ? high : std::max(out.high[axis], high);
    }
    first = false;
  }
  return out;
}

class GridWriter {
 public:
  GridWriter(VdbStream& out, const Grid& grid, const Tree& tree, const Active& active, VdbStorage storage)
      : out_(out), shape_(grid.shape()), tree_(tree), active_(active), storage_(storage) {}

  // `value(leaf, voxel, out)` gives the `channels` floats of a voxel: 1 for a scalar grid, 3 for a vector grid.
  template <int channels, class Value>
  void write(const char* name, Value value) {
    out_.text(name);
    const char* type = channels == 1 ? "Tree_float_5_4_3" : "Tree_vec3s_5_4_3";
    out_.text((std::string(type) + (storage_.half ? "_HalfFloat" : "")).c_str());
    out_.text("");  // not an instance of another grid
    uint64_t offsets_at = out_.position();
    int64_t offsets[3] = {};  // of the grid, of its buffers, of its end
    out_.bytes(offsets, sizeof offsets);
    offsets[0] = int64_t(out_.position());
    head(name);
    topology(channels);
    offsets[1] = int64_t(out_.position());
    buffers<channels>(value);
    offsets[2] = int64_t(out_.position());
    out_.overwrite(offsets_at, offsets, sizeof offsets);
  }

 private:
  void head(const char* name) {
    out_.value(kActiveMask | (storage_.compressed ? kBlosc : 0));
    uint8_t saved_as_half = storage_.half;
    out_.value(uint32_t(7));
    out_.metadata("class", "fog volume");
    out_.metadata("file_bbox_max", "vec3i", active_.high, sizeof active_.high);
    out_.metadata("file_bbox_min", "vec3i", active_.low, sizeof active_.low);
    out_.metadata("file_compression", storage_.compressed ? "blosc + active values" : "active values");
    out_.metadata("file_voxel_count", "int64", &active_.voxels, sizeof active_.voxels);
    out_.metadata("is_saved_as_half_float", "bool", &saved_as_half, sizeof saved_as_half);
    out_.metadata("name", name);

    // Voxel (i, j, k) is centred at low + (i + 1/2, j + 1/2, k + 1/2) * size.
    double s = shape_.voxel_size;
    out_.text("UniformScaleTranslateMap");
    for (double low : shape_.low) out_.value(low + 0.5 * s);
    for (double v : {s, s, 1 / s, 1 / (s * s), 0.5 / s})  // scale, voxel size, their inverse, its square, half of it
      for (int axis = 0; axis < 3; ++axis) out_.value(v);
  }

  void topology(int channels) {
    out_.value(int32_t(1));                                           // buffers per leaf
    for (int channel = 0; channel < channels; ++channel) out_.value(0.0f);  // background
    out_.value(uint32_t(0));
    out_.value(uint32_t(tree_.uppers.size()));
    size_t leaf = 0;
    for (const Upper& upper : tree_.uppers) {
      out_.bytes(upper.origin, sizeof upper.origin);
      internal(upper.lowers, kUpperLog2);
      for (const auto& [ignored, number] : upper.lowers) {
        internal(tree_.lowers[number].leaves, kLowerLog2);
        for (size_t i = 0; i < tree_.lowers[number].leaves.size(); ++i, ++leaf) out_.bytes(&active_.masks[leaf], sizeof(LeafMask));
      }
    }
  }

  template <class Children>
  void internal(const Children& children, int log2) {
    std::vector<uint64_t> mask(size_t(1) << (3 * log2) >> 6), none(mask.size());
    for (const auto& child : children) mask[child.first / 64] |= uint64_t(1) << (child.first % 64);
    out_.bytes(mask.data(), mask.size() * 8);
    out_.bytes(none.data(), none.size() * 8);
    out_.value(kInactiveIsBackground);
    // Its values: none, not compressed. Of values in half precision, readers do not look for them.
    if (storage_.compressed && !storage_.half) out_.value(int64_t(0));
  }

  template <int channels, class Value>
  void buffers(Value value) {
    float whole[kLeafVoxels * channels];
    uint16_t halves[kLeafVoxels * channels];
    for (size_t leaf = 0; leaf < active_.leaves.size(); ++leaf) {
      const LeafMask& mask = active_.masks[leaf];
      out_.bytes(&mask, sizeof mask);
      out_.value(kInactiveIsBackground);
      uint32_t n = 0;
      for_each(mask, [&](int voxel) { value(*active_.leaves[leaf], voxel, whole + n), n += channels; });
      if (storage_.half)
        for (uint32_t i = 0; i < n; ++i) halves[i] = to_half(whole[i]);
      values(storage_.half ? static_cast<const void*>(halves) : whole, (storage_.half ? 2 : 4) * channels, n / channels);
    }
  }

  void values(const void* data, uint32_t size, uint32_t count) {
    if (storage_.compressed) {
      const std::vector<uint8_t>& packed = blosc(data, size, count, shuffled_, packed_);
      out_.value(packed.empty() ? -int64_t(size) * count : int64_t(packed.size()));
      if (!packed.empty()) return out_.bytes(packed.data(), packed.size());
    }
    out_.bytes(data, size_t(size) * count);
  }

  VdbStream& out_;
  const GridShape& shape_;
  const Tree& tree_;
  const Active& active_;
  VdbStorage storage_;
  std::vector<uint8_t> shuffled_, packed_;
};

void write_header(VdbStream& out, uint32_t grids) {
  const uint32_t magic[2] = {0x56444220u, 0};
  out.bytes(magic, sizeof magic);
  out.value(uint32_t(224));  // file format
  out.value(uint32_t(10));   // library version that this format belongs to
  out.value(uint32_t(0));
  out.value(uint8_t(1));  // grids have offsets
  // Where OpenVDB puts a random identifier: the same flame must give the same bytes.
  out.bytes("b1000000-0000-4000-8000-000000000001", 36);
  out.value(uint32_t(1));
  out.metadata("creator", "Bloom");
  out.value(grids);
}

}  // namespace

std::string write_vdb(const Grid& grid, const DensityScale& scale, VdbStorage storage, const char* path) {
  FILE* file = open_for_writing(path);
  if (!file) return std::string("cannot write ") + path + ": " + strerror(errno);
  VdbStream out(file);
  Tree tree = build_tree(grid);
  Active active = find_active(grid, tree);
  write_header(out, grid.has_color() ? 3 : 2);
  GridWriter writer(out, grid, tree, active, storage);
  writer.write<1>("density", [&](const Leaf& leaf, int voxel, float* to) { *to = scale(leaf.voxels[voxel]); });
  writer.write<1>("palette", [&](const Leaf& leaf, int voxel, float* to) { *to = leaf.voxels[voxel].palette; });
  if (grid.has_color()) writer.write<3>("Cd", [&](const Leaf& leaf, int voxel, float* to) { memcpy(to, leaf.colors[voxel].mean, 3 * sizeof *to); });
  int error = out.finish();
  if (!error) error = sync_file(file);
  if (fclose(file) != 0 && !error) error = errno;
  return error ? std::string("cannot write ") + path + ": " + strerror(error) : "";
}

}  // namespace bloom
