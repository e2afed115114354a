/// Turns a network into an engine: optimises, times kernels on this machine, plans memory.
///
///     bolide::BuilderConfig config;
///     config.shapes = {{{"image", {16, 1, 28, 28}}}};
///     auto engine = bolide::Builder().build(std::move(network), config);
///     if (engine) (void)engine->save("model.engine");
#pragma once

#include <bolide/engine.h>
#include <bolide/logger.h>
#include <bolide/network.h>

namespace bolide {

/// Compute types allowed. kBest: everything that does not go below what the file states.
enum class Precision : std::uint8_t { kBest, kFp32, kTf32, kBf16, kFp16, kInt8 };

using InputShapes = std::vector<std::pair<std::string, Dims>>;

struct BuilderConfig {
  Precision precision = Precision::kBest;
  std::string device = "cpu";  ///< "cuda", "cuda:N"; "sm_90": a plan for such a device without it, untimed
  /// Shapes to tune for, each a list of input sizes. None: named dims are 1. Other shapes run too, by the cost model.
  std::vector<InputShapes> shapes;
  /// Inputs by name on which Precision::kFp16 is checked before it is used: layers whose values FP16 cannot hold stay
  /// in FP32, and the report names them. None: random inputs, with a warning.
  std::vector<std::vector<std::pair<std::string, HostTensor>>> samples;
  /// Layers that stay in FP32 with kFp16 and kBf16: names of layers or of values, `*` for any characters.
  std::vector<std::string> keep_fp32;
  int threads = 0;             ///< 0: the smaller of CPU affinity and cgroup quota
  double time_budget_s = 4.5;  ///< for passes and timing kernels; the best found so far is kept when it ends
  int effort = 2;              ///< 0 cost model only, 1 few candidates, 2 default, 3 all
  std::vector<std::string> skip_passes;
  std::vector<std::string> forbid_tactics;  ///< patterns over tactic names, `*` for any characters
  std::vector<std::string> force_tactics;   ///< "step pattern=tactic pattern"
  std::vector<std::string> mark_outputs;    ///< value names kept as extra outputs; "all" for every one
  std::vector<std::string> outputs;         ///< cut the network so that these values are its outputs
  bool use_timing_cache = true;
  std::filesystem::path timing_cache;  ///< empty: the user's cache folder
  bool verify_passes = false;          ///< check the graph after every pass
  std::filesystem::path dump_passes;   ///< folder for the graph as text before and after each pass
  ProgressMonitor* progress = nullptr;
};

class BOLIDE_API Builder {
 public:
  /// The network is used up. Weights given to it may be freed after this returns.
  /// Errors: Unsupported with step and reason; InvalidArgument for shapes that do not fit; what the network's status
  /// says.
  Result<Engine> build(Network network, const BuilderConfig& config = {}) const;
  /// The same network as `engine` computes, with kernels timed and chosen for config.device, beside the choices for
  /// other devices that the engine holds: save() writes all of them. Without config.shapes those that `engine` is tuned
  /// for. Precision, passes and outputs stay as they are. Errors: InvalidArgument for shapes that do not fit;
  /// Unsupported for a device that is not there.
  Result<Engine> tune(const Engine& engine, const BuilderConfig& config = {}) const;
};

}  // namespace bolide
