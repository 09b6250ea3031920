// The one form in which a variation's name, parameters, defaults and ranges stand. Python reads them through the ABI.
#pragma once
#include <stdint.h>

namespace bloom {

// Whose rules a flame follows where programs differ; the numbers are part of the flame buffer.
// ember_25_compat is Ember 25 with its switch for the functions of flam3 on; its defaults are those of ember_25.
enum class Dialect : int32_t { ember_25 = 0, ember_1_0_0_14 = 1, flam3 = 2, ember_25_compat = 3 };
constexpr int kDialects = 4, kDefaults = 3;

enum class ParameterKind : int32_t { real, integer, integer_nonzero, real_nonzero, cyclic };

// A parameter's default in each dialect.
struct Defaults {
  double of[kDefaults];
  constexpr Defaults(double all) : of{all, all, all} {}
  constexpr Defaults(double ember, double flam3) : of{ember, ember, flam3} {}
  constexpr Defaults(double ember_25, double ember_1_0_0_14, double flam3) : of{ember_25, ember_1_0_0_14, flam3} {}
};

struct Range {
  double low, high;
};
constexpr double kHalfTurn = 3.14159265358979323846;
constexpr double kSmallest = 2.2204460492503131e-16;  // what Ember puts for a zero where none may be
constexpr Range kUnlimited{-1e300, 1e300}, kNotNegative{0, 1e300}, kPositive{kSmallest, 1e300}, kAtLeastOne{1, 1e300}, kCircle{-kHalfTurn, kHalfTurn};

struct Parameter {
  const char* name;
  Defaults defaults;
  Range typical;  // what is worth trying: a slider's ends
  ParameterKind kind = ParameterKind::real;
  Range limits = kUnlimited;
};

constexpr int kMaxParameters = 16;
constexpr int kMaxDerived = 8;

// Where one stands in an xform; the numbers are part of the flame buffer.
enum class Stage : int32_t { sum = 0, before = 1, after = 2 };
constexpr int kStages = 3;

// What the function adds to when it stands before or after the sum: how much of the point is left.
enum class Form : int32_t {
  replaces,  // nothing
  flat,      // z: the function is one of the plane
  adds,      // all: the function does not look at the point
  sets_z,    // x and y
};

struct VariationInfo {
  const char* name;
  Form form;
  const Parameter* parameters;
  int parameter_count;
  // Writes up to kMaxDerived numbers behind the parameters, so that points need not compute them again and again.
  void (*prepare)(double weight, Dialect dialect, double* p);
};

int variation_count();
const VariationInfo& variation_info(int variation);  // 0 <= variation < variation_count()

}  // namespace bloom
