// The one place where a variation's name, parameters, defaults and ranges stand. Python reads them through the ABI.
#pragma once
#include <stdint.h>

namespace bloom {

// Whose rules a flame follows where programs differ; the numbers are part of the flame buffer.
enum class Dialect : int32_t { ember_25 = 0, ember_1_0_0_14 = 1, flam3 = 2 };
constexpr int kDialects = 3;

enum class ParameterKind : int32_t { real, integer, integer_nonzero, real_nonzero, cyclic };

struct Parameter {
  const char* name;
  double defaults[kDialects];
  ParameterKind kind = ParameterKind::real;
  double low = -1e300, high = 1e300;
};

constexpr int kMaxParameters = 16;
constexpr int kMaxDerived = 8;

struct VariationInfo {
  const char* name;
  const Parameter* parameters;
  int parameter_count;
};

const VariationInfo* variation_table();
int variation_count();

}  // namespace bloom
