// Convolution of images of a few channels: a block keeps the weights in shared memory and takes one piece of THx16
// output pixels after another; the input under a piece is brought to shared memory once, in the format of the product,
// and read as pairs of neighbouring pixels. mma.sync, sums in f32.
//
// Defines   XFORMAT OUT ELEM   formats of x, of y and of the product (0 or 1)
//           C R S SY SX        channels, kernel, strides;  SP: S rounded up to even
//           PAIRS              0: pairs are neighbouring pixels; 1: neighbouring channels of channels-last images (C even)
//           TH BN              lines of a piece (a multiple of 4), output channels of a block (a multiple of 8)
//           MINB               blocks a multiprocessor should hold;  YVEC: 1: y may be written 16 bytes at a
//                              time; 2: lines of y are runs of pairs, all of whose channels are in this block (NY of them)
struct Stem {
  const char* x;
  const char* b;  // [n, KP] in the order channel, line, pixel (SP of them), or line, pixel, channel; then zeros
  char* y;
  Extra extra[kMostExtras];
  i64 x_image, x_channel, x_line, x_pixel, y_image, y_line, y_pixel;
  int images, h, w, oh, ow, pad_h, pad_w, n;
};
static_assert(sizeof(Stem) == ARGUMENT_BYTES, "the host lays out its arguments otherwise");

constexpr int kPairs = PAIRS ? R * S * C / 2 : C * R * SP / 2, kSteps = (kPairs + 7) / 8, KP = kSteps * 16;
constexpr int kPatchH = (TH - 1) * SY + R, kPatchW = PAIRS ? 15 * SX + S : (15 * SX + SP + 1) / 2 * 2;
constexpr int kPixel = PAIRS ? C : 1;  // elements from one pixel of the patch to the next
constexpr int kPatch = C * kPatchH * kPatchW;
constexpr int kItems = PAIRS ? kPatch / 2 : kPatch;  // that threads bring, one or two elements each
constexpr int kWordPitch = kSteps * 8 + 4;  // of a row of weights
constexpr int MI = TH / 4, NI = BN / 8;
constexpr int kOutBytes = bytes_of(OUT), kPitch = YVEC == 2 ? NY * kOutBytes : BN * kOutBytes + 16;
constexpr int kWeightRows = (BN + 15) / 16 * 16;
constexpr int kFetches = (kItems + 127) / 128;

DEVICE u32 pair_at(const u16* from) {
  if (PAIRS || SX % 2 == 0) return *(const u32*)from;
  return (u32)from[0] | ((u32)from[1] << 16);
}

extern "C" __global__ void __launch_bounds__(128, MINB) stem(const __grid_constant__ Stem p) {
  extern __shared__ __align__(128) char memory[];
  u32* const weights = (u32*)memory;
  int* const where = (int*)(memory + kWeightRows * kWordPitch * 4);
  int2* const items = (int2*)(where + kSteps * 8);  // of a patch: offset from its corner, line and pixel
  u16* const patch = (u16*)(items + (kItems + 1) / 2 * 2);
  char* const out = (char*)patch + (kPatch * 2 + 15) / 16 * 16;
  const int tid = threadIdx.x, lane = tid & 31, warp = tid >> 5, n0 = blockIdx.y * BN;

  for (int i = tid; i < kWeightRows * kSteps * 8; i += 128) {
    const int row = i / (kSteps * 8), word = i % (kSteps * 8);
    weights[row * kWordPitch + word] = row < BN && n0 + row < p.n ? ((const u32*)p.b)[(i64)(n0 + row) * (KP / 2) + word] : 0u;
  }
  for (int i = tid; i < kSteps * 8; i += 128) {
    if (PAIRS) {
      const int tap = i / (C / 2), c = i % (C / 2) * 2;
      where[i] = i < kPairs ? (tap / S * kPatchW + tap % S) * C + c : 0;
    } else {
      const int c = i / (R * SP / 2), line = i / (SP / 2) % R, x = i % (SP / 2) * 2;
      where[i] = i < kPairs ? (c * kPatchH + line) * kPatchW + x : 0;
    }
  }
  for (int i = tid; i < kItems; i += 128) {
    const int c = PAIRS ? i % (C / 2) * 2 : i / kPatchW / kPatchH, pixel = PAIRS ? i / (C / 2) : i;
    const int x = pixel % kPatchW, y = pixel / kPatchW % kPatchH;
    items[i] = make_int2((int)(c * p.x_channel + y * p.x_line + x * p.x_pixel), y << 16 | x);
  }
  wait_for_kernel_before();
  float constant[EXTRAS > 0 ? EXTRAS : 1][NI][2];  // operands of kinds 0 and 1
#pragma unroll
  for (int e = 0; e < EXTRAS; ++e)
#pragma unroll
    for (int j = 0; j < NI; ++j)
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int column = n0 + j * 8 + (lane & 3) * 2 + i;
        constant[e][j][i] = EXTRA_KIND(e) <= 1 && column < p.n
                                ? load_format(EXTRA_FORMAT(e), p.extra[e].data, EXTRA_KIND(e) == 0 ? 0 : column)
                                : 0.f;
      }
  const int across = (p.ow + 15) / 16, down = (p.oh + TH - 1) / TH, pieces = p.images * across * down;
  u32 next[kFetches];  // the input under a piece, on its way
  const auto fetch = [&](int piece) {
    const int left = piece % across * 16 * SX - p.pad_w, top = piece / across % down * TH * SY - p.pad_h;
    constexpr int kBytes = XFORMAT == 2 ? 4 : 2;
    const char* const corner =
        p.x + (piece / across / down * p.x_image + top * p.x_line + left * p.x_pixel) * (i64)kBytes;
    const bool inner = left >= 0 && top >= 0 && left + kPatchW <= p.w && top + kPatchH <= p.h;
#pragma unroll
    for (int j = 0; j < kFetches; ++j) {
      next[j] = 0;
      const int i = tid + j * 128;
      if (i >= kItems) continue;
      const int2 item = items[i];
      if (inner || ((u32)(left + (item.y & 0xffff)) < (u32)p.w && (u32)(top + (item.y >> 16)) < (u32)p.h)) {
        const char* const from = corner + (i64)item.x * kBytes;
        if (PAIRS)
          next[j] = *(const u32*)from;
        else if (XFORMAT == ELEM)
          next[j] = *(const u16*)from;
        else
          next[j] = ELEM == 0 ? to_f16(load1<XFORMAT>(from, 0)) : to_bf16(load1<XFORMAT>(from, 0));
      }
    }
  };
  __syncthreads();
  if ((int)blockIdx.x < pieces) fetch(blockIdx.x);
  for (int piece = blockIdx.x; piece < pieces; piece += gridDim.x) {
    const int x0 = piece % across * 16, y0 = piece / across % down * TH, image = piece / across / down;
    __syncthreads();
#pragma unroll
    for (int j = 0; j < kFetches; ++j)
      if (tid + j * 128 < kItems) {
        if (PAIRS)
          ((u32*)patch)[tid + j * 128] = next[j];
        else
          patch[tid + j * 128] = (u16)next[j];
      }
    __syncthreads();
    if (piece + (int)gridDim.x < pieces) fetch(piece + gridDim.x);
    float acc[MI][NI][4];
#pragma unroll
    for (int i = 0; i < MI; ++i)
#pragma unroll
      for (int j = 0; j < NI; ++j)
#pragma unroll
        for (int q = 0; q < 4; ++q) acc[i][j][q] = 0.f;
#pragma unroll 1
    for (int step = 0; step < kSteps; ++step) {
      const int low = where[step * 8 + (lane & 3)], high = where[step * 8 + 4 + (lane & 3)];
      u32 a[MI][4];
#pragma unroll
      for (int i = 0; i < MI; ++i) {
        const u16* const from = patch + ((warp * MI + i) * SY * kPatchW + (lane >> 2) * SX) * kPixel;
        a[i][0] = pair_at(from + low), a[i][1] = pair_at(from + low + 8 * SX * kPixel);
        a[i][2] = pair_at(from + high), a[i][3] = pair_at(from + high + 8 * SX * kPixel);
      }
#pragma unroll
      for (int j = 0; j < NI; j += 2) {
        u32 b[4];
        matrices(b, shared_address(weights + (j * 8 + (lane & 7) + ((lane >> 4) << 3)) * kWordPitch + step * 8 +
                                   ((lane >> 3) & 1) * 4));
#pragma unroll
        for (int i = 0; i < MI; ++i) {
          multiply(acc[i][j], a[i], b[0], b[1]);
          if (j + 1 < NI) multiply(acc[i][j + 1 < NI ? j + 1 : j], a[i], b[2], b[3]);
        }
      }
    }
#pragma unroll
    for (int i = 0; i < MI; ++i)
#pragma unroll
      for (int j = 0; j < NI; ++j) {
        const int y = y0 + warp * MI + i, column = j * 8 + (lane & 3) * 2, at = n0 + column;
#pragma unroll
        for (int q = 0; q < 2; ++q) {
          const int x = x0 + (lane >> 2) + q * 8, row = (warp * MI + i) * 16 + (lane >> 2) + q * 8;
          const Place place = {image, y, x};
          const bool good = x < p.ow && y < p.oh;
          float beside[EXTRAS > 0 ? EXTRAS : 1][2];
#pragma unroll
          for (int k = 0; k < EXTRAS; ++k) {
            if (EXTRA_KIND(k) <= 1) continue;
            const i64 pixel = ((i64)image * p.oh + y) * p.ow + x;
            beside[k][0] = beside[k][1] = 0.f;
            if (EXTRA_PAIRED(k)) {
              if (good && at < p.n) {
                const u32 word = *(const u32*)(p.extra[k].data +
                                               extra_offset(p.extra[k], EXTRA_KIND(k), 0, pixel, place, at) * 2);
                const float2 f = EXTRA_FORMAT(k) == 0 ? unpack2<0>(word) : unpack2<1>(word);
                beside[k][0] = f.x, beside[k][1] = f.y;
              }
            } else {
#pragma unroll
              for (int h = 0; h < 2; ++h)
                if (good && at + h < p.n)
                  beside[k][h] = load_format(EXTRA_FORMAT(k), p.extra[k].data,
                                             extra_offset(p.extra[k], EXTRA_KIND(k), 0, pixel, place, at + h));
            }
          }
          float v[2];
#pragma unroll
          for (int h = 0; h < 2; ++h) {
            float e[EXTRAS + 1];
            e[0] = acc[i][j][q * 2 + h];
#pragma unroll
            for (int k = 0; k < EXTRAS; ++k) e[k + 1] = EXTRA_KIND(k) <= 1 ? constant[k][j][h] : beside[k][h];
            v[h] = epilogue(e);
            if (YVEC == 0 && good && at + h < p.n)
              store1<OUT>(p.y, image * p.y_image + y * p.y_line + x * p.y_pixel + at + h, v[h]);
          }
          if (YVEC == 1 || (YVEC == 2 && at < p.n)) {
            if (OUT == 2)
              *(float2*)(out + row * kPitch + column * 4) = make_float2(v[0], v[1]);
            else
              *(u32*)(out + row * kPitch + column * 2) = pack2<OUT == 2 ? 0 : OUT>(v[0], v[1]);
          }
        }
      }
    if (YVEC == 2) {
      __syncthreads();
      const int run = min(16, p.ow - x0) * NY / 2;
#pragma unroll
      for (int line = 0; line < TH; ++line) {
        if (y0 + line >= p.oh) break;
        u32* const to = (u32*)(p.y + (image * p.y_image + (y0 + line) * p.y_line + x0 * p.y_pixel) * 2);
        for (int i = tid; i < run; i += 128) to[i] = ((const u32*)(out + line * 16 * kPitch))[i];
      }
    } else if (YVEC) {
      __syncthreads();
      constexpr int kElems = 16 / kOutBytes, kChunks = BN / kElems;
      for (int i = tid; i < TH * 16 * kChunks; i += 128) {
        const int row = i / kChunks, column = i % kChunks * kElems, x = x0 + row % 16, y = y0 + row / 16;
        if (x < p.ow && y < p.oh && n0 + column < p.n)
          *(uint4*)(p.y + (image * p.y_image + y * p.y_line + x * p.y_pixel + n0 + column) * kOutBytes) =
              *(const uint4*)(out + row * kPitch + column * kOutBytes);
      }
    }
  }
}
