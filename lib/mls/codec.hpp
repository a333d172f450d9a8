// SPDX-License-Identifier: Apache-2.0
// The TLS presentation language as MLS uses it (RFC 9420 section 2.1). A struct names its fields once:
//
//     struct HPKECiphertext {
//         Bytes kem_output;
//         Bytes ciphertext;
//         template <class Io, class Self> static void tls(Io& io, Self& s) { io(s.kem_output, s.ciphertext); }
//     };
//
// and Writer and Reader both follow it. What a C++ type means on the wire: unsigned integers and enums are big
// endian of their own size, Bytes is opaque<V>, std::vector<T> is T<V>, std::optional<T> is optional<T>,
// std::array<uint8_t, N> is opaque[N]. The encoding is canonical: decoding accepts exactly what encoding produces,
// so hashes and signatures may run over re-encoded structs.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/crypto/wiped.hpp"
#include "lib/mls/error.hpp"

#include <array>
#include <concepts>
#include <map>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

namespace godwit::mls {

using crypto::WipedBytes;

/// How long the bodies of the application's own proposal types are (proposal.hpp): nothing else on the wire is read by
/// rules from outside.
class ProposalBodies;

/// Section 2.1.2: a vector has at most 2^30 - 1 bytes.
inline constexpr std::size_t vector_bytes_max = (std::size_t{1} << 30) - 1;
/// One MLSMessage, or one serialised group, at most: a Welcome with the tree of 65,536 members fits.
inline constexpr std::size_t message_bytes_max = std::size_t{1} << 26;
/// Elements in one list; small elements would otherwise let a short input claim much memory. Specialised per type.
template <class T>
inline constexpr std::size_t list_items_max = std::size_t{1} << 17;

template <class T>
concept ByteString = std::same_as<T, Bytes> || std::same_as<T, WipedBytes>;

/// Appends to a buffer that wipes itself: much of what MLS encodes is secret.
class Writer {
public:
    /// Most of what is written is a label and a context, or a small message: it then moves to no larger block, each of
    /// which would be taken from the arena of secrets, copied to and wiped.
    Writer() { out_.reserve(256); }
    template <class... T>
    void operator()(const T&... values)
    {
        (put(values), ...);
    }
    void raw(BytesView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    void opaque(BytesView bytes);
    void integer(std::uint64_t value, std::size_t size_bytes);
    /// Runs `body`, then puts the V length header in front of what it wrote.
    template <class Body>
    void vector(Body&& body)
    {
        const std::size_t start = out_.size();
        body();
        insert_length(start);
    }
    /// Nothing to do: a field list calls it where decoding may say no.
    void require(bool, MlsError) noexcept {}

    [[nodiscard]] BytesView view() const noexcept { return out_; }
    [[nodiscard]] WipedBytes take() && { return std::move(out_); }
    [[nodiscard]] Bytes copy() const { return Bytes(out_.begin(), out_.end()); }
    static constexpr bool writes = true;

private:
    template <class T>
    void put(const T& value)
    {
        if constexpr (std::is_enum_v<T>)
            integer(static_cast<std::uint64_t>(value), sizeof(T));
        else if constexpr (std::same_as<T, bool>)
            integer(value ? 1 : 0, 1);
        else if constexpr (std::unsigned_integral<T>)
            integer(value, sizeof(T));
        else if constexpr (ByteString<T>)
            opaque(value);
        else
            put_compound(value);
    }
    template <std::size_t N>
    void put_compound(const std::array<std::uint8_t, N>& value)
    {
        raw(value);
    }
    template <class T>
    void put_compound(const std::vector<T>& list)
    {
        vector([&] {
            for (const T& item : list)
                put(item);
        });
    }
    template <class K, class T>
    void put_compound(const std::map<K, T>& map)
    {
        vector([&] {
            for (const auto& [key, item] : map)
                (*this)(key, item);
        });
    }
    template <class T>
    void put_compound(const std::optional<T>& value)
    {
        integer(value ? 1 : 0, 1);
        if (value) put(*value);
    }
    template <class T>
    void put_compound(const std::shared_ptr<const T>& value)
    {
        put(*value);
    }
    template <class T>
        requires requires(Writer& io, const T& value) { T::tls(io, value); }
    void put_compound(const T& value)
    {
        T::tls(*this, value);
    }
    void insert_length(std::size_t start);

    WipedBytes out_;
};

/// Reads within bounds. The first problem sticks, later reads give zeroes; ask error() at the end.
class Reader {
public:
    /// `bodies` is borrowed; nullptr: every unknown proposal is one opaque<V>.
    explicit Reader(BytesView in, const ProposalBodies* bodies = nullptr) : in_(in), bodies_(bodies) {}

    template <class... T>
    void operator()(T&... values)
    {
        (get(values), ...);
    }
    /// The V length header and that many bytes; empty after a problem.
    [[nodiscard]] BytesView opaque();
    [[nodiscard]] BytesView raw(std::size_t size_bytes);
    [[nodiscard]] std::uint64_t integer(std::size_t size_bytes);
    [[nodiscard]] std::size_t length();
    template <class Body>
    void vector(Body&& body)
    {
        const BytesView rest = opaque(), outer = in_;
        in_ = rest;
        while (error_ == MlsError::none && !in_.empty())
            body();
        in_ = outer;
    }
    void require(bool condition, MlsError error) noexcept
    {
        if (!condition) fail(error);
    }
    void fail(MlsError error) noexcept
    {
        if (error_ == MlsError::none) error_ = error;
        in_ = {};
    }
    [[nodiscard]] MlsError error() const noexcept { return error_; }
    /// error(), or trailing_bytes when input is left.
    [[nodiscard]] MlsError finish() const noexcept
    {
        return error_ == MlsError::none && !in_.empty() ? MlsError::trailing_bytes : error_;
    }
    [[nodiscard]] BytesView rest() const noexcept { return in_; }
    [[nodiscard]] const ProposalBodies* proposal_bodies() const noexcept { return bodies_; }
    static constexpr bool writes = false;

private:
    template <class T>
    void get(T& value)
    {
        if constexpr (std::is_enum_v<T>)
            value = static_cast<T>(integer(sizeof(T)));
        else if constexpr (std::same_as<T, bool>)
            value = boolean();
        else if constexpr (std::unsigned_integral<T>)
            value = static_cast<T>(integer(sizeof(T)));
        else if constexpr (ByteString<T>) {
            const BytesView view = opaque();
            value.assign(view.begin(), view.end());
        } else
            get_compound(value);
    }
    template <std::size_t N>
    void get_compound(std::array<std::uint8_t, N>& value)
    {
        const BytesView view = raw(N);
        if (view.size() == N) std::copy(view.begin(), view.end(), value.begin());
    }
    template <class T>
    void get_compound(std::vector<T>& list)
    {
        list.clear();
        vector([&] {
            if (list.size() >= list_items_max<T>) return fail(MlsError::too_many_items);
            get(list.emplace_back());
        });
    }
    template <class K, class T>
    void get_compound(std::map<K, T>& map)
    {
        map.clear();
        vector([&] {
            std::pair<K, T> item{};
            (*this)(item.first, item.second);
            // Canonical: keys come in increasing order.
            if (!map.empty() && !(map.rbegin()->first < item.first)) return fail(MlsError::state_malformed);
            map.emplace_hint(map.end(), std::move(item));
        });
    }
    template <class T>
    void get_compound(std::optional<T>& value)
    {
        value.reset();
        if (boolean()) get(value.emplace());
    }
    template <class T>
    void get_compound(std::shared_ptr<const T>& value)
    {
        auto fresh = std::make_shared<T>();
        get(*fresh);
        value = std::move(fresh);
    }
    template <class T>
        requires requires(Reader& io, T& value) { T::tls(io, value); }
    void get_compound(T& value)
    {
        T::tls(*this, value);
    }
    [[nodiscard]] bool boolean();

    BytesView in_;
    const ProposalBodies* bodies_ = nullptr;
    MlsError error_ = MlsError::none;
};

template <class T>
[[nodiscard]] Bytes encode(const T& value)
{
    Writer io;
    io(value);
    return io.copy();
}

template <class T>
[[nodiscard]] WipedBytes encode_secret(const T& value)
{
    Writer io;
    io(value);
    return std::move(io).take();
}

/// The whole of `in` as one T.
template <class T>
[[nodiscard]] MlsResult<T> decode(BytesView in, const ProposalBodies* bodies = nullptr)
{
    if (in.size() > message_bytes_max) return MlsError::message_too_large;
    Reader io(in, bodies);
    T out{};
    io(out);
    if (const MlsError error = io.finish(); error != MlsError::none) return error;
    return out;
}

} // namespace godwit::mls
