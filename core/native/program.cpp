#include "program.h"

#include <math.h>
#include <string.h>

namespace bloom {
namespace {

constexpr double kLargest = 3.4028234663852886e38;  // a float's

// Hands out the buffer's values one by one; `good` turns false at the first value that is not there or not a float's.
struct Reader {
  const double* at;
  const double* end;
  bool good = true;

  double next() {
    if (at == end || !(fabs(*at) <= kLargest)) return good = false, 0;
    return *at++;
  }
  int whole(int low, int high) {
    double v = next();
    if (!(v >= low && v <= high && v == floor(v))) return good = false, low;
    return int(v);
  }
};

// To float without leaving its range, which is undefined in C++.
float narrowed(double v) { return v > kLargest ? INFINITY : v < -kLargest ? -INFINITY : float(v); }

bool read_xform(Reader& in, Dialect dialect, XformProgram& out) {
  out.weight = in.next(), out.color = in.next(), out.color_speed = in.next(), out.opacity = in.next();
  for (double& v : out.pre) v = in.next();
  for (double& v : out.post) v = in.next();
  static const double identity[12] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
  out.has_post = false;
  for (int i = 0; i < 12; ++i) out.has_post |= out.post[i] != identity[i];
  TermList flattening;
  int count = in.whole(0, kMaxVariations);
  for (int i = 0; i < count && in.good; ++i) {
    Term term{};
    term.variation = in.whole(0, variation_count() - 1);
    Stage stage = Stage(in.whole(0, kStages - 1));
    term.weight = in.next();
    const VariationInfo& info = variation_info(term.variation);
    term.form = info.form;
    int parameters = in.whole(info.parameter_count, info.parameter_count);
    for (int k = 0; k < parameters && in.good; ++k) term.p[k] = in.next();
    if (!in.good) return false;
    if (info.prepare) info.prepare(term.weight, dialect, term.p);
    for (int k = 0; k < kMaxParameters + kMaxDerived; ++k) term.p_float[k] = narrowed(term.p[k]);
    if (stage == Stage::before) out.before.push_back(term);
    else if (stage == Stage::after) out.after.push_back(term);
    else if (strcmp(info.name, "flatten") == 0) flattening.push_back(term);
    else out.sum.push_back(term);
  }
  out.sum.insert(out.sum.end(), flattening.begin(), flattening.end());
  out.passes_on = out.sum.empty() && !out.before.empty();
  bool in_range = out.weight >= 0 && out.opacity >= 0 && out.opacity <= 1 && out.color >= 0 && out.color <= 1 &&
                  out.color_speed >= -1 && out.color_speed <= 1;
  return in.good && in_range;
}

// Cumulative probabilities as thresholds on 32 bits. A row whose weights sum to 0 falls back on the plain weights.
void write_thresholds(const std::vector<double>& weights, uint32_t* out) {
  double total = 0, sum = 0;
  for (double w : weights) total += w;
  for (size_t i = 0; i + 1 < weights.size(); ++i) {
    sum += weights[i];
    double t = sum / total * 4294967296.0;
    out[i] = t >= 4294967295.0 ? 0xffffffffu : uint32_t(t);
  }
  out[weights.size() - 1] = 0xffffffffu;
}

}  // namespace

std::string read_program(const double* buffer, uint64_t length, Program& out) {
  if (length < 7 || buffer[0] != kMagic) return "not a flame buffer";
  if (buffer[1] != kBufferVersion) return "a flame buffer of another version: Bloom's Python and native parts do not match, install both anew";
  if (buffer[2] != double(length)) return "a flame buffer whose length is not the one it states";
  Reader in{buffer + 3, buffer + length};
  int dialect = in.whole(0, kDialects - 1);
  int count = in.whole(1, kMaxXforms);
  if (!in.good) return "a flame needs 1 to " + std::to_string(kMaxXforms) + " xforms";
  out.dialect = Dialect(dialect);
  out.has_final = in.whole(0, 1) != 0;
  out.has_xaos = in.whole(0, 1) != 0;
  std::vector<double> xaos(out.has_xaos ? size_t(count) * count : 0);
  for (double& v : xaos)
    if ((v = in.next()) < 0) return "a negative xaos entry";
  out.xforms.resize(count);
  for (int i = 0; i < count; ++i)
    if (!read_xform(in, out.dialect, out.xforms[i])) return "xform " + std::to_string(i) + " is cut off, not finite or out of range";
  if (out.has_final && !read_xform(in, out.dialect, out.final_xform)) return "the final xform is cut off, not finite or out of range";
  if (!in.good || in.at != in.end) return "a flame buffer with values missing or left over";

  std::vector<double> weights(count);
  double total = 0;
  for (int i = 0; i < count; ++i) total += weights[i] = out.xforms[i].weight;
  if (!(total > 0) || !isfinite(total)) return "all xforms have weight 0: give at least one of them a weight";
  out.thresholds.resize(size_t(out.has_xaos ? count + 1 : 1) * count);
  write_thresholds(weights, out.thresholds.data());
  for (int previous = 0; previous < int(out.has_xaos) * count; ++previous) {
    std::vector<double> row(count);
    double sum = 0;
    for (int i = 0; i < count; ++i) sum += row[i] = weights[i] * xaos[size_t(previous) * count + i];
    write_thresholds(sum > 0 && isfinite(sum) ? row : weights, out.thresholds.data() + size_t(previous + 1) * count);
  }
  return "";
}

}  // namespace bloom
