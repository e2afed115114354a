// Formats 3: u8, 4: i8, 5: i32 beside the floats. After contraction_numbers.cu.
typedef unsigned char u8;
typedef signed char i8;

template <int kFormat>
DEVICE int load_integer(const void* base, i64 index) {
  return kFormat == 3 ? (int)((const u8*)base)[index] : (int)((const i8*)base)[index];
}
DEVICE float load_any(int format, const char* data, i64 index) {
  if (format == 3) return (float)((const u8*)data)[index];
  if (format == 4) return (float)((const i8*)data)[index];
  if (format == 5) return (float)((const int*)data)[index];
  return load_format(format, data, index);
}
// The bits of a value as the format stores it: integers round to nearest even and saturate, NaN becomes 0.
template <int kFormat>
DEVICE u32 stored(float value) {
  if (kFormat == 2) return __float_as_uint(value);
  if (kFormat == 0) return to_f16(value);
  if (kFormat == 1) return to_bf16(value);
  const float whole = value != value ? 0.f : rintf(value);
  if (kFormat == 5) return (u32)(int)whole;
  const float low = kFormat == 3 ? 0.f : -128.f;
  return (u32)(int)fminf(fmaxf(whole, low), low + 255.f) & 0xffu;
}
template <int kBytes>
DEVICE void put(char* base, i64 index, u32 bits) {
  if (kBytes == 4)
    ((u32*)base)[index] = bits;
  else if (kBytes == 2)
    ((u16*)base)[index] = (u16)bits;
  else
    ((u8*)base)[index] = (u8)bits;
}
