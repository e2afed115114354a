// y[m, n] = epilogue(sum over taps and channels of a * b) of floats, summed in f32. After direct_contraction.cu.
//
// Defines   AFORMAT BFORMAT  formats
struct Floats {
  typedef float Sum;
  DEVICE float a(const char* base, i64 index) { return load1<AFORMAT>(base, index); }
  DEVICE float b(const char* base, i64 index) { return load1<BFORMAT>(base, index); }
  DEVICE float plus(float sum, float a, float b) { return fmaf(a, b, sum); }
  template <class Offset>
  DEVICE u32 result(float sum, const Extra* extra, const Offset& offset) {
    float x[EXTRAS + 1];
    x[0] = sum;
#pragma unroll
    for (int e = 0; e < EXTRAS; ++e) x[e + 1] = load_any(EXTRA_FORMAT(e), extra[e].data, offset(e));
    return stored<OUT>(epilogue(x));
  }
};

extern "C" __global__ void BLOCK_OF(256) contract_simt(const __grid_constant__ DirectContraction p) {
  contract_directly<Floats>(p);
}
