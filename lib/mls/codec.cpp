// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/codec.hpp"
#include "lib/base/check.hpp"

namespace godwit::mls {
namespace {

struct LengthHeader {
    std::uint8_t bytes[4];
    std::size_t size;
};

LengthHeader length_header(std::size_t length)
{
    GODWIT_ASSERT(length <= vector_bytes_max);
    const auto octet = [&](int shift) { return static_cast<std::uint8_t>((length >> shift) & 0xff); };
    if (length < 64) return {{octet(0), 0, 0, 0}, 1};
    if (length < 16384) return {{static_cast<std::uint8_t>(0x40 | octet(8)), octet(0), 0, 0}, 2};
    return {{static_cast<std::uint8_t>(0x80 | octet(24)), octet(16), octet(8), octet(0)}, 4};
}

} // namespace

void Writer::opaque(BytesView bytes)
{
    const LengthHeader header = length_header(bytes.size());
    raw(BytesView(header.bytes, header.size));
    raw(bytes);
}

void Writer::integer(std::uint64_t value, std::size_t size_bytes)
{
    for (std::size_t i = size_bytes; i-- > 0;)
        out_.push_back(static_cast<std::uint8_t>((value >> (8 * i)) & 0xff));
}

void Writer::insert_length(std::size_t start)
{
    const LengthHeader header = length_header(out_.size() - start);
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(start), header.bytes, header.bytes + header.size);
}

BytesView Reader::raw(std::size_t size_bytes)
{
    if (error_ != MlsError::none || size_bytes > in_.size()) {
        fail(MlsError::truncated);
        return {};
    }
    const BytesView out = in_.first(size_bytes);
    in_ = in_.subspan(size_bytes);
    return out;
}

std::uint64_t Reader::integer(std::size_t size_bytes)
{
    std::uint64_t out = 0;
    for (const auto octet : raw(size_bytes))
        out = (out << 8) | octet;
    return out;
}

// ReadVarint of section 2.1.2.
std::size_t Reader::length()
{
    const auto first = static_cast<std::uint8_t>(integer(1));
    const unsigned prefix = first >> 6;
    if (prefix == 3) {
        fail(MlsError::invalid_varint);
        return 0;
    }
    std::size_t value = first & 0x3f;
    for (const auto octet : raw((std::size_t{1} << prefix) - 1))
        value = (value << 8) | octet;
    if ((prefix == 1 && value < 64) || (prefix == 2 && value < 16384))
        if (error_ == MlsError::none) {
            fail(MlsError::invalid_varint);
            return 0;
        }
    return error_ == MlsError::none ? value : 0;
}

BytesView Reader::opaque()
{
    return raw(length());
}

bool Reader::boolean()
{
    const std::uint64_t octet = integer(1);
    require(octet <= 1, MlsError::invalid_optional);
    return octet == 1;
}

} // namespace godwit::mls
