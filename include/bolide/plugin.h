/* Operators of your own: a shared library that exports bolide_plugin_entry().
 *
 * The entry gives a table of operators, each with functions that get a bolide_plugin_call: attributes, inputs, outputs.
 * `infer` names dtypes and sizes of the outputs, `evaluate` computes them and is what the operator means, `fast` (may
 * be NULL) is what an engine runs instead. Functions return BOLIDE_OK, or a code after call->fail(). They may be called
 * from several threads at once. No exception may cross this interface; bolide/plugin.hpp is a C++ form that keeps them
 * in. docs/recipes/write-a-plugin.md has an example.
 *
 * Engines name the plugin and its version, and never hold its code.
 */
#ifndef BOLIDE_PLUGIN_H_
#define BOLIDE_PLUGIN_H_

#include <bolide/c.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BOLIDE_PLUGIN_ABI 1

/* An input or output: contiguous, row-major. dtype is -1 for an optional one that is left out. Strings, sequences and
 * types below 8 bits do not come here. */
typedef struct bolide_plugin_tensor {
  int32_t dtype;
  int32_t rank;
  const int64_t* dims;
  void* data; /* infer: the elements of inputs that are constants, else NULL */
  size_t bytes;
} bolide_plugin_tensor;

typedef enum bolide_plugin_kind {
  BOLIDE_PLUGIN_INTS = 0,
  BOLIDE_PLUGIN_FLOATS = 1,
  BOLIDE_PLUGIN_STRINGS = 2
} bolide_plugin_kind;

/* One attribute of the node; `count` is 1 for single values. */
typedef struct bolide_plugin_attribute {
  const char* name;
  bolide_plugin_kind kind;
  size_t count;
  const int64_t* ints;
  const float* floats;
  const char* const* strings;
} bolide_plugin_attribute;

typedef enum bolide_plugin_arithmetic {
  BOLIDE_PLUGIN_ADD = 0,
  BOLIDE_PLUGIN_SUB = 1,
  BOLIDE_PLUGIN_MUL = 2,
  BOLIDE_PLUGIN_FLOOR_DIV = 3,
  BOLIDE_PLUGIN_CEIL_DIV = 4
} bolide_plugin_arithmetic;

/* What a function works on; valid during the call. */
typedef struct bolide_plugin_call {
  size_t struct_size;
  void* host;
  const bolide_plugin_attribute* attributes;
  size_t attribute_count;
  const bolide_plugin_tensor* inputs;
  size_t input_count;
  bolide_plugin_tensor* outputs; /* evaluate, fast: memory is there unless infer gave a size as -1 */
  size_t output_count;

  /* infer: dtype and sizes of an output. A negative size of an input stands for a name: it may be copied to an output
   * and computed with by `size`. -1 is a size that only the data decide; evaluate then gives it again by the same
   * call, which allocates the output and sets its `data`. */
  bolide_code (*set_output)(struct bolide_plugin_call* call, size_t output, int32_t dtype, int32_t rank,
                            const int64_t* dims);
  int64_t (*size)(struct bolide_plugin_call* call, bolide_plugin_arithmetic what, int64_t a, int64_t b);
  /* Notes why the function fails; returns `code`. */
  bolide_code (*fail)(struct bolide_plugin_call* call, bolide_code code, const char* message);
  /* task(user, begin, end) for parts of [0, count) of at least `grain`, on all threads; returns when all are done. */
  void (*parallel)(struct bolide_plugin_call* call, int64_t count, int64_t grain,
                   void (*task)(void* user, int64_t begin, int64_t end), void* user);
} bolide_plugin_call;

typedef bolide_code (*bolide_plugin_function)(bolide_plugin_call* call);

typedef struct bolide_plugin_operator {
  size_t struct_size;
  const char* domain; /* of ONNX nodes: "com.example" */
  const char* name;
  int32_t min_inputs;
  int32_t max_inputs; /* -1: any number */
  int32_t outputs;    /* the most it has */
  bolide_plugin_function infer;
  bolide_plugin_function evaluate;
  bolide_plugin_function fast; /* NULL: evaluate is all there is */
} bolide_plugin_operator;

typedef struct bolide_plugin {
  uint32_t abi; /* BOLIDE_PLUGIN_ABI */
  const char* name;
  const char* version;
  size_t operator_count;
  const bolide_plugin_operator* operators;
} bolide_plugin;

/* What the library exports. The table must live as long as the process. */
BOLIDE_C_API const bolide_plugin* bolide_plugin_entry(void);

/* For programs: reads a plugin from a file, or takes one that is linked in. Both may be repeated. */
BOLIDE_C_API bolide_code bolide_load_plugin(const char* path);
BOLIDE_C_API bolide_code bolide_register_plugin(const bolide_plugin* plugin);

#ifdef __cplusplus
}
#endif

#endif
