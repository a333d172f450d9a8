// SPDX-License-Identifier: Apache-2.0
#include "lib/archive/stream.hpp"

#include "lib/base/check.hpp"
#include "lib/crypto/aead.hpp"
#include "lib/crypto/hash.hpp"
#include "lib/crypto/password.hpp"

#include <algorithm>

namespace godwit::archive {
namespace {

constexpr std::string_view magic = "godwit archive\n";
constexpr std::uint8_t version = 1;
constexpr std::size_t length_bytes = 4;
constexpr std::size_t salt_bytes = 16;
constexpr std::uint32_t last_bit = 1U << 31;
/// More than any that this version makes, and little enough for a phone.
constexpr std::uint64_t reading_memory_bytes_max = 256ULL * 1024 * 1024;
static_assert(head_bytes == magic.size() + 2 + 8 + salt_bytes);

void put_number(Bytes& out, std::uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t number_in(BytesView bytes)
{
    std::uint32_t out = 0;
    for (const auto byte : bytes.first(length_bytes))
        out = out << 8 | byte;
    return out;
}

std::array<std::uint8_t, crypto::xchacha_nonce_bytes> nonce_of(std::uint64_t number)
{
    std::array<std::uint8_t, crypto::xchacha_nonce_bytes> out{};
    for (std::size_t i = 0; i < 8; ++i)
        out[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
    return out;
}

Error bad(ErrorCode code, std::string detail)
{
    return {code, std::move(detail), 0};
}

Result<void> check(const Secret& secret)
{
    if (secret.kind == Secret::Kind::key && secret.bytes.size() != key_bytes)
        return bad(ErrorCode::invalid_argument, "the key of an archive has 32 bytes");
    if (secret.kind == Secret::Kind::passphrase) return crypto::check_password("passphrase", secret.bytes);
    return {};
}

/// The key of all chunks: from the root, and from every byte of the head.
crypto::SecretArray<key_bytes> key_of(BytesView head, BytesView root)
{
    constexpr std::string_view context = "godwit archive 1";
    return crypto::derive_key(root, context, {head});
}

Bytes head_of(Secret::Kind kind, const crypto::PasswordParams& cost, port::Entropy& entropy)
{
    auto out = to_bytes(as_bytes(magic));
    out.push_back(version);
    out.push_back(static_cast<std::uint8_t>(kind));
    put_number(out, cost.passes);
    put_number(out, static_cast<std::uint32_t>(cost.memory_bytes / 1024));
    out.resize(head_bytes);
    entropy.fill(std::span(out).last(salt_bytes));
    return out;
}

Result<crypto::PasswordParams> read_head(BytesView head, Secret::Kind kind)
{
    if (head.size() != head_bytes || !std::ranges::equal(head.first(magic.size()), as_bytes(magic)))
        return bad(ErrorCode::malformed, "this is no godwit archive");
    auto rest = head.subspan(magic.size());
    if (rest[0] != version)
        return bad(ErrorCode::storage_too_new,
                   "this archive is of form " + std::to_string(rest[0]) + ", and this version reads form 1: update");
    if (rest[1] != static_cast<std::uint8_t>(kind))
        return bad(ErrorCode::wrong_key,
                   rest[1] == static_cast<std::uint8_t>(Secret::Kind::passphrase)
                       ? "this archive opens with a passphrase"
                       : "this archive opens with a key that was sent with it, not with a passphrase");
    crypto::PasswordParams cost;
    cost.passes = number_in(rest.subspan(2));
    cost.memory_bytes = std::uint64_t{number_in(rest.subspan(6))} * 1024;
    if (cost.passes == 0 || cost.passes > crypto::password_passes_max ||
        cost.memory_bytes < crypto::password_memory_bytes_min || cost.memory_bytes > reading_memory_bytes_max)
        return bad(ErrorCode::malformed, "the head of this archive names an impossible cost of its passphrase");
    return cost;
}

} // namespace

Stretching Stretching::begin(port::Entropy& entropy)
{
    Stretching out;
    out.head = head_of(Secret::Kind::passphrase, out.cost, entropy);
    return out;
}

Result<Stretching> Stretching::of(BytesView head)
{
    auto cost = read_head(head, Secret::Kind::passphrase);
    if (!cost) return std::move(cost).error();
    return Stretching{to_bytes(head), *cost};
}

Result<crypto::SecretBytes> Stretching::run(BytesView passphrase) const
{
    if (auto fine = check({Secret::Kind::passphrase, passphrase}); !fine) return fine.error();
    return crypto::argon2id(passphrase, BytesView(head).last(salt_bytes), cost, key_bytes);
}

Result<Writer> Writer::begin(const Secret& secret, port::Entropy& entropy)
{
    if (auto fine = check(secret); !fine) return fine.error();
    if (secret.kind == Secret::Kind::passphrase) {
        const auto stretching = Stretching::begin(entropy);
        const auto root = stretching.run(secret.bytes);
        if (!root) return root.error();
        return begin(stretching, root->view());
    }
    return begin(Stretching{head_of(secret.kind, {}, entropy), {}}, secret.bytes);
}

Writer Writer::begin(const Stretching& stretching, BytesView root)
{
    Writer out;
    out.out_ = stretching.head;
    out.key_ = key_of(stretching.head, root);
    return out;
}

void Writer::add(const wire::archive::Record& record)
{
    GODWIT_ASSERT(!finished_);
    const auto bytes = wire::archive::encode(record);
    GODWIT_ASSERT(bytes.size() <= wire::archive::record_bytes_max);
    put_number(chunk_, static_cast<std::uint32_t>(bytes.size()));
    append(chunk_, bytes);
    // The first chunk is the head alone: whether it opens is whether the secret is the right one.
    const bool is_head = std::holds_alternative<wire::archive::Head>(record);
    if (is_head || chunk_.size() >= chunk_bytes) seal(false);
}

void Writer::finish()
{
    GODWIT_ASSERT(!finished_);
    finished_ = true;
    seal(true);
}

void Writer::seal(bool last)
{
    Bytes length;
    put_number(length, static_cast<std::uint32_t>(chunk_.size()) | (last ? last_bit : 0));
    append(out_, length);
    append(out_, crypto::xchacha_seal(key_.view(), nonce_of(number_++), length, chunk_));
    chunk_.clear();
}

Result<Reader> Reader::begin(BytesView head, const Secret& secret)
{
    if (auto fine = check(secret); !fine) return fine.error();
    const auto cost = read_head(head, secret.kind);
    if (!cost) return cost.error();
    const Stretching stretching{to_bytes(head), *cost};
    if (secret.kind == Secret::Kind::key) return begin(stretching, secret.bytes);
    const auto root = stretching.run(secret.bytes);
    if (!root) return root.error();
    return begin(stretching, root->view());
}

Reader Reader::begin(const Stretching& stretching, BytesView root)
{
    Reader out;
    out.key_ = key_of(stretching.head, root);
    out.wants_ = length_bytes;
    return out;
}

Result<std::vector<wire::archive::Record>> Reader::push(BytesView bytes)
{
    GODWIT_ASSERT(!finished_ && bytes.size() == wants_);
    if (length_.empty()) {
        const auto size = number_in(bytes) & ~last_bit;
        if (size > chunk_bytes_max)
            return bad(ErrorCode::storage_corrupt, "chunk " + std::to_string(number_) + " of this archive is damaged");
        length_ = to_bytes(bytes);
        wants_ = size + crypto::aead_tag_bytes;
        return std::vector<wire::archive::Record>();
    }
    const auto length = std::exchange(length_, {});
    const auto plain = crypto::xchacha_open(key_.view(), nonce_of(number_), length, bytes);
    if (!plain)
        return number_ == 0
                   ? bad(ErrorCode::wrong_key, "the passphrase does not open this archive, or its beginning is damaged")
                   : bad(ErrorCode::storage_corrupt,
                         "chunk " + std::to_string(number_) + " of this archive is damaged");
    ++number_;
    finished_ = (number_in(length) & last_bit) != 0;
    wants_ = finished_ ? 0 : length_bytes;

    std::vector<wire::archive::Record> out;
    BytesView rest = *plain;
    while (!rest.empty()) {
        const std::size_t size = rest.size() < length_bytes ? rest.size() : number_in(rest);
        if (rest.size() < length_bytes || size > rest.size() - length_bytes)
            return bad(ErrorCode::malformed, "a record of this archive is cut off");
        auto record = wire::archive::decode_record(rest.subspan(length_bytes, size));
        if (!record) return std::move(record).error();
        if (*record) out.push_back(**std::move(record));
        rest = rest.subspan(length_bytes + size);
    }
    return out;
}

} // namespace godwit::archive
