// Variations of space: shifts, turns, mirrors, blurs and solids.
#pragma once
#include "variation_math.h"

namespace bloom::BLOOM_ISA {

// z, or the angle around the z axis where that is 0.
template <class T>
inline Vec<T> height_or_angle(const Call<T>& c) {
  Mask<T> none = c.in.z == T(0);
  return any(none) ? select<T>(none, c.phi(), c.in.z) : c.in.z;
}

// The accumulated z goes; read_program puts this last in the sum.
template <class T>
void flatten(const Call<T>&, Point<T>& sum) {
  sum.z = Vec<T>(T(0));
}

template <class T>
void zscale(const Call<T>& c, Point<T>& sum) {
  sum.z += c.w * c.in.z;
}

template <class T>
void ztranslate(const Call<T>& c, Point<T>& sum) {
  sum.z += c.w;
}

template <class T>
void zcone(const Call<T>& c, Point<T>& sum) {
  sum.z += c.w * c.radius();
}

template <class T>
void spherical3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = c.w / c.nonzero(c.square_length());
  add(sum, k * c.in.x, k * c.in.y, k * c.in.z);
}

constexpr Parameter curl3d_parameters[] = {{"curl3D_cx", 0, {-1, 1}}, {"curl3D_cy", 0, {-1, 1}}, {"curl3D_cz", 0, {-1, 1}}};

// Derived: the square of the parameters' length.
inline void prepare_curl3d(double, Dialect, double* p) { p[3] = p[0] * p[0] + p[1] * p[1] + p[2] * p[2]; }

template <class T>
void curl3d(const Call<T>& c, Point<T>& sum) {
  T cx = c.p[0], cy = c.p[1], cz = c.p[2];
  Vec<T> x = c.in.x, y = c.in.y, z = c.in.z, q = c.square_length();
  Vec<T> k = c.w / c.nonzero(c.p[3] * q + T(2) * (cx * x - cy * y + cz * z) + T(1));
  add(sum, k * (x + cx * q), k * (y - cy * q), k * (z + cz * q));
}

constexpr Parameter disc3d_parameters[] = {{"disc3d_pi", kHalfTurn, {0.1, 2 * kHalfTurn}}};

template <class T>
void disc3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), a = c.w * c.theta() / c.nonzero(c.p[0]), s, k;
  sincos(c.p[0] * r, s, k);
  add(sum, a * s, a * k, a * r * cos(c.in.z));
}

template <class T>
void hemisphere(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = c.w / sqrt(c.square_radius() + T(1));
  add(sum, k * c.in.x, k * c.in.y, k);
}

constexpr Parameter bubble2_parameters[] = {{"bubble2_x", 1, {-2, 2}}, {"bubble2_y", 1, {-2, 2}}, {"bubble2_z", 0, {-2, 2}}};

template <class T>
void bubble2(const Call<T>& c, Point<T>& sum) {
  Vec<T> z = c.in.z, k = c.w / (T(0.25) * c.square_length() + T(1));
  add(sum, k * c.p[0] * c.in.x, k * c.p[1] * c.in.y, c.w * (z + select<T>(z >= T(0), c.p[2], -c.p[2])) + k * c.p[2] * z);
}

constexpr Parameter blob3d_parameters[] = {{"blob3D_low", 0, {0.2, 0.7}}, {"blob3D_high", 1, {0.8, 1.2}}, {"blob3D_waves", 1, {2, 6}}};

template <class T>
void blob3d(const Call<T>& c, Point<T>& sum) {
  T low = c.p[0], half_range = T(0.5) * (c.p[1] - low);
  Vec<T> wave = sin(c.p[2] * c.theta()), k = c.w * (low + half_range + half_range * wave);
  add(sum, k * c.in.x, k * c.in.y, k * c.radius() * wave);
}

template <class T>
void sinusoidal3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x, y = c.in.y;
  add(sum, c.w * sin(x), c.w * sin(y), c.w * atan2(x * x, y * y) * cos(c.in.z));
}

// With sines of half the angles in the denominator, and e^-|x/2| squared taken out above and below.
template <class T>
void foci_3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> h = height_or_angle(c), sy, ky, sh, kh, less, more;
  ScaledHyperbolics<T> half(T(0.5) * c.in.x);
  Vec<T> scale = half.scale * half.scale;
  sincos(c.in.y, sy, ky);
  sincos(h, sh, kh);
  less = sin(T(0.5) * (c.in.y - h)), more = sin(T(0.5) * (c.in.y + h));
  Vec<T> k = c.w / c.nonzero(T(2) * half.sinh * half.sinh + scale * (less * less + more * more));
  add(sum, k * T(2) * half.sinh * half.cosh, k * scale * sy, k * scale * sh);
}

constexpr Parameter popcorn2_3d_parameters[] = {{"popcorn2_3D_x", 0.1, {0, 1.2}},
                                                {"popcorn2_3D_y", 0.1, {0, 1.2}},
                                                {"popcorn2_3D_z", 0.1, {0, 1.2}},
                                                {"popcorn2_3D_c", 3, {0, 5}}};

// Derived: the slope of z around the axis.
inline void prepare_popcorn2_3d(double w, Dialect, double* p) { p[4] = ::sin(::tan(p[3])) * (::fabs(w) <= 1 ? w * ::fabs(w) : w); }

template <class T>
void popcorn2_3d(const Call<T>& c, Point<T>& sum) {
  T half = T(0.5) * c.w, slope = c.p[4];
  Vec<T> winding = slope * c.phi(), zeta = select<T>(c.in.z == T(0), winding, c.in.z);
  sum.z = select<T>(sum.z == T(0), winding, sum.z) + slope * c.p[2] * zeta;
  add_flat(sum, half * (c.in.x + c.p[0] * sin(tan(c.p[3] * c.in.y))), half * (c.in.y + c.p[1] * sin(tan(c.p[3] * c.in.x))));
}

template <class T>
void scry_3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> q = c.square_length(), k = T(1) / c.nonzero(sqrt(q) * (q + T(1) / c.nonzero(c.w)));
  add(sum, k * c.in.x, k * c.in.y, k * height_or_angle(c));
}

template <class T>
void loonie_3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> zeta = height_or_angle(c), q = c.square_radius() + zeta * zeta, square_w = c.w * c.w;
  Vec<T> k = select<T>(q < square_w, c.w * sqrt(nonnegative<T>(square_w / q - T(1))), Vec<T>(c.w));
  add(sum, k * c.in.x, k * c.in.y, T(0.5) * k * zeta);
}

constexpr Parameter ovoid3d_parameters[] = {{"ovoid3d_x", 1, {-2, 2}}, {"ovoid3d_y", 1, {-2, 2}}, {"ovoid3d_z", 1, {-2, 2}}};

template <class T>
void ovoid3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = c.w / c.nonzero(c.square_length());
  add(sum, k * c.p[0] * c.in.x, k * c.p[1] * c.in.y, k * c.p[2] * c.in.z);
}

template <class T>
void roundspher3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> q = c.square_radius(), wave = cos(sqrt(q)), zeta = select<T>(c.in.z == T(0), wave, c.in.z);
  constexpr T flat = T(4) * kInversePi<T> * kInversePi<T>;
  Vec<T> k = c.w * c.w / (T(1) + flat * (q + zeta * zeta));
  add_flat(sum, k * c.in.x, k * c.in.y);
  sum.z = select<T>(sum.z == T(0), wave, sum.z) + k * zeta;
}

constexpr Parameter taurus_parameters[] = {{"taurus_r", 3, {0, 6}},
                                           {"taurus_n", 5, {0, 10}},
                                           {"taurus_inv", 1.5, {-2, 2}},
                                           {"taurus_sor", 1, {-2, 2}}};

template <class T>
void taurus(const Call<T>& c, Point<T>& sum) {
  T r = c.p[0], n = c.p[1], inverse = c.p[2], sor = c.p[3];
  Vec<T> sx, cx, sy, cy, rho = inverse * r + (T(1) - inverse) * r * cos(n * c.in.x);
  sincos(c.in.x, sx, cx);
  sincos(c.in.y, sy, cy);
  Vec<T> k = c.w * (rho + sy);
  add(sum, k * cx, k * sx, c.w * sor * cy + (T(1) - sor) * c.in.y);  // the last term has no weight
}

constexpr Parameter helix_parameters[] = {{"helix_frequency", 1, {-4, 4}}, {"helix_width", 0.5, {-2, 2}}};

template <class T>
void helix(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  sincos(T(2) * kPi<T> * c.p[0] * c.in.z, s, k);
  add(sum, c.w * (c.in.x + c.p[1] * k), c.w * (c.in.y + c.p[1] * s), c.w * c.in.z);
}

constexpr Parameter helicoid_parameters[] = {{"helicoid_frequency", 1, {-4, 4}}};

template <class T>
void helicoid(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.w * c.in.x, y = c.w * c.in.y;
  turn<T>(x, y, T(2) * kPi<T> * c.p[0] * c.in.z);
  add(sum, x, y, c.w * c.in.z);
}

// The turns and mirrors are made to stand before or after a sum: in one, they take what has been summed up for theirs.
template <class T>
void rotate_x(const Call<T>& c, Point<T>& sum) {
  Vec<T> y = c.in.y, z = c.in.z;
  turn<T>(y, z, Vec<T>(-T(0.5) * kPi<T> * c.w));
  sum.x = c.in.x, sum.y += y, sum.z += z;
}

template <class T>
void rotate_y(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x, z = c.in.z;
  turn<T>(x, z, Vec<T>(T(0.5) * kPi<T> * c.w));
  sum.y = c.in.y, sum.x += x, sum.z += z;
}

template <class T>
void rotate_z(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x, y = c.in.y;
  turn<T>(x, y, Vec<T>(-T(0.5) * kPi<T> * c.w));
  sum.z = c.in.z, sum.x += x, sum.y += y;
}

template <class T>
void mirror_x(const Call<T>& c, Point<T>& sum) {
  sum = {copysign(c.in.x, c.sign()), c.in.y, c.in.z};
}

template <class T>
void mirror_y(const Call<T>& c, Point<T>& sum) {
  sum = {c.in.x, copysign(c.in.y, c.sign()), c.in.z};
}

template <class T>
void mirror_z(const Call<T>& c, Point<T>& sum) {
  sum = {c.in.x, c.in.y, copysign(c.in.z, c.sign())};
}

constexpr Parameter extrude_parameters[] = {{"extrude_root_face", 0.5, {0, 1}}};

template <class T>
void extrude(const Call<T>& c, Point<T>& sum) {
  Mask<T> face = c.uniform() < c.p[0];
  sum.z = select<T>(face, Vec<T>(c.w > 0 ? c.w : T(0)), c.w * c.uniform());
}

constexpr Parameter sphyp3d_parameters[] = {{"sphyp3D_stretchX", 1, {-2, 2}},
                                            {"sphyp3D_stretchY", 1, {-2, 2}},
                                            {"sphyp3D_stretchZ", 1, {-2, 2}},
                                            {"sphyp3D_zOn", 1, {0, 1}, ParameterKind::integer, {0, 1}}};

template <class T>
void sphyp3d(const Call<T>& c, Point<T>& sum) {
  Vec<T> q = c.nonzero(c.square_length());
  auto scale = [&](T stretch) { return stretch == 1 ? c.w / q : c.w * power_of<T>(q, -stretch); };
  add_flat(sum, scale(c.p[0]) * c.in.x, scale(c.p[1]) * c.in.y);
  if (c.p[3] != 0) sum.z += scale(c.p[2]) * c.in.z;
}

constexpr Parameter spherivoid_parameters[] = {{"spherivoid_radius", 0, {-2, 2}}};

template <class T>
void spherivoid(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = c.w + c.w * c.p[0] / c.nonzero(sqrt(c.square_length()));
  add(sum, k * c.in.x, k * c.in.y, k * c.in.z);
}

constexpr Parameter lineart3d_parameters[] = {{"linearT3D_powX", 1, {0.1, 3}}, {"linearT3D_powY", 1, {0.1, 3}}, {"linearT3D_powZ", 1, {0.1, 3}}};

template <class T>
void lineart3d(const Call<T>& c, Point<T>& sum) {
  auto bent = [&](Vec<T> v, T exponent) { return c.w * (exponent == 1 ? v : copysign(power_of<T>(abs(v), exponent), v)); };
  add(sum, bent(c.in.x, c.p[0]), bent(c.in.y, c.p[1]), bent(c.in.z, c.p[2]));
}

constexpr Parameter depth_parameters[] = {{"depth_power", 1, {0, 4}}};

template <class T>
void depth(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = c.w + c.w * power_of<T>(abs(c.in.z), c.p[0]);
  add(sum, k * c.in.x, k * c.in.y, k * c.in.z);
}

}  // namespace bloom::BLOOM_ISA
