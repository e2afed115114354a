/// Marks what the shared library exports.
#pragma once

#define BOLIDE_API __attribute__((visibility("default")))
