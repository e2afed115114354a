/// The shapes of the digits 0 to 9 as pen strokes, drawn for this project.
#pragma once

#include <array>
#include <span>

namespace bolide::demo {

/// A place in the unit square of one digit: x to the right, y down, both in 0..1.
struct Point {
  float x = 0;
  float y = 0;
};

/// One movement of the pen: straight lines from each point to the next.
using Stroke = std::span<const Point>;

namespace strokes {
inline constexpr Point kZero[] = {{0.55F, 0.07F}, {0.62F, 0.1F},  {0.69F, 0.16F}, {0.74F, 0.25F}, {0.77F, 0.35F},
                                  {0.79F, 0.46F}, {0.79F, 0.58F}, {0.76F, 0.69F}, {0.72F, 0.78F}, {0.67F, 0.86F},
                                  {0.6F, 0.91F},  {0.53F, 0.94F}, {0.45F, 0.93F}, {0.38F, 0.9F},  {0.31F, 0.84F},
                                  {0.26F, 0.75F}, {0.23F, 0.65F}, {0.21F, 0.54F}, {0.21F, 0.42F}, {0.24F, 0.31F},
                                  {0.28F, 0.22F}, {0.33F, 0.14F}, {0.4F, 0.09F},  {0.47F, 0.06F}, {0.55F, 0.07F}};

inline constexpr Point kOne[] = {{0.45F, 0.15F}, {0.55F, 0.06F}, {0.48F, 0.94F}};

inline constexpr Point kTwo[] = {{0.23F, 0.24F}, {0.26F, 0.18F}, {0.3F, 0.13F},  {0.36F, 0.09F}, {0.43F, 0.07F},
                                 {0.5F, 0.06F},  {0.57F, 0.07F}, {0.63F, 0.11F}, {0.68F, 0.15F}, {0.72F, 0.21F},
                                 {0.74F, 0.28F}, {0.74F, 0.35F}, {0.72F, 0.42F}, {0.62F, 0.56F}, {0.42F, 0.76F},
                                 {0.22F, 0.93F}, {0.82F, 0.91F}};

inline constexpr Point kThree[] = {
    {0.24F, 0.19F}, {0.29F, 0.12F}, {0.37F, 0.08F}, {0.45F, 0.06F}, {0.54F, 0.07F}, {0.62F, 0.1F},  {0.68F, 0.16F},
    {0.71F, 0.23F}, {0.72F, 0.31F}, {0.69F, 0.39F}, {0.63F, 0.45F}, {0.56F, 0.49F}, {0.47F, 0.5F},  {0.56F, 0.51F},
    {0.63F, 0.54F}, {0.7F, 0.58F},  {0.74F, 0.64F}, {0.76F, 0.7F},  {0.75F, 0.77F}, {0.72F, 0.83F}, {0.67F, 0.88F},
    {0.6F, 0.92F},  {0.51F, 0.94F}, {0.43F, 0.94F}, {0.34F, 0.92F}, {0.27F, 0.88F}, {0.22F, 0.83F}};

inline constexpr Point kFourLeft[] = {{0.34F, 0.08F}, {0.2F, 0.58F}, {0.82F, 0.56F}};

inline constexpr Point kFourRight[] = {{0.68F, 0.1F}, {0.62F, 0.94F}};

inline constexpr Point kFive[] = {{0.76F, 0.07F}, {0.34F, 0.07F}, {0.29F, 0.44F}, {0.3F, 0.44F},  {0.39F, 0.4F},
                                  {0.47F, 0.39F}, {0.56F, 0.41F}, {0.65F, 0.44F}, {0.71F, 0.51F}, {0.75F, 0.58F},
                                  {0.76F, 0.67F}, {0.74F, 0.75F}, {0.7F, 0.82F},  {0.64F, 0.88F}, {0.56F, 0.92F},
                                  {0.47F, 0.93F}, {0.38F, 0.92F}, {0.29F, 0.88F}, {0.23F, 0.81F}};

inline constexpr Point kSix[] = {
    {0.66F, 0.06F}, {0.5F, 0.14F},  {0.37F, 0.29F}, {0.27F, 0.5F},  {0.24F, 0.7F},  {0.25F, 0.77F}, {0.28F, 0.83F},
    {0.33F, 0.88F}, {0.39F, 0.92F}, {0.45F, 0.94F}, {0.53F, 0.94F}, {0.59F, 0.92F}, {0.65F, 0.88F}, {0.7F, 0.83F},
    {0.73F, 0.77F}, {0.74F, 0.7F},  {0.73F, 0.63F}, {0.7F, 0.57F},  {0.65F, 0.52F}, {0.59F, 0.48F}, {0.53F, 0.46F},
    {0.45F, 0.46F}, {0.39F, 0.48F}, {0.33F, 0.52F}, {0.28F, 0.57F}, {0.25F, 0.63F}, {0.24F, 0.7F}};

inline constexpr Point kSeven[] = {{0.2F, 0.1F}, {0.79F, 0.08F}, {0.62F, 0.42F}, {0.5F, 0.66F}, {0.43F, 0.94F}};

inline constexpr Point kEight[] = {
    {0.7F, 0.21F},  {0.67F, 0.15F}, {0.62F, 0.11F}, {0.56F, 0.08F}, {0.5F, 0.07F},  {0.43F, 0.08F},
    {0.38F, 0.11F}, {0.33F, 0.16F}, {0.3F, 0.21F},  {0.29F, 0.28F}, {0.3F, 0.34F},  {0.33F, 0.4F},
    {0.37F, 0.45F}, {0.43F, 0.48F}, {0.65F, 0.54F}, {0.7F, 0.58F},  {0.74F, 0.64F}, {0.76F, 0.69F},
    {0.76F, 0.76F}, {0.73F, 0.81F}, {0.69F, 0.87F}, {0.64F, 0.91F}, {0.57F, 0.93F}, {0.5F, 0.94F},
    {0.43F, 0.93F}, {0.36F, 0.91F}, {0.31F, 0.87F}, {0.27F, 0.81F}, {0.24F, 0.76F}, {0.24F, 0.69F},
    {0.26F, 0.64F}, {0.3F, 0.58F},  {0.35F, 0.54F}, {0.62F, 0.46F}, {0.69F, 0.37F}, {0.7F, 0.21F}};

inline constexpr Point kNine[] = {{0.72F, 0.24F}, {0.69F, 0.17F}, {0.65F, 0.12F}, {0.59F, 0.08F}, {0.53F, 0.06F},
                                  {0.46F, 0.06F}, {0.4F, 0.08F},  {0.34F, 0.12F}, {0.29F, 0.17F}, {0.26F, 0.23F},
                                  {0.25F, 0.29F}, {0.26F, 0.36F}, {0.28F, 0.42F}, {0.33F, 0.48F}, {0.39F, 0.52F},
                                  {0.45F, 0.54F}, {0.52F, 0.54F}, {0.58F, 0.52F}, {0.64F, 0.48F}, {0.69F, 0.43F},
                                  {0.72F, 0.37F}, {0.73F, 0.31F}, {0.72F, 0.24F}, {0.7F, 0.62F},  {0.6F, 0.94F}};
inline constexpr Stroke kZeroStrokes[] = {kZero};
inline constexpr Stroke kOneStrokes[] = {kOne};
inline constexpr Stroke kTwoStrokes[] = {kTwo};
inline constexpr Stroke kThreeStrokes[] = {kThree};
inline constexpr Stroke kFourStrokes[] = {kFourLeft, kFourRight};
inline constexpr Stroke kFiveStrokes[] = {kFive};
inline constexpr Stroke kSixStrokes[] = {kSix};
inline constexpr Stroke kSevenStrokes[] = {kSeven};
inline constexpr Stroke kEightStrokes[] = {kEight};
inline constexpr Stroke kNineStrokes[] = {kNine};
}  // namespace strokes

/// kDigitStrokes[d] are the strokes of the digit d.
inline constexpr std::array<std::span<const Stroke>, 10> kDigitStrokes = {
    strokes::kZeroStrokes, strokes::kOneStrokes, strokes::kTwoStrokes,   strokes::kThreeStrokes, strokes::kFourStrokes,
    strokes::kFiveStrokes, strokes::kSixStrokes, strokes::kSevenStrokes, strokes::kEightStrokes, strokes::kNineStrokes};

}  // namespace bolide::demo
