// A flame as the kernels read it: checked, flattened, with everything derived that a step would compute again and again.
#pragma once
#include <stdint.h>

#include <string>
#include <vector>

#include "tables.h"

namespace bloom {

constexpr int kMaxXforms = 128, kMaxVariations = 64, kMagic = 4027, kBufferVersion = 2;

struct Term {
  int variation;  // index in the table
  Form form;
  double weight;
  double p[kMaxParameters + kMaxDerived];
  float p_float[kMaxParameters + kMaxDerived];
};

using TermList = std::vector<Term>;

struct XformProgram {
  double weight, color, color_speed, opacity;
  double pre[12], post[12];
  bool has_post;
  bool passes_on;  // there are variations before the sum, but none in it: their point is the sum
  TermList before, sum, after;  // in the sum, `flatten` is last
};

struct Program {
  Dialect dialect = Dialect::ember_25;
  std::vector<XformProgram> xforms;
  bool has_final = false;
  XformProgram final_xform{};
  bool has_xaos = false;
  // Row p+1: thresholds on a 32-bit random number after xform p; row 0: with no xform before. The drawn xform is the
  // number of thresholds that are <= the random number. One row only without xaos.
  std::vector<uint32_t> thresholds;

  const uint32_t* thresholds_after(int previous) const {
    return thresholds.data() + (has_xaos ? size_t(previous + 1) * xforms.size() : 0);
  }
};

// Reads a flame buffer (layout: core/bloom_core/flames/flame_buffer.py). Returns "" or what is wrong with it.
std::string read_program(const double* buffer, uint64_t length, Program& out);

}  // namespace bloom
