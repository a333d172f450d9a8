// SPDX-License-Identifier: Apache-2.0
#include "media/base/picture.hpp"

#include "lib/base/check.hpp"

#include <algorithm>

namespace godwit::media {

Picture::Picture(int width, int height) : width_(width), height_(height)
{
    GODWIT_ASSERT(is_picture_size(width, height));
    constexpr std::uint8_t black = 16, grey = 128;
    bytes_.assign(bytes_of(width, height), black);
    std::fill(bytes_.begin() + static_cast<std::ptrdiff_t>(luma_bytes()), bytes_.end(), grey);
}

PictureView Picture::view() const noexcept
{
    const std::uint8_t* const y = bytes_.data();
    return {width_,         height_,       y, y + luma_bytes(), y + luma_bytes() + chroma_bytes(), width_,
            chroma_width(), chroma_width()};
}

bool Picture::assign(BytesView planes)
{
    if (planes.size() != bytes_.size()) return false;
    std::copy(planes.begin(), planes.end(), bytes_.begin());
    return true;
}

} // namespace godwit::media
