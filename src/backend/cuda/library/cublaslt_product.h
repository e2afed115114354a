/// A product with its epilogue as cuBLASLt is asked for it.
#pragma once

#include "backend/cuda/contraction/gemm_view.h"
#include "backend/cuda/library/cublaslt_api.h"
#include "backend/cuda/library/epilogue_form.h"

#include <map>
#include <mutex>

namespace bolide::cuda {

/// Rows of the result are columns to cuBLASLt: d[n, m] = op(weights) * rows[k, m].
struct CublasLtShape {
  CublasType type = CublasType::kF16;
  CublasCompute compute = CublasCompute::kF32;
  CublasLtEpilogue epilogue = CublasLtEpilogue::kNone;
  bool weights_transposed = true;  ///< columns of k lie together
  std::int64_t m = 0, n = 0, k = 0, batches = 1;
  std::int64_t rows_distance = 0, weights_distance = 0, c_distance = 0, y_distance = 0;
  std::int64_t rows_batch = 0, weights_batch = 0, c_batch = 0, y_batch = 0;
  EpilogueForm form;
};
/// Errors: Unsupported with what cuBLASLt is not asked for.
Result<CublasLtShape> cublaslt_shape(const Problem& problem, const GemmView& view);

/// The descriptors of a shape, destroyed with it.
class CublasLtCall {
 public:
  /// `bias` (null: a stand-in, aligned to 16 bytes) is of a run.
  static Result<CublasLtCall> make(const CublasLtApi& api, const CublasLtShape& shape, const void* bias);
  CublasLtCall(CublasLtCall&& other) noexcept;
  CublasLtCall& operator=(CublasLtCall&&) = delete;
  ~CublasLtCall();

  /// The algorithms that cuBLASLt proposes, best first: at most `most`, those that sum in f32 only.
  Result<std::vector<CublasLtChoice>> choices(CublasLtHandle handle, int most) const;
  Status run(CublasLtHandle handle, const CublasLtAlgorithm& algorithm, const void* rows, const void* weights,
             const void* c, void* y, void* workspace, std::size_t workspace_bytes, StreamHandle stream) const;

 private:
  CublasLtCall(const CublasLtApi& api, const CublasLtShape& shape) : api_(&api), has_c_(shape.form.rows >= 0) {}
  Status fill(const CublasLtShape& shape, const void* bias);
  Status layout(CublasLtLayout& to, CublasType type, std::int64_t rows, std::int64_t columns, std::int64_t distance,
                std::int64_t batches, std::int64_t batch);

  const CublasLtApi* api_;
  bool has_c_;
  CublasLtProduct product_ = nullptr;
  CublasLtLayout weights_ = nullptr;
  CublasLtLayout rows_ = nullptr;
  CublasLtLayout c_ = nullptr;
  CublasLtLayout y_ = nullptr;
};

/// cuBLASLt on one device. Any thread.
class CublasLtDevice final : public CudaDevice::Attachment {
 public:
  /// The one of a device, made on first use. Errors: as cublaslt_api(); what cublasLtCreate says.
  static Result<CublasLtDevice*> of(CudaDevice& device);
  ~CublasLtDevice() override;
  const CublasLtApi& api() const { return api_; }
  CublasLtHandle handle() const { return handle_; }
  /// Algorithm number `index` of those that cuBLASLt proposes for a problem of that key. Errors: Unsupported where
  /// there is none.
  Result<CublasLtChoice> choice(const CublasLtShape& shape, const std::string& key, std::size_t index);

 private:
  explicit CublasLtDevice(const CublasLtApi& api) : api_(api) {}
  const CublasLtApi& api_;
  CublasLtHandle handle_ = nullptr;
  std::mutex mutex_;
  std::map<std::string, std::vector<CublasLtChoice>> choices_;  // asking takes milliseconds
};

}  // namespace bolide::cuda
