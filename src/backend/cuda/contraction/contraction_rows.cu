// What a contraction is given, where its rows lie, and its epilogue. Before it: contraction_numbers.cu and `float epilogue(const
// float* x)`, where x[0] is the sum and x[1], ... the extra operands.
#ifndef FETCH
#define FETCH -1
#endif

struct Strides {
  i64 batch0, batch1, image, line, pixel;
};
struct Contraction {
  const char* a;
  const char* b;
  char* y;
  float* part;
  Extra extra[kMostExtras];
  Strides as;  // from one row of the product to the next: along pixels, lines and images of y
  i64 tap_line, tap_pixel;  // from one tap to the next, down and across
  Strides ys;
  i64 b_batch0, b_batch1, b_row;
  i64 corner;  // from tap 0 of row 0 to a: what the padding before moves it
  int m, n, kd;
  int c, h, w, s;  // channels of a group, input size, kernel width
  int oh, ow;
  int stride_h, stride_w, pad_h, pad_w, step_h, step_w;
  int inner_batch, tiles_n, splits;
};

DEVICE Place place_of(const Contraction& p, int row) {
  Place out;
  if (LINEAR && YLINEAR && !kAnyPlaced) {
    out.image = out.line = out.pixel = 0;
    return out;
  }
  out.pixel = row % p.ow;
  const int lines = row / p.ow;
  out.line = lines % p.oh;
  out.image = lines / p.oh;
  return out;
}
DEVICE i64 result_offset(const Contraction& p, i64 batch, int row, const Place& place) {
  if (YLINEAR) return batch + row * p.ys.pixel;
  return batch + place.image * p.ys.image + place.line * p.ys.line + place.pixel * p.ys.pixel;
}
struct Batch {
  i64 a, b, y;
  i64 extra[EXTRAS > 0 ? EXTRAS : 1];
};
DEVICE Batch batch_of(const Contraction& p, int z) {
  Batch out;
  const int outer = p.inner_batch > 1 ? z / p.inner_batch : z, inner = p.inner_batch > 1 ? z % p.inner_batch : 0;
  out.a = outer * p.as.batch0 + inner * p.as.batch1;
  out.b = outer * p.b_batch0 + inner * p.b_batch1;
  out.y = outer * p.ys.batch0 + inner * p.ys.batch1;
#pragma unroll
  for (int i = 0; i < EXTRAS; ++i) out.extra[i] = outer * p.extra[i].batch0 + inner * p.extra[i].batch1;
  return out;
}
// Operand i of the epilogue, for one element.
DEVICE float extra_of(const Contraction& p, const Batch& batch, int i, int row, const Place& place, int column) {
  return load_format(EXTRA_FORMAT(i), p.extra[i].data,
                     extra_offset(p.extra[i], EXTRA_KIND(i), batch.extra[i], row, place, column));
}
// The epilogue of one element. `fetched`: the value of operand FETCH.
DEVICE float finished(const Contraction& p, const Batch& batch, float sum, int row, const Place& place, int column,
                      float fetched) {
  float x[EXTRAS + 1];
  x[0] = sum;
#pragma unroll
  for (int i = 0; i < EXTRAS; ++i) {
    if (i == FETCH)
      x[i + 1] = fetched;
    else
      x[i + 1] = extra_of(p, batch, i, row, place, column);
  }
  return epilogue(x);
}
