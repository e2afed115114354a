/* Bolide from plain C, with a stable binary interface: build or load an engine, run it.
 *
 *     bolide_engine* engine = NULL;
 *     if (bolide_load("model.engine", &engine) != BOLIDE_OK) { puts(bolide_last_error()); return 1; }
 *     bolide_context* context = NULL;
 *     bolide_context_create(engine, &context);
 *     int64_t dims[4] = {1, 1, 28, 28};
 *     bolide_context_set_input(context, "image", BOLIDE_F32, dims, 4, pixels);
 *     bolide_context_run(context);
 *     const float* scores;  bolide_tensor_view view;
 *     bolide_context_output(context, "scores", &view);
 *     scores = (const float*)view.data;
 *     bolide_context_destroy(context);
 *     bolide_engine_destroy(engine);
 *
 * Every function that can fail returns a code; bolide_last_error() gives the message of the last failure on the calling
 * thread. No exception crosses this interface. Objects may be destroyed in any order. Structs carry their size first,
 * so that later versions can add fields; set it to sizeof. Null pointers are refused with BOLIDE_INVALID_ARGUMENT.
 */
#ifndef BOLIDE_C_H_
#define BOLIDE_C_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BOLIDE_C_API __attribute__((visibility("default")))

typedef enum bolide_code {
  BOLIDE_OK = 0,
  BOLIDE_INVALID_ARGUMENT = 1,
  BOLIDE_UNSUPPORTED = 2,
  BOLIDE_NOT_FOUND = 3,
  BOLIDE_OUT_OF_MEMORY = 4,
  BOLIDE_BAD_FILE = 5,
  BOLIDE_DEVICE = 6,
  BOLIDE_CANCELLED = 7,
  BOLIDE_INTERNAL = 8
} bolide_code;

/* Element types; the values never change. */
typedef enum bolide_dtype {
  BOLIDE_F64 = 0,
  BOLIDE_F32 = 1,
  BOLIDE_F16 = 2,
  BOLIDE_BF16 = 3,
  BOLIDE_F8E4M3FN = 4,
  BOLIDE_F8E4M3FNUZ = 5,
  BOLIDE_F8E5M2 = 6,
  BOLIDE_F8E5M2FNUZ = 7,
  BOLIDE_F8E8M0 = 8,
  BOLIDE_F4E2M1 = 9,
  BOLIDE_I64 = 10,
  BOLIDE_I32 = 11,
  BOLIDE_I16 = 12,
  BOLIDE_I8 = 13,
  BOLIDE_I4 = 14,
  BOLIDE_I2 = 15,
  BOLIDE_U64 = 16,
  BOLIDE_U32 = 17,
  BOLIDE_U16 = 18,
  BOLIDE_U8 = 19,
  BOLIDE_U4 = 20,
  BOLIDE_U2 = 21,
  BOLIDE_BOOL = 22,
  BOLIDE_STRING = 23,
  BOLIDE_C64 = 24,
  BOLIDE_C128 = 25,
  BOLIDE_F6E2M3 = 26,
  BOLIDE_F6E3M2 = 27,
  BOLIDE_DTYPE_LIMIT = 0x7fffffff /* no type: it makes every int a value that can be passed and refused */
} bolide_dtype;

typedef struct bolide_engine bolide_engine;
typedef struct bolide_context bolide_context;

typedef struct bolide_build_options {
  size_t size;           /* sizeof(bolide_build_options) */
  const char* precision; /* "best" when null: best, fp32, int8 */
  const char* shapes;    /* "input:1x3x224x224,other:1x10"; null: named dims are 1 */
  int threads;           /* 0: the smaller of CPU affinity and cgroup quota */
  double time_budget_s;  /* negative: the default */
} bolide_build_options;

/* A tensor somebody else owns: contiguous, row-major. */
typedef struct bolide_tensor_view {
  size_t size; /* sizeof(bolide_tensor_view) */
  bolide_dtype dtype;
  int rank;
  const int64_t* dims;
  const void* data;
  size_t bytes;
} bolide_tensor_view;

BOLIDE_C_API const char* bolide_version(void);
/* The message of the last failure on this thread; "" when there was none. Valid until the next call on this thread. */
BOLIDE_C_API const char* bolide_last_error(void);

/* Compiles an ONNX file for this machine. `options` may be null. */
BOLIDE_C_API bolide_code bolide_compile(const char* model_path, const bolide_build_options* options,
                                        bolide_engine** engine);
/* Compiles an ONNX model in memory. */
BOLIDE_C_API bolide_code bolide_compile_bytes(const void* model, size_t bytes, const bolide_build_options* options,
                                              bolide_engine** engine);
BOLIDE_C_API bolide_code bolide_load(const char* engine_path, bolide_engine** engine);
BOLIDE_C_API bolide_code bolide_engine_save(const bolide_engine* engine, const char* path);
BOLIDE_C_API void bolide_engine_destroy(bolide_engine* engine);

BOLIDE_C_API int bolide_engine_input_count(const bolide_engine* engine);
BOLIDE_C_API int bolide_engine_output_count(const bolide_engine* engine);
/* Names live as long as the engine; null when the index is out of range. */
BOLIDE_C_API const char* bolide_engine_input_name(const bolide_engine* engine, int index);
BOLIDE_C_API const char* bolide_engine_output_name(const bolide_engine* engine, int index);

BOLIDE_C_API bolide_code bolide_context_create(const bolide_engine* engine, bolide_context** context);
BOLIDE_C_API void bolide_context_destroy(bolide_context* context);
/* `data` is read by the next runs: keep it alive and in place. */
BOLIDE_C_API bolide_code bolide_context_set_input(bolide_context* context, const char* name, bolide_dtype dtype,
                                                  const int64_t* dims, int rank, const void* data);
/* Where the output is to be written; without it the context owns the memory. */
BOLIDE_C_API bolide_code bolide_context_set_output(bolide_context* context, const char* name, void* data, size_t bytes);
BOLIDE_C_API bolide_code bolide_context_run(bolide_context* context);
/* The result of the last run; valid until the next run, the next call for the same output, or the context's end. */
BOLIDE_C_API bolide_code bolide_context_output(bolide_context* context, const char* name, bolide_tensor_view* view);

#ifdef __cplusplus
}
#endif

#endif
