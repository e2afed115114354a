#include "backend/cuda/library/cublaslt_product.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

constexpr std::uint64_t kMostWorkspace = std::uint64_t{32} << 20;

Result<CublasLtEpilogue> epilogue_of(const EpilogueForm& form) {
  const bool bias = form.vector >= 0;
  if (form.rows_last) return unsupported("an operand added after the activation");
  if (form.upper) return unsupported("an activation with an upper limit");
  switch (form.activation) {
    case Activation::kNone: return bias ? CublasLtEpilogue::kBias : CublasLtEpilogue::kNone;
    case Activation::kRelu: return bias ? CublasLtEpilogue::kReluBias : CublasLtEpilogue::kRelu;
    case Activation::kGeluTanh: return bias ? CublasLtEpilogue::kGeluBias : CublasLtEpilogue::kGelu;
    case Activation::kGelu: return unsupported("GELU by erf; cuBLASLt has the form by tanh");
    default: return unsupported("an activation that cuBLASLt has not");
  }
}

}  // namespace

Result<CublasLtShape> cublaslt_shape(const Problem&, const GemmView& view) {
  const GemmProblem& gemm = view.gemm;
  CublasLtShape shape;
  if (!view.linear || !view.y_linear) return unsupported("rows of x or y that do not lie at one distance");
  if (view.a_unit < 16 || view.b_unit < 16 || !view.y_vectors)
    return unsupported("rows that are not aligned to 16 bytes");
  if (gemm.y_format != gemm.a_format) return unsupported("a result of another dtype");
  if (gemm.batch0 != 1 && gemm.batch1 != 1) return unsupported("two batch dims");
  TRY(shape.form, epilogue_form(gemm));
  TRY(shape.epilogue, epilogue_of(shape.form));
  constexpr CublasType kTypes[] = {CublasType::kF16, CublasType::kBF16, CublasType::kF32};  // by format
  shape.type = kTypes[gemm.a_format];
  shape.compute = gemm.a_format == 2 ? CublasCompute::kF32FastTf32 : CublasCompute::kF32;
  shape.m = gemm.m();
  shape.n = gemm.n;
  shape.k = gemm.c;
  shape.batches = gemm.batches();
  const bool outer = gemm.batch0 != 1;
  shape.weights_transposed = !view.b_rows_of_k;
  shape.rows_distance = std::max(view.args.as.pixel, shape.k);
  shape.weights_distance = std::max(view.args.b_row, shape.weights_transposed ? shape.k : shape.n);
  shape.y_distance = std::max(view.args.ys.pixel, shape.n);
  shape.c_distance = shape.y_distance;
  shape.rows_batch = outer ? view.args.as.batch0 : view.args.as.batch1;
  shape.weights_batch = outer ? view.args.b_batch0 : view.args.b_batch1;
  shape.y_batch = outer ? view.args.ys.batch0 : view.args.ys.batch1;
  shape.c_batch = shape.y_batch;
  if (shape.batches > 1 && shape.y_batch == 0) return unsupported("batches that lie on each other");
  if (shape.form.vector >= 0) {
    const GemmExtra& bias = gemm.extras[static_cast<std::size_t>(shape.form.vector)];
    if (bias.format != gemm.y_format) return unsupported("a bias of another dtype");
    if (shape.batches > 1 && (bias.strides.batch0 != 0 || bias.strides.batch1 != 0))
      return unsupported("a bias for every batch");
  }
  if (shape.form.rows >= 0) {
    const auto at = static_cast<std::size_t>(shape.form.rows);
    const GemmExtra& rows = gemm.extras[at];
    const DeviceExtra& placed = view.args.extra[at];
    shape.c_distance = std::max(placed.pixel, shape.n);
    shape.c_batch = outer ? placed.batch0 : placed.batch1;
    if (rows.format != gemm.y_format) return unsupported("an operand of the epilogue of another dtype");
    if (common_unit({shape.c_distance, shape.c_batch}, format_bytes(rows.format)) < 16)
      return unsupported("an operand of the epilogue that is not aligned to 16 bytes");
  }
  return shape;
}

CublasLtCall::CublasLtCall(CublasLtCall&& other) noexcept
    : api_(other.api_),
      has_c_(other.has_c_),
      product_(std::exchange(other.product_, nullptr)),
      weights_(std::exchange(other.weights_, nullptr)),
      rows_(std::exchange(other.rows_, nullptr)),
      c_(std::exchange(other.c_, nullptr)),
      y_(std::exchange(other.y_, nullptr)) {}

CublasLtCall::~CublasLtCall() {
  if (product_ != nullptr) api_->product_destroy(product_);
  for (CublasLtLayout layout : {weights_, rows_, c_, y_}) {
    if (layout != nullptr) api_->layout_destroy(layout);
  }
}

Result<CublasLtCall> CublasLtCall::make(const CublasLtApi& api, const CublasLtShape& shape, const void* bias) {
  CublasLtCall call(api, shape);
  TRY_OK(call.fill(shape, bias));
  return call;
}

Status CublasLtCall::layout(CublasLtLayout& to, CublasType type, std::int64_t rows, std::int64_t columns,
                            std::int64_t distance, std::int64_t batches, std::int64_t batch) {
  TRY_OK(api_->check(
      api_->layout_create(&to, type, static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns), distance),
      "cublasLtMatrixLayoutCreate"));
  if (batches == 1) return {};
  const auto count = static_cast<std::int32_t>(batches);
  TRY_OK(api_->check(api_->layout_set(to, CublasLtLayoutAttribute::kBatchCount, &count, sizeof(count)),
                     "cublasLtMatrixLayoutSetAttribute(batch count)"));
  return api_->check(api_->layout_set(to, CublasLtLayoutAttribute::kBatchStride, &batch, sizeof(batch)),
                     "cublasLtMatrixLayoutSetAttribute(batch stride)");
}

Status CublasLtCall::fill(const CublasLtShape& shape, const void* bias) {
  const std::int64_t batches = shape.batches;
  TRY_OK(api_->check(api_->product_create(&product_, shape.compute, CublasType::kF32), "cublasLtMatmulDescCreate"));
  const auto set = [&](CublasLtProductAttribute attribute, const void* value, std::size_t bytes) {
    return api_->check(api_->product_set(product_, attribute, value, bytes), "cublasLtMatmulDescSetAttribute");
  };
  const std::int32_t transpose = shape.weights_transposed ? 1 : 0;
  TRY_OK(set(CublasLtProductAttribute::kTransposeA, &transpose, sizeof(transpose)));
  TRY_OK(set(CublasLtProductAttribute::kEpilogue, &shape.epilogue, sizeof(shape.epilogue)));
  if (shape.form.vector >= 0) {
    if (bias == nullptr) bias = reinterpret_cast<const void*>(std::uintptr_t{16});
    TRY_OK(set(CublasLtProductAttribute::kBiasPointer, &bias, sizeof(bias)));
  }
  if (shape.weights_transposed) {
    TRY_OK(layout(weights_, shape.type, shape.k, shape.n, shape.weights_distance, batches, shape.weights_batch));
  } else {
    TRY_OK(layout(weights_, shape.type, shape.n, shape.k, shape.weights_distance, batches, shape.weights_batch));
  }
  TRY_OK(layout(rows_, shape.type, shape.k, shape.m, shape.rows_distance, batches, shape.rows_batch));
  TRY_OK(layout(c_, shape.type, shape.n, shape.m, shape.c_distance, batches, shape.c_batch));
  return layout(y_, shape.type, shape.n, shape.m, shape.y_distance, batches, shape.y_batch);
}

Result<std::vector<CublasLtChoice>> CublasLtCall::choices(CublasLtHandle handle, int most) const {
  CublasLtPreference preference = nullptr;
  TRY_OK(api_->check(api_->preference_create(&preference), "cublasLtMatmulPreferenceCreate"));
  const auto ask = [&]() -> Result<std::vector<CublasLtChoice>> {
    const auto set = [&](CublasLtPreferenceAttribute attribute, const auto& value) {
      return api_->check(api_->preference_set(preference, attribute, &value, sizeof(value)),
                         "cublasLtMatmulPreferenceSetAttribute");
    };
    constexpr std::uint32_t kInComputeType = 2;
    constexpr std::uint32_t kAlignment = 16;
    TRY_OK(set(CublasLtPreferenceAttribute::kMostWorkspace, kMostWorkspace));
    TRY_OK(set(CublasLtPreferenceAttribute::kReductions, kInComputeType));
    for (const auto attribute : {CublasLtPreferenceAttribute::kAlignmentA, CublasLtPreferenceAttribute::kAlignmentB,
                                 CublasLtPreferenceAttribute::kAlignmentC, CublasLtPreferenceAttribute::kAlignmentD})
      TRY_OK(set(attribute, kAlignment));
    std::vector<CublasLtChoice> found(static_cast<std::size_t>(most));
    int count = 0;
    TRY_OK(api_->check(api_->choose(handle, product_, weights_, rows_, c_, y_, preference, most, found.data(), &count),
                       "cublasLtMatmulAlgoGetHeuristic"));
    found.resize(static_cast<std::size_t>(std::clamp(count, 0, most)));
    std::erase_if(found, [](const CublasLtChoice& choice) { return choice.status != 0; });
    return found;
  };
  auto found = ask();
  api_->preference_destroy(preference);
  return found;
}

Status CublasLtCall::run(CublasLtHandle handle, const CublasLtAlgorithm& algorithm, const void* rows,
                         const void* weights, const void* c, void* y, void* workspace, std::size_t workspace_bytes,
                         StreamHandle stream) const {
  const float one = 1;
  const float beta = has_c_ ? 1.0F : 0.0F;
  return api_->check(api_->multiply(handle, product_, &one, weights, weights_, rows, rows_, &beta, has_c_ ? c : y, c_,
                                    y, y_, &algorithm, workspace, workspace_bytes, stream),
                     "cublasLtMatmul");
}

Result<CublasLtDevice*> CublasLtDevice::of(CudaDevice& device) {
  TRY(CudaDevice::Attachment* const attachment,
      device.attachment("cublaslt", [](CudaDevice&) -> Result<std::unique_ptr<CudaDevice::Attachment>> {
        TRY(const CublasLtApi* api, cublaslt_api());
        auto made = std::unique_ptr<CublasLtDevice>(new CublasLtDevice(*api));
        TRY_OK(api->check(api->create(&made->handle_), "cublasLtCreate"));
        return std::unique_ptr<CudaDevice::Attachment>(std::move(made));
      }));
  return static_cast<CublasLtDevice*>(attachment);
}

CublasLtDevice::~CublasLtDevice() {
  if (handle_ != nullptr) api_.destroy(handle_);
}

Result<CublasLtChoice> CublasLtDevice::choice(const CublasLtShape& shape, const std::string& key, std::size_t index) {
  constexpr int kMost = 8;
  constexpr std::size_t kMostKnown = 1024;
  const std::lock_guard lock(mutex_);
  auto known = choices_.find(key);
  if (known == choices_.end()) {
    TRY(const CublasLtCall call, CublasLtCall::make(api_, shape, nullptr));
    TRY(auto choices, call.choices(handle_, kMost));
    if (choices_.size() >= kMostKnown) choices_.clear();
    known = choices_.emplace(key, std::move(choices)).first;
  }
  if (index >= known->second.size()) return unsupported("cuBLASLt proposes ", known->second.size(), " algorithms");
  return known->second[index];
}

}  // namespace bolide::cuda
