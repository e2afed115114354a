// What both forms of depthwise convolution share: arguments, vectors of channels, and how a result leaves.
//
// Defines   FORMAT OUT  formats of x (and b) and of y
//           TW TH       pixels and lines of the result a thread takes
//           VEC         channels a thread takes: 8 (aligned 16-byte accesses of 16-bit formats; twice of f32),
//                       2 (16-bit formats), or 1
struct Depthwise {
  const char* x;
  const char* b;  // [R, S, c] of FORMAT
  char* y;
  Extra extra[kMostExtras];
  i64 x_image, x_line, x_pixel, y_image, y_line, y_pixel;
  int images, h, w, oh, ow, pad_h, pad_w, c;
};
static_assert(sizeof(Depthwise) == ARGUMENT_BYTES, "the host lays out its arguments otherwise");

constexpr int kBytes = FORMAT == 2 ? 4 : 2, kOutBytes = OUT == 2 ? 4 : 2;
struct Vector {  // VEC elements as they lie in memory
  u32 words[VEC == 1 ? 1 : VEC * kBytes / 4];
};
DEVICE Vector load_vector(const char* from) {
  Vector out;
  if (VEC == 1) {
    out.words[0] = FORMAT == 2 ? *(const u32*)from : (u32) * (const u16*)from;
  } else if (VEC == 2) {
    out.words[0] = *(const u32*)from;
  } else {
#pragma unroll
    for (int i = 0; i < VEC * kBytes / 16; ++i) {
      const uint4 v = ((const uint4*)from)[i];
      out.words[4 * i] = v.x, out.words[4 * i + 1] = v.y, out.words[4 * i + 2] = v.z, out.words[4 * i + 3] = v.w;
    }
  }
  return out;
}
DEVICE Vector zero_vector() {
  Vector out;
#pragma unroll
  for (int i = 0; i < (int)(sizeof(out.words) / 4); ++i) out.words[i] = 0u;
  return out;
}
DEVICE void unpack(float (&out)[VEC], const Vector& v) {
  if (FORMAT == 2) {
#pragma unroll
    for (int i = 0; i < VEC; ++i) out[i] = __uint_as_float(v.words[i]);
  } else if (VEC == 1) {
    out[0] = FORMAT == 0 ? from_f16((u16)v.words[0]) : from_bf16((u16)v.words[0]);
  } else {
#pragma unroll
    for (int i = 0; i < VEC / 2; ++i) {
      const float2 f = unpack2<FORMAT == 2 ? 0 : FORMAT>(v.words[i]);
      out[2 * i] = f.x, out[VEC > 1 ? 2 * i + 1 : 0] = f.y;
    }
  }
}


// What a thread takes, from its first channel, pixel and line on.
struct Piece {
  int channel, x, y, image;
};
DEVICE Piece piece_of_thread(const Depthwise& p) {
  const int vectors = (p.c + VEC - 1) / VEC, across = (p.ow + TW - 1) / TW, down = (p.oh + TH - 1) / TH;
  const u32 id = blockIdx.x * 128u + threadIdx.x, piece = id / (u32)vectors;
  return {(int)(id % (u32)vectors) * VEC, (int)(piece % (u32)across) * TW,
          (int)(piece / (u32)across % (u32)down) * TH, (int)(piece / (u32)across / (u32)down)};
}

// Operands of the epilogue of kinds 0 and 1, read once.
struct Known {
  float value[EXTRAS > 0 ? EXTRAS : 1][VEC];
};
DEVICE Known known_operands(const Depthwise& p, int channel) {
  Known out;
#pragma unroll
  for (int e = 0; e < EXTRAS; ++e)
    if (EXTRA_KIND(e) <= 1) {
#pragma unroll
      for (int v = 0; v < VEC; ++v)
        out.value[e][v] = load_format(EXTRA_FORMAT(e), p.extra[e].data, EXTRA_KIND(e) == 0 ? 0 : channel + v);
    }
  return out;
}
// The result's channels at `to`, from their sums.
DEVICE void finish(const Depthwise& p, const float (&sum)[VEC], const Known& known, int image, int y, int x, int channel,
                   char* to) {
  const Place place = {image, y, x};
  float result[8];
#pragma unroll
  for (int v = 0; v < VEC; ++v) {
    float e[EXTRAS + 1];
    e[0] = sum[v];
#pragma unroll
    for (int k = 0; k < EXTRAS; ++k)
      e[k + 1] = EXTRA_KIND(k) <= 1
                     ? known.value[k][v]
                     : load_format(EXTRA_FORMAT(k), p.extra[k].data,
                                   extra_offset(p.extra[k], EXTRA_KIND(k), 0, ((i64)image * p.oh + y) * p.ow + x, place,
                                                channel + v));
    result[v] = epilogue(e);
  }
  if (VEC == 8)
    store8<OUT>(to, result);
  else if (VEC == 2)
    *(u32*)to = pack2<OUT == 2 ? 0 : OUT>(result[0], result[1]);
  else
    store1<OUT>(to, 0, result[0]);
}
