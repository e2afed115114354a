#include "cli/demo/picture.h"

#include <algorithm>
#include <cmath>

namespace bolide::demo {
namespace {

constexpr std::uint8_t kInkFloor = 32;  // a pixel below is paper
constexpr int kSpeck = 4;               // fewer ink pixels are no digit
constexpr int kBox = 20;                // longer side of the scaled digit

std::size_t at(const Image& image, int x, int y) {
  return static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(x);
}

bool ink(const Image& image, int x, int y) { return image.pixels[at(image, x, y)] >= kInkFloor; }

// The share of each of `from` source pixels in pixel `i` of `to`: a triangle as wide as the coarser of both grids.
struct Share {
  int first = 0;
  std::vector<float> weights;
};
Share share_of(int i, int from, int to) {
  const float ratio = static_cast<float>(from) / static_cast<float>(to);
  const float reach = std::max(1.0F, ratio);
  const float centre = (static_cast<float>(i) + 0.5F) * ratio - 0.5F;
  const int first = std::max(0, static_cast<int>(std::ceil(centre - reach)));
  const int last = std::min(from - 1, static_cast<int>(std::floor(centre + reach)));
  Share share{first, {}};
  float sum = 0;
  for (int j = first; j <= last; ++j) {
    share.weights.push_back(std::max(0.0F, 1 - std::abs(static_cast<float>(j) - centre) / reach));
    sum += share.weights.back();
  }
  for (float& weight : share.weights) weight /= sum;
  return share;
}

// The cut's box as `width` x `height` values in 0..1, columns scaled first.
std::vector<float> scaled(const Image& image, const DigitCut& cut, int width, int height) {
  const std::size_t columns = static_cast<std::size_t>(width);
  std::vector<float> wide(columns * static_cast<std::size_t>(cut.height));
  for (int x = 0; x < width; ++x) {
    const Share share = share_of(x, cut.width, width);
    for (int y = 0; y < cut.height; ++y) {
      float sum = 0;
      for (std::size_t k = 0; k < share.weights.size(); ++k) {
        const int column = cut.left + share.first + static_cast<int>(k);
        sum += share.weights[k] * static_cast<float>(image.pixels[at(image, column, cut.top + y)]) / 255;
      }
      wide[static_cast<std::size_t>(y) * columns + static_cast<std::size_t>(x)] = sum;
    }
  }
  std::vector<float> out(columns * static_cast<std::size_t>(height));
  for (int y = 0; y < height; ++y) {
    const Share share = share_of(y, cut.height, height);
    for (std::size_t x = 0; x < columns; ++x) {
      float sum = 0;
      for (std::size_t k = 0; k < share.weights.size(); ++k) {
        sum += share.weights[k] * wide[(static_cast<std::size_t>(share.first) + k) * columns + x];
      }
      out[static_cast<std::size_t>(y) * columns + x] = sum;
    }
  }
  return out;
}

// Where a box of `size` begins so that its mass, `centre` from its begin, lies in the middle and nothing is cut off.
int begin_of(float centre, int size) {
  const int begin = static_cast<int>(std::lround(kDigitSide / 2.0F - centre));
  return std::clamp(begin, 0, kDigitSide - size);
}

void fill_pixels(const Image& image, DigitCut& cut) {
  const int longer = std::max(cut.width, cut.height);
  const auto shrink = [longer](int side) {
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(side) * kBox / longer)));
  };
  const int width = shrink(cut.width);
  const int height = shrink(cut.height);
  const std::vector<float> box = scaled(image, cut, width, height);
  float mass = 0;
  float mass_x = 0;
  float mass_y = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float value = box[static_cast<std::size_t>(y * width + x)];
      mass += value;
      mass_x += value * (static_cast<float>(x) + 0.5F);
      mass_y += value * (static_cast<float>(y) + 0.5F);
    }
  }
  const int left = begin_of(mass_x / mass, width);
  const int top = begin_of(mass_y / mass, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      cut.pixels[static_cast<std::size_t>((top + y) * kDigitSide + left + x)] =
          box[static_cast<std::size_t>(y * width + x)];
    }
  }
}

}  // namespace

Result<std::vector<DigitCut>> cut_digits(const Image& row) {
  if (const Status checked = check_image(row); !checked) return checked.error();
  std::vector<int> ink_in_column(static_cast<std::size_t>(row.width));
  for (int y = 0; y < row.height; ++y) {
    for (int x = 0; x < row.width; ++x) ink_in_column[static_cast<std::size_t>(x)] += ink(row, x, y) ? 1 : 0;
  }
  std::vector<DigitCut> cuts;
  for (int x = 0; x < row.width;) {
    int end = x;
    int ink_pixels = 0;
    for (; end < row.width && ink_in_column[static_cast<std::size_t>(end)] > 0; ++end) {
      ink_pixels += ink_in_column[static_cast<std::size_t>(end)];
    }
    if (ink_pixels >= kSpeck) {
      const auto has_ink = [&](int y) {
        for (int k = x; k < end; ++k) {
          if (ink(row, k, y)) return true;
        }
        return false;
      };
      int top = 0;
      while (!has_ink(top)) ++top;
      int bottom = row.height - 1;
      while (!has_ink(bottom)) --bottom;
      DigitCut& cut = cuts.emplace_back(DigitCut{x, top, end - x, bottom - top + 1, {}});
      fill_pixels(row, cut);
    }
    x = std::max(end, x + 1);
  }
  return cuts;
}

}  // namespace bolide::demo
