// y[m, n] = finished(sum over taps and channels of (a - AZERO) * (b - BZERO)) of 8-bit integers. Padding adds nothing.
// Sums exact (modulo 2^32). After integer_numbers.cu and direct_contraction.cu.
//
// Defines   AFORMAT BFORMAT  formats;  AZERO BZERO: zero points
struct Integers {
  typedef int Sum;
  DEVICE int a(const char* base, i64 index) { return load_integer<AFORMAT>(base, index) - (AZERO); }
  DEVICE int b(const char* base, i64 index) { return load_integer<BFORMAT>(base, index) - (BZERO); }
  DEVICE int plus(int sum, int a, int b) { return sum + a * b; }
  template <class Offset>
  DEVICE u32 result(int sum, const Extra* extra, const Offset& offset) {
    return finished_sum(sum, extra, offset);
  }
};

extern "C" __global__ void BLOCK_OF(256) contract_integers_directly(const __grid_constant__ DirectContraction p) {
  contract_directly<Integers>(p);
}
