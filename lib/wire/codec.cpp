// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/codec.hpp"

#include <msgpack.hpp>

#include <cstring>

namespace godwit::wire {
namespace {

/// Times of strangers are compared, negated, and added to: 285,000 years this way and that leave room for all of it.
constexpr WallMs wall_ms_max = WallMs{1} << 53;

constexpr std::size_t header_bytes_max = 9; // msgpack: one type byte and at most an eight-byte number

/// Where packer writes the one header that would be canonical here.
struct Header {
    std::array<char, header_bytes_max> bytes{};
    std::size_t size = 0;
    void write(const char* data, std::size_t n)
    {
        std::memcpy(bytes.data() + size, data, n);
        size += n;
    }
};

struct Sink {
    Bytes& out;
    void write(const char* data, std::size_t n)
    {
        const auto* const p = reinterpret_cast<const std::uint8_t*>(data);
        out.insert(out.end(), p, p + n);
    }
};

/// Follows msgpack's parser and packs again what it reports: bytes that differ were not canonical.
class Scanner : public msgpack::null_visitor {
public:
    Scanner(BytesView bytes, std::vector<Value>& values) : bytes_(bytes), values_(values) {}

    bool visit_boolean(bool v)
    {
        return header([v](auto& p) { v ? p.pack_true() : p.pack_false(); }) &&
               add({Value::Type::flag, 0, v ? 1U : 0U, nullptr});
    }
    bool visit_positive_integer(std::uint64_t v)
    {
        return header([v](auto& p) { p.pack_uint64(v); }) && add({Value::Type::unsigned_number, 0, v, nullptr});
    }
    bool visit_negative_integer(std::int64_t v)
    {
        return header([v](auto& p) { p.pack_int64(v); }) &&
               add({Value::Type::negative_number, 0, static_cast<std::uint64_t>(v), nullptr});
    }
    bool visit_str(const char* v, std::uint32_t size)
    {
        return header([size](auto& p) { p.pack_str(size); }) && body(Value::Type::text, v, size);
    }
    bool visit_bin(const char* v, std::uint32_t size)
    {
        return header([size](auto& p) { p.pack_bin(size); }) && body(Value::Type::blob, v, size);
    }
    bool start_array(std::uint32_t count)
    {
        if (!header([count](auto& p) { p.pack_array(count); })) return false;
        if (count > bytes_.size() - at_) return refuse("the bytes end before the array does");
        if (depth_ == nesting_max) return refuse("arrays nest too deep");
        open_[depth_++] = values_.size();
        return add({Value::Type::array, 0, count, nullptr});
    }
    bool end_array()
    {
        values_[open_[--depth_]].end = static_cast<std::uint32_t>(values_.size());
        return true;
    }
    bool visit_nil() { return refuse("nil has no place here"); }
    bool visit_float32(float) { return refuse("floats have no place here"); }
    bool visit_float64(double) { return refuse("floats have no place here"); }
    bool visit_ext(const char*, std::uint32_t) { return refuse("extension types have no place here"); }
    bool start_map(std::uint32_t) { return refuse("maps have no place here"); }
    void parse_error(std::size_t, std::size_t) { refuse("not msgpack"); }
    void insufficient_bytes(std::size_t, std::size_t) { refuse("the bytes end too early"); }
    [[nodiscard]] bool referenced() const { return true; }
    void set_referenced(bool) {}

    [[nodiscard]] const char* reason() const { return reason_; }
    [[nodiscard]] std::size_t at() const { return at_; }

private:
    template <class Pack>
    bool header(Pack pack)
    {
        Header canonical;
        msgpack::packer<Header> packer(canonical);
        pack(packer);
        if (canonical.size > bytes_.size() - at_) return refuse("the bytes end too early");
        if (std::memcmp(bytes_.data() + at_, canonical.bytes.data(), canonical.size) != 0)
            return refuse("not in canonical form");
        at_ += canonical.size;
        return true;
    }
    bool body(Value::Type type, const char* data, std::uint32_t size)
    {
        at_ += size;
        return add({type, 0, size, reinterpret_cast<const std::uint8_t*>(data)});
    }
    bool add(Value value)
    {
        if (values_.size() == values_max) return refuse("too many values");
        value.end = static_cast<std::uint32_t>(values_.size() + 1);
        values_.push_back(value);
        return true;
    }
    bool refuse(const char* reason)
    {
        if (reason_ == nullptr) reason_ = reason;
        return false;
    }

    BytesView bytes_;
    std::vector<Value>& values_;
    std::size_t at_ = 0;
    std::array<std::size_t, nesting_max> open_{};
    std::size_t depth_ = 0;
    const char* reason_ = nullptr;
};

Error malformed(std::string detail)
{
    return {ErrorCode::malformed, std::move(detail), 0};
}

} // namespace

Result<std::vector<Value>> scan(BytesView bytes, std::size_t bytes_max)
{
    if (bytes.size() > bytes_max) return malformed("longer than " + std::to_string(bytes_max) + " bytes");
    std::vector<Value> values;
    Scanner scanner(bytes, values);
    std::size_t offset = 0;
    const bool whole = msgpack::parse(reinterpret_cast<const char*>(bytes.data()), bytes.size(), offset, scanner);
    if (!whole || scanner.reason() != nullptr)
        return malformed(std::string(scanner.reason() != nullptr ? scanner.reason() : "not msgpack") + " (byte " +
                         std::to_string(scanner.at()) + ")");
    if (scanner.at() != bytes.size()) return malformed("bytes follow after the end");
    return values;
}

void Encoder::number(std::uint64_t v)
{
    Sink sink{out_};
    msgpack::packer<Sink>(sink).pack_uint64(v);
}

void Encoder::wall(WallMs v)
{
    Sink sink{out_};
    msgpack::packer<Sink>(sink).pack_int64(v);
}

void Encoder::flag(bool v)
{
    Sink sink{out_};
    msgpack::packer<Sink> packer(sink);
    v ? packer.pack_true() : packer.pack_false();
}

void Encoder::raw_text(std::string_view v)
{
    Sink sink{out_};
    msgpack::packer<Sink> packer(sink);
    packer.pack_str(static_cast<std::uint32_t>(v.size()));
    packer.pack_str_body(v.data(), static_cast<std::uint32_t>(v.size()));
}

void Encoder::shortened_text(const std::string& v, std::size_t bytes_max)
{
    auto size = std::min(v.size(), bytes_max);
    while (size > 0 && size < v.size() && (static_cast<std::uint8_t>(v[size]) & 0xc0) == 0x80)
        --size; // inside a character
    raw_text(std::string_view(v).substr(0, size));
}

void Encoder::raw_blob(BytesView v)
{
    out_.reserve(out_.size() + v.size() + header_bytes_max);
    Sink sink{out_};
    msgpack::packer<Sink> packer(sink);
    packer.pack_bin(static_cast<std::uint32_t>(v.size()));
    packer.pack_bin_body(reinterpret_cast<const char*>(v.data()), static_cast<std::uint32_t>(v.size()));
}

void Encoder::open_array(std::size_t count)
{
    Sink sink{out_};
    msgpack::packer<Sink>(sink).pack_array(static_cast<std::uint32_t>(count));
}

const Value* Decoder::take(Value::Type type)
{
    if (!ok()) return nullptr;
    if (at_ >= end_) {
        fail("a field is missing");
        return nullptr;
    }
    const Value& value = values_[at_];
    if (value.type != type) {
        fail("a field has the wrong type");
        return nullptr;
    }
    ++at_;
    return &value;
}

std::uint64_t Decoder::take_number(std::uint64_t number_max)
{
    const Value* const v = take(Value::Type::unsigned_number);
    if (v == nullptr) return 0;
    if (v->number > number_max) fail("a number is larger than " + std::to_string(number_max));
    return ok() ? v->number : 0;
}

BytesView Decoder::take_blob(std::size_t bytes_min, std::size_t bytes_max)
{
    const Value* const v = take(Value::Type::blob);
    if (v == nullptr) return {};
    if (v->number < bytes_min) fail("a byte string is shorter than " + std::to_string(bytes_min));
    if (v->number > bytes_max) fail("a byte string is longer than " + std::to_string(bytes_max));
    return ok() ? BytesView(v->data, static_cast<std::size_t>(v->number)) : BytesView();
}

std::uint32_t Decoder::peek_kind()
{
    std::uint64_t kind = 0;
    const auto start = at_;
    array([&](std::uint64_t) { kind = take_number(0xffffffff); });
    at_ = start;
    return static_cast<std::uint32_t>(kind);
}

void Decoder::wall(WallMs& v)
{
    if (!ok()) return;
    const bool negative = at_ < end_ && values_[at_].type == Value::Type::negative_number;
    const Value* const got = take(negative ? Value::Type::negative_number : Value::Type::unsigned_number);
    if (got == nullptr) return;
    const auto number = static_cast<WallMs>(got->number);
    // `number` is below zero, too, when an unsigned one has no room in it.
    if ((number < 0) != negative || number < -wall_ms_max || number > wall_ms_max)
        return fail("a time is out of range");
    v = number;
}

void Decoder::flag(bool& v)
{
    const Value* const got = take(Value::Type::flag);
    if (got != nullptr) v = got->number != 0;
}

void Decoder::text(std::string& v, std::size_t bytes_max)
{
    const Value* const got = take(Value::Type::text);
    if (got == nullptr) return;
    if (got->number > bytes_max) return fail("a text is longer than " + std::to_string(bytes_max));
    const auto view = as_text(BytesView(got->data, static_cast<std::size_t>(got->number)));
    if (!is_utf8(view)) return fail("a text is not UTF-8");
    v = view;
}

void Decoder::fail(std::string detail)
{
    if (ok()) error_ = std::move(detail) + " (value " + std::to_string(at_) + ")";
}

Error Decoder::error() const
{
    return malformed(error_);
}

} // namespace godwit::wire
