/* The C interface from plain C: build, run, save, load, errors, null arguments.
 * usage: c_api_test MODEL FOLDER */
#include <bolide/c.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: %s does not hold; last error: %s\n", __FILE__, __LINE__, #condition, \
              bolide_last_error());                                                                \
      ++failures;                                                                                  \
    }                                                                                              \
  } while (0)

static float image[2 * 28 * 28];

static void scores_of(const bolide_engine* engine, float* scores) {
  bolide_context* context = NULL;
  CHECK(bolide_context_create(engine, &context) == BOLIDE_OK);
  const int64_t dims[4] = {2, 1, 28, 28};
  CHECK(bolide_context_set_input(context, "image", BOLIDE_F32, dims, 4, image) == BOLIDE_OK);
  CHECK(bolide_context_run(context) == BOLIDE_OK);
  bolide_tensor_view view = {.size = sizeof view};
  CHECK(bolide_context_output(context, "scores", &view) == BOLIDE_OK);
  CHECK(view.dtype == BOLIDE_F32);
  CHECK(view.rank == 2 && view.dims[0] == 2 && view.dims[1] == 10);
  CHECK(view.bytes == 2 * 10 * sizeof(float));
  memcpy(scores, view.data, 2 * 10 * sizeof(float));
  /* The same into the caller's memory. */
  float own[20] = {0};
  CHECK(bolide_context_set_output(context, "scores", own, sizeof own - 1) == BOLIDE_OK);
  CHECK(bolide_context_run(context) == BOLIDE_INVALID_ARGUMENT);
  CHECK(strstr(bolide_last_error(), "scores") != NULL);
  CHECK(bolide_context_set_output(context, "scores", own, sizeof own) == BOLIDE_OK);
  CHECK(bolide_context_run(context) == BOLIDE_OK);
  CHECK(memcmp(own, scores, sizeof own) == 0);
  bolide_context_destroy(context);
}

static void errors_have_codes_and_messages(const bolide_engine* engine, const char* model) {
  bolide_engine* none = NULL;
  CHECK(bolide_compile("/no/such/model.onnx", NULL, &none) == BOLIDE_NOT_FOUND && none == NULL);
  CHECK(strstr(bolide_last_error(), "/no/such/model.onnx") != NULL);
  CHECK(bolide_load(model, &none) == BOLIDE_BAD_FILE && none == NULL);
  CHECK(bolide_compile_bytes("no model", 8, NULL, &none) == BOLIDE_BAD_FILE && none == NULL);
  bolide_build_options options = {.size = sizeof options, .precision = "fp16", .time_budget_s = -1};
  CHECK(bolide_compile(model, &options, &none) == BOLIDE_UNSUPPORTED && none == NULL);
  options.precision = NULL;
  options.shapes = "nothing";
  CHECK(bolide_compile(model, &options, &none) == BOLIDE_INVALID_ARGUMENT && none == NULL);
  options.shapes = "picture:1x1x28x28";
  CHECK(bolide_compile(model, &options, &none) == BOLIDE_NOT_FOUND && none == NULL);
  options.size = 0;
  CHECK(bolide_compile(model, &options, &none) == BOLIDE_INVALID_ARGUMENT && none == NULL);

  bolide_context* context = NULL;
  CHECK(bolide_context_create(engine, &context) == BOLIDE_OK);
  const int64_t dims[4] = {1, 1, 28, 28};
  const int64_t negative[4] = {-1, 1, 28, 28};
  bolide_tensor_view view = {.size = sizeof view};
  CHECK(bolide_context_run(context) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_output(context, "scores", &view) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_set_input(context, "picture", BOLIDE_F32, dims, 4, image) == BOLIDE_NOT_FOUND);
  CHECK(bolide_context_set_input(context, "image", BOLIDE_I8, dims, 4, image) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_set_input(context, "image", (bolide_dtype)99, dims, 4, image) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_set_input(context, "image", BOLIDE_F32, dims, 3, image) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_set_input(context, "image", BOLIDE_F32, dims, -1, image) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_set_input(context, "image", BOLIDE_F32, negative, 4, image) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_set_input(context, "image", BOLIDE_F32, dims, 4, NULL) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_set_input(context, "image", BOLIDE_F32, dims, 4, image) == BOLIDE_OK);
  CHECK(bolide_context_run(context) == BOLIDE_OK);
  CHECK(bolide_context_output(context, "points", &view) == BOLIDE_NOT_FOUND);
  view.size = 1;
  CHECK(bolide_context_output(context, "scores", &view) == BOLIDE_INVALID_ARGUMENT);
  bolide_context_destroy(context);
}

static void null_arguments_are_refused(bolide_engine* engine, const char* model) {
  bolide_engine* none = NULL;
  bolide_context* context = NULL;
  bolide_tensor_view view = {.size = sizeof view};
  const int64_t dims[4] = {1, 1, 28, 28};
  CHECK(bolide_compile(NULL, NULL, &none) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_compile(model, NULL, NULL) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_compile_bytes(NULL, 8, NULL, &none) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_compile_bytes("model", 5, NULL, NULL) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_load(NULL, &none) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_load(model, NULL) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_engine_save(NULL, "file") == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_engine_save(engine, NULL) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_engine_input_count(NULL) == 0 && bolide_engine_output_count(NULL) == 0);
  CHECK(bolide_engine_input_name(NULL, 0) == NULL && bolide_engine_output_name(NULL, 0) == NULL);
  CHECK(bolide_engine_input_name(engine, -1) == NULL && bolide_engine_output_name(engine, 1) == NULL);
  CHECK(bolide_context_create(NULL, &context) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_create(engine, NULL) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_create(engine, &context) == BOLIDE_OK);
  CHECK(bolide_context_set_input(NULL, "image", BOLIDE_F32, dims, 4, image) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_set_input(context, NULL, BOLIDE_F32, dims, 4, image) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_set_input(context, "image", BOLIDE_F32, NULL, 4, image) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_set_output(NULL, "scores", image, 4) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_set_output(context, NULL, image, 4) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_run(NULL) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_output(NULL, "scores", &view) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_output(context, NULL, &view) == BOLIDE_INVALID_ARGUMENT);
  CHECK(bolide_context_output(context, "scores", NULL) == BOLIDE_INVALID_ARGUMENT);
  CHECK(strstr(bolide_last_error(), "view") != NULL);
  bolide_context_destroy(context);
  bolide_context_destroy(NULL);
  bolide_engine_destroy(NULL);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  char path[4096];
  snprintf(path, sizeof path, "%s/c_api_test.engine", argv[2]);
  for (int i = 0; i < 2 * 28 * 28; ++i) image[i] = (float)((i * 37) % 255) / 255.0F;
  CHECK(strlen(bolide_version()) >= 5);

  bolide_build_options options = {
      .size = sizeof options, .precision = "fp32", .shapes = "image:2x1x28x28", .threads = 2, .time_budget_s = 0.05};
  bolide_engine* engine = NULL;
  CHECK(bolide_compile(argv[1], &options, &engine) == BOLIDE_OK);
  if (engine == NULL) return 1;
  CHECK(bolide_engine_input_count(engine) == 1 && bolide_engine_output_count(engine) == 1);
  CHECK(strcmp(bolide_engine_input_name(engine, 0), "image") == 0);
  CHECK(strcmp(bolide_engine_output_name(engine, 0), "scores") == 0);
  float scores[20];
  scores_of(engine, scores);

  CHECK(bolide_engine_save(engine, path) == BOLIDE_OK);
  CHECK(bolide_engine_save(engine, "/no/such/folder/file") != BOLIDE_OK);
  bolide_engine* loaded = NULL;
  CHECK(bolide_load(path, &loaded) == BOLIDE_OK);
  float again[20];
  scores_of(loaded, again);
  CHECK(memcmp(scores, again, sizeof scores) == 0);
  remove(path);

  errors_have_codes_and_messages(engine, argv[1]);
  null_arguments_are_refused(engine, argv[1]);

  /* A context outlives its engine. */
  bolide_context* context = NULL;
  CHECK(bolide_context_create(loaded, &context) == BOLIDE_OK);
  bolide_engine_destroy(loaded);
  const int64_t dims[4] = {2, 1, 28, 28};
  CHECK(bolide_context_set_input(context, "image", BOLIDE_F32, dims, 4, image) == BOLIDE_OK);
  CHECK(bolide_context_run(context) == BOLIDE_OK);
  bolide_context_destroy(context);
  bolide_engine_destroy(engine);
  return failures == 0 ? 0 : 1;
}
