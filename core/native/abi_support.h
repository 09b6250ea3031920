// What the parts of the C ABI share.
#pragma once
#include <exception>
#include <functional>
#include <new>
#include <string>

#include "bloom.h"
#include "kernel.h"

struct bloom_flame {
  bloom::Program program;
  bool usable = false;
  std::string message;
};

namespace bloom {

constexpr uint64_t kMaxSamples = uint64_t(1) << 40;

inline int32_t fail(std::string& message, int32_t code, const char* text) {
  message = text;
  return code;
}

// Runs f, and turns what C++ throws into a code: no exception may cross the ABI.
template <class Function>
int32_t guarded(std::string& message, Function f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    return fail(message, BLOOM_MEMORY, "not enough memory");
  } catch (const std::exception& error) {
    return fail(message, BLOOM_INVALID, error.what());
  }
}

inline void add(Statistics& to, const Statistics& from) {
  to.iterations += from.iterations, to.plotted += from.plotted, to.bad += from.bad, to.outside += from.outside;
}

inline void report(const Statistics& from, bloom_statistics* to) { *to = {from.iterations, from.plotted, from.bad, from.outside}; }

inline std::function<bool(double)> caller(bloom_progress progress, void* user) {
  return [=](double fraction) { return !progress || progress(user, fraction) != 0; };
}

inline const char kDiverged[] =
    "the flame diverges: most of its points fly off to infinity. Lower the weights of its expanding xforms or scale their affines down";

// More than half of the points lost: what is left is no picture of the flame.
inline bool diverges(const Statistics& total) { return total.bad * 2 > total.iterations; }

}  // namespace bloom
