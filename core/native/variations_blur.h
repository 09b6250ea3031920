// Variations that blur, and those that draw a figure of their own wherever the point is.
#pragma once
#include "variation_math.h"

namespace bloom::BLOOM_ISA {

template <class T>
void noise(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  c.direction(s, k);
  Vec<T> r = c.w * c.uniform();
  add_with_z(sum, c.in.x * r * k, c.in.y * r * s, c);
}

template <class T>
void blur(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  c.direction(s, k);
  Vec<T> r = c.w * c.uniform();
  add_with_z(sum, r * k, r * s, c);
}

template <class T>
void gaussian_blur(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  c.direction(s, k);
  Vec<T> r = c.w * c.gaussian();
  add_with_z(sum, r * k, r * s, c);
}

constexpr Parameter radial_blur_parameters[] = {{"radial_blur_angle", 0, {-1, 1}}};

// Derived: sine and cosine of the blur's direction, 0 along the radius.
inline void prepare_radial_blur(double, Dialect, double* p) { p[1] = ::sin(p[0] * kPi<double> / 2), p[2] = ::cos(p[0] * kPi<double> / 2); }

template <class T>
void radial_blur(const Call<T>& c, Point<T>& sum) {
  Vec<T> g = c.w * c.gaussian(), x = c.in.x, y = c.in.y, m = g * c.p[2] - T(1);
  if (c.p[1] != 0) turn<T>(x, y, g * c.p[1]);
  add_with_z(sum, x + m * c.in.x, y + m * c.in.y, c);
}

constexpr Parameter pie_parameters[] = {{"pie_slices", 6, {1, 10}, ParameterKind::integer_nonzero, kAtLeastOne},
                                        {"pie_rotation", {0.5, 0}, {0, 2 * kHalfTurn}, ParameterKind::cyclic, {0, 2 * kHalfTurn}},
                                        {"pie_thickness", 0.5, {0, 1}, ParameterKind::real, {0, 1}}};

// A place on a pie: its distance from the centre and its direction.
template <class T>
inline void pie_place(const Call<T>& c, Vec<T>& r, Vec<T>& s, Vec<T>& k) {
  Vec<T> slice = trunc(c.uniform() * c.p[0] + T(0.5));
  sincos(c.p[1] + T(2) * kPi<T> * (slice + c.uniform() * c.p[2]) / c.p[0], s, k);
  r = c.w * c.uniform();
}

template <class T>
void pie(const Call<T>& c, Point<T>& sum) {
  Vec<T> r, s, k;
  pie_place(c, r, s, k);
  add_flat(sum, r * k, r * s);
}

constexpr Parameter pie3d_parameters[] = {{"pie3D_slices", 6, {1, 10}, ParameterKind::integer_nonzero, kAtLeastOne},
                                          {"pie3D_rotation", 0.5, {0, 2 * kHalfTurn}, ParameterKind::cyclic, {0, 2 * kHalfTurn}},
                                          {"pie3D_thickness", 0.5, {0, 1}, ParameterKind::real, {0, 1}}};

template <class T>
void pie3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> r, s, k;
  pie_place(c, r, s, k);
  add(sum, r * k, r * s, c.w * sin(r));
}

template <class T>
void arch(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  sincos(kPi<T> * c.w * c.uniform(), s, k);
  add_flat(sum, c.w * s, c.w * s * s / k);
}

template <class T>
void square_blur(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.uniform() - T(0.5);
  add_with_z(sum, c.w * x, c.w * (c.uniform() - T(0.5)), c);
}

template <class T>
void square3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.uniform() - T(0.5), y = c.uniform() - T(0.5), z = c.uniform() - T(0.5);
  add(sum, c.w * x, c.w * y, c.w * z);
}

template <class T>
void rays(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = c.w * c.w * tan(kPi<T> * c.w * c.uniform()) / c.guard(c.square_radius());
  add_flat(sum, k * cos(c.in.x), k * sin(c.in.y));
}

template <class T>
void blade(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k, x = c.w * c.in.x;
  sincos(c.uniform() * c.w * c.radius(), s, k);
  add_flat(sum, x * (k + s), x * (k - s));
}

template <class T>
void blade3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k, x = c.w * c.in.x;
  sincos(c.uniform() * c.w * c.radius(), s, k);
  add(sum, x * (k + s), x * (k - s), c.w * c.in.z * (s - k));
}

template <class T>
void twintrian(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k, x = c.w * c.in.x;
  sincos(c.uniform() * c.w * c.radius(), s, k);
  Vec<T> d = T(0.86858896380650365530) * log(abs(s)) + k;  // the decimal logarithm of the squared sine
  // flam3 has -30 in place of all that is not finite, Ember of NaN only.
  d = select<T>(c.dialect == Dialect::flam3 ? abs(d) < T(INFINITY) : d == d, d, T(-30));
  add_flat(sum, x * d, x * (d - kPi<T> * s));
}

constexpr Parameter flower_parameters[] = {{"flower_petals", 0, {0, 4}}, {"flower_holes", 0, {0, 1}}};

template <class T>
void flower(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = c.w * (c.uniform() - c.p[1]) * cos(c.p[0] * c.phi()) / c.nonzero(c.radius());
  add_flat(sum, k * c.in.x, k * c.in.y);
}

constexpr Parameter conic_parameters[] = {{"conic_eccentricity", 1, {0, 1}}, {"conic_holes", 0, {0, 1}}};

template <class T>
void conic(const Call<T>& c, Point<T>& sum) {
  T e = c.p[0];
  Vec<T> k = c.w * (c.uniform() - c.p[1]) * e / c.nonzero(c.radius() + e * c.in.x);
  add_flat(sum, k * c.in.x, k * c.in.y);
}

constexpr Parameter parabola_parameters[] = {{"parabola_height", 0, {0, 1}}, {"parabola_width", 0, {0, 1}}};

template <class T>
void parabola(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k, x = c.uniform();
  sincos(c.radius(), s, k);
  add_flat(sum, c.w * c.p[0] * x * s * s, c.w * c.p[1] * c.uniform() * k);
}

constexpr Parameter blur_pixelize_parameters[] = {{"blur_pixelize_size", 0.1, {0.01, 1}, ParameterKind::real, kPositive},
                                                  {"blur_pixelize_scale", 1, {0, 2}}};

template <class T>
void blur_pixelize(const Call<T>& c, Point<T>& sum) {
  T size = c.p[0], scale = c.p[1];
  Vec<T> x = floor(c.in.x / size) + T(0.5) + scale * (c.uniform() - T(0.5));
  Vec<T> y = floor(c.in.y / size) + T(0.5) + scale * (c.uniform() - T(0.5));
  add_with_z(sum, c.w * size * x, c.w * size * y, c);
}

constexpr Parameter blur_heart_parameters[] = {{"blur_heart_p", 0.5, {0, 2}}, {"blur_heart_a", -0.6, {-2, 2}}, {"blur_heart_b", 0.7, {-2, 2}}};

template <class T>
void blur_heart(const Call<T>& c, Point<T>& sum) {
  T a = c.p[1], b = c.p[2], magnitude = (a < 0 ? -a : a) + (b < 0 ? -b : b);
  Vec<T> x = T(2) * c.uniform() - T(1), y = T(2) * c.uniform() - T(1);
  Mask<T> upper = y >= T(0);
  Vec<T> arc = b * sqrt(nonnegative<T>(T(1) - x * x));
  Vec<T> m = (a * power_of<T>(abs(x), c.p[0]) + select<T>(upper, arc, -arc) - a) / c.guard(magnitude);
  add_flat(sum, c.w * x, c.w * select<T>(upper, min(y, m), max(y, m)));
}

template <class T>
void zblur(const Call<T>& c, Point<T>& sum) {
  sum.z += c.w * c.gaussian();
}

template <class T>
void blur3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k, up, across, r = c.w * c.gaussian();
  c.direction(s, k);
  sincos(kPi<T> * c.uniform(), across, up);
  add(sum, r * across * k, r * across * s, r * up);
}

constexpr Parameter sphereblur_parameters[] = {{"sphereblur_power", 1, {0, 4}, ParameterKind::real, kNotNegative}};

template <class T>
void sphereblur(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k, u = c.uniform(), v = power_of<T>(c.uniform(), c.p[0]);
  c.direction(s, k);
  // arccos(2v - 1) is twice this angle.
  Vec<T> share = T(2) * kInversePi<T> * atan2(sqrt(T(1) - v), sqrt(v)), r = c.w * power_of<T>(share, T(2.0 / 3));
  Vec<T> across = T(2) * sqrt(u * (T(1) - u));
  add(sum, r * across * k, r * across * s, r * (T(2) * u - T(1)));
}

constexpr Parameter supershape3d_parameters[] = {{"SuperShape3D_rho", 9.9, {0, 20}},
                                                 {"SuperShape3D_phi", 2.5, {0, 20}},
                                                 {"SuperShape3D_m1", 6, {0, 12}},
                                                 {"SuperShape3D_m2", 3, {0, 12}},
                                                 {"SuperShape3D_a1", 1, {0.1, 2}},
                                                 {"SuperShape3D_a2", 1, {0.1, 2}},
                                                 {"SuperShape3D_b1", 1, {0.1, 2}},
                                                 {"SuperShape3D_b2", 1, {0.1, 2}},
                                                 {"SuperShape3D_n1_1", 1, {-2, 2}},
                                                 {"SuperShape3D_n1_2", 1, {-2, 2}},
                                                 {"SuperShape3D_n2_1", 1, {0, 4}},
                                                 {"SuperShape3D_n2_2", 1, {0, 4}},
                                                 {"SuperShape3D_n3_1", 1, {0, 4}},
                                                 {"SuperShape3D_n3_2", 1, {0, 4}},
                                                 {"SuperShape3D_spiral", 0, {-1, 1}},
                                                 {"SuperShape3D_toroidmap", 0, {0, 1}, ParameterKind::integer, {0, 1}}};

// Derived: the two angles' ranges, the inverses of a1, b1, a2, b2.
inline void prepare_supershape3d(double, Dialect, double* p) {
  p[16] = p[0] * 2 / kPi<double>, p[17] = p[1] * 2 / kPi<double>;
  p[18] = 1 / p[4], p[19] = 1 / p[6], p[20] = 1 / p[5], p[21] = 1 / p[7];
}

template <class T>
void supershape3d(const Call<T>& c, Point<T>& sum) {
  const T* p = c.p;
  Vec<T> rho = c.uniform() * p[16], phi = c.uniform() * p[17] * c.sign(), s, k, up, across;
  auto radius = [](Vec<T> angle, T inverse_a, T inverse_b, T n1, T n2, T n3) {
    Vec<T> sine, cosine;
    sincos(angle, sine, cosine);
    return power_of<T>(power_of<T>(abs(cosine * inverse_a), n2) + power_of<T>(abs(sine * inverse_b), n3), n1);
  };
  Vec<T> first = radius(T(0.25) * p[2] * rho, p[18], p[19], p[8], p[10], p[12]) + p[14] * rho;
  Vec<T> second = radius(T(0.25) * p[3] * phi, p[20], p[21], p[9], p[11], p[13]);
  sincos(rho, s, k);
  sincos(phi, up, across);
  Vec<T> r = c.w * (p[15] != 0 ? first + second * across : first * second * across);
  add(sum, r * k, r * s, c.w * second * up);
}

}  // namespace bloom::BLOOM_ISA
