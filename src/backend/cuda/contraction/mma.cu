// What kernels for mma.sync share: copies to shared memory that run beside other work, and matrices of 8 rows of 16
// bytes from there to the registers of a warp. For sm_80 and later. After contraction_numbers.cu.
//
// Defines   ELEM  (if any) format that multiply() takes: 0, 1, or 2, which runs as tf32

template <int kBytes>
DEVICE void copy_async(u32 to, const void* from) {
  if (kBytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;\n" ::"r"(to), "l"(from));
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;\n" ::"r"(to), "l"(from), "n"(kBytes));
}
// Zeros where it is not good. Two bytes go through a register.
template <int kBytes>
DEVICE void copy_async(u32 to, const void* from, bool good) {
  const int n = good ? kBytes : 0;
  if (kBytes == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(to), "l"(from), "r"(n));
  } else if (kBytes >= 4) {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;\n" ::"r"(to), "l"(from), "n"(kBytes < 4 ? 4 : kBytes),
                 "r"(n));
  } else {
    const u16 v = good ? *(const u16*)from : (u16)0;
    asm volatile("st.shared.u16 [%0], %1;\n" ::"r"(to), "h"(v));
  }
}
DEVICE void commit() { asm volatile("cp.async.commit_group;\n" ::); }
template <int kLeft>
DEVICE void wait_copies() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(kLeft));
}

DEVICE void matrices(u32 (&r)[4], u32 at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(at));
}
DEVICE void matrices_transposed(u32 (&r)[4], u32 at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(at));
}
// Byte of 16-byte chunk `chunk` of row `row`; neighbouring rows differ in the banks they use.
template <int kRowBytes>
DEVICE int swizzled(int row, int chunk) {
  if (kRowBytes >= 128) return row * kRowBytes + ((chunk ^ (row & 7)) << 4);
  return row * kRowBytes + ((chunk ^ ((row >> 1) & 3)) << 4);
}

#ifdef ELEM
DEVICE void multiply(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
#if ELEM == 0
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
#elif ELEM == 1
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
#else
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
#endif
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
#endif
