#include "cli/command.h"
#include "cli/demo/picture.h"
#include "cli/demo/resnet.h"
#include "cli/model_options.h"
#include "cli/table.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>

namespace bolide::cli {
namespace {

struct DemoArgs {
  std::string output = "demo-output";
  std::string model = "models/digits/digits.onnx";
  std::string digits = "2026 31415 0789";
  double time_budget_s = 4.5;
};

double median_ms(ExecutionContext& context, int runs, Status& status) {
  std::vector<double> ms;
  for (int i = 0; i < runs + 2; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (status) status = context.run();
    if (i >= 2)
      ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(ms.begin(), ms.end());
  return ms[ms.size() / 2];
}

/// Draws a row of digits, reads it back with the trained network, writes both pictures.
Status read_digits(const DemoArgs& args) {
  std::cout << "1. A digit reader, trained by this project (models/digits), reads a picture drawn by this program.\n\n";
  auto row = demo::draw_digits(args.digits);
  if (!row) return std::move(row).error();
  auto cuts = demo::cut_digits(*row);
  if (!cuts) return std::move(cuts).error();
  const auto count = static_cast<std::int64_t>(cuts->size());
  BuilderConfig config;
  config.shapes = {{{"image", {count, 1, demo::kDigitSide, demo::kDigitSide}}}};
  config.time_budget_s = 1;
  auto engine = compile(args.model, config);
  if (!engine) return std::move(engine).error();
  auto images = HostTensor::make(DataType::kF32, config.shapes[0][0].second);
  if (!images) return std::move(images).error();
  float* next = images->values<float>().data();
  for (const demo::DigitCut& cut : *cuts) next = std::copy(cut.pixels.begin(), cut.pixels.end(), next);
  auto outputs = infer(*engine, {{"image", *images}});
  if (!outputs) return std::move(outputs).error();
  const std::span<const float> scores = outputs->at("scores").values<float>();
  std::vector<int> answers;
  std::string read;
  for (std::size_t i = 0; i < cuts->size(); ++i) {
    const auto begin = scores.begin() + static_cast<std::ptrdiff_t>(10 * i);
    answers.push_back(static_cast<int>(std::max_element(begin, begin + 10) - begin));
    read += static_cast<char>('0' + answers.back());
  }
  auto shown = demo::result_picture(*row, *cuts, answers);
  if (!shown) return std::move(shown).error();
  if (Status wrote = demo::write_png(*row, args.output + "/digits.png"); !wrote) return wrote;
  if (Status wrote = demo::write_png(*shown, args.output + "/digits-read.png"); !wrote) return wrote;
  std::string drawn = args.digits;
  std::erase(drawn, ' ');
  std::cout << "   drawn  " << drawn << "\n   read   " << read
            << (drawn == read ? "   all right\n" : "   NOT THE SAME\n") << "   " << args.output << "/digits.png, "
            << args.output << "/digits-read.png\n\n";
  if (drawn != read) return Error{Code::kInternal, "the digits were not read as they were drawn"};
  return {};
}

/// ResNet-50 as written, one kernel a layer, against the optimised engine.
Status time_resnet(const DemoArgs& args) {
  std::cout << "2. ResNet-50 built layer by layer with seeded random weights (it knows nothing; it is there to be "
               "timed).\n\n";
  auto image = HostTensor::make(DataType::kF32, {1, 3, 224, 224});
  if (!image) return std::move(image).error();
  float value = 0;
  for (float& pixel : image->values<float>()) pixel = (value += 0.37F) > 1 ? value -= 2 : value;
  TerminalProgress progress;
  BuilderConfig config;
  config.time_budget_s = args.time_budget_s;
  config.progress = &progress;
  BuilderConfig unfused = config;
  unfused.skip_passes = {"*"};
  unfused.effort = 0;
  double times[2] = {};
  std::vector<float> results[2];
  PlanInfo plan;
  for (const bool optimised : {false, true}) {
    const auto start = std::chrono::steady_clock::now();
    auto engine = bolide::Builder().build(demo::make_resnet50(1), optimised ? config : unfused);
    if (!engine) return std::move(engine).error();
    const double build_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    auto context = engine->make_context();
    if (!context) return std::move(context).error();
    Status status = context->set_input("image", *image);
    times[optimised ? 1 : 0] = median_ms(*context, 10, status);
    if (!status) return status;
    auto info = engine->plan();
    if (!info) return std::move(info).error();
    auto scores = context->output("scores");
    if (!scores) return std::move(scores).error();
    const std::span<const float> numbers = scores->values<float>();
    results[optimised ? 1 : 0].assign(numbers.begin(), numbers.end());
    std::cout << "   " << (optimised ? "optimised" : "unfused  ") << "  " << number(times[optimised ? 1 : 0], 2)
              << " ms, " << info->steps.size() << " steps, built in " << number(build_s) << " s\n";
    plan = *std::move(info);
    if (!optimised) continue;
    if (Status saved = engine->save(args.output + "/resnet50.engine"); !saved) return saved;
  }
  float largest = 0;
  float difference = 0;
  for (std::size_t i = 0; i < results[0].size(); ++i) {
    largest = std::max(largest, std::abs(results[0][i]));
    difference = std::max(difference, std::abs(results[0][i] - results[1][i]));
  }
  std::cout << "   " << number(times[0] / times[1]) << " times faster; largest difference of a score "
            << number(difference, 7) << " of " << number(largest, 3) << "\n\n";
  if (!(difference <= 1e-3F * (largest + 1))) return Error{Code::kInternal, "the optimised network gives other scores"};
  std::map<std::string, std::pair<int, double>> tactics;
  for (const StepInfo& step : plan.steps) {
    auto& [steps, us] = tactics[step.tactic];
    ++steps;
    us += step.microseconds;
  }
  Table table({"tactic", "steps", "ms"});
  for (const auto& [tactic, figures] : tactics)
    table.row({tactic, std::to_string(figures.first), number(figures.second / 1e3, 3)});
  table.print(std::cout);
  return {};
}

int demo_command(const DemoArgs& args) {
  std::error_code error;
  std::filesystem::create_directories(args.output, error);
  if (error) return report({Code::kInvalidArgument, args.output + ": " + error.message()});
  if (Status status = read_digits(args); !status) return report(status.error());
  if (Status status = time_resnet(args); !status) return report(status.error());
  std::cout << "\nTry it on a model of your own:\n\n"
               "   build/release/bolide check model.onnx\n"
               "   build/release/bolide build model.onnx --output model.engine\n"
               "   build/release/bolide bench model.engine --per-layer\n";
  return kDone;
}

}  // namespace

std::function<int()> add_demo(CLI::App& app) {
  auto args = std::make_shared<DemoArgs>();
  app.add_option("--output", args->output, "folder for the pictures and the engine")->capture_default_str();
  app.add_option("--model", args->model, "the digit reader")->capture_default_str();
  app.add_option("--digits", args->digits, "what to draw: digits and spaces")->capture_default_str();
  app.add_option("--time-budget", args->time_budget_s, "seconds for passes and timing kernels")->capture_default_str();
  return [args] { return demo_command(*args); };
}

}  // namespace bolide::cli
