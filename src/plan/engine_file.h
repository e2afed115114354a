/// The engine file: a step graph with its weights, and per device what was chosen and measured. Data only, never code.
///
/// docs/engine-format.md gives the bytes. What is read is checked twice: digests against damage, then every offset,
/// count, index and type, so that a forged digest gains nothing. Reading takes time and memory in proportion to the
/// file.
#pragma once

#include "base/file.h"
#include "base/hash.h"
#include "plan/selector.h"

namespace bolide {

/// One step's decision, with the tactic by name.
struct StoredStep {
  std::string tactic;  ///< empty: none was chosen (views, concatenations, steps with bodies)
  int revision = 0;
  std::vector<std::optional<Order>> reformats;  ///< by input
  double us = 0;
  bool measured = false;
  bool operator==(const StoredStep&) const = default;
};

/// The decisions for one assignment of input sizes.
struct StoredVariant {
  std::vector<Dims> inputs;
  std::vector<Order> orders;  ///< by value of the step graph
  std::vector<StoredStep> steps;
  double total_us = 0;
  bool operator==(const StoredVariant&) const = default;
};

/// What is known about running the network on one device.
struct DeviceVariant {
  std::string backend;
  std::string fingerprint;
  int threads = 1;
  std::vector<StoredVariant> shapes;
  CostTable costs;
  std::int64_t arena_bytes = 0;  ///< of the largest tuned shape; 0 where nothing was planned
};

struct EngineFile {
  static constexpr std::uint32_t kMajor = 1;
  static constexpr std::uint32_t kMinor = 2;

  std::uint32_t major = kMajor;  ///< of the file that was read; files are written in this build's version
  std::uint32_t minor = kMinor;
  std::string producer;    ///< "bolide 0.1.0"
  Digest model;            ///< of the model file's bytes
  std::string model_info;  ///< where the model came from, for printing
  std::map<std::string, std::string> metadata;
  std::shared_ptr<const StepGraph> graph;
  std::vector<DeviceVariant> variants;
};

/// Equal engines give equal bytes. Errors: InvalidArgument without a graph or for one nested more than 16 deep;
/// from writing: base/file.h. The old file stays as it was on any error.
Status write_engine(const std::filesystem::path& path, const EngineFile& engine);
/// The same into memory.
Result<std::vector<std::byte>> engine_bytes(const EngineFile& engine);

/// Constants (but strings) borrow the file's memory and keep it mapped. Errors: BadFile; Unsupported for another major
/// version (with both numbers) and for operators this build does not have.
Result<EngineFile> read_engine(const std::shared_ptr<const MappedFile>& file);
/// The same from memory that `owner` keeps alive. Bytes that do not start at a multiple of 64 are copied.
Result<EngineFile> read_engine(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);

/// A decision as a file keeps it.
StoredVariant store_variant(const Variant& variant);
/// The stored decisions with this build's tactics. A shape that names a tactic this build lacks or has in another
/// revision is left out with a warning: the cost model chooses there. A step by a library of another version, or one
/// that is not on this machine, is left without a tactic, with a warning. Errors: BadFile for decisions that do not fit
/// the graph.
Result<std::vector<Variant>> bind_variants(const DeviceVariant& device, const StepGraph& graph, const Backend& backend);

}  // namespace bolide
