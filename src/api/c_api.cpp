#include <bolide/bolide.h>
#include <bolide/c.h>
#include <bolide/io.h>
#include <bolide/plugin.h>

#include "ops/plugin_registry.h"

#include <exception>
#include <new>

struct bolide_engine {
  bolide::Engine engine;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

struct bolide_context {
  bolide::ExecutionContext context;
  std::map<std::string, bolide::HostTensor, std::less<>> results;  // keeps the sizes that views point at
};

namespace {

thread_local std::string last_error;

static_assert(static_cast<int>(bolide::Code::kInvalidArgument) + 1 == BOLIDE_INVALID_ARGUMENT);
static_assert(static_cast<int>(bolide::Code::kInternal) + 1 == BOLIDE_INTERNAL);
static_assert(static_cast<int>(bolide::DataType::kF64) == BOLIDE_F64);
static_assert(static_cast<int>(bolide::DataType::kC128) == BOLIDE_C128);

bolide_code fail(const bolide::Error& error) {
  last_error = error.message;
  return static_cast<bolide_code>(static_cast<int>(error.code) + 1);
}

bolide_code null_argument(const char* what) {
  return fail({bolide::Code::kInvalidArgument, std::string(what) + " is null"});
}

/// Runs `body`; whatever it throws becomes a code.
template <class Body>
bolide_code guarded(const Body& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return fail({bolide::Code::kOutOfMemory, "out of memory"});
  } catch (const std::exception& error) {
    return fail({bolide::Code::kInternal, error.what()});
  } catch (...) {
    return fail({bolide::Code::kInternal, "an unknown exception"});
  }
}

bolide_code give(bolide::Result<bolide::Engine> built, bolide_engine** engine) {
  if (!built) return fail(built.error());
  auto made = std::make_unique<bolide_engine>(bolide_engine{*std::move(built), {}, {}});
  for (const bolide::TensorInfo& info : made->engine.inputs()) made->inputs.push_back(info.name);
  for (const bolide::TensorInfo& info : made->engine.outputs()) made->outputs.push_back(info.name);
  *engine = made.release();
  return BOLIDE_OK;
}

bolide::Result<bolide::BuilderConfig> to_config(const bolide_build_options* options) {
  bolide::BuilderConfig config;
  if (options == nullptr) return config;
  if (options->size < sizeof(bolide_build_options)) {
    return bolide::Error{bolide::Code::kInvalidArgument,
                         "bolide_build_options.size is not set to sizeof(bolide_build_options)"};
  }
  const std::string_view precision = options->precision == nullptr ? "best" : options->precision;
  if (precision == "fp32") {
    config.precision = bolide::Precision::kFp32;
  } else if (precision == "int8") {
    config.precision = bolide::Precision::kInt8;
  } else if (precision != "best") {
    return bolide::Error{bolide::Code::kUnsupported,
                         "precision '" + std::string(precision) + "' is not one of best, fp32, int8"};
  }
  if (options->shapes != nullptr) {
    auto shapes = bolide::parse_shapes(options->shapes);
    if (!shapes) return std::move(shapes).error();
    config.shapes.push_back(*std::move(shapes));
  }
  config.threads = options->threads;
  if (options->time_budget_s >= 0) config.time_budget_s = options->time_budget_s;
  return config;
}

}  // namespace

extern "C" {

const char* bolide_version(void) { return bolide::version().data(); }
const char* bolide_last_error(void) { return last_error.c_str(); }

bolide_code bolide_compile(const char* model_path, const bolide_build_options* options, bolide_engine** engine) {
  if (model_path == nullptr) return null_argument("model_path");
  if (engine == nullptr) return null_argument("engine");
  return guarded([&] {
    auto config = to_config(options);
    if (!config) return fail(config.error());
    return give(bolide::compile(model_path, *config), engine);
  });
}

bolide_code bolide_compile_bytes(const void* model, size_t bytes, const bolide_build_options* options,
                                 bolide_engine** engine) {
  if (model == nullptr) return null_argument("model");
  if (engine == nullptr) return null_argument("engine");
  return guarded([&] {
    auto config = to_config(options);
    if (!config) return fail(config.error());
    auto network = bolide::OnnxParser::parse_bytes({static_cast<const std::byte*>(model), bytes}, {});
    if (!network) return fail(network.error());
    return give(bolide::Builder().build(*std::move(network), *config), engine);
  });
}

bolide_code bolide_load(const char* engine_path, bolide_engine** engine) {
  if (engine_path == nullptr) return null_argument("engine_path");
  if (engine == nullptr) return null_argument("engine");
  return guarded([&] { return give(bolide::load(engine_path), engine); });
}

bolide_code bolide_load_plugin(const char* path) {
  if (path == nullptr) return null_argument("path");
  return guarded([&] {
    const bolide::Status loaded = bolide::load_plugin(path);
    return loaded ? BOLIDE_OK : fail(loaded.error());
  });
}

bolide_code bolide_register_plugin(const bolide_plugin* plugin) {
  if (plugin == nullptr) return null_argument("plugin");
  return guarded([&] {
    const bolide::Status taken = bolide::register_plugin(*plugin);
    return taken ? BOLIDE_OK : fail(taken.error());
  });
}

bolide_code bolide_engine_save(const bolide_engine* engine, const char* path) {
  if (engine == nullptr) return null_argument("engine");
  if (path == nullptr) return null_argument("path");
  return guarded([&] {
    const bolide::Status saved = engine->engine.save(path);
    return saved ? BOLIDE_OK : fail(saved.error());
  });
}

void bolide_engine_destroy(bolide_engine* engine) { delete engine; }

int bolide_engine_input_count(const bolide_engine* engine) {
  return engine == nullptr ? 0 : static_cast<int>(engine->inputs.size());
}
int bolide_engine_output_count(const bolide_engine* engine) {
  return engine == nullptr ? 0 : static_cast<int>(engine->outputs.size());
}
const char* bolide_engine_input_name(const bolide_engine* engine, int index) {
  if (index < 0 || index >= bolide_engine_input_count(engine)) return nullptr;
  return engine->inputs[static_cast<std::size_t>(index)].c_str();
}
const char* bolide_engine_output_name(const bolide_engine* engine, int index) {
  if (index < 0 || index >= bolide_engine_output_count(engine)) return nullptr;
  return engine->outputs[static_cast<std::size_t>(index)].c_str();
}

bolide_code bolide_context_create(const bolide_engine* engine, bolide_context** context) {
  if (engine == nullptr) return null_argument("engine");
  if (context == nullptr) return null_argument("context");
  return guarded([&] {
    auto made = engine->engine.make_context();
    if (!made) return fail(made.error());
    *context = new bolide_context{*std::move(made), {}};
    return BOLIDE_OK;
  });
}

void bolide_context_destroy(bolide_context* context) { delete context; }

bolide_code bolide_context_set_input(bolide_context* context, const char* name, bolide_dtype dtype, const int64_t* dims,
                                     int rank, const void* data) {
  if (context == nullptr) return null_argument("context");
  if (name == nullptr) return null_argument("name");
  if (rank < 0 || rank > 64) return fail({bolide::Code::kInvalidArgument, "rank is not in 0..64"});
  if (dims == nullptr && rank > 0) return null_argument("dims");
  if (static_cast<int>(dtype) < 0 || static_cast<int>(dtype) >= bolide::kDataTypeCount) {
    return fail({bolide::Code::kInvalidArgument, "dtype is none of bolide_dtype"});
  }
  return guarded([&] {
    const bolide::Status set =
        context->context.set_input(name, static_cast<bolide::DataType>(dtype), bolide::Dims(dims, dims + rank), data);
    return set ? BOLIDE_OK : fail(set.error());
  });
}

bolide_code bolide_context_set_output(bolide_context* context, const char* name, void* data, size_t bytes) {
  if (context == nullptr) return null_argument("context");
  if (name == nullptr) return null_argument("name");
  return guarded([&] {
    const bolide::Status set = context->context.set_output(name, data, bytes);
    return set ? BOLIDE_OK : fail(set.error());
  });
}

bolide_code bolide_context_run(bolide_context* context) {
  if (context == nullptr) return null_argument("context");
  return guarded([&] {
    const bolide::Status ran = context->context.run();
    return ran ? BOLIDE_OK : fail(ran.error());
  });
}

bolide_code bolide_context_output(bolide_context* context, const char* name, bolide_tensor_view* view) {
  if (context == nullptr) return null_argument("context");
  if (name == nullptr) return null_argument("name");
  if (view == nullptr) return null_argument("view");
  if (view->size < sizeof(bolide_tensor_view)) {
    return fail({bolide::Code::kInvalidArgument, "bolide_tensor_view.size is not set to sizeof(bolide_tensor_view)"});
  }
  return guarded([&] {
    auto output = context->context.output(name);
    if (!output) return fail(output.error());
    if (bolide::is_container(output->dtype())) {
      return fail({bolide::Code::kUnsupported, "this output is no tensor; the C++ interface hands it out"});
    }
    const bolide::HostTensor& kept = context->results.insert_or_assign(name, *std::move(output)).first->second;
    view->dtype = static_cast<bolide_dtype>(kept.dtype());
    view->rank = static_cast<int>(kept.dims().size());
    view->dims = kept.dims().data();
    view->data = kept.data();
    view->bytes = kept.bytes();
    return BOLIDE_OK;
  });
}

}  // extern "C"
