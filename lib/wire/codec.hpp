// SPDX-License-Identifier: Apache-2.0
// Private to wire: the small vocabulary in which every struct's codec is written once, for both directions.
//
//   template <class C> void fields(C& c, Of<C, peer::Ping>& v) { c.number(v.token); }
//
// Encoder writes such fields, FieldCount counts them (an array's length stands before its items), Decoder reads them.
// Decoding has two steps. scan() walks the bytes once with msgpack's own parser and leaves a flat list of values that
// point into them: there canonical form, nesting_max, values_max and trailing bytes are judged. Decoder then reads the
// list; its first failure sticks, every later read does nothing, so that codecs stay straight lines.
#pragma once

#include "lib/wire/frames.hpp"

#include <limits>
#include <new>
#include <type_traits>

namespace godwit::wire {

/// One msgpack value, pointing into the scanned bytes.
struct Value {
    enum class Type : std::uint8_t { unsigned_number, negative_number, flag, text, blob, array };
    Type type = Type::array;
    std::uint32_t end = 0;              ///< Index of the first value after this one and all that it contains.
    std::uint64_t number = 0;           ///< Number (negative: two's complement), flag, byte length, or item count.
    const std::uint8_t* data = nullptr; ///< Text and blob.
};

/// The values of exactly one canonical encoding, in the order they stand. Errors: malformed.
[[nodiscard]] Result<std::vector<Value>> scan(BytesView bytes, std::size_t bytes_max);

template <class T>
struct WireKind {
    static constexpr std::uint8_t value = T::wire_kind;
};
template <>
struct WireKind<std::monostate> {
    static constexpr std::uint8_t value = relay::no_body_wire_kind;
};

/// The parameter of a fields() function: read-only for what writes, writable for Decoder.
template <class C, class T>
using Of = std::conditional_t<C::decodes, T, const T>;

class FieldCount {
public:
    static constexpr bool decodes = false;
    std::size_t count = 0;

    void number(auto) { ++count; }
    void wall(WallMs) { ++count; }
    void flag(bool) { ++count; }
    void text(const std::string&, std::size_t) { ++count; }
    void shortened_text(const std::string&, std::size_t) { ++count; }
    void later_text(const std::string& v, std::size_t) { count += v.empty() ? 0U : 1U; }
    void blob(BytesView, std::size_t, std::size_t) { ++count; }
    void fixed(const auto&) { ++count; }
    void enumeration(auto, auto, auto) { ++count; }
    void list(const auto&, std::size_t, auto) { ++count; }
    void structure(const auto&) { ++count; }
    void variant(const auto&) { ++count; }
    void later(bool present, auto more)
    {
        if (present) more();
    }
};

class Encoder {
public:
    static constexpr bool decodes = false;

    void number(std::uint64_t v);
    void wall(WallMs v);
    void flag(bool v);
    void text(const std::string& v, std::size_t) { raw_text(v); }
    void shortened_text(const std::string& v, std::size_t bytes_max);
    /// The last field of a struct that had none of it once: an empty one is not there.
    void later_text(const std::string& v, std::size_t)
    {
        if (!v.empty()) raw_text(v);
    }
    void blob(BytesView v, std::size_t, std::size_t) { raw_blob(v); }
    void fixed(const auto& v) { raw_blob(v.view()); }
    void enumeration(auto v, auto, auto) { number(static_cast<std::uint64_t>(v)); }
    void list(const auto& v, std::size_t, auto item)
    {
        open_array(v.size());
        for (const auto& one : v)
            item(*this, one);
    }
    /// [field, …]
    void structure(const auto& v)
    {
        FieldCount counter;
        fields(counter, v);
        open_array(counter.count);
        fields(*this, v);
    }
    /// [kind, field, …]
    template <class T>
    void alone(const T& v)
    {
        FieldCount counter;
        fields(counter, v);
        open_array(1 + counter.count);
        number(WireKind<T>::value);
        fields(*this, v);
    }
    void variant(const auto& v)
    {
        std::visit([this](const auto& one) { this->alone(one); }, v);
    }

    /// Fields that a later version has added at the end. Without `present` they are left out, as who does not know them
    /// would have written it.
    void later(bool present, auto more)
    {
        if (present) more();
    }
    void open_array(std::size_t count);
    [[nodiscard]] Bytes take() { return std::move(out_); }
    /// What holds secrets is not to grow: a buffer that was too short is freed as it is.
    void reserve(std::size_t size_bytes) { out_.reserve(size_bytes); }

private:
    void raw_text(std::string_view v);
    void raw_blob(BytesView v);

    Bytes out_;
};

class Decoder {
public:
    static constexpr bool decodes = true;

    explicit Decoder(const std::vector<Value>& values) : values_(values), end_(1) {}

    template <class T>
    void number(T& v)
    {
        static_assert(std::is_unsigned_v<T>);
        v = static_cast<T>(take_number(std::numeric_limits<T>::max()));
    }
    void wall(WallMs& v);
    void flag(bool& v);
    void text(std::string& v, std::size_t bytes_max);
    void shortened_text(std::string& v, std::size_t bytes_max) { text(v, bytes_max); }
    void later_text(std::string& v, std::size_t bytes_max)
    {
        if (ok() && at_ < end_) text(v, bytes_max);
    }
    /// Bytes, or a vector of them that wipes itself.
    template <class Allocator>
    void blob(std::vector<std::uint8_t, Allocator>& v, std::size_t bytes_min, std::size_t bytes_max)
    {
        const auto view = take_blob(bytes_min, bytes_max);
        v.assign(view.begin(), view.end());
    }
    void fixed(auto& v)
    {
        using Fixed = std::remove_reference_t<decltype(v)>;
        if (const auto got = Fixed::from(take_blob(Fixed::size_bytes, Fixed::size_bytes))) v = *got;
    }
    template <class T>
    void enumeration(T& v, T first, T last)
    {
        const auto got = take_number(static_cast<std::uint64_t>(last));
        if (got < static_cast<std::uint64_t>(first)) return fail("an enumeration's value is unknown");
        v = static_cast<T>(got);
    }
    void list(auto& v, std::size_t count_max, auto item)
    {
        array([&](std::uint64_t count) {
            if (count > count_max) return fail("a list is longer than " + std::to_string(count_max) + " items");
            v.resize(static_cast<std::size_t>(count));
            for (auto& one : v)
                item(*this, one);
        });
    }
    void structure(auto& v)
    {
        array([&](std::uint64_t) { fields(*this, v); });
    }
    template <class T>
    void alone(T& v)
    {
        array([&](std::uint64_t) {
            if (take_number(0xffffffff) != WireKind<T>::value) return fail("the kind is another one");
            fields(*this, v);
        });
    }
    template <class... Kinds>
    void variant(std::variant<Kinds...>& v)
    {
        array([&](std::uint64_t) {
            const auto kind = take_number(0xffffffff);
            const bool known = (try_kind<Kinds>(kind, v) || ...);
            if (!known) fail("kind " + std::to_string(kind) + " is unknown here");
        });
    }

    /// Fields that a later version has added at the end: read where they are there.
    void later(bool, auto more)
    {
        if (ok() && at_ < end_) more();
    }

    /// The kind of the array that stands next, without entering it; 0 and a failure when there is none.
    [[nodiscard]] std::uint32_t peek_kind();
    void fail(std::string detail);
    [[nodiscard]] bool ok() const noexcept { return error_.empty(); }
    [[nodiscard]] Error error() const;

private:
    template <class T, class V>
    bool try_kind(std::uint64_t kind, V& v)
    {
        if (kind != WireKind<T>::value) return false;
        fields(*this, v.template emplace<T>());
        return true;
    }
    /// Enters the array that stands next, leaves it behind its last item: fields that this version does not know are
    /// skipped.
    void array(auto inside)
    {
        const Value* const v = take(Value::Type::array);
        if (v == nullptr) return;
        const auto end_before = std::exchange(end_, v->end);
        inside(v->number);
        at_ = v->end;
        end_ = end_before;
    }
    /// The next value when it has this type, else nullptr and a failure.
    const Value* take(Value::Type type);
    std::uint64_t take_number(std::uint64_t number_max);
    BytesView take_blob(std::size_t bytes_min, std::size_t bytes_max);

    const std::vector<Value>& values_;
    std::size_t at_ = 0;
    std::size_t end_; ///< Of the array we are in.
    std::string error_;
};

/// Runs `read` on a decoder over `bytes`; out of memory is an error like any other and leaves the room as one.
template <class T, class Read>
[[nodiscard]] Result<T> decode_with(BytesView bytes, std::size_t bytes_max, Read read)
{
    try {
        auto values = scan(bytes, bytes_max);
        if (!values.ok()) return values.error();
        Decoder decoder(*values);
        T out;
        read(decoder, out);
        if (!decoder.ok()) return decoder.error();
        return out;
    } catch (const std::bad_alloc&) {
        throw; // the tick is refused as a whole: who took this for a peer's nonsense would drop what was accepted
    } catch (const std::exception&) {
        return Error{ErrorCode::internal, "decoding failed in an unexpected way", 0};
    }
}

template <class T>
[[nodiscard]] Result<T> decode_alone(BytesView bytes, std::size_t bytes_max)
{
    return decode_with<T>(bytes, bytes_max, [](Decoder& decoder, T& out) { decoder.alone(out); });
}

template <class T>
[[nodiscard]] Result<T> decode_variant(BytesView bytes, std::size_t bytes_max)
{
    return decode_with<T>(bytes, bytes_max, [](Decoder& decoder, T& out) { decoder.variant(out); });
}

template <class T>
[[nodiscard]] Bytes encode_alone(const T& v)
{
    Encoder encoder;
    encoder.alone(v);
    return encoder.take();
}

template <class T>
[[nodiscard]] Bytes encode_variant(const T& v)
{
    Encoder encoder;
    encoder.variant(v);
    return encoder.take();
}

// Items of lists.
inline constexpr auto fixed_item = [](auto& c, auto& v) { c.fixed(v); };
inline constexpr auto number_item = [](auto& c, auto& v) { c.number(v); };
inline constexpr auto user_item = [](auto& c, auto& v) { c.text(v, user_name_length_max); };
inline constexpr auto structure_item = [](auto& c, auto& v) { c.structure(v); };
inline constexpr auto certificate_item = [](auto& c, auto& v) { c.blob(v, 1, certificate_bytes_max); };
inline constexpr auto key_package_item = [](auto& c, auto& v) { c.blob(v, 1, key_package_bytes_max); };

// Structs that more than one kind of frame contains.

template <class C>
void fields(C& c, Of<C, Envelope>& v)
{
    c.fixed(v.id);
    c.blob(v.sealed, 1, handshake_bytes_max);
}
/// One that is no handshake.
template <class C>
void message_envelope(C& c, Of<C, Envelope>& v)
{
    c.structure(v);
    if constexpr (C::decodes)
        if (v.sealed.size() > envelope_bytes_max) c.fail("a message is too long");
}

template <class C>
void fields(C& c, Of<C, PieceRange>& v)
{
    c.number(v.first);
    c.number(v.count);
}

/// Codes this version does not know stay numbers: the list only grows, and error_name answers for them.
template <class C>
void fields(C& c, Of<C, ErrorCode>& v)
{
    c.enumeration(v, ErrorCode::ok, static_cast<ErrorCode>(0xffff));
}

template <class C>
void fields(C& c, Of<C, Error>& v)
{
    fields(c, v.code);
    c.shortened_text(v.detail, detail_bytes_max);
    c.number(v.retry_after_ms);
}

} // namespace godwit::wire
