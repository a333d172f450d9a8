// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/secret.hpp"

#include "lib/crypto/sodium_ready.hpp"

#include <sodium.h>

#include <cstring>
#include <utility>

namespace godwit::crypto {

SecretBytes::SecretBytes(std::size_t size_bytes) : size_(size_bytes)
{
    if (size_bytes == 0) return;
    sodium_ready();
    data_ = static_cast<std::uint8_t*>(sodium_malloc(size_bytes));
    GODWIT_ASSERT(data_ != nullptr);
    std::memset(data_, 0, size_bytes);
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0))
{
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept
{
    if (this != &other) {
        sodium_free(data_);
        data_ = std::exchange(other.data_, nullptr);
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

SecretBytes::~SecretBytes()
{
    sodium_free(data_);
} // wipes; nullptr is fine

SecretBytes SecretBytes::copy_of(BytesView bytes)
{
    SecretBytes out(bytes.size());
    if (!bytes.empty()) std::memcpy(out.data_, bytes.data(), bytes.size());
    return out;
}

SecretBytes SecretBytes::random(std::size_t size_bytes, port::Entropy& entropy)
{
    SecretBytes out(size_bytes);
    if (size_bytes > 0) entropy.fill(out.span());
    return out;
}

} // namespace godwit::crypto
