// Complex functions of x + iy.
#pragma once
#include "variation_math.h"

namespace bloom::BLOOM_ISA {

template <class T>
void complex_exp(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k, r = c.w * exp(c.in.x);
  sincos(c.in.y, s, k);
  add_flat(sum, r * k, r * s);
}

constexpr Parameter complex_log_parameters[] = {{"log_base", 2.71828182845904524, {1.1, 10}, ParameterKind::real, kPositive}};

// Derived: half the inverse of the base's logarithm.
inline void prepare_complex_log(double, Dialect, double* p) { p[1] = 0.5 / ::log(p[0]); }

template <class T>
void complex_log(const Call<T>& c, Point<T>& sum) {
  add_with_z(sum, c.w * c.p[1] * log(c.square_radius()), c.w * c.phi(), c);
}

template <class T>
void complex_sin(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k, sh, ch;
  sincos(c.in.x, s, k);
  sinhcosh<T>(c.in.y, sh, ch);
  add_flat(sum, c.w * s * ch, c.w * k * sh);
}

template <class T>
void complex_cos(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k, sh, ch;
  sincos(c.in.x, s, k);
  sinhcosh<T>(c.in.y, sh, ch);
  add_flat(sum, c.w * k * ch, -c.w * s * sh);
}

template <class T>
void complex_sinh(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k, sh, ch;
  sincos(c.in.y, s, k);
  sinhcosh<T>(c.in.x, sh, ch);
  add_flat(sum, c.w * sh * k, c.w * ch * s);
}

template <class T>
void complex_cosh(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k, sh, ch;
  sincos(c.in.y, s, k);
  sinhcosh<T>(c.in.x, sh, ch);
  add_flat(sum, c.w * ch * k, c.w * sh * s);
}

// The quotients, with cosh 2v + cos 2u = 2 (sinh^2 v + cos^2 u) and cosh 2v - cos 2u = 2 (sinh^2 v + sin^2 u), which lose
// no digits at the poles. `u` is the coordinate along which the function repeats, `v` the other one.
template <class T>
struct Quotient {
  Vec<T> v, s, k, sh, ch, scale, scale2;

  Quotient(Vec<T> u, Vec<T> v) : v(v) {
    sincos(u, s, k);
    ScaledHyperbolics<T> h(v);
    sh = h.sinh, ch = h.cosh, scale = h.scale, scale2 = scale * scale;
  }
  // `multiple`: of v, whose hyperbolic functions Ember multiplies by 0 once they have overflowed. In its programs, which draw in
  // float, such points are lost and begin anew: faint sheets in the reference renders are made of them.
  Vec<T> over_cosine(const Call<T>& c, T multiple) const { return unless_lost(c, multiple, c.w / c.nonzero(k * k * scale2 + sh * sh)); }
  Vec<T> over_sine(const Call<T>& c, T multiple) const { return unless_lost(c, multiple, c.w / c.nonzero(s * s * scale2 + sh * sh)); }

 private:
  static constexpr T kOverflow = T(sizeof(T) == 4 ? 89.41598629223294 : 710.4758600739439);  // of cosh
  Vec<T> unless_lost(const Call<T>& c, T multiple, Vec<T> f) const {
    return c.dialect != Dialect::ember_25 ? f : select<T>(abs(v) * multiple > kOverflow, T(NAN), f);
  }
};

template <class T>
void complex_tan(const Call<T>& c, Point<T>& sum) {
  Quotient<T> q(c.in.x, c.in.y);
  Vec<T> f = q.over_cosine(c, T(2));
  add_flat(sum, f * q.s * q.k * q.scale2, f * q.sh * q.ch);
}

template <class T>
void complex_sec(const Call<T>& c, Point<T>& sum) {
  const T scale = c.dialect == Dialect::ember_25 ? kPi<T> : T(1);
  Quotient<T> q(scale * c.in.x, scale * c.in.y);
  Vec<T> f = q.over_cosine(c, T(1)) * q.scale;
  add_flat(sum, f * q.k * q.ch, f * q.s * q.sh);
}

template <class T>
void complex_csc(const Call<T>& c, Point<T>& sum) {
  Quotient<T> q(c.in.x, c.in.y);
  Vec<T> f = q.over_sine(c, T(1)) * q.scale;
  add_flat(sum, f * q.s * q.ch, -f * q.k * q.sh);
}

template <class T>
void complex_cot(const Call<T>& c, Point<T>& sum) {
  Quotient<T> q(c.in.x, c.in.y);
  Vec<T> f = q.over_sine(c, T(2));
  add_flat(sum, f * q.s * q.k * q.scale2, -f * q.sh * q.ch);
}

template <class T>
void complex_tanh(const Call<T>& c, Point<T>& sum) {
  Quotient<T> q(c.in.y, c.in.x);
  Vec<T> f = q.over_cosine(c, T(2));
  add_flat(sum, f * q.sh * q.ch, f * q.s * q.k * q.scale2);
}

template <class T>
void complex_sech(const Call<T>& c, Point<T>& sum) {
  Quotient<T> q(c.in.y, c.in.x);
  Vec<T> f = q.over_cosine(c, T(1)) * q.scale;
  add_flat(sum, f * q.k * q.ch, -f * q.s * q.sh);
}

template <class T>
void complex_csch(const Call<T>& c, Point<T>& sum) {
  Quotient<T> q(c.in.y, c.in.x);
  Vec<T> f = q.over_sine(c, T(1)) * q.scale;
  add_flat(sum, f * q.k * q.sh, -f * q.s * q.ch);
}

// The true one has the opposite y: flam3 and Ember both give the complex conjugate.
template <class T>
void complex_coth(const Call<T>& c, Point<T>& sum) {
  Quotient<T> q(c.in.y, c.in.x);
  Vec<T> f = q.over_sine(c, T(2));
  add_flat(sum, f * q.sh * q.ch, f * q.s * q.k * q.scale2);
}

// coth of half the point: (sinh x, sin y) / (cosh x - cos y).
template <class T>
void foci(const Call<T>& c, Point<T>& sum) {
  Quotient<T> q(T(0.5) * c.in.y, T(0.5) * c.in.x);
  Vec<T> f = q.over_sine(c, T(2));
  add_with_z(sum, f * q.sh * q.ch, f * q.s * q.k * q.scale2, c);
}

constexpr Parameter curl_parameters[] = {{"curl_c1", 1, {0, 1}}, {"curl_c2", 0, {0, 1}}};

template <class T>
void curl(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x, y = c.in.y, re, im;
  complex_quotient<T>(c, x, y, T(1) + c.p[0] * x + c.p[1] * (x * x - y * y), c.p[0] * y + T(2) * c.p[1] * x * y, re, im);
  add_flat(sum, c.w * re, c.w * im);
}

constexpr Parameter mobius_parameters[] = {{"mobius_re_a", {1, 0}, {-2, 2}},
                                           {"mobius_im_a", 0, {-2, 2}},
                                           {"mobius_re_b", 0, {-2, 2}},
                                           {"mobius_im_b", 0, {-2, 2}},
                                           {"mobius_re_c", 0, {-2, 2}},
                                           {"mobius_im_c", 0, {-2, 2}},
                                           {"mobius_re_d", {1, 0}, {-2, 2}},
                                           {"mobius_im_d", 0, {-2, 2}}};

template <class T>
void mobius(const Call<T>& c, Point<T>& sum) {
  const T* p = c.p;
  Vec<T> x = c.in.x, y = c.in.y, re, im;
  complex_quotient<T>(c, p[0] * x - p[1] * y + p[2], p[0] * y + p[1] * x + p[3], p[4] * x - p[5] * y + p[6], p[4] * y + p[5] * x + p[7], re, im);
  add_with_z(sum, c.w * re, c.w * im, c);
}

constexpr Parameter bipolar_parameters[] = {{"bipolar_shift", 0, {-1, 1}}};

template <class T>
void bipolar(const Call<T>& c, Point<T>& sum) {
  Vec<T> ax = abs(c.in.x), near = square<T>(ax - T(1)) + c.in.y * c.in.y;
  Vec<T> eta = T(0.5) * atan2(T(2) * c.in.y, c.square_radius() - T(1)) - T(0.5) * kPi<T> * c.p[0];
  Vec<T> half_turn = kPi<T>, quarter = T(0.5) * kPi<T>;
  eta = select<T>(eta > quarter, remainder(eta + quarter, half_turn) - quarter,
                  select<T>(eta < -quarter, quarter - remainder(quarter - eta, half_turn), eta));
  // The logarithm of the ratio of the distances to (-1, 0) and (1, 0), both squared.
  Vec<T> ratio = copysign(log1p<T>(T(4) * ax / near), c.in.x);
  Mask<T> pole = c.dialect == Dialect::flam3 ? Mask<T>(0) : near == T(0);  // Ember leaves a pole out
  Vec<T> w = select<T>(pole, T(0), Vec<T>(c.w));
  add(sum, select<T>(pole, T(0), w * T(0.5) * kInversePi<T> * ratio), w * T(2) * kInversePi<T> * eta, w * c.in.z);
}

template <class T>
void edisc(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x, s, k, sh, ch;
  Elliptic<T> e(x, c.in.y);
  sincos(e.logarithm(), s, k);
  Vec<T> height = e.angle(x) - T(0.5) * kPi<T>;
  sinhcosh<T>(height, sh, ch);
  T w = c.w / T(11.57034632);
  add_flat(sum, w * ch * k, w * sh * select<T>(c.in.y > T(0), -s, s));
}

template <class T>
void elliptic(const Call<T>& c, Point<T>& sum) {
  Elliptic<T> e(c.in.x, c.in.y);
  T w = T(2) * kInversePi<T> * c.w;
  Vec<T> logarithm = e.logarithm();
  add_flat(sum, w * e.angle(c.in.x), w * select<T>(c.in.y > T(0), logarithm, -logarithm));
}

constexpr Parameter blocky_parameters[] = {{"blocky_x", 1, {-2, 2}}, {"blocky_y", 1, {-2, 2}}, {"blocky_mp", 4, {1, 8}, ParameterKind::real_nonzero}};

template <class T>
void blocky(const Call<T>& c, Point<T>& sum) {
  Vec<T> t = T(1) + (cos(c.in.x) + cos(c.in.y)) / c.p[2], k = T(2) * c.w * c.w * kInversePi<T> / c.nonzero(t);
  Vec<T> x = Elliptic<T>(c.in.x, c.in.y).angle(c.in.x), y = Elliptic<T>(c.in.y, c.in.x).angle(c.in.y);
  add_flat(sum, k * c.p[0] * x, k * c.p[1] * y);
}

template <class T>
void block(const Call<T>& c, Point<T>& sum) {
  T k = T(2) * c.w * kInversePi<T>;
  add_flat(sum, k * Elliptic<T>(c.in.x, c.in.y).angle(c.in.x), k * Elliptic<T>(c.in.y, c.in.x).angle(c.in.y));
}

constexpr Parameter flux_parameters[] = {{"flux_spread", 0, {0.5, 1}}};

// With a and b the way to the point from (-w, 0) and (w, 0): half the angle from a to b is that of the root of b a*.
template <class T>
void flux(const Call<T>& c, Point<T>& sum) {
  Vec<T> y = c.in.y, ax = c.in.x + c.w, bx = c.in.x - c.w, b = sqrt(bx * bx + y * y), re, im;
  complex_root<T>(ax * bx + y * y, T(2) * c.w * y, sqrt(ax * ax + y * y) * b, re, im);
  Vec<T> k = c.w * (T(2) + c.p[0]) / c.nonzero(b);
  add(sum, k * re, k * im, c.in.z);  // z has no weight
}

constexpr Parameter poincare_parameters[] = {{"poincare_c1r", 1, {0, 2}},
                                             {"poincare_c1a", -1, {-kHalfTurn, kHalfTurn}, ParameterKind::cyclic, kCircle},
                                             {"poincare_c2r", 1, {0, 2}},
                                             {"poincare_c2a", 1, {-kHalfTurn, kHalfTurn}, ParameterKind::cyclic, kCircle}};

// Derived: the two circles' centres and squared radii.
inline void prepare_poincare(double, Dialect, double* p) {
  for (int i = 0; i < 2; ++i) {
    double radius = p[2 * i], angle = ::fmod(p[2 * i + 1], kPi<double>), distance = ::sqrt(1 + radius * radius);
    p[4 + 3 * i] = distance * ::cos(angle), p[5 + 3 * i] = distance * ::sin(angle), p[6 + 3 * i] = radius * radius;
  }
}

template <class T>
void poincare(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x, y = c.in.y;
  for (int i = 0; i < 2; ++i) {
    T cx = c.p[4 + 3 * i], cy = c.p[5 + 3 * i], q = c.p[6 + 3 * i];
    Vec<T> dx = x - cx, dy = y - cy, k = q / c.nonzero(dx * dx + dy * dy);
    x = cx + k * dx, y = cy + k * dy;
  }
  add_flat(sum, x, y);  // no weight: any weight but 0 gives the same
}

}  // namespace bloom::BLOOM_ISA
