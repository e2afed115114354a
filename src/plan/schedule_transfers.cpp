#include "plan/schedule_builder.h"

namespace bolide {

int ScheduleBuilder::add_host_buffer(Kind kind, int index, std::int64_t bytes) {
  const int buffer = add_buffer(kind, index, bytes);
  schedule_.buffers.back().on_host = true;
  return buffer;
}

void ScheduleBuilder::add_transfer(const std::string& name, Transfer direction, const Operand& operand, Place from,
                                   Place to) {
  ScheduledStep step{.name = name, .transfer = direction};
  step.problem = copy_problem(operand, operand.strides, schedule_.threads);
  step.inputs = {from};
  step.outputs = {to};
  step.us = backend_.transfer_us(bytes_of(operand));
  ++schedule_.copies;
  push(std::move(step));
}

Result<std::vector<ScheduleBuilder::Delivery>> ScheduleBuilder::move_to_host(ScheduledStep& step) {
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    Operand& operand = step.problem.inputs[i];
    if (operand.absent || step.inputs[i].buffer == kNone) continue;
    if (operand.dtype == DataType::kString) return no_strings(step.name);
    TRY_OK(mirror(step.name, operand, step.inputs[i]));
  }
  std::vector<Delivery> deliveries;
  for (std::size_t o = 0; o < step.outputs.size(); ++o) {
    Operand& operand = step.problem.outputs[o];
    if (operand.absent || step.outputs[o].buffer == kNone) continue;
    if (operand.dtype == DataType::kString) return no_strings(step.name);
    Delivery delivery{.name = step.name, .to = step.outputs[o], .expected = operand};
    if (!dense(operand)) operand.strides = contiguous_strides(operand.dims);
    step.outputs[o] = {add_host_buffer(Kind::kArena, kNone, bytes_of(operand)), 0};
    delivery.from = step.outputs[o];
    delivery.written = operand;
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

Error ScheduleBuilder::no_strings(const std::string& step) const {
  return unsupported("step '", step, "' works on strings, which ", backend_.name(), " cannot hold; use the CPU");
}

Status ScheduleBuilder::mirror(const std::string& name, Operand& operand, Place& at) {
  if (const int buffer = at.buffer; schedule_.buffers[static_cast<std::size_t>(buffer)].kind == Kind::kConstant) {
    const int constant = schedule_.buffers[static_cast<std::size_t>(buffer)].index;
    const auto [known, fresh] = host_constants_.try_emplace(constant, kNone);
    if (fresh) {
      known->second =
          add_host_buffer(Kind::kConstant, constant, schedule_.buffers[static_cast<std::size_t>(buffer)].bytes);
    }
    at.buffer = known->second;
    return {};
  }
  if (const int buffer = at.buffer; schedule_.buffers[static_cast<std::size_t>(buffer)].kind == Kind::kKnown) {
    const int value = schedule_.buffers[static_cast<std::size_t>(buffer)].index;
    const auto [host, fresh] = host_known_.try_emplace(value, kNone);
    if (fresh)
      host->second = add_host_buffer(Kind::kKnown, value, schedule_.buffers[static_cast<std::size_t>(buffer)].bytes);
    at.buffer = host->second;
    return {};
  }
  for (const Mirror& known : mirrors_) {
    if (known.device.buffer != at.buffer || known.device.offset != at.offset || known.dims != operand.dims) continue;
    if (!same_strides(operand.dims, known.device_strides, operand.strides)) continue;
    at = known.host;
    operand.strides = known.strides;
    return {};
  }
  Mirror made{.device = at, .dims = operand.dims, .device_strides = operand.strides};
  if (!dense(operand)) {
    // A part of something larger: gathered on the device first.
    const Place whole = {add_buffer(Kind::kArena, kNone, bytes_of(operand)), 0};
    ScheduledStep gather{.name = name};
    gather.problem = copy_problem(operand, contiguous_strides(operand.dims), schedule_.threads);
    gather.problem.inputs[0].constant = nullptr;
    gather.inputs = {at};
    gather.outputs = {whole};
    ++schedule_.copies;
    TRY_OK(finish(std::move(gather), nullptr, "copy"));
    at = whole;
    operand.strides = contiguous_strides(operand.dims);
  }
  const Place host = {add_host_buffer(Kind::kArena, kNone, bytes_of(operand)), 0};
  add_transfer(name, Transfer::kToHost, operand, at, host);
  at = host;
  made.host = host;
  made.strides = operand.strides;
  mirrors_.push_back(std::move(made));
  return {};
}

Status ScheduleBuilder::deliver(Delivery delivery) {
  if (delivery.written.count() == 0) return {};
  mirrors_.push_back({.device = delivery.to,
                      .dims = delivery.expected.dims,
                      .device_strides = delivery.expected.strides,
                      .host = delivery.from,
                      .strides = delivery.written.strides});
  if (dense(delivery.expected)) {
    add_transfer(delivery.name, Transfer::kToDevice, delivery.written, delivery.from, delivery.to);
    return {};
  }
  const Place whole = {add_buffer(Kind::kArena, kNone, bytes_of(delivery.written)), 0};
  add_transfer(delivery.name, Transfer::kToDevice, delivery.written, delivery.from, whole);
  ScheduledStep spread{.name = delivery.name};
  spread.problem = copy_problem(delivery.written, delivery.expected.strides, schedule_.threads);
  spread.inputs = {whole};
  spread.outputs = {delivery.to};
  ++schedule_.copies;
  return finish(std::move(spread), nullptr, "copy");
}

}  // namespace bolide
