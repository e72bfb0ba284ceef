// y[t, r] = dot(quantised x[t, :], trits[r, :]) / (activation scale[t] * weight scale) + bias[r], for a few tokens t.
//
// Trits are kept as w + 1 in 2 bits. A block is 64 bytes, 256 weights of one row: byte j holds those of the columns j, 64 + j, 128 + j and
// 192 + j, lowest bits first. dot(x, w) = dot(x, w + 1) - sum(x); sums are exact in int32 up to 16 million columns.

#include <cstdint>
#include <cstring>
#include <vector>

namespace {

constexpr int64_t BLOCK = 256, BYTES = 64;

// x [n] -> q [blocks * 256], zeros after n. Returns the scale, NaN if x holds a number that is none; `sum` is that of q.
float quantise(const float* x, int64_t n, int64_t padded, int8_t* q, int32_t* sum) {
  int32_t most = 0;  // the bits of positive floats are ordered as they are, and those of NaN above
  for (int64_t i = 0; i < n; ++i) {
    int32_t bits;
    std::memcpy(&bits, x + i, 4);
    bits &= 0x7fffffff;
    most = bits > most ? bits : most;
  }
  float largest;
  std::memcpy(&largest, &most, 4);
  *sum = 0;
  if (most >= 0x7f800000) return __builtin_nanf("");
  const float scale = 1.0f / (largest < 1e-5f ? 1e-5f : largest) * 127.0f;  // in the order in which torch rounds it
  int32_t total = 0;
  for (int64_t i = 0; i < n; ++i) {
    const float rounded = (x[i] * scale + 12582912.0f) - 12582912.0f;  // 1.5 * 2^23: half to even, as torch rounds
    const int32_t value = static_cast<int32_t>(rounded);
    total += value;
    q[i] = static_cast<int8_t>(value);
  }
  std::memset(q + n, 0, padded - n);
  *sum = total;
  return scale;
}

// dots [rows] of q with w + 1; written so that a compiler makes vectors of it
void dots_portable(const uint8_t* weights, const int8_t* q, int64_t rows, int64_t blocks, int32_t* dots) {
  for (int64_t r = 0; r < rows; ++r) {
    int32_t total = 0;
    for (int64_t b = 0; b < blocks;) {
      int16_t sums[BYTES] = {};
      for (const int64_t end = b + 32 < blocks ? b + 32 : blocks; b < end; ++b, weights += BYTES) {  // 32 * 4 * 2 * 127 < 2^15
        const int8_t* x = q + b * BLOCK;
        for (int64_t j = 0; j < BYTES; ++j) {
          const int16_t w = weights[j];
          sums[j] += static_cast<int16_t>((w & 3) * x[j] + (w >> 2 & 3) * x[64 + j] + (w >> 4 & 3) * x[128 + j] + (w >> 6) * x[192 + j]);
        }
      }
      for (int64_t j = 0; j < BYTES; ++j) total += sums[j];
    }
    dots[r] = total;
  }
}

}  // namespace

#if defined(__x86_64__)
#include <immintrin.h>

namespace {

__attribute__((target("avx2"))) void dots_avx2(const uint8_t* weights, const int8_t* q, int64_t rows, int64_t blocks, int32_t* dots) {
  const __m256i three = _mm256_set1_epi8(3), ones = _mm256_set1_epi16(1);
  for (int64_t r = 0; r < rows; ++r) {
    __m256i total = _mm256_setzero_si256();
    for (int64_t b = 0; b < blocks; ++b, weights += BYTES) {
      __m256i sums = _mm256_setzero_si256();  // int16: 16 products of at most 2 * 127
      for (int half = 0; half < 2; ++half) {
        __m256i w = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + 32 * half));
        const int8_t* x = q + b * BLOCK + 32 * half;
        for (int plane = 0; plane < 4; ++plane) {
          const __m256i values = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + 64 * plane));
          sums = _mm256_add_epi16(sums, _mm256_maddubs_epi16(_mm256_and_si256(w, three), values));
          w = _mm256_srli_epi16(w, 2);
        }
      }
      total = _mm256_add_epi32(total, _mm256_madd_epi16(sums, ones));
    }
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(total), _mm256_extracti128_si256(total, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
    dots[r] = _mm_cvtsi128_si32(sum);
  }
}

// Four rows at once, so that values are loaded once for them and the sums do not wait for each other.
__attribute__((target("avx512f,avx512bw,avx512vnni"))) void dots_vnni(
    const uint8_t* weights, const int8_t* q, int64_t rows, int64_t blocks, int32_t* dots) {
  const __m512i three = _mm512_set1_epi8(3);
  const int64_t stride = blocks * BYTES;
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4, weights += 4 * stride) {
    __m512i total[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
    for (int64_t b = 0; b < blocks; ++b) {
      const int8_t* x = q + b * BLOCK;
      const __m512i x0 = _mm512_loadu_si512(x), x1 = _mm512_loadu_si512(x + 64), x2 = _mm512_loadu_si512(x + 128),
                    x3 = _mm512_loadu_si512(x + 192);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        const __m512i w = _mm512_loadu_si512(weights + i * stride + b * BYTES);
        total[i] = _mm512_dpbusd_epi32(total[i], _mm512_and_si512(w, three), x0);
        total[i] = _mm512_dpbusd_epi32(total[i], _mm512_and_si512(_mm512_srli_epi16(w, 2), three), x1);
        total[i] = _mm512_dpbusd_epi32(total[i], _mm512_and_si512(_mm512_srli_epi16(w, 4), three), x2);
        total[i] = _mm512_dpbusd_epi32(total[i], _mm512_and_si512(_mm512_srli_epi16(w, 6), three), x3);
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) dots[r + i] = _mm512_reduce_add_epi32(total[i]);
  }
  if (r < rows) dots_avx2(weights, q, rows - r, blocks, dots + r);
}

}  // namespace
#endif

// 0: portable, 1: AVX2, 2: AVX-512 with VNNI
extern "C" int level() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni")) return 2;
  if (__builtin_cpu_supports("avx2")) return 1;
#endif
  return 0;
}

// x [tokens, columns], weights [rows, blocks * 64], bias [rows] or null, y [tokens, rows]
extern "C" void packed_linear(const float* x, const uint8_t* weights, const float* bias, float* y, float weight_scale, int64_t tokens,
                              int64_t rows, int64_t columns, int64_t blocks, int level) {
  thread_local std::vector<int8_t> q;
  thread_local std::vector<int32_t> dots;
  q.resize(blocks * BLOCK);
  dots.resize(rows);
  for (int64_t t = 0; t < tokens; ++t, x += columns, y += rows) {
    int32_t sum;
    const float scale = quantise(x, columns, blocks * BLOCK, q.data(), &sum) * weight_scale;
#if defined(__x86_64__)
    if (level == 2) dots_vnni(weights, q.data(), rows, blocks, dots.data());
    else if (level == 1) dots_avx2(weights, q.data(), rows, blocks, dots.data());
    else
#endif
      dots_portable(weights, q.data(), rows, blocks, dots.data());
    const int32_t* dot = dots.data();
    for (int64_t r = 0; r < rows; ++r) y[r] = static_cast<float>(dot[r] - sum) / scale;
    if (bias) for (int64_t r = 0; r < rows; ++r) y[r] += bias[r];
  }
}
