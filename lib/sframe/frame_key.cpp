// SPDX-License-Identifier: Apache-2.0
#include "lib/sframe/frame_key.hpp"

#include "lib/base/check.hpp"

#include <algorithm>
#include <limits>

namespace godwit::sframe {
namespace {

/// Section 4.4.3: the salt XOR the CTR as a number of Nn bytes.
WipedBytes nonce_for(BytesView salt, std::uint64_t ctr)
{
    WipedBytes out(salt.begin(), salt.end());
    for (std::size_t i = 0; i < 8; ++i)
        out[out.size() - 1 - i] ^= static_cast<std::uint8_t>(ctr >> (8 * i));
    return out;
}

/// header + metadata.
Bytes aad_of(BytesView header, BytesView metadata)
{
    Bytes out = to_bytes(header);
    append(out, metadata);
    return out;
}

} // namespace

SendKey::SendKey(CipherSuite suite, std::uint64_t kid, BytesView base_key, std::uint64_t next_ctr)
    : suite_(suite), kid_(kid), keys_(derive_key_salt(suite, kid, base_key)), next_ctr_(next_ctr)
{
}

std::optional<Bytes> SendKey::encrypt(BytesView metadata, BytesView frame)
{
    if (frame.size() > frame_bytes_max || metadata.size() > frame_bytes_max) return std::nullopt;
    // The last value is not used: the counter could not go on from it.
    if (next_ctr_ == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    Bytes out = encode_header({kid_, next_ctr_});
    append(out, aead_encrypt(suite_, keys_.key, nonce_for(keys_.salt, next_ctr_), aad_of(out, metadata), frame));
    ++next_ctr_;
    return out;
}

ReceiveKey::ReceiveKey(CipherSuite suite, std::uint64_t kid, BytesView base_key)
    : suite_(suite), kid_(kid), keys_(derive_key_salt(suite, kid, base_key))
{
}

Decrypted ReceiveKey::decrypt(BytesView metadata, BytesView ciphertext)
{
    using Verdict = Decrypted::Verdict;
    Decrypted out;
    const std::size_t tag_bytes = parameters_of(suite_)->nt;
    const auto parsed = decode_header(ciphertext);
    if (!parsed || metadata.size() > frame_bytes_max || ciphertext.size() < parsed->size_bytes + tag_bytes ||
        ciphertext.size() - parsed->size_bytes - tag_bytes > frame_bytes_max)
        return out;
    out.header = parsed->header;
    if (out.header.kid != kid_) {
        out.verdict = Verdict::unknown_key;
        return out;
    }
    if (is_replay(out.header.ctr)) {
        out.verdict = Verdict::replayed;
        return out;
    }
    const auto frame =
        aead_decrypt(suite_, keys_.key, nonce_for(keys_.salt, out.header.ctr),
                     aad_of(ciphertext.first(parsed->size_bytes), metadata), ciphertext.subspan(parsed->size_bytes));
    if (!frame) {
        out.verdict = Verdict::forged;
        return out;
    }
    mark(out.header.ctr);
    out.verdict = Verdict::opened;
    out.frame.assign(frame->begin(), frame->end());
    return out;
}

bool ReceiveKey::is_replay(std::uint64_t ctr) const noexcept
{
    if (ctr > newest_) return false;
    if (newest_ - ctr >= replay_window) return true;
    return (seen_[ctr / 64 % ring_words] >> (ctr % 64) & 1) != 0;
}

void ReceiveKey::mark(std::uint64_t ctr) noexcept
{
    if (ctr > newest_) {
        // The words between are of counters that have not come.
        const std::uint64_t words = std::min<std::uint64_t>(ctr / 64 - newest_ / 64, ring_words);
        for (std::uint64_t i = 0; i < words; ++i)
            seen_[(ctr / 64 - i) % ring_words] = 0;
        newest_ = ctr;
    }
    seen_[ctr / 64 % ring_words] |= std::uint64_t{1} << (ctr % 64);
}

} // namespace godwit::sframe
