// How sums of integers become results. After contraction_formats.cu.
//
// Defines   EXACT  1: the sums themselves are the result (wrapped to i32);  BIAS  1: extra operand 0 is an i32 bias
// A sum as stored. `offset(e)` says where operand e of the epilogue lies.
template <class Offset>
DEVICE u32 finished_sum(int sum, const Extra* extra, const Offset& offset) {
  i64 total = sum;
  if (BIAS) total += ((const int*)extra[0].data)[offset(0)];
  if (EXACT) return (u32)total;
  float x[EXTRAS + 1];
  x[0] = (float)total;
#pragma unroll
  for (int e = BIAS; e < EXTRAS; ++e) x[e + 1] = load_any(EXTRA_FORMAT(e), extra[e].data, offset(e));
  return stored<OUT>(epilogue(x));
}
