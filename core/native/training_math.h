// The hyperbolic tangent over lanes: with t = e^2x - 1, tanh x = t / (t + 2), which loses nothing near 0. e^r - 1 between -ln2/2 and ln2/2 is a
// polynomial; beyond, it is scaled by a power of two. Where t + 2 is t, the tangent is 1 exactly, as its derivative 1 - h^2 wants it. NaN stays NaN.
#pragma once
#include <string.h>

#include "training_pairs.h"

namespace bloom::BLOOM_ISA {

// tanh x is 1 in this precision from `limit` on. Adding `magic` rounds to a whole number, and leaves it and the exponent's bias in the last bits.
struct FloatTanh {
  using V = Floats;
  using Bits = Row<int32_t, kLanesOf<Floats>>;
  static constexpr float limit = 10.0f, magic = 12582912.0f + 127.0f, turns = 2.885390081777927f, ln2 = 0.693147180559945f;
  static constexpr int mantissa = 23;
  // (e^r - 1 - r) / (r/2)^2 by half of r, interpolated at Chebyshev's nodes: the relative error of e^r - 1 is below 2.5e-8.
  static V rest(V half) {
    V q = fma(V(64 * 1.39261835877e-3f), half, V(32 * 8.36317905272e-3f));
    q = fma(q, half, V(16 * 4.16665546172e-2f));
    q = fma(q, half, V(8 * 0.166665769897f));
    return fma(q, half, V(2));
  }
};
struct DoubleTanh {
  using V = Doubles;
  using Bits = Wholes<kLanesOf<Doubles>>;
  static constexpr double limit = 20.0, magic = 6755399441055744.0 + 1023.0, turns = 2.885390081777926814720, ln2 = 0.693147180559945309417;
  static constexpr int mantissa = 52;
  // Here it is below 6e-19.
  static V rest(V half) {
    V q = fma(V(4096 * 2.0914686968086877233e-9), half, V(2048 * 2.5105217004720745164e-8));
    q = fma(q, half, V(1024 * 2.7557273643110295328e-7));
    q = fma(q, half, V(512 * 2.755725540020642443e-6));
    q = fma(q, half, V(256 * 2.4801587325547741216e-5));
    q = fma(q, half, V(128 * 1.9841269874820625271e-4));
    q = fma(q, half, V(64 * 1.3888888888883748305e-3));
    q = fma(q, half, V(32 * 8.3333333333261351258e-3));
    q = fma(q, half, V(16 * 4.1666666666669755739e-2));
    q = fma(q, half, V(8 * 0.16666666666666670991));
    return fma(q, half, V(2));
  }
};

// One product of ln 2 suffices to reduce: what is lost grows with the power of two, and the tangent's slope falls faster.
template <class Kind>
inline typename Kind::V exponential_minus_1_of_twice(typename Kind::V x) {
  using V = typename Kind::V;
  x = at_least(at_most(x, V(Kind::limit)), V(-Kind::limit));
  V rounded = fma(x, V(Kind::turns), V(Kind::magic)), power = rounded - Kind::magic;
  V half = fma(power, V(-Kind::ln2 / 2), x);
  V small = half * fma(Kind::rest(half), half, V(2));
  V scale = (V)((typename Kind::Bits)rounded << Kind::mantissa);
  return fma(scale, small, scale - 1);
}

template <class Kind>
inline typename Kind::V tanh_as(typename Kind::V x) {
  typename Kind::V t = exponential_minus_1_of_twice<Kind>(x);
  return t / (t + 2);
}
inline Floats tanh(Floats x) { return tanh_as<FloatTanh>(x); }
inline Doubles tanh(Doubles x) { return tanh_as<DoubleTanh>(x); }

// 1/n! for n from 2, as double-doubles: made, not written down.
struct InverseFactorials {
  static constexpr int kCount = 10;
  Exact of[kCount];
  InverseFactorials() {
    Exact value{1, 0};
    for (int i = 0; i < kCount; ++i) of[i] = value = value / Exact{i + 2.0, 0};
  }
};

// Double-double: Taylor's series of a 64th of the reduced argument, its last terms in double; e^r - 1 is then doubled six times, by
// (e + 1)^2 - 1 = e (e + 2).
inline Pairs exponential_minus_1_of_twice(Pairs x, const InverseFactorials& inverse) {
  constexpr double limit = 40, ln2[] = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56, 0x1.7b57a079a1934p-111};
  constexpr int kDoublings = 6, kExactTerms = 6;
  Doubles within = at_least(at_most(x.high, Doubles(limit)), Doubles(-limit));
  x = {within, within == x.high ? x.low : Doubles(0.0)};
  Doubles rounded = fma(x.high, Doubles(DoubleTanh::turns), Doubles(DoubleTanh::magic)), power = rounded - DoubleTanh::magic;
  Pairs r{x.high + x.high, x.low + x.low};
  for (double part : ln2) r = r - two_product(power, Doubles(part));
  r = {r.high * (1.0 / (1 << kDoublings)), r.low * (1.0 / (1 << kDoublings))};
  Doubles last(inverse.of[InverseFactorials::kCount - 1].high);
  for (int i = InverseFactorials::kCount - 2; i >= kExactTerms; --i) last = fma(last, r.high, Doubles(inverse.of[i].high));
  Pairs q{last, Doubles(0.0)};
  for (int i = kExactTerms - 1; i >= 0; --i) q = fma(q, r, spread(inverse.of[i]));
  Pairs e = fma(r * r, q, r);
  for (int i = 0; i < kDoublings; ++i) e = fma(e, e, {e.high + e.high, e.low + e.low});
  Doubles scale = (Doubles)((DoubleTanh::Bits)rounded << DoubleTanh::mantissa);
  return Pairs{e.high * scale, e.low * scale} + Pairs{scale - 1, Doubles(0.0)};
}

inline Pairs tanh(Pairs x) {
  static const InverseFactorials inverse;
  Pairs t = exponential_minus_1_of_twice(x, inverse);
  return t / (t + Pairs{Doubles(2.0), Doubles(0.0)});
}

}  // namespace bloom::BLOOM_ISA
